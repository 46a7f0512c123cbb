/* dns/config/value.h - how the text of an option becomes a field: one reader for each type.
 *
 * A row of an option table names its reader, its range and what it usually is. The usual values
 * go through the reader as a file's values do. Any program may have tables of its own, and
 * readers beside these (dns/config/address.h). */
#ifndef DNS_CONFIG_VALUE_H
#define DNS_CONFIG_VALUE_H

#include "dns/config/arena.h"
#include "dns/config/lexer.h"

#include <stdint.h>

enum { CONFIG_LIST_MAX = 256 };

/* What an option was given. */
struct config_given {
	const char *name;
	unsigned line; /* of the option */
	size_t count; /* 1, unless it is a list */
	const char *const *texts;
	const unsigned *lines;
	struct config_given *next; /* of its section */
};

struct config_reader {
	const struct config_why *why;
	struct config_arena *arena; /* where things go to */
};

struct config_option;
/* Fills the field of `record`. False: refused, the sentence is written. */
typedef bool config_read(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record);

struct config_option {
	const char *name;
	config_read *read;
	size_t field, width; /* octets: where in the record, and how many */
	uint64_t least, most; /* of a number, a duration in seconds, a size or a text in octets */
	const char *usual[2]; /* the default, as in a file; none: NULL */
	const char *words[4]; /* of a choice: the words for 0, 1 and so on */
	size_t count; /* of a list: where in the record its length is, a size_t */
	size_t named; /* where a bool says that the file has the option; 0: nowhere */
	bool list;
	bool required; /* has no default and must not be empty */
	bool empty; /* "" is allowed, and means off */
};

/* The field, and its width, of a row of the table. */
#define CONFIG_FIELD(type, member) offsetof(type, member), sizeof(((type *)0)->member)

config_read config_read_text; /* const char * */
config_read config_read_texts; /* const char **, and its count */
config_read config_read_path; /* char *: relative to the file it stands in; NULL for "" */
config_read config_read_number; /* an unsigned integer of any width */
config_read config_read_duration; /* seconds, likewise */
config_read config_read_size; /* octets, likewise */
config_read config_read_choice; /* likewise, and bool */
config_read config_read_bool;

/* The line that names a path of config_read_path. */
unsigned config_path_line(const char *path);

/* Seconds of a text like "30s", "10m", "2h" or "1d". False: it is none, or more than `most`. */
bool config_duration_parse(const char *text, uint64_t most, uint64_t *seconds);

/* For other readers: the option's field in the record; */
void *config_field(const struct config_option *option, void *record);
/* and a list of what was given, zeroed, in its field and its count. NULL: refused. */
void *config_list_take(const struct config_reader *reader, const struct config_option *option,
	const struct config_given *given, void *record, size_t width);

#endif
