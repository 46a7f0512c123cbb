/* tests/bench/load.c - asks a server on this machine over UDP, and says in one JSON line how it
 * went.
 *
 * A bounded number of queries is outstanding on each of several sockets. Closed loop: each reply is
 * followed by a query at once. Open loop (-r): queries leave at a fixed rate, and latency counts
 * from when each was due, so that a server's pause is seen by all that would have been asked in it.
 * Bursts (-b): all windows at once, then silence until all is answered or given up. */
#include "tests/bench/bench.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	SOCKETS_MAX = 64,
	WINDOW_MAX = 32, /* the lower bits of an ID are the place in the window */
	REPLY_MAX = 4096,
	BUFFER = 4 << 20,
	REAP_NS = 20000000,
	HEADER = 12,
};

struct slot {
	uint64_t due; /* ns; 0: free */
	uint16_t id;
};

struct flow {
	int fd;
	struct slot slots[WINDOW_MAX];
	uint8_t vacant[WINDOW_MAX]; /* a stack of free places */
	unsigned vacant_count;
};

static struct {
	const char *address, *port, *file;
	unsigned sockets, window, timeout_ms;
	uint64_t queries; /* 0: until the time is over */
	double seconds, rate;
	bool bursts, mixing;
} options = {.sockets = 16, .window = 24, .timeout_ms = 500};

static struct flow flows[SOCKETS_MAX];
static struct bench_queries queries;
static struct bench_latency latency;
static uint64_t sent, answered, lost, strays, mixed, truncated, octets, rcodes[16];
static uint64_t start, random_state = 88172645463325252;
static volatile sig_atomic_t ended; /* SIGINT: stop asking, then report */
static int poller;

static struct mmsghdr out[WINDOW_MAX], in[WINDOW_MAX];
static struct iovec out_octets[WINDOW_MAX], in_octets[WINDOW_MAX];
static uint8_t questions[WINDOW_MAX][BENCH_QUERY_MAX], replies[WINDOW_MAX][REPLY_MAX];

static void flow_open(struct flow *flow, const struct bench_target *target)
{
	int wanted = BUFFER;
	flow->fd = socket(target->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (flow->fd < 0 ||
		connect(flow->fd, (const struct sockaddr *)&target->address, target->size) != 0)
		bench_fail("cannot open a socket: %s", strerror(errno));
	if (setsockopt(flow->fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof(wanted)) != 0)
		setsockopt(flow->fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof(wanted));
	for (unsigned i = 0; i < options.window; i++)
		flow->vacant[flow->vacant_count++] = (uint8_t)i;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = flow};
	if (epoll_ctl(poller, EPOLL_CTL_ADD, flow->fd, &event) != 0)
		bench_fail("epoll_ctl: %s", strerror(errno));
}

static void buffers_init(void)
{
	for (unsigned i = 0; i < WINDOW_MAX; i++) {
		in_octets[i] = (struct iovec){replies[i], REPLY_MAX};
		in[i].msg_hdr.msg_iov = &in_octets[i];
		out[i].msg_hdr.msg_iov = &out_octets[i];
		in[i].msg_hdr.msg_iovlen = out[i].msg_hdr.msg_iovlen = 1;
	}
}

/* Sends up to `count` queries; the first was due at `due`, each further one `step` ns later.
 * Returns how many. */
static unsigned flow_send(struct flow *flow, unsigned count, double due, double step)
{
	if (count > flow->vacant_count)
		count = flow->vacant_count;
	if (!count)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned place = flow->vacant[flow->vacant_count - 1 - i];
		const struct bench_query *query = bench_query_next(&queries);
		struct slot *slot = &flow->slots[place];
		slot->id = (uint16_t)(bench_random(&random_state) << 5 | place);
		slot->due = (uint64_t)(due + step * i);
		memcpy(questions[i], query->octets, query->size);
		questions[i][0] = (uint8_t)(slot->id >> 8);
		questions[i][1] = (uint8_t)slot->id;
		out_octets[i] = (struct iovec){questions[i], query->size};
	}
	int done = sendmmsg(flow->fd, out, count, 0);
	unsigned taken = done > 0 ? (unsigned)done : 0;
	if (done < 0 && errno != EAGAIN && errno != ENOBUFS)
		bench_fail("cannot send: %s", strerror(errno));
	for (unsigned i = taken; i < count; i++)
		flow->slots[flow->vacant[flow->vacant_count - 1 - i]].due = 0;
	flow->vacant_count -= taken;
	sent += taken;
	return taken;
}

static const uint8_t *owner_skip(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at && *at < 0xC0)
		at += *at + 1;
	return at < end && *at ? at + 2 : at + 1;
}

/* Do addresses of two generations of the world (see world.py) stand in one answer? */
static bool reply_is_mixed(const uint8_t *reply, size_t size)
{
	const uint8_t *end = reply + size, *at = owner_skip(reply + HEADER, end) + 4;
	unsigned count = (unsigned)(reply[6] << 8 | reply[7]);
	int seen = -1;
	while (count--) {
		at = owner_skip(at, end);
		if (end - at < 10)
			return false;
		unsigned type = (unsigned)(at[0] << 8 | at[1]),
			 length = (unsigned)(at[8] << 8 | at[9]);
		at += 10;
		if ((size_t)(end - at) < length)
			return false;
		if (type == 1 || type == 28) {
			int generation = type == 1 ? at[1] >> 4 : at[5];
			if (seen >= 0 && seen != generation)
				return true;
			seen = generation;
		}
		at += length;
	}
	return false;
}

/* The first that is wrong, to be looked at. */
static void reply_print(const uint8_t *reply, size_t size)
{
	fprintf(stderr, "mixed reply:");
	for (size_t i = 0; i < size; i++)
		fprintf(stderr, " %02x", reply[i]);
	fprintf(stderr, "\n");
}

static void reply_take(struct flow *flow, const uint8_t *reply, size_t size, uint64_t now)
{
	uint16_t id = (uint16_t)(reply[0] << 8 | reply[1]);
	struct slot *slot = &flow->slots[id % WINDOW_MAX];
	if (size < HEADER || !slot->due || slot->id != id || !(reply[2] & 0x80)) {
		strays++;
		return;
	}
	bench_latency_add(&latency, now > slot->due ? now - slot->due : 0);
	slot->due = 0;
	flow->vacant[flow->vacant_count++] = (uint8_t)(id % WINDOW_MAX);
	answered++;
	octets += size;
	rcodes[reply[3] & 15]++;
	truncated += reply[2] >> 1 & 1;
	if (options.mixing && reply_is_mixed(reply, size) && !mixed++)
		reply_print(reply, size);
}

static void flow_receive(struct flow *flow)
{
	int count = recvmmsg(flow->fd, in, WINDOW_MAX, MSG_DONTWAIT, NULL);
	if (count < 0 && errno == ECONNREFUSED)
		bench_fail("no server listens at %s port %s", options.address, options.port);
	uint64_t now = bench_now();
	for (int i = 0; i < count; i++)
		reply_take(flow, replies[i], in[i].msg_len, now);
}

/* Gives up what waits for longer than the timeout. */
static void lost_reap(uint64_t now)
{
	static uint64_t next;
	if (now < next)
		return;
	next = now + REAP_NS;
	for (unsigned f = 0; f < options.sockets; f++)
		for (unsigned i = 0; i < options.window; i++) {
			struct slot *slot = &flows[f].slots[i];
			if (!slot->due || slot->due + options.timeout_ms * 1000000ull > now)
				continue;
			slot->due = 0;
			flows[f].vacant[flows[f].vacant_count++] = (uint8_t)i;
			lost++;
		}
}

static bool is_over(uint64_t now)
{
	return ended || (options.queries && sent >= options.queries) ||
	       (options.seconds > 0 && (double)(now - start) >= options.seconds * 1e9);
}

static unsigned allowed(unsigned count)
{
	if (options.queries && options.queries - sent < count)
		return (unsigned)(options.queries - sent);
	return count;
}

/* Takes the replies that are there; with `again` each is followed by a query. */
static void replies_wait(int timeout_ms, bool again)
{
	struct epoll_event events[SOCKETS_MAX];
	int count = epoll_wait(poller, events, SOCKETS_MAX, timeout_ms);
	for (int i = 0; i < count; i++) {
		struct flow *flow = events[i].data.ptr;
		flow_receive(flow);
		if (again)
			flow_send(flow, allowed(options.window), (double)bench_now(), 0);
	}
}

static void outstanding_wait(void)
{
	while (sent - answered - lost) {
		replies_wait(10, false);
		lost_reap(bench_now());
	}
}

static void closed_run(void)
{
	for (uint64_t now = start; !is_over(now); now = bench_now()) {
		for (unsigned f = 0; f < options.sockets; f++)
			if (flows[f].vacant_count == options.window)
				flow_send(&flows[f], allowed(options.window), (double)now, 0);
		replies_wait(10, !is_over(now));
		lost_reap(now);
	}
}

static void open_run(void)
{
	double step = 1e9 / options.rate;
	unsigned next = 0;
	for (uint64_t now = start; !is_over(now); now = bench_now()) {
		for (unsigned tried = 0; tried < options.sockets; tried++) {
			double due = (double)start + (double)sent * step;
			if (due > (double)now)
				break;
			double waiting = ((double)now - due) / step + 1;
			unsigned count = waiting < WINDOW_MAX ? (unsigned)waiting : WINDOW_MAX;
			flow_send(&flows[next++ % options.sockets], allowed(count), due, step);
		}
		replies_wait(0, false);
		lost_reap(now);
	}
}

static void bursts_run(void)
{
	for (uint64_t now = start; !is_over(now); now = bench_now()) {
		for (unsigned f = 0; f < options.sockets; f++)
			flow_send(&flows[f], allowed(options.window), (double)now, 0);
		outstanding_wait();
	}
}

static void report(uint64_t ns)
{
	printf("{\"sent\":%llu,\"answered\":%llu,\"lost\":%llu,\"seconds\":%.3f,\"qps\":%.0f",
		(unsigned long long)sent, (unsigned long long)answered, (unsigned long long)lost,
		(double)ns / 1e9, (double)answered * 1e9 / (double)ns);
	bench_latency_print(&latency);
	printf(",\"octets\":%.1f,\"truncated\":%llu,\"strays\":%llu,\"mixed\":%llu,\"rcodes\":{",
		answered ? (double)octets / (double)answered : 0.0, (unsigned long long)truncated,
		(unsigned long long)strays, (unsigned long long)mixed);
	const char *comma = "";
	for (unsigned i = 0; i < 16; i++)
		if (rcodes[i]) {
			printf("%s\"%u\":%llu", comma, i, (unsigned long long)rcodes[i]);
			comma = ",";
		}
	printf("}}\n");
}

static void run_end(int number)
{
	ended = number;
}

static void options_parse(int argc, char **argv)
{
	static const char usage[] =
		"usage: load ADDRESS PORT QUERIES [-t SECONDS] [-n QUERIES] [-r RATE | -b] [-m]\n"
		"       [-s SOCKETS (16)] [-w WINDOW (24)] [-o TIMEOUT_MS (500)]";
	for (int option; (option = getopt(argc, argv, "t:n:r:bms:w:o:")) != -1;)
		switch (option) {
		case 't':
			options.seconds = strtod(optarg, NULL);
			break;
		case 'n':
			options.queries = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			options.rate = strtod(optarg, NULL);
			break;
		case 'b':
			options.bursts = true;
			break;
		case 'm':
			options.mixing = true;
			break;
		case 's':
			options.sockets = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'w':
			options.window = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			options.timeout_ms = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			bench_fail("%s", usage);
		}
	if (argc - optind != 3 || (!options.queries && options.seconds <= 0) || !options.sockets ||
		options.sockets > SOCKETS_MAX || !options.window || options.window > WINDOW_MAX)
		bench_fail("%s", usage);
	options.address = argv[optind];
	options.port = argv[optind + 1];
	options.file = argv[optind + 2];
}

int main(int argc, char **argv)
{
	struct bench_target target;
	options_parse(argc, argv);
	bench_target_parse(&target, options.address, options.port);
	bench_queries_load(&queries, options.file);
	poller = epoll_create1(EPOLL_CLOEXEC);
	signal(SIGINT, run_end);
	buffers_init();
	for (unsigned f = 0; f < options.sockets; f++)
		flow_open(&flows[f], &target);
	start = bench_now();
	if (options.bursts)
		bursts_run();
	else if (options.rate > 0)
		open_run();
	else
		closed_run();
	uint64_t end = bench_now();
	outstanding_wait();
	report(end - start);
	return 0;
}
