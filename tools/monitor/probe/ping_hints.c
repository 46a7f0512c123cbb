#include "tools/monitor/probe/ping_hints.h"

#include "dns/base/log.h"
#include "tools/monitor/probe/http_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A page of a large network is some megabytes; what is longer than a line's room is not ours. */
enum { LINE_MAX_OCTETS = 512, PAGE_MAX = 64 << 20 };

struct count {
	struct address address;
	uint64_t failed, good; /* at the last look */
	uint64_t failed_now, good_now; /* on this page, all zones together */
	bool known; /* it was on the last page */
};

struct ping_hints {
	struct transfer *transfer;
	const struct settings *settings;
	struct count *counts; /* sorted by address */
	size_t count;
	ping_hints_named *named;
	void *owner;
	bool looking, seen; /* seen: a page has been read before */
	char line[LINE_MAX_OCTETS];
	size_t line_size; /* beyond its room: the rest is skipped */
	uint64_t page_size;
	char trouble[TRANSFER_WHY_MAX]; /* that keeps the page from being read; "": none */
};

static struct count *count_find(const struct ping_hints *hints, const struct address *address)
{
	return hints->counts ? bsearch(address, hints->counts, hints->count, sizeof(*hints->counts),
				       address_compare)
			     : NULL;
}

/* The value of a label, cut to `size`. False: it is not there, or longer. */
static bool label_copy(const char *line, const char *name, char *value, size_t size)
{
	const char *at = strstr(line, name);
	size_t length = at ? strcspn(at + strlen(name), "\"") : 0;
	if (!at || length >= size)
		return false;
	memcpy(value, at + strlen(name), length);
	value[length] = '\0';
	return true;
}

/* mirrorns_pings_total{zone="…",address="192.0.2.1",result="failed"} 12 */
static void line_take(struct ping_hints *hints)
{
	static const char name[] = "mirrorns_pings_total{";
	struct address address;
	char text[ADDRESS_TEXT_MAX], result[16];
	const char *value = strstr(hints->line, "} ");
	if (strncmp(hints->line, name, sizeof(name) - 1) != 0 || !value ||
		!label_copy(hints->line, "address=\"", text, sizeof(text)) ||
		!label_copy(hints->line, "result=\"", result, sizeof(result)))
		return;
	struct count *count = address_parse(&address, text) ? count_find(hints, &address) : NULL;
	uint64_t number = strtoull(value + 2, NULL, 10);
	if (count && number < UINT64_MAX / 1024)
		*(strcmp(result, "failed") == 0 ? &count->failed_now : &count->good_now) += number;
}

static bool head_came(void *owner, long status)
{
	(void)owner;
	return status == 200;
}

static bool page_came(void *owner, const char *octets, size_t size)
{
	struct ping_hints *hints = owner;
	for (size_t i = 0; i < size; i++) {
		if (octets[i] != '\n') {
			if (hints->line_size < LINE_MAX_OCTETS)
				hints->line[hints->line_size++] = octets[i];
			continue;
		}
		if (hints->line_size < LINE_MAX_OCTETS) {
			hints->line[hints->line_size] = '\0';
			line_take(hints);
		}
		hints->line_size = 0;
	}
	hints->page_size += size;
	return hints->page_size <= PAGE_MAX;
}

/* What has come since the last look; none where the server has begun anew. */
static uint64_t growth(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

/* Names those whose pings failed clearly more often than all pings together did: what is wrong with
 * the clients, or with the network, is wrong for every mirror. */
static void page_judge(struct ping_hints *hints)
{
	uint64_t failed = 0, all = 0;
	unsigned names = 0;
	for (size_t i = 0; i < hints->count; i++) {
		const struct count *count = &hints->counts[i];
		if (!count->known)
			continue;
		uint64_t grown = growth(count->failed, count->failed_now);
		failed += grown;
		all += grown + growth(count->good, count->good_now);
	}
	for (size_t i = 0; i < hints->count && names < PING_HINTS_NAMES_MAX; i++) {
		const struct count *count = &hints->counts[i];
		uint64_t grown = growth(count->failed, count->failed_now);
		if (!count->known || grown < PING_HINTS_FAILED_MIN)
			continue;
		double own = (double)(grown + growth(count->good, count->good_now));
		double share = own * (double)failed / (double)all;
		if ((double)grown > 1.5 * share || all == grown) {
			hints->named(hints->owner, &count->address);
			names++;
		}
	}
}

/* Said once; the URL is not, for it may have a password. */
static void trouble_say(struct ping_hints *hints, const struct transfer_reply *reply)
{
	char why[TRANSFER_WHY_MAX] = "";
	if (reply->end == TRANSFER_FAILED)
		snprintf(why, sizeof(why), "%s", reply->why);
	else if (reply->end == TRANSFER_LEFT && reply->status != 200)
		snprintf(why, sizeof(why), "HTTP %ld", reply->status);
	else if (reply->end == TRANSFER_LEFT)
		snprintf(why, sizeof(why), "more than %d octets", PAGE_MAX);
	if (strcmp(why, hints->trouble) == 0)
		return;
	if (why[0])
		log_line(LOG_LEVEL_WARNING, "The ping metrics page cannot be read: %s", why);
	else
		log_line(LOG_LEVEL_INFO, "The ping metrics page is readable");
	memcpy(hints->trouble, why, sizeof(why));
}

static void reply_came(void *owner, const struct transfer_reply *reply)
{
	struct ping_hints *hints = owner;
	hints->looking = false;
	trouble_say(hints, reply);
	if (reply->end != TRANSFER_WHOLE)
		return;
	if (hints->seen)
		page_judge(hints);
	hints->seen = true;
	for (size_t i = 0; i < hints->count; i++) {
		struct count *count = &hints->counts[i];
		count->failed = count->failed_now;
		count->good = count->good_now;
		count->known = true;
	}
}

struct ping_hints *ping_hints_new(struct transfers *transfers, const struct settings *settings,
	ping_hints_named *named, void *owner)
{
	static const struct transfer_calls calls = {head_came, page_came, reply_came};
	struct ping_hints *hints = calloc(1, sizeof(*hints));
	if (!hints)
		return NULL;
	hints->settings = settings;
	hints->named = named;
	hints->owner = owner;
	hints->transfer = transfer_new(transfers, &calls, hints);
	if (hints->transfer)
		return hints;
	free(hints);
	return NULL;
}

bool ping_hints_set(struct ping_hints *hints, const struct address *addresses, size_t count)
{
	struct count *counts = calloc(count + 1, sizeof(*counts));
	for (size_t i = 0; counts && i < count; i++) {
		const struct count *before = count_find(hints, &addresses[i]);
		if (before)
			counts[i] = *before;
		counts[i].address = addresses[i];
	}
	free(hints->counts);
	hints->counts = counts;
	hints->count = counts ? count : 0;
	if (counts)
		qsort(counts, count, sizeof(*counts), address_compare);
	return counts != NULL;
}

void ping_hints_look(struct ping_hints *hints)
{
	struct transfer_ask ask = {.url = hints->settings->pings,
		.secure = true,
		.limit_seconds = hints->settings->timeout,
		.left_milliseconds = hints->settings->timeout * 1000,
		.most = PAGE_MAX * 2ULL,
		.last = true};
	if (hints->looking)
		return;
	for (size_t i = 0; i < hints->count; i++)
		hints->counts[i].failed_now = hints->counts[i].good_now = 0;
	hints->line_size = 0;
	hints->page_size = 0;
	hints->looking = transfer_start(hints->transfer, &ask);
}

void ping_hints_free(struct ping_hints *hints)
{
	if (!hints)
		return;
	transfer_free(hints->transfer);
	free(hints->counts);
	free(hints);
}
