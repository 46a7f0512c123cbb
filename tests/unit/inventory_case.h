/* tests/unit/inventory_case.h - a small inventory: a list, targets, settings. */
#ifndef TESTS_UNIT_INVENTORY_CASE_H
#define TESTS_UNIT_INVENTORY_CASE_H

#include "tests/unit/folder_case.h"

#include "geo/mirror.h"
#include "tools/monitor/config/list.h"
#include "tools/monitor/state/inventory.h"
#include "tools/monitor/state/transition.h"
#include "tools/monitor/targets/target.h"

enum { T0 = 1800000000, HOUR = 3600, DAY = 86400 };

static const char inventory_list[] =
	"{\"mirrors\": [\n"
	"{\"host\": \"a.example\", \"country\": \"DE\", \"ipv4\": [\"192.0.2.1\", \"192.0.2.2\"], "
	"\"ipv6\": [\"2001:db8::1\"]},\n"
	"{\"host\": \"b.example\", \"country\": \"PL\", \"ipv4\": [\"192.0.2.3\"], \"weight\": 50, "
	"\"downtime\": [{\"from\": \"2026-11-20T18:00:00Z\", \"to\": \"2026-11-20T19:00:00Z\"}]},\n"
	"{\"host\": \"c.example\", \"country\": \"US\", \"ipv4\": [\"192.0.2.4\"], \"disabled\": "
	"true},\n"
	"{\"host\": \"named.example\", \"country\": \"US\"}\n"
	"]}";
enum { INVENTORY_TARGETS = 5 };

struct inventory_case {
	struct settings settings;
	struct mirror_list *mirror_list;
	struct inventory inventory;
	char path[FOLDER_PATH_MAX];
};

static inline struct inventory_case *inventory_case_new(void)
{
	struct inventory_case *made = calloc(1, sizeof(*made));
	assert_non_null(made);
	const struct list_source source = {
		inventory_list, strlen(inventory_list), "l.json", false, 0, NULL};
	made->mirror_list = list_parse(&source, why, sizeof(why));
	assert_non_null(made->mirror_list);
	made->settings = (struct settings){.zone = "clamav.net",
		.host = "db.%c.%z",
		.request_path = "/timestamp",
		.interval = 600,
		.timeout = 10,
		.old_after = DAY,
		.remove_after = 2 * DAY,
		.recover_after = 1,
		.ramp = HOUR};
	made->settings.export = strdup(folder_path(made->path, "mirrors.json"));
	made->inventory.settings = &made->settings;
	made->inventory.mirror_list = made->mirror_list;
	made->inventory.targets = calloc(INVENTORY_TARGETS, sizeof(struct target *));
	for (size_t i = 0; i < made->mirror_list->count; i++)
		for (size_t k = 0; k < made->mirror_list->list[i].address_count; k++)
			made->inventory.targets[made->inventory.count++] =
				target_new(&made->mirror_list->list[i],
					&made->mirror_list->list[i].addresses[k], T0);
	assert_int_equal(made->inventory.count, INVENTORY_TARGETS);
	return made;
}

static inline void inventory_case_free(struct inventory_case *made)
{
	for (size_t i = 0; i < made->inventory.count; i++)
		free(made->inventory.targets[i]);
	free(made->inventory.targets);
	list_free(made->mirror_list);
	free(made->settings.export);
	free(made);
}

/* A check of target `i`: "" is good. */
static inline void inventory_case_check(
	struct inventory_case *made, size_t i, const char *found, int64_t now)
{
	struct observation seen = {
		.good = !found[0], .stamp = found[0] ? 0 : now, .milliseconds = 25};
	struct target *target = made->inventory.targets[i];
	enum mirror_state from = target->state;
	bool first = !target->first_seen;
	snprintf(seen.why, sizeof(seen.why), "%s", found);
	transition_record(target, &seen, &made->settings, false, now);
	if (!transition_decide(target, &made->settings, false, now))
		return;
	struct inventory_event event =
		inventory_event_of(target, from, first && target->first_seen);
	inventory_event_add(&made->inventory, &event);
}

#endif
