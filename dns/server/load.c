#include "dns/server/load.h"

#include "dns/base/clock.h"
#include "dns/base/log.h"
#include "dns/load/load.h"
#include "dns/snapshot/build.h"

enum { LONG_MS = 1000, MS_IN_SECOND = 1000, NS_IN_SECOND = 1000000000 };

void server_say_zones(const struct snapshot *snapshot)
{
	const struct config *config = inputs_config(snapshot->inputs);
	size_t count =
		config->zone_count < INPUTS_SAY_ZONES ? config->zone_count : INPUTS_SAY_ZONES;
	for (size_t z = 0; z < count; z++) {
		const struct mirrors *mirrors = refcount_get(snapshot->inputs->zones[z].mirrors);
		const struct zone_file *file = refcount_get(snapshot->inputs->zones[z].file);
		log_line(LOG_LEVEL_INFO,
			"Zone %s loaded serial=%u names=%zu pools=%zu mirrors=%zu addresses_in_service=%zu",
			config->zones[z].name, file->serial, zone_names(snapshot->zones[z].zone),
			config->zones[z].pool_count, mirrors ? mirrors->hosts : 0,
			mirrors ? mirrors->in_service : 0);
	}
	if (config->zone_count > count)
		log_line(LOG_LEVEL_INFO, "%zu more zone%s loaded (not listed)",
			config->zone_count - count, config->zone_count - count == 1 ? "" : "s");
}

/* A slow start says what takes the time. */
static void long_say(const struct inputs *inputs, uint64_t read_ms, uint64_t build_ms)
{
	const struct place_database *database = refcount_get(inputs->database);
	if (read_ms + build_ms < LONG_MS)
		return;
	log_line(LOG_LEVEL_INFO,
		"Loading took %.1f s: reading %.1f s, of that the country database %.1f s; "
		"compiling pools and their maps %.1f s networks=%zu",
		(double)(read_ms + build_ms) / MS_IN_SECOND, (double)read_ms / MS_IN_SECOND,
		(double)inputs->geo_ms / MS_IN_SECOND, (double)build_ms / MS_IN_SECOND,
		database ? database->networks : 0);
}

struct snapshot *server_load(
	const char *path, struct account *account, unsigned *refused, char *why)
{
	struct inputs_request request = {.config_path = path, .account = account};
	account->found = false;
	uint64_t begin = clock_ms();
	struct inputs *inputs = inputs_load(&request, refused, why, SERVER_WHY_MAX);
	uint64_t read = clock_ms();
	struct snapshot *snapshot = inputs ? snapshot_new(inputs, NULL, why, SERVER_WHY_MAX) : NULL;
	if (snapshot)
		long_say(snapshot->inputs, read - begin, clock_ms() - read);
	return snapshot;
}

bool server_saved_since(const struct snapshot *snapshot)
{
	const struct config *config = inputs_config(snapshot->inputs);
	char path[STATE_DIR_PATH_MAX];
	for (size_t z = 0; z < config->zone_count; z++) {
		state_dir_export_path(path, config, &config->zones[z]);
		if (config->zones[z].export &&
			file_stamp(path).modified / NS_IN_SECOND >= snapshot->inputs->now)
			return true;
	}
	return false;
}
