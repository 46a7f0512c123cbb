#include "tools/monitor/probe/references.h"

#include <stdlib.h>

/* Of a TLS handshake and some headers. */
enum { OCTETS_MAX = 262144 };

struct reference {
	struct references *references;
	struct transfer *transfer;
};

struct references {
	const struct settings *settings;
	struct reference references[SETTINGS_REFERENCES_MAX];
	size_t asked; /* that have not answered yet; 0: nobody waits */
	references_answer *answer;
	void *owner;
};

static bool head_came(void *owner, long status)
{
	(void)owner, (void)status;
	return false;
}

static void references_end(struct references *references, bool reached)
{
	for (size_t i = 0; i < references->settings->reference_count; i++)
		transfer_stop(references->references[i].transfer);
	references->asked = 0;
	references->answer(references->owner, reached);
}

static void reply_came(void *owner, const struct transfer_reply *reply)
{
	struct reference *reference = owner;
	bool good = reply->end != TRANSFER_FAILED && reply->status < 500;
	if (good || --reference->references->asked == 0)
		references_end(reference->references, good);
}

struct references *references_new(struct transfers *transfers, const struct settings *settings,
	references_answer *answer, void *owner)
{
	static const struct transfer_calls calls = {head_came, NULL, reply_came};
	struct references *references = calloc(1, sizeof(*references));
	if (!references)
		return NULL;
	references->settings = settings;
	references->answer = answer;
	references->owner = owner;
	for (size_t i = 0; i < settings->reference_count; i++) {
		references->references[i].references = references;
		references->references[i].transfer =
			transfer_new(transfers, &calls, &references->references[i]);
		if (!references->references[i].transfer) {
			references_free(references);
			return NULL;
		}
	}
	return references;
}

void references_ask(struct references *references)
{
	const struct settings *settings = references->settings;
	if (references->asked)
		return;
	for (size_t i = 0; i < settings->reference_count; i++) {
		struct transfer_ask ask = {.url = settings->references[i],
			.secure = true,
			.limit_seconds = settings->timeout,
			.left_milliseconds = settings->timeout * 1000,
			.most = OCTETS_MAX,
			.last = true};
		references->asked += transfer_start(references->references[i].transfer, &ask);
	}
	if (!references->asked)
		references_end(references, false);
}

void references_free(struct references *references)
{
	if (!references)
		return;
	for (size_t i = 0; i < SETTINGS_REFERENCES_MAX; i++)
		transfer_free(references->references[i].transfer);
	free(references);
}
