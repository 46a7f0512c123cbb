/* geo/stamp.h - times as RFC 3339 5.6 writes them: "2026-11-20T18:00:00Z". */
#ifndef GEO_STAMP_H
#define GEO_STAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { STAMP_TEXT_MAX = 40 };

/* To Unix seconds; "Z" or "+hh:mm", a fraction is cut off. False: no such time. */
bool stamp_parse(const char *text, int64_t *seconds);
/* In UTC; returns text. */
const char *stamp_write(int64_t seconds, char text[STAMP_TEXT_MAX]);

#endif
