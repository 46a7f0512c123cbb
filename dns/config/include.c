#include "dns/config/include.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <string.h>

/* The folder of `file`, with what glob(3) would read as a pattern escaped, and `pattern`; false: it
 * is too long. */
static bool pattern_join(char joined[PATH_MAX], const char *file, const char *pattern, bool wild)
{
	const char *slash = *pattern == '/' ? NULL : strrchr(file, '/');
	size_t used = 0;
	for (; slash && file <= slash && used + 2 < PATH_MAX; file++) {
		if (wild && strchr("*?[\\", *file))
			joined[used++] = '\\';
		joined[used++] = *file;
	}
	if (used + strlen(pattern) >= PATH_MAX)
		return false;
	memcpy(joined + used, pattern, strlen(pattern) + 1);
	return true;
}

/* A folder that is not there has no files that match. */
static int folder_failed(const char *path, int error)
{
	(void)path;
	return error != ENOENT;
}

bool config_include_each(const struct config_why *why, unsigned line, const char *pattern,
	config_include_take *take, void *context)
{
	bool wild = strpbrk(pattern, "*?[") != NULL, good = true;
	char joined[PATH_MAX];
	glob_t found = {.gl_pathc = 0};
	int status;
	if (!*pattern || !pattern_join(joined, config_line_file(why->arena, line), pattern, wild))
		return config_refuse(why, line,
			"found include = \"%.64s\", expected the path of a file, or a glob",
			pattern);
	if (!wild)
		return take(context, joined, line);
	status = glob(joined, 0, folder_failed, &found);
	if (status == GLOB_ABORTED || status == GLOB_NOSPACE)
		good = config_refuse(why, line,
			"found include = \"%.64s\", whose folder cannot be read, expected one that "
			"can",
			pattern);
	for (size_t i = 0; good && i < found.gl_pathc; i++)
		good = take(context, found.gl_pathv[i], line);
	globfree(&found);
	return good;
}
