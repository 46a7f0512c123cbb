#include "zones/rdata.h"

#include "zones/field.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRING_MAX = 255, FAULT_MAX = 512, QUOTE_MAX = 60 };

bool rdata_refuse(const struct rdata *rdata, const char *text, const char *expected)
{
	return source_refuse(&rdata->record->place, rdata->why, rdata->why_size,
		"%.20s has \"%.*s\"%s, expected %s", rdata->record->type, QUOTE_MAX, text,
		strlen(text) > QUOTE_MAX ? "..." : "", expected);
}

bool rdata_refuse_memory(const struct rdata *rdata)
{
	return source_refuse(&rdata->record->place, rdata->why, rdata->why_size, "out of memory");
}

static bool too_long(const struct rdata *rdata)
{
	return source_refuse(&rdata->record->place, rdata->why, rdata->why_size,
		"%.20s has too much RDATA, expected at most 65535 octets", rdata->record->type);
}

bool rdata_put(struct rdata *rdata, const void *octets, size_t count)
{
	if (count > RDATA_MAX - rdata->size)
		return too_long(rdata);
	if (count)
		memcpy(rdata->octets + rdata->size, octets, count);
	rdata->size += count;
	return true;
}

static bool put_last_octets(struct rdata *rdata, unsigned octets, uint32_t number)
{
	uint8_t wire[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
		(uint8_t)number};
	return rdata_put(rdata, wire + 4 - octets, octets);
}

bool rdata_put_number(struct rdata *rdata, unsigned octets, const char *text)
{
	char expected[40];
	uint32_t number, most = UINT32_MAX >> (32 - 8 * octets);
	if (word_number(text, most, &number))
		return put_last_octets(rdata, octets, number);
	snprintf(expected, sizeof expected, "a number from 0 to %u", most);
	return rdata_refuse(rdata, text, expected);
}

bool rdata_put_duration(struct rdata *rdata, const char *text)
{
	uint64_t seconds;
	if (word_duration(text, &seconds) && seconds <= UINT32_MAX)
		return put_last_octets(rdata, 4, (uint32_t)seconds);
	return rdata_refuse(rdata, text, "seconds up to 4294967295, or a duration like 1h30m");
}

bool rdata_put_name(struct rdata *rdata, const char *text)
{
	const struct source_record *record = rdata->record;
	uint8_t wire[NAME_SIZE_MAX];
	char fault[FAULT_MAX];
	if (name_parse(text, record->origin, wire, fault, sizeof fault))
		return rdata_put(rdata, wire, name_size(wire));
	return source_refuse(
		&record->place, rdata->why, rdata->why_size, "%.20s: %s", record->type, fault);
}

bool rdata_put_address(struct rdata *rdata, bool ipv6, const char *text)
{
	uint8_t octets[sizeof(struct in6_addr)];
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, text, octets) != 1)
		return rdata_refuse(rdata, text, ipv6 ? "an IPv6 address" : "an IPv4 address");
	return rdata_put(rdata, octets, ipv6 ? sizeof(struct in6_addr) : sizeof(struct in_addr));
}

bool rdata_put_gateway(struct rdata *rdata, const char *kind, const char *gateway)
{
	uint32_t number;
	if (!word_number(kind, 3, &number))
		return rdata_refuse(rdata, kind, "a gateway type from 0 to 3");
	if (number == 3)
		return rdata_put_name(rdata, gateway);
	if (number)
		return rdata_put_address(rdata, number == 2, gateway);
	return !strcmp(gateway, ".") || rdata_refuse(rdata, gateway, "no gateway, as .");
}

bool rdata_put_tunnel(struct rdata *rdata, const struct word *words, size_t count)
{
	if (count < RDATA_TUNNEL_WORDS)
		return rdata_refuse(rdata, words[count - 1].text,
			"precedence, gateway type, algorithm, gateway and key");
	for (size_t i = 0; i < 3; i++)
		if (!rdata_put_number(rdata, 1, words[i].text))
			return false;
	return rdata_put_gateway(rdata, words[1].text, words[3].text);
}

bool rdata_put_relay(struct rdata *rdata, const struct word *words, size_t count)
{
	uint32_t optional, kind = 0;
	if (count < RDATA_RELAY_WORDS)
		return rdata_refuse(
			rdata, words[count - 1].text, "precedence, 0 or 1, relay type and relay");
	if (!rdata_put_number(rdata, 1, words[0].text))
		return false;
	if (!word_number(words[1].text, 1, &optional))
		return rdata_refuse(rdata, words[1].text, "0 or 1");
	word_number(words[2].text, 0x7F, &kind);
	uint8_t octet = (uint8_t)(optional << 7 | kind);
	return rdata_put(rdata, &octet, 1) &&
	       rdata_put_gateway(rdata, words[2].text, words[3].text);
}

bool rdata_put_types(struct rdata *rdata, const uint8_t map[RDATA_TYPES / 8])
{
	enum { WINDOW = 32 };
	for (unsigned window = 0; window < RDATA_TYPES / 8 / WINDOW; window++, map += WINDOW) {
		uint8_t head[2] = {(uint8_t)window, WINDOW};
		while (head[1] && !map[head[1] - 1])
			head[1]--;
		if (head[1] &&
			(!rdata_put(rdata, head, sizeof head) || !rdata_put(rdata, map, head[1])))
			return false;
	}
	return true;
}

bool rdata_put_string(struct rdata *rdata, const struct word *word, bool with_length)
{
	uint8_t string[1 + STRING_MAX];
	size_t count, left = RDATA_MAX - rdata->size;
	if (!word->quoted && strstr(word->text, "=\""))
		return rdata_refuse(rdata, word->text, "all of the string in quotes, or \\\"");
	if (with_length && word_octets(word, string + 1, STRING_MAX, &count)) {
		string[0] = (uint8_t)count;
		return rdata_put(rdata, string, 1 + count);
	}
	if (with_length)
		return rdata_refuse(rdata, word->text,
			"a string of at most 255 octets, escapes as \\X or \\DDD");
	if (!word_octets(word, rdata->octets + rdata->size, left, &count))
		return count == left ? too_long(rdata)
				     : rdata_refuse(rdata, word->text,
					       "a string, escapes as \\X or \\DDD");
	rdata->size += count;
	return true;
}

bool rdata_put_generic(struct rdata *rdata, const struct word *words, size_t count)
{
	uint32_t octets;
	if (count < 2 || !word_number(words[1].text, RDATA_MAX, &octets))
		return rdata_refuse(rdata, words[count < 2 ? 0 : 1].text,
			"\\#, a number from 0 to 65535 and as many octets");
	const char *text = rdata_join(rdata, words + 2, count - 2, "");
	if (!text)
		return false;
	if (!field_hex(text, rdata->octets, octets))
		return rdata_refuse(rdata, text, "as many pairs of hexadecimal digits as \\# says");
	rdata->size = octets;
	return true;
}

const char *rdata_join(
	struct rdata *rdata, const struct word *words, size_t count, const char *separator)
{
	size_t room = 1;
	for (size_t i = 0; i < count; i++)
		room += words[i].size + 3;
	if (room > rdata->joined_room) {
		free(rdata->joined);
		rdata->joined = malloc(room);
		rdata->joined_room = rdata->joined ? room : 0;
	}
	char *out = rdata->joined;
	if (!out) {
		rdata_refuse_memory(rdata);
		return NULL;
	}
	*out = '\0';
	for (size_t i = 0; i < count; i++) {
		const char *quote = words[i].quoted && *separator ? "\"" : "";
		out += sprintf(out, "%s%s%s%s", i ? separator : "", quote, words[i].text, quote);
	}
	return rdata->joined;
}

void rdata_free(struct rdata *rdata)
{
	free(rdata->joined);
	rdata->joined = NULL;
}
