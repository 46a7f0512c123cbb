#include "tools/monitor/page/parts.h"

#include "dns/base/json.h"

#include <stdio.h>
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

/* One address as an entry of an export. Its number stands for the host, so that no name that the
 * server would refuse is in the way. */
static json_t *entry_make(size_t number, const struct network_line *line)
{
	char host[24];
	json_int_t weight = field_number(line->address, "weight");
	const char *key =
		strcmp(field_text(line->address, "family"), "ipv6") == 0 ? "ipv6" : "ipv4";
	snprintf(host, sizeof(host), "%zu", number);
	weight = weight < 1 ? 1 : weight > 1000 ? 1000 : weight;
	return json_pack("{s:s, s:s, s:s, s:I, s:[s]}", "host", host, "country",
		field_text(line->mirror, "country"), "state", field_text(line->address, "state"),
		"weight", weight, key, field_text(line->address, "address"));
}

/* All addresses in order; returns how many, and with `lines` fills them in. */
static size_t lines_find(const json_t *report, struct network_line *lines)
{
	size_t i, k, count = 0;
	json_t *mirror, *address;
	json_array_foreach (json_object_get(report, "mirrors"), i, mirror)
		json_array_foreach (json_object_get(mirror, "addresses"), k, address) {
			if (lines)
				lines[count] = (struct network_line){mirror, address};
			count++;
		}
	return count;
}

/* The addresses as the export that they stand for; NULL: no memory. */
static char *export_make(const struct network_line *lines, size_t count)
{
	json_t *list = json_array();
	bool good = list;
	for (size_t i = 0; good && i < count; i++)
		good = json_array_append_new(list, entry_make(i, &lines[i])) == 0;
	json_t *export = json_pack("{s:s, s:o}", "format", "mirror-export/1", "mirrors", list);
	char *text = good && export ? json_dumps(export, JSON_COMPACT) : NULL;
	json_decref(export);
	return text;
}

static void mirrors_count(struct network *network, const json_t *report)
{
	size_t i, k;
	json_t *mirror, *address;
	json_array_foreach (json_object_get(report, "mirrors"), i, mirror) {
		const char *code = field_text(mirror, "country");
		unsigned country = country_find(code, strlen(code));
		bool served = false;
		json_array_foreach (json_object_get(mirror, "addresses"), k, address) {
			const char *state = field_text(address, "state");
			served = served || strcmp(state, "ok") == 0 || strcmp(state, "old") == 0;
		}
		network->listed[country]++;
		network->served[country] += served;
	}
}

static bool order_make(struct network *network)
{
	const struct mirrors *mirrors = network->mirrors;
	uint32_t next[COUNTRY_MAX + 1] = {0};
	network->order = malloc(mirrors->address_count * sizeof(*network->order));
	if (!network->order)
		return false;
	for (size_t i = 0; i < mirrors->address_count; i++)
		next[mirrors->list[mirrors->addresses[i].mirror].country]++;
	for (unsigned country = 0; country <= COUNTRY_MAX; country++) {
		uint32_t count = next[country];
		next[country] = network->first[country];
		network->first[country + 1] = network->first[country] + count;
	}
	for (uint32_t i = 0; i < mirrors->address_count; i++)
		network->order[next[mirrors->list[mirrors->addresses[i].mirror].country]++] = i;
	return true;
}

bool network_init(struct network *network, const json_t *report, char *why, size_t size)
{
	size_t count = lines_find(report, NULL);
	*network = (struct network){.lines = calloc(count + 1, sizeof(*network->lines))};
	mirrors_count(network, report);
	if (!count)
		return true;
	snprintf(why, size, "no memory for the status page");
	if (network->lines)
		lines_find(report, network->lines);
	char *text = network->lines ? export_make(network->lines, count) : NULL;
	if (text)
		network->mirrors = mirrors_parse(text, strlen(text), "the report", why, size);
	free(text);
	network->pools = network->mirrors ? pools_new(network->mirrors) : NULL;
	if (network->pools && order_make(network))
		return true;
	network_free(network);
	return false;
}

void network_free(struct network *network)
{
	pools_free(network->pools);
	mirrors_free(network->mirrors);
	free(network->order);
	free(network->lines);
	network->pools = NULL;
	network->mirrors = NULL;
	network->order = NULL;
	network->lines = NULL;
}
