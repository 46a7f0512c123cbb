/* tools/monitor/config/config.h - the monitor's configuration file: one option table, one struct.
 *
 * Everything or one sentence. Loaded settings never change. Paths are relative to the file. */
#ifndef TOOLS_MONITOR_CONFIG_CONFIG_H
#define TOOLS_MONITOR_CONFIG_CONFIG_H

#include "dns/config/address.h"

enum { SETTINGS_REFERENCES_MAX = 8 };

/* Each interval every address, or (as the network's documents had it) each hour one mirror drawn by
 * chance. */
enum settings_policy { POLICY_EACH, POLICY_RANDOM };

struct settings {
	char *path; /* as given */
	const char *zone; /* "clamav.net", no dot at its end: Host: is db.XY.ZONE */
	char *mirrors; /* the list kept by people */
	char *export; /* written for the servers */
	char *state; /* SQLite */
	char *page; /* folder of the status page; NULL: none */
	char *txt; /* the version string that mirrors must have; NULL: versions are not checked */
	uint32_t interval, timeout; /* seconds */
	uint32_t parallel; /* checks at once */
	uint32_t old_after, remove_after, ramp; /* seconds; ramp 0: full weight at once */
	uint32_t recover_after; /* good checks in a row until one that was old or removed is ok */
	uint8_t policy; /* enum settings_policy */
	bool local_test; /* /local_test must be there, too */
	const char **references; /* URLs, asked when most mirrors look down */
	size_t reference_count;
	const char *alert; /* command; "": off */
	const char *smtp, *mail_from; /* smtp://HOST:PORT, "": off */
	const char *mail_to; /* the team: a copy of each mail, and the summaries; "": nobody */
	uint32_t digest; /* seconds between two summaries by mail; 0: none */
	const char *
		/* URL of a server's metrics page, whose failed pings hurry a check; "": off */
		pings;
	unsigned log_level; /* as log_detail_set takes it */
	bool allow_private; /* mirrors may have addresses that are not global (geo/special.h) */
	struct config_listen metrics; /* its text is "": off */
	bool metrics_named; /* not what it usually is: the file has it */
	struct config_arena arena;
};

/* NULL: one sentence "file:line: what was found, what was expected". */
struct settings *settings_load(const char *path, char *why, size_t size);
void settings_free(struct settings *settings);

#endif
