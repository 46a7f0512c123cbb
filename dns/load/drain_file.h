/* dns/load/drain_file.h - drains as JSON: in state-dir over restarts, in a takeover, and as
 * `status` shows them. */
#ifndef DNS_LOAD_DRAIN_FILE_H
#define DNS_LOAD_DRAIN_FILE_H

#include "dns/config/config.h"
#include "dns/load/drain_list.h"

#include <jansson.h>

/* As `status` and the file have them. NULL: no memory. */
json_t *drains_json(const struct drains *drains);
/* The caller's hold. NULL: one sentence. */
struct refcount *drains_parse(const json_t *json, char *why, size_t size);

/* state-dir/drains.json. A missing file is an empty list; one that is of no use is said in the log
 * and is an empty list. NULL: no memory. */
struct refcount *drains_load(const struct config *config);
/* At once, as a whole. False: one sentence. */
bool drains_save(const struct drains *drains, const struct config *config, char *why, size_t size);

#endif
