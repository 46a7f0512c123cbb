/* tests/unit/config_case.h - a configuration file of one's own for each test program. */
#ifndef TESTS_UNIT_CONFIG_CASE_H
#define TESTS_UNIT_CONFIG_CASE_H

#include "dns/config/config.h"
#include "geo/country.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A zone that is complete, on one line; or one whose body starts on line 2. */
#define ZONE  "zone z { file = f  export = e }\n"
#define IN(x) "zone z { file = f  export = e\n" x "\n}\n"

static char folder[64], file[80];
static char why[512];

static inline void octets_write(const char *octets, size_t size)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(octets, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
}

static inline struct config *text_load(const char *text)
{
	octets_write(text, strlen(text));
	memset(why, 0, sizeof(why));
	return config_load(file, why, sizeof(why));
}

/* Loads what must be good. */
static inline struct config *good_load(const char *text)
{
	struct config *config = text_load(text);

	if (!config)
		fail_msg("refused: %s\n%s", why, text);
	return config;
}

static inline int folder_make(void **state)
{
	const char *top = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%.40s/config.XXXXXX", top && *top ? top : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/a.conf", folder);
	return 0;
}

static inline int folder_remove(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(folder);
}

#endif
