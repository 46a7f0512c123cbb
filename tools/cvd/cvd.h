/* tools/cvd/cvd.h - the header of a database file, .cvd or .cld: 512 octets of text.
 *
 * No I/O here, and no trust: the octets may come from anywhere. */
#ifndef TOOLS_CVD_CVD_H
#define TOOLS_CVD_CVD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CVD_MAGIC "ClamAV-VDB:"
enum { CVD_HEADER_SIZE = 512 };

/* The databases that a version string speaks of; the last one is optional. */
enum cvd_database { CVD_MAIN, CVD_DAILY, CVD_BYTECODE, CVD_SAFEBROWSING };
enum { CVD_DATABASES = 4 };

struct cvd {
	uint32_t version; /* never 0 */
	uint32_t signatures, flevel; /* functionality level */
	int64_t built; /* Unix seconds; -1: a header from before 2004 does not say */
};

/* Reads the first CVD_HEADER_SIZE of `size` octets. False: one sentence that says what was found
 * and expected, without the file's name. */
bool cvd_parse(struct cvd *cvd, const void *octets, size_t size, char *why, size_t why_size);

/* "main", "daily" ... */
extern const char *const cvd_database_names[CVD_DATABASES];

#endif
