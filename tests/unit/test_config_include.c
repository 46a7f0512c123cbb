#include "tests/unit/config_case.h"

#include <sys/stat.h>

#define OF_ZONE(z) "zone " z " { file = f  export = e }\n"

static char names[24][16]; /* of the files of this test, and folders, in the folder */
static size_t count;

static void path_write(char path[160], const char *name)
{
	snprintf(path, 160, "%s/%s", folder, name);
}

/* A file beside the configuration; its folder is made with it. */
static void include_write(const char *name, const char *text)
{
	char path[160], *slash;
	FILE *out;

	path_write(path, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	if (strcmp(path, folder) != 0 && mkdir(path, 0755) == 0)
		snprintf(names[count++], sizeof(*names), "%s", path + strlen(folder) + 1);
	*slash = '/';
	out = fopen(path, "w");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	snprintf(names[count++], sizeof(*names), "%s", name);
}

static int files_remove(void **state)
{
	char path[160];

	(void)state;
	while (count > 0) {
		path_write(path, names[--count]);
		remove(path);
	}
	return 0;
}

/* `sentence` without the folder at its start, and with FOLDER for it inside. */
static void refused(const char *text, const char *sentence)
{
	struct config *config = text_load(text);
	const char *inside = strstr(sentence, "FOLDER");
	size_t before = inside ? (size_t)(inside - sentence) : strlen(sentence);
	char expected[512];

	if (config)
		fail_msg("accepted: %s", text);
	snprintf(expected, sizeof(expected), "%s/%.*s%s%s", folder, (int)before, sentence,
		inside ? folder : "", inside ? inside + strlen("FOLDER") : "");
	assert_string_equal(why, expected);
}

static void path_expect(const char *path, const char *name)
{
	char whole[160];

	path_write(whole, name);
	assert_string_equal(path, whole);
}

/* As if the text stood there, sorted; paths are relative to the file they stand in. */
static void test_included(void **state)
{
	struct config *config;

	(void)state;
	include_write("d/20.conf", OF_ZONE("b") "geo { database = x.mmdb }\n");
	include_write("d/10.conf", "include = more.x\n" OF_ZONE("a"));
	include_write("d/more.x", "tcp-connections = 7\n");
	include_write("d/not", "this is no configuration");
	config = good_load("workers = 3 include = {\"d/*.conf\", \"none/*\"}\n" OF_ZONE("c"));
	assert_int_equal(config->workers, 3);
	assert_int_equal(config->tcp_connections, 7);
	assert_int_equal(config->zone_count, 3);
	assert_string_equal(config->zones[0].name, "a");
	assert_string_equal(config->zones[1].name, "b");
	assert_string_equal(config->zones[2].name, "c");
	path_expect(config->zones[1].file, "d/f");
	path_expect(config->zones[2].file, "f");
	path_expect(config->geo_database, "d/x.mmdb");
	path_expect(config_line_file(&config->arena, config->zones[1].line), "d/20.conf");
	assert_int_equal(config_line_number(config->zones[0].line), 2);
	assert_string_equal(config->path, file);
	config_free(config);
}

static void test_refused(void **state)
{
	(void)state;
	include_write("d/a.conf", "\n" OF_ZONE("a"));
	include_write("d/b.conf", OF_ZONE("b") "workers = x\n");
	include_write("d/c.conf", "zone c {\n");
	include_write("d/d.conf", "include = a.conf\ninclude = b.conf\n");
	include_write("d/e.conf", "workers = 2 }\n");
	include_write("d/f.conf", "wokers = 2\n");
	include_write("d/g.conf", "include = g.conf\n");
	include_write("d/h.conf", "\nworkers = 5\n");
	refused("include = d/b.conf\n",
		"d/b.conf:2: found workers = x, expected a number from 0 to 1024");
	refused("include = d/c.conf\n",
		"d/c.conf:1: found no } in zone \"c\", which begins here, expected one before the end "
		"of the file");
	refused("include = d/e.conf\n",
		"d/e.conf:1: found } without a {, expected an option or a section");
	refused("include = d/f.conf\n",
		"d/f.conf:1: found the unknown option wokers at the top level, expected a known one: "
		"did you mean workers?");
	refused("include = d/d.conf\n",
		"d/d.conf:2: found include a second time, expected it once (line 1 has it)");
	refused("workers = 1 include = d/h.conf\n" ZONE,
		"d/h.conf:2: found workers a second time, expected it once (FOLDER/a.conf:1 has it)");
	refused("include = d/h.conf\nworkers = 1\n" ZONE,
		"a.conf:2: found workers a second time, expected it once (FOLDER/d/h.conf:2 has it)");
	refused("include = d/a.conf\n" OF_ZONE("a"),
		"d/a.conf:2: found \"a\" a second time, expected each name once (FOLDER/a.conf:2 has "
		"\"a\")");
	refused("\ninclude = {d/a.conf, \"d/[a]*\"}\n" ZONE,
		"a.conf:2: found include of FOLDER/d/a.conf, which has been read already, expected "
		"each file once");
	refused("include = d/g.conf\n",
		"d/g.conf:1: found include of FOLDER/d/g.conf, which has been read already, expected "
		"each file once");
	refused("\n\ninclude = {d/a.conf,\nd/none}\n",
		"a.conf:4: in include: FOLDER/d/none: cannot be opened: No such file or directory");
	refused("include = d\n", "a.conf:1: in include: FOLDER/d: is not a regular file");
	refused("include = \"\"\n",
		"a.conf:1: found include = \"\", expected the path of a file, or a glob");
	refused("include d\n", "a.conf:1: found include without =, expected = and a value");
	refused("zone z { file = f include = d/a.conf }\n",
		"a.conf:1: found the unknown option include in zone \"z\", expected one that the "
		"manual page lists");
}

/* Eight deep, and no more. */
static void test_depth(void **state)
{
	struct config *config;
	char name[16], text[64];

	(void)state;
	for (int i = 1; i <= 9; i++) {
		snprintf(name, sizeof(name), "%d", i);
		snprintf(text, sizeof(text), i == 8 ? OF_ZONE("z") : "include = %d\n", i + 1);
		include_write(name, text);
	}
	config = good_load("include = 1\n");
	assert_int_equal(config->zone_count, 1);
	config_free(config);
	include_write("8", "include = 9\n");
	refused("include = 1\n", "8:1: found files that include files 9 deep, expected at most 8");
}

/* In a folder whose name looks like a glob. */
static void test_odd_folder(void **state)
{
	struct config *config;
	char path[160];

	(void)state;
	include_write("[a]*/b.conf", OF_ZONE("z"));
	include_write("[a]*/main", "include = \"*.conf\"\n");
	path_write(path, "[a]*/main");
	config = config_load(path, why, sizeof(why));
	assert_non_null(config);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_included, files_remove),
		cmocka_unit_test_teardown(test_refused, files_remove),
		cmocka_unit_test_teardown(test_depth, files_remove),
		cmocka_unit_test_teardown(test_odd_folder, files_remove),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
