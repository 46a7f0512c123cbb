#include "tools/monitor/config/list_field.h"

#include "geo/country.h"
#include "geo/mirror.h"
#include "geo/special.h"
#include "geo/stamp.h"
#include "tools/monitor/config/hostname.h"
#include "tools/monitor/config/mailbox.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { CONTACT_MAX = 254, WEIGHT_DEFAULT = 100, WEIGHT_MAX = 1000 };

/* Names that are in use beside those of geo/country. */
static const struct {
	const char *name, *code;
} names[] = {
	{"Aland", "AX"},
	{"Bosnia", "BA"},
	{"Brunei Darussalam", "BN"},
	{"Cape Verde", "CV"},
	{"Czech Republic", "CZ"},
	{"Great Britain", "GB"},
	{"Holland", "NL"},
	{"Iran, Islamic Republic of", "IR"},
	{"Korea", "KR"},
	{"Korea, Republic of", "KR"},
	{"Macedonia", "MK"},
	{"Moldova, Republic of", "MD"},
	{"Republic of Korea", "KR"},
	{"Russian Federation", "RU"},
	{"Slovak Republic", "SK"},
	{"Taiwan, Province of China", "TW"},
	{"The Netherlands", "NL"},
	{"Turkiye", "TR"},
	{"United States of America", "US"},
	{"USA", "US"},
	{"Viet Nam", "VN"},
};

typedef bool field_parse(
	struct list_text *text, const struct list_spot *spot, const json_t *value, void *target);

static const char *string_copy(struct list_text *text, const json_t *string)
{
	size_t size = json_string_length(string) + 1;
	char *copy = memcpy(text->copy, json_string_value(string), size);
	text->copy += size;
	return copy;
}

static bool host_parse(
	struct list_text *text, const struct list_spot *spot, const json_t *value, void *target)
{
	const char *host = json_string_value(value);
	size_t size = host ? json_string_length(value) : 0;
	if (!host || !host_fits(host, size, true))
		return list_refuse_value(text, spot, value,
			"a host name: labels of 1 to 63 letters, digits, inner hyphens and "
			"underscores, at most 253 octets");
	*(const char **)target = string_copy(text, value);
	return true;
}

static unsigned country_named(const char *name, size_t size)
{
	unsigned country = country_find(name, size);
	for (unsigned i = 1; !country && i <= COUNTRY_MAX; i++)
		if (strcasecmp(country_name(i), name) == 0)
			country = i;
	for (size_t i = 0; !country && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i].name, name) == 0)
			country = country_find(names[i].code, 2);
	return country;
}

static bool country_parse(
	struct list_text *text, const struct list_spot *spot, const json_t *value, void *target)
{
	const char *name = json_string_value(value);
	unsigned country = name ? country_named(name, json_string_length(value)) : COUNTRY_NONE;
	if (country == COUNTRY_NONE)
		return list_refuse_value(text, spot, value,
			"a country's two-letter code or its English name, as in \"DE\" or "
			"\"Germany\"");
	*(uint16_t *)target = (uint16_t)country;
	return true;
}

static bool number_parse(
	struct list_text *text, const struct list_spot *spot, const json_t *value, void *target)
{
	unsigned most = strcmp(spot->field, "port") == 0 ? UINT16_MAX : WEIGHT_MAX;
	char expected[48];
	json_int_t number = json_integer_value(value);
	if (!value)
		return true;
	if (number < 1 || number > (json_int_t)most) {
		snprintf(expected, sizeof(expected), "an integer from 1 to %u", most);
		return list_refuse_value(text, spot, value, expected);
	}
	*(uint16_t *)target = (uint16_t)number;
	return true;
}

static bool disabled_parse(
	struct list_text *text, const struct list_spot *spot, const json_t *value, void *target)
{
	if (value && !json_is_boolean(value))
		return list_refuse_value(text, spot, value, "true or false");
	*(bool *)target = json_is_true(value);
	return true;
}

static bool line_good(const json_t *value)
{
	const char *text = json_string_value(value);
	bool good = text && json_string_length(value) <= CONTACT_MAX;
	for (; good && *text; text++)
		good = (unsigned char)*text >= ' ' && *text != 0x7F;
	return good;
}

/* A person, or an address: people write what they like. */
static bool admin_parse(
	struct list_text *text, const struct list_spot *spot, const json_t *value, void *target)
{
	if (value && !line_good(value))
		return list_refuse_value(
			text, spot, value, "one line of at most 254 octets, as a mail address");
	*(const char **)target = value ? string_copy(text, value) : "";
	return true;
}

static bool alerts_parse(
	struct list_text *text, const struct list_spot *spot, const json_t *value, void *target)
{
	const char *string = json_string_value(value);
	struct mailbox address;
	if (value && (!line_good(value) || (string[0] && !mailbox_parse(string, &address))))
		return list_refuse_value(
			text, spot, value, "a mail address like \"noc@example.net\", one alone");
	*(const char **)target = value ? string_copy(text, value) : "";
	return true;
}

static bool addresses_parse(
	struct list_text *text, const struct list_spot *spot, const json_t *value, void *target)
{
	struct list_mirror *mirror = target;
	struct list_spot element = *spot;
	bool ipv6 = strcmp(spot->field, "ipv6") == 0;
	if (value && !json_is_array(value))
		return list_refuse_value(text, spot, value, "an array of addresses");
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *string = json_array_get(value, i);
		const char *written = json_string_value(string), *fault;
		struct address *address = text->address;
		element.element = (ptrdiff_t)i;
		if (!address_parse(address, written) || address->ipv6 != ipv6)
			return list_refuse_value(text, &element, string,
				ipv6 ? "an IPv6 address" : "an IPv4 address");
		fault = mirror_address_fault(address);
		if (fault)
			return list_refuse(text, &element,
				"%s is %s, %s, expected an address of one host", spot->field,
				written, fault);
		const struct special *special = special_find(address);
		if (!text->allow_private && special->kind != SPECIAL_GLOBAL &&
			special->kind != SPECIAL_DOCUMENTATION)
			return list_refuse(text, &element,
				"%s is %s, %s, expected a global one, or allow-private = true in "
				"the configuration",
				spot->field, written, special->name);
		text->address++;
		mirror->address_count++;
	}
	return true;
}

/* The names in an object that no reader asks for. */
static bool names_check(struct list_text *text, const struct list_spot *spot, const json_t *object,
	const char *const *known)
{
	const char *name;
	json_t *value;
	struct list_spot here = *spot;
	json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
		size_t i = 0;
		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		if (here.element == LIST_NOWHERE)
			here.field = name;
		if (!known[i] && !list_unknown(text, &here, name, known))
			return false;
	}
	return true;
}

static bool window_parse(struct list_text *text, const struct list_spot *spot, const json_t *value,
	struct list_window *window)
{
	const char *from = json_string_value(json_object_get(value, "from"));
	const char *to = json_string_value(json_object_get(value, "to"));
	const json_t *why = json_object_get(value, "why");
	static const char *const known[] = {"from", "to", "why", NULL};
	if (!names_check(text, spot, value, known))
		return false;
	if (!from || !to || !stamp_parse(from, &window->from) || !stamp_parse(to, &window->to))
		return list_refuse(text, spot,
			"downtime has \"from\" %.40s and \"to\" %.40s, expected two times like "
			"\"2026-11-20T18:00:00Z\"",
			from ? from : "missing", to ? to : "missing");
	if (window->from >= window->to)
		return list_refuse(text, spot,
			"downtime is from %.40s to %.40s, expected an end after its beginning",
			from, to);
	if (why && !line_good(why))
		return list_refuse(text, spot,
			"downtime has a \"why\" that is none, expected one "
			"line of at most 254 octets");
	window->why = why ? string_copy(text, why) : "";
	return true;
}

static bool windows_parse(
	struct list_text *text, const struct list_spot *spot, const json_t *value, void *target)
{
	struct list_mirror *mirror = target;
	struct list_spot element = *spot;
	if (value && !json_is_array(value))
		return list_refuse_value(
			text, spot, value, "an array of {\"from\", \"to\"} objects");
	for (size_t i = 0; i < json_array_size(value); i++) {
		element.element = (ptrdiff_t)i;
		if (!window_parse(text, &element, json_array_get(value, i), text->window))
			return false;
		text->window++;
		mirror->window_count++;
	}
	return true;
}

static const struct field {
	const char *name;
	field_parse *parse;
	size_t offset; /* of the target in struct list_mirror */
} fields[] = {
	{"host", host_parse, offsetof(struct list_mirror, host)},
	{"country", country_parse, offsetof(struct list_mirror, country)},
	{"port", number_parse, offsetof(struct list_mirror, port)},
	{"weight", number_parse, offsetof(struct list_mirror, weight)},
	{"disabled", disabled_parse, offsetof(struct list_mirror, disabled)},
	{"admin", admin_parse, offsetof(struct list_mirror, admin)},
	{"alerts", alerts_parse, offsetof(struct list_mirror, alerts)},
	{"ipv4", addresses_parse, 0},
	{"ipv6", addresses_parse, 0},
	{"downtime", windows_parse, 0},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* What people may note of a mirror, beside the fields. */
static const char *const notes[] = {"sponsor", "url", "bandwidth"};
enum { NOTES = sizeof(notes) / sizeof(notes[0]) };

static bool mirror_names_check(
	struct list_text *text, const struct list_spot *spot, const json_t *object)
{
	const char *known[FIELDS + NOTES + 1] = {NULL};
	for (size_t i = 0; i < FIELDS; i++)
		known[i] = fields[i].name;
	memcpy(known + FIELDS, notes, sizeof(notes));
	return names_check(text, spot, object, known);
}

bool list_field_parse(struct list_text *text, size_t i)
{
	const json_t *object = json_array_get(text->list, i);
	struct list_mirror *mirror = &text->mirror_list->list[i];
	struct list_spot spot = {(ptrdiff_t)i, NULL, LIST_NOWHERE};
	if (!json_is_object(object))
		return list_refuse_value(text, &spot, object, "an object");
	mirror->port = text->port;
	mirror->weight = WEIGHT_DEFAULT;
	mirror->addresses = text->address;
	mirror->windows = text->window;
	size_t first = json_object_get(object, "host") ? 1 : 0;
	for (size_t k = 0; k < FIELDS; k++) {
		const json_t *value = json_object_get(object, fields[k].name);
		/* A name's refusal is to name the host, where there is one. */
		if (k == first && !mirror_names_check(text, &spot, object))
			return false;
		spot.field = fields[k].name;
		if (!fields[k].parse(text, &spot, value, (char *)mirror + fields[k].offset))
			return false;
	}
	return true;
}

void list_field_measure(const json_t *list, size_t *addresses, size_t *windows, size_t *octets)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *object = json_array_get(list, i);
		for (size_t k = 0; k < FIELDS; k++) {
			const json_t *value = json_object_get(object, fields[k].name);
			size_t *count = fields[k].parse == windows_parse ? windows : addresses;
			*count += json_array_size(value);
			for (size_t w = 0; w < json_array_size(value); w++) {
				const json_t *why =
					json_object_get(json_array_get(value, w), "why");
				*octets += json_is_string(why) ? json_string_length(why) + 1 : 0;
			}
			*octets += json_is_string(value) ? json_string_length(value) + 1 : 0;
		}
	}
}
