#include "zones/source.h"

#include "zones/generate.h"
#include "zones/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FAULT_MAX = 512 };

/* A file being read. */
struct frame {
	char *text;
	struct word_reader reader;
	const char *path; /* in the arena */
	uint8_t origin[NAME_SIZE_MAX], owner[NAME_SIZE_MAX];
	bool has_owner;
};

struct source {
	struct arena *arena;
	struct frame frames[1 + SOURCE_DEPTH_MAX];
	unsigned depth; /* frames in use */
	unsigned files; /* opened so far */
	size_t generated;
	bool has_ttl; /* $TTL */
	uint32_t ttl;
	struct word_line line;
	struct generate generate;
	uint8_t generated_owner[NAME_SIZE_MAX];
};

bool source_refuse(
	const struct source_place *place, char *why, size_t size, const char *format, ...)
{
	va_list arguments;
	int used = place->line ? snprintf(why, size, "%s:%u: ", place->file, place->line)
			       : snprintf(why, size, "%s: ", place->file);
	if (used < 0 || (size_t)used >= size)
		return false;
	va_start(arguments, format);
	vsnprintf(why + used, size - (size_t)used, format, arguments);
	va_end(arguments);
	for (char *at = why; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7F)
			*at = '?';
	return false;
}

static struct source_place place_here(const struct source *source)
{
	return (struct source_place){source->frames[source->depth - 1].path, source->line.line};
}

static bool text_is_clean(const struct frame *frame, size_t count, char *why, size_t size)
{
	struct source_place place = {frame->path, 1};
	const char *nul = memchr(frame->text, '\0', count);
	if (!nul)
		return true;
	for (const char *at = frame->text; at < nul; at++)
		place.line += *at == '\n';
	return source_refuse(&place, why, size, "found a NUL octet, expected text");
}

/* Puts a file on top; `from` is where it was named. */
static bool frame_push(struct source *source, const char *path, const struct source_place *from,
	char *why, size_t size)
{
	static const char byte_order_mark[] = "\xEF\xBB\xBF";
	struct frame *frame = &source->frames[source->depth];
	size_t count = 0;
	if (source->depth > SOURCE_DEPTH_MAX)
		return source_refuse(from, why, size,
			"$INCLUDE is more than %d deep, expected at most that", SOURCE_DEPTH_MAX);
	if (source->files == SOURCE_FILES_MAX)
		return source_refuse(from, why, size,
			"$INCLUDE of more than %d files in all, expected at most that",
			SOURCE_FILES_MAX);
	frame->path = arena_copy(source->arena, path, strlen(path) + 1);
	if (!frame->path)
		return source_refuse(from, why, size, "out of memory");
	const char *fault = text_load(path, &frame->text, &count);
	if (fault)
		return source_refuse(from, why, size,
			"%s%scannot be read: %s, expected a zone file", from->line ? path : "",
			from->line ? " " : "", fault);
	source->files++;
	source->depth++;
	size_t skipped = count >= 3 && !memcmp(frame->text, byte_order_mark, 3) ? 3 : 0;
	frame->reader = (struct word_reader){frame->text + skipped, frame->text + count, 1};
	return text_is_clean(frame, count, why, size);
}

static void frame_pop(struct source *source)
{
	struct frame *frame = &source->frames[--source->depth];
	free(frame->text);
	frame->text = NULL;
}

struct source *source_open(
	const char *path, const uint8_t *apex, struct arena *arena, char *why, size_t size)
{
	struct source_place place = {path, 0};
	struct source *source = calloc(1, sizeof *source);
	if (!source) {
		source_refuse(&place, why, size, "out of memory");
		return NULL;
	}
	source->arena = arena;
	memcpy(source->frames[0].origin, apex, name_size(apex));
	if (frame_push(source, path, &place, why, size))
		return source;
	source_close(source);
	return NULL;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	while (source->depth)
		frame_pop(source);
	word_line_free(&source->line);
	generate_free(&source->generate);
	free(source);
}

static bool ttl_parse(const char *text, uint32_t *ttl, const char **fault)
{
	uint64_t seconds;
	*fault = "expected seconds, or a duration like 1h30m";
	if (!word_duration(text, &seconds))
		return false;
	*fault = "expected at most 2147483647 seconds";
	*ttl = (uint32_t)seconds;
	return seconds <= SOURCE_TTL_MAX;
}

static bool is_class(const char *text)
{
	static const char *const classes[] = {"IN", "CH", "HS", "CHAOS", "HESIOD"};
	uint32_t number;
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (!strcasecmp(text, classes[i]))
			return true;
	return !strncasecmp(text, "CLASS", 5) && word_number(text + 5, UINT16_MAX, &number);
}

/* [TTL] [class] type in either order (RFC 1035 5.1), from word `first` on; then RDATA. */
static bool head_parse(
	struct source *source, size_t first, struct source_record *record, char *why, size_t size)
{
	const struct word_line *line = &source->line;
	const char *fault;
	uint64_t seconds;
	bool ttl = false, class = false;
	size_t i = first;
	record->has_ttl = source->has_ttl;
	record->ttl = source->ttl;
	for (; i < line->count; i++) {
		const char *text = line->words[i].text;
		if (!ttl && word_duration(text, &seconds)) {
			ttl = record->has_ttl = true;
			if (!ttl_parse(text, &record->ttl, &fault))
				return source_refuse(&record->place, why, size,
					"found TTL \"%.40s\", %s", text, fault);
		} else if (!class && is_class(text)) {
			class = true;
			if (strcasecmp(text, "IN") && strcasecmp(text, "CLASS1"))
				return source_refuse(&record->place, why, size,
					"found class %.40s, expected IN", text);
		} else {
			break;
		}
	}
	if (i == line->count)
		return source_refuse(&record->place, why, size,
			"the record ends after \"%.40s\", expected a type",
			line->words[i - 1].text);
	record->type = line->words[i].text;
	record->words = line->words + i + 1;
	record->count = line->count - i - 1;
	return true;
}

static bool record_parse(
	struct source *source, struct source_record *record, bool generated, char *why, size_t size)
{
	struct frame *frame = &source->frames[source->depth - 1];
	const struct word_line *line = &source->line;
	bool has_owner = generated || !line->blank;
	char fault[FAULT_MAX];
	record->owner = generated ? source->generated_owner : frame->owner;
	record->origin = frame->origin;
	if (!has_owner && !frame->has_owner)
		return source_refuse(&record->place, why, size,
			"found no owner and no record before it, expected a name");
	if (!generated)
		frame->has_owner = true;
	if (has_owner &&
		!name_parse(line->words[0].text, frame->origin,
			generated ? source->generated_owner : frame->owner, fault, sizeof fault))
		return source_refuse(&record->place, why, size, "%s", fault);
	return head_parse(source, has_owner, record, why, size);
}

static bool origin_obey(struct source *source, char *why, size_t size)
{
	struct source_place place = place_here(source);
	struct frame *frame = &source->frames[source->depth - 1];
	uint8_t origin[NAME_SIZE_MAX];
	char fault[FAULT_MAX];
	if (source->line.count != 2)
		return source_refuse(&place, why, size, "$ORIGIN has %zu words, expected one name",
			source->line.count - 1);
	if (!name_parse(source->line.words[1].text, frame->origin, origin, fault, sizeof fault))
		return source_refuse(&place, why, size, "%s", fault);
	memcpy(frame->origin, origin, name_size(origin));
	return true;
}

static bool ttl_obey(struct source *source, char *why, size_t size)
{
	struct source_place place = place_here(source);
	const char *fault = "expected one TTL";
	if (source->line.count == 2 && ttl_parse(source->line.words[1].text, &source->ttl, &fault))
		return source->has_ttl = true;
	return source_refuse(&place, why, size, "found $TTL \"%.40s\", %s",
		source->line.count > 1 ? source->line.words[1].text : "", fault);
}

/* The new file starts with a copy of its includer's origin and owner, and changes only that. */
static bool include_obey(struct source *source, char *why, size_t size)
{
	struct source_place place = place_here(source);
	const struct word_line *line = &source->line;
	const struct frame *from = &source->frames[source->depth - 1];
	uint8_t origin[NAME_SIZE_MAX];
	char fault[FAULT_MAX], *path;
	if (line->count < 2 || line->count > 3)
		return source_refuse(&place, why, size,
			"$INCLUDE has %zu words, expected a file and at most an origin",
			line->count - 1);
	const char *name = line->words[1].text;
	const char *slash = strrchr(from->path, '/');
	int folder = *name == '/' || !slash ? 0 : (int)(slash - from->path + 1);
	memcpy(origin, from->origin, sizeof origin);
	if (line->count == 3 &&
		!name_parse(line->words[2].text, from->origin, origin, fault, sizeof fault))
		return source_refuse(&place, why, size, "%s", fault);
	if (asprintf(&path, "%.*s%s", folder, from->path, name) < 0)
		return source_refuse(&place, why, size, "out of memory");
	bool good = frame_push(source, path, &place, why, size);
	free(path);
	if (!good)
		return false;
	struct frame *frame = &source->frames[source->depth - 1];
	memcpy(frame->origin, origin, sizeof origin);
	memcpy(frame->owner, from->owner, sizeof frame->owner);
	frame->has_owner = from->has_owner;
	return true;
}

static bool generate_obey(struct source *source, char *why, size_t size)
{
	struct source_record record = {.place = place_here(source)};
	const struct word_line *line = &source->line;
	char fault[FAULT_MAX];
	if (line->count > 3 && !head_parse(source, 3, &record, why, size))
		return false;
	bool bare = record.count == 1 && record.words[0].quoted;
	size_t count = generate_start(&source->generate, line, bare, fault, sizeof fault);
	if (!count)
		return source_refuse(&record.place, why, size, "%s", fault);
	if (count > SOURCE_GENERATED_MAX - source->generated)
		return source_refuse(&record.place, why, size,
			"$GENERATE makes %zu records after %zu, expected at most %d in a zone",
			count, source->generated, SOURCE_GENERATED_MAX);
	source->generated += count;
	return true;
}

/* A line whose first word starts with a dollar sign. */
static bool directive_obey(struct source *source, char *why, size_t size)
{
	static const struct {
		const char *name;
		bool (*obey)(struct source *source, char *why, size_t size);
	} directives[] = {
		{"$ORIGIN", origin_obey},
		{"$TTL", ttl_obey},
		{"$INCLUDE", include_obey},
		{"$GENERATE", generate_obey},
	};
	struct source_place place = place_here(source);
	const char *name = source->line.words[0].text;
	if (source->line.blank)
		return source_refuse(&place, why, size,
			"found %.40s behind a blank, expected it at the start of the line", name);
	for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
		if (!strcasecmp(name, directives[i].name))
			return directives[i].obey(source, why, size);
	return source_refuse(&place, why, size,
		"found directive %.40s, expected $ORIGIN, $TTL, $INCLUDE or $GENERATE", name);
}

static enum source_result generated_next(
	struct source *source, struct source_record *record, char *why, size_t size)
{
	struct generate *generate = &source->generate;
	char fault[FAULT_MAX];
	size_t count;
	record->place =
		(struct source_place){source->frames[source->depth - 1].path, generate->line};
	if (!generate_next(generate, &count, fault, sizeof fault)) {
		source_refuse(&record->place, why, size, "%s", fault);
		return SOURCE_REFUSED;
	}
	struct word_reader reader = {generate->text, generate->text + count, generate->line};
	if (word_read(&reader, &source->line, fault, sizeof fault) == WORD_LINE)
		return record_parse(source, record, true, why, size) ? SOURCE_RECORD
								     : SOURCE_REFUSED;
	source_refuse(&record->place, why, size, "$GENERATE makes no record: \"%.60s\"",
		generate->pattern);
	return SOURCE_REFUSED;
}

enum source_result source_next(
	struct source *source, struct source_record *record, char *why, size_t size)
{
	char fault[FAULT_MAX];
	memset(record, 0, sizeof *record);
	while (source->depth) {
		if (generate_is_active(&source->generate))
			return generated_next(source, record, why, size);
		struct frame *frame = &source->frames[source->depth - 1];
		enum word_result result =
			word_read(&frame->reader, &source->line, fault, sizeof fault);
		record->place = place_here(source);
		if (result == WORD_END) {
			frame_pop(source);
			continue;
		}
		if (result == WORD_BAD) {
			source_refuse(&record->place, why, size, "%s", fault);
			return SOURCE_REFUSED;
		}
		const struct word *first = &source->line.words[0];
		if (first->text[0] != '$' || first->quoted)
			return record_parse(source, record, false, why, size) ? SOURCE_RECORD
									      : SOURCE_REFUSED;
		if (!directive_obey(source, why, size))
			return SOURCE_REFUSED;
	}
	return SOURCE_END;
}
