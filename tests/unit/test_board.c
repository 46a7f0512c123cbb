#include "tests/unit/folder_case.h"

#include "dns/net/socket.h"
#include "geo/country.h"
#include "tools/monitor/http/facts.h"
#include "tools/monitor/http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>

enum { ROOM = 4 << 20, TARGETS = 2500 };

static char state_path[FOLDER_PATH_MAX];
static struct settings settings = {.state = state_path};
static struct mirror_list mirror_list = {.count = 3};
static const struct list_mirror mirror = {.host = "a.example", .country = 1, .port = 80};
static struct target targets[TARGETS], *list[TARGETS];
static struct inventory inventory;
static struct board *board;
static uint16_t port;
static char reply[ROOM];

static uint16_t free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static int setup(void **state)
{
	if (folder_make(state) != 0)
		return -1;
	folder_path(state_path, "monitor.sqlite");
	port = free_port();
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port)};
	struct config_listen where = {.text = "here", .size = sizeof(at)};
	memcpy(&where.address, &at, sizeof(at));
	board = board_new(&where, why, sizeof(why));
	memset(targets, 0, sizeof(targets));
	for (uint32_t i = 0; i < TARGETS; i++) {
		uint32_t address = htonl(0xC6120000 + i);
		memcpy(targets[i].address.octets, &address, sizeof(address));
		snprintf(targets[i].host, sizeof(targets[i].host), "m%u.example", i);
		targets[i].mirror = &mirror;
		list[i] = &targets[i];
	}
	memset(&inventory, 0, sizeof(inventory));
	inventory.settings = &settings;
	inventory.mirror_list = &mirror_list;
	inventory.targets = list;
	inventory.count = 2;
	inventory.exported = time(NULL);
	return board ? 0 : -1;
}

static int teardown(void **state)
{
	board_free(board);
	return folder_remove(state);
}

/* The reply to a request line and more headers; its status. */
static int ask(const char *line, const char *headers)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port)};
	char request[1024];
	int size = snprintf(
		request, sizeof(request), "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", line, headers);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(send(fd, request, (size_t)size, 0), size);
	size_t filled = 0;
	for (ssize_t more; (more = recv(fd, reply + filled, ROOM - 1 - filled, 0)) > 0;)
		filled += (size_t)more;
	reply[filled] = '\0';
	close(fd);
	assert_int_equal(sscanf(reply, "HTTP/1.1 %d", &status), 1);
	return status;
}

static void has(const char *text)
{
	if (!strstr(reply, text))
		fail_msg("no %s in %.2000s", text, reply);
}

static const char *body(void)
{
	return strstr(reply, "\r\n\r\n") + 4;
}

static void post(const char *export)
{
	json_t *report = json_pack("{s:s}", "zone", "clamav.net");
	board_post(board, &inventory, report, export);
	json_decref(report);
}

static void test_before_anything(void **state)
{
	(void)state;
	assert_int_equal(ask("GET /api/status", ""), 503);
	assert_int_equal(ask("GET /api/export", ""), 503);
	assert_int_equal(ask("GET /metrics", ""), 200);
	has("\nmirrorns_monitor_export_age_seconds 0");
	assert_int_equal(ask("GET /health", ""), 503);
	has("no export has been written yet, after ");
}

static void test_pages(void **state)
{
	(void)state;
	post("{\"serial\": 1}\n");
	assert_int_equal(ask("GET /api/status", ""), 200);
	has("Content-Type: application/json\r\n");
	assert_string_equal(body(), "{\"zone\":\"clamav.net\"}");
	assert_int_equal(ask("GET /api/export", ""), 200);
	assert_string_equal(body(), "{\"serial\": 1}\n");
	assert_int_equal(ask("HEAD /api/export", ""), 200);
	has("Content-Length: 14\r\n");
	assert_string_equal(body(), "");
	assert_int_equal(ask("GET /health", ""), 200);
	has("Cache-Control: no-store\r\n");
	assert_int_equal(ask("GET /health?x=1", ""), 200);
	assert_int_equal(ask("GET /", ""), 404);
	assert_int_equal(ask("GET /metrics/", ""), 404);
	assert_int_equal(ask("POST /metrics", "Content-Length: 1\r\n"), 405);
	has("Allow: GET, HEAD\r\n");
}

static void test_unchanged(void **state)
{
	char tag[64], header[128];
	(void)state;
	post("{\"serial\": 1}\n");
	ask("GET /api/export", "");
	assert_int_equal(sscanf(strstr(reply, "ETag: "), "ETag: %60s", tag), 1);
	snprintf(header, sizeof(header), "If-None-Match: %s\r\n", tag);
	assert_int_equal(ask("GET /api/export", header), 304);
	has(tag);
	assert_string_equal(body(), "");
	post("{\"serial\": 1}\n");
	assert_int_equal(ask("GET /api/export", header), 304);
	post("{\"serial\": 2}\n");
	assert_int_equal(ask("GET /api/export", header), 200);
	post(NULL);
	post(""); /* none was made: the last one hangs on */
	assert_int_equal(ask("GET /api/export", ""), 200);
	assert_string_equal(body(), "{\"serial\": 2}\n");
}

static void test_metrics(void **state)
{
	(void)state;
	targets[0].state = MIRROR_REMOVED;
	targets[0].checked = targets[0].failing_since = 5;
	snprintf(targets[0].host, sizeof(targets[0].host), "a\"\\\n\xFF");
	targets[1].checked = targets[1].last_good = 5;
	targets[1].milliseconds = 250;
	targets[1].stamp = 1795200000;
	inventory.outage.active = true;
	inventory.serial = 412;
	inventory.scheduler.good = 7;
	inventory.alerts_held = 3;
	inventory.txt_count = 1;
	inventory.txts[0].since = 1795200001;
	post("");
	assert_int_equal(ask("GET /metrics", ""), 200);
	static const char *const lines[] = {
		"mirrors{state=\"removed\"} 1",
		"mirrors{state=\"ok\"} 1",
		"hosts 3",
		"mirror_up{host=\"a\\\"\\\\\\\\x0A\\\\xFF\",address=\"198.18.0.0\",country=\"AD\"} "
		"0",
		"mirror_up{host=\"m1.example\",address=\"198.18.0.1\",country=\"AD\"} 1",
		"mirror_state{host=\"m1.example\",address=\"198.18.0.1\",country=\"AD\",state="
		"\"ok\"} 1",
		"check_seconds{host=\"m1.example\",address=\"198.18.0.1\",country=\"AD\"} 0.25",
		"mirror_timestamp_seconds{host=\"m1.example\",address=\"198.18.0.1\",country="
		"\"AD\"} 1795200000",
		"suspect 1",
		"export_serial 412",
		"checks_total{result=\"good\"} 7",
		"alerts_total{result=\"held\"} 3",
		"txt_timestamp_seconds 1795200001",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char line[200];
		snprintf(line, sizeof(line), "\nmirrorns_monitor_%s\n", lines[i]);
		has(line);
	}
}

static void test_series_are_bounded(void **state)
{
	unsigned found = 0;
	(void)state;
	inventory.count = TARGETS;
	post("");
	ask("GET /metrics", "");
	for (const char *at = reply; (at = strstr(at, "\nmirrorns_monitor_mirror_state{")); at++)
		found++;
	assert_int_equal(found, BOARD_SERIES_MAX);
	has("mirrors{state=\"ok\"} 2500\n");
}

static void test_health(void **state)
{
	(void)state;
	inventory.exported = time(NULL) - 890;
	post("");
	assert_int_equal(ask("GET /health", ""), 200);
	inventory.exported = time(NULL) - 1000;
	inventory.outage.active = true;
	snprintf(inventory.suspect_why, sizeof(inventory.suspect_why), "200 of 300 \xFF");
	post("");
	assert_int_equal(ask("GET /health", ""), 503);
	has("\"healthy\": false");
	has("the last export is 1000 s old");
	has("most mirrors fail at once, state changes are suspended: 200 of 300 ?");
	folder_path(state_path, "no/monitor.sqlite");
	post("");
	assert_int_equal(ask("GET /health", ""), 503);
	has("monitor.sqlite cannot be written: No such file or directory");
}

/* More than there is room for, and none of them finishes its request. */
static void test_visitors_that_dawdle(void **state)
{
	int held[40];
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port)};
	(void)state;
	for (size_t i = 0; i < 40; i++) {
		held[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(held[i], (struct sockaddr *)&at, sizeof(at)), 0);
		assert_int_equal(send(held[i], "GET /me", 7, MSG_NOSIGNAL), 7);
	}
	post("");
	for (size_t i = 0; i < 40; i++)
		close(held[i]);
	bool answered = false;
	for (unsigned tries = 0; tries < 500 && !answered; tries++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		char start[16] = "";
		if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
			send(fd, "GET /metrics HTTP/1.0\r\n\r\n", 25, MSG_NOSIGNAL) == 25)
			answered = recv(fd, start, sizeof(start) - 1, 0) > 0 &&
				   strstr(start, " 200") != NULL;
		close(fd);
		usleep(10000);
	}
	assert_true(answered);
}

static void test_a_place_that_is_taken(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port)};
	struct config_listen where = {.text = "127.0.0.1:1", .size = sizeof(at)};
	(void)state;
	memcpy(&where.address, &at, sizeof(at));
	assert_null(board_new(&where, why, sizeof(why)));
	assert_non_null(strstr(why, "metrics: cannot bind 127.0.0.1:1 (TCP): "));
}

static void test_a_place_that_is_roots(void **state)
{
	struct sockaddr_in at = {.sin_port = htons(80)};
	struct config_listen where = {.text = "192.0.2.1:80"};
	(void)state;
	memcpy(&where.address, &at, sizeof(at));
	errno = EACCES;
	listen_socket_why(&where, SOCK_DGRAM, why, sizeof(why));
	assert_string_equal(why, "cannot bind 192.0.2.1:80 (UDP): Permission denied "
				 "(a port below 1024 needs root or CAP_NET_BIND_SERVICE)");
}

/* On a small disk of its own, which only this thread sees. */
static void test_a_full_disk(void **state)
{
	const struct board_facts facts = {
		.started = 1, .exported = time(NULL), .state = state_path};
	char path[FOLDER_PATH_MAX];
	static const char zeros[4096];
	bool healthy = false;
	(void)state;
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		skip();
	assert_int_equal(mount("none", folder, "tmpfs", 0, "size=1m"), 0);
	char *page = board_health(&facts, &healthy);
	assert_true(healthy);
	free(page);
	int fd = open(folder_path(path, "large"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, zeros, sizeof(zeros)) == sizeof(zeros))
		;
	close(fd);
	page = board_health(&facts, &healthy);
	assert_false(healthy);
	assert_non_null(strstr(page, "monitor.sqlite cannot be written: No space left on device"));
	free(page);
	assert_int_equal(umount(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_before_anything, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unchanged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
		cmocka_unit_test_setup_teardown(test_series_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_health, setup, teardown),
		cmocka_unit_test_setup_teardown(test_visitors_that_dawdle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_place_that_is_taken, setup, teardown),
		cmocka_unit_test(test_a_place_that_is_roots),
		cmocka_unit_test_setup_teardown(test_a_full_disk, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
