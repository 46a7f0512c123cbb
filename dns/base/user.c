#include "dns/base/user.h"

#include "dns/base/why.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool user_lookup(const char *user, struct account *account, char *why, size_t size)
{
	*account = (struct account){.owner = {(uid_t)-1, (uid_t)-1}};
	if (!user[0] || geteuid() != 0)
		return true;
	const struct passwd *entry = getpwnam(user);
	if (!entry)
		return why_write(why, size,
			"the user \"%s\" does not exist: create it, "
			"or set `user` to an existing one (\"\" = stay root)",
			user);
	account->found = true;
	account->owner[0] = entry->pw_uid;
	account->owner[1] = entry->pw_gid;
	snprintf(account->name, sizeof(account->name), "%s", user);
	return true;
}

static bool refuse(const struct account *account, char *why, size_t size)
{
	return why_write(
		why, size, "cannot switch to user \"%s\": %s", account->name, strerror(errno));
}

/* The effective user takes the capabilities along that root has over files. */
bool user_borrow(const struct account *account, char *why, size_t size)
{
	if (!account->found ||
		(initgroups(account->name, account->owner[1]) == 0 &&
			setegid(account->owner[1]) == 0 && seteuid(account->owner[0]) == 0))
		return true;
	return refuse(account, why, size);
}

bool user_return(const struct account *account, char *why, size_t size)
{
	if (!account->found || (seteuid(0) == 0 && setegid(getgid()) == 0))
		return true;
	return why_write(why, size, "cannot switch back to root: %s", strerror(errno));
}

bool user_become(const struct account *account, char *why, size_t size)
{
	if (!account->found ||
		(initgroups(account->name, account->owner[1]) == 0 &&
			setgid(account->owner[1]) == 0 && setuid(account->owner[0]) == 0))
		return true;
	return refuse(account, why, size);
}
