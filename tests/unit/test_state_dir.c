#include "tests/unit/folder_case.h"

#include "dns/load/state_dir.h"

#include <fcntl.h>

enum { DAY = 86400, NOW = 1700000000, STEPS_MAX = 64, OTHER = 65533 };

static const struct config here = {.user = ""};

static struct config_zone zone_make(const char *name)
{
	struct config_zone zone = {.name = name};
	if (!name_parse(name, (const uint8_t *)"", zone.apex, why, sizeof(why)))
		fail_msg("%s", why);
	name_lower(zone.apex);
	return zone;
}

/* One plain file name right in state-dir, whatever the zone is called. */
static void test_export_paths(void **state)
{
	static const struct {
		const char *zone, *file;
	} rows[] = {
		{"clamav.net", "clamav.net"},
		{"ClamAV.net.", "clamav.net"},
		{"a-b_c.d9", "a-b_c.d9"},
		{".", "%2E"},
		{"a/b", "a%2Fb"},
		{"\\046\\046", "%5C.%5C"}, /* one label of two dots */
		{"\\046\\046/x", "%5C.%5C.%2Fx"},
		{"x\\032y", "x%5C032y"},
		{"\\195\\169\\000", "%5C195%5C169%5C000"},
		{"a%2Fb", "a%252fb"},
		{"\\@", "%5C%40"},
	};
	struct config config = {.state_dir = "state/dir"};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char path[STATE_DIR_PATH_MAX], expected[STATE_DIR_PATH_MAX];
		struct config_zone zone = zone_make(rows[i].zone);
		snprintf(expected, sizeof(expected), "state/dir/%s.export.json", rows[i].file);
		state_dir_export_path(path, &config, &zone);
		assert_string_equal(path, expected);
	}
}

static void test_txt_paths(void **state)
{
	static const struct {
		const char *zone, *name, *file;
	} rows[] = {
		{"clamav.net", "current.cvd", "clamav.net@current.cvd.txt"},
		{"clamav.net", "Current.CVD", "clamav.net@current.cvd.txt"},
		{"clamav.net", "@", "clamav.net@%40.txt"},
		{".", "current.cvd", "%2E@current.cvd.txt"},
		{"clamav.net", "../../etc/passwd", "clamav.net@..%2F..%2Fetc%2Fpasswd.txt"},
		{"a", "\\/", "a@%5C%2F.txt"},
	};
	struct config config = {.state_dir = "/s"};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct config_zone zone = zone_make(rows[i].zone);
		struct config_txt txt = {.name = rows[i].name};
		char path[STATE_DIR_PATH_MAX], expected[STATE_DIR_PATH_MAX];
		snprintf(expected, sizeof(expected), "/s/%s", rows[i].file);
		state_dir_txt_path(path, &config, &zone, &txt);
		assert_string_equal(path, expected);
	}
}

/* The longest name, every octet of it escaped, stays within the buffer. */
static void test_long_paths(void **state)
{
	struct config config = {.state_dir = "/s"};
	struct config_zone zone = {.name = ""};
	struct config_txt txt = {.name = NULL};
	char path[STATE_DIR_PATH_MAX], text[NAME_TEXT_MAX];
	(void)state;
	memset(zone.apex, 0xFF, sizeof(zone.apex));
	for (unsigned i = 0; i < 4; i++)
		zone.apex[64 * i] = i < 3 ? 63 : 61;
	zone.apex[254] = 0;
	txt.name = name_write(zone.apex, text);
	state_dir_export_path(path, &config, &zone);
	assert_true(strlen(path) < STATE_DIR_PATH_MAX);
	assert_string_equal(path + strlen(path) - 12, ".export.json");
	state_dir_txt_path(path, &config, &zone, &txt);
	assert_true(strlen(path) < STATE_DIR_PATH_MAX);
	assert_string_equal(path + strlen(path) - 4, ".txt");
}

static void test_folder(void **state)
{
	char path[FOLDER_PATH_MAX];
	struct config config = {.state_dir = folder_path(path, "state")};
	struct stat status;
	(void)state;
	assert_true(state_dir_make(&config, (unsigned)-1, (unsigned)-1, why, sizeof(why)));
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISDIR(status.st_mode));
	assert_true(state_dir_make(&config, (unsigned)-1, (unsigned)-1, why, sizeof(why)));
	config.state_dir = folder_path(path, "no/state");
	assert_false(state_dir_make(&config, (unsigned)-1, (unsigned)-1, why, sizeof(why)));
	assert_non_null(strstr(why, path));
}

/* The largest figure counts for 24 hours, then the largest since. */
static void test_history(void **state)
{
	struct export_history history = {.count = 0};
	(void)state;
	assert_int_equal(history_largest(&history, NOW), 0);
	history_add(&history, 100, NOW);
	history_add(&history, 60, NOW + 3600);
	history_add(&history, 80, NOW + 7200);
	assert_int_equal(history.count, 2); /* 60 can never be the largest again */
	assert_int_equal(history_largest(&history, NOW + 7200), 100);
	assert_int_equal(history_largest(&history, NOW + DAY - 1), 100);
	assert_int_equal(history_largest(&history, NOW + DAY), 80);
	assert_int_equal(history_largest(&history, NOW + 7200 + DAY - 1), 80);
	assert_int_equal(history_largest(&history, NOW + 7200 + DAY), 0);
	history_add(&history, 80, NOW + 9000); /* equal: it lasts longer */
	assert_int_equal(history.count, 2);
	assert_int_equal(history_largest(&history, NOW + 7200 + DAY), 80);
	history_add(&history, 10, NOW + DAY + 100); /* what is a day old goes */
	assert_int_equal(history.count, 2);
	assert_int_equal(history.steps[0].in_service, 80);
	history_add(&history, 200, NOW + DAY + 200);
	assert_int_equal(history.count, 1);
	assert_int_equal(history_largest(&history, NOW + DAY + 200), 200);
}

/* A figure that falls every minute all day long keeps its largest, within the room there is. */
static void test_history_falling(void **state)
{
	struct export_history history = {.count = 0};
	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		history_add(&history, 5000 - i, NOW + (int64_t)i);
		assert_in_range(history.count, 1, STEPS_MAX);
		assert_int_equal(history_largest(&history, NOW + (int64_t)i), 5000);
		assert_int_equal(history.steps[history.count - 1].in_service, 5000 - i);
	}
	for (unsigned i = 1; i < history.count; i++) {
		assert_true(history.steps[i].in_service < history.steps[i - 1].in_service);
		assert_true(history.steps[i].when > history.steps[i - 1].when);
	}
}

static void test_history_file(void **state)
{
	char path[FOLDER_PATH_MAX];
	struct export_history written = {.count = 0}, back = {.count = 9};
	(void)state;
	folder_path(path, "z.export.json");
	history_read(&here, &back, path);
	assert_int_equal(back.count, 0); /* there is none */
	for (unsigned i = 0; i < STEPS_MAX; i++)
		history_add(&written, (size_t)INT64_MAX - i, INT64_MAX - STEPS_MAX + i);
	assert_int_equal(written.count, STEPS_MAX);
	assert_true(history_write(&written, path, why, sizeof(why)));
	history_read(&here, &back, path);
	assert_int_equal(back.count, STEPS_MAX);
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		assert_int_equal(back.steps[i].when, written.steps[i].when);
		assert_int_equal(back.steps[i].in_service, written.steps[i].in_service);
	}
	written.count = 0;
	assert_true(history_write(&written, path, why, sizeof(why)));
	history_read(&here, &back, path);
	assert_int_equal(back.count, 0);
	assert_false(history_write(&written, folder_path(path, "no/z"), why, sizeof(why)));
}

/* What somebody has spoilt says nothing, and not too much of it. */
static void test_history_spoilt(void **state)
{
	static const struct {
		const char *text;
		unsigned count;
	} rows[] = {
		{"", 0},
		{"\n\n", 0},
		{"nonsense", 0},
		{"1700000000", 0},
		{"1700000000 five\n", 0},
		{"1700000000 5", 1},
		{"1700000000 5\nnonsense\n1700000001 4\n", 1},
	};
	char path[FOLDER_PATH_MAX], large[STEPS_MAX * 4 + 40];
	struct export_history history;
	(void)state;
	folder_path(path, "z");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		folder_write("z.history", rows[i].text, strlen(rows[i].text));
		history_read(&here, &history, path);
		assert_int_equal(history.count, rows[i].count);
	}
	for (size_t i = 0; i < sizeof(large); i += 4)
		memcpy(large + i, "7 5\n", 4);
	folder_write("z.history", large, sizeof(large));
	history_read(&here, &history, path);
	assert_int_equal(history.count, STEPS_MAX);
}

/* What state_dir_read() logs, in `why`. */
static bool state_read(const char *name)
{
	char path[FOLDER_PATH_MAX];
	struct file file;
	int loud = dup(STDERR_FILENO);
	int log = open(folder_path(path, "log"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(log, STDERR_FILENO);
	bool good = state_dir_read(&here, &file, folder_path(path, name), 9);
	dup2(loud, STDERR_FILENO);
	close(loud);
	ssize_t size = pread(log, why, sizeof(why) - 1, 0);
	why[size > 0 ? size : 0] = '\0';
	close(log);
	if (good)
		assert_string_equal(file.bytes, "octets");
	else
		assert_null(file.bytes);
	free(file.bytes);
	return good;
}

/* Whatever a less privileged user may have put in state-dir counts as absent, and is told of. */
static void test_read(void **state)
{
	static const struct {
		const char *name, *part;
	} rows[] = {
		{"link", "link: is a symbolic link, expected a regular file; the file is ignored"},
		{"nowhere", "is a symbolic link, expected a regular file; the file is ignored"},
		{"twice", "twice: has 2 hard links, expected 1; the file is ignored"},
		{"beside", "has 2 hard links, expected 1; the file is ignored"},
		{"fifo", "fifo: is not a regular file; the file is ignored"},
		{"folder", "folder: is not a regular file; the file is ignored"},
		{"large", "is larger than 9 octets, expected at most that; the file is ignored"},
		{"foreign", "foreign: owned by user 65533, expected user "},
	};
	char path[FOLDER_PATH_MAX], other[FOLDER_PATH_MAX];
	(void)state;
	folder_write("good", "octets", 6);
	folder_write("twice", "octets", 6);
	folder_write("large", "0123456789", 10);
	folder_write("foreign", "octets", 6);
	assert_int_equal(symlink("good", folder_path(path, "link")), 0);
	assert_int_equal(symlink("missing", folder_path(path, "nowhere")), 0);
	assert_int_equal(link(folder_path(path, "twice"), folder_path(other, "beside")), 0);
	assert_int_equal(mkfifo(folder_path(path, "fifo"), 0600), 0);
	assert_int_equal(mkdir(folder_path(path, "folder"), 0700), 0);
	bool given = chown(folder_path(path, "foreign"), OTHER, OTHER) == 0; /* root alone can */
	assert_true(state_read("good"));
	assert_string_equal(why, "");
	assert_false(state_read("missing"));
	assert_string_equal(why, "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) - !given; i++)
		if (state_read(rows[i].name) || !strstr(why, rows[i].part))
			fail_msg("%s: %s", rows[i].name, why);
}

/* Others are not to read it, whatever the file that it replaces could be read by. */
static void test_write(void **state)
{
	char path[FOLDER_PATH_MAX];
	struct stat status;
	struct file file = {.bytes = (char *)(uintptr_t) "octets", .size = 6};
	mode_t before = umask(0);
	(void)state;
	folder_write("kept", "old", 3);
	assert_true(state_dir_write(folder_path(path, "kept"), &file, why, sizeof(why)));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	umask(077);
	assert_true(state_dir_write(path, &file, why, sizeof(why)));
	umask(before);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_export_paths),
		cmocka_unit_test(test_txt_paths),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test_setup_teardown(test_folder, folder_make, folder_remove),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_falling),
		cmocka_unit_test_setup_teardown(test_history_file, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_history_spoilt, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_read, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_write, folder_make, folder_remove),
	};
	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
