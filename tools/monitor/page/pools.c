#include "tools/monitor/page/parts.h"

#include "tools/monitor/export/export.h"

#include <stdlib.h>
#include <string.h>

/* A pool "db.*" { from = "label" } with every default. */
static const struct pool_rule rule = {
	.from = POOL_FROM_LABEL,
	.fallback = {{.kind = PLACE_CONTINENT}, {.kind = PLACE_WORLD}},
	.fallback_count = 2,
	.families = {true, true},
	.fail_open = true,
	.ecs = true,
	.ttl = 300,
	.answers = 8,
	.min_members = 1,
};

const struct pool_rule *network_rule(void)
{
	return &rule;
}

/* An entry for each address: that is how a pool takes them. */
static bool mirrors_make(struct network *network)
{
	const struct inventory *inventory = network->inventory;
	struct mirrors *mirrors = &network->mirrors;
	mirrors->list = calloc(inventory->count, sizeof(*mirrors->list));
	mirrors->addresses = calloc(inventory->count, sizeof(*mirrors->addresses));
	if (!mirrors->list || !mirrors->addresses)
		return false;
	mirrors->count = mirrors->address_count = inventory->count;
	for (uint32_t i = 0; i < inventory->count; i++) {
		const struct target *target = inventory->targets[i];
		unsigned weight = publish_weight(inventory, i, network->now);
		mirrors->list[i] = (struct mirror){.host = target->host,
			.country = target->mirror->country,
			.weight = (uint16_t)(weight ? weight : 1),
			.state = (uint8_t)target->state};
		mirrors->addresses[i].mirror = i;
		mirrors->addresses[i].at = target->address;
	}
	return true;
}

static void mirrors_count(struct network *network)
{
	const struct inventory *inventory = network->inventory;
	for (size_t i = 0, at = 0; i < inventory->mirror_list->count; i++) {
		const struct list_mirror *mirror = &inventory->mirror_list->list[i];
		bool served = false;
		for (; at < inventory->count && inventory->targets[at]->mirror == mirror; at++)
			served = served || mirror_in_service(inventory->targets[at]->state);
		network->listed[mirror->country]++;
		network->served[mirror->country] += served;
	}
}

static bool order_make(struct network *network)
{
	const struct mirrors *mirrors = &network->mirrors;
	uint32_t next[COUNTRY_MAX + 1] = {0};
	network->order = malloc(mirrors->count * sizeof(*network->order));
	if (!network->order)
		return false;
	for (size_t i = 0; i < mirrors->count; i++)
		next[mirrors->list[i].country]++;
	for (unsigned country = 0; country <= COUNTRY_MAX; country++) {
		uint32_t count = next[country];
		next[country] = network->first[country];
		network->first[country + 1] = network->first[country] + count;
	}
	for (uint32_t i = 0; i < mirrors->count; i++)
		network->order[next[mirrors->list[i].country]++] = i;
	return true;
}

bool network_init(struct network *network, const struct inventory *inventory, int64_t now)
{
	*network = (struct network){.inventory = inventory, .now = now};
	mirrors_count(network);
	if (!inventory->count)
		return true;
	if (mirrors_make(network) && order_make(network))
		network->pools = pools_new(&network->mirrors);
	if (network->pools)
		return true;
	network_free(network);
	return false;
}

void network_free(struct network *network)
{
	pools_free(network->pools);
	free(network->mirrors.list);
	free(network->mirrors.addresses);
	free(network->order);
	memset(network->first, 0, sizeof(network->first));
	network->pools = NULL;
	network->order = NULL;
	network->mirrors = (struct mirrors){.list = NULL};
}
