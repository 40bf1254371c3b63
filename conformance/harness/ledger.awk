# SPDX-License-Identifier: MIT
#
# ledger.awk: from the chapters of spec/ to the table of clauses.
#
#	awk -f ledger.awk spec/*.md >ledger.c
#
# A quotation is a clause, and has this form:
#
#	> **CANCEL-3.** The rule, with MUST, SHOULD or MAY in it once.
#	>
#	> *Why.* A field; it may span lines.
#	> *Observer.* caller, by `cancel`; task
#	> *Source.* Where it comes from.
#
# These three fields each clause has.  What has another form is an error with its
# file and line, and then nothing is written.  For any awk of POSIX.

BEGIN {
	field_count = split("Why Since Until Changed_in Linearization Observer Left_open Untested Source", fields, " ")
	for (i = 1; i <= field_count; i++)
		known[fields[i]] = 1
	needed_count = split("Why Observer Source", needed, " ")
	# Those of whom the call has to be named, and those who observe by being called, or from outside.
	split("caller/waiter/another thread/author/child", callers, "/")
	split("task/callback/initializer/release function/source/loop/log/system/parent", others, "/")
	for (i in callers)
		observers[callers[i]] = "by"
	for (i in others)
		observers[others[i]] = "alone"
	name = table = ""
	count = errors = 0
}

function error_at(line, text)
{
	report(file ":" line, text)
}

function report(place, text)
{
	print place ": " text | "cat 1>&2"
	errors++
}

function quoted(text)
{
	gsub(/\\/, "&&", text)
	gsub(/"/, "\\\"", text)
	gsub(/\t/, "\\t", text)
	gsub(/\?\?/, "?\\?", text)
	gsub(/\n/, "\\n\"\n\t\t\"", text)
	return "\"" text "\""
}

function member(key, text)
{
	if (text == "")
		return ""
	return "\t\t." key " = " quoted(text) ",\n"
}

# How often word stands in text as a word of its own.
function occurrences(word, text,    n, i, before, after)
{
	n = 0
	while ((i = index(text, word)) > 0) {
		before = i > 1 ? substr(text, i - 1, 1) : " "
		after = substr(text, i + length(word), 1)
		if (before !~ /[A-Za-z0-9_]/ && after !~ /[A-Za-z0-9_]/)
			n++
		text = " " substr(text, i + length(word))
	}
	return n
}

function level_words(text)
{
	return occurrences("MUST", text) + occurrences("SHOULD", text) + occurrences("MAY", text)
}

function check_level(    i, field)
{
	level = ""
	if (level_words(value["rule"]) != 1)
		error_at(clause_line, name " needs exactly one of MUST, SHOULD and MAY in its rule")
	else if (occurrences("MUST", value["rule"]))
		level = "MUST"
	else if (occurrences("SHOULD", value["rule"]))
		level = "SHOULD"
	else
		level = "MAY"
	for (i = 1; i <= field_count; i++) {
		field = fields[i]
		if ((field in value) && field != "Source" && level_words(value[field]) > 0)
			error_at(line_of[field], name ": MUST, SHOULD and MAY in capitals belong to the rule")
	}
}

# A version as a number that compares.
function version_number(text,    parts)
{
	split(text, parts, ".")
	return parts[1] * 1000 + parts[2]
}

function check_version(key)
{
	if (key in value && value[key] !~ /^[0-9]+\.[0-9]+$/) {
		error_at(line_of[key], name ": " key " is a version like 3.9, not \"" value[key] "\"")
		value[key] = "3.2"
	}
}

function check_range()
{
	check_version("Since")
	check_version("Until")
	if (!("Since" in value))
		value["Since"] = "3.2"
	if ("Until" in value && version_number(value["Until"]) < version_number(value["Since"]))
		error_at(line_of["Until"], name " ends before it begins: " value["Since"] " to " value["Until"])
	check_changes()
	if ("Until" in value && !((name, "to") in change))
		error_at(line_of["Until"], name " ends, and \"Changed in\" does not say what it was changed to")
}

# "3.8, from WORKER-26; 3.13, to WORKER-24": what was before Since, and what is after Until.
function check_changes(    n, i, changes, way)
{
	n = "Changed_in" in value ? split(value["Changed_in"], changes, /;[ \n]*/) : 0
	for (i = 1; i <= n; i++) {
		if (!match(changes[i], /^[0-9]+\.[0-9]+,[ \n](from|to)[ \n]/)) {
			error_at(line_of["Changed_in"], name ": Changed in is like \"3.8, from CANCEL-2\"," \
				" not \"" changes[i] "\"")
			continue
		}
		way = substr(changes[i], 1, RLENGTH) ~ /from/ ? "from" : "to"
		if ((name, way) in change)
			error_at(line_of["Changed_in"], name " was changed " way " two things")
		change[name, way] = substr(changes[i], RLENGTH + 1)
		check_change(way, changes[i])
	}
}

# A change is at the end of the range that it is about; the other clause, if it is one, has the rest.
function check_change(way, version)
{
	sub(/,.*/, "", version)
	if (way == "from" && version != value["Since"])
		error_at(line_of["Changed_in"], name " was changed in " version " and holds since " value["Since"])
	if (way == "to" && (!("Until" in value) || version_number(version) != version_number(value["Until"]) + 1))
		error_at(line_of["Changed_in"], name " was changed in " version " and holds until " \
			("Until" in value ? value["Until"] : "now"))
	if (change[name, way] ~ /^[A-Z]+-[0-9]+$/)
		paired[name, way] = file ":" line_of["Changed_in"]
}

function check_pairs(    pair, p, other)
{
	for (pair in paired) {
		split(pair, p, SUBSEP)
		other = change[pair]
		if (change[other, p[2] == "from" ? "to" : "from"] != p[1])
			report(paired[pair], p[1] " was changed " p[2] " " other ", which does not say so")
	}
}

# "caller, by `cancel` and `done`; task": who can tell that the rule is kept, by which calls.
function check_observer(    n, i, list, who)
{
	n = split(value["Observer"], list, /;[ \n]*/)
	for (i = 1; i <= n; i++) {
		who = list[i]
		sub(/,.*/, "", who)
		if (!(who in observers))
			error_at(line_of["Observer"], name ": an observer is one of those in 00-reading.md, not \"" who "\"")
		else if (list[i] == who ? observers[who] == "by" : !calls_named(substr(list[i], length(who) + 1)))
			error_at(line_of["Observer"], name ": a " who " observes by calls, as in \"caller, by `cancel` and `done`\"")
	}
}

function calls_named(text)
{
	gsub(/\n/, " ", text)
	return text ~ /^, by `[a-z_]+`((, | and )`[a-z_]+`)*$/
}

function check_name()
{
	if (name in seen)
		error_at(clause_line, name " is at " seen[name] " already")
	else
		seen[name] = file ":" clause_line
	if (chapter == "")
		error_at(clause_line, name " comes before the title of its chapter")
}

function check_texts(    i, field)
{
	if (value["rule"] == "")
		error_at(clause_line, name " has no rule")
	else
		check_level()
	for (i = 1; i <= field_count; i++) {
		field = fields[i]
		if ((field in value) && value[field] == "")
			error_at(line_of[field], name ": the field " shown(field) " is empty")
	}
	for (i = 1; i <= needed_count; i++) {
		if (!(needed[i] in value))
			error_at(clause_line, name " has no field " needed[i])
	}
	if ("Observer" in value)
		check_observer()
}

function shown(key)
{
	sub(/_/, " ", key)
	return key
}

function clause_end(    feature)
{
	if (name == "")
		return
	check_name()
	check_texts()
	check_range()
	feature = tolower(name)
	sub(/-.*/, "", feature)
	table = table "\t{\n" \
		member("name", name) member("feature", feature) member("chapter", chapter) \
		member("file", file) "\t\t.line = " clause_line ",\n\t\t.level = " level ",\n" \
		member("since", value["Since"]) member("until", value["Until"]) \
		member("changed_in", value["Changed_in"]) \
		member("rule", value["rule"]) member("why", value["Why"]) \
		member("linearization", value["Linearization"]) member("observer", value["Observer"]) \
		member("left_open", value["Left_open"]) member("source", value["Source"]) \
		member("untested", value["Untested"]) "\t},\n"
	count++
	name = ""
}

function clause_begin(text,    end)
{
	clause_line = FNR
	split("", value)
	split("", line_of)
	key = "rule"
	if (!match(text, /^\*\*[A-Z]+-[1-9][0-9]*\.\*\*( |$)/)) {
		error_at(FNR, "a clause begins with \"> **NAME-1.** \"")
		name = ""
		key = "none"
		return
	}
	end = index(text, ".**")
	name = substr(text, 3, end - 3)
	value["rule"] = substr(text, end + 4)
}

# A line of a clause: the name of a field may stand at its beginning.
function clause_line_add(text,    end, given)
{
	if (key == "none")
		return
	if (match(text, /^\*\*/)) {
		error_at(FNR, "a clause begins after an empty line")
		return
	}
	if (match(text, /^\*[^*]*\.\*( |$)/)) {
		end = index(text, ".*")
		given = substr(text, 2, end - 2)
		key = given
		sub(/ /, "_", key)
		field_begin(given, substr(text, end + 3))
	} else if (text == "") {
		after_empty = 1
	} else if (after_empty) {
		error_at(FNR, name ": a paragraph that begins with no field's name")
	} else {
		value[key] = value[key] (value[key] == "" ? "" : "\n") text
	}
}

function field_begin(given, text)
{
	if (!(key in known))
		error_at(FNR, name " has an unknown field \"" given "\"; there are Why, Since, Until," \
			" Changed in, Linearization, Observer, Left open, Untested and Source")
	else if (key in value)
		error_at(FNR, name " has the field " given " twice")
	else if (!after_empty && !any_field)
		error_at(FNR, name ": an empty \">\" stands between the rule and its fields")
	any_field = 1
	after_empty = 0
	line_of[key] = FNR
	value[key] = text
}

FNR == 1 {
	clause_end()
	in_quotation = 0
	in_fence = 0
	chapter = ""
	file = FILENAME
}

{ sub(/\r$/, ""); sub(/[ \t]+$/, "") }

/^```/ { in_fence = !in_fence }

/^# / && !in_fence && chapter == "" { chapter = substr($0, 3) }

/^>/ && !in_fence {
	sub(/^>[ \t]*/, "")
	if (in_quotation) {
		clause_line_add($0)
	} else {
		in_quotation = 1
		after_empty = 0
		any_field = 0
		clause_begin($0)
	}
	next
}

{
	# Markdown would take this line into the quotation.
	if (in_quotation && $0 != "")
		error_at(FNR, "an empty line ends a clause")
	in_quotation = 0
	clause_end()
}

END {
	clause_end()
	check_pairs()
	if (count == 0 && errors == 0) {
		print "ledger.awk: no clause in any chapter" | "cat 1>&2"
		errors++
	}
	if (errors) {
		close("cat 1>&2")
		exit 1
	}
	print "/* Made from spec/ by conformance/harness/ledger.awk. */"
	print "#include \"outcome.h\"\n"
	print "const struct clause ledger[] = {"
	printf "%s", table
	print "};\n"
	print "const size_t ledger_size = sizeof(ledger) / sizeof(ledger[0]);"
}
