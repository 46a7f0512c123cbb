/* tests/unit/world_case.h - the small world of tests/golden, loaded and linked as a start does
 * it. */
#ifndef TESTS_UNIT_WORLD_CASE_H
#define TESTS_UNIT_WORLD_CASE_H

#include "dns/load/load.h"
#include "dns/query/serve.h"
#include "dns/snapshot/build.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct world {
	struct snapshot *snapshot;
	struct serving serving; /* all turns are 0 */
};

/* What loading has to say would be noise: the file that is missing is meant to be. */
static inline struct inputs *world_inputs(char *why, size_t size)
{
	struct inputs_request request = {.config_path = "tests/golden/world.conf"};
	unsigned refused;
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC), loud = dup(STDERR_FILENO);
	dup2(quiet, STDERR_FILENO);
	struct inputs *inputs = inputs_load(&request, &refused, why, size);
	dup2(loud, STDERR_FILENO);
	close(quiet);
	close(loud);
	return inputs;
}

/* False: `why` has the sentence. */
static inline bool world_load(struct world *world, char *why, size_t size)
{
	struct inputs *inputs = world_inputs(why, size);
	world->snapshot = inputs ? snapshot_new(inputs, NULL, why, size) : NULL;
	world->serving.snapshot = world->snapshot;
	world->serving.turns =
		world->snapshot ? calloc(world->snapshot->turn_count, sizeof(struct turn)) : NULL;
	world->serving.pings = world->snapshot ? ping_counts_new(world->snapshot) : NULL;
	world->serving.answer = malloc(sizeof(*world->serving.answer));
	return world->serving.turns && world->serving.pings && world->serving.answer;
}

static inline void world_rewind(struct world *world)
{
	memset(world->serving.turns, 0, world->snapshot->turn_count * sizeof(struct turn));
}

/* From and to buffers that end with what may be read and written; the caller frees the reply. 0:
 * there is none. */
static inline size_t world_ask(struct world *world, const struct client *client,
	const uint8_t *query, size_t size, uint8_t **reply)
{
	uint8_t *exact = malloc(size ? size : 1);
	*reply = malloc(client->tcp ? SERVE_REPLY_MAX : world->snapshot->max_udp_size);
	if (!exact || !*reply)
		abort();
	if (size)
		memcpy(exact, query, size);
	size_t reply_size = serve(&world->serving, client, exact, size, *reply);
	free(exact);
	return reply_size;
}

static inline void world_free(struct world *world)
{
	free(world->serving.turns);
	free(world->serving.answer);
	ping_counts_free(world->serving.pings);
	snapshot_free(world->snapshot);
}

#endif
