/* dns/load/loader.h - one loading under way, between the files of dns/load/inputs. */
#ifndef DNS_LOAD_LOADER_H
#define DNS_LOAD_LOADER_H

#include "dns/load/inputs.h"

enum { INPUTS_WHY_MAX = 1536 };

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
/* One log line for the watched file that was not taken, and what is served instead; the first sentence is also the
 * caller's. Of what passes the same is not said again. */
void inputs_refuse(
	const struct loading *loading, size_t number, const char *sentence, const char *instead);
/* A log line for inputs_say. */
void inputs_news_add(const struct loading *loading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A file to be written to state-dir later; takes over its octets. */
void inputs_save_add(struct inputs *inputs, const char *path, struct file *file,
	const struct keep_history *history);

/* Database, overrides, and places of both. False: one sentence. */
bool inputs_geo_load(const struct loading *loading, char *why, size_t size);
/* Zone number `z`, whose export is watched file `number` and its TXT files the next ones. */
bool inputs_zone_load(
	const struct loading *loading, size_t z, size_t number, char *why, size_t size);

#endif
