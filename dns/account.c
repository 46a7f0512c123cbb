#include "dns/account.h"

#include "dns/log.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The package makes this account; a server tried out without it should not fail for that. */
#define USER_DEFAULT "mirrorns"

bool account_find(const struct config *config, struct account *account, char *why, size_t size)
{
	*account = (struct account){.owner = {(uid_t)-1, (uid_t)-1}};
	if (!config->user[0] || geteuid() != 0)
		return true;
	const struct passwd *entry = getpwnam(config->user);
	if (!entry && strcmp(config->user, USER_DEFAULT) == 0) {
		log_line(LOG_LEVEL_WARNING,
			"The user \"%s\" does not exist, mirrorns stays root: add it, or name "
			"another one with `user` (\"\" = stay)",
			config->user);
		return true;
	}
	if (!entry) {
		snprintf(why, size,
			"the user \"%s\" that mirrorns is to become does not exist: add it, or "
			"name another one with `user` (\"\" = stay)",
			config->user);
		return false;
	}
	account->found = true;
	account->owner[0] = entry->pw_uid;
	account->owner[1] = entry->pw_gid;
	snprintf(account->name, sizeof(account->name), "%s", config->user);
	return true;
}

bool account_become(const struct account *account, char *why, size_t size)
{
	if (!account->found ||
		(initgroups(account->name, account->owner[1]) == 0 &&
			setgid(account->owner[1]) == 0 && setuid(account->owner[0]) == 0))
		return true;
	snprintf(why, size, "cannot become the user \"%s\": %s", account->name, strerror(errno));
	return false;
}

bool account_try(const struct account *account, char *why, size_t size)
{
	int status;
	if (!account->found)
		return true;
	pid_t child = fork();
	if (child == 0)
		_exit(account_become(account, why, size) ? 0 : errno);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && WIFEXITED(status))
		errno = WEXITSTATUS(status);
	if (child > 0 && WIFEXITED(status) && !errno)
		return true;
	snprintf(why, size, "cannot become the user \"%s\": %s", account->name, strerror(errno));
	return false;
}
