#include "geo/mirror.h"

#include "geo/stamp.h"

#include <stdio.h>

enum { FUTURE_MAX = 3600 /* seconds that the monitor's clock may be ahead of ours */ };

static bool follow_clock(const struct mirrors *mirrors, const struct mirror_limits *limits,
	const char *file, char *why, size_t size)
{
	char text[2][STAMP_TEXT_MAX];
	if (mirrors->generated <= limits->now + FUTURE_MAX)
		return true;
	snprintf(why, size,
		"%s:%u: generated %s is %lld s ahead of this clock (%s), expected at most %d s: "
		"one of the clocks is wrong",
		file, mirrors->generated_line, stamp_write(mirrors->generated, text[0]),
		(long long)(mirrors->generated - limits->now), stamp_write(limits->now, text[1]),
		FUTURE_MAX);
	return false;
}

static bool follow_order(const struct mirrors *mirrors, const struct mirror_limits *limits,
	const char *file, char *why, size_t size)
{
	char text[2][STAMP_TEXT_MAX];
	if (mirrors->serial >= 0 && mirrors->serial < limits->serial) {
		snprintf(why, size,
			"%s:%u: serial %lld is lower than the last accepted, "
			"expected at least %lld; use `mirrornsctl reload --force` to accept it",
			file, mirrors->serial_line, (long long)mirrors->serial,
			(long long)limits->serial);
		return false;
	}
	if (mirrors->generated < 0 || mirrors->generated >= limits->generated)
		return true;
	snprintf(why, size,
		"%s:%u: generated %s is before the last accepted, expected %s or later; "
		"use `mirrornsctl reload --force` to accept it",
		file, mirrors->generated_line, stamp_write(mirrors->generated, text[0]),
		stamp_write(limits->generated, text[1]));
	return false;
}

bool mirrors_follow(const struct mirrors *mirrors, const struct mirror_limits *limits,
	const char *file, char *why, size_t size)
{
	if (!follow_clock(mirrors, limits, file, why, size))
		return false;
	if (!limits->known || limits->force)
		return true;
	if (!follow_order(mirrors, limits, file, why, size))
		return false;
	bool last = limits->in_service >= limits->largest;
	size_t before = last ? limits->in_service : limits->largest, now = mirrors->in_service;
	if (now >= before || (before - now) * 100 <= limits->max_shrink * before)
		return true;
	snprintf(why, size,
		"%s:%u: %zu addresses in service, %zu in the %s: %zu %% gone, "
		"expected at most max-shrink = %u %%; use `mirrornsctl reload --force` to accept it",
		file, mirrors->mirrors_line, now, before,
		last ? "last accepted export" : "largest export of the last 24 hours",
		((before - now) * 100 + before - 1) / before, limits->max_shrink);
	return false;
}
