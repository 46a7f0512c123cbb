/* dns/config_value.h - how the text of an option becomes a field: one reader for each type.
 *
 * A row of the option table names its reader, its range and what it usually is. The usual values
 * go through the reader as a file's values do. */
#ifndef DNS_CONFIG_VALUE_H
#define DNS_CONFIG_VALUE_H

#include "dns/config.h"
#include "dns/config_token.h"

enum { CONFIG_LIST_MAX = 256 };

/* What an option was given. */
struct config_given {
	const char *name;
	unsigned line; /* of the option */
	bool named; /* in the file: not what it usually is */
	size_t count; /* 1, unless it is a list */
	const char *texts[CONFIG_LIST_MAX];
	unsigned lines[CONFIG_LIST_MAX];
};

struct config_reader {
	const struct config_why *why;
	struct config *config; /* whose arena things go to */
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
	const char *words[2]; /* of a choice: the words for 0 and 1 */
	bool list;
	bool required; /* has no default and must not be empty */
	bool empty; /* "" is allowed, and means off */
};

config_read config_read_text; /* const char * */
config_read config_read_path; /* char *: relative to the configuration file; NULL for "" */
config_read config_read_number; /* an unsigned integer of any width */
config_read config_read_duration; /* seconds, likewise */
config_read config_read_size; /* octets, likewise */
config_read config_read_choice; /* likewise, and bool */
config_read config_read_bool;
config_read config_read_metrics; /* of struct config */
config_read config_read_listen; /* of struct config */
config_read config_read_networks; /* of struct config: explain-to */
config_read config_read_from; /* of struct pool_rule */
config_read config_read_fallback; /* of struct pool_rule */
config_read config_read_families; /* of struct pool_rule */

/* Zeroed memory that lives as long as the configuration; NULL: none. */
void *config_take(struct config *config, size_t size);
char *config_take_text(struct config *config, const char *text);

#endif
