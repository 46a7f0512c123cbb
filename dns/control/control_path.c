#include "dns/control/control_path.h"

#include "dns/base/log.h"
#include "dns/base/why.h"
#include "dns/load/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool refuse(const char *path, const char *sentence, char *why, size_t size)
{
	return why_write(why, size, "the control socket %s %s", path, sentence);
}

static bool refuse_errno(const char *path, const char *sentence, char *why, size_t size)
{
	return why_write(
		why, size, "the control socket %s %s: %s", path, sentence, strerror(errno));
}

/* The folder is made where only it is missing. */
static bool folder_make(const char *path, const uid_t owner[2])
{
	char folder[CONTROL_PATH_MAX];
	snprintf(folder, sizeof(folder), "%s", path);
	const char *name = dirname(folder);
	if (mkdir(name, 0755) != 0)
		return errno == EEXIST;
	/* By descriptor: another user may write in the folder above, and put a link there. A
	 * service may be forbidden to call fchown at all: only where there is something to give. */
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool same = owner[0] == (uid_t)-1 && owner[1] == (gid_t)-1;
	bool good = fd >= 0 && (same || fchown(fd, owner[0], owner[1]) == 0);
	if (fd >= 0)
		close(fd);
	return good;
}

/* Is a server there? A file that no server listens on is what a killed server left. */
static bool socket_lives(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;
	bool lives = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		     (errno != ECONNREFUSED && errno != ENOENT);
	close(fd);
	return lives;
}

/* No client may connect before owner and mode are right. */
static bool socket_bind(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(0777);
	bool good = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	int error = errno;
	umask(mask);
	errno = error;
	return good;
}

/* Binds, in the place of a dead one if need be. */
static bool socket_place(int fd, const struct sockaddr_un *address, char *why, size_t size)
{
	struct stat status;
	const char *path = address->sun_path;
	if (socket_bind(fd, address))
		return true;
	if (errno != EADDRINUSE)
		return refuse_errno(path, "cannot be created", why, size);
	if (lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode))
		return refuse(path, "cannot be created: a file that is not a socket has this name",
			why, size);
	if (socket_lives(address))
		return refuse(path,
			"belongs to a running server: stop it, set another path with `control`, "
			"or replace it with --takeover",
			why, size);
	if ((unlink(path) != 0 && errno != ENOENT) || !socket_bind(fd, address))
		return refuse_errno(
			path, "was left by a dead server and cannot be replaced", why, size);
	return true;
}

/* By descriptor: the folder is not ours alone, and root must not be led to another file by who may
 * write there. */
static bool file_give(int fd, uid_t user, gid_t group)
{
	struct stat status;
	char path[sizeof("/proc/self/fd/") + 16];
	if (fstat(fd, &status) != 0)
		return false;
	errno = ENOTSOCK; /* another process has put another file there meanwhile */
	if (!S_ISSOCK(status.st_mode))
		return false;
	bool same = user == (uid_t)-1 && group == (gid_t)-1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (same || fchownat(fd, "", user, group, AT_EMPTY_PATH) == 0) &&
	       chmod(path, 0660) == 0;
}

static bool socket_give(
	const struct config *config, const char *path, const uid_t owner[2], char *why, size_t size)
{
	gid_t group = owner[1];
	const struct group *entry =
		config->control_group[0] ? getgrnam(config->control_group) : NULL;
	if (config->control_group[0] && !entry)
		return why_write(why, size, "the group \"%s\" of `control-group` does not exist",
			config->control_group);
	if (entry)
		group = entry->gr_gid;
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool good = fd >= 0 && file_give(fd, owner[0], group);
	if (!good)
		refuse_errno(path, "cannot be given its owner and group", why, size);
	if (fd >= 0)
		close(fd);
	return good;
}

/* A takeover may have put another socket there by the time that this one is removed. */
void control_file_note(struct control_file *file, const char *path)
{
	struct stat status;
	snprintf(file->path, sizeof(file->path), "%s", path);
	if (lstat(path, &status) != 0)
		file->path[0] = '\0';
	file->device = status.st_dev;
	file->inode = status.st_ino;
}

int control_bind(const struct config *config, struct control_file *file, const uid_t owner[2],
	char *why, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	file->path[0] = '\0';
	if (strlen(config->control) >= sizeof(address.sun_path)) {
		snprintf(why, size,
			"the path of the control socket %.200s is longer than %zu octets",
			config->control, sizeof(address.sun_path) - 1);
		return -1;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", config->control);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || !folder_make(config->control, owner)) {
		refuse_errno(config->control, "cannot be created in its directory", why, size);
	} else if (socket_place(fd, &address, why, size)) {
		if (socket_give(config, config->control, owner, why, size)) {
			control_file_note(file, config->control);
			return fd;
		}
		unlink(config->control);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

bool control_adopt(const struct config *config, struct control_file *file, int fd,
	const uid_t owner[2], char *why, size_t size)
{
	struct sockaddr_un address = {.sun_path = ""};
	socklen_t length = sizeof(address) - 1;
	file->path[0] = '\0';
	if (getsockname(fd, (struct sockaddr *)&address, &length) != 0 ||
		address.sun_family != AF_UNIX)
		return why_write(
			why, size, "the inherited control socket is not a listening Unix socket");
	control_file_note(file, config->control);
	return socket_give(config, config->control, owner, why, size);
}

void control_file_remove(const struct control_file *file)
{
	struct stat status;
	if (file->path[0] && lstat(file->path, &status) == 0 && status.st_dev == file->device &&
		status.st_ino == file->inode)
		unlink(file->path);
}

/* --- where a takeover asks --- */

static void note_name(char name[STATE_DIR_PATH_MAX], const struct config *config)
{
	snprintf(name, STATE_DIR_PATH_MAX, "%s/control.path", config->state_dir);
}

bool takeover_path_read(const struct config *config, char path[CONTROL_PATH_MAX])
{
	char name[STATE_DIR_PATH_MAX];
	struct file file;
	note_name(name, config);
	if (!state_dir_read(config, &file, name, CONTROL_PATH_MAX))
		return false;
	size_t size = strcspn(file.bytes, "\n");
	bool good = size > 0 && size < CONTROL_PATH_MAX;
	if (good)
		snprintf(path, CONTROL_PATH_MAX, "%.*s", (int)size, file.bytes);
	free(file.bytes);
	return good;
}

void takeover_path_remove(const struct config *config)
{
	char name[STATE_DIR_PATH_MAX];
	note_name(name, config);
	unlink(name);
}

/* The next server may be started in another folder. */
void takeover_path_write(const struct config *config, const char *path)
{
	char name[STATE_DIR_PATH_MAX], before[CONTROL_PATH_MAX], why[STATE_DIR_PATH_MAX + 256];
	char *whole = path[0] ? realpath(path, NULL) : NULL;
	bool known = takeover_path_read(config, before);
	note_name(name, config);
	if (!whole)
		unlink(name);
	else if ((!known || strcmp(before, whole) != 0) &&
		 !state_dir_write(name, &(struct file){.bytes = whole, .size = strlen(whole)}, why,
			 sizeof(why)))
		log_line(LOG_LEVEL_WARNING,
			"%s; a takeover with another `control` path will not find this server",
			why);
	free(whole);
}
