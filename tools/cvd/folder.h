/* tools/cvd/folder.h - the databases that lie in a directory: of each the newer one of .cvd and
 * .cld. */
#ifndef TOOLS_CVD_FOLDER_H
#define TOOLS_CVD_FOLDER_H

#include "tools/cvd/cvd.h"

enum { FOLDER_FORMS = 2 /* .cvd and .cld */ };

struct folder {
	struct cvd newest[CVD_DATABASES]; /* version 0: it is not there */
	const char *names[CVD_DATABASES]; /* its file's name; not to be freed */
};

/* "daily.cvd", "daily.cld" ... */
const char *folder_file_name(enum cvd_database database, unsigned form);

/* False: the sentence says that the directory is none. */
bool folder_find(const char *directory, char *why, size_t size);

/* Reads the headers. False: one sentence; a file that is there and bad, or one of main, daily and
 * bytecode that is missing. */
bool folder_scan(struct folder *folder, const char *directory, char *why, size_t size);

#endif
