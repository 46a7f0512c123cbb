/* tools/html/asset.h - what the status page brings along, built into the programs from
 * tools/html/. */
#ifndef TOOLS_HTML_ASSET_H
#define TOOLS_HTML_ASSET_H

#include <stddef.h>

struct asset {
	const char *name; /* of its file */
	const unsigned char *octets; /* not terminated */
	size_t size;
};

extern const struct asset asset_style;
extern const struct asset asset_script;
/* Lines "CODE\tPATH\n", sorted: outlines of countries for an SVG of ASSET_WORLD_WIDTH x
 * ASSET_WORLD_HEIGHT units. */
extern const struct asset asset_world;
enum { ASSET_WORLD_WIDTH = 800, ASSET_WORLD_HEIGHT = 348 };

#endif
