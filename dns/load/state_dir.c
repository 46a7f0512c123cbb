#include "dns/load/state_dir.h"

#include "dns/base/log.h"
#include "dns/base/user.h"
#include "dns/base/why.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE = 0640, DAY_SECONDS = 86400, PART_MAX = 400, STEPS_MAX = 64, HISTORY_MAX = 1 << 16 };

/* A name as part of a file name: letters, digits, "-", "_" and "." stay, the rest is %XX. */
static void part_write(char part[PART_MAX], const char *name)
{
	size_t at = 0;
	for (; *name && at < PART_MAX - 4; name++) {
		unsigned char octet = (unsigned char)*name;
		if (octet >= 'A' && octet <= 'Z')
			octet = (unsigned char)(octet + 'a' - 'A');
		if ((octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') ||
			strchr("-_.", octet))
			part[at++] = (char)octet;
		else
			at += (size_t)snprintf(part + at, 4, "%%%02X", octet);
	}
	while (at > 1 && part[at - 1] == '.') /* "clamav.net." is "clamav.net" */
		at--;
	part[at] = '\0';
}

static void zone_part(char part[PART_MAX], const struct config_zone *zone)
{
	char text[NAME_TEXT_MAX];
	part_write(part, name_write(zone->apex, text));
	if (strcmp(part, ".") == 0)
		snprintf(part, PART_MAX, "%%2E");
}

void state_dir_export_path(char *path, const struct config *config, const struct config_zone *zone)
{
	char part[PART_MAX];
	zone_part(part, zone);
	snprintf(path, STATE_DIR_PATH_MAX, "%s/%s.export.json", config->state_dir, part);
}

void state_dir_txt_path(char *path, const struct config *config, const struct config_zone *zone,
	const struct config_txt *txt)
{
	char part[PART_MAX], name[PART_MAX];
	zone_part(part, zone);
	part_write(name, txt->name);
	snprintf(path, STATE_DIR_PATH_MAX, "%s/%s@%s.txt", config->state_dir, part, name);
}

void state_dir_networks_path(char *path, const struct config *config)
{
	snprintf(path, STATE_DIR_PATH_MAX, "%s/database.networks", config->state_dir);
}

bool state_dir_make(
	const struct config *config, unsigned user, unsigned group, char *why, size_t size)
{
	const char *path = config->state_dir;
	bool made = mkdir(path, 0755) == 0;
	if (!made && errno != EEXIST)
		return why_write(
			why, size, "state-dir %s cannot be created: %s", path, strerror(errno));
	if (!made || user == (unsigned)-1)
		return true;
	/* Who owns the folder above may have put something else there by now. */
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool given = fd >= 0 && fchown(fd, user, group) == 0;
	if (!given)
		snprintf(why, size, "cannot change the owner of state-dir %s: %s", path,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	return given;
}

/* Who writes into state-dir: the server, or the present user where there is no account for it. */
static uid_t user_find(const struct config *config)
{
	char ignored[512];
	struct account account;
	bool found = user_lookup(config->user, &account, ignored, sizeof(ignored)) && account.found;
	return found ? account.owner[0] : geteuid();
}

bool state_dir_read(const struct config *config, struct file *file, const char *path, uint64_t max)
{
	char why[STATE_DIR_PATH_MAX + 512];
	bool good = file_read_here(file, path, max, why, sizeof(why));
	if (file->absent)
		return false;
	uid_t user = user_find(config);
	if (good && file->links > 1)
		snprintf(why, sizeof(why), "%s: has %llu hard links, expected 1", path,
			(unsigned long long)file->links);
	else if (good && file->owner != 0 && file->owner != user)
		snprintf(why, sizeof(why), "%s: owned by user %u, expected user %u or root", path,
			file->owner, user);
	else if (good)
		return true;
	log_line(LOG_LEVEL_WARNING, "%s; the file is ignored", why);
	free(file->bytes);
	file->bytes = NULL;
	return false;
}

bool state_dir_write(const char *path, struct file *file, char *why, size_t size)
{
	file->mode = MODE;
	return file_write(path, file, why, size);
}

size_t history_largest(const struct export_history *history, int64_t now)
{
	size_t largest = 0;
	for (unsigned i = 0; i < history->count; i++)
		if (now - history->steps[i].when < DAY_SECONDS &&
			history->steps[i].in_service > largest)
			largest = history->steps[i].in_service;
	return largest;
}

/* Only what is larger than everything after it can still be the largest: the figures fall. */
void history_add(struct export_history *history, size_t in_service, int64_t now)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < history->count; i++)
		if (now - history->steps[i].when < DAY_SECONDS &&
			history->steps[i].in_service > in_service)
			history->steps[kept++] = history->steps[i];
	if (kept == STEPS_MAX) /* the two smallest become one */
		kept--;
	history->steps[kept].when = now;
	history->steps[kept].in_service = in_service;
	history->count = kept + 1;
}

static void history_path(char *path, const char *export_path)
{
	snprintf(path, STATE_DIR_PATH_MAX + 16, "%s.history", export_path);
}

void history_read(
	const struct config *config, struct export_history *history, const char *export_path)
{
	char path[STATE_DIR_PATH_MAX + 16];
	struct file file;
	history->count = 0;
	history_path(path, export_path);
	if (!state_dir_read(config, &file, path, HISTORY_MAX))
		return;
	const char *at = file.bytes;
	int64_t when, in_service;
	int used;
	while (history->count < STEPS_MAX &&
		sscanf(at, "%" SCNd64 " %" SCNd64 "\n%n", &when, &in_service, &used) == 2 &&
		in_service >= 0) {
		history->steps[history->count].when = when;
		history->steps[history->count++].in_service = (size_t)in_service;
		at += used;
	}
	free(file.bytes);
}

bool history_write(
	const struct export_history *history, const char *export_path, char *why, size_t size)
{
	char path[STATE_DIR_PATH_MAX + 16];
	char text[STEPS_MAX * 48];
	int at = 0;
	for (unsigned i = 0; i < history->count; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%" PRId64 " %zu\n",
			history->steps[i].when, history->steps[i].in_service);
	history_path(path, export_path);
	return state_dir_write(path, &(struct file){.bytes = text, .size = (size_t)at}, why, size);
}
