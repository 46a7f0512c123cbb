#include "dns/control/takeover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool octets_receive(int fd, void *octets, size_t size)
{
	char *at = octets;
	while (size) {
		ssize_t count = recv(fd, at, size, 0);
		if (count < 0 && errno == EINTR)
			continue;
		if (count == 0)
			errno = 0;
		if (count <= 0)
			return false;
		at += count;
		size -= (size_t)count;
	}
	return true;
}

/* Octet by octet: what follows carries descriptors. */
bool line_receive(int fd, char line[TAKEOVER_LINE_MAX])
{
	for (size_t at = 0; at < TAKEOVER_LINE_MAX - 1; at++) {
		if (!octets_receive(fd, line + at, 1))
			return false;
		if (line[at] == '\n') {
			line[at] = '\0';
			return true;
		}
	}
	errno = EMSGSIZE;
	return false;
}

bool descriptors_send(int fd, const int *fds, size_t count)
{
	union {
		char octets[CMSG_SPACE(TAKEOVER_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	while (count) {
		size_t now = count < TAKEOVER_FDS ? count : TAKEOVER_FDS;
		struct iovec vector = {"f", 1};
		struct msghdr message = {.msg_iov = &vector,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = CMSG_SPACE(now * sizeof(int))};
		memset(&control, 0, sizeof(control));
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(now * sizeof(int));
		memcpy(CMSG_DATA(head), fds, now * sizeof(int));
		if (sendmsg(fd, &message, MSG_NOSIGNAL) != 1)
			return false;
		fds += now;
		count -= now;
	}
	return true;
}

ssize_t descriptors_receive(int fd, int *fds, size_t room)
{
	char octet;
	union {
		char octets[CMSG_SPACE(TAKEOVER_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec vector = {&octet, 1};
	struct msghdr message = {.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	if (got == 0)
		errno = 0;
	if (got <= 0)
		return -1;
	size_t count = 0;
	for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each;
		each = CMSG_NXTHDR(&message, each)) {
		if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS)
			continue;
		size_t many = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < many; i++) {
			int one;
			memcpy(&one, CMSG_DATA(each) + i * sizeof(int), sizeof(one));
			if (count < room)
				fds[count++] = one;
			else
				close(one);
		}
	}
	errno = EPROTO;
	return count && !(message.msg_flags & MSG_CTRUNC) ? (ssize_t)count : -1;
}
