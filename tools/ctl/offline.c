#include "tools/ctl/offline.h"

#include "dns/explain/diff.h"
#include "dns/explain/explain.h"
#include "dns/explain/pool_table.h"
#include "dns/load/load.h"
#include "dns/snapshot/build.h"
#include "dns/base/json.h"

#include <stdio.h>
#include <string.h>

typedef void offline_verb(
	const struct snapshot *snapshot, const json_t *request, struct reply *reply);

static void explain(const struct snapshot *snapshot, const json_t *request, struct reply *reply)
{
	reply->result = explain_json(snapshot, field_text(request, "name"),
		field_text(request, "address"), reply->why, sizeof(reply->why));
	reply->status = reply->result ? STATUS_GOOD : STATUS_FAILED;
}

static void pools(const struct snapshot *snapshot, const json_t *request, struct reply *reply)
{
	reply->result =
		pool_table_json(snapshot, json_string_value(json_object_get(request, "pattern")),
			reply->why, sizeof(reply->why));
	reply->status = reply->result ? STATUS_GOOD : STATUS_FAILED;
}

static void diff(const struct snapshot *snapshot, const json_t *request, struct reply *reply)
{
	static const int statuses[] = {[DIFF_SAME] = 0, [DIFF_CHANGES] = 1, [DIFF_REFUSED] = 2};
	reply->status = statuses[diff_json(snapshot, field_text(request, "file"), &reply->result,
		reply->why, sizeof(reply->why))];
}

static const struct {
	const char *name;
	offline_verb *run;
} verbs[] = {{"explain", explain}, {"pools", pools}, {"diff", diff}};

enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

bool offline_has(const char *verb)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, verb) == 0)
			return true;
	return false;
}

void offline_ask(const char *config_path, const json_t *request, struct reply *reply)
{
	unsigned refused;
	struct inputs_request load = {.config_path = config_path};
	*reply = (struct reply){.status = STATUS_WRONG};
	struct inputs *inputs = inputs_load(&load, &refused, reply->why, sizeof(reply->why));
	struct snapshot *snapshot =
		inputs ? snapshot_new(inputs, NULL, reply->why, sizeof(reply->why)) : NULL;
	if (!snapshot)
		return;
	reply->why[0] = '\0';
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, field_text(request, "verb")) == 0)
			verbs[i].run(snapshot, request, reply);
	snapshot_free(snapshot);
}
