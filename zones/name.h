/* zones/name.h - domain names in wire form (RFC 1035 3.1).
 *
 * A name is its octets: length-prefixed labels and the root's zero, at most 255, never
 * compressed. Names compare without regard to ASCII case (RFC 4343). */
#ifndef ZONES_NAME_H
#define ZONES_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NAME_SIZE_MAX = 255,
	NAME_LABELS_MAX = 127,
	NAME_LABEL_MAX = 63,
	NAME_TEXT_MAX = 1024, /* every octet as \DDD, dots, NUL */
};

/* A name where it stands, in whatever case: all that the look-up of a name that is there needs. */
struct name_key {
	const uint8_t *wire; /* the caller's */
	uint32_t hash; /* alike for names that differ in case */
	uint8_t size; /* octets, with the root's */
};

/* A lower-cased name, cut up to look for its ancestors: label i starts at wire[start[i]]; i =
 * labels is the root itself. */
struct name_path {
	uint8_t wire[NAME_SIZE_MAX];
	uint8_t size; /* octets, with the root's */
	uint8_t labels; /* without the root */
	uint8_t start[NAME_LABELS_MAX + 1];
	uint32_t hash; /* of the whole name */
};

/* Presentation form (RFC 1035 5.1: \X, \DDD) to wire form. A name without a final dot is
 * completed with `origin`; origin NULL means the text is complete. "@" alone is the origin.
 * False: `why` has a sentence without file and line. */
bool name_parse(const char *text, const uint8_t *origin, uint8_t wire[NAME_SIZE_MAX], char *why,
	size_t size);

/* Wire form to presentation form with a final dot; returns text. */
const char *name_write(const uint8_t *wire, char text[NAME_TEXT_MAX]);
/* Without the final dot, but for the root's. */
const char *name_write_plain(const uint8_t *wire, char text[NAME_TEXT_MAX]);

size_t name_size(const uint8_t *wire); /* octets, with the root's */
unsigned name_labels(const uint8_t *wire); /* without the root */
void name_lower(uint8_t *wire);
bool name_equal(const uint8_t *a, const uint8_t *b);
/* Is `name` at or below `ancestor`? */
bool name_is_within(const uint8_t *name, const uint8_t *ancestor);
/* Canonical order (RFC 4034 6.1): negative, 0, positive. A name stands right before all below
 * it. */
int name_compare(const uint8_t *a, const uint8_t *b);

/* Fills `key` from an uncompressed name of at most `available` octets; 0: no whole legal name is
 * there (too long, compressed, cut off), else its octets. */
size_t name_key_parse(struct name_key *key, const uint8_t *wire, size_t available);
/* Is the key's name this lower-case one, which has as many octets? */
bool name_key_is(const struct name_key *key, const uint8_t *lower);

void name_path_cut(struct name_path *path, const struct name_key *key);
/* Both in one; 0 as name_key_parse. */
size_t name_path_parse(struct name_path *path, const uint8_t *wire, size_t available);

/* The hash of the path's name from label i to the root: what its own key would have as `hash`. */
uint32_t name_path_hash(const struct name_path *path, unsigned i);

#endif
