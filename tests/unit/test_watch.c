#include "tests/unit/folder_case.h"

#include "dns/base/watch.h"

/* Watches a, b and a symbolic link `link` to a folder's file `f`; a NULL path is number 3. */
enum { FILE_A, FILE_B, FILE_LINK, FILE_NONE, FILES, DEADLINE_MS = 10000, QUIET_MS = 700 };

struct watching {
	uv_loop_t loop;
	uv_timer_t clock, writer;
	struct watch watch;
	unsigned reports; /* since the last wait */
	unsigned changes[FILES];
	bool due; /* the clock has run out */
};

static struct watching watching;

static void report(void *owner, const bool *changed)
{
	struct watching *own = owner;
	assert_ptr_equal(own, &watching);
	own->reports++;
	for (unsigned i = 0; i < FILES; i++)
		own->changes[i] += changed[i];
}

static void clock_out(uv_timer_t *timer)
{
	(void)timer;
	watching.due = true;
}

/* Runs the loop until a report comes, or for `limit` milliseconds. */
static void wait_for_report(unsigned limit)
{
	watching.due = false;
	watching.reports = 0;
	memset(watching.changes, 0, sizeof(watching.changes));
	uv_update_time(&watching.loop);
	assert_int_equal(uv_timer_start(&watching.clock, clock_out, limit, 0), 0);
	while (!watching.reports && !watching.due)
		uv_run(&watching.loop, UV_RUN_ONCE);
}

/* One report, of this file alone. */
static void expect(unsigned file)
{
	wait_for_report(DEADLINE_MS);
	assert_int_equal(watching.reports, 1);
	for (unsigned i = 0; i < FILES; i++)
		assert_int_equal(watching.changes[i], i == file);
}

static void expect_quiet(void)
{
	wait_for_report(QUIET_MS);
	assert_int_equal(watching.reports, 0);
}

static void set_all(void)
{
	char paths[FILES][FOLDER_PATH_MAX];
	const char *list[FILES] = {folder_path(paths[FILE_A], "a"), folder_path(paths[FILE_B], "b"),
		folder_path(paths[FILE_LINK], "now/f"), NULL};
	struct file_stamp stamps[FILES] = {0};
	for (unsigned i = 0; i < FILES; i++)
		if (list[i])
			stamps[i] = file_stamp(list[i]);
	assert_true(watch_set(&watching.watch, list, stamps, FILES));
}

static int setup(void **state)
{
	char path[FOLDER_PATH_MAX];
	if (folder_make(state) != 0)
		return -1;
	folder_write("a", "one", 3);
	folder_write("b", "two", 3);
	for (unsigned i = 1; i <= 2; i++) {
		char name[16];
		snprintf(name, sizeof(name), "v%u", i);
		if (mkdir(folder_path(path, name), 0755) != 0)
			return -1;
		snprintf(name, sizeof(name), "v%u/f", i);
		folder_write(name, "same", 4);
	}
	if (symlink("v1", folder_path(path, "now")) != 0)
		return -1;
	memset(&watching, 0, sizeof(watching));
	if (uv_loop_init(&watching.loop) != 0 ||
		uv_timer_init(&watching.loop, &watching.clock) != 0 ||
		uv_timer_init(&watching.loop, &watching.writer) != 0 ||
		!watch_init(&watching.watch, &watching.loop, report, &watching))
		return -1;
	set_all();
	return 0;
}

static int teardown(void **state)
{
	watch_stop(&watching.watch);
	uv_close((uv_handle_t *)&watching.clock, NULL);
	uv_close((uv_handle_t *)&watching.writer, NULL);
	uv_run(&watching.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&watching.loop) != 0 || folder_remove(state) != 0;
}

static void replace(const char *name, const char *octets)
{
	char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];
	folder_write("new", octets, strlen(octets));
	assert_int_equal(rename(folder_path(from, "new"), folder_path(to, name)), 0);
}

static void test_quiet(void **state)
{
	(void)state;
	folder_write("beside", "x", 1); /* of no interest */
	expect_quiet();
}

static void test_rename(void **state)
{
	(void)state;
	replace("a", "two");
	expect(FILE_A);
	replace("b", "two");
	expect(FILE_B);
	replace("a", "two"); /* again, to the same content */
	expect(FILE_A);
	expect_quiet();
}

static void test_rewrite(void **state)
{
	(void)state;
	folder_write("a", "1", 1);
	expect(FILE_A);
	folder_write("a", "2", 1); /* same size, same inode */
	expect(FILE_A);
}

static void test_delete_and_come_back(void **state)
{
	char path[FOLDER_PATH_MAX];
	(void)state;
	assert_int_equal(unlink(folder_path(path, "a")), 0);
	expect(FILE_A);
	folder_write("a", "one", 3);
	expect(FILE_A);
}

/* The link that changes is in the middle of the path, where the kernel is not asked to look. */
static void test_link_switch(void **state)
{
	char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];
	(void)state;
	assert_int_equal(symlink("v2", folder_path(from, "now.new")), 0);
	assert_int_equal(rename(from, folder_path(to, "now")), 0);
	expect(FILE_LINK);
	folder_write("v1/f", "no more of interest", 19);
	expect_quiet();
	folder_write("v2/f", "new", 3);
	expect(FILE_LINK);
}

/* The folder itself goes and comes back. */
static void test_folder_switch(void **state)
{
	char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];
	(void)state;
	assert_int_equal(rename(folder_path(from, "v1"), folder_path(to, "gone")), 0);
	expect(FILE_LINK);
	assert_int_equal(rename(to, from), 0);
	expect(FILE_LINK);
}

static void test_two_at_once(void **state)
{
	(void)state;
	replace("a", "x");
	replace("b", "y");
	wait_for_report(DEADLINE_MS);
	assert_int_equal(watching.reports, 1);
	assert_int_equal(watching.changes[FILE_A], 1);
	assert_int_equal(watching.changes[FILE_B], 1);
	assert_int_equal(watching.changes[FILE_LINK], 0);
}

static unsigned writes_left;

static void write_one(uv_timer_t *timer)
{
	folder_write("a", "burst", 1 + writes_left % 5);
	if (--writes_left == 0)
		uv_timer_stop(timer);
}

/* A file that is written bit by bit is reported once, when it rests: not while it changes. */
static void test_burst(void **state)
{
	(void)state;
	writes_left = 20;
	assert_int_equal(uv_timer_start(&watching.writer, write_one, 0, 5), 0);
	wait_for_report(DEADLINE_MS);
	assert_int_equal(writes_left, 0);
	assert_int_equal(watching.changes[FILE_A], 1);
	expect_quiet();
}

/* A file that never rests is reported all the same. */
static void test_restless(void **state)
{
	(void)state;
	writes_left = 100000;
	assert_int_equal(uv_timer_start(&watching.writer, write_one, 0, 5), 0);
	wait_for_report(DEADLINE_MS);
	assert_int_equal(watching.changes[FILE_A], 1);
	assert_true(writes_left > 0);
}

/* Other files: the old ones say nothing more, a stamp from before a change tells of it. */
static void test_set_again(void **state)
{
	char path[FOLDER_PATH_MAX];
	const char *list[FILES] = {NULL, folder_path(path, "b"), NULL, NULL};
	struct file_stamp stamps[FILES] = {0};
	(void)state;
	stamps[FILE_B] = file_stamp(path);
	replace("b", "changed before it is watched");
	assert_true(watch_set(&watching.watch, list, stamps, FILES));
	expect(FILE_B);
	replace("a", "x");
	expect_quiet();
	assert_true(watch_set(&watching.watch, NULL, NULL, 0));
	replace("b", "x");
	expect_quiet();
}

static void again(void *owner, const bool *changed)
{
	(void)owner, (void)changed;
	watching.reports++;
	watching.changes[FILE_A] += changed[FILE_A];
	set_all(); /* as a reload does, though later */
}

/* The owner may replace the files while it is told. */
static void test_set_in_report(void **state)
{
	(void)state;
	watching.watch.report = again;
	replace("a", "x");
	expect(FILE_A);
	replace("a", "y");
	expect(FILE_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_quiet, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rename, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rewrite, setup, teardown),
		cmocka_unit_test_setup_teardown(test_delete_and_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link_switch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_switch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_burst, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_in_report, setup, teardown),
	};
	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
