#include "tools/monitor/book.h"

#include <stdio.h>
#include <string.h>

void book_event_add(struct book *book, const struct book_event *event)
{
	size_t kept = book->event_count < BOOK_EVENTS_MAX ? book->event_count : BOOK_EVENTS_MAX - 1;
	memmove(book->events + 1, book->events, kept * sizeof(*event));
	book->events[0] = *event;
	book->event_count = kept + 1;
	if (book->event_fresh < BOOK_EVENTS_MAX)
		book->event_fresh++;
}

void book_txt_add(struct book *book, int64_t since, const char *value)
{
	size_t kept = book->txt_count < BOOK_TXTS_MAX ? book->txt_count : BOOK_TXTS_MAX - 1;
	memmove(book->txts + 1, book->txts, kept * sizeof(book->txts[0]));
	book->txts[0].since = since;
	snprintf(book->txts[0].value, sizeof(book->txts[0].value), "%s", value);
	book->txt_count = kept + 1;
	if (book->txt_fresh < BOOK_TXTS_MAX)
		book->txt_fresh++;
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
