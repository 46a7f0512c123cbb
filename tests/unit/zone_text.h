/* tests/unit/zone_text.h - zone files written in a folder of the test's own, and loaded. */
#ifndef TESTS_UNIT_ZONE_TEXT_H
#define TESTS_UNIT_ZONE_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "zones/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "$TTL 60\n@ SOA ns h 7 2 3 4 5\n NS ns\n" /* three lines */

enum { WHY_SIZE = 1024, PATH_SIZE = 512 };

static char zone_folder[PATH_SIZE / 2];
static char zone_why[WHY_SIZE];

static inline const char *zone_path(const char *name)
{
	static char path[PATH_SIZE];
	snprintf(path, sizeof path, "%s/%s", zone_folder, name);
	return path;
}

static inline int zone_folder_make(void **state)
{
	(void)state;
	const char *base = getenv("TMPDIR");
	snprintf(zone_folder, sizeof zone_folder, "%s/zones.XXXXXX", base ? base : "/tmp");
	return mkdtemp(zone_folder) ? 0 : -1;
}

static inline int zone_folder_remove(void **state)
{
	(void)state;
	return rmdir(zone_folder);
}

static inline void zone_write(const char *name, const void *text, size_t size)
{
	FILE *file = fopen(zone_path(name), "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static inline struct zone_file *zone_load_file(const char *name)
{
	uint8_t apex[NAME_SIZE_MAX];
	assert_true(name_parse("Example.ORG.", NULL, apex, zone_why, sizeof zone_why));
	zone_why[0] = '\0';
	return zone_file_load(zone_path(name), apex, zone_why, sizeof zone_why);
}

static inline void zone_write_text(const char *name, const char *text)
{
	zone_write(name, text, strlen(text));
}

/* The text as z.zone, which is removed again. */
static inline struct zone_file *zone_load_text(const char *text, size_t size)
{
	zone_write("z.zone", text, size);
	struct zone_file *file = zone_load_file("z.zone");
	unlink(zone_path("z.zone"));
	return file;
}

/* The entry of a name (relative to example.org.) and type, or NULL. */
static inline const struct zone_entry *zone_entry_find(
	const struct zone_file *file, const char *name, uint16_t type)
{
	uint8_t wire[NAME_SIZE_MAX];
	assert_true(name_parse(name, file->apex, wire, zone_why, sizeof zone_why));
	for (size_t i = 0; i < file->count; i++)
		if (file->entries[i].rrset.type == type && name_equal(file->entries[i].owner, wire))
			return &file->entries[i];
	return NULL;
}

/* Is the text refused as z.zone, with its path, a colon and the sentence? */
static inline void zone_check_refused(const char *text, const char *sentence)
{
	char expected[PATH_SIZE + WHY_SIZE];
	struct zone_file *file = zone_load_text(text, strlen(text));
	if (file)
		fail_msg("was taken: %s", text);
	snprintf(expected, sizeof expected, "%s:%s", zone_path("z.zone"), sentence);
	assert_string_equal(zone_why, expected);
}

static inline struct zone_file *zone_check_taken(const char *text)
{
	struct zone_file *file = zone_load_text(text, strlen(text));
	if (!file)
		fail_msg("%s: %s", zone_why, text);
	return file;
}

#endif
