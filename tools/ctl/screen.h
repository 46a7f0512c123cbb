/* tools/ctl/screen.h - text on the standard output: tables, colours, nothing that could command a
 * terminal.
 *
 * Whatever comes from outside may hold control characters: each is printed as '?'. Colours only on
 * a terminal, and not where NO_COLOR is set (no-color.org). */
#ifndef TOOLS_CTL_SCREEN_H
#define TOOLS_CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum screen_colour { SCREEN_PLAIN, SCREEN_BOLD, SCREEN_DIM, SCREEN_GOOD, SCREEN_WARN, SCREEN_BAD };

enum { SCREEN_COLUMNS_MAX = 12, SCREEN_TIME_MAX = 32, SCREEN_SPAN_MAX = 32 };

/* Rows of cells, aligned when they are printed. */
struct screen_table {
	struct screen_cell *cells; /* `columns` for each row */
	size_t count, room;
	unsigned columns; /* of the present row: where the next cell goes */
	unsigned right; /* columns aligned to the right, one bit each */
	bool failed; /* no memory: rows are missing */
};

/* To be called first: may colours be used? */
void screen_init(void);
bool screen_is_terminal(void);
/* One line; '\n' is added. */
void screen_line(enum screen_colour colour, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Text as it is printed: in place, never longer. */
void screen_clean(char *text);
void screen_clear(void);
/* False: the standard output took not all. */
bool screen_end(void);

/* The next cell of the row. */
void screen_cell(struct screen_table *table, enum screen_colour colour, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void screen_row_end(struct screen_table *table);
/* A row of a dim title and a text. */
void screen_field(struct screen_table *table, const char *title, enum screen_colour colour,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Prints the table with two blanks before each row, and empties it. */
void screen_table_end(struct screen_table *table);

/* Unix seconds as "2026-11-20 18:00:00 UTC", a duration as "3 h 12 min"; return text. */
const char *screen_time(long long seconds, char text[SCREEN_TIME_MAX]);
const char *screen_span(long long seconds, char text[SCREEN_SPAN_MAX]);

#endif
