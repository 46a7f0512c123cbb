/* tests/bench/count.c - calls serve() with the queries of files, as a worker's batches do; under
 * callgrind each file's calls become one dump named after it (tests/bench/count.py reads them),
 * without it the time of a call is printed.
 * usage: count CONFIGURATION CALLS QUERIES... */
#include "dns/load/load.h"
#include "tests/bench/bench.h"

#include "dns/query/serve.h"
#include "dns/snapshot/build.h"

#include <valgrind/callgrind.h>

enum { BATCH = 64, LINE = 64, IN_MAX = 4096 + LINE, REPLY_MAX = 65535 }; /* as in dns/net/udp.c */

/* By pointer, so that link-time optimisation leaves serve() a function that callgrind can find. */
static size_t (*volatile serve_call)(
	const struct serving *, const struct client *, const uint8_t *, size_t, uint8_t *) = serve;

static uint8_t in[BATCH][IN_MAX];
static size_t in_size[BATCH];
static uint8_t out[BATCH * (REPLY_MAX + LINE)];

static void batch_fill(struct bench_queries *queries)
{
	for (unsigned i = 0; i < BATCH; i++) {
		const struct bench_query *query = bench_query_next(queries);
		memcpy(in[i], query->octets, query->size);
		in_size[i] = query->size;
	}
}

static uint64_t batch_serve(const struct serving *serving)
{
	const struct client client = {.address = {127, 0, 0, 1}};
	uint8_t *reply = out;
	uint64_t begun = bench_now();
	for (unsigned i = 0; i < BATCH; i++) {
		size_t size = serve_call(serving, &client, in[i], in_size[i], reply);
		if (!size)
			bench_fail("a query has no reply");
		reply += (size + LINE - 1) / LINE * LINE;
	}
	return bench_now() - begun;
}

/* Data and caches are warm before anything is counted. */
static void file_run(const struct serving *serving, const char *path, unsigned long batches)
{
	struct bench_queries queries;
	uint64_t ns = 0;
	bench_queries_load(&queries, path);
	for (unsigned long i = 0; i < batches; i++) {
		if (i == batches / 4) {
			ns = 0;
			CALLGRIND_ZERO_STATS;
		}
		batch_fill(&queries);
		ns += batch_serve(serving);
	}
	CALLGRIND_DUMP_STATS_AT(path);
	unsigned long counted = (batches - batches / 4) * BATCH;
	printf("%s %lu %.1f\n", path, counted, (double)ns / (double)counted);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char why[512] = "no memory";
	unsigned refused;
	if (argc < 4)
		bench_fail("usage: count CONFIGURATION CALLS QUERIES...");
	struct inputs_request request = {.config_path = argv[1]};
	struct inputs *inputs = inputs_load(&request, &refused, why, sizeof(why));
	struct snapshot *snapshot = inputs ? snapshot_new(inputs, NULL, why, sizeof(why)) : NULL;
	struct turn *turns = snapshot ? calloc(snapshot->turn_count + 1, sizeof(*turns)) : NULL;
	if (!turns)
		bench_fail("%s", why);
	struct serving serving = {.snapshot = snapshot,
		.turns = turns,
		.counters = counters_new(),
		.pings = ping_counts_new(snapshot),
		.answer = malloc(sizeof(*serving.answer))};
	if (!serving.counters || !serving.pings || !serving.answer)
		bench_fail("no memory");
	CALLGRIND_START_INSTRUMENTATION;
	for (int i = 3; i < argc; i++)
		file_run(&serving, argv[i], strtoul(argv[2], NULL, 10) / BATCH + 4);
	CALLGRIND_STOP_INSTRUMENTATION;
	ping_counts_free(serving.pings);
	free(serving.answer);
	free(serving.counters);
	free(turns);
	snapshot_free(snapshot);
	return 0;
}
