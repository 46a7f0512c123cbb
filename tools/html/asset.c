#include "tools/html/asset.h"

/* The build writes each file's octets as a list of numbers. */
static const unsigned char style[] = {
#include "asset/style.css"
};
static const unsigned char script[] = {
#include "asset/script.js"
};
static const unsigned char world[] = {
#include "asset/world.txt"
};

const struct asset asset_style = {"style.css", style, sizeof(style)};
const struct asset asset_script = {"script.js", script, sizeof(script)};
const struct asset asset_world = {"world.txt", world, sizeof(world)};
