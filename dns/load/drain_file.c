#include "dns/load/drain_file.h"

#include "dns/base/json.h"
#include "dns/base/log.h"
#include "dns/base/why.h"
#include "dns/load/state_dir.h"
#include "geo/stamp.h"
#include "geo/utf8.h"

#include <stdio.h>
#include <sys/stat.h>

enum {
	PATH_SIZE = 1536,
	/* octets: DRAINS_MAX of the longest, each octet of them escaped, are less than 1 MB */
	FILE_MAX = 4 << 20,
	WHY_SIZE = 512,
};

static json_t *drain_json(const struct drain *drain)
{
	char text[STAMP_TEXT_MAX];
	json_t *until = drain->until ? json_string(stamp_write(drain->until, text)) : json_null();
	return json_pack("{s:o*, s:o*, s:o*}", "glob", plain_json(drain->glob), "until", until,
		"why", plain_json(drain->why));
}

json_t *drains_json(const struct drains *drains)
{
	json_t *list = json_array();
	for (size_t i = 0; list && drains && i < drains->count; i++)
		json_array_append_new(list, drain_json(&drains->list[i]));
	return list;
}

/* What a person has written into the file is read as strictly as what drain was given. */
static bool drain_read(struct drain *drain, const json_t *json, char *why, size_t size)
{
	const char *glob = json_string_value(json_object_get(json, "glob"));
	const char *reason = json_string_value(json_object_get(json, "why"));
	const char *until = json_string_value(json_object_get(json, "until"));
	if (!glob)
		return why_write(why, size, "a drain has no glob");
	if (!drain_parse(drain, glob, why, size))
		return false;
	snprintf(drain->why, sizeof(drain->why), "%s", reason ? reason : "");
	if (!until || stamp_parse(until, &drain->until))
		return true;
	return why_write(why, size, "`until` of the drain \"%.255s\" is not a time", glob);
}

struct refcount *drains_parse(const json_t *json, char *why, size_t size)
{
	size_t count = json_array_size(json);
	struct drains *drains = NULL;
	if (!json_is_array(json) || count > DRAINS_MAX)
		snprintf(why, size, "expected an array of at most %d drains", DRAINS_MAX);
	else if (!(drains = calloc(1, sizeof(*drains) + (count + 1) * sizeof(drains->list[0]))))
		snprintf(why, size, "out of memory for the drains");
	for (size_t i = 0; drains && i < count; i++) {
		if (drain_read(&drains->list[i], json_array_get(json, i), why, size)) {
			drains->count++;
			continue;
		}
		free(drains);
		return NULL;
	}
	return refcount_new(drains, free);
}

static void path_write(char path[PATH_SIZE], const struct config *config)
{
	snprintf(path, PATH_SIZE, "%s/drains.json", config->state_dir);
}

/* A start goes on without drains rather than not at all: what they were is in the file still. */
struct refcount *drains_load(const struct config *config)
{
	char path[PATH_SIZE], found[WHY_SIZE];
	struct file file;
	path_write(path, config);
	if (!state_dir_read(config, &file, path, FILE_MAX))
		return drains_without(NULL, NULL, 0);
	json_error_t error;
	size_t mark = utf8_mark_size(file.bytes, file.size);
	json_t *json =
		json_loadb(file.bytes + mark, file.size - mark, JSON_REJECT_DUPLICATES, &error);
	struct refcount *drains = NULL;
	snprintf(found, sizeof(found), "%d: invalid JSON: %s", error.line, error.text);
	if (json)
		drains = drains_parse(json, found, sizeof(found));
	if (!drains)
		log_line(LOG_LEVEL_WARNING, "%s: %s; no drains are loaded", path, found);
	json_decref(json);
	free(file.bytes);
	return drains ? drains : drains_without(NULL, NULL, 0);
}

bool drains_save(const struct drains *drains, const struct config *config, char *why, size_t size)
{
	char path[PATH_SIZE];
	path_write(path, config);
	json_t *json = drains_json(drains);
	char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	json_decref(json);
	if (!text)
		return why_write(why, size, "%s: out of memory, not written", path);
	bool good = state_dir_write(
		path, &(struct file){.bytes = text, .size = strlen(text)}, why, size);
	free(text);
	return good;
}
