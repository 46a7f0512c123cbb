/* tests/unit/folder_case.h - a folder of one's own for each test, gone after it. */
#ifndef TESTS_UNIT_FOLDER_CASE_H
#define TESTS_UNIT_FOLDER_CASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_PATH_MAX = 512 };

static char folder[128];
static char why[2048];

static inline int folder_make(void **state)
{
	const char *top = getenv("TMPDIR");
	(void)state;
	snprintf(folder, sizeof(folder), "%.100s/case.XXXXXX", top && *top ? top : "/tmp");
	memset(why, 0, sizeof(why));
	return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_entry_remove(
	const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status, (void)kind, (void)walk;
	return remove(path);
}

static inline int folder_remove(void **state)
{
	(void)state;
	return nftw(folder, folder_entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* `path` has FOLDER_PATH_MAX octets; returns it. */
static inline const char *folder_path(char *path, const char *name)
{
	snprintf(path, FOLDER_PATH_MAX, "%s/%s", folder, name);
	return path;
}

/* Writes a file of the folder in place. */
static inline void folder_write(const char *name, const char *octets, size_t size)
{
	char path[FOLDER_PATH_MAX];
	FILE *out = fopen(folder_path(path, name), "w");
	assert_non_null(out);
	assert_int_equal(fwrite(octets, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
}

#endif
