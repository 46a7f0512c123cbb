/* tools/html/html.h - an HTML page under way: markup as it is, strangers' texts escaped.
 *
 * Where memory ends, the page is marked and what follows is left out. Attribute values stand in
 * double quotes, or hold nothing but letters, digits and ".-/:#?=". */
#ifndef TOOLS_HTML_HTML_H
#define TOOLS_HTML_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTML_NONCE_MAX = 33 };

struct html {
	char *text; /* NUL behind it; the caller's to free */
	size_t size, room;
	bool failed; /* no memory: it is not whole */
};

/* Where a page stands, and which entry of the menu it is. */
enum html_menu { HTML_MIRRORS, HTML_COUNTRIES, HTML_HISTORY, HTML_MENU, HTML_ALONE = HTML_MENU };
struct html_frame {
	const char *title; /* escaped here */
	const char *zone; /* the same */
	const char *top; /* way to the folder of index.html: "" or "../" */
	enum html_menu here; /* HTML_ALONE: no menu; style and script are in the page itself */
};

/* Markup as it is. */
void html_add(struct html *html, const char *markup);
void html_octets(struct html *html, const char *octets, size_t size);
/* The same with numbers and our own words in it; never a stranger's text. */
__attribute__((format(printf, 2, 3))) void html_format(struct html *html, const char *format, ...);
/* Text for an element or an attribute in quotes: markup is escaped; controls, marks that turn the
 * direction of writing and what is no UTF-8 become U+FFFD. */
void html_text(struct html *html, const char *text);
/* Unix seconds as <time> in UTC, to the minute; 0, never, as a dash. */
void html_time(struct html *html, int64_t seconds);
/* The same in few octets: of the day of `now` the clock, of the seven days before both, earlier the
 * date. */
void html_moment(struct html *html, int64_t seconds, int64_t now);
/* The flag of a country as regional indicators, hidden from screen readers, and its name. */
void html_country_name(struct html *html, unsigned country);

/* All before and all behind the content. */
void html_begin(struct html *html, const struct html_frame *frame);
void html_end(struct html *html, const struct html_frame *frame);

/* Ready for the next page; the memory stays. */
void html_clear(struct html *html);

#endif
