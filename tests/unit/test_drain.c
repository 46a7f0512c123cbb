/* What a drain matches, lists of drains, and the marks that they leave on mirrors. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "dns/load/drain_file.h"
#include "dns/load/inputs.h"
#include "geo/country.h"
#include "geo/mirror.h"
#include "geo/pool.h"
#include "geo/walk.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static char why[512];

static struct drain drain_of(const char *glob)
{
	struct drain drain;
	assert_true(drain_parse(&drain, glob, why, sizeof(why)));
	return drain;
}

static struct mirror_address address_of(const char *text)
{
	struct mirror_address address = {.mirror = 0};
	assert_true(address_parse(&address.at, text));
	return address;
}

static void test_globs(void **state)
{
	static const struct {
		const char *glob, *text;
		bool matches;
	} rows[] = {
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "anything", true},
		{"a", "A", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"a*c", "ac", true},
		{"a*c", "abbbc", true},
		{"a*c", "abbb", false},
		{"*b*", "abc", true},
		{"**", "x", true},
		{"a*b*c", "a1b2b3c", true},
		{"a*b*c", "a1c2b", false},
		{"[ab]", "a", false},
		{"[ab]", "[ab]", true},
		{"*.example", "m1.de.example", true},
		{"m?.de.*", "m10.de.example", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (drain_glob(rows[i].glob, rows[i].text) != rows[i].matches)
			fail_msg("%s and %s", rows[i].glob, rows[i].text);
}

/* Many stars must not take exponential time. */
static void test_glob_is_bounded(void **state)
{
	char glob[256] = "", text[256];
	(void)state;
	for (unsigned i = 0; i < 120; i++)
		strcat(glob, "a*");
	strcat(glob, "b");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(drain_glob(glob, text));
}

static void test_networks(void **state)
{
	static const struct {
		const char *glob, *address;
		bool matches;
	} rows[] = {
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "1.2.3.4", false},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.10", false},
		{"192.0.2.1/32", "192.0.2.1", true},
		{"192.0.2.*", "192.0.2.77", true},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"2001:DB8:0::1", "2001:db8::1", true},
		{"2001:db8::1/128", "2001:db8::1", true},
		{"*:db8:*", "2001:db8::1", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct drain drain = drain_of(rows[i].glob);
		struct mirror_address address = address_of(rows[i].address);
		if (drain_matches(&drain, "host.example", &address.at) != rows[i].matches)
			fail_msg("%s and %s", rows[i].glob, rows[i].address);
	}
}

static void test_networks_refused(void **state)
{
	static const char *const globs[] = {"1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/8x",
		"1.2.3.4/31x", "1.2.3.5/31", "::/129", "::1/127", "::/0000", "1.2.3.4/8/8"};
	struct drain drain;
	(void)state;
	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
		if (drain_parse(&drain, globs[i], why, sizeof(why)))
			fail_msg("%s", globs[i]);
		assert_non_null(strstr(why, "is not a network, expected ADDRESS/LENGTH"));
	}
}

static void test_lists(void **state)
{
	struct drain a = drain_of("a.example"), b = drain_of("b.example");
	(void)state;
	b.until = 100;
	struct refcount *one = drains_with(NULL, &a, 50),
			*two = drains_with(refcount_get(one), &b, 50);
	const struct drains *list = refcount_get(two);
	assert_int_equal(list->count, 2);
	assert_non_null(drains_find(list, "A.EXAMPLE"));
	assert_null(drains_find(list, "c.example"));
	assert_false(drains_end(list, 50, 99));
	assert_true(drains_end(list, 50, 100));
	assert_false(drains_end(list, 100, 200));
	struct refcount *again = drains_with(list, &a, 60),
			*later = drains_without(list, NULL, 100),
			*without = drains_without(list, "a.Example", 60);
	assert_int_equal(((const struct drains *)refcount_get(again))->count, 2);
	assert_int_equal(((const struct drains *)refcount_get(later))->count, 1);
	assert_int_equal(((const struct drains *)refcount_get(without))->count, 1);
	assert_string_equal(
		((const struct drains *)refcount_get(without))->list[0].glob, "b.example");
	refcount_release(one);
	refcount_release(two);
	refcount_release(again);
	refcount_release(later);
	refcount_release(without);
}

static void release_nothing(void *object)
{
	(void)object;
}

/* The export itself is not written to: others still read it. */
static void test_marks(void **state)
{
	struct mirror list[] = {{.host = "a.example"}, {.host = "b.example"}};
	struct mirror_address addresses[] = {
		address_of("192.0.2.1"), address_of("192.0.2.2"), address_of("2001:db8::1")};
	struct mirrors mirrors = {list, 2, addresses, 3, .in_service = 3};
	(void)state;
	addresses[1].mirror = addresses[2].mirror = 1;
	struct refcount *exported = refcount_new(&mirrors, release_nothing);
	struct drain b = drain_of("b.example"), none = drain_of("c.example");
	b.until = 100;
	struct refcount *drains = drains_with(NULL, &b, 0), *others = drains_with(NULL, &none, 0);
	struct refcount *marked = drains_mark(exported, refcount_get(drains), 99);
	const struct mirrors *copy = refcount_get(marked);
	assert_ptr_not_equal(copy, &mirrors);
	assert_false(copy->addresses[0].drained);
	assert_true(copy->addresses[1].drained && copy->addresses[2].drained);
	assert_false(addresses[1].drained);
	assert_int_equal(copy->in_service, 3);
	assert_ptr_equal(drains_match(refcount_get(drains), copy, &copy->addresses[1], 99),
		&((const struct drains *)refcount_get(drains))->list[0]);
	struct refcount *over = drains_mark(exported, refcount_get(drains), 100),
			*unmatched = drains_mark(exported, refcount_get(others), 0);
	assert_ptr_equal(over, exported);
	assert_ptr_equal(unmatched, exported);
	assert_int_equal(drains_taken(marked, exported, 0), 2);
	assert_int_equal(drains_taken(over, exported, 0), 0);
	refcount_release(over);
	refcount_release(unmatched);
	refcount_release(exported);
	refcount_release(marked);
	refcount_release(drains);
	refcount_release(others);
}

/* Two in Germany, the second of which was removed, one in Poland; IPv6 in Poland alone. */
static struct refcount *export_make(void)
{
	static char text[] =
		"{\"format\":\"mirror-export/"
		"1\",\"generated\":\"2026-11-20T18:00:00Z\",\"mirrors\":["
		"{\"host\":\"a.de\",\"country\":\"DE\",\"ipv4\":[\"192.0.2.1\"],\"state\":\"ok\"},"
		"{\"host\":\"b.de\",\"country\":\"DE\",\"ipv4\":[\"192.0.2.2\"],\"state\":"
		"\"removed\"},"
		"{\"host\":\"a.pl\",\"country\":\"PL\",\"ipv4\":[\"192.0.2.3\"],\"ipv6\":"
		"[\"2001:db8::3\"],\"state\":\"old\"}]}";
	const struct file file = {.bytes = text, .size = sizeof(text) - 1};
	struct refcount *exported = inputs_export_parse(&file, "test.json", why, sizeof(why));
	assert_non_null(exported);
	return exported;
}

struct reached {
	bool before[POOL_FAMILIES], after[POOL_FAMILIES];
	struct pool_outcome outcome; /* after */
	uint32_t members; /* of its IPv4 set; 0: none */
};

/* For which families has a place a member in service at the level that decides? */
static void reach_find(const struct pools *pools, const struct pool_rule *rule, unsigned country,
	bool reached[POOL_FAMILIES])
{
	struct walk walk;
	pools_decide(pools, rule, country, &walk);
	for (unsigned f = 0; f < POOL_FAMILIES; f++)
		reached[f] = walk.own[f] != WALK_NONE && !walk.open;
}

static struct reached reach(const struct pool_rule *rule, const char *country, const char *glob)
{
	struct reached reached;
	struct drain drain = drain_of(glob);
	struct refcount *exported = export_make(), *drains = drains_with(NULL, &drain, 0);
	struct refcount *marked = drains_mark(exported, refcount_get(drains), 0);
	unsigned code = country_find(country, strlen(country));
	struct pools *pools = pools_new(refcount_get(exported));
	assert_non_null(pools);
	reach_find(pools, rule, code, reached.before);
	pools_free(pools);
	pools = pools_new(refcount_get(marked));
	assert_non_null(pools);
	reach_find(pools, rule, code, reached.after);
	assert_true(pools_resolve(pools, rule, code, &reached.outcome));
	reached.members =
		reached.outcome.set[POOL_IPV4] ? reached.outcome.set[POOL_IPV4]->members : 0;
	pools_free(pools);
	refcount_release(exported);
	refcount_release(drains);
	refcount_release(marked);
	return reached;
}

static struct pool_rule rule_of(bool fail_open, bool together)
{
	return (struct pool_rule){.from = POOL_FROM_LABEL,
		.families = {true, true},
		.fail_open = fail_open,
		.together = together,
		.answers = 8,
		.min_members = 1,
		.ttl = 300};
}

/* Levels lose what is drained; fail-open gives the removed, but not when they are drained
 * themselves. */
static void test_levels(void **state)
{
	(void)state;
	struct pool_rule open = rule_of(true, false), closed = rule_of(false, false);
	struct reached one = reach(&open, "DE", "a.de");
	assert_true(one.before[POOL_IPV4] && !one.after[POOL_IPV4]);
	assert_int_equal(one.members, 1); /* the removed one */
	assert_int_equal(reach(&closed, "DE", "a.de").members, 0);
	assert_int_equal(reach(&open, "DE", "*.de").members, 0);
	assert_true(reach(&open, "DE", "b.de").after[POOL_IPV4]);
	struct reached ipv6 = reach(&open, "PL", "2001:db8::/64");
	assert_true(ipv6.before[POOL_IPV6] && !ipv6.after[POOL_IPV6] && ipv6.after[POOL_IPV4]);
}

/* With families together the level that decides may have lost one of them. */
static void test_levels_together(void **state)
{
	(void)state;
	struct pool_rule rule = rule_of(true, true);
	rule.fallback[0] = (struct pool_place){PLACE_WORLD, 0};
	rule.fallback_count = 1;
	struct reached none = reach(&rule, "DE", "b.de");
	assert_true(none.before[POOL_IPV4] && !none.before[POOL_IPV6]); /* Germany has no IPv6 */
	struct reached world = reach(&rule, "DE", "a.de");
	assert_true(world.after[POOL_IPV4] && world.after[POOL_IPV6]);
	struct reached lost = reach(&rule, "PL", "2001:db8::3");
	assert_true(lost.before[POOL_IPV6] && !lost.after[POOL_IPV6] && lost.after[POOL_IPV4]);
}

static void test_json(void **state)
{
	struct drain a = drain_of("a.example"), b = drain_of("192.0.2.0/24");
	(void)state;
	b.until = 1800000000;
	strcpy(b.why, "disk");
	struct refcount *one = drains_with(NULL, &a, 0),
			*two = drains_with(refcount_get(one), &b, 0);
	json_t *json = drains_json(refcount_get(two));
	struct refcount *read = drains_parse(json, why, sizeof(why));
	const struct drains *list = refcount_get(read);
	assert_int_equal(list->count, 2);
	assert_int_equal(list->list[1].until, 1800000000);
	assert_string_equal(list->list[1].why, "disk");
	assert_true(list->list[1].is_network);
	assert_int_equal(list->list[0].until, 0);
	json_decref(json);
	refcount_release(one);
	refcount_release(two);
	refcount_release(read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_glob_is_bounded),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_networks_refused),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_levels_together),
		cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
