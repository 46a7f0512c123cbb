/* tools/ctl/view.h - each verb's screen. A result's members may be missing or of any type. */
#ifndef TOOLS_CTL_VIEW_H
#define TOOLS_CTL_VIEW_H

#include <jansson.h>

/* Prints a result; `before`, of the same verb a second ago, may be NULL. */
typedef void view_show(const json_t *result, const json_t *before);

view_show view_status;
view_show view_reload;
view_show view_stats;
view_show view_explain;
view_show view_diff;
view_show view_pools;
view_show view_pools_page; /* HTML: all rows, with style and script in it */
view_show view_pings;
view_show view_drain;

/* As JSON that is safe on a terminal: jansson leaves DEL as it is. */
void view_json(const json_t *result, size_t flags);

#endif
