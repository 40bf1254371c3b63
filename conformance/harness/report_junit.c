/* SPDX-License-Identifier: MIT */
/* report_junit.c: where the JUnit report is; see modules/junit.c. */
#include "report.h"

const struct report_type report_junit = {
	.option = "junit",
	.module = "poolproof-junit.so",
	.missing = "libxml2-dev",
};
