/* tests/unit/golden_case.h - reads tests/golden/answers.txt.
 *
 * A case is a paragraph: its sentence, `client ADDRESS udp|tcp`, `query HEX` and `reply HEX` (or
 * `reply none`). Hex goes on in lines that start with a blank. Lines that start with # say the same
 * for people. */
#ifndef TESTS_UNIT_GOLDEN_CASE_H
#define TESTS_UNIT_GOLDEN_CASE_H

#include "dns/query/serve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { GOLDEN_MAX = 100, GOLDEN_TEXT_MAX = 256 };

struct golden_octets {
	uint8_t octets[2048];
	size_t size;
};

struct golden_case {
	char sentence[GOLDEN_TEXT_MAX];
	char from[GOLDEN_TEXT_MAX]; /* as written behind `client` */
	struct client client;
	struct golden_octets query, reply;
};

struct golden {
	struct golden_case cases[GOLDEN_MAX];
	size_t count;
};

static inline bool golden_hex(const char *text, struct golden_octets *octets)
{
	unsigned value;
	int used;
	for (; sscanf(text, " %2x%n", &value, &used) == 1; text += used) {
		if (octets->size == sizeof(octets->octets))
			return false;
		octets->octets[octets->size++] = (uint8_t)value;
	}
	return text[strspn(text, " \n")] == '\0';
}

static inline bool golden_client(const char *text, struct client *client)
{
	char address[64], transport[8];
	if (sscanf(text, "%63s %7s", address, transport) != 2)
		return false;
	client->tcp = strcmp(transport, "tcp") == 0;
	client->ipv6 = strchr(address, ':') != NULL;
	return (client->tcp || strcmp(transport, "udp") == 0) &&
	       inet_pton(client->ipv6 ? AF_INET6 : AF_INET, address, client->address) == 1;
}

/* One line of a case; *hex is what a line that starts with a blank goes on with. */
static inline bool golden_line(
	struct golden_case *golden, const char *line, struct golden_octets **hex)
{
	if (line[0] == ' ')
		return *hex && golden_hex(line, *hex);
	*hex = NULL;
	if (strncmp(line, "client ", 7) == 0) {
		snprintf(golden->from, sizeof(golden->from), "%.*s", (int)strcspn(line + 7, "\n"),
			line + 7);
		return golden_client(golden->from, &golden->client);
	}
	if (strcmp(line, "reply none\n") == 0)
		return true;
	if (strncmp(line, "query ", 6) == 0)
		*hex = &golden->query;
	else if (strncmp(line, "reply ", 6) == 0)
		*hex = &golden->reply;
	if (*hex)
		return golden_hex(line + 6, *hex);
	if (golden->sentence[0])
		return false;
	snprintf(
		golden->sentence, sizeof(golden->sentence), "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

/* 0: all was read; else the line that was not understood. */
static inline unsigned golden_load(struct golden *golden, const char *path)
{
	char line[1024];
	unsigned number = 0;
	struct golden_octets *hex = NULL;
	bool inside = false, good = true;
	FILE *file = fopen(path, "r");
	memset(golden, 0, sizeof(*golden));
	if (!file)
		return 1;
	while (good && fgets(line, sizeof(line), file)) {
		number++;
		if (line[0] == '#')
			continue;
		if (line[0] == '\n') {
			golden->count += inside;
			inside = false;
			continue;
		}
		inside = true;
		good = golden->count < GOLDEN_MAX &&
		       golden_line(&golden->cases[golden->count], line, &hex);
	}
	golden->count += inside && good;
	fclose(file);
	return good ? 0 : number;
}

#endif
