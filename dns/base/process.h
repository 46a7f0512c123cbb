/* dns/base/process.h - what this process takes of the machine, as /proc and getrusage(2) tell. */
#ifndef DNS_BASE_PROCESS_H
#define DNS_BASE_PROCESS_H

#include <stdint.h>

struct process_usage {
	double cpu_seconds, start_seconds; /* start: Unix time */
	uint64_t resident, virtual; /* octets */
	uint64_t open_fds, max_fds;
};

/* What cannot be told is 0. */
void process_usage_read(struct process_usage *usage);

#endif
