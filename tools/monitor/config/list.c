#include "tools/monitor/config/list.h"

#include "geo/found.h"
#include "geo/stamp.h"
#include "geo/utf8.h"
#include "tools/monitor/config/by_hand.h"
#include "tools/monitor/config/list_field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PORT_HTTP = 80 };

/* Of which mirror an address is, and where in its array. */
static struct list_spot address_spot(
	const struct mirror_list *mirror_list, const struct address *address)
{
	size_t i = 0;
	while (address >= mirror_list->list[i].addresses + mirror_list->list[i].address_count)
		i++;
	const struct address *first = mirror_list->list[i].addresses;
	while (first->ipv6 != address->ipv6)
		first++;
	return (struct list_spot){(ptrdiff_t)i, address->ipv6 ? "ipv6" : "ipv4", address - first};
}

/* Refuses the first address in the list that an earlier one equals. */
static bool addresses_once(struct list_text *text, const struct address *addresses)
{
	const void *first, *second;
	char written[ADDRESS_TEXT_MAX];
	if (!address_twice(addresses, (size_t)(text->address - addresses), sizeof(*addresses),
		    &first, &second)) {
		snprintf(text->why, text->why_size, "%s: out of memory", text->file);
		return false;
	}
	if (!second)
		return true;
	struct list_spot here = address_spot(text->mirror_list, second),
			 there = address_spot(text->mirror_list, first);
	return list_refuse(text, &here,
		"%s %s is listed twice, expected once; first in line %u, host %s", here.field,
		address_write(second, written), list_text_line(text, &there),
		text->mirror_list->list[there.mirror].host);
}

static int host_compare(const void *a, const void *b)
{
	const struct list_mirror *x = *(const struct list_mirror *const *)a;
	const struct list_mirror *y = *(const struct list_mirror *const *)b;
	int order = strcasecmp(x->host, y->host);
	return order ? order : (x > y) - (x < y);
}

/* A host may have several entries, each with addresses of its own; a name is resolved for one entry
 * alone. */
static bool names_once(struct list_text *text)
{
	const struct mirror_list *mirror_list = text->mirror_list;
	const struct list_mirror **order = calloc(mirror_list->count + 1, sizeof(*order));
	const struct list_mirror *found = NULL, *other = NULL;
	if (!order) {
		snprintf(text->why, text->why_size, "%s: out of memory", text->file);
		return false;
	}
	for (size_t i = 0; i < mirror_list->count; i++)
		order[i] = &mirror_list->list[i];
	qsort(order, mirror_list->count, sizeof(*order), host_compare);
	for (size_t i = 1; i < mirror_list->count; i++)
		if (strcasecmp(order[i]->host, order[i - 1]->host) == 0 &&
			(!order[i]->address_count || !order[i - 1]->address_count) &&
			(!found || order[i] < found)) {
			found = order[i];
			other = order[i - 1];
		}
	free(order);
	if (!found)
		return true;
	return list_refuse(text, &(struct list_spot){found - mirror_list->list, "host", -1},
		"the host is listed twice and one entry has no addresses, "
		"expected addresses in each or one entry; first in line %u",
		other->line);
}

static bool list_take(struct list_text *text)
{
	size_t count = json_array_size(text->list), addresses = 1, windows = 0, octets = 0;
	struct mirror_list *mirror_list = text->mirror_list = calloc(1, sizeof(*mirror_list));
	list_field_measure(text->list, &addresses, &windows, &octets);
	if (mirror_list)
		mirror_list->arena = calloc(1, count * sizeof(struct list_mirror) +
						       windows * sizeof(struct list_window) +
						       addresses * sizeof(struct address) + octets);
	if (!mirror_list || !mirror_list->arena) {
		snprintf(text->why, text->why_size, "%s: out of memory", text->file);
		return false;
	}
	mirror_list->list = mirror_list->arena;
	mirror_list->count = count;
	text->window = (struct list_window *)(mirror_list->list + count);
	text->address = (struct address *)(text->window + windows);
	text->copy = (char *)(text->address + addresses);
	return true;
}

static bool list_read(struct list_text *text)
{
	struct list_spot spot = {LIST_NOWHERE, NULL, LIST_NOWHERE};
	if (!json_is_object(text->root))
		return list_refuse_value(text, &spot, text->root, "an object {\"mirrors\": [...]}");
	spot.field = "mirrors";
	text->list = json_object_get(text->root, spot.field);
	if (!json_is_array(text->list) || json_array_size(text->list) == 0)
		return list_refuse_value(
			text, &spot, text->list, "an array of at least one mirror");
	if (!list_take(text))
		return false;
	const struct address *addresses = text->address;
	list_text_number(text);
	for (size_t i = 0; i < text->mirror_list->count; i++)
		if (!list_field_parse(text, i))
			return false;
	return addresses_once(text, addresses) && names_once(text);
}

struct mirror_list *list_parse(const struct list_source *source, char *why, size_t size)
{
	json_error_t error;
	struct list_text text = {.text = source->json,
		.text_size = source->size,
		.file = source->file,
		.allow_private = source->allow_private,
		.port = source->port ? source->port : PORT_HTTP,
		.warn = source->warn,
		.why = why,
		.why_size = size};
	size_t mark = utf8_mark_size(source->json, source->size);
	text.root = json_loadb(
		source->json + mark, source->size - mark, JSON_REJECT_DUPLICATES, &error);
	if (!text.root) {
		found_syntax(source->file, &error, why, size);
		return NULL;
	}
	text.warned = json_object();
	bool good = list_read(&text);
	json_decref(text.warned);
	json_decref(text.root);
	if (good)
		return text.mirror_list;
	list_free(text.mirror_list);
	return NULL;
}

void list_free(struct mirror_list *mirror_list)
{
	if (!mirror_list)
		return;
	by_hand_free(mirror_list->by_hand);
	free(mirror_list->arena);
	free(mirror_list);
}

void list_by_hand(struct mirror_list *mirror_list, struct by_hand *by_hand)
{
	mirror_list->by_hand = by_hand;
	for (size_t i = 0; i < mirror_list->count; i++)
		mirror_list->list[i].by_hand = by_hand_find(by_hand, mirror_list->list[i].host, 0);
}

bool list_away(const struct list_mirror *mirror, int64_t now, char *why, size_t size)
{
	char until[STAMP_TEXT_MAX];
	const struct list_window *last = NULL;
	for (size_t i = 0; i < mirror->window_count; i++) {
		const struct list_window *window = &mirror->windows[i];
		if (window->from <= now && now < window->to && (!last || window->to > last->to))
			last = window;
	}
	const struct by_hand_entry *hand = mirror->by_hand;
	hand = hand && (!hand->until || now < hand->until) ? hand : NULL;
	if (mirror->disabled || hand)
		snprintf(why, size, "disabled by hand%s%s%s%.120s",
			hand && hand->until ? " until " : "",
			hand && hand->until ? stamp_write(hand->until, until) : "",
			hand && hand->why[0] ? ": " : "", hand ? hand->why : "");
	else if (last)
		snprintf(why, size, "planned downtime until %s%s%.120s",
			stamp_write(last->to, until), last->why[0] ? ": " : "", last->why);
	return mirror->disabled || hand || last;
}
