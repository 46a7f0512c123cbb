/* tools/cvd/database_dir.h - the databases in a directory: of each the newer one of .cvd and
 * .cld. */
#ifndef TOOLS_CVD_DATABASE_DIR_H
#define TOOLS_CVD_DATABASE_DIR_H

#include "tools/cvd/cvd.h"

enum { DATABASE_FORMS = 2 /* .cvd and .cld */ };

struct database_dir {
	struct cvd newest[CVD_DATABASES]; /* version 0: it is not there */
	const char *names[CVD_DATABASES]; /* its file's name; not to be freed */
};

/* "daily.cvd", "daily.cld" ... */
const char *database_dir_file_name(enum cvd_database database, unsigned form);

/* False: the sentence says that the directory is none. */
bool database_dir_find(const char *directory, char *why, size_t size);

/* Reads the headers. False: one sentence; a file that is there and bad, or one of main, daily and
 * bytecode that is missing. */
bool database_dir_scan(struct database_dir *dir, const char *directory, char *why, size_t size);

#endif
