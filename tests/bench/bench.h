/* tests/bench/bench.h - what the load programs share: where to send, what to ask, how long it took.
 *
 * They aim at loopback addresses only. A failure is one sentence on stderr and exit status 1. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BENCH_QUERY_MAX = 512, BENCH_FINE = 64, BENCH_BUCKETS = 64 * BENCH_FINE };

__attribute__((noreturn, format(printf, 1, 2))) static inline void bench_fail(
	const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static inline uint64_t bench_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct bench_target {
	struct sockaddr_storage address;
	socklen_t size;
	int family;
};

/* An address that is not this machine's loopback is refused: this floods. */
static inline void bench_target_parse(
	struct bench_target *target, const char *address, const char *port)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&target->address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&target->address;
	char *end;
	unsigned long number = strtoul(port, &end, 10);
	if (*end || number == 0 || number > 65535)
		bench_fail("%s: not a port", port);
	memset(target, 0, sizeof(*target));
	if (inet_pton(AF_INET, address, &ipv4->sin_addr) == 1) {
		ipv4->sin_port = htons((uint16_t)number);
		target->size = sizeof(*ipv4);
		target->family = ipv4->sin_family = AF_INET;
		if (ntohl(ipv4->sin_addr.s_addr) >> 24 != 127)
			bench_fail("%s: only 127.0.0.0/8 and ::1 are loaded", address);
	} else if (inet_pton(AF_INET6, address, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_port = htons((uint16_t)number);
		target->size = sizeof(*ipv6);
		target->family = ipv6->sin6_family = AF_INET6;
		if (!IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr))
			bench_fail("%s: only 127.0.0.0/8 and ::1 are loaded", address);
	} else {
		bench_fail("%s: not an address", address);
	}
}

struct bench_query {
	const uint8_t *octets;
	uint16_t size;
};

/* The queries of a file in an order of chance, asked again and again from its start. */
struct bench_queries {
	struct bench_query *list;
	size_t count, next;
};

static inline uint64_t bench_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline uint8_t *bench_file_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) != 0)
		bench_fail("%s: cannot be read", path);
	*size = (size_t)ftell(file);
	rewind(file);
	uint8_t *octets = malloc(*size + 1);
	if (!octets || fread(octets, 1, *size, file) != *size)
		bench_fail("%s: cannot be read", path);
	fclose(file);
	return octets;
}

/* A query file: for each query a 16-bit length in network order, and its octets. Lives as long as
 * the process. */
static inline void bench_queries_load(struct bench_queries *queries, const char *path)
{
	size_t size;
	uint8_t *octets = bench_file_read(path, &size);
	*queries = (struct bench_queries){calloc(size / 14 + 1, sizeof(struct bench_query)), 0, 0};
	if (!queries->list)
		bench_fail("no memory for %s", path);
	for (size_t at = 0; at < size;) {
		if (size - at < 2)
			bench_fail("%s: ends within a length", path);
		uint16_t length = (uint16_t)(octets[at] << 8 | octets[at + 1]);
		at += 2;
		if (length < 12 || length > BENCH_QUERY_MAX || length > size - at)
			bench_fail("%s: a query of %u octets, expected 12 to %u", path, length,
				(unsigned)BENCH_QUERY_MAX);
		queries->list[queries->count++] = (struct bench_query){octets + at, length};
		at += length;
	}
	if (!queries->count)
		bench_fail("%s: no queries", path);
	uint64_t state = 0x9E3779B97F4A7C15;
	for (size_t i = queries->count - 1; i > 0; i--) {
		size_t other = bench_random(&state) % (i + 1);
		struct bench_query kept = queries->list[i];
		queries->list[i] = queries->list[other];
		queries->list[other] = kept;
	}
}

static inline const struct bench_query *bench_query_next(struct bench_queries *queries)
{
	const struct bench_query *query = &queries->list[queries->next++];
	if (queries->next == queries->count)
		queries->next = 0;
	return query;
}

/* Lets a connection come from anywhere in 127.0.0.0/8, so that ports waiting in TIME_WAIT never run
 * out. */
static inline bool bench_source_bind(int fd, uint64_t *random)
{
	int on = 1;
	struct sockaddr_in from = {.sin_family = AF_INET};
	from.sin_addr.s_addr = htonl(0x7F000002u + (uint32_t)(bench_random(random) % 0xFFFFF0));
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0;
}

/* Counts of latencies, each power of two cut into BENCH_FINE steps: within 1.6 %. */
struct bench_latency {
	uint64_t counts[BENCH_BUCKETS];
	uint64_t total;
};

static inline void bench_latency_add(struct bench_latency *latency, uint64_t ns)
{
	unsigned power = ns < 2 * BENCH_FINE ? 0 : 57u - (unsigned)__builtin_clzll(ns);
	latency->counts[power * BENCH_FINE + (ns >> power)]++;
	latency->total++;
}

/* Microseconds that `share` of all stayed below. */
static inline double bench_latency_at(const struct bench_latency *latency, double share)
{
	uint64_t wanted = (uint64_t)((double)latency->total * share), seen = 0;
	for (unsigned i = 0; i < BENCH_BUCKETS; i++) {
		seen += latency->counts[i];
		if (seen <= wanted)
			continue;
		/* Bucket i holds values with their top bit at its power, so i counts from FINE
		 * there. */
		unsigned power = i < 2 * BENCH_FINE ? 0 : i / BENCH_FINE - 1;
		return (double)((uint64_t)(i - power * BENCH_FINE) << power) / 1000;
	}
	return 0;
}

static inline void bench_latency_print(const struct bench_latency *latency)
{
	printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f", bench_latency_at(latency, 0.5),
		bench_latency_at(latency, 0.99), bench_latency_at(latency, 0.999));
}

#endif
