#include "tools/monitor/config/list_text.h"

#include "geo/found.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NEAR_MIN = 4 /* letters of a name that others can be near */ };

/* From an object to the value of a member; the line of its key. 0: it has none of this name, and
 * the scan is anywhere. */
static unsigned member_enter(struct scan *scan, const char *name)
{
	struct span key;
	for (bool more = scan_open(scan); more; more = scan_more(scan)) {
		if (!scan_key(scan, &key))
			return 0;
		if (span_is(&key, name))
			return key.line;
		scan_skip(scan);
	}
	return 0;
}

static void element_enter(struct scan *scan, ptrdiff_t element)
{
	for (bool more = scan_open(scan); more && element; element--) {
		scan_skip(scan);
		more = scan_more(scan);
	}
}

unsigned list_text_line(const struct list_text *text, const struct list_spot *spot)
{
	struct scan scan = scan_begin(text->text, text->text_size);
	unsigned line = scan.line, found;
	if (spot->mirror != LIST_NOWHERE && member_enter(&scan, "mirrors")) {
		element_enter(&scan, spot->mirror);
		line = scan.line;
	}
	found = spot->field ? member_enter(&scan, spot->field) : 0;
	if (!found)
		return line;
	if (spot->element == LIST_NOWHERE)
		return found;
	element_enter(&scan, spot->element);
	return scan.line;
}

void list_text_number(const struct list_text *text)
{
	struct scan scan = scan_begin(text->text, text->text_size);
	member_enter(&scan, "mirrors");
	scan_open(&scan);
	for (size_t i = 0; i < text->mirror_list->count; i++) {
		text->mirror_list->list[i].line = scan.line;
		scan_skip(&scan);
		scan_more(&scan);
	}
}

/* "" or "host h: " or, where there is no host to name, "mirror 3: ". */
static void owner_write(
	const struct list_text *text, const struct list_spot *spot, char *owner, size_t size)
{
	owner[0] = '\0';
	if (spot->mirror == LIST_NOWHERE)
		return;
	const char *host = text->mirror_list->list[spot->mirror].host;
	if (host)
		snprintf(owner, size, "host %s: ", host);
	else
		snprintf(owner, size, "mirror %td: ", spot->mirror + 1);
}

bool list_refuse(
	const struct list_text *text, const struct list_spot *spot, const char *format, ...)
{
	char owner[300], reason[600];
	va_list list;
	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	owner_write(text, spot, owner, sizeof(owner));
	snprintf(text->why, text->why_size, "%s:%u: %s%s", text->file, list_text_line(text, spot),
		owner, reason);
	return false;
}

bool list_refuse_value(const struct list_text *text, const struct list_spot *spot,
	const json_t *value, const char *expected)
{
	char found[FOUND_MAX];
	return list_refuse(text, spot, "%s is %s, expected %s", spot->field ? spot->field : "it",
		found_write(value, found), expected);
}

/* But for case, or for one letter that was added, left out, changed or swapped with its
 * neighbour. */
static bool is_near(const char *name, const char *known)
{
	size_t size = strlen(name), known_size = strlen(known), head = 0, tail = 0;
	while (head < size && tolower((unsigned char)name[head]) == known[head])
		head++;
	while (tail < size - head && tail < known_size - head &&
		tolower((unsigned char)name[size - 1 - tail]) == known[known_size - 1 - tail])
		tail++;
	size -= head + tail;
	known_size -= head + tail;
	name += head;
	known += head;
	return (size <= 1 && known_size <= 1) ||
	       (size == 2 && known_size == 2 && tolower((unsigned char)name[0]) == known[1] &&
		       tolower((unsigned char)name[1]) == known[0]);
}

bool list_unknown(struct list_text *text, const struct list_spot *spot, const char *name,
	const char *const *known)
{
	char found[FOUND_MAX], why[1000];
	json_t *string = json_string(name);
	found_write(string, found);
	json_decref(string);
	for (; *known; known++)
		if (strlen(*known) >= NEAR_MIN && is_near(name, *known))
			return list_refuse(text, spot,
				"found the unknown member %s, expected a known one: did you mean "
				"\"%s\"?",
				found, *known);
	if (!text->warn || json_object_get(text->warned, name))
		return true;
	json_object_set_new(text->warned, name, json_true());
	struct list_text told = *text;
	told.why = why;
	told.why_size = sizeof(why);
	list_refuse(&told, spot, "the member %s is not known, and ignored", found);
	text->warn(why);
	return true;
}
