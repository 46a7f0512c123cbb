#include "zones/zone.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* zone_find against a plain list that is read from end to end for each question: random zones of
 * names over three letters, so that wildcards, cuts, DNAMEs and empty names meet in every way. */
enum { ZONES = 2000, OWNERS_MAX = 12, DEPTH_MAX = 4, NAME_ROOM = 2 * (DEPTH_MAX + 2) + 4 };

struct owner {
	uint8_t name[NAME_ROOM];
	uint16_t type; /* 0: only dynamic data */
};

static const uint8_t apex[] = "\1z";
static const char letters[] = "ab*";

static uint32_t random_below(uint32_t *seed, uint32_t limit)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % limit;
}

/* Name number `number` of all with `labels` labels below the apex. */
static void name_make(uint8_t name[NAME_ROOM], unsigned labels, unsigned number)
{
	for (unsigned i = 0; i < labels; i++, number /= 3) {
		*name++ = 1;
		*name++ = (uint8_t)letters[number % 3];
	}
	memcpy(name, apex, sizeof apex);
}

static bool list_has(const struct owner *list, size_t count, const uint8_t *name, int type)
{
	for (size_t i = 0; i < count; i++)
		if (name_equal(list[i].name, name) && (type < 0 || list[i].type == type))
			return true;
	return false;
}

/* RFC 4592 2.2.2: a name is there when it or one below it has data; the apex always is. */
static bool list_exists(const struct owner *list, size_t count, const uint8_t *name)
{
	bool exists = name_equal(name, apex);
	for (size_t i = 0; i < count && !exists; i++)
		exists = name_is_within(list[i].name, name);
	return exists;
}

/* The word for a name, and where, by the RFCs' own steps from the apex down. */
static enum zone_result list_find(
	const struct owner *list, size_t count, const uint8_t *name, uint8_t at[NAME_ROOM])
{
	unsigned labels = name_labels(name);
	for (unsigned depth = 1; depth <= labels; depth++) {
		const uint8_t *suffix = name + 2 * (labels - depth);
		memcpy(at, suffix, 2 * depth + 1);
		if (!list_exists(list, count, suffix)) {
			const uint8_t *encloser = suffix + 2;
			uint8_t star[NAME_ROOM] = {1, '*'};
			memcpy(star + 2, encloser, name_size(encloser));
			bool covered = list_exists(list, count, star);
			memcpy(at, covered ? star : encloser, 2 * depth + 1 - (covered ? 0 : 2));
			return covered ? ZONE_WILDCARD : ZONE_NXDOMAIN;
		}
		if (depth > 1 && suffix[1] != '*' && list_has(list, count, suffix, TYPE_NS))
			return ZONE_DELEGATION;
		if (depth < labels && list_has(list, count, suffix, TYPE_DNAME))
			return ZONE_DNAME;
	}
	return list_has(list, count, name, -1) ? ZONE_FOUND : ZONE_NODATA;
}

static size_t list_make(struct owner list[OWNERS_MAX], uint32_t *seed)
{
	static const uint16_t types[] = {TYPE_A, TYPE_A, TYPE_TXT, TYPE_NS, TYPE_DNAME, 0};
	size_t count = random_below(seed, OWNERS_MAX + 1);
	for (size_t i = 0; i < count; i++) {
		name_make(list[i].name, random_below(seed, DEPTH_MAX + 1), random_below(seed, 81));
		list[i].type = types[random_below(seed, sizeof types / sizeof *types)];
	}
	return count;
}

static struct zone *zone_make(const struct owner *list, size_t count)
{
	struct zone *zone = zone_new(apex);
	assert_non_null(zone);
	for (size_t i = 0; i < count; i++) {
		struct zone_node *node = zone_add(zone, list[i].name);
		struct rrset rrset = {.type = list[i].type, .count = 1};
		assert_non_null(node);
		if (!list[i].type)
			node->dynamic = 1;
		else if (!zone_put(zone, node, &rrset))
			assert_true(list_has(list, i, list[i].name, list[i].type));
	}
	assert_true(zone_link(zone));
	return zone;
}

static void test_oracle(void **state)
{
	(void)state;
	uint32_t seed = 1;
	unsigned seen[ZONE_NOT_OURS + 1] = {0};
	for (int z = 0; z < ZONES; z++) {
		struct owner list[OWNERS_MAX];
		size_t count = list_make(list, &seed);
		struct zone *zone = zone_make(list, count);
		for (unsigned labels = 0, names = 1; labels <= DEPTH_MAX + 1; labels++, names *= 3)
			for (unsigned number = 0; number < names; number++) {
				uint8_t name[NAME_ROOM], at[NAME_ROOM];
				struct name_key key;
				const struct zone_node *node;
				name_make(name, labels, number);
				assert_true(name_key_parse(&key, name, sizeof name));
				enum zone_result expected = list_find(list, count, name, at);
				assert_int_equal(zone_find(zone, &key, &node), expected);
				assert_true(name_equal(node->name, at));
				seen[expected]++;
			}
		zone_free(zone);
	}
	for (int result = ZONE_FOUND; result < ZONE_NOT_OURS; result++)
		assert_true(seen[result] > 1000);
}

struct hashed {
	uint32_t hash;
	uint32_t number;
};

static int hashed_compare(const void *a, const void *b)
{
	uint32_t first = ((const struct hashed *)a)->hash,
		 second = ((const struct hashed *)b)->hash;
	return (first > second) - (first < second);
}

static struct name_key number_key(struct name_path *path, uint32_t number)
{
	uint8_t name[] = {4, 0, 0, 0, 0, 1, 'z', 0};
	for (int i = 4; i > 0; i--, number /= 16)
		name[i] = (uint8_t)('a' + number % 16);
	/* Four letters make 65,536 names; a fifth octet makes them names of another size. */
	uint8_t longer[] = {5, 0, name[1], name[2], name[3], name[4], 1, 'z', 0};
	longer[1] = (uint8_t)('0' + number % 8);
	if (number)
		assert_true(name_path_parse(path, longer, sizeof longer));
	else
		assert_true(name_path_parse(path, name, sizeof name));
	return (struct name_key){path->wire, path->hash, path->size};
}

/* Among 400,000 names some have equal hashes (19 at random): they are told apart all the same. */
static void test_collisions(void **state)
{
	(void)state;
	enum { COUNT = 400000 };
	static struct hashed list[COUNT];
	struct name_path there, other;
	unsigned equal = 0;
	for (uint32_t i = 0; i < COUNT; i++) {
		number_key(&there, i);
		list[i] = (struct hashed){there.hash, i};
	}
	qsort(list, COUNT, sizeof *list, hashed_compare);
	for (int i = 1; i < COUNT; i++) {
		const struct zone_node *node;
		if (list[i].hash != list[i - 1].hash)
			continue;
		equal++;
		struct name_key key = number_key(&there, list[i - 1].number);
		struct name_key other_key = number_key(&other, list[i].number);
		struct zone *zone = zone_new(apex), *below = zone_new(there.wire);
		zone_add(zone, there.wire)->dynamic = 1;
		assert_true(zone_link(zone));
		assert_true(zone_link(below));
		assert_int_equal(zone_find(zone, &key, &node), ZONE_FOUND);
		assert_int_equal(zone_find(zone, &other_key, &node), ZONE_NXDOMAIN);
		assert_null(zone_get(zone, other.wire));
		assert_int_equal(zone_find(below, &other_key, &node), ZONE_NOT_OURS);
		zone_free(zone);
		zone_free(below);
	}
	assert_in_range(equal, 1, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_collisions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
