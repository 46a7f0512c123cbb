#include "zones/name.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK = 8, QUOTE_MAX = 64 };

/* Odd constants with evenly spread bits; the hash is ours alone and in no file or packet. */
static const uint64_t hash_seed = 0x6A09E667F3BCC909, hash_multiplier = 0xD6E8FEB86659FD93;
static const uint64_t each_octet = 0x0101010101010101;

/* Length octets are below 'A', so whole names may be lowered without looking at their labels. */
static inline uint8_t octet_lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

static void why_write(char *why, size_t size, const char *text, const char *fault)
{
	char quote[QUOTE_MAX + 1];
	size_t i = 0;
	for (; i < QUOTE_MAX && text[i]; i++)
		quote[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	quote[i] = '\0';
	snprintf(why, size, "name \"%s%s\" has %s", quote, text[i] ? "..." : "", fault);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One octet of a label, escaped or not; advances *text. */
static bool octet_parse(const char **text, uint8_t *octet, const char **fault)
{
	const char *at = *text;
	if (at[0] != '\\') {
		*fault = "a blank or control character, expected it as \\DDD";
		*octet = (uint8_t)at[0];
		*text = at + 1;
		return *octet > ' ' && *octet != 0x7F;
	}
	*fault = "a bad escape, expected \\X, or \\DDD of at most 255";
	if (!is_digit(at[1])) {
		*octet = (uint8_t)at[1];
		*text = at + 2;
		return at[1] != '\0';
	}
	if (!is_digit(at[2]) || !is_digit(at[3]))
		return false;
	int value = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');
	*octet = (uint8_t)value;
	*text = at + 4;
	return value <= UINT8_MAX;
}

/* The next label up to its dot or the text's end, without either; *end is where it ends in wire. */
static bool label_parse(const char **text, uint8_t *wire, size_t *end, const char **fault)
{
	size_t start = (*end)++;
	while (**text && **text != '.') {
		uint8_t octet;
		if (!octet_parse(text, &octet, fault))
			return false;
		*fault = "a label too long, expected at most 63 octets";
		if (*end - start > NAME_LABEL_MAX)
			return false;
		*fault = "too many octets, expected at most 255";
		if (*end >= NAME_SIZE_MAX - 1) /* the root's octet is still to come */
			return false;
		wire[(*end)++] = octet;
	}
	*fault = "an empty label, expected 1 to 63 octets between dots";
	if (*end - start == 1)
		return false;
	wire[start] = (uint8_t)(*end - start - 1);
	return true;
}

bool name_parse(const char *text, const uint8_t *origin, uint8_t wire[NAME_SIZE_MAX], char *why,
	size_t size)
{
	static const uint8_t root[1];
	const char *at = text, *fault;
	size_t end = 0;
	bool complete = strcmp(text, ".") == 0;
	bool at_origin = strcmp(text, "@") == 0;
	fault = "no origin to stand for, expected a complete name";
	if (at_origin && !origin)
		goto fail;
	while (!complete && !at_origin) {
		if (!label_parse(&at, wire, &end, &fault))
			goto fail;
		complete = *at && !at[1];
		if (!*at++)
			break;
	}
	const uint8_t *rest = complete || !origin ? root : origin;
	size_t rest_size = name_size(rest);
	fault = "too many octets with its origin, expected at most 255";
	if (end + rest_size > NAME_SIZE_MAX)
		goto fail;
	memcpy(wire + end, rest, rest_size);
	return true;
fail:
	why_write(why, size, text, fault);
	return false;
}

const char *name_write(const uint8_t *wire, char text[NAME_TEXT_MAX])
{
	char *out = text;
	if (!*wire)
		*out++ = '.';
	while (*wire) {
		for (unsigned left = *wire++; left > 0; left--, wire++) {
			if (*wire <= ' ' || *wire > '~') {
				out += sprintf(out, "\\%03u", *wire);
				continue;
			}
			if (strchr(".\\\"();@$", *wire))
				*out++ = '\\';
			*out++ = (char)*wire;
		}
		*out++ = '.';
	}
	*out = '\0';
	return text;
}

const char *name_write_plain(const uint8_t *wire, char text[NAME_TEXT_MAX])
{
	size_t size = strlen(name_write(wire, text));
	if (size > 1)
		text[size - 1] = '\0';
	return text;
}

size_t name_size(const uint8_t *wire)
{
	size_t size = 0;
	while (wire[size])
		size += wire[size] + 1U;
	return size + 1;
}

unsigned name_labels(const uint8_t *wire)
{
	unsigned labels = 0;
	for (; *wire; wire += *wire + 1)
		labels++;
	return labels;
}

void name_lower(uint8_t *wire)
{
	size_t size = name_size(wire);
	for (size_t i = 0; i < size; i++)
		wire[i] = octet_lower(wire[i]);
}

bool name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t size = name_size(a);
	if (name_size(b) != size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (octet_lower(a[i]) != octet_lower(b[i]))
			return false;
	return true;
}

bool name_is_within(const uint8_t *name, const uint8_t *ancestor)
{
	unsigned kept = name_labels(ancestor);
	for (unsigned labels = name_labels(name); labels > kept; labels--)
		name += *name + 1;
	return name_equal(name, ancestor);
}

/* Where each label starts; returns how many there are. */
static unsigned starts_find(const uint8_t *wire, uint8_t start[NAME_LABELS_MAX])
{
	unsigned labels = 0;
	for (unsigned at = 0; wire[at]; at += wire[at] + 1U)
		start[labels++] = (uint8_t)at;
	return labels;
}

static int label_compare(const uint8_t *a, const uint8_t *b)
{
	unsigned size = *a < *b ? *a : *b;
	for (unsigned i = 1; i <= size; i++) {
		int difference = octet_lower(a[i]) - octet_lower(b[i]);
		if (difference)
			return difference;
	}
	return *a - *b;
}

int name_compare(const uint8_t *a, const uint8_t *b)
{
	uint8_t a_start[NAME_LABELS_MAX], b_start[NAME_LABELS_MAX];
	unsigned a_left = starts_find(a, a_start), b_left = starts_find(b, b_start);
	while (a_left && b_left) {
		int order = label_compare(a + a_start[--a_left], b + b_start[--b_left]);
		if (order)
			return order;
	}
	return (int)a_left - (int)b_left;
}

static inline uint64_t chunk_load(const uint8_t *at)
{
	uint64_t chunk;
	memcpy(&chunk, at, CHUNK);
	return chunk;
}

static inline void chunk_store(uint8_t *at, uint64_t chunk)
{
	memcpy(at, &chunk, CHUNK);
}

/* Carries stay within their octet: seven bits and at most 0x3F are added. */
static inline uint64_t chunk_lower(uint64_t chunk)
{
	uint64_t low = chunk & 0x7F * each_octet;
	uint64_t from_a = low + (0x80 - 'A') * each_octet;
	uint64_t after_z = low + (0x7F - 'Z') * each_octet;
	uint64_t upper = (from_a ^ after_z) & ~chunk & 0x80 * each_octet;
	return chunk | upper >> 2;
}

/* Some names that differ in more than case fall together here, and are told apart when they are
 * compared. */
static inline uint64_t hash_mix(uint64_t state, uint64_t low, uint64_t high)
{
	const uint64_t fold = 0x20 * each_octet;
	unsigned __int128 product =
		(unsigned __int128)((low | fold) ^ state) * ((high | fold) ^ hash_multiplier);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* By two chunks at a time, the last of which overlap those before them: no octet beyond the name is
 * read. */
static inline uint32_t name_hash(const uint8_t *wire, size_t size)
{
	uint64_t state = hash_seed, chunk = 0;
	if (size < CHUNK) {
		for (size_t at = 0; at < size; at++)
			chunk |= (uint64_t)wire[at] << 8 * at;
		return (uint32_t)hash_mix(state, chunk, chunk);
	}
	for (size_t at = 0; at + 2 * CHUNK < size; at += 2 * CHUNK)
		state = hash_mix(state, chunk_load(wire + at), chunk_load(wire + at + CHUNK));
	size_t before = size < 2 * CHUNK ? 0 : size - 2 * CHUNK;
	return (uint32_t)hash_mix(
		state, chunk_load(wire + before), chunk_load(wire + size - CHUNK));
}

size_t name_key_parse(struct name_key *key, const uint8_t *wire, size_t available)
{
	size_t limit = available < NAME_SIZE_MAX ? available : NAME_SIZE_MAX, at = 0;
	for (size_t label; at < limit && (label = wire[at]) - 1 < NAME_LABEL_MAX;)
		at += label + 1;
	if (at >= limit || wire[at]) /* cut off, or RFC 1035 4.1.4: 11 is a pointer */
		return 0;
	size_t size = at + 1;
	*key = (struct name_key){
		.wire = wire, .hash = name_hash(wire, size), .size = (uint8_t)size};
	return size;
}

static bool key_lowered_is(const uint8_t *wire, size_t size, const uint8_t *lower)
{
	uint64_t differs =
		chunk_lower(chunk_load(wire + size - CHUNK)) ^ chunk_load(lower + size - CHUNK);
	for (size_t at = 0; at + CHUNK < size; at += CHUNK)
		differs |= chunk_lower(chunk_load(wire + at)) ^ chunk_load(lower + at);
	return !differs;
}

bool name_key_is(const struct name_key *key, const uint8_t *lower)
{
	const uint8_t *wire = key->wire;
	size_t size = key->size;
	if (size < CHUNK) {
		size_t same = 0;
		while (same < size && octet_lower(wire[same]) == lower[same])
			same++;
		return same == size;
	}
	uint64_t differs = chunk_load(wire + size - CHUNK) ^ chunk_load(lower + size - CHUNK);
	for (size_t at = 0; at + CHUNK < size; at += CHUNK)
		differs |= chunk_load(wire + at) ^ chunk_load(lower + at);
	return !differs || key_lowered_is(wire, size, lower); /* most ask in lower case */
}

void name_path_cut(struct name_path *path, const struct name_key *key)
{
	size_t size = key->size;
	path->hash = key->hash;
	path->size = key->size;
	for (size_t at = 0; at + CHUNK < size; at += CHUNK)
		chunk_store(path->wire + at, chunk_lower(chunk_load(key->wire + at)));
	if (size >= CHUNK)
		chunk_store(path->wire + size - CHUNK,
			chunk_lower(chunk_load(key->wire + size - CHUNK)));
	else
		for (size_t at = 0; at < size; at++)
			path->wire[at] = octet_lower(key->wire[at]);
	path->labels = (uint8_t)starts_find(path->wire, path->start);
	path->start[path->labels] = (uint8_t)(size - 1);
}

size_t name_path_parse(struct name_path *path, const uint8_t *wire, size_t available)
{
	struct name_key key;
	size_t size = name_key_parse(&key, wire, available);
	if (size)
		name_path_cut(path, &key);
	return size;
}

uint32_t name_path_hash(const struct name_path *path, unsigned i)
{
	return name_hash(path->wire + path->start[i], (size_t)path->size - path->start[i]);
}
