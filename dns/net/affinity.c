#include "dns/net/affinity.h"

#include "dns/base/why.h"

#include <errno.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The lowest CPUs that this process may use; how many were found, at most `count`. */
static unsigned cpus_find(unsigned *cpus, unsigned count)
{
	cpu_set_t allowed;
	unsigned found = 0;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return 0;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && found < count; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			cpus[found++] = cpu;
	return found;
}

/* A program that names, by the CPU a packet is on, the number of a socket in its group: in the
 * order in which they were bound, so worker by worker. A CPU without a worker shares out by its
 * number. */
static bool group_steer(int fd, const struct affinity *affinity)
{
	struct sock_filter code[2 * AFFINITY_WORKERS_MAX + 3];
	unsigned short size = 0;
	code[size++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_CPU));
	for (unsigned worker = 0; worker < affinity->workers; worker++) {
		code[size++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, affinity->cpus[worker], 0, 1);
		code[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, worker);
	}
	code[size++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, affinity->workers);
	code[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	struct sock_fprog program = {.len = size, .filter = code};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) == 0;
}

bool affinity_open(struct affinity *affinity, unsigned workers, char *why, size_t size)
{
	affinity->workers = 0;
	if (workers > AFFINITY_WORKERS_MAX || cpus_find(affinity->cpus, workers) < workers)
		return why_write(why, size,
			"socket-affinity needs one CPU per worker, workers = %u", workers);
	affinity->workers = workers;
	return true;
}

bool affinity_steer(const struct affinity *affinity, int fd, char *why, size_t size)
{
	if (group_steer(fd, affinity))
		return true;
	return why_write(why, size, "cannot steer packets to their CPU: %s", strerror(errno));
}

void affinity_release(int fd)
{
	int off = 0; /* a group without a program says so: nothing is to be done */
	setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &off, sizeof(off));
}

bool affinity_pin(const struct affinity *affinity, unsigned worker, uv_thread_t *thread)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(affinity->cpus[worker], &one);
	return pthread_setaffinity_np(*thread, sizeof(one), &one) == 0;
}
