#include "zones/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 1 << 30 /* octets */ };

/* Reads all of a descriptor; true: text has `size` octets. A file that has shrunk is just
 * shorter. */
static bool text_read(int descriptor, char *text, size_t *size)
{
	size_t wanted = *size;
	*size = 0;
	while (*size < wanted) {
		ssize_t got = read(descriptor, text + *size, wanted - *size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		*size += (size_t)got;
	}
	return true;
}

const char *text_load(const char *path, char **text, size_t *size)
{
	struct stat status;
	const char *fault = NULL;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	*text = NULL;
	if (descriptor < 0)
		return strerror(errno);
	if (fstat(descriptor, &status) < 0)
		fault = strerror(errno);
	else if (!S_ISREG(status.st_mode))
		fault = S_ISDIR(status.st_mode) ? "it is a directory" : "it is not a regular file";
	else if (status.st_size > FILE_SIZE_MAX)
		fault = "it is larger than 1 GiB";
	else if (!(*text = malloc((size_t)status.st_size + 1)))
		fault = "out of memory";
	else {
		*size = (size_t)status.st_size;
		if (!text_read(descriptor, *text, size))
			fault = strerror(errno);
	}
	close(descriptor);
	if (fault) {
		free(*text);
		*text = NULL;
	}
	return fault;
}
