/* SPDX-License-Identifier: MIT */
/* report_junit_none.c: in the place of report_junit.c where libxml2 is absent. */
#include "report.h"

const struct report_type report_junit = {
	.option = "junit",
	.size = sizeof(struct report),
	.missing = "libxml2-dev",
};
