#include "tools/monitor/probe/ping_hints.h"

#include "dns/base/log.h"
#include "tools/monitor/probe/http_error.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A page of a large network is some megabytes; what is longer than a line's room is not ours. */
enum { LINE_MAX_OCTETS = 512, PAGE_MAX = 64 << 20 };

struct count {
	struct roster_address address;
	uint64_t failed, good; /* at the last look */
	uint64_t failed_now, good_now; /* on this page, all zones together */
	bool known; /* it was on the last page */
};

struct hint {
	struct transfer *transfer;
	const struct settings *settings;
	struct count *counts; /* sorted by address */
	size_t count;
	hint_named *named;
	void *owner;
	bool looking, seen; /* seen: a page has been read before */
	char line[LINE_MAX_OCTETS];
	size_t line_size; /* beyond its room: the rest is skipped */
	uint64_t page_size;
	char trouble[TRANSFER_WHY_MAX]; /* that keeps the page from being read; "": none */
};

static int address_compare(const void *a, const void *b)
{
	const struct roster_address *left = a, *right = b;
	int families = (int)left->ipv6 - (int)right->ipv6;
	return families ? families : memcmp(left->octets, right->octets, sizeof(left->octets));
}

static int count_compare(const void *a, const void *b)
{
	return address_compare(
		&((const struct count *)a)->address, &((const struct count *)b)->address);
}

static struct count *count_find(const struct hint *hint, const struct roster_address *address)
{
	struct count key = {.address = *address};
	return hint->counts ? bsearch(&key, hint->counts, hint->count, sizeof(key), count_compare)
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
static void line_take(struct hint *hint)
{
	static const char name[] = "mirrorns_pings_total{";
	struct roster_address address = {0};
	char text[INET6_ADDRSTRLEN], result[16];
	const char *value = strstr(hint->line, "} ");
	if (strncmp(hint->line, name, sizeof(name) - 1) != 0 || !value ||
		!label_copy(hint->line, "address=\"", text, sizeof(text)) ||
		!label_copy(hint->line, "result=\"", result, sizeof(result)))
		return;
	address.ipv6 = strchr(text, ':') != NULL;
	if (inet_pton(address.ipv6 ? AF_INET6 : AF_INET, text, address.octets) != 1)
		return;
	struct count *count = count_find(hint, &address);
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
	struct hint *hint = owner;
	for (size_t i = 0; i < size; i++) {
		if (octets[i] != '\n') {
			if (hint->line_size < LINE_MAX_OCTETS)
				hint->line[hint->line_size++] = octets[i];
			continue;
		}
		if (hint->line_size < LINE_MAX_OCTETS) {
			hint->line[hint->line_size] = '\0';
			line_take(hint);
		}
		hint->line_size = 0;
	}
	hint->page_size += size;
	return hint->page_size <= PAGE_MAX;
}

/* What has come since the last look; none where the server has begun anew. */
static uint64_t growth(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

/* Names those whose pings failed clearly more often than all pings together did: what is wrong with the clients, or with the
 * network, is wrong for every mirror. */
static void page_judge(struct hint *hint)
{
	uint64_t failed = 0, all = 0;
	unsigned names = 0;
	for (size_t i = 0; i < hint->count; i++) {
		const struct count *count = &hint->counts[i];
		if (!count->known)
			continue;
		uint64_t grown = growth(count->failed, count->failed_now);
		failed += grown;
		all += grown + growth(count->good, count->good_now);
	}
	for (size_t i = 0; i < hint->count && names < HINT_NAMES_MAX; i++) {
		const struct count *count = &hint->counts[i];
		uint64_t grown = growth(count->failed, count->failed_now);
		if (!count->known || grown < HINT_FAILED_MIN)
			continue;
		double own = (double)(grown + growth(count->good, count->good_now));
		double share = own * (double)failed / (double)all;
		if ((double)grown > 1.5 * share || all == grown) {
			hint->named(hint->owner, &count->address);
			names++;
		}
	}
}

/* Said once; the URL is not, for it may have a password. */
static void trouble_say(struct hint *hint, const struct transfer_reply *reply)
{
	char why[TRANSFER_WHY_MAX] = "";
	if (reply->end == TRANSFER_FAILED)
		snprintf(why, sizeof(why), "%s", reply->why);
	else if (reply->end == TRANSFER_LEFT && reply->status != 200)
		snprintf(why, sizeof(why), "HTTP %ld", reply->status);
	else if (reply->end == TRANSFER_LEFT)
		snprintf(why, sizeof(why), "more than %d octets", PAGE_MAX);
	if (strcmp(why, hint->trouble) == 0)
		return;
	if (why[0])
		log_line(LOG_LEVEL_WARNING, "The ping metrics page cannot be read: %s", why);
	else
		log_line(LOG_LEVEL_INFO, "The ping metrics page is readable");
	memcpy(hint->trouble, why, sizeof(why));
}

static void reply_came(void *owner, const struct transfer_reply *reply)
{
	struct hint *hint = owner;
	hint->looking = false;
	trouble_say(hint, reply);
	if (reply->end != TRANSFER_WHOLE)
		return;
	if (hint->seen)
		page_judge(hint);
	hint->seen = true;
	for (size_t i = 0; i < hint->count; i++) {
		struct count *count = &hint->counts[i];
		count->failed = count->failed_now;
		count->good = count->good_now;
		count->known = true;
	}
}

struct hint *hint_new(struct transfers *transfers, const struct settings *settings,
	hint_named *named, void *owner)
{
	static const struct transfer_calls calls = {head_came, page_came, reply_came};
	struct hint *hint = calloc(1, sizeof(*hint));
	if (!hint)
		return NULL;
	hint->settings = settings;
	hint->named = named;
	hint->owner = owner;
	hint->transfer = transfer_new(transfers, &calls, hint);
	if (hint->transfer)
		return hint;
	free(hint);
	return NULL;
}

bool hint_set(struct hint *hint, const struct roster_address *addresses, size_t count)
{
	struct count *counts = calloc(count + 1, sizeof(*counts));
	for (size_t i = 0; counts && i < count; i++) {
		const struct count *before = count_find(hint, &addresses[i]);
		if (before)
			counts[i] = *before;
		counts[i].address = addresses[i];
	}
	free(hint->counts);
	hint->counts = counts;
	hint->count = counts ? count : 0;
	if (counts)
		qsort(counts, count, sizeof(*counts), count_compare);
	return counts != NULL;
}

void hint_look(struct hint *hint)
{
	struct transfer_ask ask = {.url = hint->settings->pings,
		.secure = true,
		.limit_seconds = hint->settings->timeout,
		.left_milliseconds = hint->settings->timeout * 1000,
		.most = PAGE_MAX * 2ULL,
		.last = true};
	if (hint->looking)
		return;
	for (size_t i = 0; i < hint->count; i++)
		hint->counts[i].failed_now = hint->counts[i].good_now = 0;
	hint->line_size = 0;
	hint->page_size = 0;
	hint->looking = transfer_start(hint->transfer, &ask);
}

void hint_free(struct hint *hint)
{
	if (!hint)
		return;
	transfer_free(hint->transfer);
	free(hint->counts);
	free(hint);
}
