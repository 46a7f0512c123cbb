/* dns/base/file.h - whole files in and out. */
#ifndef DNS_BASE_FILE_H
#define DNS_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct file {
	char *bytes; /* malloc'ed, one NUL behind the last octet */
	size_t size;
	int64_t modified; /* Unix seconds */
	mode_t mode; /* to be made with, less umask; 0: 0644 */
	uid_t owner;
	nlink_t links; /* names that it has */
	bool absent; /* it could not be read: there is none */
	bool large; /* it could not be read for its size */
	/* it could not be read, but not for what it is: no descriptor, no memory, an I/O error */
	bool transient;
};

/* What tells one state of a file from another; all 0: not there. */
struct file_stamp {
	uint64_t device, inode, size;
	int64_t modified, changed; /* nanoseconds */
};

/* Reads a regular file of at most `max` octets as it is now: later truncation or rewriting changes
 * nothing. False: one sentence naming the file; `transient` says whether it is worth another
 * try. */
bool file_read(struct file *file, const char *path, uint64_t max, char *why, size_t size);
/* The same, but the last part of the path may be no symbolic link. */
bool file_read_here(struct file *file, const char *path, uint64_t max, char *why, size_t size);

/* A new file to be written, whatever was there: it writes through no link and never waits for
 * the reader of a FIFO. -1: errno says why. */
int file_open_new(const char *path, mode_t mode);
/* All of them, in as many parts as it takes. False: errno says why. */
bool file_octets_write(int fd, const void *octets, size_t size);
/* Replaces a file as a whole: temporary file, fsync, rename, fsync of the folder. `modified` 0:
 * now. */
bool file_write(const char *path, const struct file *file, char *why, size_t size);

/* Follows symbolic links. */
struct file_stamp file_stamp(const char *path);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

#endif
