/* zones/text.h - a whole file of text. */
#ifndef ZONES_TEXT_H
#define ZONES_TEXT_H

#include <stddef.h>

/* A fifo or a device must not hold us up, so nothing blocks and only a regular file is read. NULL:
 * *text has *size octets, malloc'ed; else what is wrong, and *text is NULL. */
const char *text_load(const char *path, char **text, size_t *size);

#endif
