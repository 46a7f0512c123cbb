/* tools/monitor/export/merge_vote.h - what several monitors say of one address, and what becomes of
 * it. */
#ifndef TOOLS_MONITOR_EXPORT_MERGE_VOTE_H
#define TOOLS_MONITOR_EXPORT_MERGE_VOTE_H

#include "geo/mirrors.h"

enum { MERGE_MAX = 64 /* monitors */, MERGE_REASON_MAX = 256 };

struct merge_vote {
	const struct address *address;
	const struct mirror *mirror;
	int64_t generated; /* when it was said: what it says of later times is not believed */
};

struct merge_ruling {
	const struct address *address;
	const char *host;
	uint16_t country, weight;
	enum mirror_state state;
	int64_t since, checked; /* 0: nobody says */
	char reason[MERGE_REASON_MAX]; /* one line: see plain_line */
};

/* The votes on one address, at least one and at most MERGE_MAX; in any order. */
void merge_decide(const struct merge_vote *votes, size_t count, struct merge_ruling *ruling);

#endif
