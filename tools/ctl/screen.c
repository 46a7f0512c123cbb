#include "tools/ctl/screen.h"

#include "geo/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct screen_cell {
	char *text; /* NULL: no memory */
	enum screen_colour colour;
	bool last; /* of its row */
};

static bool coloured;

static const char *const codes[] = {"", "\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[1;31m"};

void screen_init(void)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
	coloured = screen_is_terminal() && !(no && *no) && terminal && *terminal &&
		   strcmp(terminal, "dumb") != 0;
}

bool screen_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

/* What has no width or joins others, beside what utf8_is_control() knows. */
static bool is_invisible(uint32_t code)
{
	return code == 0xAD || (code >= 0x200B && code <= 0x200D) ||
	       (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

void screen_clean(char *text)
{
	char *out = text;
	while (*text) {
		uint32_t code;
		size_t size = utf8_read(text, SIZE_MAX, &code);
		bool shown = size && !utf8_is_control(code) && !is_invisible(code);
		memmove(out, shown ? text : "?", shown ? size : 1);
		out += shown ? size : 1;
		text += size ? size : 1;
	}
	*out = '\0';
}

static size_t width_of(const char *text)
{
	size_t width = 0;
	for (; *text; text++)
		width += (*text & 0xC0) != 0x80;
	return width;
}

static char *text_make(const char *format, va_list arguments)
{
	char *text;
	if (vasprintf(&text, format, arguments) < 0)
		return NULL;
	screen_clean(text);
	return text;
}

static void text_put(enum screen_colour colour, const char *text)
{
	if (coloured && colour != SCREEN_PLAIN)
		printf("%s%s\033[0m", codes[colour], text);
	else
		fputs(text, stdout);
}

void screen_line(enum screen_colour colour, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = text_make(format, arguments);
	va_end(arguments);
	text_put(colour, text ? text : "(out of memory)");
	putchar('\n');
	free(text);
}

void screen_clear(void)
{
	if (screen_is_terminal())
		fputs("\033[H\033[J", stdout);
}

bool screen_end(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

/* Takes over the text. */
static void cell_add(struct screen_table *table, enum screen_colour colour, char *text)
{
	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : 64;
		struct screen_cell *cells = realloc(table->cells, room * sizeof(*cells));
		table->cells = cells ? cells : table->cells;
		table->room = cells ? room : table->room;
	}
	table->failed |= table->count == table->room;
	if (table->failed || table->columns == SCREEN_COLUMNS_MAX) {
		free(text);
		return;
	}
	table->cells[table->count++] = (struct screen_cell){text, colour, false};
	table->columns++;
}

void screen_cell(struct screen_table *table, enum screen_colour colour, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	cell_add(table, colour, text_make(format, arguments));
	va_end(arguments);
}

void screen_field(struct screen_table *table, const char *title, enum screen_colour colour,
	const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	cell_add(table, SCREEN_DIM, strdup(title));
	cell_add(table, colour, text_make(format, arguments));
	va_end(arguments);
	screen_row_end(table);
}

void screen_row_end(struct screen_table *table)
{
	if (table->columns)
		table->cells[table->count - 1].last = true;
	table->columns = 0;
}

static void widths_find(const struct screen_table *table, size_t widths[SCREEN_COLUMNS_MAX])
{
	unsigned column = 0;
	memset(widths, 0, SCREEN_COLUMNS_MAX * sizeof(*widths));
	for (size_t i = 0; i < table->count; i++) {
		const struct screen_cell *cell = &table->cells[i];
		size_t width = cell->text ? width_of(cell->text) : 0;
		/* A last cell has nothing to its right. */
		if ((!cell->last || table->right & 1u << column) && width > widths[column])
			widths[column] = width;
		column = cell->last ? 0 : column + 1;
	}
}

/* Nothing but empty cells from here to the end of the row? */
static bool rest_is_empty(const struct screen_table *table, size_t at)
{
	for (; at < table->count; at++) {
		if (table->cells[at].text && table->cells[at].text[0])
			return false;
		if (table->cells[at].last)
			return true;
	}
	return true;
}

/* One cell, with what keeps it in its column. */
static void cell_print(const struct screen_table *table, size_t at, size_t width, bool right)
{
	const struct screen_cell *cell = &table->cells[at];
	const char *text = cell->text ? cell->text : "";
	size_t own = width_of(text), blanks = width > own ? width - own : 0;
	if (rest_is_empty(table, at))
		return;
	printf("  %*s", right ? (int)blanks : 0, "");
	text_put(cell->colour, text);
	if (!right && !cell->last && !rest_is_empty(table, at + 1))
		printf("%*s", (int)blanks, "");
}

void screen_table_end(struct screen_table *table)
{
	size_t widths[SCREEN_COLUMNS_MAX];
	unsigned column = 0;
	widths_find(table, widths);
	for (size_t i = 0; i < table->count; i++) {
		const struct screen_cell *cell = &table->cells[i];
		cell_print(table, i, widths[column], table->right & 1u << column);
		if (cell->last)
			putchar('\n');
		column = cell->last ? 0 : column + 1;
	}
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	if (table->failed)
		puts("  (out of memory, output is incomplete)");
	free(table->cells);
	*table = (struct screen_table){.right = 0};
}

const char *screen_time(long long seconds, char text[SCREEN_TIME_MAX])
{
	struct tm broken;
	time_t time = (time_t)seconds;
	if (!gmtime_r(&time, &broken) ||
		!strftime(text, SCREEN_TIME_MAX, "%Y-%m-%d %H:%M:%S UTC", &broken))
		snprintf(text, SCREEN_TIME_MAX, "%lld", seconds);
	return text;
}

const char *screen_span(long long seconds, char text[SCREEN_SPAN_MAX])
{
	if (seconds < 120)
		snprintf(text, SCREEN_SPAN_MAX, "%lld s", seconds);
	else if (seconds < 2 * 3600)
		snprintf(text, SCREEN_SPAN_MAX, "%lld min", seconds / 60);
	else if (seconds < 2 * 86400)
		snprintf(text, SCREEN_SPAN_MAX, "%lld h %lld min", seconds / 3600,
			seconds / 60 % 60);
	else
		snprintf(text, SCREEN_SPAN_MAX, "%lld d %lld h", seconds / 86400,
			seconds / 3600 % 24);
	return text;
}
