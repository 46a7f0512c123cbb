/* tests/unit/cvd_case.h - headers as database files have them. */
#ifndef TESTS_UNIT_CVD_CASE_H
#define TESTS_UNIT_CVD_CASE_H

#include "tests/unit/folder_case.h"
#include "tools/cvd/cvd.h"

/* Writes a database that is a header alone. */
static inline void cvd_write(const char *name, unsigned version, unsigned flevel)
{
	char octets[CVD_HEADER_SIZE];
	char text[CVD_HEADER_SIZE];
	int size = snprintf(text, sizeof(text),
		"ClamAV-VDB:14 May 2026 09-57 -0400:%u:100:%u:X:X:builder:1781708400", version,
		flevel);
	memset(octets, ' ', sizeof(octets));
	memcpy(octets, text, (size_t)size);
	folder_write(name, octets, sizeof(octets));
}

static inline void databases_write(void)
{
	cvd_write("main.cvd", 63, 90);
	cvd_write("daily.cvd", 28034, 90);
	cvd_write("bytecode.cvd", 339, 90);
}

#endif
