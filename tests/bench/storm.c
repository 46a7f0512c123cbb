/* tests/bench/storm.c - does to a server on this machine what hostile clients do, and says in one
 * JSON line how it went.
 *
 * connect opens connections as fast as -j threads can; each keeps its newest -k open and closes the
 * oldest
 *   pipeline  -k connections, each with -q questions (64 KB of them) under way all the time
 *   pin       -k connections that ask -q questions each and never read a reply
 *   idle      -k connections that say nothing
 *
 * TARGET is ADDRESS:PORT or the path of a UNIX socket. It ends after -t seconds, or on SIGTERM; the
 * last three say {"open":N} as soon as all are. IPv4 connections come from everywhere in
 * 127.0.0.0/8. */
#include "tests/bench/bench.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	THREADS_MAX = 2,
	ERRNO_MAX = 256,
	CONNECTING_MAX = 256, /* at a time, where nobody is to be hurt by connecting */
	BLOCK_SIZE = 65536,
	EVENTS_MAX = 512,
	WAIT_MS = 50,
};

static const struct mode {
	const char *name;
	unsigned kept, questions; /* questions: 0: as many as a block has room for */
	bool asks, reads, repeats;
} modes[] = {
	{.name = "connect", .kept = 1},
	{.name = "pipeline", .kept = 1000, .asks = true, .reads = true, .repeats = true},
	{.name = "pin", .kept = 800, .questions = 55, .asks = true},
	{.name = "idle", .kept = 10000},
};

/* What one thread has counted. */
struct tally {
	uint64_t random, opened, connected, closed, asked, replies, octets;
	uint64_t errors[ERRNO_MAX];
};

struct holder {
	int fd;
	bool connected;
	size_t unsent; /* octets of the block */
	unsigned waiting; /* replies to come */
	size_t left; /* octets to come of the frame that is being read */
	unsigned heads; /* octets of its length that have come */
};

static struct {
	struct mode mode;
	unsigned threads;
	int buffer;
	double seconds;
	bool resets, unread;
} options = {.threads = 1};

static struct bench_target target;
static uint8_t block[BLOCK_SIZE];
static size_t block_size;
static unsigned block_count;
static volatile sig_atomic_t ended;
static uint64_t begun;
static int poller;

static void end(int number)
{
	(void)number;
	ended = 1;
}

static bool is_over(void)
{
	return ended || (double)(bench_now() - begun) >= options.seconds * 1e9;
}

static void error_count(struct tally *tally, int number)
{
	tally->errors[number < ERRNO_MAX ? number : 0]++;
}

static bool socket_set(struct tally *tally, int fd)
{
	struct linger reset = {.l_onoff = 1};
	if (options.resets)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (options.buffer)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options.buffer, sizeof(options.buffer));
	return target.family != AF_INET || bench_source_bind(fd, &tally->random);
}

/* A socket that is connecting, or -1, counted. */
static int socket_open(struct tally *tally)
{
	int fd = socket(target.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && socket_set(tally, fd) &&
		(connect(fd, (struct sockaddr *)&target.address, target.size) == 0 ||
			errno == EINPROGRESS)) {
		tally->opened++;
		return fd;
	}
	error_count(tally, errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* On this machine a connection is there when connect() returns, unless the listener's queue is
 * full. */
static bool is_connected(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	return getpeername(fd, (struct sockaddr *)&peer, &size) == 0;
}

static void *connect_run(void *argument)
{
	struct tally *tally = argument;
	int *kept = malloc(options.mode.kept * sizeof(*kept));
	if (!kept)
		bench_fail("no memory");
	for (unsigned i = 0; i < options.mode.kept; i++)
		kept[i] = -1;
	for (unsigned at = 0; !is_over();) {
		int fd = socket_open(tally);
		if (fd < 0)
			continue;
		tally->connected += is_connected(fd);
		if (kept[at] >= 0)
			close(kept[at]);
		kept[at] = fd;
		at = (at + 1) % options.mode.kept;
	}
	for (unsigned i = 0; i < options.mode.kept; i++)
		if (kept[i] >= 0)
			close(kept[i]);
	free(kept);
	return NULL;
}

static void holder_open(struct tally *tally, struct holder *holder)
{
	*holder = (struct holder){.fd = socket_open(tally)};
	struct epoll_event event = {.events = EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = holder};
	if (options.mode.reads)
		event.events |= EPOLLIN;
	if (holder->fd >= 0 && epoll_ctl(poller, EPOLL_CTL_ADD, holder->fd, &event) != 0)
		bench_fail("epoll_ctl: %s", strerror(errno));
}

/* The server has ended it. Who does not repeat keeps what the kernel has for it. */
static void holder_lost(struct tally *tally, struct holder *holder, int error)
{
	tally->closed += holder->connected;
	if (error)
		error_count(tally, error);
	if (!options.mode.repeats) {
		epoll_ctl(poller, EPOLL_CTL_DEL, holder->fd, NULL);
		return;
	}
	close(holder->fd);
	holder_open(tally, holder);
}

static int holder_send(struct tally *tally, struct holder *holder)
{
	while (holder->unsent) {
		ssize_t count = send(holder->fd, block + block_size - holder->unsent,
			holder->unsent, MSG_NOSIGNAL);
		if (count < 0)
			return errno == EAGAIN ? 0 : errno;
		holder->unsent -= (size_t)count;
		if (!holder->unsent)
			tally->asked += block_count;
		if (!holder->unsent && options.unread && options.mode.repeats)
			holder->unsent = block_size;
	}
	return 0;
}

static void replies_count(
	struct tally *tally, struct holder *holder, const uint8_t *in, size_t size)
{
	tally->octets += size;
	while (size) {
		if (holder->heads < 2) {
			holder->left = holder->left << 8 | *in++;
			size--;
			if (++holder->heads < 2 || holder->left)
				continue;
		}
		size_t taken = size < holder->left ? size : holder->left;
		in += taken;
		size -= taken;
		holder->left -= taken;
		if (!holder->left) {
			holder->heads = 0;
			tally->replies++;
			holder->waiting -= holder->waiting > 0;
		}
	}
}

/* Sends and reads what can be; false: the server has ended it, for this reason (0: in order). */
static bool holder_go_on(struct tally *tally, struct holder *holder, int *error)
{
	static uint8_t in[1 << 18];
	for (;;) {
		if (!holder->unsent && !holder->waiting && options.mode.repeats) {
			holder->unsent = block_size;
			holder->waiting = block_count;
		}
		*error = holder_send(tally, holder);
		if (*error)
			return false;
		if (options.unread || !options.mode.reads)
			return true;
		ssize_t count = recv(holder->fd, in, sizeof(in), 0);
		if (count < 0 && errno == EAGAIN)
			return true;
		*error = count < 0 ? errno : 0;
		if (count <= 0)
			return false;
		replies_count(tally, holder, in, (size_t)count);
	}
}

static void holder_event(struct tally *tally, struct holder *holder, uint32_t events)
{
	int error = 0;
	socklen_t size = sizeof(error);
	if (!holder->connected || events & EPOLLERR)
		getsockopt(holder->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (!holder->connected && !error && !(events & EPOLLHUP)) {
		holder->connected = true;
		tally->connected++;
		holder->unsent = options.mode.asks ? block_size : 0;
		holder->waiting = holder->unsent ? block_count : 0;
	}
	bool unread = options.unread || !options.mode.reads;
	if (error || events & EPOLLHUP || (events & EPOLLRDHUP && unread) ||
		!holder_go_on(tally, holder, &error))
		holder_lost(tally, holder, error);
}

static void hold_run(struct tally *tally)
{
	static struct epoll_event events[EVENTS_MAX];
	struct holder *holders = calloc(options.mode.kept, sizeof(*holders));
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (!holders || poller < 0)
		bench_fail("no memory");
	for (unsigned begun_count = 0, said = 0; !is_over();) {
		while (begun_count < options.mode.kept &&
			begun_count < tally->connected + CONNECTING_MAX)
			holder_open(tally, &holders[begun_count++]);
		int count = epoll_wait(poller, events, EVENTS_MAX, WAIT_MS);
		for (int i = 0; i < count; i++)
			holder_event(tally, events[i].data.ptr, events[i].events);
		if (!said && tally->connected >= options.mode.kept) {
			printf("{\"open\":%u}\n", options.mode.kept);
			fflush(stdout);
			said = 1;
		}
	}
}

static void tally_print(const struct tally *tallies)
{
	struct tally sum = {0};
	for (unsigned i = 0; i < options.threads; i++)
		for (size_t j = 0; j < sizeof(sum) / sizeof(uint64_t); j++)
			((uint64_t *)&sum)[j] += ((const uint64_t *)&tallies[i])[j];
	double seconds = (double)(bench_now() - begun) / 1e9;
	printf("{\"mode\":\"%s\",\"opened\":%llu,\"connected\":%llu,\"closed\":%llu,\"rate\":%.0f,"
	       "\"asked\":%llu,\"replies\":%llu,\"octets\":%llu,\"seconds\":%.3f,\"errors\":{",
		options.mode.name, (unsigned long long)sum.opened,
		(unsigned long long)sum.connected, (unsigned long long)sum.closed,
		(double)sum.connected / seconds, (unsigned long long)sum.asked,
		(unsigned long long)sum.replies, (unsigned long long)sum.octets, seconds);
	const char *comma = "";
	for (int i = 0; i < ERRNO_MAX; i++) {
		if (!sum.errors[i])
			continue;
		const char *name = strerrorname_np(i);
		printf("%s\"%s\":%llu", comma, name ? name : "other",
			(unsigned long long)sum.errors[i]);
		comma = ",";
	}
	printf("}}\n");
}

static void target_parse(char *text)
{
	struct sockaddr_un *path = (struct sockaddr_un *)&target.address;
	char *colon = strrchr(text, ':');
	if (text[0] == '/' && strlen(text) < sizeof(path->sun_path)) {
		target.family = path->sun_family = AF_UNIX;
		strcpy(path->sun_path, text);
		target.size = sizeof(*path);
		return;
	}
	if (!colon)
		bench_fail("%s: expected ADDRESS:PORT or the path of a UNIX socket", text);
	*colon = '\0';
	if (text[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		text++;
	}
	bench_target_parse(&target, text, colon + 1);
}

/* The block that a connection sends: whole questions. */
static void block_fill(const char *file)
{
	struct bench_queries queries;
	bench_queries_load(&queries, file);
	while (!options.mode.questions || block_count < options.mode.questions) {
		const struct bench_query *query = bench_query_next(&queries);
		if (block_size + 2 + query->size > sizeof(block))
			break;
		block[block_size++] = (uint8_t)(query->size >> 8);
		block[block_size++] = (uint8_t)query->size;
		memcpy(block + block_size, query->octets, query->size);
		block_size += query->size;
		block_count++;
	}
}

static void options_parse(int argc, char **argv)
{
	static const char usage[] =
		"usage: storm connect TARGET -t SECONDS [-j THREADS (1)] [-k KEPT (1)] [-r]\n"
		"       storm pipeline|pin TARGET QUERIES -t SECONDS [-k KEPT] [-q QUESTIONS] [-b "
		"SO_RCVBUF] [-r] [-u]\n"
		"       storm idle TARGET -t SECONDS [-k KEPT]\n"
		"TARGET: ADDRESS:PORT or a UNIX socket's path. -r: ends connections by RST; -u: "
		"replies stay unread";
	unsigned kept = 0, questions = 0;
	for (int option; (option = getopt(argc, argv, "t:j:k:q:b:ru")) != -1;) {
		if (option == 'r')
			options.resets = true;
		else if (option == 'u')
			options.unread = true;
		else if (option == '?')
			bench_fail("%s", usage);
		else if (option == 't')
			options.seconds = strtod(optarg, NULL);
		else
			*(option == 'j'         ? &options.threads
				: option == 'k' ? &kept
				: option == 'q' ? &questions
						: (unsigned *)&options.buffer) =
				(unsigned)strtoul(optarg, NULL, 10);
	}
	for (size_t i = 0; optind < argc && i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(argv[optind], modes[i].name) == 0)
			options.mode = modes[i];
	if (!options.mode.name || argc - optind != 2 + options.mode.asks || options.seconds <= 0 ||
		!options.threads || options.threads > THREADS_MAX)
		bench_fail("%s", usage);
	if (kept)
		options.mode.kept = kept;
	if (questions)
		options.mode.questions = questions;
}

int main(int argc, char **argv)
{
	static struct tally tallies[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	struct rlimit limit;
	options_parse(argc, argv);
	target_parse(argv[optind + 1]);
	if (options.mode.asks)
		block_fill(argv[optind + 2]);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	signal(SIGTERM, end);
	begun = bench_now();
	for (unsigned i = 0; i < THREADS_MAX; i++)
		tallies[i].random = begun + i * 0x9E3779B97F4A7C15 + 1;
	if (strcmp(options.mode.name, "connect") != 0) {
		options.threads = 1;
		hold_run(tallies);
	} else {
		for (unsigned i = 0; i < options.threads; i++)
			pthread_create(&threads[i], NULL, connect_run, &tallies[i]);
		for (unsigned i = 0; i < options.threads; i++)
			pthread_join(threads[i], NULL);
	}
	tally_print(tallies);
	return 0;
}
