#include "tests/unit/folder_case.h"

#include "tests/unit/report_case.h"

#include "dns/base/file.h"
#include "tools/monitor/page/page.h"

#include <dirent.h>

/* Polish, German and Icelandic mirrors, and one of nowhere near. */
static const char network[] =
	"{'zone':'clamav.net','generated':'2026-11-20T18:00:00Z','serial':7,'suspect':false,"
	"'why':'','interval_seconds':600,'counts':{'ok':3,'old':1,'removed':1,'disabled':0},"
	"'txt':{'value':'1.0.9:63:28034:1795190000:1:90:49192:339','since':'2026-11-20T15:53:20Z',"
	"'history':[{'since':'2026-11-20T15:53:20Z',"
	"'value':'1.0.9:63:28034:1795190000:1:90:49192:339'}]},"
	"'mirrors':["
	"{'host':'a.example.pl','country':'PL','name':'Poland','port':80,'weight':100,'addresses':["
	"{'address':'192.0.2.1','family':'ipv4','state':'ok','since':'2026-11-01T00:00:00Z',"
	"'checked':'2026-11-20T17:55:00Z','reason':'','weight':100,'milliseconds':20},"
	"{'address':'2001:db8::1','family':'ipv6','state':'ok','since':'2026-11-01T00:00:00Z',"
	"'checked':'2026-11-20T17:55:00Z','reason':'','weight':100,'milliseconds':20}]},"
	"{'host':'b.example.pl','country':'PL','name':'Poland','port':8080,'weight':100,'addresses'"
	":["
	"{'address':'192.0.2.2','family':'ipv4','state':'old','since':'2026-11-20T01:00:00Z',"
	"'checked':'2026-11-20T17:55:00Z','reason':'HTTP 503','weight':25}]},"
	"{'host':'c.example.is','country':'IS','name':'Iceland','port':80,'weight':100,'addresses':"
	"["
	"{'address':'192.0.2.3','family':'ipv4','state':'removed','since':'2026-11-19T01:00:00Z',"
	"'checked':'2026-11-20T17:55:00Z','reason':'connect: timed out','weight':100}]},"
	"{'host':'d.example.jp','country':'JP','name':'Japan','port':80,'weight':100,'addresses':["
	"{'address':'192.0.2.4','family':'ipv4','state':'ok','since':'2026-11-01T00:00:00Z',"
	"'checked':'2026-11-20T17:55:00Z','reason':'','weight':100}]},"
	"{'host':'e.example.jp','country':'JP','name':'Japan','port':80,'weight':100,'addresses':[]"
	"}"
	"],'events':[{'at':'2026-11-20T01:00:00Z','host':'b.example.pl','address':'192.0.2.2',"
	"'country':'PL','from':'ok','to':'old','why':'HTTP 503'}]}";

/* The network with some of its text replaced by other. */
static json_t *report_of(const char *from, const char *to)
{
	char text[sizeof(network) + 4000];
	json_error_t error;
	const char *at = *from ? strstr(network, from) : network;
	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - network), network, to,
		at + strlen(from));
	for (char *mark = text; *mark; mark++)
		*mark = *mark == '\'' ? '"' : *mark;
	json_t *report = json_loads(text, 0, &error);
	if (!report)
		fail_msg("%s", error.text);
	return report;
}

static bool report_write(const json_t *report, const char *where)
{
	struct report_case *made = report_case_new(report);
	bool good = page_write(&made->inventory, made->now, where, why, sizeof(why));
	report_case_free(made);
	return good;
}

static void written(const char *from, const char *to)
{
	json_t *report = report_of(from, to);
	if (!report_write(report, folder))
		fail_msg("%s", why);
	json_decref(report);
}

static char *page_of(const char *name)
{
	char path[FOLDER_PATH_MAX];
	struct file file;
	assert_true(file_read(&file, folder_path(path, name), 1 << 20, why, sizeof(why)));
	return file.bytes;
}

static void has(const char *name, const char *text)
{
	char *page = page_of(name);
	if (!strstr(page, text))
		fail_msg("%s has not: %s\n%s", name, text, page);
	free(page);
}

static void has_not(const char *name, const char *text)
{
	char *page = page_of(name);
	if (strstr(page, text))
		fail_msg("%s has: %s", name, text);
	free(page);
}

static void test_rows(void **state)
{
	(void)state;
	written("", "");
	has("index.html", "<h1>Addresses in service: 4 of 5</h1>");
	has("index.html", "<tbody><tr><th scope=rowgroup rowspan=2>a.example.pl<td rowspan=2>"
			  "<a href=country/pl.html>");
	has("index.html", "<tr><td>2001:db8::1<td class=ok>ok<td><time>2026-11-01</time><td>"
			  "<time>17:55</time>");
	has("index.html", "<th scope=row>b.example.pl:8080<td>");
	has("index.html", "<td class=old>old<small>HTTP 503</small><small>weight 25 of 100</small>"
			  "<td><time>01:00</time>");
	has("index.html", "e.example.jp<td><a href=country/jp.html>");
	has("index.html", "<td colspan=6>no address is known");
	has("index.html", "<a href=country/pl.html tabindex=-1 class=m2><title>Poland: 2 of 2 in "
			  "service</title>");
	has("index.html", "class=m0><title>Iceland: 0 of 1 in service");
	has("index.html", "class=m1><title>Japan: 1 of 2 in service");
	has_not("index.html", "class=banner");
	has("history.html", "<td>63<td>28034<td>339<td><code>1.0.9:63:28034:1795190000:");
	has("history.html", "b.example.pl<small>192.0.2.2</small><td>");
	has("generated.js", "dataset.generated=\"2026-11-20T18:00:00Z\"");
}

/* Own, continent, world; removed ones where nobody else is left; nobody. */
static void test_levels(void **state)
{
	(void)state;
	written("", "");
	has("country/pl.html",
		"<li class=own><b>IPv4 (A)</b>: 2 addresses of Poland, the country's");
	has("country/pl.html", "first in 80 %");
	has("country/pl.html", "first in 20 %");
	has("country/is.html",
		"<li class=lent><b>IPv4 (A)</b>: 2 addresses of Europe (fallback level "
		"1 of 2): none");
	has("country/is.html", "c.example.is<td>192.0.2.3<td class=removed>removed<small>connect: "
			       "timed out</small>");
	has("country/is.html", "<td>not served");
	has("country/is.html", "<small>PL</small><dd>a.example.pl, b.example.pl\n");
	has("country/jp.html",
		"<b>IPv6 (AAAA)</b>: 1 address of the world (fallback level 2 of 2)");
	has("country/br.html", "3 addresses of the world");
	has("country/br.html", "<p class=q>No mirror of this country is listed.");
	has("country/gb.html", "<code>db.gb.clamav.net</code> or <code>db.uk.clamav.net</code>");
	has("country/index.html", "<code>db.pl</code><td>2<td class=own>itself <small>2</small>"
				  "<td class=own>itself <small>1</small>");
	has("country/index.html", "<code>db.is</code><td>0 of 1<td>Europe <small>2</small>");
}

static void test_nobody(void **state)
{
	json_t *report = report_of("", "");
	size_t i, k;
	json_t *mirror, *address;
	(void)state;
	json_array_foreach (json_object_get(report, "mirrors"), i, mirror)
		json_array_foreach (json_object_get(mirror, "addresses"), k, address)
			json_object_set_new(address, "state", json_string("removed"));
	assert_true(report_write(report, folder));
	has("country/pl.html", "<li class=none><b>IPv4 (A)</b>: 2 addresses of Poland. "
			       "No mirror is in service anywhere");
	json_object_set_new(report, "mirrors", json_array());
	assert_true(report_write(report, folder));
	has("country/pl.html", "no mirror has an address; the answer is empty (NODATA)");
	has_not("country/pl.html", "example.pl");
	has("country/index.html", "<code>db.pl</code><td>0<td class=none>none");
	json_decref(report);
}

static unsigned count_files(const char *below)
{
	char path[FOLDER_PATH_MAX];
	unsigned count = 0;
	DIR *open = opendir(folder_path(path, below));
	assert_non_null(open);
	for (struct dirent *entry; (entry = readdir(open));)
		count += entry->d_type == DT_REG;
	closedir(open);
	return count;
}

/* What says the same stays the same file; a time alone touches only what tells it. */
static void test_only_changes(void **state)
{
	static const char *const names[] = {"country/pl.html", "country/index.html", "history.html",
		"style.css", "script.js", "index.html", "generated.js"};
	enum { NAMES = sizeof(names) / sizeof(*names), TIMED = 5 };
	struct file_stamp before[NAMES], after;
	char path[FOLDER_PATH_MAX];
	(void)state;
	written("", "");
	assert_int_equal(count_files("."), 5);
	assert_int_equal(count_files("country"), 251);
	for (size_t i = 0; i < NAMES; i++)
		before[i] = file_stamp(folder_path(path, names[i]));
	written("", "");
	for (size_t i = 0; i < NAMES; i++) {
		after = file_stamp(folder_path(path, names[i]));
		assert_true(file_stamp_equal(&before[i], &after));
	}
	written("2026-11-20T18:00:00Z", "2026-11-20T18:01:00Z");
	for (size_t i = 0; i < NAMES; i++) {
		after = file_stamp(folder_path(path, names[i]));
		assert_int_equal(file_stamp_equal(&before[i], &after), i < TIMED);
	}
	/* As many octets, but others. */
	written("192.0.2.2", "192.0.2.9");
	has("country/pl.html", "192.0.2.9");
	assert_int_equal(count_files("country"), 251);
}

static void test_banners(void **state)
{
	(void)state;
	written("1795190000", "1795180000");
	has("index.html", "<strong>The version string is stale.</strong> It was refreshed 4 h ago");
	written("1795190000", "1795186799"); /* three hours and a second */
	has("index.html", "version string is stale");
	written("1795190000", "1795186800");
	has_not("index.html", "class=banner");
	written("1795190000", "1795290000"); /* to come */
	has_not("index.html", "class=banner");
	written(":1795190000:", ":abc:");
	has_not("index.html", "class=banner");
	has_not("index.html", "refreshed");
	written("'suspect':false,'why':''", "'suspect':true,'why':'4 of <6> fail'");
	has("index.html", "<strong>Possible monitoring outage.</strong>");
	has("index.html", "changes are suspended: 4 of &lt;6&gt; fail</div>");
}

static void test_hostile(void **state)
{
	(void)state;
	written("a.example.pl", "</title><script>x</script>\\u202e\\u0007");
	has("index.html", ">&lt;/title&gt;&lt;script&gt;x&lt;/script&gt;\uFFFD\uFFFD<");
	has("country/pl.html", ">&lt;/title&gt;&lt;script&gt;x&lt;/script&gt;\uFFFD\uFFFD<");
	written("clamav.net", "<i>\\u0022");
	has("country/pl.html", "<code>db.pl.&lt;i&gt;&quot;</code>");
	written("'state':'ok'", "'state':'removed'");
	has("country/pl.html", "<h1>");
	assert_int_equal(count_files("."), 5);
}

/* What clients ask for, and what is usual there. */
static void test_other_networks(void **state)
{
	(void)state;
	written("'zone':'clamav.net'", "'zone':'x.net','host':'%h','https':true");
	has("index.html", ">a.example.pl:80<");
	has("country/index.html", "What serves clients of a country, with the number");
	has_not("country/index.html", "x.net</code>");
	has_not("country/gb.html", "<code>");
	written("'zone':'clamav.net'", "'zone':'x.net','host':'mirrors.%z'");
	has("country/index.html", "What serves <code>mirrors.x.net</code>, with");
	has("country/index.html", "<td><code>mirrors</code><td>");
	has("country/gb.html", "<p><code>mirrors.x.net</code>\n");
	written("'zone':'clamav.net'", "'zone':'x.net','host':'%c.pkg.example'");
	has("country/gb.html", "<code>gb.pkg.example</code> or <code>uk.pkg.example</code>");
	has("country/index.html", "<td><code>gb.pkg.example</code><td>");
	written("'interval_seconds':600", "'interval_seconds':5");
	has("index.html", "each address checked every 5 s.");
	has_not("index.html", "certificate");
	written("'address':'192.0.2.1'",
		"'address':'192.0.2.1','certificate':'2026-12-03T17:59:59Z'");
	has("index.html", "<small>certificate: 12 days left</small>");
}

/* A list without mirrors, and nothing else that is known. */
static void test_nothing(void **state)
{
	json_t *report = json_object();
	(void)state;
	assert_true(report_write(report, folder));
	has("index.html", "<h1>No addresses yet</h1>");
	has("index.html", "<p class=q>None configured.");
	has("history.html", "<p class=q>No version string is configured.");
	has("history.html", "<p class=q>No change of state is on record.");
	json_decref(report);
}

static void refused(const json_t *report, const char *where, const char *sentence)
{
	char expected[FOLDER_PATH_MAX + 200];
	assert_false(report_write(report, where));
	snprintf(expected, sizeof(expected), sentence, where);
	assert_non_null(strstr(why, expected));
}

static void test_refused(void **state)
{
	char path[FOLDER_PATH_MAX];
	json_t *report = report_of("", "");
	(void)state;
	folder_write("file", "", 0);
	refused(report, folder_path(path, "file"),
		"%s/country: cannot create the directory: Not a");
	refused(report, folder_path(path, "no/such"),
		"%s: cannot create the directory: No such file");
	written("", "");
	assert_int_equal(mkdir(folder_path(path, "index.html.new"), 0700), 0);
	json_object_set_new(report, "serial", json_integer(8));
	refused(report, folder, "%s/index.html: cannot be written: Is a directory");
	assert_int_equal(rmdir(path), 0);
	json_decref(report);
}

/* What others put into the folder costs neither time nor their files. */
static void test_obstacles(void **state)
{
	char path[FOLDER_PATH_MAX], other[FOLDER_PATH_MAX];
	struct file_stamp before, after;
	(void)state;
	folder_write("other", "other's", 7);
	before = file_stamp(folder_path(other, "other"));
	assert_int_equal(mkfifo(folder_path(path, "index.html.new"), 0600), 0);
	assert_int_equal(mkfifo(folder_path(path, "style.css"), 0600), 0);
	assert_int_equal(symlink("other", folder_path(path, "history.html.new")), 0);
	assert_int_equal(symlink("other", folder_path(path, "script.js")), 0);
	assert_int_equal(link(other, folder_path(path, "generated.js.new")), 0);
	written("", "");
	after = file_stamp(other);
	assert_int_equal(after.size, before.size);
	assert_int_equal(after.modified, before.modified);
	assert_int_equal(count_files("."), 6);
	has("index.html", "<h1>Addresses in service: 4 of 5</h1>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_other_networks, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_rows, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_levels, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_nobody, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_only_changes, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_banners, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_hostile, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_nothing, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_refused, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_obstacles, folder_make, folder_remove),
	};
	return cmocka_run_group_tests_name("page_write", tests, NULL, NULL);
}
