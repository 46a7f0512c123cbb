/* What is thought of a target: every way from one state to another, and every one that must not be
 * taken. */
#include "tests/unit/transition_case.h"
#include "tools/monitor/targets/target.h"

static struct list_window transition_window;

struct step {
	int64_t after; /* seconds since T0 */
	const char *found; /* NULL: no check, only the list is looked at */
	enum mirror_state state;
	bool changed;
	const char *reason; /* a part of it */
};

static void walk(const char *name, const struct step *steps, size_t count)
{
	struct target *target = transition_target(&transition_mirror, 1);
	for (size_t i = 0; i < count; i++) {
		const struct step *step = &steps[i];
		int64_t now = T0 + step->after;
		bool changed = transition_maintenance(target, now);
		if (step->found)
			changed = transition_check(target, step->found, now) || changed;
		if (target->state != step->state || changed != step->changed ||
			!strstr(target->reason, step->reason))
			fail_msg("%s, step %zu: %s%s, \"%s\"", name, i,
				mirror_state_name(target->state), changed ? " (changed)" : "",
				target->reason);
		if (changed)
			assert_int_equal(target->since, now);
	}
	free(target);
}

#define WALK(name, ...)                                                                            \
	do {                                                                                       \
		const struct step steps[] = {__VA_ARGS__};                                         \
		walk(name, steps, sizeof(steps) / sizeof(steps[0]));                               \
	} while (0)

static void test_new(void **state)
{
	(void)state;
	WALK("good at once", {0, NULL, MIRROR_OLD, false, "never reached yet"},
		{5, "", MIRROR_OK, true, ""}, {600, "", MIRROR_OK, false, ""});
	WALK("never seen",
		{0, "connect: timed out", MIRROR_OLD, false,
			"never reached yet: connect: timed out"},
		{2 * DAY - 1, "x", MIRROR_OLD, false, "never reached yet: x"},
		{2 * DAY, "HTTP 503", MIRROR_REMOVED, true, "never reached yet: HTTP 503"},
		{2 * DAY + 9, "", MIRROR_OK, true, ""});
	WALK("stale from the start", {0, "stale", MIRROR_OLD, false, "is 1 day old, limit 1 day"},
		{60, "", MIRROR_OK, true, ""});
}

static void test_unavailable(void **state)
{
	(void)state;
	WALK("a day, two days, back", {0, "", MIRROR_OK, true, ""},
		{100, "HTTP 503", MIRROR_OK, false, "HTTP 503"},
		{100 + DAY - 1, "HTTP 503", MIRROR_OK, false, "HTTP 503"},
		{100 + DAY, "HTTP 500", MIRROR_OLD, true, "HTTP 500"},
		{100 + 3 * DAY - 1, "HTTP 503", MIRROR_OLD, false, "HTTP 503"},
		{100 + 3 * DAY, "HTTP 503", MIRROR_REMOVED, true, "HTTP 503"},
		{100 + 30 * DAY, "connect: timed out", MIRROR_REMOVED, false, "connect"},
		{101 + 30 * DAY, "", MIRROR_OK, true, ""});
	WALK("one good check ends the count", {0, "", MIRROR_OK, true, ""},
		{100, "x", MIRROR_OK, false, "x"}, {DAY, "", MIRROR_OK, false, ""},
		{DAY + 50, "x", MIRROR_OK, false, "x"}, {DAY + 200, "x", MIRROR_OK, false, "x"},
		{2 * DAY + 50, "x", MIRROR_OLD, true, "x"},
		{2 * DAY + 60, "", MIRROR_OK, true, ""});
	WALK("time without checks does not judge", {0, "", MIRROR_OK, true, ""},
		{9 * DAY, NULL, MIRROR_OK, false, ""}, {9 * DAY, "x", MIRROR_OK, false, "x"});
}

static void test_stamps(void **state)
{
	(void)state;
	WALK("old at once", {0, "", MIRROR_OK, true, ""},
		{600, "stale", MIRROR_OLD, true, "timestamp 20"},
		{600 + 2 * DAY - 1, "stale", MIRROR_OLD, false, "is 1 day old, limit 1 day"},
		{600 + 2 * DAY, "stale", MIRROR_REMOVED, true, "is 1 day old, limit 1 day"},
		{3 * DAY, "", MIRROR_OK, true, ""});
	WALK("the future is a failure like others", {0, "", MIRROR_OK, true, ""},
		{600, "future", MIRROR_OK, false, "is in the future: a clock is wrong"},
		{600 + DAY, "future", MIRROR_OLD, true, "is in the future"},
		{601 + DAY, "", MIRROR_OK, true, ""});
	WALK("stale, then gone", {0, "", MIRROR_OK, true, ""},
		{600, "stale", MIRROR_OLD, true, "timestamp"},
		{700, "connect: refused", MIRROR_OLD, false, "connect: refused"},
		{600 + 2 * DAY, "connect: refused", MIRROR_REMOVED, true, "connect"});
}

/* A clock that is wrong is named, in whole days: the sentence does not change with each check. */
static void test_skew(void **state)
{
	struct target *target = transition_target(&transition_mirror, 1);
	struct observation seen = {.good = true};
	(void)state;
	transition_skew = 3 * DAY - 5;
	WALK("ahead", {0, "", MIRROR_OK, true, ""},
		{600, "future", MIRROR_OK, false,
			"is in the future: a clock is wrong; the mirror's clock is 3 days ahead"});
	transition_skew = 0;
	for (int64_t skew = -DAY - 1; skew >= -DAY - 10; skew--) {
		seen.stamp = T0 - 3 * DAY;
		seen.skew = skew;
		transition_record(target, &seen, &transition_settings, false, T0);
		assert_string_equal(target->fault,
			"timestamp 2027-01-12T08:00:00Z is 3 days old, limit 1 day; the mirror's "
			"clock is 1 day behind");
	}
	seen.skew = INT64_MAX / 2;
	transition_record(target, &seen, &transition_settings, false, T0);
	free(target);
}

/* People are told of a certificate's end once, until there is another one. */
static void test_certificate(void **state)
{
	static const struct {
		int64_t left; /* seconds until its end; 0: no certificate was seen */
		const char *warning;
		bool told, failed;
	} rows[] = {
		{14 * DAY, "", false, false},
		{14 * DAY - 1, "certificate ends in 13 days, 2027-01-29T07:59:59Z", true, false},
		{3 * DAY, "certificate ends in 3 days, 2027-01-18T08:00:00Z", false, false},
		{2 * DAY - 1, "certificate ends in 47 hours, 2027-01-17T07:59:59Z", false, false},
		{90 * DAY, "", false, false},
		{DAY, "certificate ends in 1 day, 2027-01-16T08:00:00Z", false, true},
		{0, "certificate ends in 1 day, 2027-01-16T08:00:00Z", true, false},
		{-1, "", false, true},
	};
	struct target *target = transition_target(&transition_mirror, 1);
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct observation seen = {.good = !rows[i].failed,
			.stamp = T0,
			.expires = rows[i].left ? T0 + rows[i].left : 0};
		transition_record(target, &seen, &transition_settings, false, T0);
		transition_decide(target, &transition_settings, false, T0);
		assert_string_equal(target->warning, rows[i].warning);
		assert_int_equal(target->state, MIRROR_OK);
		if (!rows[i].failed)
			assert_string_equal(target->reason, rows[i].warning);
		assert_int_equal(transition_warns(target, T0), rows[i].told);
	}
	free(target);
}

/* Where a mirror is fresh by its answer there is no timestamp to be missed, or old. */
static void test_fresh(void **state)
{
	struct target *target = transition_target(&transition_mirror, 1);
	struct observation seen = {.good = true};
	struct settings settings = transition_settings;
	(void)state;
	transition_record(target, &seen, &settings, false, T0);
	assert_string_equal(target->fault, "no timestamp found");
	settings.fresh = FRESH_HTTP;
	transition_record(target, &seen, &settings, false, T0);
	assert_string_equal(target->fault, "");
	free(target);
}

static void test_recover_after(void **state)
{
	(void)state;
	transition_settings.recover_after = 3;
	WALK("the first success is enough", {0, "", MIRROR_OK, true, ""});
	WALK("flapping", {0, "", MIRROR_OK, true, ""}, {1, "stale", MIRROR_OLD, true, ""},
		{2, "", MIRROR_OLD, false, "good again in 1 of 3 checks"},
		{3, "", MIRROR_OLD, false, "good again in 2 of 3 checks"},
		{4, "x", MIRROR_OLD, false, "x"}, {5, "", MIRROR_OLD, false, "1 of 3"},
		{6, "", MIRROR_OLD, false, "2 of 3"}, {7, "", MIRROR_OK, true, ""});
	WALK("a good check does not remove", {0, "", MIRROR_OK, true, ""},
		{1, "stale", MIRROR_OLD, true, ""}, {1 + 2 * DAY, "", MIRROR_OLD, false, "1 of 3"},
		{2 + 2 * DAY, "x", MIRROR_REMOVED, true, "x"},
		{3 + 2 * DAY, "", MIRROR_REMOVED, false, "1 of 3"},
		{4 + 2 * DAY, "", MIRROR_REMOVED, false, "2 of 3"},
		{5 + 2 * DAY, "", MIRROR_OK, true, ""});
	transition_settings.recover_after = 1;
}

static void test_by_hand(void **state)
{
	(void)state;
	struct target *target = transition_target(&transition_mirror, 1);
	assert_true(transition_check(target, "", T0));
	transition_mirror.disabled = true;
	assert_true(transition_maintenance(target, T0 + 10));
	assert_int_equal(target->state, MIRROR_DISABLED);
	assert_string_equal(target->reason, "disabled by hand");
	assert_false(transition_maintenance(target, T0 + 11));
	/* Checks go on, and decide nothing; they do not count as availability. */
	assert_false(transition_check(target, "x", T0 + 20));
	assert_false(transition_check(target, "", T0 + 30));
	assert_string_equal(target->reason, "disabled by hand");
	assert_int_equal(target->days[(T0 / DAY) % TARGET_DAYS].checks, 1);
	transition_mirror.disabled = false;
	assert_false(transition_maintenance(target, T0 + 40));
	assert_int_equal(target->state, MIRROR_DISABLED);
	assert_true(transition_check(target, "", T0 + 50));
	assert_int_equal(target->state, MIRROR_OK);
	assert_int_equal(target->returned, T0 + 50);
	free(target);
	/* In the list as disabled from the start: no change to tell. */
	transition_mirror.disabled = true;
	target = transition_target(&transition_mirror, 1);
	assert_int_equal(target->state, MIRROR_DISABLED);
	assert_false(transition_maintenance(target, T0 + 1));
	transition_mirror.disabled = false;
	transition_maintenance(target, T0 + 2);
	assert_true(transition_check(target, "x", T0 + 3));
	assert_int_equal(target->state, MIRROR_OLD);
	free(target);
}

static void test_downtime(void **state)
{
	(void)state;
	transition_window = (struct list_window){T0 + 100, T0 + 200, ""};
	transition_mirror.windows = &transition_window;
	transition_mirror.window_count = 1;
	WALK("back as planned", {0, "", MIRROR_OK, true, ""}, {99, "x", MIRROR_OK, false, "x"},
		{100, NULL, MIRROR_DISABLED, true, "planned downtime until 20"},
		{150, "x", MIRROR_DISABLED, false, "planned downtime"},
		{200, NULL, MIRROR_DISABLED, false, "downtime ended, awaiting the next check"},
		{205, "", MIRROR_OK, true, ""});
	WALK("still away: a warning, never ok", {0, "", MIRROR_OK, true, ""},
		{100, NULL, MIRROR_DISABLED, true, "planned"},
		{200, NULL, MIRROR_DISABLED, false, "downtime ended, awaiting the next check"},
		{205, "HTTP 503", MIRROR_OLD, true, "downtime ended, but: HTTP 503"},
		{206, "HTTP 503", MIRROR_OLD, false, "HTTP 503"},
		{205 + 2 * DAY, "HTTP 503", MIRROR_REMOVED, true, "HTTP 503"});
	WALK("still stale", {0, "", MIRROR_OK, true, ""},
		{100, NULL, MIRROR_DISABLED, true, "planned"},
		{201, "stale", MIRROR_OLD, true, "downtime ended, but: timestamp"});
	struct target *target = transition_target(&transition_mirror, 1);
	assert_true(transition_check(target, "", T0));
	target->state = MIRROR_REMOVED;
	assert_true(transition_maintenance(target, T0 + 100));
	transition_maintenance(target, T0 + 200);
	assert_true(transition_check(target, "x", T0 + 201));
	assert_int_equal(target->state, MIRROR_REMOVED); /* what it was before */
	free(target);
	/* One that has to prove itself does so after its downtime, too. */
	transition_settings.recover_after = 2;
	target = transition_target(&transition_mirror, 1);
	assert_true(transition_check(target, "", T0));
	assert_true(transition_check(target, "stale", T0 + 1));
	assert_true(transition_maintenance(target, T0 + 100));
	transition_maintenance(target, T0 + 200);
	assert_true(transition_check(target, "", T0 + 201));
	assert_int_equal(target->state, MIRROR_OLD);
	assert_true(transition_check(target, "", T0 + 202));
	assert_int_equal(target->state, MIRROR_OK);
	free(target);
	transition_settings.recover_after = 1;
	transition_mirror.windows = NULL;
	transition_mirror.window_count = 0;
}

/* Under outage nothing gets worse; what is good gets better. */
static void test_suspected(void **state)
{
	struct target *target = transition_target(&transition_mirror, 1);
	(void)state;
	assert_true(transition_check(target, "", T0));
	uint32_t checks = target->days[(T0 / DAY) % TARGET_DAYS].checks;
	transition_seen(target, "x", T0 + 1, true);
	assert_false(transition_decide(target, &transition_settings, true, T0 + 1));
	transition_seen(target, "stale", T0 + 2, true);
	assert_false(transition_decide(target, &transition_settings, true, T0 + 2));
	assert_int_equal(target->state, MIRROR_OK);
	assert_int_equal(target->days[(T0 / DAY) % TARGET_DAYS].checks, checks);
	assert_true(transition_decide(target, &transition_settings, false, T0 + 3));
	assert_int_equal(target->state, MIRROR_OLD);
	transition_seen(target, "x", T0 + 5 * DAY, true);
	assert_false(transition_decide(target, &transition_settings, true, T0 + 5 * DAY));
	transition_seen(target, "", T0 + 5 * DAY + 1, true);
	assert_true(transition_decide(target, &transition_settings, true, T0 + 5 * DAY + 1));
	assert_int_equal(target->state, MIRROR_OK);
	free(target);
}

/* A pardoned time counts neither as unavailable nor as old. */
static void test_pardon(void **state)
{
	struct target *target = transition_target(&transition_mirror, 1);
	(void)state;
	assert_true(transition_check(target, "", T0));
	assert_false(transition_check(target, "x", T0 + 100));
	transition_exclude_gap(target, T0 + 50, T0 + 10 * DAY);
	assert_int_equal(target->failing_since, T0 + 10 * DAY);
	assert_false(transition_check(target, "x", T0 + 11 * DAY - 1));
	assert_true(transition_check(target, "x", T0 + 11 * DAY));
	int64_t since = target->since;
	transition_exclude_gap(target, T0 + 12 * DAY, T0 + 20 * DAY);
	assert_int_equal(target->since, since); /* it is old since then all the same */
	assert_false(transition_check(target, "x", T0 + 21 * DAY - 1));
	assert_true(transition_check(target, "x", T0 + 21 * DAY));
	assert_int_equal(target->state, MIRROR_REMOVED);
	free(target);
}

/* Our clock goes back a year and comes again: nobody is judged by times that were never. */
static void test_clock_back(void **state)
{
	struct target *target = transition_target(&transition_mirror, 1);
	int64_t before = T0 - 365 * DAY;
	(void)state;
	assert_true(transition_check(target, "", T0));
	assert_false(transition_check(target, "x", T0 + 1));
	assert_false(transition_check(target, "x", before));
	assert_int_equal(target->since, before);
	assert_int_equal(target->failing_since, before);
	assert_int_equal(target->last_good, before);
	assert_false(transition_check(target, "x", before + DAY - 1));
	assert_true(transition_check(target, "x", before + DAY));
	/* What was counted in a time that is not yet does not keep its place. */
	assert_int_equal(target->days[(T0 / DAY) % TARGET_DAYS].checks, 2);
	for (int64_t now = before + 2 * DAY; now < before + 32 * DAY; now += DAY)
		transition_check(target, "", now);
	for (size_t i = 0; i < TARGET_DAYS; i++)
		assert_true(target->days[i].number < T0 / DAY);
	free(target);
}

static void test_weight(void **state)
{
	struct target *target = transition_target(&transition_mirror, 1);
	unsigned last = 0, steps = 0;
	(void)state;
	assert_true(transition_check(target, "", T0));
	assert_int_equal(
		transition_weight(target, &transition_settings, T0), 100); /* new: at once */
	target->state = MIRROR_REMOVED;
	assert_int_equal(transition_weight(target, &transition_settings, T0), 100);
	assert_true(transition_check(target, "", T0 + 10));
	for (int64_t now = T0 + 10; now <= T0 + 10 + HOUR; now++) {
		unsigned weight = transition_weight(target, &transition_settings, now);
		assert_true(weight >= last && weight >= 1);
		steps += weight != last;
		last = weight;
	}
	assert_int_equal(last, 100);
	assert_int_equal(steps, TRANSITION_STEPS + 1);
	assert_int_equal(
		transition_weight(target, &transition_settings, T0), 1); /* the clock went back */
	transition_settings.ramp = 0;
	assert_int_equal(transition_weight(target, &transition_settings, T0 + 10), 100);
	transition_settings.ramp = HOUR;
	free(target);
}

static void test_spans(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {{1, "1 second"}, {90, "90 seconds"}, {120, "2 minutes"}, {3600, "1 hour"},
		{86400, "1 day"}, {172800, "2 days"}, {90000, "25 hours"}};
	char text[TRANSITION_SPAN_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(transition_span(rows[i].seconds, text), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_unavailable),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_skew),
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_fresh),
		cmocka_unit_test(test_recover_after),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_downtime),
		cmocka_unit_test(test_suspected),
		cmocka_unit_test(test_pardon),
		cmocka_unit_test(test_clock_back),
		cmocka_unit_test(test_weight),
		cmocka_unit_test(test_spans),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
