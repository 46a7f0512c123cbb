#include "dns/net/udp.h"

#include "dns/net/client.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	BATCH = 64,
	BATCHES_MAX = 16, /* before TCP and timers get a turn */
	QUERY_MAX = 4096, /* a longer datagram is cut off, and so malformed */
	CONTROL_MAX = 64, /* one in6_pktinfo with its header is 40 */
	REPLY_MAX = 65535,
	LINE = 64,
	SEND_WAIT_MS = 10,
	LEAVE_ROUNDS = 64,
};

struct udp_socket {
	_Atomic int fd; /* -1: left; who hands sockets over may look meanwhile */
	bool any_address, leaving, again;
	uint32_t drops; /* that were counted */
};

/* The arena of a worker's batches: nothing is allocated for a packet. */
struct udp {
	struct udp_socket *sockets;
	size_t count;
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_octets[BATCH], out_octets[BATCH];
	struct sockaddr_storage peers[BATCH];
	uint8_t controls[BATCH][CONTROL_MAX] __attribute__((aligned(8)));
	/* A line more than a page apart: slots that all began at one page offset would share one
	 * set of the first cache. */
	uint8_t queries[BATCH][QUERY_MAX + LINE];
	uint8_t *replies; /* BATCH of REPLY_MAX; only pages that are written become memory */
};

struct udp *udp_new(struct listen_socket *sockets, size_t count)
{
	struct udp *udp = calloc(1, sizeof(*udp));
	if (!udp)
		return NULL;
	udp->sockets = calloc(count, sizeof(*udp->sockets));
	udp->replies = mmap(NULL, (size_t)BATCH * (REPLY_MAX + LINE), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!udp->sockets || udp->replies == MAP_FAILED) {
		free(udp->sockets);
		free(udp);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		udp->sockets[i] = (struct udp_socket){.fd = sockets[i].udp,
			.any_address = sockets[i].any_address,
			.leaving = sockets[i].leaving,
			.again = sockets[i].again};
		sockets[i].udp = -1;
	}
	udp->count = count;
	for (size_t i = 0; i < BATCH; i++) {
		udp->in_octets[i] = (struct iovec){udp->queries[i], QUERY_MAX};
		udp->in[i].msg_hdr.msg_iov = &udp->in_octets[i];
		udp->in[i].msg_hdr.msg_iovlen = 1;
		udp->in[i].msg_hdr.msg_name = &udp->peers[i];
		udp->in[i].msg_hdr.msg_namelen = sizeof(udp->peers[i]);
		udp->in[i].msg_hdr.msg_control = udp->controls[i];
		udp->out[i].msg_hdr.msg_iov = &udp->out_octets[i];
		udp->out[i].msg_hdr.msg_iovlen = 1;
	}
	return udp;
}

static void socket_close(struct udp_socket *socket)
{
	int fd = socket->fd;
	socket->fd = -1;
	if (fd >= 0)
		close(fd);
}

void udp_close(struct udp *udp)
{
	for (size_t i = 0; i < udp->count; i++)
		socket_close(&udp->sockets[i]);
}

void udp_free(struct udp *udp)
{
	if (!udp)
		return;
	udp_close(udp);
	munmap(udp->replies, (size_t)BATCH * (REPLY_MAX + LINE));
	free(udp->sockets);
	free(udp);
}

/* The kernel's number goes round. */
static void drops_count(struct udp_socket *socket, struct counters *counters)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof(info);
	if (socket->fd < 0 || socket->again ||
		getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, info, &size) != 0)
		return;
	counter_add(&counters->drops[DROP_RECEIVE], info[SK_MEMINFO_DROPS] - socket->drops);
	socket->drops = info[SK_MEMINFO_DROPS];
}

void udp_drops_count(struct udp *udp, struct counters *counters)
{
	for (size_t i = 0; i < udp->count; i++)
		drops_count(&udp->sockets[i], counters);
}

uint64_t udp_drops_open(const struct udp *udp)
{
	uint64_t count = 0;
	for (size_t i = 0; udp && i < udp->count; i++)
		if (udp->sockets[i].fd >= 0)
			count += udp->sockets[i].drops;
	return count;
}

size_t udp_count(const struct udp *udp)
{
	return udp->count;
}

int udp_descriptor(const struct udp *udp, size_t i)
{
	return udp->sockets[i].fd;
}

void udp_leave(struct udp *udp, const struct serving *serving)
{
	for (size_t i = 0; i < udp->count; i++) {
		if (!udp->sockets[i].leaving)
			continue;
		for (unsigned round = 0; round < LEAVE_ROUNDS && udp_serve(udp, serving, i);
			round++)
			;
		drops_count(&udp->sockets[i], serving->counters);
		socket_close(&udp->sockets[i]);
	}
}

void udp_poll_fill(const struct udp *udp, struct pollfd *fds)
{
	for (size_t i = 0; i < udp->count; i++)
		fds[i] = (struct pollfd){.fd = udp->sockets[i].fd, .events = POLLIN};
}

/* The address asked on becomes the source of the reply; by which way it goes is routing's business,
 * but for a link-local one. */
static void control_turn(struct msghdr *header)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	if (!control)
		return;
	if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(control);
		info->ipi_ifindex = 0;
	} else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(control);
		if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
			info->ipi6_ifindex = 0;
	}
}

/* Answers `count` queries of udp->in; returns how many replies stand in udp->out. */
static unsigned batch_answer(struct udp *udp, const struct serving *serving, unsigned count)
{
	unsigned replies = 0, truncated = 0;
	/* One behind the other: a batch of small ones stays in the first cache. */
	uint8_t *reply = udp->replies;
	for (unsigned i = 0; i < count; i++) {
		struct msghdr *in = &udp->in[i].msg_hdr;
		struct client client;
		client_fill(&client, &udp->peers[i], false);
		size_t size = serve(serving, &client, udp->queries[i], udp->in[i].msg_len, reply);
		if (!size)
			continue;
		if (in->msg_controllen)
			control_turn(in);
		struct msghdr *out = &udp->out[replies].msg_hdr;
		udp->out_octets[replies++] = (struct iovec){reply, size};
		truncated += reply[2] >> 1 & 1; /* TC */
		reply += (size + LINE - 1) / LINE * LINE;
		out->msg_name = in->msg_name;
		out->msg_namelen = in->msg_namelen;
		out->msg_control = in->msg_controllen ? in->msg_control : NULL;
		out->msg_controllen = in->msg_controllen;
	}
	counters_udp(serving->counters, udp->peers[0].ss_family == AF_INET6, count, replies);
	counter_add(&serving->counters->truncated, truncated);
	return replies;
}

/* Sends all; a full socket buffer is waited for once, what the kernel refuses is counted. */
static void batch_send(struct udp *udp, struct counters *counters, int fd, unsigned count)
{
	struct mmsghdr *next = udp->out;
	bool waited = false;
	while (count) {
		int sent = sendmmsg(fd, next, count, MSG_DONTWAIT);
		if (sent > 0) {
			next += sent;
			count -= (unsigned)sent;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN && !waited) {
			waited = true;
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, SEND_WAIT_MS);
			continue;
		}
		counter_add(&counters->drops[DROP_SEND], 1);
		next++;
		count--;
	}
}

bool udp_serve(struct udp *udp, const struct serving *serving, size_t i)
{
	struct udp_socket *socket = &udp->sockets[i];
	for (unsigned batch = 0; batch < BATCHES_MAX; batch++) {
		for (unsigned m = 0; m < BATCH; m++) {
			udp->in[m].msg_hdr.msg_namelen = sizeof(udp->peers[m]);
			udp->in[m].msg_hdr.msg_controllen = socket->any_address ? CONTROL_MAX : 0;
		}
		int count = recvmmsg(socket->fd, udp->in, BATCH, MSG_DONTWAIT, NULL);
		if (count <= 0)
			return false;
		batch_send(udp, serving->counters, socket->fd,
			batch_answer(udp, serving, (unsigned)count));
		if (count < BATCH) /* the queue is empty: no call more to be told so */
			return false;
	}
	drops_count(socket, serving->counters); /* so much waited: it may have been too much */
	return true;
}
