#include "tools/cvd/database_dir.h"

#include "tests/unit/cvd_case.h"
#include "tools/cvd/header.h"

#include <fcntl.h>

static struct database_dir found;

static void assert_refused(const char *part)
{
	memset(why, 0, sizeof(why));
	if (database_dir_scan(&found, folder, why, sizeof(why)) || !strstr(why, part) ||
		strncmp(why, folder, strlen(folder)) != 0)
		fail_msg("expected refused with \"%s\" and the file's name: %s", part, why);
}

static void test_newest(void **state)
{
	(void)state;
	databases_write();
	assert_true(database_dir_scan(&found, folder, why, sizeof(why)));
	assert_int_equal(found.newest[CVD_MAIN].version, 63);
	assert_int_equal(found.newest[CVD_BYTECODE].version, 339);
	assert_int_equal(found.newest[CVD_SAFEBROWSING].version, 0);
	assert_null(found.names[CVD_SAFEBROWSING]);
	/* The higher one wins, with all that its header says. */
	cvd_write("daily.cld", 28035, 91);
	assert_true(database_dir_scan(&found, folder, why, sizeof(why)));
	assert_int_equal(found.newest[CVD_DAILY].version, 28035);
	assert_int_equal(found.newest[CVD_DAILY].flevel, 91);
	assert_string_equal(found.names[CVD_DAILY], "daily.cld");
	cvd_write("daily.cvd", 28036, 92);
	cvd_write("safebrowsing.cld", 49192, 63);
	assert_true(database_dir_scan(&found, folder, why, sizeof(why)));
	assert_int_equal(found.newest[CVD_DAILY].version, 28036);
	assert_int_equal(found.newest[CVD_DAILY].flevel, 92);
	assert_string_equal(found.names[CVD_DAILY], "daily.cvd");
	assert_int_equal(found.newest[CVD_SAFEBROWSING].version, 49192);
}

static void test_missing(void **state)
{
	char path[FOLDER_PATH_MAX];
	static const char *const names[] = {"main", "daily", "bytecode"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char name[32], part[80];
		databases_write();
		snprintf(name, sizeof(name), "%s.cvd", names[i]);
		snprintf(part, sizeof(part),
			": found neither %s.cvd nor %s.cld, expected one of them", names[i],
			names[i]);
		assert_int_equal(unlink(folder_path(path, name)), 0);
		assert_refused(part);
	}
	assert_false(database_dir_scan(&found, folder_path(path, "nowhere"), why, sizeof(why)));
	assert_non_null(strstr(why, "nowhere: cannot be opened: No such file"));
	cvd_write("file", 1, 1);
	assert_false(database_dir_scan(&found, folder_path(path, "file"), why, sizeof(why)));
	assert_non_null(strstr(why, "file: is a file, expected a directory"));
}

/* One bad file is enough, also beside a good one of the other form. */
static void test_bad_files(void **state)
{
	char path[FOLDER_PATH_MAX];
	(void)state;
	databases_write();
	folder_path(path, "daily.cld");
	folder_write("daily.cld", "", 0);
	assert_refused("/daily.cld: found 0 octets, expected a header of 512");
	folder_write("daily.cld", "ClamAV-VDB:", 11);
	assert_refused("/daily.cld: found 11 octets");
	assert_int_equal(truncate(path, 5000), 0);
	assert_refused("/daily.cld: found 2 fields in the header");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_refused("/daily.cld: is a directory, expected a regular file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_refused("/daily.cld: is a FIFO, expected a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_refused("/daily.cld: is a device, expected a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_refused("/daily.cld: is a dangling symbolic link, expected a file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("daily.cld", path), 0);
	assert_refused("/daily.cld: cannot be opened: Too many levels of symbolic links");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("daily.cvd", path), 0);
	assert_true(database_dir_scan(&found, folder, why, sizeof(why)));
}

/* Without an octet on the disk: it is sparse. */
static void test_huge(void **state)
{
	char path[FOLDER_PATH_MAX];
	(void)state;
	databases_write();
	folder_path(path, "main.cvd");
	assert_int_equal(truncate(path, 2147483647), 0);
	assert_true(database_dir_scan(&found, folder, why, sizeof(why)));
	assert_int_equal(truncate(path, 2147483648), 0);
	assert_refused("/main.cvd: found 2147483648 octets, expected at most 2147483647");
}

static void test_long_path(void **state)
{
	char path[5000];
	(void)state;
	memset(path, '/', sizeof(path));
	path[4090] = '\0';
	assert_false(database_dir_scan(&found, path, why, sizeof(why)));
	assert_non_null(strstr(why, "path too long"));
}

static void test_head(void **state)
{
	char path[FOLDER_PATH_MAX];
	struct header header;
	(void)state;
	assert_true(header_read(&header, folder_path(path, "none"), why, sizeof(why)));
	assert_false(header.found);
	folder_write("some", "octets", 6);
	assert_true(header_read(&header, folder_path(path, "some"), why, sizeof(why)));
	assert_true(header.found);
	assert_int_equal(header.size, 6);
	assert_int_equal(header.file_size, 6);
	assert_memory_equal(header.octets, "octets", 6);
	assert_int_equal(truncate(path, HEADER_MAX + 1), 0);
	assert_true(header_read(&header, path, why, sizeof(why)));
	assert_int_equal(header.size, HEADER_MAX);
	assert_int_equal(header.file_size, HEADER_MAX + 1);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_newest),
		ROW(test_missing),
		ROW(test_bad_files),
		ROW(test_huge),
		ROW(test_long_path),
		ROW(test_head),
	};
	return cmocka_run_group_tests_name("cvd_folder", tests, NULL, NULL);
}
