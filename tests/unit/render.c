/* The status page of a report in a file, for tests: render REPORT FOLDER. */
#include "tests/unit/report_case.h"
#include "tools/monitor/page/page.h"

int main(int argc, char **argv)
{
	char why[4096] = "usage: render REPORT FOLDER";
	json_error_t error;
	json_t *report = argc == 3 ? json_load_file(argv[1], 0, &error) : NULL;
	struct report_case *made = report_case_new(report);
	bool good = report && page_write(&made->inventory, made->now, argv[2], why, sizeof(why));
	if (!good)
		fprintf(stderr, "%s\n", why);
	report_case_free(made);
	json_decref(report);
	return good ? 0 : 1;
}
