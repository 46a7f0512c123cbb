#include "zones/svcb.h"

#include "zones/field.h"
#include "zones/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MANDATORY, KEY_ALPN, KEY_NO_DEFAULT_ALPN, KEY_MAX = 12 /* "key65535" and more */ };

enum form {
	FORM_KEYS,
	FORM_IDS,
	FORM_EMPTY,
	FORM_PORT,
	FORM_IPV4,
	FORM_IPV6,
	FORM_BASE64,
	FORM_TEXT
};

/* By number; a key that is not here is keyNNNNN, and any octets. */
static const struct {
	const char *name;
	enum form form;
	unsigned unit; /* octets of which a value has a multiple */
} keys[] = {
	{"mandatory", FORM_KEYS, 2}, {"alpn", FORM_IDS, 1}, {"no-default-alpn", FORM_EMPTY, 1},
	{"port", FORM_PORT, 2}, {"ipv4hint", FORM_IPV4, 4}, {"ech", FORM_BASE64, 1},
	{"ipv6hint", FORM_IPV6, 16}, {"dohpath", FORM_TEXT, 1}, /* RFC 9461 */
	{"ohttp", FORM_EMPTY, 1}, /* RFC 9540 */
};

enum { KEYS = sizeof keys / sizeof *keys };

static bool key_parse(const char *text, size_t size, uint32_t *key)
{
	char digits[KEY_MAX];
	for (*key = 0; *key < KEYS; ++*key)
		if (strlen(keys[*key].name) == size && !strncmp(keys[*key].name, text, size))
			return true;
	if (size < 4 || size >= sizeof digits || strncmp(text, "key", 3))
		return false;
	snprintf(digits, sizeof digits, "%.*s", (int)size - 3, text + 3);
	return (digits[0] != '0' || !digits[1]) && word_number(digits, UINT16_MAX, key);
}

static bool key_refuse(const struct rdata *rdata, unsigned key, const char *expected)
{
	char name[KEY_MAX];
	snprintf(name, sizeof name, "key%u", key);
	return rdata_refuse(rdata, key < KEYS ? keys[key].name : name, expected);
}

/* The next of a list that ends with a NUL, its escapes undone where it stands (RFC 9460 A.1);
 * *at is NULL after the last. False: it is empty, or escapes something else. */
static bool item_next(char **at, char **item, size_t *size)
{
	char *in = *at, *out = in;
	for (*item = in; *in && *in != ','; in++) {
		if (*in == '\\' && *++in != ',' && *in != '\\')
			return false;
		*out++ = *in;
	}
	*at = *in ? in + 1 : NULL;
	*out = '\0';
	*size = (size_t)(out - *item);
	return *size;
}

static int number_compare(const void *a, const void *b)
{
	return memcmp(a, b, 2);
}

static bool list_put(struct rdata *rdata, const struct word *word, enum form form, char *at)
{
	size_t start = rdata->size, size;
	uint8_t head[2];
	uint32_t key;
	char *item;
	while (at) {
		bool good;
		if (!item_next(&at, &item, &size) || size > UINT8_MAX)
			return rdata_refuse(rdata, word->text,
				"items of 1 to 255 octets, a comma between them, \\\\, in one");
		if (form == FORM_IDS) {
			head[0] = (uint8_t)size;
			good = rdata_put(rdata, head, 1) && rdata_put(rdata, item, size);
		} else if (form == FORM_KEYS && key_parse(item, size, &key)) {
			wire_set16(head, key);
			good = rdata_put(rdata, head, 2);
		} else if (form == FORM_KEYS) {
			return rdata_refuse(rdata, item, "a key");
		} else {
			good = rdata_put_address(rdata, form == FORM_IPV6, item);
		}
		if (!good)
			return false;
	}
	if (form == FORM_KEYS)
		qsort(rdata->octets + start, (rdata->size - start) / 2, 2, number_compare);
	return true;
}

/* What is behind the =. The octets of a keyNNNNN are taken as they are. */
static bool value_put(struct rdata *rdata, const struct word *word, uint32_t key)
{
	enum form form = key < KEYS && *word->text != 'k' ? keys[key].form : FORM_TEXT;
	struct word value = {.text = strchr(word->text, '=') + 1};
	value.size = strlen(value.text);
	if (*value.text == '"' && value.size > 1 && value.text[value.size - 1] == '"') {
		value.text++;
		value.size -= 2;
	}
	if ((value.size && *value.text == '"') || memmem(value.text, value.size, "=\"", 2))
		return rdata_refuse(rdata, word->text, "all of the value in quotes, or \\\"");
	if (!rdata_join(rdata, word, 1, "")) /* for its room */
		return false;
	char *text = rdata->joined;
	size_t count;
	if (!word_octets(&value, (uint8_t *)text, value.size, &count))
		return rdata_refuse(rdata, word->text, "escapes as \\X or \\DDD");
	text[count] = '\0';
	if (form == FORM_TEXT || !count)
		return rdata_put(rdata, text, count);
	if (strlen(text) != count)
		return rdata_refuse(rdata, word->text, "no octet 0");
	if (form == FORM_EMPTY)
		return key_refuse(rdata, key, "no value");
	if (form == FORM_PORT)
		return rdata_put_number(rdata, 2, text);
	if (form != FORM_BASE64)
		return list_put(rdata, word, form, text);
	count = field_base64(text);
	return count ? rdata_put(rdata, text, count) : rdata_refuse(rdata, word->text, "base64");
}

static bool param_put(struct rdata *rdata, const struct word *word, uint32_t key)
{
	uint8_t head[4] = {(uint8_t)(key >> 8), (uint8_t)key};
	size_t start = rdata->size;
	if (!rdata_put(rdata, head, sizeof head) ||
		(strchr(word->text, '=') && !value_put(rdata, word, key)))
		return false;
	wire_set16(rdata->octets + start + 2, (unsigned)(rdata->size - start - sizeof head));
	return true;
}

bool svcb_put(struct rdata *rdata, const struct word *words, size_t count)
{
	/* A word's rank is its key and then its place, so that keys that are there twice stay. */
	for (uint64_t last = 0, next = 0; next != UINT64_MAX; last = next) {
		next = UINT64_MAX;
		for (size_t i = 0; i < count; i++) {
			uint32_t key;
			const char *text = words[i].text;
			if (words[i].quoted || !key_parse(text, strcspn(text, "="), &key))
				return rdata_refuse(rdata, text, "a key, or key=value");
			uint64_t rank = (uint64_t)key << 32 | (i + 1);
			next = rank > last && rank < next ? rank : next;
		}
		if (next != UINT64_MAX &&
			!param_put(rdata, &words[(uint32_t)next - 1], (uint32_t)(next >> 32)))
			return false;
	}
	return true;
}

/* A parameter in wire form. */
struct param {
	unsigned key, count;
	const uint8_t *value;
};

/* The one at `at`, which moves on; false: none is there whole. */
static bool param_next(const struct rdata *rdata, size_t *at, struct param *param)
{
	const uint8_t *octets = rdata->octets + *at;
	if (rdata->size - *at < 4)
		return false;
	*param = (struct param){wire_u16(octets), wire_u16(octets + 2), octets + 4};
	if (param->count > rdata->size - *at - 4)
		return false;
	*at += 4 + param->count;
	return true;
}

static size_t params_start(const struct rdata *rdata)
{
	return 2 + name_size(rdata->octets + 2);
}

static bool has_key(const struct rdata *rdata, unsigned key)
{
	struct param param;
	size_t at = params_start(rdata);
	while (param_next(rdata, &at, &param))
		if (param.key == key)
			return true;
	return false;
}

/* RFC 9460 8: ascending, itself not among them, all there. */
static bool keys_are_good(const struct rdata *rdata, const struct param *param)
{
	for (unsigned i = 0, last = KEY_MANDATORY; i < param->count; i += 2) {
		unsigned key = wire_u16(param->value + i);
		if (key <= last || !has_key(rdata, key))
			return false;
		last = key;
	}
	return true;
}

static bool ids_are_good(const struct param *param)
{
	unsigned at = 0;
	while (at < param->count && param->value[at])
		at += 1U + param->value[at];
	return at == param->count;
}

/* NULL: it is good; else what was expected. */
static const char *param_fault(const struct rdata *rdata, const struct param *param)
{
	unsigned key = param->key;
	if (key >= KEYS)
		return NULL;
	if (keys[key].form == FORM_EMPTY && param->count)
		return "no value";
	if (key == KEY_NO_DEFAULT_ALPN && !has_key(rdata, KEY_ALPN))
		return "alpn beside it";
	if (keys[key].form != FORM_EMPTY && !param->count)
		return "a value";
	if (param->count % keys[key].unit || (keys[key].form == FORM_PORT && param->count != 2))
		return "a value of its kind";
	if (key == KEY_MANDATORY && !keys_are_good(rdata, param))
		return "keys of the record other than itself, each once";
	return key == KEY_ALPN && !ids_are_good(param) ? "a list of ids" : NULL;
}

bool svcb_check(const struct rdata *rdata)
{
	struct param param;
	long last = -1;
	for (size_t at = params_start(rdata); at < rdata->size; last = param.key) {
		if (!param_next(rdata, &at, &param))
			return rdata_refuse(rdata, "\\#", "whole keys and values");
		const char *fault = param.key <= last ? "keys in ascending order, each once"
						      : param_fault(rdata, &param);
		if (fault)
			return key_refuse(rdata, param.key, fault);
	}
	return true;
}
