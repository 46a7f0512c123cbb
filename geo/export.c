#include "geo/export.h"

#include "geo/found.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

unsigned spot_line(const struct export *export, const struct spot *spot)
{
	struct line_cursor cursor = line_begin(export->text, export->text_size);
	if (spot->mirror == SPOT_NONE) {
		if (spot->field)
			found_member(&cursor, export->root, spot->field);
		return cursor.line;
	}
	found_member(&cursor, export->root, "mirrors");
	found_element(&cursor, spot->mirror);
	json_t *object = json_array_get(export->list, (size_t)spot->mirror);
	if (spot->field && found_member(&cursor, object, spot->field) && spot->element != SPOT_NONE)
		found_element(&cursor, spot->element);
	return cursor.line;
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
	snprintf(export->why, export->why_size, "%s:%u: %s%s", export->file,
		spot_line(export, spot), owner, reason);
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

struct spot spot_address(const struct mirrors *mirrors, const struct mirror_address *address)
{
	ptrdiff_t element = 0;
	for (const struct mirror_address *at = address; at > mirrors->addresses; at--) {
		if (at[-1].mirror != address->mirror || at[-1].ipv6 != address->ipv6)
			break;
		element++;
	}
	return (struct spot){(ptrdiff_t)address->mirror, address->ipv6 ? "ipv6" : "ipv4", element};
}

void export_number(const struct export *export)
{
	struct line_cursor cursor = line_begin(export->text, export->text_size);
	found_member(&cursor, export->root, "mirrors");
	found_element(&cursor, 0);
	for (size_t i = 0; i < export->mirrors->count; i++, line_skip(&cursor))
		export->mirrors->list[i].line = cursor.line;
}

bool export_refuse_memory(const struct export *export)
{
	snprintf(export->why, export->why_size, "%s: out of memory", export->file);
	return false;
}
