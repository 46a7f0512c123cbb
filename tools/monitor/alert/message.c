#include "tools/monitor/alert/message.h"

#include "geo/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	HEADER_LINE = 69, /* of a header's text that needs no encoding */
	/* Of an encoded word before base64: it is 68 long then, of 75 that RFC 2047 2
	 * allows. */
	WORD_OCTETS = 42,
	BODY_LINE = 76 /* RFC 2045 6.7 (5), with the '=' of a soft break */
};

/* --- headers --- */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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

static void word_write(FILE *out, const char *octets, size_t size)
{
	const unsigned char *text = (const unsigned char *)octets;
	fputs("=?UTF-8?B?", out);
	for (size_t i = 0; i < size; i += 3) {
		uint32_t b = i + 1 < size ? text[i + 1] : 0, c = i + 2 < size ? text[i + 2] : 0;
		uint32_t bits = (uint32_t)text[i] << 16 | b << 8 | c;
		fputc(base64[bits >> 18], out);
		fputc(base64[bits >> 12 & 63], out);
		fputc(i + 1 < size ? base64[bits >> 6 & 63] : '=', out);
		fputc(i + 2 < size ? base64[bits & 63] : '=', out);
	}
	fputs("?=", out);
}

/* RFC 2047: words of whole characters, a line each. */
static void words_write(FILE *out, const char *text)
{
	while (*text) {
		size_t size = 0;
		while (text[size] && size + character_size(text + size) <= WORD_OCTETS)
			size += character_size(text + size);
		word_write(out, text, size);
		text += size;
		if (*text)
			fputs("\r\n ", out);
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

/* --- the body --- */

/* Quoted-printable, RFC 2045 6.7: whatever it has, each line is short and ASCII. */
static void body_write(FILE *out, const char *body)
{
	size_t column = 0;
	for (const unsigned char *at = (const unsigned char *)body; *at; at++) {
		if (*at == '\n') {
			fputs("\r\n", out);
			column = 0;
			continue;
		}
		bool last = at[1] == '\n' || !at[1];
		bool bare = *at >= 0x20 && *at < 0x7F && *at != '=' && !(*at == ' ' && last);
		size_t size = bare ? 1 : 3;
		if (column + size > BODY_LINE - 1) {
			fputs("=\r\n", out);
			column = 0;
		}
		fprintf(out, bare ? "%c" : "=%02X", *at);
		column += size;
	}
	if (column)
		fputs("\r\n", out);
}

char *message_write(const struct message *message, size_t *size)
{
	char *text = NULL, date[64] = "";
	struct tm at;
	time_t seconds = (time_t)message->at;
	FILE *out = open_memstream(&text, size);
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
	fprintf(out, "Message-ID: <%lld.%llx%s>\r\n", (long long)message->at,
		(unsigned long long)message->number, strchr(message->from->mail, '@'));
	fputs("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	      "Content-Type: text/plain; charset=utf-8\r\n"
	      "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		out);
	body_write(out, message->body);
	bool whole = !ferror(out);
	if (fclose(out) == 0 && whole)
		return text;
	free(text);
	return NULL;
}
