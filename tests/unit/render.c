/* The status page of a report in a file, for tests: render REPORT FOLDER. */
#include "tools/monitor/page/page.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	char why[4096] = "";
	json_error_t error;
	json_t *report = argc == 3 ? json_load_file(argv[1], 0, &error) : NULL;
	bool good = report && page_write(report, argv[2], why, sizeof(why));
	if (!good)
		fprintf(stderr, "%s\n", report ? why : "usage: render REPORT FOLDER");
	json_decref(report);
	return good ? 0 : 1;
}
