/* tools/monitor/export/export.h - the inventory as an export for the servers (mirror-export(5)).
 *
 * No address that a name gave and that has never been good (target_served). One entry for a host
 * and state, with the addresses in it: since the first of them is, checked when the last of them
 * was, the reason of the first that has one, the mean of their weights. What is ok has no
 * reason. */
#ifndef TOOLS_MONITOR_EXPORT_EXPORT_H
#define TOOLS_MONITOR_EXPORT_EXPORT_H

#include "tools/monitor/export/export_file.h"
#include "tools/monitor/state/inventory.h"

/* Lays out the inventory. False: no memory; its text is to be freed in both cases. */
bool publish_text(const struct inventory *inventory, struct export_text *export, int64_t now);
/* Writes it to disk where it is time to, and the inventory's serial and times. FAILED: one
 * sentence. */
enum export_outcome publish_write(
	struct inventory *inventory, struct export_file *disk, int64_t now, char *why, size_t size);
/* The weight that the entry of target number `at` has now. */
unsigned publish_weight(const struct inventory *inventory, size_t at, int64_t now);

#endif
