/* tools/monitor/alert/alert_part.h - between the files of alert: letters, the command, the post. */
#ifndef TOOLS_MONITOR_ALERT_ALERT_PART_H
#define TOOLS_MONITOR_ALERT_ALERT_PART_H

#include "tools/monitor/alert/alert.h"

#include <stdio.h>

/* --- letters: message.c; no I/O, no clock --- */

struct alert_letter {
	const struct mailbox *from, *to, *copy; /* copy: NULL, or who else gets it */
	const char *subject;
	const char *body; /* lines end with LF */
	int64_t at; /* Unix seconds */
	uint64_t number; /* with `at`, what makes it unlike any other */
};

/* The message by RFC 5322 and MIME, ASCII, lines end with CRLF and are short but for long addresses; whatever a text has,
 * it is no more than that field's. To be freed. NULL: no memory. */
char *alert_letter_write(const struct alert_letter *letter, size_t *size);

/* --- what is said: text.c --- */

/* A change that waits for the next summary. */
struct alert_change {
	uint64_t number; /* from 1 on */
	struct book_event event;
};

/* What a summary is made of. */
struct alert_summary {
	const struct book *book;
	const struct alert_change *changes; /* oldest first */
	size_t change_count;
	uint64_t lost; /* changes that there was no room for */
	uint64_t held; /* changes that got no mail of their own */
	int64_t since, started, now; /* Unix seconds; started: this process */
};

/* One line: why this letter comes. */
void alert_subject(
	const struct settings *settings, const struct book_event *event, char *text, size_t size);
/* Each writes the letter's body. */
void alert_change_write(FILE *out, const struct settings *settings, const struct book_event *event,
	const struct roster_mirror *mirror);
void alert_summary_write(FILE *out, const struct alert_summary *summary);
/* The object for the command, with a newline; to be freed. NULL: no memory. */
char *alert_json(const struct book_event *event, const struct roster_mirror *mirror);

/* --- the command: command.c --- */

struct alert_command;

/* A run has ended, or could not begin. */
typedef void alert_ran(void *owner, bool good);

/* A program gets SIGTERM after `limit_ms`, SIGKILL a sixth of it later. NULL: no memory. */
struct alert_command *alert_command_new(
	uv_loop_t *loop, unsigned limit_ms, alert_ran *ran, void *owner);
/* Runs `program` when all before it have ended; takes over `json`. False: too many wait, or no memory. */
bool alert_command_add(struct alert_command *command, const char *program, char *json);
bool alert_command_busy(const struct alert_command *command);
/* Ends the program that runs; the loop must run once more. */
void alert_command_free(struct alert_command *command);

/* --- the post: smtp.c --- */

struct alert_post;

/* A letter is delivered, or not. */
typedef void alert_posted(void *owner, bool good, bool summary);

struct alert_parcel {
	const char *server; /* smtp://HOST:PORT */
	const struct alert_letter *letter;
	bool summary;
};

/* NULL: no memory. */
struct alert_post *alert_post_new(uv_loop_t *loop, alert_posted *posted, void *owner);
/* Delivers when all before it are; copies what it needs. False: too many wait, or no memory. */
bool alert_post_add(struct alert_post *post, const struct alert_parcel *parcel);
bool alert_post_busy(const struct alert_post *post);
/* Gives up, within a second or so; the loop must run until then. */
void alert_post_free(struct alert_post *post);

#endif
