/* dns/base/process.h - what this process takes of the machine, as /proc and getrusage(2) tell. */
#ifndef DNS_BASE_PROCESS_H
#define DNS_BASE_PROCESS_H

#include <stdio.h>

/* The metrics that each program has, with the names that Prometheus gives them. What cannot be told
 * is 0. */
void process_metrics_write(FILE *out);

#endif
