#include "tools/monitor/state/inventory.h"

#include <stdio.h>
#include <string.h>

enum { TIME_FIELD = 3 };

void book_event_add(struct book *book, const struct book_event *event)
{
	size_t kept = book->event_count < BOOK_EVENTS_MAX ? book->event_count : BOOK_EVENTS_MAX - 1;
	memmove(book->events + 1, book->events, kept * sizeof(*event));
	book->events[0] = *event;
	book->event_count = kept + 1;
	if (book->event_fresh < BOOK_EVENTS_MAX)
		book->event_fresh++;
}

/* Behind so many colons; the end, where there are fewer. */
static const char *field_find(const char *text, unsigned colons)
{
	for (; *text && colons; text++)
		colons -= *text == ':';
	return text;
}

/* Whoever makes the string renews its time again and again, whether there are new versions or not. */
static bool is_renewed(const char *before, const char *now)
{
	const char *old_time = field_find(before, TIME_FIELD),
		   *new_time = field_find(now, TIME_FIELD);
	return new_time - now == old_time - before &&
	       memcmp(before, now, (size_t)(new_time - now)) == 0 &&
	       strcmp(field_find(old_time, 1), field_find(new_time, 1)) == 0;
}

static void txt_add(struct book *book, int64_t since, const char *value)
{
	size_t kept = book->txt_count < BOOK_TXTS_MAX ? book->txt_count : BOOK_TXTS_MAX - 1;
	memmove(book->txts + 1, book->txts, kept * sizeof(book->txts[0]));
	book->txts[0].since = since;
	snprintf(book->txts[0].value, sizeof(book->txts[0].value), "%s", value);
	book->txt_count = kept + 1;
	if (book->txt_fresh < BOOK_TXTS_MAX)
		book->txt_fresh++;
}

bool book_txt_take(struct book *book, int64_t since, const char *value)
{
	struct book_txt *newest = &book->txts[0];
	if (!book->txt_count || !is_renewed(newest->value, value)) {
		txt_add(book, since, value);
		return true;
	}
	if (strcmp(newest->value, value) != 0) {
		snprintf(newest->value, sizeof(newest->value), "%s", value);
		book->txt_renewed = true;
	}
	return false;
}

struct book_event book_event_of(const struct target *target, enum mirror_state from, bool first)
{
	struct book_event event = {.at = target->since,
		.address = target->address,
		.country = target->mirror->country,
		.from = from,
		.to = target->state,
		.first = first};
	snprintf(event.host, sizeof(event.host), "%s", target->host);
	snprintf(event.why, sizeof(event.why), "%s", target->reason);
	return event;
}
