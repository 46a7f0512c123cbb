/* tests/bench/tcp.c - asks a server on this machine over TCP, and says in one JSON line how it
 * went.
 *
 * Several connections are busy at a time; each asks -k queries in one go, takes the replies and
 * ends. Or (-i) that many connections are opened and say nothing until stdin ends. IPv4 connections
 * come from many loopback addresses, so that ports waiting in TIME_WAIT never run out. */
#include "tests/bench/bench.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BUSY_MAX = 1024, QUERIES_MAX = 256, INPUT_MAX = 65537, SOURCES = 250, TIMEOUT_MS = 3000 };

struct stream {
	int fd;
	unsigned waiting; /* replies to come */
	bool connected;
	uint64_t begun;
	size_t have; /* octets in `input` */
	uint8_t *input;
};

static struct {
	const char *address, *port, *file;
	unsigned busy, each, idle;
	uint64_t queries;
	double seconds;
} options = {.busy = 32, .each = 1};

static struct bench_target target;
static struct bench_queries queries;
static struct bench_latency latency;
static struct stream streams[BUSY_MAX];
static uint64_t sent, answered, connections, failed, begun;
static int poller;

/* A socket bound to the next source address, connecting; -1: errno tells. */
static int socket_connect(int flags)
{
	static unsigned source;
	int on = 1, fd = socket(target.family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return -1;
	if (target.family == AF_INET) {
		struct sockaddr_in from = {.sin_family = AF_INET};
		from.sin_addr.s_addr = htonl(0x7F000002u + source++ % SOURCES);
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		if (bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0) {
			close(fd);
			return -1;
		}
	}
	if (connect(fd, (struct sockaddr *)&target.address, target.size) != 0 &&
		errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool is_over(void)
{
	return (options.queries && sent >= options.queries) ||
	       (options.seconds > 0 && (double)(bench_now() - begun) >= options.seconds * 1e9);
}

static void stream_open(struct stream *stream)
{
	stream->fd = -1;
	if (is_over())
		return;
	stream->begun = bench_now();
	stream->connected = false;
	stream->have = 0;
	stream->waiting = options.each;
	stream->fd = socket_connect(SOCK_NONBLOCK);
	if (stream->fd < 0)
		bench_fail("cannot connect to %s port %s: %s", options.address, options.port,
			strerror(errno));
	connections++;
	sent += options.each;
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = stream};
	if (epoll_ctl(poller, EPOLL_CTL_ADD, stream->fd, &event) != 0)
		bench_fail("epoll_ctl: %s", strerror(errno));
}

static void stream_end(struct stream *stream, bool good)
{
	if (good)
		bench_latency_add(&latency, bench_now() - stream->begun);
	else
		failed++;
	close(stream->fd);
	stream_open(stream);
}

/* All queries in one write: they are far smaller than a socket's buffer. */
static bool stream_ask(struct stream *stream)
{
	static uint8_t buffer[QUERIES_MAX * (BENCH_QUERY_MAX + 2)];
	size_t size = 0;
	for (unsigned i = 0; i < options.each; i++) {
		const struct bench_query *query = bench_query_next(&queries);
		buffer[size++] = (uint8_t)(query->size >> 8);
		buffer[size++] = (uint8_t)query->size;
		memcpy(buffer + size, query->octets, query->size);
		buffer[size] = (uint8_t)(i >> 8);
		buffer[size + 1] = (uint8_t)i;
		size += query->size;
	}
	stream->connected = true;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
	return send(stream->fd, buffer, size, MSG_NOSIGNAL) == (ssize_t)size &&
	       epoll_ctl(poller, EPOLL_CTL_MOD, stream->fd, &event) == 0;
}

/* Takes whole replies out of what has come. */
static void stream_cut(struct stream *stream)
{
	size_t at = 0;
	while (stream->have - at >= 2) {
		const uint8_t *frame = stream->input + at;
		size_t size = 2 + (size_t)(frame[0] << 8 | frame[1]);
		if (stream->have - at < size)
			break;
		if (size > 4 && frame[4] & 0x80 && stream->waiting) {
			answered++;
			stream->waiting--;
		}
		at += size;
	}
	stream->have -= at;
	memmove(stream->input, stream->input + at, stream->have);
}

static void stream_go_on(struct stream *stream)
{
	if (!stream->connected) {
		if (!stream_ask(stream))
			stream_end(stream, false);
		return;
	}
	ssize_t count = recv(stream->fd, stream->input + stream->have, INPUT_MAX - stream->have, 0);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count > 0) {
		stream->have += (size_t)count;
		stream_cut(stream);
	}
	if (count <= 0 || !stream->waiting)
		stream_end(stream, !stream->waiting);
}

static void busy_run(void)
{
	struct epoll_event events[BUSY_MAX];
	poller = epoll_create1(EPOLL_CLOEXEC);
	begun = bench_now();
	for (unsigned i = 0; i < options.busy; i++) {
		streams[i].input = malloc(INPUT_MAX);
		if (!streams[i].input)
			bench_fail("no memory");
		stream_open(&streams[i]);
	}
	for (;;) {
		unsigned open = 0;
		for (unsigned i = 0; i < options.busy; i++)
			open += streams[i].fd >= 0;
		if (!open)
			break;
		int count = epoll_wait(poller, events, BUSY_MAX, TIMEOUT_MS);
		for (int i = 0; i < count; i++)
			stream_go_on(events[i].data.ptr);
		if (count == 0) {
			failed += open;
			break;
		}
	}
	double seconds = (double)(bench_now() - begun) / 1e9;
	printf("{\"sent\":%llu,\"answered\":%llu,\"lost\":%llu,\"connections\":%llu,\"failed\":%"
	       "llu,"
	       "\"seconds\":%.3f,\"qps\":%.0f",
		(unsigned long long)sent, (unsigned long long)answered,
		(unsigned long long)(sent - answered), (unsigned long long)connections,
		(unsigned long long)failed, seconds, (double)answered / seconds);
	bench_latency_print(&latency);
	printf("}\n");
}

/* Holds connections open; says how many when all are, and how many the server has kept when stdin
 * ends. */
static void idle_run(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	struct pollfd *open = calloc(options.idle, sizeof(*open));
	if (!open)
		bench_fail("no memory");
	for (unsigned i = 0; i < options.idle; i++) {
		open[i] = (struct pollfd){.fd = socket_connect(0), .events = POLLIN};
		if (open[i].fd < 0)
			bench_fail("connection %u: %s", i, strerror(errno));
	}
	printf("{\"open\":%u}\n", options.idle);
	fflush(stdout);
	char octet;
	while (read(STDIN_FILENO, &octet, 1) > 0)
		;
	int ended = poll(open, options.idle, 0); /* only a server that closes makes one readable */
	printf("{\"kept\":%d}\n", (int)options.idle - ended);
}

int main(int argc, char **argv)
{
	static const char usage[] =
		"usage: tcp ADDRESS PORT QUERIES [-k QUERIES_PER_CONNECTION (1)] [-c BUSY (32)]\n"
		"       [-t SECONDS] [-n QUERIES] | tcp ADDRESS PORT -i IDLE";
	for (int option; (option = getopt(argc, argv, "k:c:t:n:i:")) != -1;)
		switch (option) {
		case 'k':
			options.each = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			options.busy = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 't':
			options.seconds = strtod(optarg, NULL);
			break;
		case 'n':
			options.queries = strtoull(optarg, NULL, 10);
			break;
		case 'i':
			options.idle = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			bench_fail("%s", usage);
		}
	if (argc - optind != (options.idle ? 2 : 3) || !options.busy || options.busy > BUSY_MAX ||
		!options.each || options.each > QUERIES_MAX ||
		(!options.idle && !options.queries && options.seconds <= 0))
		bench_fail("%s", usage);
	options.address = argv[optind];
	options.port = argv[optind + 1];
	bench_target_parse(&target, options.address, options.port);
	if (options.idle) {
		idle_run();
		return 0;
	}
	bench_queries_load(&queries, argv[optind + 2]);
	busy_run();
	return 0;
}
