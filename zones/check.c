#include "zones/check.h"

#include "zones/group.h"

#include <stdlib.h>
#include <string.h>

enum { TYPE_KEY = 25 };

struct check {
	struct zone_file *file;
	const uint8_t **targets; /* of all NS records, sorted */
	size_t target_count;
	char *why;
	size_t size;
};

static struct source_place entry_place(const struct zone_entry *entry)
{
	return (struct source_place){entry->file, entry->line};
}

/* "www.example. A was found at or below ...". */
static bool entry_refuse(
	const struct check *check, const struct zone_entry *entry, const char *fault)
{
	char owner[NAME_TEXT_MAX], name[12];
	struct source_place place = entry_place(entry);
	return source_refuse(&place, check->why, check->size, "%s %s %s",
		name_write(entry->owner, owner), group_type_name(entry->rrset.type, name), fault);
}

static int target_compare(const void *a, const void *b)
{
	return name_compare(*(const uint8_t *const *)a, *(const uint8_t *const *)b);
}

static bool targets_find(struct check *check)
{
	const struct zone_file *file = check->file;
	size_t count = 0;
	for (size_t i = 0; i < file->count; i++)
		if (file->entries[i].rrset.type == TYPE_NS)
			count += file->entries[i].rrset.count;
	check->targets = calloc(count + 1, sizeof *check->targets);
	if (!check->targets)
		return false;
	for (size_t i = 0; i < file->count; i++) {
		const struct rrset *rrset = &file->entries[i].rrset;
		const uint8_t *record = rrset->records;
		for (unsigned j = 0; rrset->type == TYPE_NS && j < rrset->count; j++) {
			check->targets[check->target_count++] = record_rdata(record);
			record = record_next(record);
		}
	}
	qsort(check->targets, check->target_count, sizeof *check->targets, target_compare);
	return true;
}

static bool target_is_named(const struct check *check, const uint8_t *name)
{
	return bsearch(&name, check->targets, check->target_count, sizeof *check->targets,
		       target_compare) != NULL;
}

static bool is_address(const struct zone_entry *entry)
{
	return entry->rrset.type == TYPE_A || entry->rrset.type == TYPE_AAAA;
}

/* A wildcard with NS is no delegation (RFC 4592 4.2). */
static bool is_cut(const struct check *check, const struct zone_entry *entry)
{
	bool wildcard = entry->owner[0] == 1 && entry->owner[1] == '*';
	return entry->rrset.type == TYPE_NS && !wildcard &&
	       !name_equal(entry->owner, check->file->apex);
}

/* An entry at or below `cut`. Glue may serve another delegation (RFC 9471 3.2). */
static bool delegated_check(
	const struct check *check, const struct zone_entry *cut, const struct zone_entry *entry)
{
	static const uint16_t at_cut[] = {TYPE_NS, TYPE_DS, TYPE_NSEC, TYPE_RRSIG};
	bool below = !name_equal(cut->owner, entry->owner);
	for (size_t i = 0; !below && i < sizeof at_cut / sizeof *at_cut; i++)
		if (at_cut[i] == entry->rrset.type)
			return true;
	if (!is_address(entry))
		return entry_refuse(check, entry,
			below ? "is below a delegation, expected only glue there"
			      : "is at a delegation, expected only NS, DS and glue there");
	if (target_is_named(check, entry->owner))
		return true;
	return entry_refuse(check, entry,
		below ? "is below a delegation and no NS record names it, expected only glue there"
		      : "is at a delegation and no NS record names it, expected only glue there");
}

/* Where a CNAME is beside other data, the sentence names whichever came later. */
static bool alone_check(
	const struct check *check, const struct zone_entry *alias, const struct zone_entry *other)
{
	static const uint16_t beside[] = {TYPE_CNAME, TYPE_KEY, TYPE_RRSIG, TYPE_NSEC};
	char owner[NAME_TEXT_MAX], name[12];
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
		if (beside[i] == other->rrset.type)
			return true;
	bool after = !strcmp(alias->file, other->file) && other->line > alias->line;
	struct source_place place = entry_place(after ? other : alias);
	struct source_place first = entry_place(after ? alias : other);
	return source_refuse(&place, check->why, check->size,
		"%s has CNAME and %s (%s:%u), expected a CNAME to be alone",
		name_write(alias->owner, owner), group_type_name(other->rrset.type, name),
		first.file, first.line);
}

static bool aliases_check(const struct check *check)
{
	const struct zone_file *file = check->file;
	const struct zone_entry *entries = file->entries;
	size_t end;
	for (size_t first = 0; first < file->count; first = end) {
		const struct zone_entry *alias = NULL;
		for (end = first; end < file->count; end++) {
			if (!name_equal(entries[first].owner, entries[end].owner))
				break;
			if (entries[end].rrset.type == TYPE_CNAME)
				alias = &entries[end];
		}
		for (size_t i = first; alias && i < end; i++)
			if (!alone_check(check, alias, &entries[i]))
				return false;
	}
	return true;
}

/* The NS entry that makes a delegation of the name whose entries start at `first`; only A can
 * be before it. */
static const struct zone_entry *cut_find(const struct check *check, size_t first)
{
	const struct zone_file *file = check->file;
	const struct zone_entry *entry = &file->entries[first];
	for (size_t i = first; i < file->count && i < first + 2; i++, entry++)
		if (is_cut(check, entry) && name_equal(entry->owner, file->entries[first].owner))
			return entry;
	return NULL;
}

/* Canonical order puts all that is below a name right after it. */
static bool descents_check(const struct check *check)
{
	const struct zone_file *file = check->file;
	const struct zone_entry *cut = NULL, *moved = NULL;
	for (size_t i = 0; i < file->count; i++) {
		const struct zone_entry *entry = &file->entries[i];
		if (moved && !name_is_within(entry->owner, moved->owner))
			moved = NULL;
		if (moved && !name_equal(entry->owner, moved->owner))
			return entry_refuse(
				check, entry, "is below a DNAME, expected nothing there");
		if (entry->rrset.type == TYPE_DNAME)
			moved = entry;
		if (cut && !name_is_within(entry->owner, cut->owner))
			cut = NULL;
		if (!cut && (!i || !name_equal(entry->owner, entry[-1].owner)))
			cut = cut_find(check, i);
		if (cut && !delegated_check(check, cut, entry))
			return false;
	}
	return true;
}

static bool apex_check(const struct check *check, const char *path)
{
	const struct zone_file *file = check->file;
	char apex[NAME_TEXT_MAX];
	struct source_place place = {path, 1};
	bool soa = false, ns = false;
	for (size_t i = 0; i < file->count; i++) {
		const struct zone_entry *entry = &file->entries[i];
		bool at_apex = name_equal(entry->owner, file->apex);
		soa |= at_apex && entry->rrset.type == TYPE_SOA;
		ns |= at_apex && entry->rrset.type == TYPE_NS;
	}
	if (soa && ns)
		return true;
	return source_refuse(&place, check->why, check->size,
		"found no %s record at the apex, expected %s at %s", soa ? "NS" : "SOA",
		soa ? "NS" : "one SOA", name_write(file->apex, apex));
}

bool check_zone(struct zone_file *file, const char *path, char *why, size_t size)
{
	struct source_place place = {path, 1};
	struct check check = {.file = file, .why = why, .size = size};
	bool good = targets_find(&check);
	if (!good)
		source_refuse(&place, why, size, "out of memory");
	good = good && apex_check(&check, path) && aliases_check(&check) && descents_check(&check);
	free(check.targets);
	return good;
}
