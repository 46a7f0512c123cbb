/* The marks that many drains leave on many mirrors: what they match, how often, and in what
 * time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "dns/load/drain_list.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

static void release_nothing(void *object)
{
	(void)object;
}

/* What each of several drains takes, whether others take it too; a host and its written address are
 * one. */
static void test_counts(void **state)
{
	static const struct {
		const char *glob;
		size_t taken;
	} rows[] = {{"*", 3}, {"?.EXAMPLE", 3}, {"a*", 1}, {"b.example", 2}, {"192.0.2.*", 2},
		{"*:*", 1}, {"192.0.2.2", 1}, {"2001:db8::/32", 1}, {"*2*", 3}, {"*z*", 0},
		{"b.example.*", 0}};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct mirror list[] = {{.host = "a.example"}, {.host = "b.example"}};
	struct mirror_address addresses[] = {
		address_of("192.0.2.1"), address_of("192.0.2.2"), address_of("2001:db8::1")};
	struct mirrors mirrors = {list, 2, addresses, 3, .in_service = 3};
	struct refcount *exported = refcount_new(&mirrors, release_nothing);
	struct refcount *drains = drains_with(NULL, &(struct drain){.glob = "gone", .until = 1}, 0);
	(void)state;
	addresses[1].mirror = addresses[2].mirror = 1;
	for (size_t i = 0; i < ROWS; i++) {
		struct drain drain = drain_of(rows[i].glob);
		struct refcount *more = drains_with(refcount_get(drains), &drain, 0);
		refcount_release(drains);
		drains = more;
	}
	struct refcount *marked = drains_mark(exported, refcount_get(drains), 1);
	assert_int_equal(drains_taken(marked, exported, 0), 0);
	for (size_t i = 0; i < ROWS; i++)
		if (drains_taken(marked, exported, 1 + i) != rows[i].taken)
			fail_msg("%s: %zu", rows[i].glob, drains_taken(marked, exported, 1 + i));
	refcount_release(marked);
	refcount_release(exported);
	refcount_release(drains);
}

static unsigned draw(uint32_t *seed, unsigned below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % below;
}

/* Of few letters, so that many match; ends in a NUL. */
static void text_draw(char *text, const char *letters, uint32_t *seed)
{
	unsigned size = draw(seed, 9);
	for (unsigned i = 0; i < size; i++)
		text[i] = letters[draw(seed, (unsigned)strlen(letters))];
	text[size] = '\0';
}

/* Marks look at letters first: they must find whatever a drain by itself finds. */
static void test_marks_are_what_matches(void **state)
{
	uint32_t seed = 4;
	unsigned found = 0;
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		char host[16], glob[16];
		struct drain drain;
		text_draw(host, "aB.1", &seed);
		text_draw(glob, "Ab.1*?*", &seed);
		if (!drain_parse(&drain, glob, why, sizeof(why)))
			continue;
		struct mirror one = {.host = host};
		struct mirror_address address = address_of(draw(&seed, 2) ? "1.1.1.11" : "::b");
		struct mirrors mirrors = {&one, 1, &address, 1, .in_service = 1};
		struct refcount *exported = refcount_new(&mirrors, release_nothing);
		struct refcount *drains = drains_with(NULL, &drain, 0);
		struct refcount *marked = drains_mark(exported, refcount_get(drains), 0);
		size_t taken = drain_matches(&drain, host, &address.at);
		if (drains_taken(marked, exported, 0) != taken)
			fail_msg("%s and %s", glob, host);
		found += taken != 0;
		refcount_release(marked);
		refcount_release(exported);
		refcount_release(drains);
	}
	assert_in_range(found, 1000, 19000);
}

/* As many drains as there may be, all of them globs that begin with a star: seconds, if each were
 * held against each. */
static void test_marks_are_quick(void **state)
{
	enum { MIRRORS = 20000 };
	struct mirror *list = calloc(MIRRORS, sizeof(*list));
	struct mirror_address *addresses = calloc(MIRRORS, sizeof(*addresses));
	struct drains *drains = calloc(1, sizeof(*drains) + DRAINS_MAX * sizeof(drains->list[0]));
	char(*hosts)[40] = calloc(MIRRORS, sizeof(*hosts)), glob[40];
	struct timespec begin, end;
	(void)state;
	assert_true(list && addresses && drains && hosts);
	for (unsigned i = 0; i < MIRRORS; i++) {
		snprintf(hosts[i], sizeof(hosts[i]), "mirror%u.country.example.net", i);
		list[i].host = hosts[i];
		addresses[i] = address_of("192.0.2.1");
		addresses[i].mirror = i;
	}
	while (drains->count < DRAINS_MAX) {
		snprintf(glob, sizeof(glob), "*x%zu*.example.net", drains->count);
		drains->list[drains->count++] = drain_of(glob);
	}
	struct mirrors mirrors = {list, MIRRORS, addresses, MIRRORS, .in_service = MIRRORS};
	struct refcount *exported = refcount_new(&mirrors, release_nothing);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	struct refcount *marked = drains_mark(exported, drains, 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	assert_ptr_equal(marked, exported);
	double seconds =
		(double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	if (seconds > 0.5)
		fail_msg("%.2f s", seconds);
	refcount_release(marked);
	refcount_release(exported);
	free(drains);
	free(hosts);
	free(addresses);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_marks_are_what_matches),
		cmocka_unit_test(test_marks_are_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
