#include "dns/control/reload_say.h"

#include "dns/base/log.h"
#include "dns/base/systemd.h"

#include <string.h>

static bool listens_differ(const struct config *a, const struct config *b)
{
	if (a->listen_count != b->listen_count)
		return true;
	for (size_t i = 0; i < a->listen_count; i++)
		if (a->listens[i].size != b->listens[i].size ||
			memcmp(&a->listens[i].address, &b->listens[i].address,
				a->listens[i].size) != 0)
			return true;
	return false;
}

void reload_say_restart(const struct config *started, const struct config *now)
{
	const struct {
		bool differs;
		const char *name;
	} options[] = {
		{listens_differ(started, now), " listen"},
		{started->workers != now->workers, " workers"},
		{strcmp(started->user, now->user) != 0, " user"},
		{started->socket_affinity != now->socket_affinity, " socket-affinity"},
		{strcmp(started->control_group, now->control_group) != 0, " control-group"},
		{strcmp(started->metrics.text, now->metrics.text) != 0, " metrics"},
		{strcmp(started->control, now->control) != 0, " control"},
	};
	char names[128] = "";
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].differs)
			strncat(names, options[i].name, sizeof(names) - strlen(names) - 1);
	if (names[0])
		log_line(LOG_LEVEL_WARNING,
			"Changed options need a restart or mirrorns --takeover:%s; "
			"all other changes are in service",
			names);
}

void reload_say_status(const struct inputs *inputs, const char *refused)
{
	size_t addresses = 0;
	for (size_t z = 0; z < inputs->zone_count; z++) {
		const struct mirrors *mirrors = refcount_get(inputs->zones[z].mirrors);
		addresses += mirrors ? mirrors->in_service : 0;
	}
	systemd_status("Serving %zu zone%s, %zu mirror address%s in service%s%s",
		inputs->zone_count, inputs->zone_count == 1 ? "" : "s", addresses,
		addresses == 1 ? "" : "es", *refused ? "; last refusal: " : "", refused);
}
