/* tests/unit/explain_case.h - the golden world, and members of JSON objects as tests read them. */
#ifndef TESTS_UNIT_EXPLAIN_CASE_H
#define TESTS_UNIT_EXPLAIN_CASE_H

#include "tests/unit/world_case.h"

#include "tests/unit/folder_case.h"

#include <jansson.h>
#include <stdio.h>

static struct world world;

static inline int explain_load(void **state)
{
	(void)state;
	if (world_load(&world, why, sizeof(why)))
		return 0;
	printf("%s\n", why);
	return -1;
}

static inline int explain_unload(void **state)
{
	(void)state;
	world_free(&world);
	return 0;
}

static inline const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	if (!text)
		fail_msg("no text %s in %s", key, json_dumps(object, 0));
	return text;
}

static inline json_int_t number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_integer(value))
		fail_msg("no number %s in %s", key, json_dumps(object, 0));
	return json_integer_value(value);
}

/* The row of a list where both members are so, or NULL; the second key may be NULL. */
static inline json_t *row_find(const json_t *list, const char *key, const char *value,
	const char *other, const char *other_value)
{
	size_t i;
	json_t *row;
	json_array_foreach (list, i, row)
		if (strcmp(text_of(row, key), value) == 0 &&
			(!other || strcmp(text_of(row, other), other_value) == 0))
			return row;
	return NULL;
}

static inline bool list_has(const json_t *list, const char *text)
{
	size_t i;
	json_t *value;
	json_array_foreach (list, i, value)
		if (json_is_string(value) && strstr(json_string_value(value), text))
			return true;
	return false;
}

#endif
