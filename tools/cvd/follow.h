/* tools/cvd/follow.h - stays and keeps the version string true and fresh: --watch. */
#ifndef TOOLS_CVD_FOLLOW_H
#define TOOLS_CVD_FOLLOW_H

#include "tools/cvd/arguments.h"

/* Until SIGTERM or SIGINT. False: the sentence says why it could not begin. */
bool follow_run(const struct arguments *arguments, char *why, size_t size);

#endif
