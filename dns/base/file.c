#include "dns/base/file.h"

#include "dns/base/why.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE_USUAL = 0644 };

/* Reads to the end, whatever size the file had when it was opened; one octet more than `max` tells
 * it is too large. */
static bool read_all(int fd, struct file *file, uint64_t max)
{
	size_t room = file->size + 1;
	file->bytes = malloc(room + 1);
	file->size = 0;
	while (file->bytes) {
		ssize_t count = read(fd, file->bytes + file->size, room - file->size);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			file->bytes[file->size] = '\0';
			return count == 0;
		}
		file->size += (size_t)count;
		if (file->size > max) {
			errno = EFBIG;
			return false;
		}
		if (file->size < room)
			continue;
		room *= 2;
		char *grown = realloc(file->bytes, room + 1);
		if (!grown)
			break;
		file->bytes = grown;
	}
	errno = ENOMEM;
	return false;
}

/* Errors of the system's at this moment, after which the same file may be read. */
static bool error_passes(int error)
{
	static const int errors[] = {
		EMFILE, ENFILE, ENOMEM, EIO, EINTR, EAGAIN, ESTALE, ETIMEDOUT, ENOBUFS};
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i] == error)
			return true;
	return false;
}

/* A FIFO must not hold us up. */
static int open_read(struct file *file, const char *path, int flags, char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	*file = (struct file){
		.absent = fd < 0 && errno == ENOENT, .transient = fd < 0 && error_passes(errno)};
	if (fd < 0 && errno == ELOOP && flags)
		snprintf(why, size, "%s: is a symbolic link, expected a regular file", path);
	else if (fd < 0)
		snprintf(why, size, "%s: cannot be opened: %s", path, strerror(errno));
	return fd;
}

/* Takes over the descriptor of open_read(), and its sentence. */
static bool read_opened(
	int fd, struct file *file, const char *path, uint64_t max, char *why, size_t size)
{
	struct stat status;
	if (fd < 0)
		return false;
	if (fstat(fd, &status) != 0) {
		file->transient = error_passes(errno);
		snprintf(why, size, "%s: cannot be read: %s", path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(status.st_mode)) {
		snprintf(why, size, "%s: is not a regular file", path);
		goto fail;
	}
	file->modified = status.st_mtim.tv_sec;
	file->owner = status.st_uid;
	file->links = status.st_nlink;
	file->size = (uint64_t)status.st_size > max ? 0 : (size_t)status.st_size;
	if ((uint64_t)status.st_size > max || !read_all(fd, file, max)) {
		file->large = (uint64_t)status.st_size > max || errno == EFBIG;
		if (file->large)
			snprintf(why, size, "%s: is larger than %llu octets, expected at most that",
				path, (unsigned long long)max);
		else
			snprintf(why, size, "%s: cannot be read: %s", path, strerror(errno));
		file->transient = (uint64_t)status.st_size <= max && error_passes(errno);
		goto fail;
	}
	close(fd);
	return true;
fail:
	close(fd);
	free(file->bytes);
	file->bytes = NULL;
	return false;
}

bool file_read(struct file *file, const char *path, uint64_t max, char *why, size_t size)
{
	int fd = open_read(file, path, 0, why, size);
	return read_opened(fd, file, path, max, why, size);
}

bool file_read_here(struct file *file, const char *path, uint64_t max, char *why, size_t size)
{
	int fd = open_read(file, path, O_NOFOLLOW, why, size);
	return read_opened(fd, file, path, max, why, size);
}

bool file_octets_write(int fd, const void *octets, size_t size)
{
	const char *at = octets;
	while (size) {
		ssize_t count = write(fd, at, size);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return false;
		at += count;
		size -= (size_t)count;
	}
	return true;
}

/* Makes the rename last over a power cut. */
static void folder_sync(const char *path)
{
	char folder[4096];
	snprintf(folder, sizeof(folder), "%s", path);
	int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int file_open_new(const char *path, mode_t mode)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return -1;
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
}

bool file_write(const char *path, const struct file *file, char *why, size_t size)
{
	char temporary[4096];
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	int fd = file_open_new(temporary, file->mode ? file->mode : MODE_USUAL);
	if (fd < 0)
		return why_write(
			why, size, "%s: cannot be written: %s", temporary, strerror(errno));
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = file->modified}};
	bool good = file_octets_write(fd, file->bytes, file->size) &&
		    (!file->modified || futimens(fd, times) == 0) && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	if (good && rename(temporary, path) == 0) {
		folder_sync(path);
		return true;
	}
	snprintf(why, size, "%s: cannot be written: %s", path, strerror(errno));
	unlink(temporary);
	return false;
}

struct file_stamp file_stamp(const char *path)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return (struct file_stamp){0};
	return (struct file_stamp){
		.device = status.st_dev,
		.inode = status.st_ino,
		.size = (uint64_t)status.st_size,
		.modified = status.st_mtim.tv_sec * 1000000000LL + status.st_mtim.tv_nsec,
		.changed = status.st_ctim.tv_sec * 1000000000LL + status.st_ctim.tv_nsec,
	};
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified == b->modified && a->changed == b->changed;
}
