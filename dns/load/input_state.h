/* dns/load/input_state.h - is what is served what is on disk, and how old is it? */
#ifndef DNS_LOAD_INPUT_STATE_H
#define DNS_LOAD_INPUT_STATE_H

#include "dns/load/inputs.h"

#include <sys/types.h>

/* From good to bad: of several, the worst counts. */
enum input_state { INPUT_OK, INPUT_STALE, INPUT_REFUSED, INPUT_MISSING };

/* A watched file, and whose it is. */
struct input {
	size_t number;
	ssize_t zone; /* -1: database or overrides */
	ssize_t txt; /* -1: no string */
};

struct input_age {
	int64_t seconds; /* since it was made, as far as is known */
	uint32_t most; /* seconds; 0: it may have any age, or is not there */
	const char *option; /* that says so */
};

enum { INPUT_NAME_MAX = 640, INPUT_WHY_MAX = 1600 };

static inline struct input input_export(const struct config *config, size_t z)
{
	return (struct input){inputs_export(config, z), (ssize_t)z, -1};
}

/* The file behind this one; false: it was the last one. The first is {0, -1, -1}. */
bool input_next(const struct config *config, struct input *input);

struct input_age input_age(const struct inputs *inputs, const struct input *input, int64_t now);
static inline bool input_is_stale(const struct input_age *age)
{
	return age->most && age->seconds > age->most;
}

/* With the sentence why it is not INPUT_OK; "" where it is. */
enum input_state input_state(const struct inputs *inputs, const struct input *input, int64_t now,
	char why[INPUT_WHY_MAX]);
const char *input_state_name(enum input_state state);

/* "zone clamav.net: the export". */
const char *input_name(
	const struct config *config, const struct input *input, char text[INPUT_NAME_MAX]);

#endif
