/* tools/monitor/page/report.h - all that the monitor knows, as one JSON object, for /api/status.
 *
 * { "zone", "version", "generated" (RFC 3339), "serial",
 * "suspect" (bool: most mirrors fail at once, state changes are suspended), "why" (of that, or ""),
 *   "interval_seconds", "counts": {"ok","old","removed","disabled"} (addresses),
 *   "txt": null or {"value","since","history":[{"since","value"}…] newest first, at most 50},
 *   "mirrors": [ in the list's order
 * {"host","country" ("DE"),"name" ("Germany"),"port","weight","disabled"
 * (bool),"downtime":[{"from","to"}],
 * "addresses":[{"address","family" ("ipv4"/"ipv6"),"state","since","checked" (RFC 3339 or
 * ""),"reason",
 *        "weight" (as exported now), "milliseconds" (or null), "stamp" (RFC 3339 or ""),
 *        "certificate" (its end, RFC 3339 or ""),
 *        "versions": null or {"main","daily","bytecode"},
 * "days":[30 × null or 0…1, the last is today],"hours":[48 × null or mean milliseconds, the last is
 * this hour]}…]}…],
 *   "events":[{"at","host","address","country","from","to","why"}…] newest first, at most 100 } */
#ifndef TOOLS_MONITOR_PAGE_REPORT_H
#define TOOLS_MONITOR_PAGE_REPORT_H

#include "tools/monitor/state/inventory.h"

#include <jansson.h>

/* NULL: no memory. The caller's. */
json_t *report_new(const struct inventory *inventory, int64_t now);

#endif
