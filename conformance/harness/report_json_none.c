/* SPDX-License-Identifier: MIT */
/* report_json_none.c: in the place of report_json.c where Jansson is absent. */
#include "report.h"
#include "select.h"

const struct report_type report_json = {
	.option = "json",
	.size = sizeof(struct report),
	.missing = "libjansson-dev",
};

bool json_list(FILE *f, const struct selection *s)
{
	(void)f;
	(void)s;
	return false;
}
