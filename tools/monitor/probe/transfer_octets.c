#include "tools/monitor/probe/transfer_octets.h"

#include <linux/tcp.h> /* more than libc's has, and not to be had beside that */
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

uint64_t transfer_octets(int socket)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);
	int unread = 0;
	if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
		size < offsetof(struct tcp_info, tcpi_bytes_received) + 8 ||
		ioctl(socket, FIONREAD, &unread) != 0)
		return 0;
	/* What came between the two calls is unread, but not among the received. */
	uint64_t received = info.tcpi_bytes_received;
	return received > (unsigned)unread ? received - (unsigned)unread : 0;
}
