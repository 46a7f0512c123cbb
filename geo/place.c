#include "geo/place.h"

#include "geo/country.h"
#include "geo/section.h"
#include "geo/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <maxminddb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* MaxMind DB format 2.0: where the metadata may start, and the zeros between tree and data. */
enum { METADATA_SEARCH = 131072, SEPARATOR_SIZE = 16 };
static const char metadata_marker[] = "\xAB\xCD\xEFMaxMind.com";

/* What is known of a data record, by its offset: not looked at, or one of these, or a country. */
enum { RECORD_UNREAD, RECORD_SILENT, RECORD_UNKNOWN, RECORD_COUNTRY };

struct reader {
	const uint8_t *bytes;
	size_t count;
	const char *file;
	char *why;
	size_t why_size;
	uint32_t node_count;
	struct section data;
	uint16_t *records; /* one for each octet of the data: RECORD_COUNTRY + country */
	bool seen[COUNTRY_MAX + 1]; /* a network names this country */
	MMDB_s mmdb;
	struct tree tree;
	struct place_database *database;
};

__attribute__((format(printf, 2, 3))) static bool reader_refuse(
	struct reader *reader, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = snprintf(reader->why, reader->why_size, "%s: ", reader->file);
	if (length > 0 && (size_t)length < reader->why_size)
		vsnprintf(
			reader->why + length, reader->why_size - (size_t)length, format, arguments);
	va_end(arguments);
	return false;
}

/* The octets behind the last marker, as libmaxminddb looks for it. */
static size_t metadata_find(const struct reader *reader)
{
	size_t size = sizeof metadata_marker - 1, found = SIZE_MAX;
	size_t at = reader->count > METADATA_SEARCH ? reader->count - METADATA_SEARCH : 0;
	while (at < reader->count) {
		const uint8_t *marker =
			memmem(reader->bytes + at, reader->count - at, metadata_marker, size);
		if (!marker)
			break;
		found = at = (size_t)(marker - reader->bytes) + size;
	}
	return found;
}

/* The fields that libmaxminddb wants; it leaks memory where it finds them to be of another type. */
static const struct {
	const char *key;
	enum section_type type;
	const char *type_name;
} fields[] = {
	{"node_count", SECTION_UINT32, "uint32"},
	{"record_size", SECTION_UINT16, "uint16"},
	{"ip_version", SECTION_UINT16, "uint16"},
	{"binary_format_major_version", SECTION_UINT16, "uint16"},
	{"binary_format_minor_version", SECTION_UINT16, "uint16"},
	{"build_epoch", SECTION_UINT64, "uint64"},
	{"database_type", SECTION_STRING, "string"},
	{"languages", SECTION_ARRAY, "array of strings"},
	{"description", SECTION_MAP, "map of strings"},
};
enum { FIELD_NUMBERS = 5, FIELD_COUNT = sizeof fields / sizeof *fields };

/* Reads the first five fields as numbers, checks the others. */
static bool fields_read(
	struct reader *reader, struct section *metadata, uint64_t numbers[FIELD_NUMBERS])
{
	if (!section_check(metadata, 0))
		return reader_refuse(reader, "its metadata is damaged");
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		struct section_value value;
		if (!section_member(metadata, 0, fields[i].key, &value) ||
			value.type != fields[i].type ||
			((value.type == SECTION_ARRAY || value.type == SECTION_MAP) &&
				!section_is_of_strings(metadata, &value)))
			return reader_refuse(reader, "its metadata has no %s (%s)", fields[i].key,
				fields[i].type_name);
		if (i < FIELD_NUMBERS)
			numbers[i] = section_number(metadata, &value);
	}
	return true;
}

static bool metadata_check(struct reader *reader)
{
	uint64_t numbers[FIELD_NUMBERS];
	size_t start = metadata_find(reader);
	if (start == SIZE_MAX || start == reader->count)
		return reader_refuse(
			reader, "it has no MaxMind DB metadata; expected a MaxMind DB file");
	/* libmaxminddb counts octets in 32 bits. */
	if (reader->count > UINT32_MAX)
		return reader_refuse(
			reader, "it has %zu octets, expected less than 4 GiB", reader->count);
	struct section metadata = section_init(reader->bytes + start, reader->count - start);
	if (!fields_read(reader, &metadata, numbers))
		return false;
	uint64_t node_count = numbers[0], record_size = numbers[1], version = numbers[2];
	if (record_size != 24 && record_size != 28 && record_size != 32)
		return reader_refuse(reader,
			"its record_size is %" PRIu64 ", expected 24, 28 or 32", record_size);
	if (version != 4 && version != 6)
		return reader_refuse(
			reader, "its ip_version is %" PRIu64 ", expected 4 or 6", version);
	if (numbers[3] != 2)
		return reader_refuse(reader,
			"its format is version %" PRIu64 ", expected version 2", numbers[3]);
	uint64_t tree_size = node_count * (record_size / 4);
	size_t data_end = start - (sizeof metadata_marker - 1);
	if (node_count == 0 || tree_size + SEPARATOR_SIZE > data_end)
		return reader_refuse(reader,
			"a tree of %" PRIu64 " nodes does not fit into its %zu octets", node_count,
			reader->count);
	size_t data_start = (size_t)tree_size + SEPARATOR_SIZE;
	reader->node_count = (uint32_t)node_count;
	reader->data = section_init(reader->bytes + data_start, data_end - data_start);
	reader->tree.ipv6 = version == 6;
	return true;
}

/* A descriptor of a copy that no other process can change; -1 with errno. */
static int bytes_copy(const uint8_t *bytes, size_t count)
{
	int copy = memfd_create("country database", MFD_CLOEXEC);
	for (size_t done = 0; copy >= 0 && done < count;) {
		ssize_t written = write(copy, bytes + done, count - done);
		if (written > 0) {
			done += (size_t)written;
		} else if (written == 0 || errno != EINTR) {
			int saved = written == 0 ? EIO : errno;
			close(copy);
			errno = saved;
			copy = -1;
		}
	}
	return copy;
}

static bool mmdb_open(struct reader *reader)
{
	int copy = bytes_copy(reader->bytes, reader->count);
	if (copy < 0)
		return reader_refuse(reader, "cannot copy it into memory: %s", strerror(errno));
	char path[sizeof "/proc/self/fd/" + 3 * sizeof copy];
	snprintf(path, sizeof path, "/proc/self/fd/%d", copy);
	int status = MMDB_open(path, MMDB_MODE_MMAP, &reader->mmdb);
	close(copy);
	return status == MMDB_SUCCESS ||
	       reader_refuse(reader, "libmaxminddb refuses it: %s", MMDB_strerror(status));
}

/* One string of a record; false: it has none there. */
static bool record_string(
	struct reader *reader, size_t offset, const char *const *path, MMDB_entry_data_s *string)
{
	MMDB_entry_s entry = {&reader->mmdb, (uint32_t)offset};
	return MMDB_aget_value(&entry, string, path) == MMDB_SUCCESS && string->has_data &&
	       string->type == MMDB_DATA_TYPE_UTF8_STRING;
}

/* What a data record says, read once. */
static bool record_read(struct reader *reader, size_t offset, uint16_t *record)
{
	static const char *const nested[] = {"country", "iso_code", NULL};
	static const char *const flat[] = {"country_code", NULL};
	*record = reader->records[offset];
	if (*record != RECORD_UNREAD)
		return true;
	if (!section_check(&reader->data, offset))
		return reader_refuse(reader,
			"the record at octet %zu of its data is damaged or nested too deep",
			offset);
	MMDB_entry_data_s string;
	*record = RECORD_SILENT;
	if (record_string(reader, offset, nested, &string) ||
		record_string(reader, offset, flat, &string)) {
		unsigned country = country_find(string.utf8_string, string.data_size);
		*record = (uint16_t)(country ? RECORD_COUNTRY + country : RECORD_UNKNOWN);
	}
	reader->records[offset] = *record;
	return true;
}

/* One side of a node to the tree's child. The values are judged here, not by libmaxminddb's record
 * types: those take a pointer into the separator for data. */
static bool child_read(struct reader *reader, uint32_t node, uint64_t value, uint32_t *child)
{
	*child = (uint32_t)value;
	if (value < reader->node_count)
		return true;
	*child = TREE_LEAF;
	if (value == reader->node_count)
		return true;
	uint64_t data = (uint64_t)reader->node_count + SEPARATOR_SIZE;
	if (value < data || value - data >= reader->data.size)
		return reader_refuse(reader,
			"node %" PRIu32 " of its tree points to %" PRIu64
			", outside of tree and data",
			node, value);
	uint16_t record;
	if (!record_read(reader, (size_t)(value - data), &record))
		return false;
	if (record >= RECORD_COUNTRY) {
		unsigned country = (unsigned)record - RECORD_COUNTRY;
		*child |= country;
		reader->database->networks++;
		reader->database->countries += !reader->seen[country];
		reader->seen[country] = true;
	}
	reader->database->unknown += record == RECORD_UNKNOWN;
	return true;
}

static bool nodes_read(struct reader *reader)
{
	reader->tree.count = reader->node_count;
	reader->tree.children = malloc(reader->node_count * sizeof *reader->tree.children);
	/* Untouched pages of this cost nothing: most octets start no record. */
	reader->records = calloc(reader->data.size + 1, sizeof *reader->records);
	if (!reader->tree.children || !reader->records)
		return reader_refuse(
			reader, "out of memory for %" PRIu32 " nodes", reader->node_count);
	for (uint32_t i = 0; i < reader->node_count; i++) {
		MMDB_search_node_s node;
		uint32_t *children = reader->tree.children[i];
		int status = MMDB_read_node(&reader->mmdb, i, &node);
		if (status != MMDB_SUCCESS)
			return reader_refuse(reader, "node %" PRIu32 " of its tree: %s", i,
				MMDB_strerror(status));
		if (!child_read(reader, i, node.left_record, &children[0]) ||
			!child_read(reader, i, node.right_record, &children[1]))
			return false;
	}
	if (reader->database->networks)
		return true;
	if (!reader->database->unknown)
		return reader_refuse(reader,
			"it has no country: neither country.iso_code nor country_code in any "
			"record");
	return reader_refuse(reader,
		"none of its %zu networks is of a known country, expected codes of two letters as "
		"in ISO 3166-1",
		reader->database->unknown);
}

static void description_copy(struct place_database *database, const MMDB_metadata_s *metadata)
{
	database->build = metadata->build_epoch;
	snprintf(database->type, sizeof database->type, "%s", metadata->database_type);
	for (char *c = database->type; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
}

static bool segments_read(struct reader *reader)
{
	struct place_database *database = reader->database;
	switch (tree_walk(&reader->tree, &database->ipv4, &database->ipv6)) {
	case TREE_WALKED:
		return true;
	case TREE_LOOPS:
		return reader_refuse(reader, "the search tree has a loop");
	case TREE_NO_MEMORY:
		return reader_refuse(reader, "out of memory for its networks");
	}
	return false;
}

struct place_database *place_database_parse(
	const uint8_t *bytes, size_t count, const char *file, char *why, size_t size)
{
	struct reader reader = {
		.bytes = bytes, .count = count, .file = file, .why = why, .why_size = size};
	reader.database = calloc(1, sizeof *reader.database);
	bool done = false;
	if (!reader.database) {
		reader_refuse(&reader, "out of memory");
	} else if (metadata_check(&reader) && mmdb_open(&reader)) {
		done = nodes_read(&reader) && segments_read(&reader);
		description_copy(reader.database, &reader.mmdb.metadata);
		MMDB_close(&reader.mmdb);
	}
	free(reader.tree.children);
	free(reader.records);
	if (done)
		return reader.database;
	place_database_free(reader.database);
	return NULL;
}

void place_database_free(void *object)
{
	struct place_database *database = object;
	if (!database)
		return;
	free(database->ipv4.segments);
	free(database->ipv6.segments);
	free(database);
}
