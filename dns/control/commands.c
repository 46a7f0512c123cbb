#include "dns/control/commands.h"

#include "dns/control/command_drain.h"
#include "dns/control/context.h"
#include "dns/control/status.h"
#include "dns/explain/diff.h"
#include "dns/explain/explain.h"
#include "dns/explain/pool_table.h"
#include "dns/stats/pings.h"
#include "dns/stats/stats.h"

#include <stdio.h>

/* Takes over `result`; NULL: `why` has the sentence. */
static void result_reply(struct control_request *request, json_t *result, const char *why)
{
	control_reply(request, result ? STATUS_GOOD : STATUS_FAILED, result, result ? NULL : why);
}

static void status_run(struct control_request *request)
{
	const struct command_context *place = control_owner(request);
	result_reply(request, status_json(place->reload, place->started), "out of memory");
}

static void stats_run(struct control_request *request)
{
	const struct reload *reload =
		((const struct command_context *)control_owner(request))->reload;
	result_reply(request, stats_json(reload->totals, reload->current), "out of memory");
}

/* Done, every worker serves it, or refused: the exit status of mirrornsctl is the truth. */
static void on_reload_done(void *owner, const struct reload_outcome *outcome)
{
	char why[RELOAD_WHY_MAX + 64];
	bool good = outcome->served && !outcome->refused;
	const char *state = !outcome->served ? "refused" : good ? "ok" : "partly refused";
	snprintf(why, sizeof(why), "%s", outcome->why);
	if (outcome->refused > 1)
		snprintf(why, sizeof(why), "%s; and %u more, see the log", outcome->why,
			outcome->refused - 1);
	control_reply(owner, good ? STATUS_GOOD : STATUS_FAILED,
		json_pack("{s:s}", "reload", state), good ? NULL : why);
}

static void reload_run(struct control_request *request)
{
	const struct command_context *place = control_owner(request);
	const struct reload_wish wish = {
		.all = true,
		.force = json_is_true(json_object_get(control_arguments(request), "force")),
		.done = on_reload_done,
		.owner = request,
	};
	if (!reload_ask(place->reload, &wish))
		control_reply(request, STATUS_FAILED, NULL, "out of memory");
}

static const char *argument(const struct control_request *request, const char *name)
{
	return json_string_value(json_object_get(control_arguments(request), name));
}

static const struct snapshot *snapshot_of(const struct control_request *request)
{
	const struct command_context *place = control_owner(request);
	return place->reload->current;
}

static void explain_run(struct control_request *request)
{
	const char *name = argument(request, "name"), *address = argument(request, "address");
	char why[RELOAD_WHY_MAX];
	if (!name || !address)
		control_reply(request, STATUS_WRONG, NULL, "explain needs a name and an address");
	else
		result_reply(request,
			explain_json(snapshot_of(request), name, address, why, sizeof(why)), why);
}

static void pools_run(struct control_request *request)
{
	char why[RELOAD_WHY_MAX];
	json_t *table = pool_table_json(
		snapshot_of(request), argument(request, "pattern"), why, sizeof(why));
	result_reply(request, table, why);
}

static void pings_run(struct control_request *request)
{
	const struct command_context *place = control_owner(request);
	struct totals_values values;
	char why[RELOAD_WHY_MAX] = "out of memory";
	json_t *result = NULL;
	if (totals_copy(place->reload->totals, &values)) {
		result = pings_json(snapshot_of(request), &values.pool_counts,
			argument(request, "pattern"), why, sizeof(why));
		pool_counts_free(&values.pool_counts);
	}
	result_reply(request, result, why);
}

/* As mirrornsctl exits: 0 the same, 1 changes, 2 refused or unreadable. */
static void diff_run(struct control_request *request)
{
	static const enum exit_status statuses[] = {[DIFF_SAME] = STATUS_GOOD,
		[DIFF_CHANGES] = STATUS_FAILED,
		[DIFF_REFUSED] = STATUS_WRONG};
	const char *file = argument(request, "file");
	char why[RELOAD_WHY_MAX];
	json_t *result = NULL;
	if (!file) {
		control_reply(request, STATUS_WRONG, NULL, "diff needs a file");
		return;
	}
	enum diff_result outcome = diff_json(snapshot_of(request), file, &result, why, sizeof(why));
	control_reply(request, statuses[outcome], result, outcome == DIFF_REFUSED ? why : NULL);
}

static void takeover_run(struct control_request *request)
{
	const struct command_context *place = control_owner(request);
	takeover_server_begin(place->takeover, request);
}

/* The last column: who asked is logged. */
const struct control_verb commands_table[] = {
	{"status", status_run, false},
	{"stats", stats_run, false},
	{"explain", explain_run, false},
	{"pools", pools_run, false},
	{"pings", pings_run, false},
	{"diff", diff_run, false},
	{"reload", reload_run, true},
	{"drain", command_drain, true},
	{"undrain", command_undrain, true},
	{"takeover", takeover_run, true},
	{.name = NULL},
};
