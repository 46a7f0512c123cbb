#include "tests/unit/folder_case.h"

#include "dns/base/file.h"

#include <fcntl.h>
#include <time.h>

static void test_read(void **state)
{
	static const char octets[] = "two\nlines\0and a NUL";
	char path[FOLDER_PATH_MAX];
	struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1699990000, .tv_nsec = 5}};
	struct file file;
	(void)state;
	folder_write("a", octets, sizeof(octets));
	assert_int_equal(utimensat(AT_FDCWD, folder_path(path, "a"), times, 0), 0);
	assert_true(file_read(&file, path, sizeof(octets), why, sizeof(why)));
	assert_int_equal(file.size, sizeof(octets));
	assert_memory_equal(file.bytes, octets, sizeof(octets));
	assert_int_equal(file.bytes[file.size], 0);
	assert_int_equal(file.modified, 1699990000);
	/* What was read is ours: the file may go. */
	folder_write("a", "", 0);
	assert_memory_equal(file.bytes, octets, sizeof(octets));
	free(file.bytes);
	assert_true(file_read(&file, path, 0, why, sizeof(why)));
	assert_int_equal(file.size, 0);
	assert_int_equal(file.bytes[0], 0);
	free(file.bytes);
}

/* Each refusal names the file, leaves nothing to be freed, and comes at once, also for a FIFO
 * without a writer. */
static void test_read_refused(void **state)
{
	static const struct {
		const char *name, *part;
	} rows[] = {
		{"missing", "No such file"},
		{"large/under-a-file", "Not a directory"},
		{"folder", "is not a regular file"},
		{"fifo", "is not a regular file"},
		{"device", "is not a regular file"},
		{"dangling", "No such file"},
		{"circle", "symbolic links"},
		{"large", "is larger than 9 octets, expected at most that"},
	};
	char path[FOLDER_PATH_MAX];
	struct file file;
	(void)state;
	folder_write("large", "0123456789", 10);
	assert_int_equal(mkdir(folder_path(path, "folder"), 0755), 0);
	assert_int_equal(mkfifo(folder_path(path, "fifo"), 0644), 0);
	assert_int_equal(symlink("/dev/null", folder_path(path, "device")), 0);
	assert_int_equal(symlink("nowhere", folder_path(path, "dangling")), 0);
	assert_int_equal(symlink("circle", folder_path(path, "circle")), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		folder_path(path, rows[i].name);
		if (file_read(&file, path, 9, why, sizeof(why)) || file.bytes ||
			!strstr(why, rows[i].part) || strncmp(why, path, strlen(path)) != 0)
			fail_msg("%s: %s", rows[i].name, why);
		assert_int_equal(file.large, strcmp(rows[i].name, "large") == 0);
	}
	assert_true(file_read(&file, folder_path(path, "large"), 10, why, sizeof(why)));
	free(file.bytes);
}

/* /proc says 0 octets of files that have more: reading goes on to the end, and no further than the
 * limit. */
static void test_read_growing(void **state)
{
	struct file file;
	(void)state;
	assert_true(file_read(&file, "/proc/self/status", 1 << 20, why, sizeof(why)));
	assert_true(file.size > 100);
	assert_int_equal(strlen(file.bytes), file.size);
	free(file.bytes);
	assert_false(file_read(&file, "/proc/self/status", 100, why, sizeof(why)));
	assert_non_null(strstr(why, "larger than"));
	assert_null(file.bytes);
}

static void test_write(void **state)
{
	char path[FOLDER_PATH_MAX], beside[FOLDER_PATH_MAX];
	struct file file = {.bytes = (char *)(uintptr_t) "first\0one",
			    .size = 9,
			    .modified = 1699990000},
		    back;
	struct stat status;
	(void)state;
	folder_path(path, "kept");
	assert_true(file_write(path, &file, why, sizeof(why)));
	assert_true(file_read(&back, path, 100, why, sizeof(why)));
	assert_int_equal(back.size, 9);
	assert_memory_equal(back.bytes, "first\0one", 9);
	assert_int_equal(back.modified, 1699990000);
	free(back.bytes);
	file = (struct file){.bytes = (char *)(uintptr_t) "x", .size = 1};
	assert_true(file_write(path, &file, why, sizeof(why)));
	assert_true(file_read(&back, path, 100, why, sizeof(why)));
	assert_int_equal(back.size, 1);
	assert_true(back.modified > 1699990000);
	free(back.bytes);
	assert_int_equal(stat(folder_path(beside, "kept.new"), &status), -1);
}

/* Whoever has the old file open keeps its content: it is replaced, never rewritten. */
static void test_write_atomic(void **state)
{
	char path[FOLDER_PATH_MAX], octets[8] = {0};
	struct file file = {.bytes = (char *)(uintptr_t) "new", .size = 3};
	(void)state;
	folder_write("kept", "old", 3);
	int fd = open(folder_path(path, "kept"), O_RDONLY);
	assert_true(file_write(path, &file, why, sizeof(why)));
	assert_int_equal(read(fd, octets, sizeof(octets)), 3);
	assert_string_equal(octets, "old");
	close(fd);
}

/* A failure leaves the file that is there, and no temporary one. */
static void test_write_refused(void **state)
{
	char path[FOLDER_PATH_MAX], beside[FOLDER_PATH_MAX];
	struct file file = {.bytes = (char *)(uintptr_t) "new", .size = 3};
	struct stat status;
	(void)state;
	assert_false(file_write(folder_path(path, "no/such/folder"), &file, why, sizeof(why)));
	assert_int_equal(strncmp(why, path, strlen(path)), 0);
	assert_non_null(strstr(why, "No such file"));
	assert_int_equal(mkdir(folder_path(path, "taken"), 0755), 0);
	folder_write("taken/x", "", 0);
	assert_false(file_write(path, &file, why, sizeof(why)));
	assert_int_equal(stat(folder_path(beside, "taken.new"), &status), -1);
	assert_int_equal(mkdir(folder_path(beside, "kept.new"), 0755), 0);
	assert_false(file_write(folder_path(path, "kept"), &file, why, sizeof(why)));
	assert_int_equal(strncmp(why, beside, strlen(beside)), 0);
}

static void content_check(const char *name, const char *octets)
{
	char path[FOLDER_PATH_MAX];
	struct file file;
	if (!file_read(&file, folder_path(path, name), 99, why, sizeof(why)))
		fail_msg("%s", why);
	assert_string_equal(file.bytes, octets);
	free(file.bytes);
}

/* Nobody leads us elsewhere, or holds us up, by what is at the temporary name. */
static void test_write_misled(void **state)
{
	char path[FOLDER_PATH_MAX], beside[FOLDER_PATH_MAX], victim[FOLDER_PATH_MAX];
	struct file file = {.bytes = (char *)(uintptr_t) "new", .size = 3};
	struct stat status;
	(void)state;
	folder_write("victim", "safe", 4);
	folder_path(path, "kept");
	folder_path(beside, "kept.new");
	folder_path(victim, "victim");
	for (int i = 0; i < 5; i++) {
		int made = 0;
		folder_write("kept", "old", 3);
		switch (i) {
		case 0:
			made = symlink("victim", beside);
			break;
		case 1:
			made = link(victim, beside);
			break;
		case 2:
			made = mkfifo(beside, 0600);
			break;
		case 3:
			made = symlink("nowhere", beside);
			break;
		default: /* what one has left that was killed, read-only and longer */
			folder_write("kept.new", "a long half of it", 17);
			made = chmod(beside, 0400);
		}
		assert_int_equal(made, 0);
		if (!file_write(path, &file, why, sizeof(why)))
			fail_msg("%d: %s", i, why);
		content_check("kept", "new");
		content_check("victim", "safe");
		assert_int_equal(lstat(path, &status), 0);
		assert_true(S_ISREG(status.st_mode) && status.st_nlink == 1);
		assert_int_equal(lstat(beside, &status), -1);
	}
	assert_int_equal(stat(folder_path(beside, "nowhere"), &status), -1);
}

static bool stamp_differs(struct file_stamp *before, const char *path)
{
	struct file_stamp now = file_stamp(path);
	bool differs = !file_stamp_equal(before, &now);
	*before = now;
	return differs;
}

static void test_stamp(void **state)
{
	char path[FOLDER_PATH_MAX], other[FOLDER_PATH_MAX], link[FOLDER_PATH_MAX];
	struct file_stamp none = {0};
	struct file_stamp stamp = file_stamp(folder_path(path, "a"));
	(void)state;
	assert_true(file_stamp_equal(&stamp, &none));
	folder_write("a", "one", 3);
	assert_true(stamp_differs(&stamp, path)); /* it is there */
	assert_int_equal(stamp.size, 3);
	assert_false(stamp_differs(&stamp, path));
	folder_write("a", "longer", 6);
	assert_true(stamp_differs(&stamp, path)); /* rewritten */
	struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1, .tv_nsec = 1}};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_true(stamp_differs(&stamp, path)); /* its time alone */
	folder_write("b", "longer", 6);
	assert_int_equal(utimensat(AT_FDCWD, folder_path(other, "b"), times, 0), 0);
	assert_int_equal(rename(other, path), 0);
	assert_true(stamp_differs(&stamp, path)); /* renamed over, same size and time */
	assert_int_equal(unlink(path), 0);
	assert_true(stamp_differs(&stamp, path)); /* gone */
	assert_true(file_stamp_equal(&stamp, &none));
	folder_write("x", "same", 4);
	folder_write("y", "same", 4);
	assert_int_equal(symlink("x", folder_path(link, "link")), 0);
	assert_true(stamp_differs(&stamp, link));
	assert_int_equal(symlink("y", folder_path(other, "link.new")), 0);
	assert_int_equal(rename(other, link), 0);
	assert_true(stamp_differs(&stamp, link)); /* the link was switched */
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("nowhere", link), 0);
	assert_true(stamp_differs(&stamp, link)); /* it dangles: as good as gone */
	assert_true(file_stamp_equal(&stamp, &none));
}

/* Rewritten in place, with the size and the time that it had: the kernel's own time tells. */
static void test_stamp_disguised(void **state)
{
	char path[FOLDER_PATH_MAX];
	struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	(void)state;
	folder_write("a", "one", 3);
	assert_int_equal(utimensat(AT_FDCWD, folder_path(path, "a"), times, 0), 0);
	struct file_stamp stamp = file_stamp(path);
	time_t deadline = time(NULL) + 5; /* its clock has ticks of some milliseconds */
	bool differs = false;
	while (!differs && time(NULL) < deadline) {
		folder_write("a", "two", 3);
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		differs = stamp_differs(&stamp, path);
	}
	assert_true(differs);
	assert_int_equal(stamp.modified, 1000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_read_refused, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_read_growing, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_write, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_write_atomic, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_write_refused, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_write_misled, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_stamp, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_stamp_disguised, folder_make, folder_remove),
	};
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
