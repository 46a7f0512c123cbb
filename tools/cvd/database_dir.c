#include "tools/cvd/database_dir.h"

#include "dns/base/why.h"
#include "tools/cvd/header.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Builds without large files cannot open more than 2 GiB. */
enum { FILE_SIZE_MAX = INT_MAX, WHY_MAX = 256 };

static const struct {
	const char *files[DATABASE_FORMS];
	bool required;
} databases[CVD_DATABASES] = {
	[CVD_MAIN] = {{"main.cvd", "main.cld"}, true},
	[CVD_DAILY] = {{"daily.cvd", "daily.cld"}, true},
	[CVD_BYTECODE] = {{"bytecode.cvd", "bytecode.cld"}, true},
	[CVD_SAFEBROWSING] = {{"safebrowsing.cvd", "safebrowsing.cld"}, false},
};

const char *database_dir_file_name(enum cvd_database database, unsigned form)
{
	return databases[database].files[form];
}

bool database_dir_find(const char *directory, char *why, size_t size)
{
	struct stat status;
	if (stat(directory, &status) != 0)
		return why_write(why, size, "%s: cannot be opened: %s", directory, strerror(errno));
	return S_ISDIR(status.st_mode) ||
	       why_write(why, size, "%s: is a file, expected a directory", directory);
}

/* Version 0: there is no such file. */
static bool file_read_header(struct cvd *cvd, const char *path, char *why, size_t size)
{
	struct header header;
	char reason[WHY_MAX];
	_Static_assert((int)HEADER_MAX >= (int)CVD_HEADER_SIZE, "a read has a header");
	*cvd = (struct cvd){.version = 0};
	if (!header_read(&header, path, why, size))
		return false;
	if (!header.found)
		return true;
	if (header.file_size > FILE_SIZE_MAX)
		return why_write(why, size,
			"%s: found %llu octets, expected at most 2147483647: "
			"some clients cannot open a larger file",
			path, (unsigned long long)header.file_size);
	return cvd_parse(cvd, header.octets, header.size, reason, sizeof(reason)) ||
	       why_write(why, size, "%s: %s", path, reason);
}

static bool database_read(struct database_dir *dir, enum cvd_database database,
	const char *directory, char *why, size_t size)
{
	struct cvd *newest = &dir->newest[database];
	for (unsigned form = 0; form < DATABASE_FORMS; form++) {
		char path[PATH_MAX];
		struct cvd cvd;
		const char *name = database_dir_file_name(database, form);
		if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
			return why_write(why, size, "%.200s...: path too long", directory);
		if (!file_read_header(&cvd, path, why, size))
			return false;
		if (cvd.version <= newest->version)
			continue;
		*newest = cvd;
		dir->names[database] = name;
	}
	return newest->version || !databases[database].required ||
	       why_write(why, size, "%s: found neither %s nor %s, expected one of them", directory,
		       database_dir_file_name(database, 0), database_dir_file_name(database, 1));
}

bool database_dir_scan(struct database_dir *dir, const char *directory, char *why, size_t size)
{
	*dir = (struct database_dir){.names = {NULL}};
	if (!database_dir_find(directory, why, size))
		return false;
	for (unsigned i = 0; i < CVD_DATABASES; i++)
		if (!database_read(dir, (enum cvd_database)i, directory, why, size))
			return false;
	return true;
}
