/* When an outage of the monitor is suspected, what clears it, and what does not. */
#include "tests/unit/transition_case.h"
#include "tools/monitor/targets/target.h"

enum { MANY = 10 };

struct network {
	struct target *targets[MANY];
	size_t count;
	struct outage outage;
};

static struct network *network_new(size_t count)
{
	struct network *network = calloc(1, sizeof(*network));
	assert_non_null(network);
	network->count = count;
	for (size_t i = 0; i < count; i++) {
		network->targets[i] = transition_target(&transition_mirror, (unsigned)i + 1);
		assert_true(transition_check(network->targets[i], "", T0));
	}
	return network;
}

static void network_free(struct network *network)
{
	for (size_t i = 0; i < network->count; i++)
		free(network->targets[i]);
	free(network);
	transition_settings.reference_count = 0;
}

static enum outage_change look(struct network *network, int64_t now)
{
	return outage_update(
		&network->outage, network->targets, network->count, &transition_settings, now);
}

/* As the monitor does it: note, outage, decide. */
static enum outage_change check(struct network *network, size_t i, const char *found, int64_t now)
{
	transition_seen(network->targets[i], found, now, network->outage.active);
	enum outage_change news = look(network, now);
	transition_decide(network->targets[i], &transition_settings, network->outage.active, now);
	return news;
}

static void test_most(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	assert_int_equal(look(network, T0), OUTAGE_SAME);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(check(network, i, "x", T0 + 60), OUTAGE_SAME); /* half */
	assert_int_equal(check(network, 5, "x", T0 + 61), OUTAGE_STARTED);
	assert_true(network->outage.active);
	/* Ten days later all is as it was; what is good counts, and the time does not. */
	for (size_t i = 1; i < MANY; i++)
		check(network, i, i < 9 ? "x" : "", T0 + 10 * DAY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(network->targets[i]->state, MIRROR_OK);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(check(network, i, "", T0 + 10 * DAY + 1), OUTAGE_SAME);
	assert_int_equal(check(network, 4, "", T0 + 10 * DAY + 2), OUTAGE_ENDED);
	assert_false(network->outage.active);
	check(network, 0, "x", T0 + 11 * DAY);
	assert_int_equal(network->targets[0]->state, MIRROR_OK);
	check(network, 0, "x", T0 + 11 * DAY + 2);
	assert_int_equal(network->targets[0]->state, MIRROR_OLD);
	network_free(network);
}

static void test_few(void **state)
{
	struct network *network = network_new(3);
	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(check(network, i, "x", T0 + 60), OUTAGE_SAME);
	network_free(network);
	network = network_new(4);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(check(network, i, "x", T0 + 60), OUTAGE_SAME);
	assert_int_equal(check(network, 2, "x", T0 + 60), OUTAGE_STARTED);
	network_free(network);
}

/* One after the other over hours is nothing to outage. */
static void test_slowly(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(check(network, i, "x", T0 + (int64_t)i * 2 * HOUR), OUTAGE_SAME);
		for (size_t k = i + 1; k < MANY; k++)
			check(network, k, "", T0 + (int64_t)i * 2 * HOUR);
	}
	network_free(network);
}

/* Those never seen, removed and disabled do not count. */
static void test_who_counts(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		network->targets[i]->first_seen = i < 3 ? 0 : T0;
		network->targets[i]->state = i < 3 ? MIRROR_OLD : MIRROR_REMOVED;
	}
	network->targets[6]->state = MIRROR_DISABLED;
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(check(network, i, "x", T0 + 60), OUTAGE_SAME);
	network_free(network);
}

static void test_references(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	assert_false(outage_asks(&network->outage, &transition_settings));
	for (size_t i = 0; i < MANY; i++)
		check(network, i, "x", T0 + 60);
	assert_true(network->outage.active);
	assert_false(outage_asks(&network->outage, &transition_settings)); /* none is configured */
	transition_settings.reference_count = 1;
	assert_true(outage_asks(&network->outage, &transition_settings));
	assert_int_equal(outage_reached(&network->outage, false, network->targets, MANY, T0 + 61),
		OUTAGE_SAME);
	assert_true(network->outage.active);
	assert_int_equal(outage_reached(&network->outage, true, network->targets, MANY, T0 + 62),
		OUTAGE_ENDED);
	assert_true(!network->outage.active && network->outage.cleared);
	assert_int_equal(look(network, T0 + 63), OUTAGE_SAME); /* not again by the same */
	assert_true(
		outage_asks(&network->outage, &transition_settings)); /* but it is asked again */
	assert_int_equal(outage_reached(&network->outage, false, network->targets, MANY, T0 + 64),
		OUTAGE_SAME);
	assert_int_equal(look(network, T0 + 65), OUTAGE_STARTED); /* now our network is gone */
	assert_int_equal(outage_reached(&network->outage, true, network->targets, MANY, T0 + 66),
		OUTAGE_ENDED);
	/* The mirrors are down: they are judged, and it is calm once that is no news. */
	for (size_t i = 0; i < MANY; i++)
		check(network, i, "x", T0 + 2 * DAY);
	assert_false(network->outage.active || network->outage.cleared);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(network->targets[i]->state, MIRROR_OLD);
	network_free(network);
}

/* The master stops: every timestamp becomes too old at the same moment, and nobody is to blame. */
static void test_master(void **state)
{
	struct network *network = network_new(MANY);
	struct observation seen = {.good = true, .stamp = T0};
	int64_t old = T0 + DAY;
	char why[200];
	(void)state;
	transition_settings.reference_count = 1;
	for (size_t i = 0; i < MANY; i++)
		transition_record(
			network->targets[i], &seen, &transition_settings, false, old - 300);
	assert_int_equal(look(network, old - 1), OUTAGE_SAME);
	transition_record(network->targets[0], &seen, &transition_settings, false, old);
	assert_int_equal(look(network, old), OUTAGE_STARTED);
	assert_true(network->outage.stale);
	assert_false(transition_decide(network->targets[0], &transition_settings, true, old));
	outage_why(&network->outage, why, sizeof(why));
	assert_non_null(strstr(why, "the timestamps of 10 of 10 addresses became too old at once"));
	/* References say nothing about that. */
	assert_false(outage_asks(&network->outage, &transition_settings));
	assert_int_equal(
		outage_reached(&network->outage, true, network->targets, MANY, old), OUTAGE_SAME);
	/* The master is back: fresh again, one after the other. */
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(check(network, i, "", old + 5 * HOUR), OUTAGE_SAME);
	assert_int_equal(check(network, 4, "", old + 5 * HOUR), OUTAGE_ENDED);
	check(network, 9, "stale", old + 5 * HOUR);
	assert_int_equal(network->targets[9]->state, MIRROR_OLD);
	network_free(network);
}

/* It is the master's fault: no reference ends it. */
static void test_master_stays(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	transition_settings.reference_count = 1;
	for (size_t i = 0; i < MANY; i++)
		check(network, i, "stale", T0 + 60);
	assert_true(network->outage.active && network->outage.stale);
	assert_int_equal(look(network, T0 + 120), OUTAGE_SAME);
	assert_false(outage_asks(&network->outage, &transition_settings));
	check(network, 1, "future", T0 + 120);
	assert_false(network->targets[1]->stale);
	network_free(network);
}

/* With a clock of seconds a fresh timestamp is too old before its next check now and then: that is
 * no sign. */
static void test_fast_clock(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	transition_settings.interval = transition_settings.timeout = 1;
	transition_settings.old_after = 2;
	for (size_t i = 0; i < MANY; i++)
		check(network, i, "", T0 + 10);
	assert_int_equal(look(network, T0 + 12), OUTAGE_SAME);
	transition_settings.interval = 600;
	transition_settings.timeout = 10;
	transition_settings.old_after = DAY;
	network_free(network);
}

/* A round after a pause: the few that refuse are seen before the many that take their time to be
 * good. */
static void test_failures_first(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(check(network, i, "x", T0 + 5 * HOUR), OUTAGE_SAME);
	network_free(network);
}

/* One mirror drawn an hour: the last few that were drawn say it. */
static void test_random(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	transition_settings.policy = POLICY_RANDOM;
	for (size_t i = 0; i < 7; i++)
		check(network, i, "", T0 + (int64_t)i * HOUR);
	assert_int_equal(check(network, 7, "x", T0 + 7 * HOUR), OUTAGE_SAME);
	assert_int_equal(check(network, 8, "x", T0 + 8 * HOUR), OUTAGE_SAME);
	assert_int_equal(check(network, 9, "x", T0 + 9 * HOUR), OUTAGE_SAME);
	assert_int_equal(check(network, 0, "x", T0 + 10 * HOUR), OUTAGE_SAME);
	assert_int_equal(check(network, 1, "x", T0 + 11 * HOUR), OUTAGE_STARTED);
	transition_settings.policy = POLICY_EACH;
	network_free(network);
}

/* The outage outlives a restart, with those who are its reason. */
static void test_restart(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	for (size_t i = 0; i < 7; i++)
		check(network, i, "x", T0 + 60);
	assert_true(network->outage.active);
	network->outage =
		(struct outage){.active = true, .since = network->outage.since}; /* what is kept */
	assert_int_equal(look(network, T0 + 2 * DAY), OUTAGE_SAME);
	check(network, 0, "x", T0 + 2 * DAY);
	assert_int_equal(network->targets[0]->state, MIRROR_OK);
	assert_int_equal(network->outage.sample, MANY);
	network_free(network);
}

/* Those who made it outage leave the list: nobody is left to outage by. */
static void test_gone(void **state)
{
	struct network *network = network_new(MANY);
	(void)state;
	for (size_t i = 0; i < 6; i++)
		check(network, i, "x", T0 + 60);
	assert_true(network->outage.active);
	assert_int_equal(outage_update(&network->outage, network->targets + 6, 4,
				 &transition_settings, T0 + 61),
		OUTAGE_ENDED);
	network_free(network);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_slowly),
		cmocka_unit_test(test_who_counts),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_master),
		cmocka_unit_test(test_master_stays),
		cmocka_unit_test(test_fast_clock),
		cmocka_unit_test(test_failures_first),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
