#include "dns/load/load.h"

#include "dns/base/log.h"
#include "dns/base/why.h"
#include "dns/load/drain_file.h"
#include "dns/load/load_geo.h"
#include "dns/load/load_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What is not read again keeps the verdict that it has. */
static bool verdicts_take(const struct loading *loading)
{
	size_t count = inputs_files(loading->config);
	struct inputs_verdict *verdicts = calloc(count, sizeof(*verdicts));
	loading->inputs->verdicts = verdicts;
	for (size_t i = 0; verdicts && i < count; i++) {
		verdicts[i].fresh = inputs_due(loading, i);
		if (verdicts[i].fresh)
			continue;
		const char *why = loading->request->before->verdicts[i].why;
		verdicts[i].transient = loading->request->before->verdicts[i].transient;
		if (why && !(verdicts[i].why = strdup(why)))
			return false;
	}
	return verdicts;
}

/* Before anything is read: what changes from here on is noticed as a change. */
static bool stamps_take(const struct loading *loading)
{
	size_t count = inputs_files(loading->config);
	loading->inputs->stamps = calloc(count, sizeof(*loading->inputs->stamps));
	for (size_t i = 0; loading->inputs->stamps && i < count; i++) {
		const char *path = inputs_file(loading->config, i);
		if (path)
			loading->inputs->stamps[i] = file_stamp(path);
	}
	return loading->inputs->stamps;
}

static bool drains_take(const struct loading *loading)
{
	const struct inputs_request *request = loading->request;
	struct refcount **drains = &loading->inputs->drains;
	if (request->drains)
		*drains = refcount_hold(request->drains);
	else if (request->before)
		*drains = refcount_hold(request->before->drains);
	else
		*drains = drains_load(loading->config);
	return *drains;
}

/* Nothing but the configuration is read with the rights of root. */
static bool rights_take(
	const struct inputs_request *request, const struct config *config, char *why, size_t size)
{
	char sentence[512];
	struct account *account = request->account;
	if (!account || (user_lookup(config->user, account, sentence, sizeof(sentence)) &&
				user_borrow(account, sentence, sizeof(sentence))))
		return true;
	return why_write(why, size, "%s: %s", request->config_path, sentence);
}

static bool everything_load(struct loading *loading)
{
	struct inputs *inputs = loading->inputs;
	const struct inputs_request *request = loading->request;
	char why[INPUTS_WHY_MAX] = "out of memory";
	inputs->config = request->config_path
				 ? refcount_new(config_load(request->config_path, why, sizeof(why)),
					   config_free)
				 : refcount_hold(request->before->config);
	bool good = inputs->config && rights_take(request, inputs_config(inputs), why, sizeof(why));
	if (good) {
		loading->config = inputs_config(inputs);
		if (!request->before)
			log_detail_set(loading->config->log_level);
		inputs->zone_count = loading->config->zone_count;
		inputs->zones = calloc(inputs->zone_count, sizeof(*inputs->zones));
		good = inputs->zones && stamps_take(loading) && verdicts_take(loading) &&
		       drains_take(loading) && inputs_geo_load(loading, why, sizeof(why));
	}
	for (size_t z = 0; good && z < inputs->zone_count; z++)
		good = inputs_zone_load(loading, z, why, sizeof(why));
	if (request->account && !user_return(request->account, why, sizeof(why)))
		good = false;
	if (!good)
		snprintf(loading->why, loading->size, "%s", why);
	return good;
}

struct inputs *inputs_load(
	const struct inputs_request *request, unsigned *refused, char *why, size_t size)
{
	struct loading loading = {.request = request, .refused = refused, .why = why, .size = size};
	*refused = 0;
	loading.inputs = calloc(1, sizeof(*loading.inputs));
	if (!loading.inputs) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	loading.inputs->now = time(NULL);
	if (everything_load(&loading))
		return loading.inputs;
	inputs_free(loading.inputs);
	return NULL;
}
