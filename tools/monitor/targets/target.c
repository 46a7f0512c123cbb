#include "tools/monitor/targets/target.h"

#include "tools/monitor/config/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct target *target_new(
	const struct list_mirror *mirror, const struct address *address, int64_t now)
{
	struct target *target = calloc(1, sizeof(*target));
	if (!target)
		return NULL;
	snprintf(target->host, sizeof(target->host), "%s", mirror->host);
	target->address = *address;
	target->mirror = mirror;
	target->state = target->before = MIRROR_OLD;
	target->since = target->counting = now;
	target->changed = true;
	snprintf(target->reason, sizeof(target->reason), "never reached yet");
	if (list_away(mirror, now, target->reason, sizeof(target->reason)))
		target->state = MIRROR_DISABLED;
	return target;
}

bool target_served(const struct target *target)
{
	return target->mirror->address_count || target->first_seen || target->exported;
}

const struct target_span *target_span_find(
	const struct target_span *spans, int64_t size, int64_t number)
{
	const struct target_span *span = &spans[number > 0 ? number % size : 0];
	return number > 0 && span->number == number && span->checks ? span : NULL;
}

static void span_count(struct target_span *span, int64_t number, bool good, uint32_t milliseconds)
{
	if (span->number != number)
		*span = (struct target_span){.number = number};
	span->checks++;
	span->good += good;
	span->milliseconds += good ? milliseconds : 0;
}

void target_count(struct target *target, int64_t at, bool good, uint32_t milliseconds)
{
	int64_t day = at / 86400, hour = at / 3600;
	span_count(&target->days[day % TARGET_DAYS], day, good, milliseconds);
	span_count(&target->hours[hour % TARGET_HOURS], hour, good, milliseconds);
}
