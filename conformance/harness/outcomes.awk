# SPDX-License-Identifier: MIT
#
# outcomes.awk: from conformance/scenarios/outcomes to a table in the ledger.
#
#	awk -f outcomes.awk outcomes >>ledger.c
#
# A line has a scenario, the executions in which it was exhausted, and its outcomes
# with " | " between them, all with tabs between; or begins with "#".  What has another
# form is an error with its file and line.  For any awk of POSIX.

BEGIN { FS = "\t"; errors = 0; table = last = "" }

function error(text)
{
	print FILENAME ":" FNR ": " text | "cat 1>&2"
	errors++
}

function quoted(text)
{
	gsub(/\\/, "&&", text)
	gsub(/"/, "\\\"", text)
	return "\"" text "\""
}

/^#/ { next }

NF != 3 || $1 !~ /^[a-z]+_[1-9][0-9]*_[a-z0-9_]+$/ || $2 !~ /^[1-9][0-9]*$/ || $3 == "" {
	error("a line is a scenario, its executions and its outcomes, with tabs between them")
	next
}

{
	if ($1 <= last)
		error($1 " comes twice, or not in the order of the names")
	last = $1
	table = table "\t{" quoted($1) ", " $2 ", " quoted($3) "},\n"
}

END {
	if (errors) {
		close("cat 1>&2")
		exit 1
	}
	print "\nconst struct exhaustion exhaustions[] = {"
	printf "%s", table
	print "\t{NULL, 0, NULL},\n};"
}
