/* dns/base/memory_text.h - a text that was written to open_memstream. */
#ifndef DNS_BASE_MEMORY_TEXT_H
#define DNS_BASE_MEMORY_TEXT_H

#include <stdio.h>
#include <stdlib.h>

/* Closes `out`, whose text becomes the caller's. NULL: it is not whole, there was no memory. */
static inline char *text_end(FILE *out, char **text)
{
	int failed = ferror(out);
	if (fclose(out) == 0 && !failed)
		return *text;
	free(*text);
	return NULL;
}

#endif
