#include "tools/cvd/header.h"

#include "dns/base/why.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *kind_name(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	return S_ISFIFO(mode) ? "a FIFO" : "a device";
}

/* A dangling symbolic link exists all the same, and is a mistake. */
static bool missing(const char *path, char *why, size_t size)
{
	struct stat status;
	return lstat(path, &status) != 0 || !S_ISLNK(status.st_mode) ||
	       why_write(why, size, "%s: is a dangling symbolic link, expected a file", path);
}

static bool octets_read(int fd, struct header *header)
{
	while (header->size < HEADER_MAX) {
		ssize_t count = read(fd, header->octets + header->size, HEADER_MAX - header->size);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count == 0;
		header->size += (size_t)count;
	}
	return true;
}

bool header_read(struct header *header, const char *path, char *why, size_t size)
{
	struct stat status;
	*header = (struct header){.found = false};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return missing(path, why, size);
	if (fd < 0)
		return why_write(why, size, "%s: cannot be opened: %s", path, strerror(errno));
	bool good = fstat(fd, &status) == 0;
	if (good && !S_ISREG(status.st_mode)) {
		close(fd);
		return why_write(why, size, "%s: is %s, expected a regular file", path,
			kind_name(status.st_mode));
	}
	good = good && octets_read(fd, header);
	if (!good)
		snprintf(why, size, "%s: cannot be read: %s", path, strerror(errno));
	header->found = true;
	header->file_size = (uint64_t)status.st_size;
	close(fd);
	return good;
}
