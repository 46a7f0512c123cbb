#include "tools/cvd/mirror_check.h"

#include "dns/base/why.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	PARALLEL = 64,
	ANSWER_MS = 5000, /* in all, for one address */
	ALL_SECONDS = 120, /* for all of them: who has not been asked by then has nothing */
	POLL_MS = 100, /* how soon a stop is seen */
	HEADERS_MAX = 32768, /* octets */
	BUFFER_SIZE = 1024, /* libcurl's least */
	HTTP_OK = 200,
	HTTP_PARTIAL = 206,
};

/* One address that is being asked. */
struct transfer {
	CURL *easy;
	struct curl_slist *headers;
	char octets[CVD_HEADER_SIZE];
	size_t size, header_size;
	bool busy;
};

struct requests {
	struct mirror_check *check;
	enum cvd_database database;
	uint32_t version;
	CURLM *multi;
	struct transfer *transfers;
	size_t next; /* address */
	size_t pending; /* addresses under way */
	int64_t end; /* monotonic seconds */
};

bool mirror_check_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == 0;
}

void mirror_check_free(void)
{
	curl_global_cleanup();
}

static int64_t seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Takes what fits and no more: to take less than is there ends the transfer. */
static size_t octets_take(char *octets, size_t one, size_t count, void *owner)
{
	struct transfer *transfer = owner;
	size_t room = sizeof(transfer->octets) - transfer->size;
	size_t taken = one * count < room ? one * count : room;
	memcpy(transfer->octets + transfer->size, octets, taken);
	transfer->size += taken;
	return transfer->size < sizeof(transfer->octets) ? taken : 0;
}

static size_t header_take(char *octets, size_t one, size_t count, void *owner)
{
	struct transfer *transfer = owner;
	(void)octets;
	transfer->header_size += one * count;
	return transfer->header_size <= HEADERS_MAX ? one * count : 0;
}

static bool options_set(struct transfer *transfer)
{
	CURL *easy = transfer->easy;
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_RANGE, "0-511") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_USERAGENT, "ClamAV-MirrorCheck/" MIRRORNS_VERSION) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, octets_take) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_take) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK;
}

/* The host's name is only a header: what it holds cannot lead anywhere else than to the address. */
static bool address_set(
	struct requests *requests, struct transfer *transfer, const struct mirror_address *address)
{
	const struct mirror_check *check = requests->check;
	const char *host = check->host ? check->host : check->mirrors->list[address->mirror].host;
	char text[ADDRESS_TEXT_MAX], url[128], line[320], port[8] = "";
	if (check->port != 80) /* RFC 9110 7.2 */
		snprintf(port, sizeof(port), ":%u", check->port);
	snprintf(url, sizeof(url),
		address->at.ipv6 ? "http://[%s]:%u/%s.cvd" : "http://%s:%u/%s.cvd",
		address_write(&address->at, text), check->port,
		cvd_database_names[requests->database]);
	snprintf(line, sizeof(line), "Host: %s%s", host, port);
	curl_slist_free_all(transfer->headers);
	transfer->headers = curl_slist_append(NULL, line);
	return transfer->headers && options_set(transfer) &&
	       curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) ==
		       CURLE_OK &&
	       curl_easy_setopt(transfer->easy, CURLOPT_URL, url) == CURLE_OK;
}

/* False: no memory. */
static bool transfer_start(
	struct requests *requests, struct transfer *transfer, const struct mirror_address *address)
{
	if (!transfer->easy)
		transfer->easy = curl_easy_init();
	transfer->size = transfer->header_size = 0;
	if (!transfer->easy || !address_set(requests, transfer, address) ||
		curl_multi_add_handle(requests->multi, transfer->easy) != CURLM_OK)
		return false;
	transfer->busy = true;
	requests->pending++;
	return true;
}

/* Starts as many as may be under way together. */
static bool transfers_start(struct requests *requests)
{
	const struct mirrors *mirrors = requests->check->mirrors;
	for (size_t i = 0; i < PARALLEL; i++) {
		const struct mirror_address *address = NULL;
		if (requests->transfers[i].busy)
			continue;
		while (!address && requests->next < mirrors->address_count) {
			address = &mirrors->addresses[requests->next++];
			if (!mirror_in_service(mirrors->list[address->mirror].state))
				address = NULL;
		}
		if (!address)
			return true;
		if (!transfer_start(requests, &requests->transfers[i], address))
			return false;
	}
	return true;
}

/* However the transfer ended: when the octets are there, they count. */
static bool transfer_has_version(const struct requests *requests, const struct transfer *transfer)
{
	struct cvd cvd;
	char why[256];
	long status = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return (status == HTTP_OK || status == HTTP_PARTIAL) &&
	       cvd_parse(&cvd, transfer->octets, transfer->size, why, sizeof(why)) &&
	       cvd.version >= requests->version;
}

static void transfers_end(struct requests *requests)
{
	const CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(requests->multi, &left))) {
		struct transfer *transfer = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		requests->check->have += transfer_has_version(requests, transfer);
		curl_multi_remove_handle(requests->multi, transfer->easy);
		transfer->busy = false;
		requests->pending--;
	}
}

static bool is_stopped(const struct mirror_check *check)
{
	return check->stop && atomic_load(check->stop);
}

/* False: libcurl has no memory. */
static bool requests_run(struct requests *requests)
{
	int running;
	while (!mirror_check_passed(requests->check) && !is_stopped(requests->check) &&
		seconds_now() < requests->end) {
		if (!transfers_start(requests))
			return false;
		if (!requests->pending)
			return true;
		if (curl_multi_perform(requests->multi, &running) != CURLM_OK)
			return false;
		transfers_end(requests);
		if (running && curl_multi_poll(requests->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
			return false;
	}
	return true;
}

static void requests_free(struct requests *requests)
{
	for (size_t i = 0; requests->transfers && i < PARALLEL; i++) {
		struct transfer *transfer = &requests->transfers[i];
		if (transfer->busy)
			curl_multi_remove_handle(requests->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
		curl_slist_free_all(transfer->headers);
	}
	if (requests->multi)
		curl_multi_cleanup(requests->multi);
	free(requests->transfers);
}

bool mirror_check_run(struct mirror_check *check, enum cvd_database database, uint32_t version,
	char *why, size_t size)
{
	struct requests requests = {
		.check = check,
		.database = database,
		.version = version,
		.end = seconds_now() + ALL_SECONDS,
	};
	check->asked = check->mirrors->in_service;
	check->wanted = (check->asked * check->share + 99) / 100;
	check->have = 0;
	requests.multi = curl_multi_init();
	requests.transfers = calloc(PARALLEL, sizeof(*requests.transfers));
	bool good = requests.multi && requests.transfers && requests_run(&requests);
	requests_free(&requests);
	return good || why_write(why, size, "the mirrors cannot be checked: out of memory");
}

bool mirror_check_passed(const struct mirror_check *check)
{
	return check->asked && check->have >= check->wanted;
}
