/* dns/load/txt.h - the string of a `txt` name: read, checked, aged. */
#ifndef DNS_LOAD_TXT_H
#define DNS_LOAD_TXT_H

#include "dns/base/file.h"
#include "dns/config/config.h"

struct txt {
	int64_t since; /* Unix seconds from which its age counts: field 3, else the file's time */
	size_t size;
	char text[]; /* not terminated */
};

/* The first line of a file. False: one sentence naming the file. The caller frees *txt. */
bool txt_parse(struct txt **txt, const struct file *file, const char *path,
	const struct config_txt *config, char *why, size_t size);

/* Is it what freshclam reads from a version string? False: one sentence without the file. */
bool txt_cvd_check(const char *text, size_t size, char *why, size_t why_size);

/* Is it older than max-age? Never, where that is off. */
bool txt_is_stale(const struct txt *txt, const struct config_txt *config, int64_t now);

#endif
