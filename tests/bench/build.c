/* tests/bench/build.c - how long a snapshot takes to build: from nothing, and anew for a read
 * export (medians).
 * usage: build CONFIGURATION ROUNDS */
#include "dns/load/load.h"
#include "tests/bench/bench.h"

#include "dns/snapshot/build.h"

enum {
	EXPORT_NUMBER = 2,
	ROUNDS_MAX = 100
}; /* database, overrides, then the first zone's export */

struct times {
	double load_ms, link_ms;
};

static double ms_since(uint64_t begun)
{
	return (double)(bench_now() - begun) / 1e6;
}

/* `changed` and `previous`, or a configuration's path and NULL. */
static struct snapshot *snapshot_build(
	const struct inputs_request *request, const struct snapshot *previous, struct times *times)
{
	char why[512];
	unsigned refused;
	uint64_t begun = bench_now();
	struct inputs *inputs = inputs_load(request, &refused, why, sizeof(why));
	if (!inputs)
		bench_fail("%s", why);
	times->load_ms = ms_since(begun);
	begun = bench_now();
	struct snapshot *snapshot = snapshot_new(inputs, previous, why, sizeof(why));
	if (!snapshot)
		bench_fail("%s", why);
	times->link_ms = ms_since(begun);
	return snapshot;
}

static int double_compare(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;
	return (first > second) - (first < second);
}

static double median(const struct times *times, size_t count, size_t offset)
{
	double values[ROUNDS_MAX];
	for (size_t i = 0; i < count; i++)
		memcpy(&values[i], (const char *)&times[i] + offset, sizeof(values[i]));
	qsort(values, count, sizeof(*values), double_compare);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	static struct times whole[ROUNDS_MAX], again[ROUNDS_MAX];
	size_t rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	if (rounds < 1 || rounds > ROUNDS_MAX)
		bench_fail("usage: build CONFIGURATION ROUNDS (1 to %d)", ROUNDS_MAX);
	for (size_t i = 0; i < rounds; i++) {
		struct inputs_request all = {.config_path = argv[1]};
		struct snapshot *first = snapshot_build(&all, NULL, &whole[i]);
		bool changed[64] = {[EXPORT_NUMBER] = true};
		if (inputs_files(inputs_config(first->inputs)) > sizeof(changed))
			bench_fail("%s has too many files", argv[1]);
		struct inputs_request one = {.before = first->inputs, .changed = changed};
		struct snapshot *second = snapshot_build(&one, first, &again[i]);
		snapshot_free(first);
		snapshot_free(second);
	}
	printf("{\"load_ms\":%.1f,\"link_ms\":%.1f,\"export_ms\":%.1f,\"relink_ms\":%.1f}\n",
		median(whole, rounds, offsetof(struct times, load_ms)),
		median(whole, rounds, offsetof(struct times, link_ms)),
		median(again, rounds, offsetof(struct times, load_ms)),
		median(again, rounds, offsetof(struct times, link_ms)));
	return 0;
}
