/* tests/bench/probe.c - a good client: asks a server on this machine one question every -i
 * microseconds, and says in one JSON line what became of them. What has no reply after three
 * seconds is lost.
 *
 * Over UDP from several ports, so that every worker is asked; over TCP one connection a question.
 * It ends after -t seconds, -n questions or on SIGTERM. -f: it runs before everything else on its
 * CPU, where the system lets it, so that what is measured is the server's delay alone. */
#include "tests/bench/bench.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

enum { SOCKETS = 16, IDS = 65536, LOST_MS = 3000 };

static struct {
	uint64_t gap_ns, count;
	double seconds;
	bool first;
} options = {.gap_ns = 1000000};

static struct bench_target target;
static struct bench_queries queries;
static struct bench_latency latency;
static uint64_t sent, worst, begun, random_state;
static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

static bool is_over(void)
{
	return ended || (options.count && sent >= options.count) ||
	       (options.seconds > 0 && (double)(bench_now() - begun) >= options.seconds * 1e9);
}

static void answered(uint64_t since)
{
	uint64_t ns = bench_now() - since;
	if (ns > LOST_MS * 1000000ull)
		return;
	worst = ns > worst ? ns : worst;
	bench_latency_add(&latency, ns);
}

/* When each ID was asked; 0: it is not waited for. */
static uint64_t asked[IDS];

static void udp_ask(int fd)
{
	uint8_t octets[BENCH_QUERY_MAX];
	const struct bench_query *query = bench_query_next(&queries);
	unsigned id = (unsigned)sent % IDS;
	memcpy(octets, query->octets, query->size);
	octets[0] = (uint8_t)(id >> 8);
	octets[1] = (uint8_t)id;
	asked[id] = bench_now();
	sent++;
	send(fd, octets, query->size, 0); /* what cannot be sent is lost, too */
}

static void udp_take(int fd)
{
	static uint8_t octets[65536];
	while (recv(fd, octets, sizeof(octets), MSG_DONTWAIT) >= 12) {
		unsigned id = (unsigned)(octets[0] << 8 | octets[1]);
		if (asked[id])
			answered(asked[id]);
		asked[id] = 0;
	}
}

static void udp_open(struct pollfd *sockets)
{
	for (unsigned i = 0; i < SOCKETS; i++) {
		sockets[i] = (struct pollfd){
			.fd = socket(target.family, SOCK_DGRAM, 0), .events = POLLIN};
		if (sockets[i].fd < 0 || connect(sockets[i].fd, (struct sockaddr *)&target.address,
						 target.size) != 0)
			bench_fail("no socket: %s", strerror(errno));
	}
}

static void udp_run(void)
{
	struct pollfd sockets[SOCKETS];
	udp_open(sockets);
	uint64_t next = bench_now(), last = 0;
	for (;;) {
		uint64_t now = bench_now();
		if (!last && is_over())
			last = now + LOST_MS * 1000000ull;
		if (last && (now >= last || latency.total == sent))
			return;
		if (!last && now >= next) {
			udp_ask(sockets[sent % SOCKETS].fd);
			next = next + options.gap_ns > now ? next + options.gap_ns
							   : now + options.gap_ns;
		}
		uint64_t until = last ? last : next;
		now = bench_now();
		struct timespec wait = {
			.tv_nsec = until > now ? (long)((until - now) % 1000000000u) : 0,
			.tv_sec = until > now ? (time_t)((until - now) / 1000000000u) : 0};
		if (ppoll(sockets, SOCKETS, &wait, NULL) > 0)
			for (unsigned i = 0; i < SOCKETS; i++)
				if (sockets[i].revents)
					udp_take(sockets[i].fd);
	}
}

/* One connection, one question, one whole reply. */
static bool tcp_exchange(int fd)
{
	static uint8_t octets[2 + 65535];
	const struct timeval patience = {.tv_sec = LOST_MS / 1000};
	const struct bench_query *query = bench_query_next(&queries);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (target.family == AF_INET && !bench_source_bind(fd, &random_state))
		return false;
	octets[0] = (uint8_t)(query->size >> 8);
	octets[1] = (uint8_t)query->size;
	memcpy(octets + 2, query->octets, query->size);
	if (connect(fd, (struct sockaddr *)&target.address, target.size) != 0 ||
		send(fd, octets, query->size + 2u, MSG_NOSIGNAL) != query->size + 2)
		return false;
	return recv(fd, octets, 2, MSG_WAITALL) == 2 &&
	       recv(fd, octets + 2, (size_t)(octets[0] << 8 | octets[1]), MSG_WAITALL) ==
		       (octets[0] << 8 | octets[1]) &&
	       octets[4] & 0x80;
}

static void tcp_run(void)
{
	while (!is_over()) {
		uint64_t since = bench_now();
		int fd = socket(target.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			bench_fail("no socket: %s", strerror(errno));
		sent++;
		if (tcp_exchange(fd))
			answered(since);
		close(fd);
		uint64_t spent = bench_now() - since;
		if (spent < options.gap_ns)
			nanosleep(
				&(struct timespec){
					.tv_sec = (time_t)((options.gap_ns - spent) / 1000000000u),
					.tv_nsec = (long)((options.gap_ns - spent) % 1000000000u)},
				NULL);
	}
}

int main(int argc, char **argv)
{
	static const char usage[] = "usage: probe udp|tcp ADDRESS PORT QUERIES [-i MICROSECONDS "
				    "(1000)] [-t SECONDS] [-n QUESTIONS] [-f]";
	for (int option; (option = getopt(argc, argv, "i:t:n:f")) != -1;)
		switch (option) {
		case 'i':
			options.gap_ns = 1000 * strtoull(optarg, NULL, 10);
			break;
		case 't':
			options.seconds = strtod(optarg, NULL);
			break;
		case 'n':
			options.count = strtoull(optarg, NULL, 10);
			break;
		case 'f':
			options.first = true;
			break;
		default:
			bench_fail("%s", usage);
		}
	bool udp = argc - optind == 4 && strcmp(argv[optind], "udp") == 0;
	if (argc - optind != 4 || (!udp && strcmp(argv[optind], "tcp") != 0))
		bench_fail("%s", usage);
	bench_target_parse(&target, argv[optind + 1], argv[optind + 2]);
	bench_queries_load(&queries, argv[optind + 3]);
	bool first = options.first && sched_setscheduler(0, SCHED_FIFO,
					      &(struct sched_param){.sched_priority = 1}) == 0;
	struct sigaction action = {.sa_handler = end}; /* no SA_RESTART: waiting ends, too */
	sigaction(SIGTERM, &action, NULL);
	begun = random_state = bench_now();
	if (udp)
		udp_run();
	else
		tcp_run();
	printf("{\"sent\":%llu,\"answered\":%llu,\"lost\":%llu,\"first\":%s,\"seconds\":%.3f",
		(unsigned long long)sent, (unsigned long long)latency.total,
		(unsigned long long)(sent - latency.total), first ? "true" : "false",
		(double)(bench_now() - begun) / 1e9);
	bench_latency_print(&latency);
	printf(",\"max_us\":%.1f}\n", (double)worst / 1000);
	return 0;
}
