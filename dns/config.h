/* dns/config.h - the configuration file: one option table, one struct.
 *
 * Everything or one sentence. A loaded configuration never changes. */
#ifndef DNS_CONFIG_H
#define DNS_CONFIG_H

#include "geo/rule.h"
#include "zones/name.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* An address to listen on. */
struct config_listen {
	const char *text; /* as configured */
	struct sockaddr_storage address;
	socklen_t size;
};

struct config_network {
	uint8_t octets[16];
	uint8_t length; /* bits */
	bool ipv6;
};

enum config_stale { STALE_SERVE, STALE_WITHDRAW };

struct config_txt {
	const char *name; /* as configured */
	uint8_t wire[NAME_SIZE_MAX]; /* absolute, lower case */
	char *file; /* absolute or relative to the working directory: ready to open */
	uint32_t ttl; /* seconds */
	uint32_t max_age; /* seconds; 0 = off */
	enum config_stale stale;
	unsigned line;
};

struct config_pool {
	const char *name; /* as configured: "db.*.big" */
	uint8_t wire[NAME_SIZE_MAX]; /* absolute, lower case; a pattern has the label "*" once */
	bool pattern;
	unsigned star; /* pattern: number of labels before the "*" */
	struct pool_rule rule;
	unsigned line;
};

struct config_zone {
	const char *name; /* as configured */
	uint8_t apex[NAME_SIZE_MAX]; /* lower case */
	char *file;
	char *export; /* NULL: none (then there are no pools) */
	unsigned max_shrink; /* per cent, 0..100 */
	struct config_txt *txts;
	size_t txt_count;
	struct config_pool *pools;
	size_t pool_count;
	unsigned line;
};

struct config {
	char *path; /* as given */
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
	bool socket_affinity; /* a worker for each CPU takes what arrives there */
	uint64_t max_file_size; /* octets */
	char *geo_database, *geo_overrides; /* NULL: none */
	struct config_zone *zones;
	size_t zone_count;
	void *arena;
};

/* NULL: one sentence "file:line: what was found, what was expected". */
struct config *config_load(const char *path, char *why, size_t size);
void config_free(struct config *config);

#endif
