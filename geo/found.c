#include "geo/found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An error in a text of which `before` octets are not there in the file, as one in the file. */
static void error_move(
	json_error_t *error, const struct scan *scan, const struct span *from, size_t before)
{
	if (error->line <= 1)
		error->column += (int)scan_column(scan, from->at) - (int)before;
	error->line += (int)from->line - 1;
}

/* What jansson is given to read: one piece after the other. */
struct pieces {
	struct span now, next;
};

static size_t pieces_read(void *buffer, size_t size, void *context)
{
	struct pieces *pieces = context;
	if (pieces->now.at == pieces->now.end) {
		pieces->now = pieces->next;
		pieces->next.at = pieces->next.end;
	}
	size_t left = (size_t)(pieces->now.end - pieces->now.at);
	size = left < size ? left : size;
	memcpy(buffer, pieces->now.at, size);
	pieces->now.at += size;
	return size;
}

/* jansson says it: it is led to the same fault without what was passed before it. */
void found_fault(const struct scan *scan, const char *file, char *why, size_t size)
{
	struct span from = {scan->at, scan->end, scan->line};
	size_t before = strlen(scan->fault);
	struct pieces pieces = {{scan->fault, scan->fault + before, 1}, from};
	json_error_t error = {.line = 1, .column = (int)before + 1};
	if (scan->deep)
		snprintf(error.text, sizeof(error.text), "more than %d nested arrays and objects",
			SCAN_DEPTH_MAX);
	else if (scan->at < scan->end && !*scan->at)
		snprintf(error.text, sizeof(error.text), "octet 0"); /* jansson's end of file */
	else
		json_decref(json_load_callback(pieces_read, &pieces, 0, &error));
	error_move(&error, scan, &from, before);
	found_syntax(file, &error, why, size);
	size_t used = strlen(why);
	if (scan->comma_line)
		snprintf(why + used, size - used, " (is a comma missing in line %u?)",
			scan->comma_line);
}

json_t *found_load(const struct scan *scan, const struct span *value, json_error_t *error)
{
	size_t size = (size_t)(value->end - value->at);
	if (*value->at == '{')
		return json_object();
	if (*value->at == '[') {
		json_t *array = json_array();
		struct scan inside = scan_again(scan, value);
		if (scan_open(&inside))
			json_array_append_new(array, json_null());
		return array;
	}
	json_t *loaded = json_loadb(value->at, size, JSON_DECODE_ANY, error);
	if (!loaded)
		error_move(error, scan, value, 0);
	return loaded;
}

/* Not more of a string than is shown, cut between two characters. */
static char *value_dump(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t size = json_string_length(value);
	if (size > 2 * FOUND_MAX)
		for (size = 2 * FOUND_MAX; (text[size] & 0xC0) == 0x80;)
			size--;
	json_t *cut = text ? json_stringn(text, size) : NULL;
	char *whole = json_dumps(cut ? cut : value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	json_decref(cut);
	return whole;
}

const char *found_write(const json_t *value, char text[FOUND_MAX])
{
	if (!value)
		return "missing";
	if (json_is_array(value))
		return json_array_size(value) ? "an array" : "an empty array";
	if (json_is_object(value))
		return "an object";
	char *whole = value_dump(value);
	if (!whole)
		return "wrong";
	bool cut = strlen(whole) >= FOUND_MAX;
	snprintf(text, FOUND_MAX, "%.*s%s", FOUND_MAX - 4, whole, cut ? "..." : "");
	free(whole);
	return text;
}

void found_syntax(const char *file, const json_error_t *error, char *why, size_t size)
{
	char text[JSON_ERROR_TEXT_LENGTH];
	snprintf(text, sizeof text, "%s", error->text);
	for (char *at = text; *at; at++)
		*at = (unsigned char)*at < ' ' || *at == 0x7F ? ' ' : *at;
	snprintf(why, size, "%s:%d:%d: invalid JSON: %s", file, error->line > 0 ? error->line : 1,
		error->column > 0 ? error->column : 0, text);
}
