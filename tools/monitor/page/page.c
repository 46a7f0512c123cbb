#include "tools/monitor/page/page.h"

#include "dns/base/file.h"
#include "tools/html/asset.h"
#include "tools/monitor/page/parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, FILE_MAX = 16 << 20 /* octets: a larger one is not ours, and replaced */ };

static const char no_memory[] = "out of memory for the status page";

/* One writing of the whole folder. */
struct writing {
	struct network network;
	const char *folder;
	struct html html; /* the page under way; its memory serves all */
	char *why;
	size_t size;
};

static bool folder_make(struct writing *writing, const char *below)
{
	char path[PATH_ROOM];
	snprintf(path, sizeof(path), "%s%s", writing->folder, below);
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return true;
	snprintf(writing->why, writing->size, "%s: cannot create the directory: %s", path,
		strerror(errno));
	return false;
}

/* Is this what the file holds already? A replaced file looks new to every browser and cache. */
static bool is_written(const char *path, const char *octets, size_t count)
{
	struct file file;
	char why[PATH_ROOM + 200];
	if (file_stamp(path).size != count || !file_read(&file, path, FILE_MAX, why, sizeof(why)))
		return false;
	bool same = file.size == count && memcmp(file.bytes, octets, count) == 0;
	free(file.bytes);
	return same;
}

/* Replaces a file as a whole, as file_write() does, but waits for no disk: that is 250 files at
 * times, while checks are due. What a power cut leaves half is unlike what it should be, and
 * replaced by the next writing. */
static bool octets_replace(
	struct writing *writing, const char *path, const char *octets, size_t count)
{
	char temporary[PATH_ROOM + sizeof(".new")];
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	int fd = file_open_new(temporary, 0644);
	bool written = fd >= 0 && file_octets_write(fd, octets, count);
	if (fd >= 0 && close(fd) == 0 && written && rename(temporary, path) == 0)
		return true;
	snprintf(writing->why, writing->size, "%s: cannot be written: %s", path, strerror(errno));
	if (fd >= 0)
		unlink(temporary);
	return false;
}

static bool octets_write(
	struct writing *writing, const char *name, const char *octets, size_t count)
{
	char path[PATH_ROOM];
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", writing->folder, name) >= sizeof(path)) {
		snprintf(writing->why, writing->size, "%.300s: the path is too long",
			writing->folder);
		return false;
	}
	return is_written(path, octets, count) || octets_replace(writing, path, octets, count);
}

/* Writes the page under way, and makes room for the next. */
static bool page_done(struct writing *writing, const char *name)
{
	if (writing->html.failed || !writing->html.text) {
		snprintf(writing->why, writing->size, "%s", no_memory);
		return false;
	}
	bool good = octets_write(writing, name, writing->html.text, writing->html.size);
	html_clear(&writing->html);
	return good;
}

static bool asset_write(struct writing *writing, const struct asset *asset)
{
	return octets_write(writing, asset->name, (const char *)asset->octets, asset->size);
}

/* The one thing that tells all other pages how old they are. */
static bool generated_write(struct writing *writing)
{
	char generated[STAMP_TEXT_MAX];
	html_format(&writing->html,
		"document.documentElement.dataset.generated=\"%s\";\n"
		"document.documentElement.dataset.interval=\"%" PRIu32 "\";\n",
		stamp_write(writing->network.now, generated),
		writing->network.inventory->settings->interval);
	return page_done(writing, "generated.js");
}

static bool countries_write(struct writing *writing)
{
	html_countries(&writing->html, &writing->network);
	bool good = page_done(writing, "country/index.html");
	for (unsigned country = 1; good && country <= COUNTRY_MAX; country++) {
		char name[] = "country/xx.html";
		const char *code = country_code(country);
		name[8] = (char)(code[0] | 0x20);
		name[9] = (char)(code[1] | 0x20);
		html_country(&writing->html, &writing->network, country);
		good = page_done(writing, name);
	}
	return good;
}

static bool fronts_write(struct writing *writing)
{
	if (!folder_make(writing, "") || !folder_make(writing, "/country"))
		return false;
	if (!asset_write(writing, &asset_style) || !asset_write(writing, &asset_script))
		return false;
	html_index(&writing->html, &writing->network);
	if (!page_done(writing, "index.html"))
		return false;
	html_history(&writing->html, &writing->network);
	return page_done(writing, "history.html") && generated_write(writing);
}

bool page_write(
	const struct inventory *inventory, int64_t now, const char *folder, char *why, size_t size)
{
	struct writing writing = {.folder = folder, .why = why, .size = size};
	bool known = network_init(&writing.network, inventory, now);
	/* Where there is no memory for the pools, the states are shown. */
	bool good = fronts_write(&writing);
	if (good && !known)
		snprintf(why, size, "%s", no_memory);
	good = good && known && countries_write(&writing);
	network_free(&writing.network);
	free(writing.html.text);
	return good;
}
