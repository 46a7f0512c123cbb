#include "tools/ctl/view.h"

#include "dns/base/json.h"
#include "tools/ctl/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS_SHOWN = 40, LINE_SIZE = 2048 };

void view_json(const json_t *result, size_t flags)
{
	char *text = json_dumps(result, flags | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	for (const char *at = text; at && *at; at++)
		if (*at == 0x7F)
			fputs("\\u007f", stdout);
		else
			putchar(*at);
	putchar('\n');
	free(text);
}

void view_reload(const json_t *result, const json_t *before)
{
	static const struct {
		const char *word;
		enum screen_colour colour;
		const char *sentence;
	} rows[] = {
		{"ok", SCREEN_GOOD, "Reloaded: all files are in service."},
		{"partly refused", SCREEN_WARN,
			"Reloaded, with files refused: their last good copies are in service."},
		{"refused", SCREEN_BAD, "Refused: the previous data stays in service."},
	};
	const char *word = json_string_value(json_object_get(result, "reload"));
	(void)before;
	for (size_t i = 0; word && i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].word, word) == 0) {
			screen_line(rows[i].colour, "%s", rows[i].sentence);
			return;
		}
	view_json(result, JSON_INDENT(2));
}

static void drained_show(const json_t *result)
{
	struct screen_table table = {.right = 0};
	const json_t *hosts = json_object_get(result, "hosts");
	const char *until = field_text(result, "until");
	char line[LINE_SIZE];
	screen_line(SCREEN_WARN, "%s is drained until %s", field_text(result, "glob"),
		*until ? until : "undrain");
	screen_field(&table, "removed from answers", SCREEN_PLAIN,
		"%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " matching addresses",
		field_number(result, "taken_out"), field_number(result, "addresses"));
	screen_field(&table, "cached answers", SCREEN_PLAIN,
		"expire within %" JSON_INTEGER_FORMAT " s",
		field_number(result, "clients_gone_after_seconds"));
	if (*field_text(result, "why"))
		screen_field(&table, "why", SCREEN_PLAIN, "%s", field_text(result, "why"));
	if (json_array_size(hosts))
		screen_field(&table, "hosts", SCREEN_PLAIN, "%s",
			list_join(hosts, HOSTS_SHOWN, line, sizeof(line)));
	screen_table_end(&table);
}

static void undrained_show(const json_t *result)
{
	char back[48] = "", held[64] = "";
	if (json_is_integer(json_object_get(result, "back")))
		snprintf(back, sizeof(back), ", back in answers: %" JSON_INTEGER_FORMAT,
			field_number(result, "back"));
	if (field_number(result, "held") > 0)
		snprintf(held, sizeof(held), ", still held by another drain: %" JSON_INTEGER_FORMAT,
			field_number(result, "held"));
	screen_line(*held ? SCREEN_WARN : SCREEN_GOOD,
		"%s is no longer drained, matching addresses: %" JSON_INTEGER_FORMAT "%s%s",
		field_text(result, "glob"), field_number(result, "addresses"), back, held);
}

void view_drain(const json_t *result, const json_t *before)
{
	(void)before;
	if (json_object_get(result, "clients_gone_after_seconds"))
		drained_show(result);
	else if (json_is_string(json_object_get(result, "glob")))
		undrained_show(result);
	else
		view_json(result, JSON_INDENT(2));
}
