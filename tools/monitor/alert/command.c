#include "tools/monitor/alert/command.h"

#include "dns/base/log.h"

#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WAITING_MAX = 1024, GRACE_SHARE = 6, FILES_MIN = 3 };

struct job {
	struct job *next;
	char *json, *program;
};

struct alert_command {
	uv_loop_t *loop;
	unsigned limit_ms;
	alert_ran *ran;
	void *owner;
	struct job *first, **last; /* the first one runs, or is about to */
	size_t waiting;
	uv_process_t process;
	uv_timer_t clock;
	unsigned handles; /* that are not closed yet */
	unsigned signals; /* sent to what runs */
	int error; /* libuv's, that keeps the program from being run; 0: it was run */
	bool running, leaving;
};

static void next_run(struct alert_command *command);

static void job_free(struct job *job)
{
	free(job->json);
	free(job->program);
	free(job);
}

static void job_end(struct alert_command *command, bool good)
{
	struct job *job = command->first;
	command->first = job->next;
	if (!command->first)
		command->last = &command->first;
	command->waiting--;
	job_free(job);
	command->running = false;
	if (!command->leaving)
		command->ran(command->owner, good);
}

/* --- one run --- */

static void handle_closed(struct alert_command *command)
{
	if (--command->handles == 0 && command->leaving) {
		while (command->first) {
			struct job *job = command->first;
			command->first = job->next;
			job_free(job);
		}
		free(command);
	}
}

static void clock_closed(uv_handle_t *handle)
{
	handle_closed(handle->data);
}

static void process_closed(uv_handle_t *handle)
{
	struct alert_command *command = handle->data;
	bool leaving = command->leaving;
	handle_closed(command);
	if (!leaving)
		next_run(command);
}

static void program_ended(uv_process_t *process, int64_t status, int signal_number)
{
	struct alert_command *command = process->data;
	const char *program = command->first->program;
	bool good = status == 0 && signal_number == 0;
	uv_timer_stop(&command->clock);
	if (command->signals) {
		/* What it has started has its group still. */
		kill(-process->pid, SIGKILL);
		log_line(LOG_LEVEL_WARNING, "Alert command killed after %u s command=%s",
			command->limit_ms / 1000, program);
	} else if (signal_number) {
		log_line(LOG_LEVEL_WARNING, "Alert command killed signal=%d command=%s",
			signal_number, program);
	} else if (!good) {
		log_line(LOG_LEVEL_WARNING, "Alert command failed status=%d command=%s",
			(int)status, program);
	}
	job_end(command, good && !command->signals);
	uv_close((uv_handle_t *)process, process_closed);
}

static void clock_out(uv_timer_t *clock)
{
	struct alert_command *command = clock->data;
	kill(-command->process.pid, command->signals ? SIGKILL : SIGTERM);
	if (command->signals++ == 0)
		uv_timer_start(clock, clock_out, command->limit_ms / GRACE_SHARE, 0);
}

/* A file without a name holds all of it and its end: nobody waits for a command that does not read.
 * -1: errno says why. */
static int input_open(const char *json)
{
	size_t size = strlen(json);
	int fd = memfd_create("alert", MFD_CLOEXEC);
	if (fd >= 0 && write(fd, json, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What the monitor was given to talk to others with, or to be run by others with, is not the
 * program's. */
static bool is_ours(const char *variable)
{
	static const char *const begins[] = {
		"LD_", "GCONV_PATH=", "NOTIFY_SOCKET=", "LISTEN_", "PATH="};
	size_t name = strcspn(variable, "=");
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(variable, begins[i], strlen(begins[i])) == 0)
			return true;
	return name >= 6 && strncasecmp(variable + name - 6, "_proxy", 6) == 0;
}

/* As ours, less that; PATH is the system's. The texts stay environ's. NULL: no memory. */
static char **environment_new(void)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	size_t count = 0, used = 0;
	while (environ[count])
		count++;
	char **list = calloc(count + 2, sizeof(*list));
	for (size_t i = 0; list && i < count; i++)
		if (!is_ours(environ[i]))
			list[used++] = environ[i];
	if (list)
		list[used] = path;
	return list;
}

/* 0, or an error of libuv. */
static int program_start(struct alert_command *command, const struct job *job)
{
	char *arguments[] = {job->program, NULL};
	int input = input_open(job->json);
	if (input < 0)
		return -errno;
	char **environment = environment_new();
	uv_stdio_container_t files[3] = {
		{.flags = UV_INHERIT_FD, .data.fd = input},
		{.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
		{.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
	};
	const uv_process_options_t options = {
		.file = job->program,
		.args = arguments,
		.env = environment,
		.exit_cb = program_ended,
		.flags = UV_PROCESS_DETACHED, /* its own group, so that all of it can be ended */
		.stdio = files,
		.stdio_count = 3,
	};
	/* Sockets of libraries may lack it: none of them is the program's. */
	close_range(FILES_MIN, ~0U, CLOSE_RANGE_CLOEXEC);
	command->process.data = command;
	int error = environment ? uv_spawn(command->loop, &command->process, &options) : UV_ENOMEM;
	close(input);
	free(environment);
	command->handles += environment != NULL;
	return error;
}

/* What keeps it from being run may last, and is said once. */
static void start_say(struct alert_command *command, int error)
{
	const char *program = command->first->program;
	if (error && error != command->error)
		log_line(LOG_LEVEL_WARNING, "Alert command cannot be started: %s command=%s",
			uv_strerror(error), program);
	if (!error && command->error)
		log_line(LOG_LEVEL_INFO, "Alert command works again command=%s", program);
	command->error = error;
}

static void first_start(struct alert_command *command)
{
	const struct job *job = command->first;
	unsigned before = command->handles;
	command->running = true;
	command->signals = 0;
	int error = program_start(command, job);
	start_say(command, error);
	if (!error) {
		uv_timer_start(&command->clock, clock_out, command->limit_ms, 0);
		return;
	}
	job_end(command, false);
	if (command->handles > before)
		uv_close((uv_handle_t *)&command->process, process_closed);
}

/* The clock is the only handle: the process before, if there was one, is gone. */
static void next_run(struct alert_command *command)
{
	while (command->first && command->handles == 1)
		first_start(command);
}

/* --- from outside --- */

struct alert_command *alert_command_new(
	uv_loop_t *loop, unsigned limit_ms, alert_ran *ran, void *owner)
{
	struct alert_command *command = calloc(1, sizeof(*command));
	if (!command)
		return NULL;
	command->loop = loop;
	command->limit_ms = limit_ms;
	command->ran = ran;
	command->owner = owner;
	command->last = &command->first;
	command->clock.data = command;
	uv_timer_init(loop, &command->clock);
	command->handles = 1;
	return command;
}

bool alert_command_add(struct alert_command *command, const char *program, char *json)
{
	struct job *job = command->waiting < WAITING_MAX ? calloc(1, sizeof(*job)) : NULL;
	char *copy = job ? strdup(program) : NULL;
	if (!copy || !json) {
		free(job);
		free(copy);
		free(json);
		return false;
	}
	*job = (struct job){.json = json, .program = copy};
	*command->last = job;
	command->last = &job->next;
	command->waiting++;
	next_run(command);
	return true;
}

bool alert_command_busy(const struct alert_command *command)
{
	return command->waiting > 0;
}

void alert_command_free(struct alert_command *command)
{
	if (!command)
		return;
	command->leaving = true;
	if (command->running) {
		kill(-command->process.pid, SIGKILL);
		uv_close((uv_handle_t *)&command->process, process_closed);
	}
	uv_close((uv_handle_t *)&command->clock, clock_closed);
}
