/* dns/tcp_part.h - a worker's connections, between the files of dns/tcp. */
#ifndef DNS_TCP_PART_H
#define DNS_TCP_PART_H

#include "dns/tcp.h"

enum {
	FRAME_HEAD = 2,
	FRAME_MAX = FRAME_HEAD + 65535,
	OUT_ROOM = 2 * FRAME_MAX /* replies to one read that go out in one write */
};

struct connection {
	uv_tcp_t handle;
	struct tcp *tcp;
	struct client client;
	struct connection *newer, *older; /* in the order of their last activity */
	uint64_t active_ms;
	uint8_t *in;
	size_t in_size, in_room;
	unsigned unsent; /* writes under way: while there are, nothing more is read */
	bool half_closed; /* the client has sent its last octet, or something that is no DNS */
	bool malformed; /* the latter */
	bool ended; /* the client was told the end: what it still sends is not read */
	bool closing;
};

struct tcp_listener {
	uv_tcp_t handle;
	_Atomic int fd; /* -1: closed; who hands sockets over may look meanwhile */
	bool leaving;
};

struct tcp {
	struct tcp_place place;
	uv_async_t eviction; /* another worker asks for its idlest connection's end */
	atomic_uint evictions;
	_Atomic uint64_t
		idlest; /* when its idlest connection last did something; UINT64_MAX: none */
	struct tcp_listener *listeners;
	size_t listener_count;
	uint64_t
		leave_ms; /* when those that are leaving close, by the loop's clock; 0: they stay */
	uv_timer_t sweep;
	struct connection *newest, *oldest;
	bool stopping;
	uint8_t out[OUT_ROOM]; /* a worker answers one connection at a time */
};

void tcp_close(struct connection *connection, enum counter_close why);

/* Takes over the socket. False: one sentence. */
bool tcp_listener_open(struct tcp *tcp, struct listen_socket *socket, char *why, size_t size);
void tcp_listener_close(struct tcp_listener *listener);
/* Those that are leaving, if it is time. */
void tcp_leaving_close(struct tcp *tcp, uint64_t now);
/* uv_connection_cb of all. */
void tcp_connected(uv_stream_t *listener, int status);

#endif
