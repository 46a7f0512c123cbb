#include "tools/monitor/alert/message.h"

#include "dns/base/memory_text.h"
#include "geo/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	HEADER_LINE = 69, /* of a header's text that needs no encoding */
	/* Of an encoded word before it is encoded: it is 69 long then, of 75 that RFC 2047 2
	 * allows, so that it fits behind "Subject: ". */
	WORD_OCTETS = 19,
};

/* How many octets the UTF-8 character at `text` has; 1 for what is none. */
static size_t character_size(const char *text)
{
	uint32_t code;
	size_t size = utf8_read(text, SIZE_MAX, &code);
	return size ? size : 1;
}

/* The text as it may stand in a header: a copy without control characters, '?' for what is no
 * UTF-8. */
static char *text_clean(const char *text)
{
	char *clean = strdup(text);
	for (size_t i = 0, step; clean && clean[i]; i += step) {
		unsigned char c = (unsigned char)clean[i];
		step = character_size(clean + i);
		if (c < 0x20 || c == 0x7F)
			clean[i] = ' ';
		else if (c > 0x7F && step == 1)
			clean[i] = '?';
	}
	return clean;
}

/* RFC 2047: words of whole characters, a line each. */
static void words_write(FILE *out, const char *text)
{
	while (*text) {
		size_t size = 0;
		while (text[size] && size + character_size(text + size) <= WORD_OCTETS)
			size += character_size(text + size);
		fputs("=?UTF-8?Q?", out);
		for (; size; size--)
			fprintf(out, "=%02X", (unsigned char)*text++);
		fputs(*text ? "?=\r\n " : "?=", out);
	}
}

static bool is_plain(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at > 0x7E)
			return false;
	return strlen(text) <= HEADER_LINE && !strstr(text, "=?");
}

static void subject_write(FILE *out, const char *text)
{
	char *clean = text_clean(text);
	fputs("Subject: ", out);
	if (clean && is_plain(clean))
		fputs(clean, out);
	else if (clean)
		words_write(out, clean);
	fputs("\r\n", out);
	free(clean);
}

/* RFC 5322 3.2.5, a phrase of atoms: nothing in it is a mark. */
static bool is_phrase(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '-' && *at != ' ')
			return false;
	return is_plain(text);
}

static void address_write(FILE *out, const char *field, const struct mailbox *address)
{
	char *clean = text_clean(address->name);
	fprintf(out, "%s: ", field);
	if (clean && *clean) {
		if (is_phrase(clean))
			fputs(clean, out);
		else
			words_write(out, clean);
		fputs("\r\n ", out);
	}
	fprintf(out, "<%s>\r\n", address->mail);
	free(clean);
}

char *message_header(const struct message *message)
{
	char *text = NULL, date[64] = "";
	size_t size;
	struct tm at;
	time_t seconds = (time_t)message->at;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	if (gmtime_r(&seconds, &at))
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &at);
	fprintf(out, "Date: %s\r\n", date);
	address_write(out, "From", message->from);
	address_write(out, "To", message->to);
	if (message->copy)
		address_write(out, "Cc", message->copy);
	subject_write(out, message->subject);
	fprintf(out, "Message-ID: <%lld.%llx%s>\r\nAuto-Submitted: auto-generated",
		(long long)message->at, (unsigned long long)message->number,
		strchr(message->from->mail, '@'));
	return text_end(out, &text);
}

char *message_body(const struct message *message)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (const char *at = message->body; *at; at++) {
		if (*at == '\n')
			fputc('\r', out);
		fputc(*at, out);
	}
	return text_end(out, &text);
}
