/* tools/monitor/http/facts.h - between the files of board: what its pages say. */
#ifndef TOOLS_MONITOR_HTTP_FACTS_H
#define TOOLS_MONITOR_HTTP_FACTS_H

#include "tools/monitor/state/inventory.h"

enum { BOARD_SERIES_MAX = 2000 /* addresses that have series of their own */ };

/* What both pages judge by the clock of whoever asks: they tell the truth of a monitor that hangs,
 * too. */
struct board_facts {
	int64_t started; /* Unix seconds, of the board */
	int64_t exported; /* of the last export; 0: never */
	bool suspect;
	char suspect_why[TARGET_REASON_MAX];
	char *state; /* path of the state file; NULL: nothing was hung up yet */
};

/* Each gives a text to be freed; NULL: no memory. */

/* The samples of the inventory, as Prometheus reads them (text format 0.0.4). */
char *board_metrics(const struct inventory *inventory);
/* What goes after them: ages, and what the process takes. */
char *board_metrics_end(const struct board_facts *facts);
/* {"healthy":BOOL,"reasons":["one sentence", ...]} */
char *board_health(const struct board_facts *facts, bool *healthy);

#endif
