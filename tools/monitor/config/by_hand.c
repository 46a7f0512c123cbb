#include "tools/monitor/config/by_hand.h"

#include "dns/base/file.h"
#include "geo/found.h"
#include "geo/stamp.h"
#include "geo/utf8.h"
#include "tools/monitor/config/hostname.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 1 << 20 };

const char *by_hand_path(const char *state, char path[BY_HAND_PATH_MAX])
{
	snprintf(path, BY_HAND_PATH_MAX, "%s.disabled", state);
	return path;
}

static bool entry_read(struct by_hand_entry *entry, const json_t *object)
{
	const char *host = json_string_value(json_object_get(object, "host"));
	const char *until = json_string_value(json_object_get(object, "until"));
	const char *why = json_string_value(json_object_get(object, "why"));
	entry->host = host;
	entry->why = why ? why : "";
	return host && host_fits(host, strlen(host), true) &&
	       (!json_object_get(object, "until") || (until && stamp_parse(until, &entry->until)));
}

static bool list_read(struct by_hand *by_hand, const char *path, char *why, size_t size)
{
	const json_t *list = json_object_get(by_hand->texts, "disabled");
	size_t count = json_array_size(list);
	by_hand->list = calloc(count + 1, sizeof(*by_hand->list));
	if (!by_hand->list || !json_is_array(list)) {
		snprintf(why, size, "%s: %s", path,
			by_hand->list ? "found no array \"disabled\", expected one"
				      : "out of memory");
		return false;
	}
	for (; by_hand->count < count; by_hand->count++)
		if (!entry_read(
			    &by_hand->list[by_hand->count], json_array_get(list, by_hand->count))) {
			snprintf(why, size,
				"%s: entry %zu is none, expected {\"host\", \"until\", \"why\"}",
				path, by_hand->count + 1);
			return false;
		}
	return true;
}

struct by_hand *by_hand_load(const char *path, char *why, size_t size)
{
	struct by_hand *by_hand = calloc(1, sizeof(*by_hand));
	struct file file;
	json_error_t error;
	if (!by_hand) {
		snprintf(why, size, "%s: out of memory", path);
		return NULL;
	}
	if (!file_read(&file, path, FILE_SIZE_MAX, why, size)) {
		if (file.absent)
			return by_hand;
		free(by_hand);
		return NULL;
	}
	size_t mark = utf8_mark_size(file.bytes, file.size);
	by_hand->texts =
		json_loadb(file.bytes + mark, file.size - mark, JSON_REJECT_DUPLICATES, &error);
	free(file.bytes);
	if (!by_hand->texts)
		found_syntax(path, &error, why, size);
	if (by_hand->texts && list_read(by_hand, path, why, size))
		return by_hand;
	by_hand_free(by_hand);
	return NULL;
}

static bool is_over(const struct by_hand_entry *entry, int64_t now)
{
	return entry->until && entry->until <= now;
}

const struct by_hand_entry *by_hand_find(
	const struct by_hand *by_hand, const char *host, int64_t now)
{
	for (size_t i = 0; i < by_hand->count; i++)
		if (host_equal(by_hand->list[i].host, host) && !is_over(&by_hand->list[i], now))
			return &by_hand->list[i];
	return NULL;
}

static void entry_add(json_t *list, const struct by_hand_entry *entry, int64_t now)
{
	char until[STAMP_TEXT_MAX];
	if (is_over(entry, now))
		return;
	json_t *object = json_pack("{s:s, s:s}", "host", entry->host, "why", entry->why);
	if (entry->until)
		json_object_set_new(object, "until", json_string(stamp_write(entry->until, until)));
	json_array_append_new(list, object);
}

static bool list_write(const char *path, const struct by_hand *by_hand,
	const struct by_hand_entry *entry, int64_t now, char *why, size_t size)
{
	json_t *list = json_array(), *root = json_pack("{s:o}", "disabled", list);
	for (size_t i = 0; i < by_hand->count; i++)
		if (!host_equal(by_hand->list[i].host, entry->host))
			entry_add(list, &by_hand->list[i], now);
	entry_add(list, entry, now);
	char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	json_decref(root);
	if (!text) {
		snprintf(why, size, "%s: out of memory", path);
		return false;
	}
	const struct file file = {.bytes = text, .size = strlen(text), .mode = 0644};
	bool good = file_write(path, &file, why, size);
	free(text);
	return good;
}

bool by_hand_save(
	const char *path, const struct by_hand_entry *entry, int64_t now, char *why, size_t size)
{
	char folder[BY_HAND_PATH_MAX];
	snprintf(folder, sizeof(folder), "%s", path);
	/* Two who do it at the same time wait for each other. */
	int lock = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) != 0) {
		snprintf(why, size, "%s: cannot be written: %s", path, strerror(errno));
		if (lock >= 0)
			close(lock);
		return false;
	}
	struct by_hand *by_hand = by_hand_load(path, why, size);
	bool good = by_hand && list_write(path, by_hand, entry, now, why, size);
	by_hand_free(by_hand);
	close(lock);
	return good;
}

void by_hand_free(struct by_hand *by_hand)
{
	if (!by_hand)
		return;
	json_decref(by_hand->texts);
	free(by_hand->list);
	free(by_hand);
}
