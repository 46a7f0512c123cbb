/* dns/load/loader.h - one load under way: which files are due, what is said of them, what is saved
 * later. */
#ifndef DNS_LOAD_LOADER_H
#define DNS_LOAD_LOADER_H

#include "dns/base/user.h"
#include "dns/load/inputs.h"

struct inputs_request {
	const char *config_path; /* NULL: keep configuration and zone files of `before` */
	const struct inputs *before; /* what is served now; NULL at a start */
	const bool *changed; /* by watched file's number; NULL: all */
	struct refcount
		*drains; /* struct drains; NULL: those of `before`, at a start those in state-dir */
	struct account *
		/* becomes that of the configuration, whose rights read all the rest; NULL: our
		 * own */
		account;
	bool force; /* whatever an export's serial, age and shrink, and a database's shrink */
};

struct loading {
	const struct inputs_request *request;
	struct inputs *inputs;
	const struct config *config;
	unsigned *refused;
	char *why;
	size_t size;
};

/* Is this watched file to be read? */
bool inputs_due(const struct loading *loading, size_t number);
/* Reads a watched file, and notes where that is worth another try. False: one sentence. */
bool inputs_read(
	const struct loading *loading, size_t number, struct file *file, char *why, size_t size);
/* Adds to such a sentence where the configuration names the file. */
void inputs_name(const struct loading *loading, const char *path, char *why, size_t size);
/* One log line for the watched file that was not taken, and what is served instead; the first
 * sentence is also the caller's. Of what passes the same is not said again. */
void inputs_refuse(
	const struct loading *loading, size_t number, const char *sentence, const char *instead);
/* A log line for inputs_say. */
void inputs_news_add(const struct loading *loading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A file to be written to state-dir later; takes over its octets. */
void inputs_save_add(struct inputs *inputs, const char *path, struct file *file,
	const struct export_history *history);

#endif
