/* dns/account.h - the user to become once the sockets are bound. */
#ifndef DNS_ACCOUNT_H
#define DNS_ACCOUNT_H

#include "dns/config.h"

#include <pwd.h>

struct account {
	bool found; /* false: stay who we are */
	uid_t owner[2]; /* user and group that own what is made; -1: whoever we are */
	char name[256];
};

/* False: one sentence. */
bool account_find(const struct config *config, struct account *account, char *why, size_t size);
/* Could it be become? Nothing changes; before any thread. False: one sentence. */
bool account_try(const struct account *account, char *why, size_t size);
bool account_become(const struct account *account, char *why, size_t size);

#endif
