#include "tools/monitor/export/export_file.h"

#include "dns/base/json.h"
#include "geo/country.h"
#include "geo/mirror.h"
#include "geo/stamp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD_MAX = 3600 }; /* seconds; a `generated` so far ahead was accepted by nobody */

bool export_text_begin(struct export_text *export)
{
	memset(export, 0, sizeof(*export));
	export->lines = open_memstream(&export->lines_text, &export->lines_size);
	export->comparable = open_memstream(&export->comparable_text, &export->comparable_size);
	return export->lines && export->comparable;
}

bool export_entry_address(struct export_entry *entry, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	json_t **list = address->ipv6 ? &entry->ipv6 : &entry->ipv4;
	if (!*list)
		*list = json_array();
	return *list &&
	       json_array_append_new(*list, json_string(address_write(address, text))) == 0;
}

static bool line_add(FILE *file, const json_t *object, bool first)
{
	char *line = json_dumps(object, JSON_ENSURE_ASCII);
	bool good = line && fprintf(file, "%s%s", first ? "" : ",\n", line) > 0;
	free(line);
	return good;
}

static void time_add(json_t *object, const char *key, int64_t seconds)
{
	char text[STAMP_TEXT_MAX];
	json_object_set_new(object, key, json_string(stamp_write(seconds, text)));
}

/* What came from a mirror, or out of a state file, may be no UTF-8. */
static void text_add(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, plain_json(text));
}

bool export_text_add(struct export_text *export, const struct export_entry *entry)
{
	json_t *object = json_object();
	bool first = export->entries++ == 0;
	text_add(object, "host", entry->host);
	text_add(object, "country", country_code(entry->country));
	if (entry->ipv4)
		json_object_set_new(object, "ipv4", entry->ipv4);
	if (entry->ipv6)
		json_object_set_new(object, "ipv6", entry->ipv6);
	text_add(object, "state", mirror_state_name(entry->state));
	if (entry->since)
		time_add(object, "since", entry->since);
	text_add(object, "checked", ""); /* its place is kept */
	text_add(object, "reason", entry->reason);
	json_object_set_new(object, "weight", json_integer(entry->weight));
	bool good = object && line_add(export->comparable, object, first);
	if (entry->checked)
		time_add(object, "checked", entry->checked);
	else
		json_object_del(object, "checked");
	good = good && line_add(export->lines, object, first);
	json_decref(object);
	return good;
}

bool export_text_end(struct export_text *export)
{
	bool good = fclose(export->lines) == 0;
	good = fclose(export->comparable) == 0 && good;
	export->lines = export->comparable = NULL;
	return good;
}

void export_text_free(struct export_text *export)
{
	if (export->lines)
		fclose(export->lines);
	if (export->comparable)
		fclose(export->comparable);
	free(export->lines_text);
	free(export->comparable_text);
	memset(export, 0, sizeof(*export));
}

char *export_text_write(const struct export_text *export, int64_t serial, int64_t generated)
{
	char stamp[STAMP_TEXT_MAX], *text = NULL;
	if (asprintf(&text,
		    "{\"format\": \"mirror-export/1\", \"generated\": \"%s\", \"serial\": %" PRId64
		    ",\n\"mirrors\": [\n%s\n]}\n",
		    stamp_write(generated, stamp), serial, export->lines_text) < 0)
		return NULL;
	return text;
}

/* The comparable of an export that was read, as export_text_add would have it. NULL: no memory. */
static char *comparable_of(const struct mirrors *mirrors)
{
	struct export_text export;
	bool good = export_text_begin(&export);
	const struct mirror_address *address = mirrors->addresses,
				    *end = address + mirrors->address_count;
	for (size_t i = 0; good && i < mirrors->count; i++) {
		const struct mirror *mirror = &mirrors->list[i];
		struct export_entry entry = {.host = mirror->host,
			.reason = mirror->reason,
			.country = mirror->country,
			.weight = mirror->weight,
			.state = mirror->state};
		if (!stamp_parse(mirror->since, &entry.since))
			entry.since = 0;
		for (; good && address < end && address->mirror == i; address++)
			good = export_entry_address(&entry, &address->at);
		good = export_text_add(&export, &entry) && good;
	}
	good = export.comparable && export.lines && export_text_end(&export) && good;
	char *comparable = good ? export.comparable_text : NULL;
	if (good)
		export.comparable_text = NULL;
	export_text_free(&export);
	return comparable;
}

void export_file_refresh(struct export_file *disk)
{
	struct file file;
	char why[512];
	struct file_stamp stamp = file_stamp(disk->path);
	if (stamp.inode && file_stamp_equal(&stamp, &disk->stamp))
		return;
	disk->stamp = stamp;
	free(disk->comparable);
	free(disk->text);
	disk->comparable = disk->text = NULL;
	if (!file_read(&file, disk->path, EXPORT_FILE_MAX, why, sizeof(why)))
		return;
	struct mirrors *mirrors =
		mirrors_parse(file.bytes, file.size, disk->path, why, sizeof(why));
	if (!mirrors) {
		free(file.bytes);
		return;
	}
	disk->text = file.bytes;
	disk->comparable = comparable_of(mirrors);
	disk->written = file.modified;
	if (mirrors->serial > disk->serial)
		disk->serial = mirrors->serial;
	if (mirrors->generated > disk->generated)
		disk->generated = mirrors->generated;
	mirrors_free(mirrors);
}

bool export_file_lost(struct export_file *disk)
{
	export_file_refresh(disk);
	return !disk->comparable;
}

/* Where everything was lost, the seconds since 1970 are above any serial that was counted up from
 * 1. */
static int64_t serial_next(const struct export_file *disk, int64_t now)
{
	if (disk->serial <= 0)
		return now;
	return disk->serial < INT64_MAX ? disk->serial + 1
					: disk->serial; /* an equal one is fine */
}

static int64_t generated_next(const struct export_file *disk, int64_t now)
{
	bool ahead = disk->generated > now && disk->generated <= now + AHEAD_MAX;
	return ahead ? disk->generated : now;
}

static bool is_due(const struct export_file *disk, const struct export_text *export, int64_t now)
{
	return !disk->comparable || strcmp(disk->comparable, export->comparable_text) != 0 ||
	       now < disk->written || now - disk->written >= EXPORT_SECONDS;
}

enum export_outcome export_file_write(struct export_file *disk, const struct export_text *export,
	int64_t now, char *why, size_t size)
{
	if (export->entries == 0) {
		snprintf(why, size,
			"%s: not written: no mirror has an address that is listed or has passed "
			"a check, and servers refuse an empty export",
			disk->path);
		return EXPORT_FAILED;
	}
	export_file_refresh(disk);
	if (!is_due(disk, export, now))
		return EXPORT_SAME;
	int64_t made = export->generated ? export->generated : now;
	int64_t serial = serial_next(disk, now), generated = generated_next(disk, made);
	char *text = export_text_write(export, serial, generated),
	     *comparable = strdup(export->comparable_text);
	if (!text || !comparable) {
		snprintf(why, size, "%s: out of memory", disk->path);
		goto fail;
	}
	if (!file_write(disk->path, &(struct file){.bytes = text, .size = strlen(text)}, why, size))
		goto fail;
	free(disk->comparable);
	free(disk->text);
	disk->comparable = comparable;
	disk->text = text;
	disk->serial = serial;
	disk->generated = generated;
	disk->written = now;
	disk->stamp = file_stamp(disk->path);
	if (disk->stamp.size != strlen(text)) /* somebody was there between */
		memset(&disk->stamp, 0, sizeof(disk->stamp));
	return EXPORT_WRITTEN;
fail:
	free(text);
	free(comparable);
	return EXPORT_FAILED;
}

void export_file_free(struct export_file *disk)
{
	free(disk->comparable);
	free(disk->text);
	memset(disk, 0, sizeof(*disk));
}
