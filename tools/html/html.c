#include "tools/html/html.h"

#include "geo/country.h"
#include "geo/stamp.h"
#include "geo/utf8.h"
#include "tools/html/asset.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define POINT_REPLACED "\xEF\xBF\xBD" /* U+FFFD */

static bool room_make(struct html *html, size_t more)
{
	size_t room = html->room ? html->room : 4096;
	while (room - html->size <= more)
		room *= 2;
	if (html->failed || room == html->room)
		return !html->failed;
	char *text = realloc(html->text, room);
	html->failed = !text;
	if (text) {
		html->text = text;
		html->room = room;
	}
	return text;
}

void html_octets(struct html *html, const char *octets, size_t size)
{
	if (!room_make(html, size))
		return;
	memcpy(html->text + html->size, octets, size);
	html->size += size;
	html->text[html->size] = '\0';
}

void html_add(struct html *html, const char *markup)
{
	html_octets(html, markup, strlen(markup));
}

void html_format(struct html *html, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (size >= 0 && (size_t)size < sizeof(text))
		html_octets(html, text, (size_t)size);
	else
		html->failed = true;
}

void html_clear(struct html *html)
{
	html->size = 0;
	html->failed = false;
	if (html->text)
		html->text[0] = '\0';
}

/* Controls, what turns the direction of writing, what is not seen, what is no character. */
static bool point_is_bad(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} bad[] = {{0x00, 0x1F}, {0x7F, 0x9F}, {0xAD, 0xAD}, {0x061C, 0x061C}, {0x115F, 0x1160},
		{0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
		{0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFF},
		{0xE0000, 0xE0FFF}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (point >= bad[i].first && point <= bad[i].last)
			return true;
	return false;
}

static const char *escape_find(uint32_t point)
{
	static const char marks[] = "&<>\"'";
	static const char *const escapes[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	const char *mark = point && point < 0x80 ? strchr(marks, (int)point) : NULL;
	return mark ? escapes[mark - marks] : NULL;
}

void html_text(struct html *html, const char *text)
{
	for (size_t size; *text; text += size) {
		uint32_t point;
		size = utf8_read(text, SIZE_MAX, &point);
		const char *escaped = size ? escape_find(point) : NULL;
		if (!size || point_is_bad(point))
			escaped = POINT_REPLACED;
		if (escaped)
			html_add(html, escaped);
		else
			html_octets(html, text, size);
		size = size ? size : 1;
	}
}

/* Octets of "2026-11-20" and "2026-11-20T18:00", and where "18:00" begins. */
enum { DATE = 10, MINUTE = 16, CLOCK = 11 };

void html_time(struct html *html, int64_t seconds)
{
	char text[STAMP_TEXT_MAX];
	stamp_write(seconds, text);
	if (seconds > 0)
		html_format(html, "<time datetime=%.*sZ>%.*s %.*s</time>", MINUTE, text, DATE, text,
			MINUTE - CLOCK, text + CLOCK);
	else
		html_add(html, "–");
}

void html_moment(struct html *html, int64_t seconds, int64_t now)
{
	enum { DAY = 86400, CLOCK_TOLD = 7 * DAY /* a date alone would say too little */ };
	char text[STAMP_TEXT_MAX];
	stamp_write(seconds, text);
	if (seconds <= 0)
		html_add(html, "–");
	else if (now - seconds > CLOCK_TOLD)
		html_format(html, "<time>%.*s</time>", DATE, text);
	else if (seconds / DAY == now / DAY)
		html_format(html, "<time>%.*s</time>", MINUTE - CLOCK, text + CLOCK);
	else
		html_format(
			html, "<time>%.*s %.*sZ</time>", DATE, text, MINUTE - CLOCK, text + CLOCK);
}

void html_country_name(struct html *html, unsigned country)
{
	const char *code = country_code(country);
	if (!*code)
		return;
	html_add(html, "<i aria-hidden=true>");
	for (; *code; code++) { /* U+1F1E6 is the A of the regional indicators */
		char letter[] = "\xF0\x9F\x87\xA6";
		letter[3] = (char)(letter[3] + (*code - 'A'));
		html_add(html, letter);
	}
	html_add(html, "</i>\xC2\xA0");
	html_text(html, country_name(country));
}

/* --- what all pages have --- */

static void asset_add(struct html *html, const struct asset *asset)
{
	html_octets(html, (const char *)asset->octets, asset->size);
}

/* Style and script in the page itself: a number that cannot be guessed says that they are ours. */
static void assets_add_inline(struct html *html)
{
	unsigned char chance[16];
	char nonce[HTML_NONCE_MAX];
	if (getrandom(chance, sizeof(chance), 0) != sizeof(chance)) {
		html->failed = true;
		return;
	}
	for (size_t i = 0; i < sizeof(chance); i++)
		snprintf(nonce + 2 * i, 3, "%02x", chance[i]);
	html_format(html,
		"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
		"style-src 'nonce-%s'; script-src 'nonce-%s'; img-src data:\">\n<style nonce=%s>\n",
		nonce, nonce, nonce);
	asset_add(html, &asset_style);
	html_format(html, "</style>\n<script nonce=%s>\n", nonce);
	asset_add(html, &asset_script);
	html_add(html, "</script>\n");
}

static void assets_add(struct html *html, const struct html_frame *frame)
{
	html_add(html, "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
		       "style-src 'self'; script-src 'self'; img-src 'self' data:\">\n");
	/* The version keeps an old copy in a browser's cache from being taken for this one. */
	html_format(html, "<link rel=stylesheet href=\"%s%s?%s\">\n", frame->top, asset_style.name,
		MIRRORNS_VERSION);
	/* The front page has its time in itself. */
	if (frame->here != HTML_MIRRORS)
		html_format(html, "<script src=\"%sgenerated.js\"></script>\n", frame->top);
	html_format(html, "<script src=\"%s%s?%s\"></script>\n", frame->top, asset_script.name,
		MIRRORNS_VERSION);
}

static void menu_add(struct html *html, const struct html_frame *frame)
{
	static const struct {
		const char *file, *name;
	} entries[HTML_MENU] = {{"index.html", "Mirrors"}, {"country/index.html", "Countries"},
		{"history.html", "History"}};
	html_add(html, "<nav aria-label=Pages>");
	for (unsigned i = 0; i < HTML_MENU; i++)
		html_format(html, "<a href=\"%s%s\"%s>%s</a>", frame->top, entries[i].file,
			i == frame->here ? " aria-current=page" : "", entries[i].name);
	html_add(html, "</nav>");
}

void html_begin(struct html *html, const struct html_frame *frame)
{
	html_add(html, "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
		       "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
		       "<meta name=color-scheme content=\"light dark\">\n"
		       "<meta name=referrer content=no-referrer>\n");
	if (frame->here == HTML_ALONE)
		assets_add_inline(html);
	else
		assets_add(html, frame);
	html_add(html, "<link rel=icon href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/"
		       "2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='3.5' "
		       "fill='%23107c4f'/%3E%3C/svg%3E\">\n<title>");
	html_text(html, frame->title);
	html_add(html, "</title>\n<body>\n<a class=skip href=\"#main\">To the content</a>\n"
		       "<header><div class=wide><p class=brand>");
	html_text(html, frame->zone);
	html_add(html, frame->here == HTML_ALONE ? " <span>pools</span></p>"
						 : " <span>mirrors</span></p>");
	if (frame->here != HTML_ALONE)
		menu_add(html, frame);
	html_add(html, "<button id=theme type=button hidden>Dark</button></div></header>\n"
		       "<main id=main class=wide>\n");
}

void html_end(struct html *html, const struct html_frame *frame)
{
	html_add(html, "</main>\n<footer><div class=wide>Times are UTC. ");
	if (frame->here == HTML_COUNTRIES || frame->here == HTML_HISTORY)
		html_format(html,
			"<span id=age>The <a href=\"%sindex.html\">front page</a> says when this was written.</span> ",
			frame->top);
	html_add(html, "<span>mirrorns " MIRRORNS_VERSION "</span>");
	html_add(html, "</div></footer>\n");
}
