#include "tools/monitor/state/store_file.h"

#include "dns/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { APPLICATION = 0x6D6E736D /* "mnsm" */, VERSION = 3, BUSY_MS = 1000 };

/* Times in Unix seconds, states in the order ok, old, removed, disabled. */
static const char tables[] =
	"PRAGMA application_id = 0x6D6E736D; PRAGMA user_version = 3;"
	"CREATE TABLE monitor (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE targets (host TEXT NOT NULL, address TEXT NOT NULL, reason TEXT NOT NULL,"
	" fault TEXT NOT NULL, state INTEGER NOT NULL, since INTEGER NOT NULL,"
	" first_seen INTEGER NOT NULL, checked INTEGER NOT NULL, last_good INTEGER NOT NULL,"
	" failing_since INTEGER NOT NULL, stamp INTEGER NOT NULL, returned INTEGER NOT NULL,"
	" good_run INTEGER NOT NULL, milliseconds INTEGER NOT NULL, main INTEGER NOT NULL,"
	" daily INTEGER NOT NULL, bytecode INTEGER NOT NULL, before INTEGER NOT NULL,"
	" counting INTEGER NOT NULL, witness INTEGER NOT NULL, stale INTEGER NOT NULL,"
	" warned INTEGER NOT NULL,"
	" PRIMARY KEY (host, address)) WITHOUT ROWID;"
	"CREATE TABLE spans (host TEXT NOT NULL, address TEXT NOT NULL, kind TEXT NOT NULL,"
	" slot INTEGER NOT NULL, number INTEGER NOT NULL, checks INTEGER NOT NULL,"
	" good INTEGER NOT NULL, milliseconds INTEGER NOT NULL,"
	" PRIMARY KEY (host, address, kind, slot)) WITHOUT ROWID;"
	"CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
	" host TEXT NOT NULL, address TEXT NOT NULL, country TEXT NOT NULL,"
	" \"from\" INTEGER NOT NULL, \"to\" INTEGER NOT NULL, first INTEGER NOT NULL,"
	" why TEXT NOT NULL);"
	"CREATE TABLE txts (id INTEGER PRIMARY KEY AUTOINCREMENT, since INTEGER NOT NULL,"
	" value TEXT NOT NULL);";

#define UPGRADE                                                                                    \
	"PRAGMA user_version = 3;"                                                                 \
	"ALTER TABLE targets ADD COLUMN warned INTEGER NOT NULL DEFAULT 0;"

/* By the version of the file. Version 1 had no `stale`: there a sentence said it, which is one of
 * the forms of that file. */
static const char *const upgrades[VERSION + 1] = {
	[1] = UPGRADE "ALTER TABLE targets ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;"
		      "UPDATE targets SET stale = fault GLOB 'timestamp * old or older*';",
	[2] = UPGRADE,
};

bool state_file_corrupt(int code)
{
	return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB;
}

/* The first column of the first row; "" where there is none. False: *why has SQLite's sentence. */
static int value_ask(sqlite3 *base, const char *sql, char *value, size_t size)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(base, sql, -1, &statement, NULL);
	value[0] = '\0';
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW && sqlite3_column_text(statement, 0))
		snprintf(value, size, "%s", (const char *)sqlite3_column_text(statement, 0));
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		code = SQLITE_OK;
	sqlite3_finalize(statement);
	return code;
}

/* What a sound file says of itself. */
static enum state_kind kind_said(const char *path, const char *id, const char *version,
	const char *objects, char *why, size_t size)
{
	char ours[16];
	snprintf(ours, sizeof(ours), "%d", APPLICATION);
	if (strcmp(id, ours) != 0) {
		if (strcmp(id, "0") == 0 && strcmp(objects, "0") == 0)
			return STATE_EMPTY;
		snprintf(why, size, "%s: is a database of another program", path);
		return STATE_FOREIGN;
	}
	int number = 0;
	sscanf(version, "%d", &number);
	if (number > VERSION) {
		snprintf(why, size,
			"%s: file version %d is from a newer mirrorns-monitor, "
			"expected at most version %d",
			path, number, VERSION);
		return STATE_NEWER;
	}
	return STATE_OURS;
}

enum state_kind state_file_kind(sqlite3 *base, const char *path, char *why, size_t size)
{
	char id[32], version[32], objects[32], check[200];
	int code = value_ask(base, "PRAGMA application_id", id, sizeof(id));
	if (code == SQLITE_OK)
		code = value_ask(base, "PRAGMA user_version", version, sizeof(version));
	if (code == SQLITE_OK)
		code = value_ask(
			base, "SELECT count(*) FROM sqlite_master", objects, sizeof(objects));
	if (code == SQLITE_OK)
		code = value_ask(base, "PRAGMA quick_check(1)", check, sizeof(check));
	if (code == SQLITE_OK && strcmp(check, "ok") != 0) {
		snprintf(why, size, "%s: is corrupt: %.100s", path, check);
		return STATE_CORRUPT;
	}
	if (code == SQLITE_OK)
		return kind_said(path, id, version, objects, why, size);
	snprintf(why, size, "%s: cannot be read: %s", path, sqlite3_errmsg(base));
	return state_file_corrupt(code) ? STATE_CORRUPT : STATE_FAILED;
}

/* SQLite's own locks come and go; this one says that the file has its monitor. */
static bool lock_take(struct state_file *file, char *why, size_t size)
{
	file->lock = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (file->lock < 0) {
		snprintf(why, size, "%s: cannot be opened: %s", file->path, strerror(errno));
		return false;
	}
	if (flock(file->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	snprintf(why, size, "%s: in use by another mirrorns-monitor", file->path);
	return false;
}

static bool base_open(struct state_file *file, char *why, size_t size)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	if (!lock_take(file, why, size))
		return false;
	int code = sqlite3_open_v2(file->path, &file->base, flags, NULL);
	if (code == SQLITE_OK)
		return sqlite3_busy_timeout(file->base, BUSY_MS) == SQLITE_OK;
	snprintf(why, size, "%s: cannot be opened: %s", file->path, sqlite3_errstr(code));
	return false;
}

/* Tables where there are none or old ones, and how it is written. */
static bool base_begin(struct state_file *file, bool empty, char *why, size_t size)
{
	char mode[16], version[16] = "";
	const char *change = tables;
	int code = value_ask(file->base, "PRAGMA journal_mode = WAL", mode, sizeof(mode));
	if (code == SQLITE_OK)
		code = sqlite3_exec(file->base, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
	if (code == SQLITE_OK && !empty) {
		code = value_ask(file->base, "PRAGMA user_version", version, sizeof(version));
		int number = atoi(version);
		change = number >= 0 && number <= VERSION && upgrades[number] ? upgrades[number]
									      : "";
	}
	if (code == SQLITE_OK)
		code = sqlite3_exec(file->base, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(file->base, change, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(file->base, "COMMIT", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		return true;
	snprintf(why, size, "%s: cannot be written: %s", file->path, sqlite3_errmsg(file->base));
	return false;
}

static bool file_try(struct state_file *file, bool aside, char *why, size_t size)
{
	if (!base_open(file, why, size))
		return false;
	switch (state_file_kind(file->base, file->path, why, size)) {
	case STATE_OURS:
		return base_begin(file, false, why, size);
	case STATE_EMPTY:
		file->made = true;
		return base_begin(file, true, why, size);
	case STATE_FOREIGN:
	case STATE_CORRUPT:
		if (!aside)
			return false;
		log_line(LOG_LEVEL_WARNING, "%s; renamed, starting with an empty state file", why);
		return state_file_aside(file, why, size);
	case STATE_NEWER:
	case STATE_FAILED:
		return false;
	}
	return false;
}

bool state_file_open(struct state_file *file, char *why, size_t size)
{
	file->lock = -1;
	if (file_try(file, true, why, size))
		return true;
	state_file_close(file);
	return false;
}

void state_file_close(struct state_file *file)
{
	sqlite3_close(file->base);
	file->base = NULL;
	if (file->lock >= 0)
		close(file->lock);
	file->lock = -1;
}

/* "FILE.corrupt-TIME", or with a number where there is one of this second already. */
static void aside_name(const struct state_file *file, char *name, size_t size)
{
	char when[32];
	time_t now = time(NULL);
	struct tm tm;
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	snprintf(name, size, "%s.corrupt-%s", file->path, when);
	for (unsigned i = 2; i < 1000 && access(name, F_OK) == 0; i++)
		snprintf(name, size, "%s.corrupt-%s.%u", file->path, when, i);
}

bool state_file_aside(struct state_file *file, char *why, size_t size)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char name[4200], from[4200], to[4300];
	state_file_close(file);
	aside_name(file, name, sizeof(name));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", file->path, parts[i]);
		snprintf(to, sizeof(to), "%s%s", name, parts[i]);
		if (rename(from, to) != 0 && errno != ENOENT) {
			snprintf(why, size, "%s: cannot be renamed: %s", from, strerror(errno));
			return false;
		}
	}
	log_line(LOG_LEVEL_WARNING, "New state file created file=%s aside=%s", file->path, name);
	return file_try(file, false, why, size);
}

bool state_file_lost(const struct state_file *file)
{
	struct stat held, named;
	return fstat(file->lock, &held) != 0 || stat(file->path, &named) != 0 ||
	       held.st_ino != named.st_ino || held.st_dev != named.st_dev;
}
