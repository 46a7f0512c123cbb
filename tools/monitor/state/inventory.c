#include "tools/monitor/state/inventory.h"

#include <stdio.h>
#include <string.h>

enum { TIME_FIELD = 3 };

void inventory_count(const struct inventory *inventory, size_t counts[MIRROR_STATES])
{
	memset(counts, 0, MIRROR_STATES * sizeof(*counts));
	for (size_t i = 0; i < inventory->count; i++)
		counts[inventory->targets[i]->state]++;
}

void inventory_event_add(struct inventory *inventory, const struct inventory_event *event)
{
	size_t kept = inventory->event_count < INVENTORY_EVENTS_MAX ? inventory->event_count
								    : INVENTORY_EVENTS_MAX - 1;
	memmove(inventory->events + 1, inventory->events, kept * sizeof(*event));
	inventory->events[0] = *event;
	inventory->event_count = kept + 1;
	if (inventory->event_fresh < INVENTORY_EVENTS_MAX)
		inventory->event_fresh++;
}

const char *inventory_txt_field(const char *text, unsigned colons)
{
	for (; *text && colons; text++)
		colons -= *text == ':';
	return text;
}

/* Whoever makes the string renews its time again and again, whether there are new versions or
 * not. */
static bool is_renewed(const char *before, const char *now)
{
	const char *old_time = inventory_txt_field(before, TIME_FIELD),
		   *new_time = inventory_txt_field(now, TIME_FIELD);
	return new_time - now == old_time - before &&
	       memcmp(before, now, (size_t)(new_time - now)) == 0 &&
	       strcmp(inventory_txt_field(old_time, 1), inventory_txt_field(new_time, 1)) == 0;
}

static void txt_add(struct inventory *inventory, int64_t since, const char *value)
{
	size_t kept = inventory->txt_count < INVENTORY_TXTS_MAX ? inventory->txt_count
								: INVENTORY_TXTS_MAX - 1;
	memmove(inventory->txts + 1, inventory->txts, kept * sizeof(inventory->txts[0]));
	inventory->txts[0].since = since;
	snprintf(inventory->txts[0].value, sizeof(inventory->txts[0].value), "%s", value);
	inventory->txt_count = kept + 1;
	if (inventory->txt_fresh < INVENTORY_TXTS_MAX)
		inventory->txt_fresh++;
}

bool inventory_txt_take(struct inventory *inventory, int64_t since, const char *value)
{
	struct inventory_txt *newest = &inventory->txts[0];
	if (!inventory->txt_count || !is_renewed(newest->value, value)) {
		txt_add(inventory, since, value);
		return true;
	}
	if (strcmp(newest->value, value) != 0) {
		snprintf(newest->value, sizeof(newest->value), "%s", value);
		inventory->txt_renewed = true;
	}
	return false;
}

struct inventory_event inventory_event_of(
	const struct target *target, enum mirror_state from, bool first)
{
	struct inventory_event event = {.at = target->since,
		.address = target->address,
		.country = target->mirror->country,
		.from = from,
		.to = target->state,
		.first = first};
	snprintf(event.host, sizeof(event.host), "%s", target->host);
	snprintf(event.why, sizeof(event.why), "%s", target->reason);
	return event;
}
