#include "dns/base/process.h"

#include <dirent.h>
#include <stdio.h>
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

static void memory_read(struct process_usage *usage)
{
	unsigned long long whole = 0, resident = 0;
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "re");
	if (file && fscanf(file, "%llu %llu", &whole, &resident) == 2) {
		usage->virtual = whole * page;
		usage->resident = resident * page;
	}
	if (file)
		fclose(file);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void process_usage_read(struct process_usage *usage)
{
	struct rusage used;
	struct rlimit limit;
	memset(usage, 0, sizeof(*usage));
	if (getrusage(RUSAGE_SELF, &used) == 0)
		usage->cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		usage->max_fds = limit.rlim_cur;
	usage->start_seconds = machine_start() + start_ticks() / (double)sysconf(_SC_CLK_TCK);
	usage->open_fds = fds_count();
	memory_read(usage);
}
