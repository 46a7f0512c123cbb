#include "zones/group.h"

#include "zones/wire.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WARNINGS_MAX = 100,
	SENTENCE_MAX = 1400,
	TTL_AT = 6, /* in a record's image */
	META_FIRST = 128, /* up to 255, RFC 6895 3.1 */
	TYPE_RESERVED = 65535,
};

static uint16_t image_type(const uint8_t *image)
{
	return wire_u16(image + 2);
}

static uint32_t image_ttl(const uint8_t *image)
{
	return wire_u32(image + TTL_AT);
}

static bool record_refuse(
	const struct source_record *record, const char *fault, char *why, size_t size)
{
	char owner[NAME_TEXT_MAX];
	return source_refuse(&record->place, why, size, "%s %.20s %s",
		name_write(record->owner, owner), record->type, fault);
}

bool group_accepts(const struct group *group, const struct source_record *record, uint16_t type,
	char *why, size_t size)
{
	bool meta = type == TYPE_OPT || type == TYPE_RESERVED ||
		    (type >= META_FIRST && type <= UINT8_MAX);
	const char *fault = NULL;
	if (!name_is_within(record->owner, group->file->apex))
		fault = "is outside the zone, expected a name in it";
	else if (!type)
		fault = "is not a known type, expected one, or TYPE12345";
	else if (meta)
		fault = "is not a type for zone data, expected one that is";
	return !fault || record_refuse(record, fault, why, size);
}

/* One of the five numbers that end an SOA's RDATA, the first the serial (RFC 1035 3.3.13). */
static uint32_t soa_number(const struct rdata *rdata, unsigned i)
{
	return wire_u32(rdata->octets + rdata->size - 4 * (5 - i));
}

/* RFC 1035 5.2: one SOA, at the apex; the same one twice is a slip too. */
static bool soa_take(struct group *group, const struct rdata *rdata)
{
	const struct source_record *record = rdata->record;
	if (!name_equal(record->owner, group->file->apex))
		return record_refuse(record, "is not at the zone's apex, expected it there alone",
			rdata->why, rdata->why_size);
	if (group->soa.line)
		return source_refuse(&record->place, rdata->why, rdata->why_size,
			"found a second SOA, expected only the one at %s:%u", group->soa.file,
			group->soa.line);
	group->soa = record->place;
	group->file->serial = soa_number(rdata, 0);
	return true;
}

/* Its own, $TTL's (RFC 2308 4), the record's before it (RFC 1035 5.1), or for the SOA its last
 * number. */
static bool ttl_find(struct group *group, const struct rdata *rdata, uint16_t type)
{
	const struct source_record *record = rdata->record;
	const char *fault = "has a TTL too large, expected at most 2147483647 seconds";
	if (record->has_ttl)
		group->ttl = record->ttl;
	else if (!group->has_ttl && type == TYPE_SOA)
		group->ttl = soa_number(rdata, 4);
	else if (!group->has_ttl) {
		fault = "has no TTL, expected one here, before it or by $TTL";
		return record_refuse(record, fault, rdata->why, rdata->why_size);
	}
	group->has_ttl = true;
	return group->ttl <= SOURCE_TTL_MAX ||
	       record_refuse(record, fault, rdata->why, rdata->why_size);
}

static const uint8_t *owner_copy(struct group *group, const uint8_t *name)
{
	uint8_t owner[NAME_SIZE_MAX];
	size_t size = name_size(name);
	memcpy(owner, name, size);
	name_lower(owner);
	const uint8_t *last = group->last_owner;
	if (!last || name_size(last) != size || memcmp(last, owner, size))
		group->last_owner = arena_copy(group->file->arena, owner, size);
	return group->last_owner;
}

static bool records_room(struct group *group)
{
	if (group->count < group->room)
		return true;
	size_t room = group->room ? 2 * group->room : 1024;
	struct group_record *records = reallocarray(group->records, room, sizeof *records);
	if (!records)
		return false;
	group->records = records;
	group->room = room;
	return true;
}

bool group_add(struct group *group, const struct rdata *rdata, uint16_t type)
{
	if (type == TYPE_SOA && !soa_take(group, rdata))
		return false;
	if (!ttl_find(group, rdata, type))
		return false;
	const uint8_t *owner = owner_copy(group, rdata->record->owner);
	uint8_t *image = arena_take(group->file->arena, RECORD_FIXED + rdata->size);
	if (!owner || !image || !records_room(group))
		return rdata_refuse_memory(rdata);
	record_write(image, type, group->ttl, rdata->octets, (uint16_t)rdata->size);
	group->records[group->count++] = (struct group_record){owner, image, rdata->record->place};
	return true;
}

void group_free(struct group *group)
{
	free(group->records);
	group->records = NULL;
	group->count = group->room = 0;
}

bool group_warn(struct zone_file *file, const struct source_place *place, const char *format, ...)
{
	char text[SENTENCE_MAX], sentence[SENTENCE_MAX];
	va_list arguments;
	if (file->warning_count > WARNINGS_MAX)
		return true;
	if (!file->warnings)
		file->warnings = calloc(WARNINGS_MAX + 1, sizeof *file->warnings);
	if (!file->warnings)
		return false;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	source_refuse(place, sentence, sizeof sentence, "%s",
		file->warning_count == WARNINGS_MAX ? "there are more warnings than these" : text);
	char *copy = arena_copy(file->arena, sentence, strlen(sentence) + 1);
	if (copy)
		file->warnings[file->warning_count++] = copy;
	return copy != NULL;
}

const char *group_type_name(uint16_t type, char name[12])
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{TYPE_A, "A"},
		{TYPE_NS, "NS"},
		{TYPE_CNAME, "CNAME"},
		{TYPE_SOA, "SOA"},
		{TYPE_PTR, "PTR"},
		{TYPE_MX, "MX"},
		{TYPE_TXT, "TXT"},
		{TYPE_AAAA, "AAAA"},
		{33, "SRV"},
		{35, "NAPTR"},
		{TYPE_DNAME, "DNAME"},
		{TYPE_DS, "DS"},
		{44, "SSHFP"},
		{TYPE_RRSIG, "RRSIG"},
		{TYPE_NSEC, "NSEC"},
		{TYPE_DNSKEY, "DNSKEY"},
		{TYPE_NSEC3, "NSEC3"},
		{52, "TLSA"},
		{TYPE_SVCB, "SVCB"},
		{TYPE_HTTPS, "HTTPS"},
		{257, "CAA"},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].type == type)
			return names[i].name;
	snprintf(name, 12, "TYPE%u", type);
	return name;
}

/* Where the names are whose case does not count (RFC 4034 6.2): behind so many octets and strings.
 * Later types have none (RFC 3597 7). */
static const struct {
	uint8_t octets, strings, names;
} name_forms[TYPE_RRSIG + 1] = {
	[TYPE_NS] = {0, 0, 1},
	[3 /* MD */] = {0, 0, 1},
	[4 /* MF */] = {0, 0, 1},
	[TYPE_CNAME] = {0, 0, 1},
	[7 /* MB */] = {0, 0, 1},
	[8 /* MG */] = {0, 0, 1},
	[9 /* MR */] = {0, 0, 1},
	[TYPE_PTR] = {0, 0, 1},
	[14 /* MINFO */] = {0, 0, 2},
	[TYPE_MX] = {2, 0, 1},
	[17 /* RP */] = {0, 0, 2},
	[18 /* AFSDB */] = {2, 0, 1},
	[21 /* RT */] = {2, 0, 1},
	[24 /* SIG */] = {18, 0, 1},
	[26 /* PX */] = {2, 0, 2},
	[33 /* SRV */] = {6, 0, 1},
	[35 /* NAPTR */] = {4, 3, 1},
	[36 /* KX */] = {2, 0, 1},
	[TYPE_DNAME] = {0, 0, 1},
	[TYPE_RRSIG] = {18, 0, 1},
};

/* Equal: one record, in whatever case its names are. Lengths are below the letters, so that a
 * name's octets can all be compared as letters. */
static int rdata_compare(const uint8_t *a, const uint8_t *b)
{
	uint16_t type = image_type(a), a_size = record_rdata_size(a), b_size = record_rdata_size(b);
	const uint8_t *x = record_rdata(a), *y = record_rdata(b);
	size_t start = 0, end = 0;
	int order = 0;
	if (a_size != b_size)
		return a_size < b_size ? -1 : 1;
	if (type <= TYPE_RRSIG && name_forms[type].names) {
		start = name_forms[type].octets;
		for (unsigned i = 0; i < name_forms[type].strings; i++)
			start += 1U + x[start];
		end = start;
		for (unsigned i = 0; i < name_forms[type].names; i++)
			end += name_size(x + end);
		order = memcmp(x, y, start);
	}
	for (size_t i = start; !order && i < end; i++)
		order = tolower(x[i]) - tolower(y[i]);
	return order ? order : memcmp(x + end, y + end, a_size - end);
}

static int order_compare(const struct group_record *a, const struct group_record *b)
{
	int order = a->owner == b->owner ? 0 : name_compare(a->owner, b->owner);
	return order ? order : image_type(a->image) - image_type(b->image);
}

/* By owner, type, RDATA and then as they came: the sort is of pointers into the array. */
static int record_compare(const void *a, const void *b)
{
	const struct group_record *x = *(struct group_record *const *)a;
	const struct group_record *y = *(struct group_record *const *)b;
	int order = order_compare(x, y);
	if (!order)
		order = rdata_compare(x->image, y->image);
	return order ? order : (x > y) - (x < y);
}

static int came_compare(const void *a, const void *b)
{
	const struct group_record *x = *(struct group_record *const *)a;
	const struct group_record *y = *(struct group_record *const *)b;
	return (x > y) - (x < y);
}

/* Drops equal RDATA from the records of one RRset, all but the first, and puts the rest back in the
 * order they came. */
static size_t set_merge(struct group_record **set, size_t count, uint32_t *least, bool *differ)
{
	size_t kept = 0;
	*least = image_ttl(set[0]->image);
	*differ = false;
	for (size_t i = 0; i < count; i++) {
		uint32_t ttl = image_ttl(set[i]->image);
		if (kept && !rdata_compare(set[kept - 1]->image, set[i]->image))
			continue;
		set[kept++] = set[i];
		*differ |= ttl != *least;
		*least = ttl < *least ? ttl : *least;
	}
	qsort(set, kept, sizeof *set, came_compare);
	return kept;
}

/* The records one after the other. Each RRSIG keeps its own TTL, which is that of what it
 * covers (RFC 4034 3). */
static const uint8_t *set_images(
	struct group_record *const *set, struct rrset *rrset, bool even, struct arena *arena)
{
	uint8_t *images = arena_take(arena, rrset->size), *at = images;
	for (size_t i = 0; images && i < rrset->count; i++) {
		const uint8_t *image = set[i]->image;
		uint16_t rdata_size = record_rdata_size(image);
		at += record_write(at, rrset->type, even ? rrset->ttl : image_ttl(image),
			record_rdata(image), rdata_size);
	}
	return images;
}

static bool set_refuse(const struct group_record *record, const char *fault, char *why, size_t size)
{
	char owner[NAME_TEXT_MAX], type[12];
	return source_refuse(&record->place, why, size, "%s %s %s",
		name_write(record->owner, owner), group_type_name(image_type(record->image), type),
		fault);
}

static bool set_entry(
	struct group_record **set, size_t count, struct zone_file *file, char *why, size_t size)
{
	struct zone_entry *entry = &file->entries[file->count];
	uint16_t type = image_type(set[0]->image);
	char owner[NAME_TEXT_MAX], name[12];
	uint64_t octets = 0;
	uint32_t ttl;
	bool differ;
	count = set_merge(set, count, &ttl, &differ);
	for (size_t i = 0; i < count; i++)
		octets += RECORD_FIXED + (size_t)record_rdata_size(set[i]->image);
	if (count > 1 && (type == TYPE_CNAME || type == TYPE_DNAME))
		return set_refuse(set[1], "is listed twice, expected one", why, size);
	if (count > UINT16_MAX || octets > UINT32_MAX)
		return set_refuse(
			set[0], "has too many records, expected at most 65535", why, size);
	entry->owner = set[0]->owner;
	entry->rrset = (struct rrset){
		.type = type, .count = (uint16_t)count, .ttl = ttl, .size = (uint32_t)octets};
	entry->file = set[0]->place.file;
	entry->line = set[0]->place.line;
	bool even = differ && type != TYPE_RRSIG;
	entry->rrset.records = count == 1 && !even
				       ? set[0]->image
				       : set_images(set, &entry->rrset, even, file->arena);
	bool good = entry->rrset.records != NULL;
	if (even && good)
		good = group_warn(file, &set[0]->place,
			"%s %s has different TTLs, expected the same: the smallest, %u, is used",
			name_write(entry->owner, owner), group_type_name(type, name), ttl);
	if (!good)
		return source_refuse(&set[0]->place, why, size, "out of memory");
	file->count++;
	return true;
}

bool group_entries(struct group *group, char *why, size_t size)
{
	struct zone_file *file = group->file;
	struct source_place nowhere = {"", 0};
	struct group_record **sorted = calloc(group->count + 1, sizeof *sorted);
	bool good = true;
	size_t end;
	file->entries = calloc(group->count + 1, sizeof *file->entries);
	if (!sorted || !file->entries) {
		free(sorted);
		return source_refuse(group->count ? &group->records[0].place : &nowhere, why, size,
			"out of memory");
	}
	for (size_t i = 0; i < group->count; i++)
		sorted[i] = &group->records[i];
	qsort(sorted, group->count, sizeof *sorted, record_compare);
	for (size_t i = 0; good && i < group->count; i = end) {
		for (end = i + 1; end < group->count; end++)
			if (order_compare(sorted[i], sorted[end]))
				break;
		good = set_entry(sorted + i, end - i, file, why, size);
	}
	free(sorted);
	return good;
}
