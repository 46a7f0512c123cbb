#include "geo/mirror.h"

#include "geo/country.h"
#include "geo/export.h"
#include "geo/found.h"
#include "geo/stamp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT_DEFAULT = 100, WEIGHT_MAX = 1000 };

static bool host_is_plausible(const char *host)
{
	size_t size = strlen(host);
	for (size_t i = 0; i < size; i++) {
		if (host[i] <= ' ' || host[i] >= 0x7F)
			return false;
	}
	return size > 0 && size <= EXPORT_HOST_MAX;
}

/* RFC 1122 3.2.1.3, RFC 5771, RFC 4291 2.5.5.2 and 2.7. */
const char *mirror_address_fault(const uint8_t octets[16], bool ipv6)
{
	static const uint8_t none[16], mapped[12] = {[10] = 0xFF, [11] = 0xFF};
	if (memcmp(octets, none, sizeof none) == 0)
		return "the unspecified address";
	if (ipv6) {
		if (memcmp(octets, mapped, sizeof mapped) == 0)
			return "an IPv4-mapped address";
		return octets[0] == 0xFF ? "a multicast address" : NULL;
	}
	if (octets[0] >= 224 && octets[0] < 240)
		return "a multicast address";
	return memcmp(octets, "\xFF\xFF\xFF\xFF", 4) == 0 ? "the broadcast address" : NULL;
}

static bool address_parse(struct export *export, const struct spot *spot, const json_t *value)
{
	struct mirrors *mirrors = export->mirrors;
	struct mirror_address *address = &mirrors->addresses[mirrors->address_count];
	bool ipv6 = strcmp(spot->field, "ipv6") == 0;
	const char *text = json_string_value(value);
	const char *expected = ipv6 ? "an IPv6 address" : "an IPv4 address";
	if (!text || inet_pton(ipv6 ? AF_INET6 : AF_INET, text, address->octets) != 1)
		return export_refuse_value(export, spot, value, expected);
	address->ipv6 = ipv6;
	address->mirror = (uint32_t)spot->mirror;
	const char *fault = mirror_address_fault(address->octets, ipv6);
	if (fault)
		return export_refuse(export, spot, "%s is %s, %s, expected %s of one host",
			spot->field, text, fault, expected);
	mirrors->address_count++;
	return true;
}

static bool addresses_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	(void)target; /* addresses have a list of their own */
	if (value && !json_is_array(value))
		return export_refuse_value(export, spot, value, "an array of addresses");
	struct spot element = *spot;
	for (size_t i = 0; i < json_array_size(value); i++) {
		element.element = (ptrdiff_t)i;
		if (!address_parse(export, &element, json_array_get(value, i)))
			return false;
	}
	return true;
}

static bool host_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	if (!json_is_string(value) || !host_is_plausible(json_string_value(value)))
		return export_refuse_value(export, spot, value,
			"a host name: 1 to 253 printable ASCII characters, no spaces");
	*(const char **)target = export_copy(export, value);
	return true;
}

static bool country_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	const char *text = json_string_value(value);
	unsigned country = text ? country_find(text, json_string_length(value)) : COUNTRY_NONE;
	if (country == COUNTRY_NONE)
		return export_refuse_value(export, spot, value, "a two-letter country code");
	*(uint16_t *)target = (uint16_t)country;
	return true;
}

static bool state_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	const char *text = json_string_value(value);
	for (unsigned state = 0; text && state < MIRROR_STATES; state++) {
		if (strcmp(text, mirror_state_name(state)) == 0) {
			*(uint8_t *)target = (uint8_t)state;
			return true;
		}
	}
	return export_refuse_value(export, spot, value, "ok, old, removed or disabled");
}

static bool weight_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	json_int_t weight = value ? json_integer_value(value) : WEIGHT_DEFAULT;
	if (weight < 1 || weight > WEIGHT_MAX)
		return export_refuse_value(export, spot, value, "an integer from 1 to 1000");
	*(uint16_t *)target = (uint16_t)weight;
	return true;
}

static bool text_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	if (value && !json_is_string(value))
		return export_refuse_value(export, spot, value, "a string");
	*(const char **)target = value ? export_copy(export, value) : "";
	return true;
}

static const struct field {
	const char *name;
	bool (*parse)(struct export *, const struct spot *, const json_t *, void *target);
	size_t offset; /* of the target in struct mirror */
} fields[] = {
	{"host", host_parse, offsetof(struct mirror, host)},
	{"country", country_parse, offsetof(struct mirror, country)},
	{"state", state_parse, offsetof(struct mirror, state)},
	{"weight", weight_parse, offsetof(struct mirror, weight)},
	{"reason", text_parse, offsetof(struct mirror, reason)},
	{"since", text_parse, offsetof(struct mirror, since)},
	{"checked", text_parse, offsetof(struct mirror, checked)},
	{"ipv4", addresses_parse, 0},
	{"ipv6", addresses_parse, 0},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static bool mirror_parse(struct export *export, size_t i)
{
	const json_t *object = json_array_get(export->list, i);
	struct mirror *mirror = &export->mirrors->list[i];
	struct spot spot = {(ptrdiff_t)i, NULL, SPOT_NONE};
	size_t before = export->mirrors->address_count;
	if (!json_is_object(object))
		return export_refuse_value(export, &spot, object, "an object");
	for (size_t k = 0; k < FIELDS; k++) {
		const struct field *field = &fields[k];
		spot.field = field->name;
		if (!field->parse(export, &spot, json_object_get(object, field->name),
			    (char *)mirror + field->offset))
			return false;
	}
	size_t added = export->mirrors->address_count - before;
	spot.field = NULL;
	if (added == 0)
		return export_refuse(
			export, &spot, "ipv4 and ipv6 have no address, expected at least one");
	if (mirror_in_service(mirror->state))
		export->mirrors->in_service += added;
	return true;
}

static int address_compare(const void *a, const void *b)
{
	const struct mirror_address *x = *(const struct mirror_address *const *)a;
	const struct mirror_address *y = *(const struct mirror_address *const *)b;
	int order = (int)x->ipv6 - (int)y->ipv6;
	if (order == 0)
		order = memcmp(x->octets, y->octets, sizeof x->octets);
	return order ? order : (x > y) - (x < y);
}

/* The first address in the export that an earlier one equals; false: none. */
static bool duplicate_find(const struct mirrors *mirrors, const struct mirror_address **order,
	const struct mirror_address **first, const struct mirror_address **second)
{
	*second = NULL;
	for (size_t i = 0; i < mirrors->address_count; i++)
		order[i] = &mirrors->addresses[i];
	qsort(order, mirrors->address_count, sizeof *order, address_compare);
	for (size_t i = 1; i < mirrors->address_count; i++) {
		const struct mirror_address *x = order[i - 1], *y = order[i];
		if (x->ipv6 != y->ipv6 || memcmp(x->octets, y->octets, sizeof x->octets) != 0)
			continue;
		if (!*second || y < *second) {
			*first = x;
			*second = y;
		}
	}
	return *second != NULL;
}

static bool duplicates_check(struct export *export)
{
	const struct mirrors *mirrors = export->mirrors;
	const struct mirror_address *first, *second;
	const struct mirror_address **order = malloc(mirrors->address_count * sizeof *order);
	if (!order)
		return export_refuse_memory(export);
	bool found = duplicate_find(mirrors, order, &first, &second);
	free(order);
	if (!found)
		return true;
	char text[INET6_ADDRSTRLEN] = "";
	struct spot here = spot_address(mirrors, second), there = spot_address(mirrors, first);
	inet_ntop(second->ipv6 ? AF_INET6 : AF_INET, second->octets, text, sizeof text);
	return export_refuse(export, &here,
		"%s %s is there twice, expected once; first at line %u, host %s", here.field, text,
		spot_line(export, &there), mirrors->list[first->mirror].host);
}

/* One block for the list, the addresses and the strings, measured before anything is judged. */
static bool mirrors_new(struct export *export)
{
	size_t count = json_array_size(export->list), addresses = 0, octets = 0;
	for (size_t i = 0; i < count; i++) {
		const json_t *object = json_array_get(export->list, i);
		for (size_t k = 0; k < FIELDS; k++) {
			const json_t *value = json_object_get(object, fields[k].name);
			addresses += json_array_size(value);
			octets += json_is_string(value) ? json_string_length(value) + 1 : 0;
		}
	}
	struct mirrors *mirrors = export->mirrors = calloc(1, sizeof *mirrors);
	if (!mirrors)
		return false;
	mirrors->arena = calloc(1,
		count * sizeof(struct mirror) + addresses * sizeof(struct mirror_address) + octets);
	if (!mirrors->arena)
		return false;
	mirrors->list = mirrors->arena;
	mirrors->count = count;
	mirrors->addresses = (struct mirror_address *)(mirrors->list + count);
	export->copy = (char *)(mirrors->addresses + addresses);
	return true;
}

/* Members that an export may have: -1 stands for one that it has not, so no time is before 1970. */
static bool order_parse(struct export *export, int64_t *serial, int64_t *generated)
{
	struct spot spot = {SPOT_NONE, "generated", SPOT_NONE};
	const json_t *value = json_object_get(export->root, spot.field);
	*serial = *generated = -1;
	if (value && (!json_is_string(value) || !stamp_parse(json_string_value(value), generated) ||
			     *generated < 0))
		return export_refuse_value(
			export, &spot, value, "a time like \"2026-11-20T18:00:00Z\"");
	spot.field = "serial";
	value = json_object_get(export->root, spot.field);
	if (value)
		*serial = json_integer_value(value);
	if (value && (!json_is_integer(value) || *serial < 0))
		return export_refuse_value(export, &spot, value, "an integer from 0");
	return true;
}

/* Members that an export must have. */
static bool header_parse(struct export *export)
{
	struct spot spot = {SPOT_NONE, NULL, SPOT_NONE};
	if (!json_is_object(export->root))
		return export_refuse_value(export, &spot, export->root, "an object");
	spot.field = "format";
	const json_t *value = json_object_get(export->root, spot.field);
	if (!json_is_string(value) || strcmp(json_string_value(value), "mirror-export/1") != 0)
		return export_refuse_value(export, &spot, value, "\"mirror-export/1\"");
	spot.field = "mirrors";
	export->list = json_object_get(export->root, spot.field);
	if (!json_is_array(export->list) || json_array_size(export->list) == 0)
		return export_refuse_value(
			export, &spot, export->list, "an array of at least one mirror");
	return true;
}

/* 0: the export has no such member. */
static unsigned member_line(const struct export *export, const char *field)
{
	const struct spot spot = {SPOT_NONE, field, SPOT_NONE};
	return json_object_get(export->root, field) ? spot_line(export, &spot) : 0;
}

static bool export_parse(struct export *export)
{
	int64_t serial, generated;
	if (!header_parse(export) || !order_parse(export, &serial, &generated))
		return false;
	if (!mirrors_new(export))
		return export_refuse_memory(export);
	struct mirrors *mirrors = export->mirrors;
	mirrors->serial = serial;
	mirrors->generated = generated;
	mirrors->serial_line = member_line(export, "serial");
	mirrors->generated_line = member_line(export, "generated");
	mirrors->mirrors_line = member_line(export, "mirrors");
	export_number(export);
	for (size_t i = 0; i < mirrors->count; i++) {
		if (!mirror_parse(export, i))
			return false;
	}
	return duplicates_check(export);
}

struct mirrors *mirrors_parse(
	const char *json, size_t count, const char *file, char *why, size_t size)
{
	json_error_t error;
	struct export export = {
		.text = json, .text_size = count, .file = file, .why = why, .why_size = size};
	export.root = json_loadb(json, count, JSON_REJECT_DUPLICATES, &error);
	if (!export.root) {
		found_syntax(file, &error, why, size);
		return NULL;
	}
	bool good = export_parse(&export);
	json_decref(export.root);
	if (good)
		return export.mirrors;
	mirrors_free(export.mirrors);
	return NULL;
}

void mirrors_free(struct mirrors *mirrors)
{
	if (!mirrors)
		return;
	free(mirrors->arena);
	free(mirrors);
}
