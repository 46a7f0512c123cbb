#include "dns/stats/totals.h"

#include "dns/base/log.h"

#include <stdlib.h>
#include <string.h>

enum { NS_IN_MS = 1000000 };

const char *const ledger_reloads[LEDGER_RELOADS] = {"ok", "partly", "failed"};

void ledger_init(struct ledger *ledger, struct worker_shared *workers)
{
	memset(ledger, 0, sizeof(*ledger));
	pthread_mutex_init(&ledger->lock, NULL);
	ledger->workers = workers;
}

static void book_free(const struct ledger *ledger, struct ledger_book *book)
{
	for (unsigned i = 0; book->pages && i < ledger->workers->count; i++) {
		free(book->pages[i].turns);
		ping_book_free(book->pages[i].pings);
	}
	free(book->pages);
	*book = (struct ledger_book){0};
}

void ledger_free(struct ledger *ledger)
{
	book_free(ledger, &ledger->now);
	book_free(ledger, &ledger->before);
	tally_free(&ledger->sums.tally);
	pthread_mutex_destroy(&ledger->lock);
}

/* A worker has taken the book's snapshot once it says so; then its turns have begun. */
static bool book_add(
	const struct ledger *ledger, const struct ledger_book *book, bool left, struct tally *tally)
{
	bool good = true;
	for (unsigned i = 0; book->snapshot && i < ledger->workers->count; i++) {
		const struct worker *worker = &ledger->workers->workers[i];
		if (left || atomic_load_explicit(&worker->served, memory_order_acquire) ==
				    book->snapshot)
			good &= tally_add(
				tally, book->snapshot, book->pages[i].turns, book->pages[i].pings);
	}
	return good;
}

bool ledger_open(struct ledger *ledger, const struct snapshot *snapshot,
	struct worker_handover *const *handovers)
{
	struct ledger_page *pages = calloc(ledger->workers->count, sizeof(*pages));
	if (!pages)
		return false;
	for (unsigned i = 0; i < ledger->workers->count; i++)
		pages[i] = (struct ledger_page){handovers[i]->turns, handovers[i]->pings};
	pthread_mutex_lock(&ledger->lock);
	book_add(ledger, &ledger->before, true, &ledger->sums.tally); /* usually closed by now */
	book_free(ledger, &ledger->before);
	ledger->before = ledger->now;
	ledger->now = (struct ledger_book){snapshot, pages};
	bool good = tally_follow(&ledger->sums.tally, snapshot);
	tally_refusals(&ledger->sums.tally, snapshot);
	pthread_mutex_unlock(&ledger->lock);
	if (!good)
		log_line(LOG_LEVEL_ERROR, "No memory to count for what is new: metrics lack it");
	return true;
}

void ledger_close(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->lock);
	bool good = book_add(ledger, &ledger->before, true, &ledger->sums.tally);
	book_free(ledger, &ledger->before);
	pthread_mutex_unlock(&ledger->lock);
	if (!good)
		log_line(LOG_LEVEL_ERROR, "No memory to add up what was answered: metrics lack it");
}

void ledger_beat(struct ledger *ledger)
{
	atomic_store_explicit(&ledger->beat, uv_hrtime() / NS_IN_MS, memory_order_relaxed);
	for (unsigned i = 0; i < ledger->workers->count; i++)
		worker_ask(&ledger->workers->workers[i]);
}

void ledger_reload(struct ledger *ledger, enum ledger_reload result)
{
	pthread_mutex_lock(&ledger->lock);
	ledger->sums.reloads[result]++;
	pthread_mutex_unlock(&ledger->lock);
}

bool ledger_sum(const struct ledger *ledger, struct ledger_sums *sums)
{
	memset(sums, 0, sizeof(*sums));
	memcpy(sums->reloads, ledger->sums.reloads, sizeof(sums->reloads));
	counters_add(&sums->counters, &ledger->sums.counters);
	for (unsigned i = 0; i < ledger->workers->count; i++)
		counters_add(&sums->counters, ledger->workers->workers[i].serving.counters);
	if (tally_copy(&sums->tally, &ledger->sums.tally) &&
		book_add(ledger, &ledger->before, true, &sums->tally) &&
		book_add(ledger, &ledger->now, false, &sums->tally))
		return true;
	tally_free(&sums->tally);
	return false;
}

bool ledger_look(struct ledger *ledger, struct ledger_sums *sums)
{
	pthread_mutex_lock(&ledger->lock);
	bool good = ledger_sum(ledger, sums);
	pthread_mutex_unlock(&ledger->lock);
	return good;
}

bool ledger_inherit(struct ledger *ledger, const struct ledger_sums *sums)
{
	struct tally tally;
	if (!tally_copy(&tally, &sums->tally))
		return false;
	pthread_mutex_lock(&ledger->lock);
	counters_add(&ledger->sums.counters, &sums->counters);
	for (unsigned i = 0; i < LEDGER_RELOADS; i++)
		ledger->sums.reloads[i] += sums->reloads[i];
	tally_free(&ledger->sums.tally);
	ledger->sums.tally = tally;
	pthread_mutex_unlock(&ledger->lock);
	return true;
}
