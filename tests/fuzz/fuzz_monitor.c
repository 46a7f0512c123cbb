/* tests/fuzz/fuzz_monitor.c - any octets as what mirrors send and people write for the monitor: the
 * first one says what. */
#include "tools/cvd/cvd.h"
#include "tools/cvd/version_string.h"
#include "tools/monitor/config/list.h"
#include "tools/monitor/probe/probe.h"
#include "tools/monitor/probe/timestamp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static char why[1024];

/* A refusal is one sentence, and says something. */
static void refused(bool is)
{
	if (is && (!why[0] || strchr(why, '\n')))
		abort();
}

static void stamp_try(const char *octets, size_t size)
{
	char text[PROBE_QUOTE_MAX];
	int64_t stamp;
	if (probe_stamp(octets, size, &stamp) && (stamp <= 0 || stamp > 253402300799))
		abort();
	probe_quote(octets, size, text);
	for (const char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			abort();
}

static void header_try(const char *octets, size_t size)
{
	struct cvd cvd;
	bool good = cvd_parse(&cvd, octets, size, why, sizeof(why));
	refused(!good);
	if (good && (!cvd.version || size < CVD_HEADER_SIZE))
		abort();
}

/* What is written again is read again. */
static void version_string_try(const char *octets, size_t size)
{
	struct version_string string, again;
	char text[VERSION_STRING_MAX + 1];
	bool good = version_string_parse(&string, octets, size, why, sizeof(why));
	refused(!good);
	size_t length = good ? version_string_print(&string, text) : 0;
	if (length == 0)
		return;
	if (!version_string_parse(&again, text, length, why, sizeof(why)) ||
		again.time != string.time ||
		memcmp(again.versions, string.versions, sizeof(again.versions)) != 0)
		abort();
}

static void list_try(const char *octets, size_t size)
{
	const struct list_source source = {octets, size, "list", size % 2};
	struct mirror_list *mirror_list = list_parse(&source, why, sizeof(why));
	refused(!mirror_list);
	for (size_t i = 0; mirror_list && i < mirror_list->count; i++)
		if (!mirror_list->list[i].country || !mirror_list->list[i].weight ||
			!mirror_list->list[i].port)
			abort();
	list_free(mirror_list);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static void (*const tries[])(const char *octets, size_t size) = {
		stamp_try, header_try, version_string_try, list_try};
	if (size < 1)
		return 0;
	/* Exactly sized, and at an address of its own alignment. */
	char *copy = malloc(size);
	if (!copy)
		abort();
	memcpy(copy, octets + 1, size - 1);
	why[0] = '\0';
	tries[octets[0] % (sizeof(tries) / sizeof(*tries))](copy, size - 1);
	free(copy);
	return 0;
}
