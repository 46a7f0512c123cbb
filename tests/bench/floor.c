/* tests/bench/floor.c - what the kernel alone costs: receives, flips QR, sends back; nothing else.
 * usage: floor ADDRESS PORT */
#include "tests/bench/bench.h"

enum { BATCH = 64, SIZE_MAX_IN = 4096, BUFFER = 4 << 20 };

static uint8_t octets[BATCH][SIZE_MAX_IN];
static struct sockaddr_storage peers[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

int main(int argc, char **argv)
{
	struct bench_target target;
	if (argc != 3)
		bench_fail("usage: floor ADDRESS PORT");
	bench_target_parse(&target, argv[1], argv[2]);
	int fd = socket(target.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&target.address, target.size) != 0)
		bench_fail("cannot bind %s port %s", argv[1], argv[2]);
	int wanted = BUFFER;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof(wanted)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof(wanted));
	for (;;) {
		for (unsigned i = 0; i < BATCH; i++) {
			vectors[i] = (struct iovec){octets[i], SIZE_MAX_IN};
			messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
				.msg_namelen = sizeof(peers[i]),
				.msg_iov = &vectors[i],
				.msg_iovlen = 1};
		}
		int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < count; i++) {
			octets[i][2] |= 0x80;
			vectors[i].iov_len = messages[i].msg_len;
		}
		for (int sent = 0; sent < count;) {
			int done = sendmmsg(fd, messages + sent, (unsigned)(count - sent), 0);
			sent += done > 0 ? done : 1;
		}
	}
}
