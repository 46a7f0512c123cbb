#include "dns/server/trial.h"

#include "dns/base/log.h"
#include "dns/base/why.h"
#include "dns/net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MS = 2000, WHY_MAX = 512 };

/* Does a server answer on this control socket? */
static bool server_answers(const char *path)
{
	static const char request[] = "{\"verb\":\"status\"}\n";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char octet;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	bool fits = fd >= 0 && *path && strlen(path) < sizeof(address.sun_path);
	if (fits)
		memcpy(address.sun_path, path, strlen(path));
	bool answers = fits &&
		       connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		       send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0 &&
		       poll(&wait, 1, ANSWER_MS) > 0 && recv(fd, &octet, 1, 0) == 1;
	if (fd >= 0)
		close(fd);
	return answers;
}

static void address_try(
	const struct config *config, bool running, const struct config_listen *at, int type)
{
	char why[WHY_MAX];
	if (listen_socket_is_free(at, type))
		return;
	int error = errno;
	const char *transport = type == SOCK_DGRAM ? "UDP" : "TCP";
	errno = error;
	listen_socket_why(at, type, why, sizeof(why));
	if (error == EADDRINUSE && running)
		log_line(LOG_LEVEL_INFO, "%s (%s) is in use by the server that answers on %s",
			at->text, transport, config->control);
	else if (error == EACCES && geteuid() != 0)
		log_line(LOG_LEVEL_INFO, "%s: the service has that", why);
	else
		log_line(LOG_LEVEL_WARNING, "%s", why);
}

static void addresses_try(const struct config *config)
{
	bool running = server_answers(config->control);
	for (size_t i = 0; i < config->listen_count; i++) {
		address_try(config, running, &config->listens[i], SOCK_DGRAM);
		address_try(config, running, &config->listens[i], SOCK_STREAM);
	}
	if (config->metrics.text[0])
		address_try(config, running, &config->metrics, SOCK_STREAM);
}

/* Root makes a missing folder, and gives it to the user. */
static bool state_dir_try(const struct config *config, const struct account *account, char *why)
{
	char parent[PATH_MAX];
	struct stat status;
	int error = 0;
	if (stat(config->state_dir, &status) == 0) {
		if (!user_borrow(account, why, WHY_MAX))
			return false;
		if (faccessat(AT_FDCWD, config->state_dir, W_OK | X_OK, AT_EACCESS) != 0)
			error = errno;
		if (!user_return(account, why, WHY_MAX))
			return false;
		if (!error && !S_ISDIR(status.st_mode))
			error = ENOTDIR;
	} else {
		error = errno;
		snprintf(parent, sizeof(parent), "%s", config->state_dir);
		if (error == ENOENT &&
			faccessat(AT_FDCWD, dirname(parent), W_OK | X_OK, AT_EACCESS) == 0)
			error = 0;
	}
	snprintf(why, WHY_MAX, "state-dir %s cannot be written%s%s: %s", config->state_dir,
		account->found ? " by " : "", account->found ? account->name : "", strerror(error));
	return error == 0;
}

bool trial_run(const struct config *config, const struct account *account, char *why, size_t size)
{
	char found[WHY_MAX];
	bool other = account->found && geteuid() != 0 && geteuid() != account->owner[0];
	if (config->control[0] && config->control_group[0] && !getgrnam(config->control_group))
		return why_write(why, size,
			"%s: the group \"%s\" of `control-group` does not exist", config->path,
			config->control_group);
	addresses_try(config);
	if (!other && !state_dir_try(config, account, found))
		log_line(LOG_LEVEL_WARNING, "%s; last good copies would not be saved for a restart",
			found);
	return true;
}
