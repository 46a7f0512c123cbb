/* tools/monitor/config/config.h - the monitor's configuration file: one option table, one struct.
 *
 * Everything or one sentence. Loaded settings never change. Paths are relative to the file. */
#ifndef TOOLS_MONITOR_CONFIG_CONFIG_H
#define TOOLS_MONITOR_CONFIG_CONFIG_H

#include "dns/config/address.h"

enum { SETTINGS_REFERENCES_MAX = 8, SETTINGS_HOST_MAX = 1024 /* octets with the NUL */ };

/* Each interval every address, or (as the network's documents had it) each hour one mirror drawn by
 * chance. */
enum settings_policy { POLICY_EACH, POLICY_RANDOM };
enum settings_scheme { SCHEME_HTTP, SCHEME_HTTPS };
/* A mirror is fresh by the time that its page says, or by answering at all. */
enum settings_fresh { FRESH_TIMESTAMP, FRESH_HTTP };
/* What a missing signature of an announced database is: nothing, a warning, a failure. */
enum settings_signatures { SIGNATURES_OFF, SIGNATURES_WARN, SIGNATURES_REQUIRE };

struct settings {
	char *path; /* as given */
	const char *zone; /* "clamav.net", no dot at its end */
	uint8_t scheme; /* enum settings_scheme */
	const char *request_path; /* of the page that is asked for first: "/timestamp" */
	const char *host; /* "db.%c.%z", as settings_host_write takes it */
	uint8_t fresh; /* enum settings_fresh */
	uint8_t signatures; /* enum settings_signatures; only with txt */
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

/* The name that a mirror is asked by, and that pages and mails show: what `host` makes of a
 * country's label ("de", in any case) and the mirror's own name. What is longer is cut. Returns
 * text. */
const char *settings_host_write(const struct settings *settings, const char *label,
	const char *host, char text[SETTINGS_HOST_MAX]);
/* Is it one and the same for all mirrors of a country? */
bool settings_host_shared(const struct settings *settings);
/* The port of a mirror that says none. */
static inline uint16_t settings_port(const struct settings *settings)
{
	return settings->scheme == SCHEME_HTTPS ? 443 : 80;
}

/* NULL: one sentence "file:line: what was found, what was expected". */
struct settings *settings_load(const char *path, char *why, size_t size);
void settings_free(struct settings *settings);

#endif
