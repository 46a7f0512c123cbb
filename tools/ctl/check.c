#include "tools/ctl/check.h"

#include "dns/base/json.h"
#include "tools/ctl/client.h"
#include "tools/ctl/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT_MAX = 3072 };

struct check {
	enum check_state state;
	char text[TEXT_MAX]; /* the problems, the worst first */
	char perfdata[TEXT_MAX];
};

/* Text is left out where there is no room for it. */
static __attribute__((format(printf, 3, 4))) void text_add(
	char text[TEXT_MAX], const char *separator, const char *format, ...)
{
	char more[TEXT_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(more, sizeof(more), format, arguments);
	va_end(arguments);
	size_t used = strlen(text);
	if (used + strlen(more) + 8 < TEXT_MAX)
		snprintf(text + used, TEXT_MAX - used, "%s%s", used ? separator : "", more);
}

static enum check_state state_of(const char *state)
{
	if (strcmp(state, "stale") == 0 || strcmp(state, "refused") == 0)
		return CHECK_WARNING;
	return strcmp(state, "missing") == 0 ? CHECK_CRITICAL : CHECK_OK;
}

/* A file of the status, if it is as bad as this. */
static void file_check(
	struct check *check, enum check_state level, const char *what, const json_t *file)
{
	const char *state = field_text(file, "state");
	if (state_of(state) != level)
		return;
	check->state = level > check->state ? level : check->state;
	text_add(check->text, "; ", "%s %s: %s", what, state, field_text(file, "why"));
}

static void level_check(struct check *check, enum check_state level, const json_t *status)
{
	size_t i, k;
	json_t *zone, *txt;
	char what[512];
	json_array_foreach (json_object_get(status, "zones"), i, zone) {
		const char *name = field_text(zone, "zone");
		snprintf(what, sizeof(what), "zone %.255s: export", name);
		file_check(check, level, what, json_object_get(zone, "export"));
		json_array_foreach (json_object_get(zone, "txt"), k, txt) {
			snprintf(what, sizeof(what), "zone %.200s: TXT %.200s", name,
				field_text(txt, "name"));
			file_check(check, level, what, txt);
		}
	}
	file_check(check, level, "country database or overrides", json_object_get(status, "geo"));
}

static void workers_check(struct check *check, const json_t *status)
{
	json_int_t silent = field_number(status, "workers_silent");
	if (silent > 0) {
		check->state = CHECK_CRITICAL;
		text_add(check->text, "; ", "workers that do not respond: %lld of %lld",
			(long long)silent, (long long)field_number(status, "workers"));
	}
}

static void reload_check(struct check *check, const json_t *status)
{
	const json_t *reload = json_object_get(status, "reload");
	if (strcmp(field_text(reload, "result"), "refused") == 0) {
		check->state = check->state > CHECK_WARNING ? check->state : CHECK_WARNING;
		text_add(
			check->text, "; ", "the last reload failed: %s", field_text(reload, "why"));
	}
}

/* "'LABEL'=VALUEs;WARN": a quote in a label would end it. */
static void age_add(struct check *check, const char *label, const char *what, const json_t *file)
{
	char text[256];
	json_int_t most = field_number(file, "max_age_seconds");
	if (!json_is_integer(json_object_get(file, "age_seconds")))
		return;
	snprintf(text, sizeof(text), "%.200s %s", label, what);
	for (char *at = text; *at; at++)
		*at = *at == '\'' || *at == '=' ? '_' : *at;
	text_add(check->perfdata, " ", "'%s'=%llds;", text,
		(long long)field_number(file, "age_seconds"));
	if (most > 0)
		text_add(check->perfdata, "", "%lld", (long long)most);
}

static void figures_add(struct check *check, const json_t *status)
{
	size_t i, k;
	json_t *zone, *txt;
	json_int_t served = 0, mirrors = 0;
	json_array_foreach (json_object_get(status, "zones"), i, zone) {
		const json_t *export = json_object_get(zone, "export");
		served += field_number(export, "served");
		mirrors += field_number(export, "mirrors");
		age_add(check, field_text(zone, "zone"), "export", export);
		json_array_foreach (json_object_get(zone, "txt"), k, txt)
			age_add(check, field_text(zone, "zone"), field_text(txt, "name"), txt);
	}
	text_add(check->perfdata, " ", "mirrors=%lld;;;0;%lld uptime=%llds", (long long)served,
		(long long)mirrors, (long long)field_number(status, "uptime_seconds"));
	if (check->state == CHECK_OK)
		text_add(check->text, "; ", "zones: %zu, mirrors served: %lld of %lld", i,
			(long long)served, (long long)mirrors);
}

static int line_print(struct check *check, bool json)
{
	static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	char *const texts[] = {check->text, check->perfdata};
	for (unsigned i = 0; i < 2; i++) {
		screen_clean(texts[i]);
		for (char *at = texts[i]; (at = strpbrk(at, "|\n")); at++)
			*at = '/'; /* what stands behind it would be read as figures */
	}
	json_t *line = json_pack("{s:s, s:i, s:o, s:o}", "check", names[check->state], "exit",
		(int)check->state, "text", plain_json(check->text), "perfdata",
		plain_json(check->perfdata));
	char *text = json ? json_dumps(line, JSON_ENSURE_ASCII) : NULL;
	json_decref(line);
	if (text)
		printf("%s\n", text);
	else
		screen_line(SCREEN_PLAIN, "MIRRORNS %s - %s|%s", names[check->state], check->text,
			check->perfdata);
	free(text);
	return (int)check->state;
}

int check_run(const struct command *command)
{
	struct check check = {.state = CHECK_OK};
	struct reply reply = {.status = STATUS_FAILED};
	struct timespec begin, end;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	json_object_set_new(command->request, "verb", json_string("status"));
	client_ask(command->socket, command->request, command->verb->seconds, &reply);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (reply.status != STATUS_GOOD || !json_is_object(reply.result)) {
		check.state = reply.denied || reply.status == STATUS_WRONG ? CHECK_UNKNOWN
									   : CHECK_CRITICAL;
		text_add(check.text, "", "%s", *reply.why ? reply.why : "the reply is empty");
	} else {
		workers_check(&check, reply.result);
		if (!command->ready) {
			level_check(&check, CHECK_CRITICAL, reply.result);
			reload_check(&check, reply.result);
			level_check(&check, CHECK_WARNING, reply.result);
		}
		figures_add(&check, reply.result);
	}
	text_add(check.perfdata, " ", "time=%.3fs",
		(double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	json_decref(reply.result);
	return line_print(&check, command->json);
}

int check_wrong(const char *why)
{
	struct check check = {.state = CHECK_UNKNOWN};
	text_add(check.text, "", "%s", why);
	return line_print(&check, false);
}
