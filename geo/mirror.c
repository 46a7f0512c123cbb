#include "geo/mirror.h"

#include "geo/country.h"
#include "geo/export.h"
#include "geo/found.h"
#include "geo/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
const char *mirror_address_fault(const struct address *address)
{
	const uint8_t *octets = address->octets;
	static const uint8_t none[16];
	if (memcmp(octets, none, sizeof none) == 0)
		return "the unspecified address";
	if (address->ipv6) {
		if (!address_from_ipv6(octets).ipv6)
			return "an IPv4-mapped address";
		return octets[0] == 0xFF ? "a multicast address" : NULL;
	}
	if (octets[0] >= 224 && octets[0] < 240)
		return "a multicast address";
	return memcmp(octets, "\xFF\xFF\xFF\xFF", 4) == 0 ? "the broadcast address" : NULL;
}

static bool address_read(struct export *export, const struct spot *spot, const json_t *value)
{
	struct mirrors *mirrors = export->mirrors;
	struct mirror_address *address = &mirrors->addresses[mirrors->address_count];
	bool ipv6 = strcmp(spot->field, "ipv6") == 0;
	const char *text = json_string_value(value);
	const char *expected = ipv6 ? "an IPv6 address" : "an IPv4 address";
	if (!address_parse(&address->at, text) || address->at.ipv6 != ipv6)
		return export_refuse_value(export, spot, value, expected);
	address->mirror = (uint32_t)spot->mirror;
	address->line = spot->line;
	const char *fault = mirror_address_fault(&address->at);
	if (fault)
		return export_refuse(export, spot, "%s is %s, %s, expected %s of one host",
			spot->field, text, fault, expected);
	mirrors->address_count++;
	return true;
}

/* The value where a scan is, and over it. */
static json_t *value_take(struct export *export, struct spot *spot, struct scan *scan)
{
	spot->line = scan->line;
	spot->value = (struct span){scan->at, scan->at, scan->line};
	scan_skip(scan);
	spot->value.end = scan->at;
	return export_load(export, &spot->value);
}

static bool element_parse(struct export *export, const struct spot *spot, struct scan *scan)
{
	struct spot element = {.mirror = spot->mirror, .field = spot->field};
	json_t *value = value_take(export, &element, scan);
	bool good = value && address_read(export, &element, value);
	json_decref(value);
	return good;
}

static bool addresses_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	(void)target; /* addresses have a list of their own */
	if (value && !json_is_array(value))
		return export_refuse_value(export, spot, value, "an array of addresses");
	if (!value)
		return true;
	struct scan scan = scan_again(&export->scan, &spot->value);
	for (bool more = scan_open(&scan); more; more = scan_more(&scan))
		if (!element_parse(export, spot, &scan))
			return false;
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

static bool text_measure(struct export *export)
{
	const char *from = export->scan.at;
	bool good = scan_skip(&export->scan);
	export->octets += (size_t)(export->scan.at - from); /* with quotes, and escapes: enough */
	return good;
}

static bool addresses_measure(struct export *export)
{
	struct scan *scan = &export->scan;
	if (!scan_sees(scan, '['))
		return scan_skip(scan);
	for (bool more = scan_open(scan); more; more = scan_more(scan))
		if (!export_count(export, &export->address_count, "addresses") || !scan_skip(scan))
			return false;
	return !scan->fault;
}

static const struct field fields[] = {
	{"host", text_measure, host_parse, offsetof(struct mirror, host)},
	{"country", NULL, country_parse, offsetof(struct mirror, country)},
	{"state", NULL, state_parse, offsetof(struct mirror, state)},
	{"weight", NULL, weight_parse, offsetof(struct mirror, weight)},
	{"reason", text_measure, text_parse, offsetof(struct mirror, reason)},
	{"since", text_measure, text_parse, offsetof(struct mirror, since)},
	{"checked", text_measure, text_parse, offsetof(struct mirror, checked)},
	{"ipv4", addresses_measure, addresses_parse, 0},
	{"ipv6", addresses_measure, addresses_parse, 0},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* The value here, which is no object. */
static bool object_refuse(struct export *export, ptrdiff_t mirror)
{
	struct spot spot = {.mirror = mirror};
	json_t *value = value_take(export, &spot, &export->scan);
	if (value)
		export_refuse_value(export, &spot, value, "an object");
	json_decref(value);
	return false;
}

static bool mirror_parse(struct export *export, size_t i)
{
	struct mirror *mirror = &export->mirrors->list[i];
	struct spot here = {.mirror = (ptrdiff_t)i, .line = export->scan.line}, spots[FIELDS];
	size_t before = export->mirrors->address_count;
	mirror->line = here.line;
	if (!scan_sees(&export->scan, '{'))
		return object_refuse(export, here.mirror);
	if (!export_members(export, fields, FIELDS, here.mirror, spots) ||
		!export_fields(export, fields, FIELDS, spots, mirror))
		return false;
	size_t added = export->mirrors->address_count - before;
	if (added == 0)
		return export_refuse(
			export, &here, "ipv4 and ipv6 have no address, expected at least one");
	if (mirror_in_service(mirror->state))
		export->mirrors->in_service += added;
	return true;
}

static bool mirrors_measure(struct export *export)
{
	struct scan *scan = &export->scan;
	struct spot spots[FIELDS];
	if (!scan_sees(scan, '['))
		return scan_skip(scan);
	for (bool more = scan_open(scan); more; more = scan_more(scan)) {
		if (!export_count(export, &export->mirror_count, "mirrors"))
			return false;
		if (!scan_sees(scan, '{')) {
			if (!scan_skip(scan))
				return false;
		} else if (!export_members(export, fields, FIELDS, SPOT_NONE, spots)) {
			return false;
		}
	}
	return !scan->fault;
}

static bool list_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	size_t i = 0;
	if (!json_is_array(value) || json_array_size(value) == 0)
		return export_refuse_value(export, spot, value, "an array of at least one mirror");
	*(unsigned *)target = spot->line;
	export->scan = scan_again(&export->scan, &spot->value);
	for (bool more = scan_open(&export->scan); more; more = scan_more(&export->scan))
		if (!mirror_parse(export, i++))
			return false;
	return true;
}

static bool duplicates_check(struct export *export)
{
	const struct mirrors *mirrors = export->mirrors;
	const void *earlier, *later;
	if (!address_twice(mirrors->addresses, mirrors->address_count, sizeof *mirrors->addresses,
		    &earlier, &later))
		return export_refuse_memory(export);
	if (!later)
		return true;
	const struct mirror_address *first = earlier, *second = later;
	char text[ADDRESS_TEXT_MAX];
	const struct spot here = {.mirror = (ptrdiff_t)second->mirror, .line = second->line};
	return export_refuse(export, &here,
		"%s %s is listed twice, expected once; first in line %u, host %s",
		second->at.ipv6 ? "ipv6" : "ipv4", address_write(&second->at, text), first->line,
		mirrors->list[first->mirror].host);
}

static int host_compare(const void *a, const void *b)
{
	const struct mirror *x = *(struct mirror *const *)a, *y = *(struct mirror *const *)b;
	int order = strcasecmp(x->host, y->host);
	return order ? order : (x > y) - (x < y);
}

/* Counts the hosts, and finds the first entry of each. */
static bool hosts_count(const struct export *export)
{
	struct mirrors *mirrors = export->mirrors;
	struct mirror **order = malloc(mirrors->count * sizeof *order + 1), *first = NULL;
	if (!order)
		return export_refuse_memory(export);
	for (size_t i = 0; i < mirrors->count; i++)
		order[i] = &mirrors->list[i];
	qsort(order, mirrors->count, sizeof *order, host_compare);
	mirrors->hosts = 0;
	for (size_t i = 0; i < mirrors->count; i++) {
		if (!first || strcasecmp(first->host, order[i]->host) != 0) {
			first = order[i];
			mirrors->hosts++;
		}
		order[i]->first = (uint32_t)(first - mirrors->list);
	}
	free(order);
	return true;
}

/* One block for the list, the addresses and the strings, as they were measured. */
static bool mirrors_new(struct export *export)
{
	size_t count = export->mirror_count, addresses = export->address_count;
	struct mirrors *mirrors = export->mirrors = calloc(1, sizeof(*mirrors));
	if (!mirrors)
		return export_refuse_memory(export);
	mirrors->arena =
		calloc(1, count * sizeof(struct mirror) +
				  addresses * sizeof(struct mirror_address) + export->octets + 1);
	if (!mirrors->arena)
		return export_refuse_memory(export);
	mirrors->list = mirrors->arena;
	mirrors->count = count;
	mirrors->addresses = (struct mirror_address *)(mirrors->list + count);
	export->copy = (char *)(mirrors->addresses + addresses);
	export->mirror_count = export->address_count = export->octets =
		0; /* they are counted again */
	return true;
}

static bool format_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	(void)target; /* there is but one */
	if (!json_is_string(value) || strcmp(json_string_value(value), "mirror-export/1") != 0)
		return export_refuse_value(export, spot, value, "\"mirror-export/1\"");
	return true;
}

/* A member that an export may have: -1 stands for one that it has not, so no time is before
 * 1970. */
static bool generated_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	struct mirrors *mirrors = target;
	mirrors->generated = -1;
	mirrors->generated_line = value ? spot->line : 0;
	if (value && (!json_is_string(value) ||
			     !stamp_parse(json_string_value(value), &mirrors->generated) ||
			     mirrors->generated < 0))
		return export_refuse_value(
			export, spot, value, "a time like \"2026-11-20T18:00:00Z\"");
	return true;
}

static bool serial_parse(
	struct export *export, const struct spot *spot, const json_t *value, void *target)
{
	struct mirrors *mirrors = target;
	mirrors->serial = value ? json_integer_value(value) : -1;
	mirrors->serial_line = value ? spot->line : 0;
	if (value && (!json_is_integer(value) || mirrors->serial < 0))
		return export_refuse_value(export, spot, value, "an integer from 0");
	return true;
}

static const struct field roots[] = {
	{"format", NULL, format_parse, 0},
	{"generated", NULL, generated_parse, 0},
	{"serial", NULL, serial_parse, 0},
	{"mirrors", mirrors_measure, list_parse, offsetof(struct mirrors, mirrors_line)},
};
enum { ROOTS = sizeof(roots) / sizeof(roots[0]) };

static bool export_parse(struct export *export)
{
	struct scan *scan = &export->scan, begin = *scan;
	struct spot spots[ROOTS];
	bool object = scan_sees(scan, '{');
	if (!(object ? export_members(export, roots, ROOTS, SPOT_NONE, spots) : scan_skip(scan)) ||
		!scan_finish(scan))
		return false;
	if (!object) {
		*scan = begin;
		return object_refuse(export, SPOT_NONE);
	}
	return mirrors_new(export) && export_fields(export, roots, ROOTS, spots, export->mirrors) &&
	       duplicates_check(export) && hosts_count(export);
}

struct mirrors *mirrors_parse(
	const char *json, size_t count, const char *file, char *why, size_t size)
{
	struct export export = {
		.scan = scan_begin(json, count), .file = file, .why = why, .why_size = size};
	if (export_parse(&export))
		return export.mirrors;
	if (export.scan.fault)
		found_fault(&export.scan, file, why, size);
	mirrors_free(export.mirrors);
	return NULL;
}

void mirrors_free(void *object)
{
	struct mirrors *mirrors = object;
	if (!mirrors)
		return;
	free(mirrors->arena);
	free(mirrors);
}
