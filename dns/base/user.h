/* dns/base/user.h - the user whose rights a server has: at a start as root those of `user`, for all
 * but what only root may bind and the configuration. */
#ifndef DNS_BASE_USER_H
#define DNS_BASE_USER_H

#include <pwd.h>
#include <stdbool.h>

struct account {
	bool found; /* false: stay who we are */
	uid_t owner[2]; /* user and group that own what is made; -1: the present one */
	char name[256];
};

/* `user` "": stay who we are. False: one sentence. */
bool user_lookup(const char *user, struct account *account, char *why, size_t size);
/* Between these two files are read with the user's rights; before any thread. The supplementary
 * groups stay the user's. False: one sentence, and nothing may be read. */
bool user_borrow(const struct account *account, char *why, size_t size);
bool user_return(const struct account *account, char *why, size_t size);
/* For good. False: one sentence. */
bool user_become(const struct account *account, char *why, size_t size);

#endif
