/* dns/config/config.h - the configuration file: one option table, one struct.
 *
 * Everything or one sentence. A loaded configuration never changes. */
#ifndef DNS_CONFIG_CONFIG_H
#define DNS_CONFIG_CONFIG_H

#include "dns/config/address.h"
#include "dns/config/zone.h"

struct config {
	const char *path; /* as given */
	struct config_listen *listens;
	size_t listen_count;
	unsigned workers; /* 0 = one for each CPU */
	bool control_given; /* `control` is named in the file */
	const char *user, *state_dir, *control, *control_group, *identity, *version_reply;
	struct config_listen metrics; /* its text is "": off */
	bool metrics_named; /* not what it usually is: the configuration has it */
	struct config_network *explain_to;
	size_t explain_to_count;
	uint16_t max_udp_size; /* 512..65535 */
	uint32_t tcp_connections;
	uint32_t tcp_idle; /* seconds */
	unsigned log_level; /* as log_detail_set takes it */
	bool socket_affinity; /* a worker for each CPU takes what arrives there */
	uint64_t max_file_size; /* octets */
	char *geo_database, *geo_overrides; /* NULL: none */
	unsigned geo_max_shrink; /* per cent of its networks, 0..100 */
	uint32_t geo_max_age; /* seconds, of the database; 0 = off */
	struct config_zone *zones;
	size_t zone_count;
	struct config_arena arena;
};

/* NULL: one sentence "file:line: what was found, what was expected". */
struct config *config_load(const char *path, char *why, size_t size);
void config_free(void *config);

#endif
