/* tools/cvd/header.h - the first octets of a file, however large it is: headers and version strings
 * are short. */
#ifndef TOOLS_CVD_HEADER_H
#define TOOLS_CVD_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEADER_MAX = 512 };

struct header {
	bool found; /* false: there is no such file, and that is all that is known */
	char octets[HEADER_MAX];
	size_t size; /* of them */
	uint64_t file_size;
};

/* Never waits for a writer. False: one sentence naming the file, which is no regular one or cannot
 * be read. */
bool header_read(struct header *header, const char *path, char *why, size_t size);

#endif
