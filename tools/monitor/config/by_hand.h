/* tools/monitor/config/by_hand.h - mirrors that people have taken out of service beside the list:
 * the program writes the file, a monitor watches it.
 *
 * {"disabled":[{"host","until" (RFC 3339; absent: until it is taken back),"why"}]} */
#ifndef TOOLS_MONITOR_CONFIG_BY_HAND_H
#define TOOLS_MONITOR_CONFIG_BY_HAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BY_HAND_WHY_MAX = 120 /* octets */, BY_HAND_PATH_MAX = 4096 };

struct by_hand_entry {
	const char *host;
	int64_t until; /* Unix seconds; 0: open */
	const char *why; /* "": none was given */
};

struct by_hand {
	struct by_hand_entry *list;
	size_t count;
	void *texts;
};

/* Where it is, beside the state file. Returns path. */
const char *by_hand_path(const char *state, char path[BY_HAND_PATH_MAX]);
/* Nothing in it where there is no file. NULL: one sentence. */
struct by_hand *by_hand_load(const char *path, char *why, size_t size);
/* The entry of a host that holds at `now`. NULL: none. */
const struct by_hand_entry *by_hand_find(
	const struct by_hand *by_hand, const char *host, int64_t now);
/* Puts an entry in the place of the host's; `until` in the past only takes that one away. Others
 * that are over go with it. False: one sentence. */
bool by_hand_save(
	const char *path, const struct by_hand_entry *entry, int64_t now, char *why, size_t size);
/* NULL is fine. */
void by_hand_free(struct by_hand *by_hand);

#endif
