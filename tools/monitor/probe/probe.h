/* tools/monitor/probe/probe.h - one check of one address: what is asked over HTTP, and what the
 * reply says.
 *
 * GET http://ADDRESS:PORT/timestamp (`scheme`, `path`) with Host: db.XY.ZONE (`host`) and
 * User-Agent: ClamAV-MirrorCheck/VERSION; by https the certificate must be the mirror's own
 * name's; then, where they are configured, /local_test and the first 512 octets of each
 * database, over the same connection where it stays open. No redirects, no proxy, no more than
 * a bounded number of octets whatever is sent, one time limit for everything. What it finds may
 * be published, so nothing is quoted that came from an address that is not global. */
#ifndef TOOLS_MONITOR_PROBE_PROBE_H
#define TOOLS_MONITOR_PROBE_PROBE_H

#include "tools/monitor/config/config.h"
#include "tools/monitor/probe/http_client.h"
#include "tools/monitor/targets/target.h"

struct probe;
typedef void probe_ended(void *owner, const struct observation *seen);

/* One check at a time, again and again. `settings` must outlive it. NULL: no memory. */
struct probe *probe_new(struct transfers *transfers, const struct settings *settings,
	probe_ended *ended, void *owner);
/* Checks a target, which must stay until the end. `versions`: what the databases must have (or one
 * less); all 0: they are not asked for. False: no memory, nothing has begun. */
bool probe_start(struct probe *probe, const struct target *target,
	const uint32_t versions[TARGET_DATABASES]);
/* Gives it up without a word. */
void probe_stop(struct probe *probe);
/* NULL: nothing. */
void probe_free(struct probe *probe);

#endif
