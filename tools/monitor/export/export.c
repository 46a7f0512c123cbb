#include "tools/monitor/export/export.h"

#include "tools/monitor/state/transition.h"

#include <stdio.h>
#include <string.h>

/* The targets of one mirror; the inventory has them side by side. */
struct group {
	struct target *const *targets;
	size_t count;
};

static struct group group_at(const struct inventory *inventory, size_t at)
{
	struct group group = {inventory->targets + at, 0};
	while (at + group.count < inventory->count &&
		inventory->targets[at + group.count]->mirror == group.targets[0]->mirror)
		group.count++;
	return group;
}

static bool is_in(const struct target *target, enum mirror_state state)
{
	return target->state == state && target_served(target);
}

/* 0: no address is in this state. */
static unsigned group_weight(const struct group *group, enum mirror_state state,
	const struct settings *settings, int64_t now)
{
	unsigned sum = 0, count = 0;
	for (size_t i = 0; i < group->count; i++) {
		if (!is_in(group->targets[i], state))
			continue;
		sum += transition_weight(group->targets[i], settings, now);
		count++;
	}
	return count ? (sum + count - 1) / count : 0;
}

static bool entry_add(struct export_text *export, const struct group *group,
	enum mirror_state state, const struct settings *settings, int64_t now)
{
	const struct list_mirror *mirror = group->targets[0]->mirror;
	struct export_entry entry = {.host = mirror->host,
		.reason = "",
		.country = mirror->country,
		.weight = (uint16_t)group_weight(group, state, settings, now),
		.state = state};
	bool good = true;
	for (size_t i = 0; i < group->count; i++) {
		const struct target *target = group->targets[i];
		if (!is_in(target, state))
			continue;
		if (!entry.since || target->since < entry.since)
			entry.since = target->since;
		if (target->checked > entry.checked)
			entry.checked = target->checked;
		if (state != MIRROR_OK && !entry.reason[0])
			entry.reason = target->reason;
		good = export_entry_address(&entry, &target->address) && good;
	}
	return export_text_add(export, &entry) && good;
}

bool publish_text(const struct inventory *inventory, struct export_text *export, int64_t now)
{
	bool good = export_text_begin(export);
	for (size_t at = 0; good && at < inventory->count;) {
		struct group group = group_at(inventory, at);
		for (unsigned state = 0; good && state < MIRROR_STATES; state++)
			if (group_weight(&group, state, inventory->settings, now))
				good = entry_add(export, &group, state, inventory->settings, now);
		at += group.count;
	}
	return good && export_text_end(export);
}

/* Nobody to write of, but somebody whose first check may be good. */
static bool is_early(const struct inventory *inventory, const struct export_text *export)
{
	bool early = false;
	for (size_t i = 0; !export->entries && i < inventory->count; i++)
		early = early || !inventory->targets[i]->checked;
	return early;
}

enum export_outcome publish_write(
	struct inventory *inventory, struct export_file *disk, int64_t now, char *why, size_t size)
{
	struct export_text export;
	enum export_outcome outcome = EXPORT_FAILED;
	if (inventory->serial > disk->serial)
		disk->serial = inventory->serial;
	if (inventory->generated > disk->generated)
		disk->generated = inventory->generated;
	if (!publish_text(inventory, &export, now))
		snprintf(why, size, "%s: out of memory", disk->path);
	else if (is_early(inventory, &export))
		outcome = EXPORT_SAME;
	else
		outcome = export_file_write(disk, &export, now, why, size);
	export_text_free(&export);
	inventory->serial = disk->serial;
	inventory->generated = disk->generated;
	/* What is there is one, too, whoever has written it. */
	if (outcome == EXPORT_SAME && inventory->exported < disk->written && disk->written <= now)
		inventory->exported = disk->written;
	if (outcome != EXPORT_WRITTEN)
		return outcome;
	inventory->exported = now;
	inventory->exports++;
	return outcome;
}

unsigned publish_weight(const struct inventory *inventory, size_t at, int64_t now)
{
	enum mirror_state state = inventory->targets[at]->state;
	while (at > 0 && inventory->targets[at - 1]->mirror == inventory->targets[at]->mirror)
		at--;
	struct group group = group_at(inventory, at);
	return group_weight(&group, state, inventory->settings, now);
}
