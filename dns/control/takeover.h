/* dns/control/takeover.h - what two servers say to one another when one goes on where the other
 * ends.
 *
 * The new one has loaded everything before it asks. On the control socket: the new one asks for the
 * verb takeover; the old one sends its listening sockets (SCM_RIGHTS); the new one says 'r'
 * (ready); the old one's workers stand still, and it sends how far turns and counters are; the new
 * one has its threads ready and says 's'; the old one says 'l' (leaving), finishes its TCP
 * connections and ends; the new one serves. Until that 's' the old one can go on, and does when the
 * new one is gone or too slow: so nothing of the new one's may receive or read before that 'l'.
 * What waits in the sockets meanwhile is not lost. Sizes that are told are never trusted. */
#ifndef DNS_CONTROL_TAKEOVER_H
#define DNS_CONTROL_TAKEOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	TAKEOVER_LINE_MAX = 4096,
	TAKEOVER_SECONDS = 10, /* for each step of the other one */
	TAKEOVER_PAUSE_SECONDS = 3, /* for those in which no server answers */
	TAKEOVER_FDS = 200, /* in one message; the kernel takes 253 */
	TAKEOVER_STATE_MAX = 4 << 20, /* octets of counters and drains */
	TAKEOVER_TURNS_MAX = 1 << 24 /* all workers' together */
};

/* What follows 'r': this, `state` octets of JSON, `turns` keys, then for each worker as many
 * places. */
struct takeover_head {
	uint32_t state, turns, workers;
};

/* Waits as long as the socket's own timeout lets it. False: errno says why, 0: the end of the
 * stream. */
bool octets_receive(int fd, void *octets, size_t size);
/* Without its newline. False: as octets_receive. */
bool line_receive(int fd, char line[TAKEOVER_LINE_MAX]);

bool descriptors_send(int fd, const int *fds, size_t count);
/* One message's descriptors, at most as many as are still expected; others are closed. -1: none
 * came. */
ssize_t descriptors_receive(int fd, int *fds, size_t room);

#endif
