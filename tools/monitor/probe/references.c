#include "tools/monitor/probe/references.h"

#include <stdlib.h>

/* Of a TLS handshake and some headers. */
enum { OCTETS_MAX = 262144 };

struct reference {
	struct reach *reach;
	struct transfer *transfer;
};

struct reach {
	const struct settings *settings;
	struct reference references[SETTINGS_REFERENCES_MAX];
	size_t asked; /* that have not answered yet; 0: nobody waits */
	reach_answer *answer;
	void *owner;
};

static bool head_came(void *owner, long status)
{
	(void)owner, (void)status;
	return false;
}

static void reach_end(struct reach *reach, bool reached)
{
	for (size_t i = 0; i < reach->settings->reference_count; i++)
		transfer_stop(reach->references[i].transfer);
	reach->asked = 0;
	reach->answer(reach->owner, reached);
}

static void reply_came(void *owner, const struct transfer_reply *reply)
{
	struct reference *reference = owner;
	bool good = reply->end != TRANSFER_FAILED && reply->status < 500;
	if (good || --reference->reach->asked == 0)
		reach_end(reference->reach, good);
}

struct reach *reach_new(struct transfers *transfers, const struct settings *settings,
	reach_answer *answer, void *owner)
{
	static const struct transfer_calls calls = {head_came, NULL, reply_came};
	struct reach *reach = calloc(1, sizeof(*reach));
	if (!reach)
		return NULL;
	reach->settings = settings;
	reach->answer = answer;
	reach->owner = owner;
	for (size_t i = 0; i < settings->reference_count; i++) {
		reach->references[i].reach = reach;
		reach->references[i].transfer =
			transfer_new(transfers, &calls, &reach->references[i]);
		if (!reach->references[i].transfer) {
			reach_free(reach);
			return NULL;
		}
	}
	return reach;
}

void reach_ask(struct reach *reach)
{
	const struct settings *settings = reach->settings;
	if (reach->asked)
		return;
	for (size_t i = 0; i < settings->reference_count; i++) {
		struct transfer_ask ask = {.url = settings->references[i],
			.secure = true,
			.limit_seconds = settings->timeout,
			.left_milliseconds = settings->timeout * 1000,
			.most = OCTETS_MAX,
			.last = true};
		reach->asked += transfer_start(reach->references[i].transfer, &ask);
	}
	if (!reach->asked)
		reach_end(reach, false);
}

void reach_free(struct reach *reach)
{
	if (!reach)
		return;
	for (size_t i = 0; i < SETTINGS_REFERENCES_MAX; i++)
		transfer_free(reach->references[i].transfer);
	free(reach);
}
