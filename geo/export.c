#include "geo/export.h"

#include "geo/found.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where the field of this name is in the table; `count`: it is not there. */
static size_t field_find(const struct field *fields, size_t count, const struct span *key)
{
	size_t k = 0;
	while (k < count && !span_is(key, fields[k].name))
		k++;
	return k;
}

static bool key_refuse(const struct export *export, const struct span *key)
{
	snprintf(export->why, export->why_size,
		"%s:%u:%zu: invalid JSON: duplicate object key near '%.*s'", export->file,
		key->line, scan_column(&export->scan, key->end), (int)(key->end - key->at),
		key->at);
	return false;
}

bool export_members(struct export *export, const struct field *fields, size_t count,
	ptrdiff_t mirror, struct spot *spots)
{
	struct scan *scan = &export->scan;
	struct span key;
	for (size_t k = 0; k < count; k++)
		spots[k] = (struct spot){
			.mirror = mirror, .field = fields[k].name, .line = scan->line};
	for (bool more = scan_open(scan); more; more = scan_more(scan)) {
		if (!scan_key(scan, &key))
			return false;
		size_t k = field_find(fields, count, &key);
		struct span value = {.at = scan->at, .line = scan->line};
		if (k < count && spots[k].value.at)
			return key_refuse(export, &key);
		bool measured = k < count && fields[k].measure;
		if (!(measured ? fields[k].measure(export) : scan_skip(scan)))
			return false;
		value.end = scan->at;
		if (k < count) {
			spots[k].line = key.line;
			spots[k].value = value;
		}
	}
	return !scan->fault;
}

json_t *export_load(struct export *export, const struct span *value)
{
	json_error_t error = {.text = "out of memory"};
	json_t *loaded = found_load(&export->scan, value, &error);
	if (!loaded)
		found_syntax(export->file, &error, export->why, export->why_size);
	return loaded;
}

bool export_fields(struct export *export, const struct field *fields, size_t count,
	const struct spot *spots, void *target)
{
	bool good = true;
	for (size_t k = 0; k < count && good; k++) {
		const struct span *span = &spots[k].value;
		json_t *value = span->at ? export_load(export, span) : NULL;
		good = (value || !span->at) &&
		       fields[k].parse(export, &spots[k], value, (char *)target + fields[k].offset);
		json_decref(value);
	}
	return good;
}

bool export_count(struct export *export, size_t *count, const char *what)
{
	const struct spot here = {.mirror = SPOT_NONE, .line = export->scan.line};
	return ++*count <= EXPORT_COUNT_MAX ||
	       export_refuse(export, &here, "there are more than %d %s, expected at most that",
		       EXPORT_COUNT_MAX, what);
}

/* "" or "host h: " or, where there is no host to name, "mirror 3: ". */
static void spot_owner(
	const struct export *export, const struct spot *spot, char *text, size_t size)
{
	text[0] = '\0';
	if (spot->mirror == SPOT_NONE)
		return;
	const char *host = export->mirrors->list[spot->mirror].host;
	if (host)
		snprintf(text, size, "host %s: ", host);
	else
		snprintf(text, size, "mirror %td: ", spot->mirror + 1);
}

bool export_refuse(const struct export *export, const struct spot *spot, const char *format, ...)
{
	char owner[EXPORT_HOST_MAX + 16], reason[FOUND_MAX + 400];
	va_list list;
	va_start(list, format);
	vsnprintf(reason, sizeof reason, format, list);
	va_end(list);
	spot_owner(export, spot, owner, sizeof owner);
	snprintf(export->why, export->why_size, "%s:%u: %s%s", export->file, spot->line, owner,
		reason);
	return false;
}

bool export_refuse_value(const struct export *export, const struct spot *spot, const json_t *value,
	const char *expected)
{
	char text[FOUND_MAX];
	return export_refuse(export, spot, "%s is %s, expected %s",
		spot->field ? spot->field : "it", found_write(value, text), expected);
}

const char *export_copy(struct export *export, const json_t *string)
{
	size_t size = json_string_length(string) + 1;
	if (size == 1)
		return "";
	char *copy = memcpy(export->copy, json_string_value(string), size);
	export->copy += size;
	return copy;
}

bool export_refuse_memory(const struct export *export)
{
	snprintf(export->why, export->why_size, "%s: out of memory", export->file);
	return false;
}
