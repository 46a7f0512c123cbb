/* dns/load/state_dir.h - state-dir: the last accepted export and TXT of every zone, kept over
 * restarts.
 *
 * Less privileged users may have written there: a file counts only if it is regular, has one name,
 * and belongs to the server's user, to who runs this, or to root. */
#ifndef DNS_LOAD_STATE_DIR_H
#define DNS_LOAD_STATE_DIR_H

#include "dns/base/file.h"
#include "dns/config/config.h"
#include "geo/mirror.h"

enum { STATE_DIR_PATH_MAX = 1536 };

/* How many addresses accepted exports had in service within the last 24 hours: falling figures with
 * their time. */
struct export_history {
	struct {
		int64_t when; /* Unix seconds */
		size_t in_service;
	} steps[64];
	unsigned count;
};

/* Where things are kept; `path` has STATE_DIR_PATH_MAX octets. */
void state_dir_export_path(char *path, const struct config *config, const struct config_zone *zone);
void state_dir_txt_path(char *path, const struct config *config, const struct config_zone *zone,
	const struct config_txt *txt);

/* Of the number of networks in the country database. */
void state_dir_networks_path(char *path, const struct config *config);

/* Makes state-dir where it is missing and gives it to `user` (-1: leave it). False: one
 * sentence. */
bool state_dir_make(
	const struct config *config, unsigned user, unsigned group, char *why, size_t size);

/* Reads a file of state-dir. False: it counts as absent; unless it is, a warning has said why. */
bool state_dir_read(const struct config *config, struct file *file, const char *path, uint64_t max);
/* file_write with the mode of state-dir's files. False: one sentence. */
bool state_dir_write(const char *path, struct file *file, char *why, size_t size);

/* The largest figure of the last 24 hours; 0: none. */
size_t history_largest(const struct export_history *history, int64_t now);
void history_add(struct export_history *history, size_t in_service, int64_t now);

/* The history beside a kept export; an unreadable one is an empty one. */
void history_read(
	const struct config *config, struct export_history *history, const char *export_path);
bool history_write(
	const struct export_history *history, const char *export_path, char *why, size_t size);

#endif
