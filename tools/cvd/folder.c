#include "tools/cvd/folder.h"

#include "tools/cvd/head.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Builds without large files cannot open more than 2 GiB. */
enum { FILE_SIZE_MAX = INT_MAX, WHY_MAX = 256 };

static const struct {
	const char *files[FOLDER_FORMS];
	bool required;
} databases[CVD_DATABASES] = {
	[CVD_MAIN] = {{"main.cvd", "main.cld"}, true},
	[CVD_DAILY] = {{"daily.cvd", "daily.cld"}, true},
	[CVD_BYTECODE] = {{"bytecode.cvd", "bytecode.cld"}, true},
	[CVD_SAFEBROWSING] = {{"safebrowsing.cvd", "safebrowsing.cld"}, false},
};

const char *folder_file_name(enum cvd_database database, unsigned form)
{
	return databases[database].files[form];
}

bool folder_find(const char *directory, char *why, size_t size)
{
	struct stat status;
	if (stat(directory, &status) != 0) {
		snprintf(why, size, "%s: cannot be opened: %s", directory, strerror(errno));
		return false;
	}
	if (!S_ISDIR(status.st_mode))
		snprintf(why, size, "%s: is a file, expected a directory", directory);
	return S_ISDIR(status.st_mode);
}

/* Version 0: there is no such file. */
static bool file_read_header(struct cvd *cvd, const char *path, char *why, size_t size)
{
	struct head head;
	char reason[WHY_MAX];
	_Static_assert((int)HEAD_MAX >= (int)CVD_HEADER_SIZE, "a head has a header");
	*cvd = (struct cvd){.version = 0};
	if (!head_read(&head, path, why, size))
		return false;
	if (!head.found)
		return true;
	if (head.file_size > FILE_SIZE_MAX) {
		snprintf(why, size,
			"%s: is %llu octets long, expected at most 2147483647: not every client "
			"could "
			"open it",
			path, (unsigned long long)head.file_size);
		return false;
	}
	if (cvd_parse(cvd, head.octets, head.size, reason, sizeof(reason)))
		return true;
	snprintf(why, size, "%s: %s", path, reason);
	return false;
}

static bool database_read(struct folder *folder, enum cvd_database database, const char *directory,
	char *why, size_t size)
{
	struct cvd *newest = &folder->newest[database];
	for (unsigned form = 0; form < FOLDER_FORMS; form++) {
		char path[PATH_MAX];
		struct cvd cvd;
		const char *name = folder_file_name(database, form);
		if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path)) {
			snprintf(why, size, "%.200s...: is too long a path", directory);
			return false;
		}
		if (!file_read_header(&cvd, path, why, size))
			return false;
		if (cvd.version <= newest->version)
			continue;
		*newest = cvd;
		folder->names[database] = name;
	}
	if (newest->version || !databases[database].required)
		return true;
	snprintf(why, size, "%s: neither %s nor %s is there, expected one of them", directory,
		folder_file_name(database, 0), folder_file_name(database, 1));
	return false;
}

bool folder_scan(struct folder *folder, const char *directory, char *why, size_t size)
{
	*folder = (struct folder){.names = {NULL}};
	if (!folder_find(directory, why, size))
		return false;
	for (unsigned i = 0; i < CVD_DATABASES; i++)
		if (!database_read(folder, (enum cvd_database)i, directory, why, size))
			return false;
	return true;
}
