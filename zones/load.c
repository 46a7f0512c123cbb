#include "zones/load.h"

#include "zones/arena.h"
#include "zones/check.h"
#include "zones/group.h"
#include "zones/rdata.h"
#include "zones/source.h"
#include "zones/type.h"

#include <stdlib.h>
#include <string.h>

/* One zone file on its way in. */
struct load {
	struct zone_file *file;
	struct source *source;
	struct group group;
	struct source_record record;
	char *why;
	size_t size;
	struct rdata rdata;
};

static bool record_add(struct load *load)
{
	uint16_t type = type_find(load->record.type);
	return group_accepts(&load->group, &load->record, type, load->why, load->size) &&
	       type_put(&load->rdata, type) && group_add(&load->group, &load->rdata, type);
}

static bool records_load(struct load *load, const char *path)
{
	struct zone_file *file = load->file;
	enum source_result result;
	load->source = source_open(path, file->apex, file->arena, load->why, load->size);
	if (!load->source)
		return false;
	while ((result = source_next(load->source, &load->record, load->why, load->size)) ==
		SOURCE_RECORD)
		if (!record_add(load))
			return false;
	return result == SOURCE_END && group_entries(&load->group, load->why, load->size) &&
	       check_zone(file, path, load->why, load->size);
}

struct zone_file *zone_file_load(const char *path, const uint8_t *apex, char *why, size_t size)
{
	struct source_place place = {path, 0};
	struct load *load = calloc(1, sizeof *load);
	struct zone_file *file = calloc(1, sizeof *file);
	if (file)
		file->arena = arena_new();
	if (!load || !file || !file->arena) {
		source_refuse(&place, why, size, "out of memory");
		goto fail;
	}
	memcpy(file->apex, apex, name_size(apex));
	name_lower(file->apex);
	load->file = load->group.file = file;
	load->why = why;
	load->size = size;
	load->rdata.record = &load->record;
	load->rdata.why = why;
	load->rdata.why_size = size;
	bool good = records_load(load, path);
	source_close(load->source);
	group_free(&load->group);
	rdata_free(&load->rdata);
	if (good) {
		free(load);
		return file;
	}
fail:
	free(load);
	zone_file_free(file);
	return NULL;
}

void zone_file_free(void *object)
{
	struct zone_file *file = object;
	if (!file)
		return;
	arena_free(file->arena);
	free(file->entries);
	free(file->warnings);
	free(file);
}
