#include "tests/unit/folder_case.h"

#include "geo/country.h"
#include "tools/monitor/alert/command.h"
#include "tools/monitor/alert/smtp.h"
#include "tools/monitor/alert/text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <jansson.h>

enum { LIMIT_MS = 1000, DEADLINE_MS = 10000, LINE_OCTETS_MAX = 78 };

static const struct list_mirror mirror = {
	.host = "clamav.example.pl",
	.port = 8080,
	.admin = "admin@example.pl",
	.alerts = "J\xC3\xBCrgen \"x\" <alerts@example.pl>",
};

static struct inventory_event event_make(const char *why_text)
{
	struct inventory_event event = {.at = 1795200000, .from = MIRROR_OK, .to = MIRROR_OLD};
	snprintf(event.host, sizeof(event.host), "%s", mirror.host);
	snprintf(event.why, sizeof(event.why), "%s", why_text);
	event.country = (uint16_t)country_find("PL", 2);
	inet_pton(AF_INET, "192.0.2.10", event.address.octets);
	return event;
}

/* --- addresses --- */

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *mail, *name; /* mail NULL: it is none */
	} cases[] = {
		{"a@b.example", "a@b.example", ""},
		{"a.b+c=d@localhost", "a.b+c=d@localhost", ""},
		{"Team <a@b.example>", "a@b.example", "Team"},
		{"<a@b.example>", "a@b.example", ""},
		{"J\xC3\xBCrgen  <a@b.example>", "a@b.example", "J\xC3\xBCrgen"},
		{"", NULL, NULL},
		{"a", NULL, NULL},
		{"@b", NULL, NULL},
		{"a@", NULL, NULL},
		{"a@@b", NULL, NULL},
		{"a@b@c", NULL, NULL},
		{"a b@c", NULL, NULL},
		{"a@b c", NULL, NULL},
		{"a@b\r\nRCPT TO:<x@y>", NULL, NULL},
		{"a@b,c@d", NULL, NULL},
		{"Team <a@b>, <c@d>", NULL, NULL},
		{"Te\nam <a@b>", NULL, NULL},
		{"Team <a@b", NULL, NULL},
		{"Team <a@b> x", NULL, NULL},
		{"\xC3\xBC@b.example", NULL, NULL},
		{".a@b", NULL, NULL},
		{"a..b@c", NULL, NULL},
		{"a@-b", NULL, NULL},
		{"a@b-", NULL, NULL},
		{"a@b.", NULL, NULL},
		{"a@.b", NULL, NULL},
		{"monitor@host_name", NULL, NULL},
		{"-f@b", NULL, NULL},
		{"@", NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mailbox address;
		if (mailbox_parse(cases[i].text, &address) != (cases[i].mail != NULL))
			fail_msg("%s", cases[i].text);
		assert_string_equal(address.mail, cases[i].mail ? cases[i].mail : "");
		assert_string_equal(address.name, cases[i].name ? cases[i].name : "");
	}
}

static void test_lists(void **state)
{
	static const struct {
		const char *text, *mails; /* a blank behind each */
	} rows[] = {
		{"a@x, b@y", "a@x b@y "},
		{"a@x;b@y ,c@z", "a@x b@y c@z "},
		{"Doe, J <a@x>", "a@x "},
		{"a@x, B <b@y>", "a@x b@y "},
		{"a@x <a@x>", "a@x "},
		{"A <a@x>, Doe, J <b@y>", "a@x b@y "},
		{"J. Doe, call first: +1 555, a@x", "a@x "},
		{",, a@x,", "a@x "},
		{"a@1,a@2,a@3,a@4,a@5,a@6,a@7,a@8,a@9", "a@1 a@2 a@3 a@4 a@5 a@6 a@7 a@8 "},
		{"nobody", ""},
		{"", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mailbox list[MAILBOX_LIST_MAX];
		size_t count = mailbox_list_parse(rows[i].text, list);
		char mails[200] = "";
		for (size_t k = 0; k < count; k++)
			sprintf(mails + strlen(mails), "%s ", list[k].mail);
		assert_string_equal(mails, rows[i].mails);
	}
}

static void test_long_addresses(void **state)
{
	char text[1000];
	struct mailbox address;
	(void)state;
	for (size_t size = 0; size < sizeof(text) - 3; size++) {
		memset(text, 'a', size);
		memcpy(text + size, "@b", 3);
		assert_int_equal(mailbox_parse(text, &address), size > 0 && size <= 64);
		for (size_t i = 0; i < size + 2; i++)
			text[i] = i % 50 ? 'a' : '.';
		memcpy(text, "c@a", 3);
		if (size > 2 && text[size + 1] != '.')
			assert_int_equal(mailbox_parse(text, &address), size + 2 <= 254);
		memset(text, 'n', size);
		memcpy(text + size, "<", 2);
		assert_false(mailbox_parse(text, &address));
	}
}

/* --- letters --- */

static char *write_letter(const char *name, const char *subject)
{
	struct mailbox from = {"monitor@example.org", ""}, to = {"a@b.example", ""};
	const struct message message = {
		.from = &from, .to = &to, .subject = subject, .at = 1795200000, .number = 7};
	snprintf(to.name, sizeof(to.name), "%s", name);
	char *text = message_header(&message);
	assert_non_null(text);
	return text;
}

/* ASCII, CRLF alone and between lines, short lines; six fields. */
static void letter_check(const char *text)
{
	unsigned found = 0;
	size_t column = 0;
	for (const char *at = text; *at; at++) {
		assert_in_range(*at, 1, 0x7E);
		if (*at == '\n')
			fail_msg("a line feed alone in %s", text);
		found += column == 0 && *at != ' ';
		if (*at != '\r') {
			assert_true(*at >= 0x20 && ++column <= LINE_OCTETS_MAX);
			continue;
		}
		assert_int_equal(*++at, '\n');
		assert_true(column > 0);
		column = 0;
	}
	assert_true(column > 0);
	assert_int_equal(found, 6);
}

static void test_letter(void **state)
{
	(void)state;
	char *text = write_letter("", "clamav.example.pl is old");
	assert_string_equal(text, "Date: Fri, 20 Nov 2026 18:40:00 +0000\r\n"
				  "From: <monitor@example.org>\r\n"
				  "To: <a@b.example>\r\n"
				  "Subject: clamav.example.pl is old\r\n"
				  "Message-ID: <1795200000.7@example.org>\r\n"
				  "Auto-Submitted: auto-generated");
	letter_check(text);
	free(text);
	text = message_body(&(const struct message){.body = "one\n\ntwo\n"});
	assert_string_equal(text, "one\r\n\r\ntwo\r\n");
	free(text);
}

static void test_nothing_gets_into_a_header(void **state)
{
	static const char *const texts[] = {
		"x\r\nBcc: victim@example.org",
		"x\nBcc: victim@example.org\n\nbody",
		"x\r\n\r\nbody",
		"\x01\x02\x7F\t",
		"=?UTF-8?B?QmNjOg==?=",
		"\xFF\xFE\xC3(\xE2\x82",
		"x, <victim@example.org>, \"",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *text = write_letter(texts[i], texts[i]);
		letter_check(text);
		assert_null(strstr(text, "\r\nBcc"));
		char *to = strstr(text, "\r\nTo: ");
		*strstr(to, "\r\nSubject: ") = '\0';
		assert_null(strstr(to, "<victim"));
		free(text);
	}
}

/* Any length, of characters of each size: words are of whole characters, lines short. */
static void test_lengths(void **state)
{
	static const char *const characters[] = {
		"a", " ", "=", ".", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
	(void)state;
	for (size_t c = 0; c < sizeof(characters) / sizeof(*characters); c++)
		for (unsigned count = 0; count < 160; count++) {
			char many[1000] = "";
			for (unsigned i = 0; i < count; i++)
				strcat(many, characters[c]);
			char *text = write_letter(many, many);
			letter_check(text);
			free(text);
		}
}

static void test_words(void **state)
{
	(void)state;
	char *text = write_letter("J\xC3\xBCrgen", "\xC3\xBC");
	assert_non_null(
		strstr(text, "To: =?UTF-8?Q?=4A=C3=BC=72=67=65=6E?=\r\n <a@b.example>\r\n"));
	assert_non_null(strstr(text, "Subject: =?UTF-8?Q?=C3=BC?=\r\n"));
	free(text);
	text = write_letter("The team", "");
	assert_non_null(strstr(text, "To: The team\r\n <a@b.example>\r\n"));
	free(text);
}

/* --- what is said --- */

static void test_json(void **state)
{
	struct inventory_event event = event_make("timestamp: found \"\xFF\"\n");
	(void)state;
	char *text = alert_json(&event, &mirror);
	assert_non_null(text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	json_t *object = json_loads(text, 0, NULL);
	assert_non_null(object);
	static const char *const members[][2] = {{"host", "clamav.example.pl"},
		{"address", "192.0.2.10"}, {"country", "PL"}, {"from", "ok"}, {"to", "old"},
		{"why", "timestamp: found \"?\"\n"}, {"since", "2026-11-20T18:40:00Z"},
		{"admin", "admin@example.pl"},
		{"alerts", "J\xC3\xBCrgen \"x\" <alerts@example.pl>"}};
	assert_int_equal(json_object_size(object), sizeof(members) / sizeof(*members));
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		assert_string_equal(
			json_string_value(json_object_get(object, members[i][0])), members[i][1]);
	json_decref(object);
	free(text);
}

static void test_subject_and_body(void **state)
{
	struct settings settings = {.zone = "clamav.net",
		.host = "db.%c.%z",
		.request_path = "/timestamp",
		.remove_after = 172800};
	struct inventory_event event = event_make("HTTP 503");
	char subject[200], *text = NULL;
	size_t size;
	(void)state;
	alert_subject(&settings, &event, subject, sizeof(subject));
	assert_string_equal(subject, "[clamav.net mirrors] clamav.example.pl 192.0.2.10: warning");
	FILE *out = open_memstream(&text, &size);
	alert_change_write(out, &settings, &event, &mirror);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "Why:      HTTP 503\n"));
	assert_non_null(strstr(text, "lasts another 2d.\n"));
	assert_non_null(strstr(
		text, "curl -H 'Host: db.pl.clamav.net' http://192.0.2.10:8080/timestamp\n"));
	free(text);
	/* Another network's. */
	settings.scheme = SCHEME_HTTPS;
	settings.host = "%h";
	settings.request_path = "/?a=1&b";
	out = open_memstream(&text, &size);
	alert_change_write(out, &settings, &event, &mirror);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "curl -H 'Host: clamav.example.pl' --connect-to ::192.0.2.10: "
				     "'https://clamav.example.pl:8080/?a=1&b'\n"));
	free(text);
	event.to = event.from;
	alert_subject(&settings, &event, subject, sizeof(subject));
	assert_string_equal(subject,
		"[clamav.net mirrors] clamav.example.pl 192.0.2.10: certificate ends soon");
}

static struct target ailing = {
	.host = "a.example",
	.state = MIRROR_REMOVED,
	.mirror = &mirror,
	.since = 1795100000,
	.reason = "connect: timed out",
};

static void test_summary(void **state)
{
	const struct settings settings = {.zone = "clamav.net"};
	struct target *targets[600];
	static struct inventory inventory;
	struct alert_change changes[2] = {{1, event_make("HTTP 503")}, {2, event_make("HTTP 404")}};
	char *text = NULL;
	size_t size;
	(void)state;
	for (size_t i = 0; i < 600; i++)
		targets[i] = &ailing;
	inventory.settings = &settings;
	inventory.targets = targets;
	inventory.count = 600;
	inventory.events[0] = event_make("too new: it is among the changes");
	inventory.events[1] = event_make("before the start");
	inventory.events[1].at = 1795190000;
	inventory.events[2] = event_make("before the summary");
	inventory.events[2].at = 1795000000;
	inventory.event_count = 3;
	const struct alert_summary summary = {.inventory = &inventory,
		.changes = changes,
		.change_count = 2,
		.lost = 3,
		.held = 4,
		.since = 1795180000,
		.started = 1795195000,
		.now = 1795210000};
	FILE *out = open_memstream(&text, &size);
	alert_summary_write(out, &summary);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "Addresses: 0 ok, 0 old, 600 removed, 0 disabled\n"));
	assert_non_null(strstr(text, "connect: timed out\n  and 100 more\n"));
	assert_non_null(strstr(text, "ok -> old: before the start\n"));
	assert_null(strstr(text, "before the summary"));
	assert_null(strstr(text, "too new"));
	assert_true(strstr(text, "HTTP 503") < strstr(text, "HTTP 404"));
	assert_non_null(strstr(text, "3 more, not recorded\n"));
	assert_non_null(strstr(text, "4 changes were not mailed"));
	free(text);
}

/* --- the command --- */

static struct {
	uv_loop_t loop;
	uv_timer_t clock;
	struct alert_command *command;
	unsigned good, bad;
	int errors; /* what was the standard error */
} running;

static void ran(void *owner, bool good)
{
	assert_ptr_equal(owner, &running);
	running.good += good;
	running.bad += !good;
}

static void clock_out(uv_timer_t *clock)
{
	(void)clock;
	fail_msg("it did not end");
}

static int setup_limit(void **state, unsigned limit_ms)
{
	char path[FOLDER_PATH_MAX];
	if (folder_make(state) != 0)
		return -1;
	memset(&running, 0, sizeof(running));
	running.errors = dup(STDERR_FILENO);
	int log = open(folder_path(path, "log"), O_CREAT | O_RDWR | O_APPEND, 0600);
	if (log < 0 || dup2(log, STDERR_FILENO) < 0 || uv_loop_init(&running.loop) != 0)
		return -1;
	close(log);
	uv_timer_init(&running.loop, &running.clock);
	running.command = alert_command_new(&running.loop, limit_ms, ran, &running);
	return running.command ? 0 : -1;
}

static int setup(void **state)
{
	return setup_limit(state, DEADLINE_MS);
}

static int setup_short(void **state)
{
	return setup_limit(state, LIMIT_MS);
}

static int teardown(void **state)
{
	alert_command_free(running.command);
	uv_close((uv_handle_t *)&running.clock, NULL);
	uv_run(&running.loop, UV_RUN_DEFAULT);
	dup2(running.errors, STDERR_FILENO);
	close(running.errors);
	return uv_loop_close(&running.loop) != 0 || folder_remove(state) != 0;
}

/* Writes a script and returns its path. */
static const char *script(char *path, const char *name, const char *lines)
{
	char text[2000];
	int size = snprintf(text, sizeof(text), "#!/bin/sh\ncd '%s'\n%s\n", folder, lines);
	folder_write(name, text, (size_t)size);
	assert_int_equal(chmod(folder_path(path, name), 0700), 0);
	return path;
}

static void add(const char *program, const char *json)
{
	assert_true(alert_command_add(running.command, program, strdup(json)));
}

static void finish(void)
{
	uv_update_time(&running.loop);
	uv_timer_start(&running.clock, clock_out, DEADLINE_MS, 0);
	while (alert_command_busy(running.command))
		uv_run(&running.loop, UV_RUN_ONCE);
	uv_timer_stop(&running.clock);
}

/* The file's text, cut at its room. */
static const char *read_text(const char *name)
{
	static char text[8192];
	char path[FOLDER_PATH_MAX];
	FILE *in = fopen(folder_path(path, name), "r");
	text[0] = '\0';
	if (in) {
		text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
		fclose(in);
	}
	return text;
}

static void test_one_after_the_other(void **state)
{
	char path[FOLDER_PATH_MAX];
	(void)state;
	const char *program = script(path, "run",
		"read line\n[ ! -e busy ] || echo together >>out\ntouch busy\n"
		"echo \"$line\" >>out; cat >>out; rm busy");
	add(program, "{1}\n");
	add(program, "{2}\n");
	add(program, "{3}\nmore\n");
	finish();
	assert_int_equal(running.good, 3);
	assert_string_equal(read_text("out"), "{1}\n{2}\n{3}\nmore\n");
	assert_string_equal(read_text("log"), "");
}

/* What the monitor was started with, less what would make the program another one, or speak for the
 * monitor. */
static void test_environment(void **state)
{
	static const char *const gone[] = {"LD_LIBRARY_PATH", "LD_BIND_NOT", "GCONV_PATH",
		"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "http_proxy", "HTTPS_PROXY",
		"No_Proxy"};
	static const char *const kept[] = {"LANGUAGE", "proxy", "LISTENER", "TZ", "GCONV_PATHS"};
	const char *before = getenv("PATH");
	char path[FOLDER_PATH_MAX], line[100], *home = strdup(before ? before : "");
	(void)state;
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		setenv(gone[i], "gone", 1);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		setenv(kept[i], "kept", 1);
	setenv("PATH", folder, 1);
	script(path, "env", "echo this is another one >out");
	add(script(path, "run", "env >out"), "{}");
	finish();
	setenv("PATH", home, 1);
	free(home);
	assert_string_equal(read_text("log"), "");
	assert_null(strstr(read_text("out"), "another"));
	assert_null(strstr(read_text("out"), "gone"));
	assert_non_null(strstr(read_text("out"),
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"));
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		snprintf(line, sizeof(line), "%s=kept\n", kept[i]);
		assert_non_null(strstr(read_text("out"), line));
		unsetenv(kept[i]);
	}
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		unsetenv(gone[i]);
}

static void test_one_that_does_not_read(void **state)
{
	char path[FOLDER_PATH_MAX], *large = calloc(1, 1 << 20);
	(void)state;
	memset(large, 'x', (1 << 20) - 1);
	add(script(path, "run", "exec <&-; exit 0"), large);
	finish();
	assert_int_equal(running.good, 1);
	free(large);
}

static void test_faults(void **state)
{
	char path[FOLDER_PATH_MAX];
	(void)state;
	add(script(path, "three", "exit 3"), "{}\n");
	add(script(path, "killed", "kill -9 $$"), "{}\n");
	add(folder_path(path, "missing"), "{}\n");
	add(script(path, "good", "echo said; echo told >&2"), "{}\n");
	finish();
	assert_int_equal(running.good, 1);
	assert_int_equal(running.bad, 3);
	const char *log = read_text("log");
	assert_non_null(strstr(log, "Alert command failed status=3 command="));
	assert_non_null(strstr(log, "Alert command killed signal=9 command="));
	assert_non_null(strstr(log, "cannot be started: no such file or directory command="));
	assert_non_null(strstr(log, "said\ntold\n"));
}

/* It and what it has started, also where SIGTERM is nothing to it. */
/* How often `part` is in the log. */
static unsigned logged(const char *part)
{
	unsigned count = 0;
	for (const char *at = read_text("log"); (at = strstr(at, part)); at++)
		count++;
	return count;
}

/* One that is not there is said once, and once that it is again; each run counts as failed. */
static void test_missing(void **state)
{
	char path[FOLDER_PATH_MAX];
	(void)state;
	for (int i = 0; i < 3; i++)
		add(folder_path(path, "comes"), "{}\n");
	finish();
	assert_int_equal(running.bad, 3);
	assert_int_equal(logged("Alert command cannot be started: no such file or directory"), 1);
	folder_write("comes", "#!/bin/sh\n", 10);
	assert_int_equal(chmod(path, 0600), 0);
	add(path, "{}\n");
	add(path, "{}\n");
	finish();
	assert_int_equal(running.bad, 5);
	assert_int_equal(logged("Alert command cannot be started: permission denied"), 1);
	script(path, "comes", "exit 0");
	add(path, "{}\n");
	add(path, "{}\n");
	finish();
	assert_int_equal(running.good, 2);
	assert_int_equal(logged("Alert command works again command="), 1);
	assert_int_equal(logged("\n"), 3);
}

static void test_one_that_does_not_end(void **state)
{
	char path[FOLDER_PATH_MAX];
	(void)state;
	add(script(path, "soft", "sleep 600 & echo $! >>pids; wait"), "{}\n");
	add(script(path, "hard", "trap '' TERM\nsleep 600 & echo $! >>pids\nwait; wait; sleep 600"),
		"{}\n");
	finish();
	assert_int_equal(running.bad, 2);
	assert_non_null(strstr(read_text("log"), "Alert command killed after 1 s"));
	int first, second;
	assert_int_equal(sscanf(read_text("pids"), "%d %d", &first, &second), 2);
	for (unsigned i = 0; i < 500 && (kill(first, 0) == 0 || kill(second, 0) == 0); i++)
		usleep(10000); /* until init has seen them end */
	assert_int_not_equal(kill(first, 0), 0);
	assert_int_not_equal(kill(second, 0), 0);
}

static void test_too_many(void **state)
{
	char path[FOLDER_PATH_MAX];
	const char *program = script(path, "run", "");
	unsigned taken = 0;
	(void)state;
	while (taken < 2000 && alert_command_add(running.command, program, strdup("{}\n")))
		taken++;
	assert_int_equal(taken, 1024);
	/* The rest of them is dropped with the queue. */
}

static void test_files_are_not_left_open(void **state)
{
	char path[FOLDER_PATH_MAX];
	(void)state;
	int fd = open("/dev/null", O_RDONLY), high = fcntl(fd, F_DUPFD, 50); /* no O_CLOEXEC */
	close(fd);
	add(script(path, "run", "ls /proc/self/fd | tr '\\n' ' ' >out"), "{}\n");
	finish();
	close(high);
	assert_int_equal(running.good, 1);
	assert_null(strstr(read_text("out"), "50"));
}

/* --- the post --- */

static void sent(void *owner, bool good, bool summary)
{
	(void)owner, (void)good, (void)summary;
	fail_msg("nobody has answered");
}

/* A server that never says a word keeps nobody from ending. */
static void test_a_mute_server(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct mailbox from = {"a@b.example", ""};
	const struct message message = {
		.from = &from, .to = &from, .subject = "", .body = "", .at = 1, .number = 1};
	char url[64];
	socklen_t size = sizeof(at);
	uv_loop_t loop;
	int mute = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)state;
	assert_int_equal(bind(mute, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(mute, 4), 0);
	assert_int_equal(getsockname(mute, (struct sockaddr *)&at, &size), 0);
	snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", ntohs(at.sin_port));
	assert_int_equal(uv_loop_init(&loop), 0);
	struct smtp *smtp = smtp_new(&loop, sent, NULL);
	const struct smtp_message queued = {url, &message, false};
	unsigned taken = 0;
	while (taken < 100 && smtp_add(smtp, &queued))
		taken++;
	assert_int_equal(taken, 64);
	assert_true(smtp_busy(smtp));
	int visitor = accept(mute, NULL, NULL);
	assert_true(visitor >= 0);
	uint64_t begin = uv_hrtime();
	smtp_free(smtp);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_in_range((uv_hrtime() - begin) / 1000000, 0, 3000);
	assert_int_equal(uv_loop_close(&loop), 0);
	close(visitor);
	close(mute);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_long_addresses),
		cmocka_unit_test(test_letter),
		cmocka_unit_test(test_nothing_gets_into_a_header),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_subject_and_body),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_a_mute_server),
		cmocka_unit_test_setup_teardown(test_one_after_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_that_does_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_that_does_not_end, setup_short, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_are_not_left_open, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
