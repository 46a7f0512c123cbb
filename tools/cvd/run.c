#include "tools/cvd/run.h"

#include "dns/base/file.h"
#include "dns/base/why.h"
#include "geo/mirror.h"
#include "tools/cvd/announce.h"
#include "tools/cvd/header.h"
#include "tools/cvd/mirror_check.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { EXPORT_SIZE_MAX = 256 << 20, REASON_MAX = 1024 };

/* --- what is there --- */

static bool previous_read(struct announce *announce, char *why, size_t size)
{
	struct header header;
	char reason[REASON_MAX];
	const char *path = announce->arguments->output;
	if (!path)
		return true;
	if (!header_read(&header, path, why, size))
		return false;
	if (!header.found)
		return true;
	announce->known = version_string_parse(
		&announce->previous, header.octets, header.size, reason, sizeof(reason));
	return announce->known ||
	       why_write(why, size, "%s: %s; left untouched: correct it or move it away", path,
		       reason);
}

/* NULL: one sentence. */
static struct mirrors *export_read(const char *path, char *why, size_t size)
{
	struct file file;
	if (!file_read(&file, path, EXPORT_SIZE_MAX, why, size))
		return NULL;
	struct mirrors *mirrors = mirrors_parse(file.bytes, file.size, path, why, size);
	free(file.bytes);
	return mirrors;
}

/* The names' files are called like databases: they must not take their place. */
static bool names_check(const struct arguments *arguments, char *why, size_t size)
{
	struct stat databases, names;
	if (!database_dir_find(arguments->names, why, size))
		return false;
	if (stat(arguments->directory, &databases) != 0 || stat(arguments->names, &names) != 0 ||
		databases.st_dev != names.st_dev || databases.st_ino != names.st_ino)
		return true;
	return why_write(why, size,
		"%s: is the database directory, expected a different one for --names",
		arguments->names);
}

bool run_check(const struct arguments *arguments, char *why, size_t size)
{
	struct announce announce = {.arguments = arguments};
	if (!database_dir_find(arguments->directory, why, size) ||
		!previous_read(&announce, why, size) || !announce_recommend(&announce, why, size))
		return false;
	if (arguments->names && !names_check(arguments, why, size))
		return false;
	if (!arguments->export)
		return true;
	struct mirrors *mirrors = export_read(arguments->export, why, size);
	mirrors_free(mirrors);
	return mirrors;
}

/* --- new versions, and who has them --- */

/* Adds to a sentence that may have parts already. */
static void why_add(char *why, size_t size, const char *part)
{
	size_t used = strlen(why);
	snprintf(why + used, size - used, "%s%s", used ? "; " : "", part);
}

static void hold(struct run *run, struct announce *announce, enum cvd_database database,
	const char *reason, char *part)
{
	uint32_t version = announce->next.versions[database];
	run->held[database] = version;
	if (announce->known)
		announce_hold(announce, database);
	snprintf(part, REASON_MAX + 64, "%s %u is held back at %u: %s",
		cvd_database_names[database], version,
		announce->known ? announce->next.versions[database] : 0, reason);
}

/* Empty: enough mirrors have it. */
static void reason_find(struct mirror_check *check, const struct announce *announce,
	enum cvd_database database, char reason[REASON_MAX])
{
	*reason = '\0';
	if (!mirror_check_run(
		    check, database, announce->next.versions[database], reason, REASON_MAX) ||
		mirror_check_passed(check))
		return;
	if (!check->asked)
		snprintf(reason, REASON_MAX, "%s lists no mirror in service",
			announce->arguments->export);
	else
		snprintf(reason, REASON_MAX,
			"%zu of %zu mirror addresses in service have it, "
			"expected at least %zu (%u %%)",
			check->have, check->asked, check->wanted, check->share);
}

/* Holds back what too few mirrors have; `why` says what and why. An export that cannot be read
 * holds everything back, and the rest of the string stays fresh. */
static void mirrors_verify(struct run *run, struct announce *announce, char *why, size_t size)
{
	const struct arguments *arguments = run->arguments;
	char reason[REASON_MAX] = "", part[REASON_MAX + 64];
	struct mirror_check check = {
		.host = arguments->host,
		.port = (unsigned)arguments->port,
		.share = (unsigned)arguments->share,
		.stop = run->stop,
	};
	struct mirrors *mirrors = NULL;
	uint32_t before[CVD_DATABASES];
	memcpy(before, run->held, sizeof(before));
	memset(run->held, 0, sizeof(run->held));
	for (unsigned i = 0; i < CVD_DATABASES; i++) {
		enum cvd_database database = (enum cvd_database)i;
		if (!announce_rises(announce, database))
			continue;
		if (!run->due && before[i] == announce->next.versions[i]) {
			snprintf(reason, sizeof(reason),
				"the mirrors were checked less than a minute ago");
		} else if (mirrors ||
			   (mirrors = export_read(arguments->export, reason, sizeof(reason)))) {
			check.mirrors = mirrors;
			reason_find(&check, announce, database, reason);
		}
		if (!*reason)
			continue;
		hold(run, announce, database, reason, part);
		why_add(why, size, part);
	}
	mirrors_free(mirrors);
}

/* --- writing --- */

static bool text_write(const char *path, char *text, char *why, size_t size)
{
	const struct file file = {.bytes = text, .size = strlen(text)};
	char *target = realpath(path, NULL); /* a symbolic link stays one */
	bool good = file_write(target ? target : path, &file, why, size);
	free(target);
	return good;
}

static bool name_write(const struct run *run, const struct version_string *string,
	enum cvd_database database, char *why, size_t size)
{
	char path[PATH_MAX], text[64];
	struct header header;
	if (!string->versions[database])
		return true;
	snprintf(path, sizeof(path), "%s/%s", run->arguments->names,
		database_dir_file_name(database, 0));
	if (!header_read(&header, path, why, size))
		return false;
	if (header.size >= sizeof(CVD_MAGIC) - 1 &&
		memcmp(header.octets, CVD_MAGIC, sizeof(CVD_MAGIC) - 1) == 0)
		return why_write(
			why, size, "%s: is a database, expected a file written by --names", path);
	snprintf(text, sizeof(text), "%u:%lld\n", string->versions[database],
		(long long)string->time);
	return text_write(path, text, why, size);
}

static bool names_write(
	const struct run *run, const struct version_string *string, char *why, size_t size)
{
	for (unsigned i = 0; i < CVD_DATABASES; i++)
		if (!name_write(run, string, (enum cvd_database)i, why, size))
			return false;
	return true;
}

/* Is all but the time as in the file? */
static bool is_old_news(const struct announce *announce)
{
	char before[VERSION_STRING_MAX + 1], after[VERSION_STRING_MAX + 1];
	struct version_string string = announce->previous;
	string.time = announce->next.time;
	return announce->known && announce->previous.count == announce->next.count &&
	       version_string_print(&string, before) &&
	       version_string_print(&announce->next, after) && strcmp(before, after) == 0;
}

/* The string goes first: it must not get old because of the names. */
static bool next_write(
	struct run *run, struct announce *announce, bool needed, char *why, size_t size)
{
	char line[VERSION_STRING_MAX + 2];
	const struct arguments *arguments = run->arguments;
	announce->next.time = time(NULL);
	if (!version_string_print(&announce->next, run->text))
		return why_write(why, size,
			"the version string exceeds 255 octets, the maximum that clients read: "
			"use a shorter --version");
	snprintf(line, sizeof(line), "%s\n", run->text);
	if (needed && arguments->output && !text_write(arguments->output, line, why, size))
		return false;
	run->last = announce->next;
	run->known = true;
	return !needed || !arguments->names || names_write(run, &announce->next, why, size);
}

/* What is wrong with the databases does not make what the mirrors have untrue, but an old string
 * makes every client turn away from it: with --watch the last one gets a fresh time when that is
 * due. */
static void previous_keep(struct run *run, struct announce *announce, char *why, size_t size)
{
	char reason[REASON_MAX];
	const struct arguments *arguments = run->arguments;
	int64_t age = time(NULL) - announce->previous.time;
	if (!arguments->watch || !announce->known)
		return;
	why_add(why, size, "the previous versions stay, and the record time is still refreshed");
	announce->next = announce->previous;
	if (age >= 0 && age < arguments->refresh)
		return;
	if (!next_write(run, announce, true, reason, sizeof(reason)))
		why_add(why, size, reason);
}

enum run_result run_execute(struct run *run, char *why, size_t size)
{
	struct announce announce = {
		.arguments = run->arguments,
		.force = run->force,
		.known = run->known,
		.previous = run->last,
	};
	*why = '\0';
	if (!previous_read(&announce, why, size))
		return RUN_FAILED;
	if (!database_dir_scan(&announce.dir, run->arguments->directory, why, size) ||
		!announce_decide(&announce, why, size)) {
		previous_keep(run, &announce, why, size);
		return RUN_FAILED;
	}
	if (run->arguments->export)
		mirrors_verify(run, &announce, why, size);
	if (run->stop && atomic_load(run->stop)) {
		*why = '\0';
		return RUN_FAILED;
	}
	if (*why && !announce.known) {
		why_add(why, size, "there is no previous string, so nothing is written");
		return RUN_EMPTY;
	}
	bool held = *why, needed = run->due || !is_old_news(&announce);
	if (!next_write(run, &announce, needed, why, size))
		return RUN_FAILED;
	return held ? RUN_HELD : RUN_DONE;
}
