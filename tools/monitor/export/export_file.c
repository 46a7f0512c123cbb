#include "tools/monitor/export/export_file.h"

#include "dns/base/json.h"
#include "geo/country.h"
#include "geo/mirror.h"
#include "geo/stamp.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD_MAX = 3600 }; /* seconds; a `generated` so far ahead was accepted by nobody */

bool sheet_begin(struct sheet *sheet)
{
	memset(sheet, 0, sizeof(*sheet));
	sheet->lines = open_memstream(&sheet->lines_text, &sheet->lines_size);
	sheet->gist = open_memstream(&sheet->gist_text, &sheet->gist_size);
	return sheet->lines && sheet->gist;
}

bool sheet_entry_address(struct sheet_entry *entry, const uint8_t octets[16], bool ipv6)
{
	char text[INET6_ADDRSTRLEN];
	json_t **list = ipv6 ? &entry->ipv6 : &entry->ipv4;
	if (!*list)
		*list = json_array();
	return inet_ntop(ipv6 ? AF_INET6 : AF_INET, octets, text, sizeof(text)) && *list &&
	       json_array_append_new(*list, json_string(text)) == 0;
}

static bool line_add(FILE *file, const json_t *object, bool first)
{
	char *line = json_dumps(object, JSON_ENSURE_ASCII);
	bool good = line && fprintf(file, "%s%s", first ? "" : ",\n", line) > 0;
	free(line);
	return good;
}

/* What came from a mirror, or out of a state file, may be no UTF-8. */
static void text_add(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, plain_json(text));
}

bool sheet_add(struct sheet *sheet, const struct sheet_entry *entry)
{
	json_t *object = json_object();
	bool first = sheet->entries++ == 0;
	text_add(object, "host", entry->host);
	text_add(object, "country", country_code(entry->country));
	if (entry->ipv4)
		json_object_set_new(object, "ipv4", entry->ipv4);
	if (entry->ipv6)
		json_object_set_new(object, "ipv6", entry->ipv6);
	text_add(object, "state", mirror_state_name(entry->state));
	if (entry->since[0])
		text_add(object, "since", entry->since);
	text_add(object, "checked", ""); /* its place is kept */
	text_add(object, "reason", entry->reason);
	json_object_set_new(object, "weight", json_integer(entry->weight));
	bool good = object && line_add(sheet->gist, object, first);
	if (entry->checked[0])
		text_add(object, "checked", entry->checked);
	else
		json_object_del(object, "checked");
	good = good && line_add(sheet->lines, object, first);
	json_decref(object);
	return good;
}

bool sheet_end(struct sheet *sheet)
{
	bool good = fclose(sheet->lines) == 0;
	good = fclose(sheet->gist) == 0 && good;
	sheet->lines = sheet->gist = NULL;
	return good;
}

void sheet_free(struct sheet *sheet)
{
	if (sheet->lines)
		fclose(sheet->lines);
	if (sheet->gist)
		fclose(sheet->gist);
	free(sheet->lines_text);
	free(sheet->gist_text);
	memset(sheet, 0, sizeof(*sheet));
}

char *sheet_text(const struct sheet *sheet, int64_t serial, int64_t generated)
{
	char stamp[STAMP_TEXT_MAX], *text = NULL;
	if (asprintf(&text,
		    "{\"format\": \"mirror-export/1\", \"generated\": \"%s\", \"serial\": %" PRId64
		    ",\n\"mirrors\": [\n%s\n]}\n",
		    stamp_write(generated, stamp), serial, sheet->lines_text) < 0)
		return NULL;
	return text;
}

/* The gist of an export that was read, as sheet_add would have it. NULL: no memory. */
static char *gist_of(const struct mirrors *mirrors)
{
	struct sheet sheet;
	bool good = sheet_begin(&sheet);
	const struct mirror_address *address = mirrors->addresses,
				    *end = address + mirrors->address_count;
	for (size_t i = 0; good && i < mirrors->count; i++) {
		const struct mirror *mirror = &mirrors->list[i];
		struct sheet_entry entry = {.host = mirror->host,
			.since = mirror->since,
			.checked = "",
			.reason = mirror->reason,
			.country = mirror->country,
			.weight = mirror->weight,
			.state = mirror->state};
		for (; good && address < end && address->mirror == i; address++)
			good = sheet_entry_address(&entry, address->octets, address->ipv6);
		good = sheet_add(&sheet, &entry) && good;
	}
	good = sheet.gist && sheet.lines && sheet_end(&sheet) && good;
	char *gist = good ? sheet.gist_text : NULL;
	if (good)
		sheet.gist_text = NULL;
	sheet_free(&sheet);
	return gist;
}

void sheet_disk_look(struct sheet_disk *disk)
{
	struct file file;
	char why[512];
	struct file_stamp stamp = file_stamp(disk->path);
	if (stamp.inode && file_stamp_equal(&stamp, &disk->stamp))
		return;
	disk->stamp = stamp;
	free(disk->gist);
	free(disk->text);
	disk->gist = disk->text = NULL;
	if (!file_read(&file, disk->path, SHEET_FILE_MAX, why, sizeof(why)))
		return;
	struct mirrors *mirrors =
		mirrors_parse(file.bytes, file.size, disk->path, why, sizeof(why));
	if (!mirrors) {
		free(file.bytes);
		return;
	}
	disk->text = file.bytes;
	disk->gist = gist_of(mirrors);
	disk->written = file.modified;
	if (mirrors->serial > disk->serial)
		disk->serial = mirrors->serial;
	if (mirrors->generated > disk->generated)
		disk->generated = mirrors->generated;
	mirrors_free(mirrors);
}

bool sheet_disk_lost(struct sheet_disk *disk)
{
	sheet_disk_look(disk);
	return !disk->gist;
}

/* Where everything was lost, the seconds since 1970 are above any serial that was counted up from 1. */
static int64_t serial_next(const struct sheet_disk *disk, int64_t now)
{
	if (disk->serial <= 0)
		return now;
	return disk->serial < INT64_MAX ? disk->serial + 1
					: disk->serial; /* an equal one is fine */
}

static int64_t generated_next(const struct sheet_disk *disk, int64_t now)
{
	bool ahead = disk->generated > now && disk->generated <= now + AHEAD_MAX;
	return ahead ? disk->generated : now;
}

static bool is_due(const struct sheet_disk *disk, const struct sheet *sheet, int64_t now)
{
	return !disk->gist || strcmp(disk->gist, sheet->gist_text) != 0 || now < disk->written ||
	       now - disk->written >= SHEET_SECONDS;
}

enum sheet_outcome sheet_disk_write(
	struct sheet_disk *disk, const struct sheet *sheet, int64_t now, char *why, size_t size)
{
	if (sheet->entries == 0) {
		snprintf(why, size,
			"%s: is not written: no mirror has an address that is listed or has passed "
			"a check, and servers refuse an empty list",
			disk->path);
		return SHEET_FAILED;
	}
	sheet_disk_look(disk);
	if (!is_due(disk, sheet, now))
		return SHEET_SAME;
	int64_t made = sheet->generated ? sheet->generated : now;
	int64_t serial = serial_next(disk, now), generated = generated_next(disk, made);
	char *text = sheet_text(sheet, serial, generated), *gist = strdup(sheet->gist_text);
	if (!text || !gist) {
		snprintf(why, size, "%s: out of memory", disk->path);
		goto fail;
	}
	if (!file_write(disk->path, &(struct file){.bytes = text, .size = strlen(text)}, why, size))
		goto fail;
	free(disk->gist);
	free(disk->text);
	disk->gist = gist;
	disk->text = text;
	disk->serial = serial;
	disk->generated = generated;
	disk->written = now;
	disk->stamp = file_stamp(disk->path);
	if (disk->stamp.size != strlen(text)) /* somebody was there between */
		memset(&disk->stamp, 0, sizeof(disk->stamp));
	return SHEET_WRITTEN;
fail:
	free(text);
	free(gist);
	return SHEET_FAILED;
}

void sheet_disk_free(struct sheet_disk *disk)
{
	free(disk->gist);
	free(disk->text);
	memset(disk, 0, sizeof(*disk));
}
