#include "tools/cvd/arguments.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

enum { WORDS_MAX = 24 };

static char why[1024];
static struct arguments arguments;

static enum arguments_result parse(const char *const *words)
{
	char *copy[WORDS_MAX] = {"mirrorns-cvd"};
	int count = 1;
	for (; words[count - 1] && count < WORDS_MAX - 1; count++)
		copy[count] = (char *)(uintptr_t)words[count - 1];
	memset(why, 0, sizeof(why));
	return arguments_parse(&arguments, count, copy, why, sizeof(why));
}

static void test_usual(void **state)
{
	static const char *const words[] = {"db", NULL};
	(void)state;
	assert_int_equal(parse(words), ARGUMENTS_RUN);
	assert_string_equal(arguments.directory, "db");
	assert_null(arguments.output);
	assert_null(arguments.recommended);
	assert_null(arguments.names);
	assert_null(arguments.export);
	assert_null(arguments.host);
	assert_int_equal(arguments.warn, -1);
	assert_int_equal(arguments.flevel, -1);
	assert_int_equal(arguments.safebrowsing, -1);
	assert_int_equal(arguments.share, 80);
	assert_int_equal(arguments.port, 80);
	assert_int_equal(arguments.refresh, 1800);
	assert_false(arguments.force);
	assert_false(arguments.watch);
}

static void test_everything(void **state)
{
	static const char *const words[] = {"--version", "1.0.9", "-o", "dns.txt", "--warn=0",
		"--flevel", "90", "db", "--safebrowsing=49192", "--force", "--names", "names",
		"--watch", "--refresh=2m", "--verify-mirrors", "mirrors.json", "--share", "100",
		"--host=db.test.clamav.net", "--port", "8080", NULL};
	(void)state;
	assert_int_equal(parse(words), ARGUMENTS_RUN);
	assert_string_equal(arguments.directory, "db");
	assert_string_equal(arguments.output, "dns.txt");
	assert_string_equal(arguments.recommended, "1.0.9");
	assert_string_equal(arguments.names, "names");
	assert_string_equal(arguments.export, "mirrors.json");
	assert_string_equal(arguments.host, "db.test.clamav.net");
	assert_int_equal(arguments.warn, 0);
	assert_int_equal(arguments.flevel, 90);
	assert_int_equal(arguments.safebrowsing, 49192);
	assert_int_equal(arguments.share, 100);
	assert_int_equal(arguments.port, 8080);
	assert_int_equal(arguments.refresh, 120);
	assert_true(arguments.force);
	assert_true(arguments.watch);
}

static void test_words(void **state)
{
	static const char *const help[] = {"db", "-h", "--nonsense", NULL};
	static const char *const long_help[] = {"--help", NULL};
	static const char *const version[] = {"-V", NULL};
	static const char *const dashes[] = {"--version", "1", "--", "-db", NULL};
	static const char *const joined[] = {"db", "-odns.txt", NULL};
	static const char *const last_counts[] = {"db", "--warn", "0", "--warn", "1", NULL};
	(void)state;
	assert_int_equal(parse(help), ARGUMENTS_HELP);
	assert_int_equal(parse(long_help), ARGUMENTS_HELP);
	assert_int_equal(parse(version), ARGUMENTS_VERSION);
	assert_int_equal(parse(dashes), ARGUMENTS_RUN);
	assert_string_equal(arguments.directory, "-db");
	assert_int_equal(parse(last_counts), ARGUMENTS_RUN);
	assert_int_equal(arguments.warn, 1);
	assert_int_equal(parse(joined), ARGUMENTS_RUN);
	assert_string_equal(arguments.output, "dns.txt");
}

static const struct {
	const char *words[6];
	const char *why; /* its beginning */
} wrongs[] = {
	{{NULL}, "DIR, the database directory, is missing: see mirrorns-cvd --help"},
	{{"--force"}, "DIR, the database directory, is missing"},
	{{""}, "DIR is \"\", expected the database directory"},
	{{"db", "db2"}, "unexpected argument \"db2\": see mirrorns-cvd --help"},
	{{"db", "--nonsense"}, "unknown option \"--nonsense\""},
	{{"db", "-x"}, "unknown option \"-x\""},
	{{"db", "--force=1"}, "unknown option \"--force=1\""},
	{{"db", "--versions", "1"}, "unknown option \"--versions\""},
	{{"db", "-o"}, "-o needs a value: FILE"},
	{{"db", "-o", ""}, "-o is \"\", expected a path"},
	{{"db", "--version"}, "--version needs a value: V"},
	{{"db", "--version="}, "--version is \"\", expected a version like 1.0.9"},
	{{"db", "--version", "1:0"}, "--version is \"1:0\", expected a version like 1.0.9"},
	{{"db", "--version", "1 0"}, "--version is \"1 0\", expected a version like 1.0.9"},
	{{"db", "--warn", "2"}, "--warn is \"2\", expected a number from 0 to 1"},
	{{"db", "--warn", ""}, "--warn is \"\", expected a number from 0 to 1"},
	{{"db", "--flevel", "-1"}, "--flevel is \"-1\", expected a number from 0 to 2147483647"},
	{{"db", "--flevel", "2147483648"}, "--flevel is \"2147483648\", expected a number"},
	{{"db", "--safebrowsing", "4x"}, "--safebrowsing is \"4x\", expected a number"},
	{{"db", "--names="}, "--names is \"\", expected a path"},
	{{"db", "--watch"}, "--watch requires -o"},
	{{"db", "--refresh", "1m"}, "--refresh requires --watch"},
	{{"db", "--refresh", "30"},
		"--refresh is \"30\", expected a duration like 30s or 30m, from "
		"1s to 7200s"},
	{{"db", "--refresh", "0s"}, "--refresh is \"0s\", expected a duration"},
	{{"db", "--refresh", "3h"}, "--refresh is \"3h\", expected a duration"},
	{{"db", "--refresh", "m"}, "--refresh is \"m\", expected a duration"},
	{{"db", "--refresh", ""}, "--refresh is \"\", expected a duration"},
	{{"db", "--refresh", "99999999999d"}, "--refresh is \"99999999999d\", expected a duration"},
	{{"db", "--verify-mirrors", "e"}, "--verify-mirrors requires -o"},
	{{"db", "--share", "80"}, "--share requires --verify-mirrors"},
	{{"db", "--share", "0"}, "--share is \"0\", expected a number from 1 to 100"},
	{{"db", "--share", "101"}, "--share is \"101\", expected a number from 1 to 100"},
	{{"db", "--host", "h"}, "--host requires --verify-mirrors"},
	{{"db", "--host", "a b"}, "--host is \"a b\", expected a host name"},
	{{"db", "--host", "a\r\nX: y"}, "--host is \"a\r\nX: y\", expected a host name"},
	{{"db", "--port", "81"}, "--port requires --verify-mirrors"},
	{{"db", "--port", "65536"}, "--port is \"65536\", expected a number from 1 to 65535"},
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		enum arguments_result word = parse(wrongs[i].words);
		if (word != ARGUMENTS_WRONG ||
			strncmp(why, wrongs[i].why, strlen(wrongs[i].why)) != 0)
			fail_msg("row %zu was expected wrong with \"%s\": %s", i, wrongs[i].why,
				why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_wrong),
	};
	return cmocka_run_group_tests_name("cvd_arguments", tests, NULL, NULL);
}
