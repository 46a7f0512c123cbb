/* tests/unit/mirror_case.h - small exports written by tests. */
#ifndef TESTS_UNIT_MIRROR_CASE_H
#define TESTS_UNIT_MIRROR_CASE_H

#include "geo/country.h"
#include "geo/mirror.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct mirror_case {
	const char *host, *country;
	const char *ipv4, *ipv6; /* list of quoted addresses; NULL: none */
	const char *state; /* NULL: ok */
	int weight; /* 0: not given */
	const char *reason; /* NULL: none */
};

/* A text that grows; freed by the test. */
struct mirror_text {
	char *octets;
	size_t size;
	FILE *file;
};

static inline struct mirrors *mirror_text_parse(const char *text)
{
	char why[512] = "";
	struct mirrors *mirrors = mirrors_parse(text, strlen(text), "m.json", why, sizeof why);
	if (!mirrors)
		fail_msg("refused: %s", why);
	return mirrors;
}

static inline void mirror_case_print(FILE *file, const struct mirror_case *row)
{
	fprintf(file, "{\"host\":\"%s\",\"country\":\"%s\",\"state\":\"%s\"", row->host,
		row->country, row->state ? row->state : "ok");
	if (row->ipv4)
		fprintf(file, ",\"ipv4\":[%s]", row->ipv4);
	if (row->ipv6)
		fprintf(file, ",\"ipv6\":[%s]", row->ipv6);
	if (row->weight)
		fprintf(file, ",\"weight\":%d", row->weight);
	if (row->reason)
		fprintf(file, ",\"reason\":\"%s\"", row->reason);
	fprintf(file, "}");
}

static inline void mirror_text_begin(
	struct mirror_text *text, long long serial, const char *generated)
{
	text->file = open_memstream(&text->octets, &text->size);
	assert_non_null(text->file);
	fprintf(text->file,
		"{\"format\":\"mirror-export/1\",\"generated\":\"%s\",\"serial\":%lld,"
		"\"mirrors\":[\n",
		generated, serial);
}

static inline struct mirrors *mirror_text_end(struct mirror_text *text)
{
	fprintf(text->file, "\n]}\n");
	fclose(text->file);
	struct mirrors *mirrors = mirror_text_parse(text->octets);
	free(text->octets);
	return mirrors;
}

/* Rows up to the first without a host. */
static inline struct mirrors *mirror_cases(const struct mirror_case *rows)
{
	struct mirror_text text;
	mirror_text_begin(&text, 7, "2026-11-20T18:00:00Z");
	for (size_t i = 0; rows[i].host; i++) {
		fprintf(text.file, i ? ",\n" : "");
		mirror_case_print(text.file, &rows[i]);
	}
	return mirror_text_end(&text);
}

#endif
