/* dns/server/trial.h - `mirrorns -t`: what a start needs beside its files. */
#ifndef DNS_SERVER_TRIAL_H
#define DNS_SERVER_TRIAL_H

#include "dns/base/user.h"
#include "dns/config/config.h"

/* Tries the addresses, control-group and state-dir, and leaves nothing behind. What a start could
 * do without is a warning; what a running server of this configuration has, or this caller alone
 * may not try, a line of the level info. False: one sentence on what a start would end with. */
bool trial_run(const struct config *config, const struct account *account, char *why, size_t size);

#endif
