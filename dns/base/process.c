#include "dns/base/process.h"

#include "dns/base/prometheus.h"

#include <dirent.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { START_FIELD = 22 /* of /proc/PID/stat, proc(5) */, LINE = 4096 };

static uint64_t fds_count(void)
{
	uint64_t count = 0;
	DIR *folder = opendir("/proc/self/fd");
	if (!folder)
		return 0;
	for (const struct dirent *entry; (entry = readdir(folder));)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count - 1; /* the folder itself was open */
}

/* Clock ticks from the machine's start to the process's. */
static double start_ticks(void)
{
	char line[LINE];
	FILE *file = fopen("/proc/self/stat", "re");
	char *found = file ? fgets(line, sizeof(line), file) : NULL;
	unsigned long long ticks = 0;
	if (file)
		fclose(file);
	char *at = found ? strrchr(line, ')') : NULL; /* the name may hold anything */
	for (unsigned field = 2; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, "%llu", &ticks) == 1 ? (double)ticks : 0;
}

/* Unix time of the machine's start. */
static double machine_start(void)
{
	char line[LINE];
	unsigned long long seconds = 0;
	FILE *file = fopen("/proc/stat", "re");
	while (file && fgets(line, sizeof(line), file) && sscanf(line, "btime %llu", &seconds) != 1)
		;
	if (file)
		fclose(file);
	return (double)seconds;
}

/* Octets: virtual, resident. */
static void memory_read(double octets[2])
{
	unsigned long long whole = 0, resident = 0;
	const double page = (double)sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "re");
	if (file && fscanf(file, "%llu %llu", &whole, &resident) == 2) {
		octets[0] = (double)whole * page;
		octets[1] = (double)resident * page;
	}
	if (file)
		fclose(file);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void process_metrics_write(FILE *out)
{
	struct rusage used = {0};
	struct rlimit limit = {0};
	double memory[2] = {0};
	getrusage(RUSAGE_SELF, &used);
	getrlimit(RLIMIT_NOFILE, &limit);
	memory_read(memory);
	const struct {
		const char *name, *type, *help;
		double value;
	} metrics[] = {
		{"process_cpu_seconds_total", "counter", "User and system time in seconds.",
			seconds_of(used.ru_utime) + seconds_of(used.ru_stime)},
		{"process_resident_memory_bytes", "gauge", "Resident memory in bytes.", memory[1]},
		{"process_virtual_memory_bytes", "gauge", "Virtual memory in bytes.", memory[0]},
		{"process_open_fds", "gauge", "Open file descriptors.", (double)fds_count()},
		{"process_max_fds", "gauge", "Limit on open file descriptors.",
			(double)limit.rlim_cur},
		{"process_start_time_seconds", "gauge",
			"Start time of the process, in Unix seconds.",
			machine_start() + start_ticks() / (double)sysconf(_SC_CLK_TCK)},
	};
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		metric_begin(out, metrics[i].name, metrics[i].type, metrics[i].help);
		sample_write(out, metrics[i].name, metrics[i].value, NULL);
	}
}
