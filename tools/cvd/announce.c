#include "tools/cvd/announce.h"

#include "dns/base/why.h"

/* What strings of fewer fields do not say. */
enum { COUNT_WITH_WARN = 5, COUNT_WITH_FLEVEL = 6 };

bool announce_recommend(struct announce *announce, char *why, size_t size)
{
	const char *output = announce->arguments->output;
	const char *recommended = announce->arguments->recommended;
	if (!recommended && announce->known)
		recommended = announce->previous.recommended;
	if (!recommended && output)
		return why_write(why, size, "%s: does not exist, --version V is required", output);
	if (!recommended)
		return why_write(why, size,
			"--version V is required: there is no existing string to take it from");
	snprintf(announce->next.recommended, sizeof(announce->next.recommended), "%s", recommended);
	return true;
}

static uint32_t safebrowsing_decide(const struct announce *announce)
{
	uint32_t version = announce->dir.newest[CVD_SAFEBROWSING].version;
	if (version)
		return version;
	if (announce->arguments->safebrowsing >= 0)
		return (uint32_t)announce->arguments->safebrowsing;
	return announce->known ? announce->previous.versions[CVD_SAFEBROWSING] : 0;
}

/* No client may be told to go back: it would fetch and refuse the same file again and again. */
static bool versions_decide(struct announce *announce, char *why, size_t size)
{
	const struct arguments *arguments = announce->arguments;
	for (unsigned i = 0; i < CVD_DATABASES; i++)
		announce->next.versions[i] = announce->dir.newest[i].version;
	announce->next.versions[CVD_SAFEBROWSING] = safebrowsing_decide(announce);
	for (unsigned i = 0; i < CVD_DATABASES && announce->known && !announce->force; i++) {
		uint32_t found = announce->next.versions[i], floor = announce->previous.versions[i];
		const char *name = announce->dir.names[i];
		if (found >= floor)
			continue;
		return why_write(why, size,
			"%s%s%s: found version %u, expected at least %u as in %s: "
			"use --force to accept it",
			name ? arguments->directory : "", name ? "/" : "",
			name ? name : "--safebrowsing", found, floor, arguments->output);
	}
	return true;
}

static bool flevel_decide(struct announce *announce, char *why, size_t size)
{
	const struct arguments *arguments = announce->arguments;
	const struct version_string *previous = &announce->previous;
	uint32_t found = announce->dir.newest[CVD_DAILY].flevel;
	uint32_t most = previous->flevel + ANNOUNCE_FLEVEL_JUMP_MAX;
	announce->next.flevel = found;
	if (arguments->flevel >= 0) {
		announce->next.flevel = (uint32_t)arguments->flevel;
		return true;
	}
	if (!announce->known || announce->force || previous->count < COUNT_WITH_FLEVEL ||
		found <= most)
		return true;
	return why_write(why, size,
		"%s/%s: found functionality level %u, expected at most %u, %d above that in %s: "
		"use --flevel N to set it or --force to accept it",
		arguments->directory, announce->dir.names[CVD_DAILY], found, most,
		ANNOUNCE_FLEVEL_JUMP_MAX, arguments->output);
}

static bool warn_decide(const struct announce *announce)
{
	if (announce->arguments->warn >= 0)
		return announce->arguments->warn;
	if (announce->known && announce->previous.count >= COUNT_WITH_WARN)
		return announce->previous.warn;
	return true;
}

bool announce_decide(struct announce *announce, char *why, size_t size)
{
	announce->next = (struct version_string){.count = 8};
	announce->next.warn = warn_decide(announce);
	return announce_recommend(announce, why, size) && versions_decide(announce, why, size) &&
	       flevel_decide(announce, why, size);
}

bool announce_rises(const struct announce *announce, enum cvd_database database)
{
	uint32_t before = announce->known ? announce->previous.versions[database] : 0;
	return announce->dir.newest[database].version && announce->next.versions[database] > before;
}

void announce_hold(struct announce *announce, enum cvd_database database)
{
	const struct version_string *previous = &announce->previous;
	announce->next.versions[database] = previous->versions[database];
	/* The level comes with daily. */
	if (database == CVD_DAILY && announce->arguments->flevel < 0 &&
		previous->count >= COUNT_WITH_FLEVEL)
		announce->next.flevel = previous->flevel;
}
