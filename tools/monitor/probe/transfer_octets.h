/* tools/monitor/probe/transfer_octets.h - how much a connection has brought so far. */
#ifndef TOOLS_MONITOR_PROBE_TRANSFER_OCTETS_H
#define TOOLS_MONITOR_PROBE_TRANSFER_OCTETS_H

#include <stdint.h>

/* Octets read from a TCP socket since its connect; 0: the kernel does not say. */
uint64_t transfer_octets(int socket);

#endif
