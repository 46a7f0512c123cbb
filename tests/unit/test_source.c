#include "tests/unit/zone_text.h"

#include "zones/source.h"

#include <sys/stat.h>

/* Each row: a file, and the TTL of its record x A. */
static void test_ttl(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t ttl;
	} rows[] = {
		{HEAD "x A 192.0.2.1\n", 60},
		{HEAD "x 7 A 192.0.2.1\n", 7},
		{HEAD "x 7 IN A 192.0.2.1\n", 7},
		{HEAD "x IN 7 A 192.0.2.1\n", 7},
		{HEAD "x in 1h30M a 192.0.2.1\n", 5400},
		{HEAD "x CLASS1 1w2d3h4m5s TYPE1 192.0.2.1\n", 788645},
		{HEAD "y 7 A 192.0.2.1\nx A 192.0.2.1\n", 60},
		{HEAD "$TTL 2d\nx A 192.0.2.1\n", 172800},
		{HEAD "x 2147483647 A 192.0.2.1\n", 2147483647},
		{HEAD "x 0 A 192.0.2.1\n", 0},
		{"@ SOA ns h 7 2 3 4 5\n NS ns\nx A 192.0.2.1\n", 5},
		{"@ 9 SOA ns h 7 2 3 4 5\n NS ns\nx A 192.0.2.1\n", 9},
		{"@ 9 SOA ns h 7 2 3 4 5\n 8 NS ns\nx A 192.0.2.1\n", 8},
		{"@ 9 SOA ns h 7 2 3 4 5\n$TTL 6\n 8 NS ns\nx A 192.0.2.1\n", 6},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct zone_file *file = zone_check_taken(rows[i].text);
		const struct rrset *rrset = &zone_entry_find(file, "x", TYPE_A)->rrset;
		const uint8_t *ttl = rrset->records + 6;
		assert_int_equal(rrset->ttl, rows[i].ttl);
		assert_int_equal(
			(uint32_t)ttl[0] << 24 | (uint32_t)(ttl[1] << 16 | ttl[2] << 8 | ttl[3]),
			rows[i].ttl);
		zone_file_free(file);
	}
}

/* Line ends, blanks, comments and parentheses that must make no difference, and names to be
 * found. */
static void test_layout(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned line;
	} rows[] = {
		{HEAD "x A 192.0.2.1", 4},
		{"\xEF\xBB\xBF" HEAD "x A 192.0.2.1", 4},
		{"$TTL 60\r\n@ SOA ns h 7 2 3 4 5\r\n\tNS ns\r\n\r\nx\tA\t192.0.2.1\r\n", 5},
		{HEAD "; ( \"\n\n  ; x\n \t \nx A 192.0.2.1;y", 8},
		{HEAD "x ( A ; )\n\n \"192.0.2.1\" )\ny A 192.0.2.1\n", 4},
		{HEAD "x((A)\n(192.0.2.1))", 4},
		{HEAD "$ORIGIN a\n$ORIGIN b\n$ORIGIN example.org.\nx A 192.0.2.1", 7},
		{HEAD "\\120 A 192.0.2.1\n", 4},
		{HEAD "X.EXAMPLE.org. A 192.0.2.1\n", 4},
		{HEAD "y.b A 192.0.2.1\n$ORIGIN @\nx A 192.0.2.1\n", 6},
		{HEAD "x TXT \"(\" \";\" \"\\\"\"\n A 192.0.2.1\n", 5},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct zone_file *file = zone_check_taken(rows[i].text);
		const struct zone_entry *entry = zone_entry_find(file, "x", TYPE_A);
		assert_non_null(entry);
		assert_int_equal(entry->line, rows[i].line);
		assert_int_equal(file->warning_count, 0);
		zone_file_free(file);
	}
}

static void test_include(void **state)
{
	(void)state;
	assert_int_equal(mkdir(zone_path("sub"), 0700), 0);
	zone_write_text("sub/a.inc", "w A 192.0.2.1\n$INCLUDE b.inc c\n A 192.0.2.3\n");
	zone_write_text("sub/b.inc", " TXT y\nv A 192.0.2.2\n$ORIGIN q\n@ A 192.0.2.4\n");
	struct zone_file *file =
		zone_check_taken(HEAD "o A 192.0.2.9\n$INCLUDE \"sub/a.inc\" i\n A 192.0.2.8\n"
				      "p A 192.0.2.5\n");
	assert_int_equal(zone_entry_find(file, "w.i", TYPE_A)->rrset.count, 2);
	assert_non_null(zone_entry_find(file, "w.i", TYPE_TXT));
	assert_non_null(zone_entry_find(file, "v.c.i", TYPE_A));
	assert_non_null(zone_entry_find(file, "q.c.i", TYPE_A));
	assert_non_null(zone_entry_find(file, "p", TYPE_A));
	assert_int_equal(zone_entry_find(file, "o", TYPE_A)->rrset.count, 2);
	const struct zone_entry *entry = zone_entry_find(file, "v.c.i", TYPE_A);
	assert_string_equal(entry->file, zone_path("sub/b.inc"));
	assert_int_equal(entry->line, 2);
	zone_file_free(file);

	zone_write_text("sub/b.inc", "\nv A x\n");
	file = zone_load_text(HEAD "$INCLUDE sub/a.inc\n", sizeof HEAD "$INCLUDE sub/a.inc\n" - 1);
	assert_null(file);
	char expected[WHY_SIZE];
	snprintf(expected, sizeof expected, "%s:2: A has \"x\", expected an IPv4 address",
		zone_path("sub/b.inc"));
	assert_string_equal(zone_why, expected);
	unlink(zone_path("sub/a.inc"));
	unlink(zone_path("sub/b.inc"));
	assert_int_equal(rmdir(zone_path("sub")), 0);
	zone_check_refused(
		"$INCLUDE z.zone\n", "1: $INCLUDE is more than 10 deep, expected at most that");
}

static void test_include_depth(void **state)
{
	(void)state;
	char name[32], text[64];
	for (int last = 10; last <= 11; last++) {
		for (int i = 1; i <= last; i++) {
			snprintf(name, sizeof name, "i%d", i);
			int size = snprintf(text, sizeof text,
				i < last ? "$INCLUDE i%d\n" : "x%d A 192.0.2.1\n", i + 1);
			zone_write(name, text, (size_t)size);
		}
		struct zone_file *file =
			zone_load_text(HEAD "$INCLUDE i1\n", sizeof HEAD "$INCLUDE i1\n" - 1);
		assert_int_equal(file != NULL, last == 10);
		zone_file_free(file);
		for (int i = 1; i <= last; i++) {
			snprintf(name, sizeof name, "i%d", i);
			unlink(zone_path(name));
		}
	}
}

/* Each row: a $GENERATE line, a name it makes, how many names and the name's RDATA's last octet. */
static void test_generate(void **state)
{
	(void)state;
	static const struct {
		const char *line, *name;
		size_t count;
		uint16_t type;
		uint8_t last;
	} rows[] = {
		{"1-3 h$ A 192.0.2.$", "h2", 3, TYPE_A, 2},
		{"0-10/5 h$ 5 IN A 192.0.2.$", "h10", 3, TYPE_A, 10},
		{"5-5 h$-$ IN 5 A 192.0.2.${-4}", "h5-5", 1, TYPE_A, 1},
		{"5-5 h${0,3} A 192.0.2.${4,1}", "h005", 1, TYPE_A, 9},
		{"10-10 h${0,4,x} A 192.0.2.1", "h000a", 1, TYPE_A, 1},
		{"171-171 h${0,0,x}.${0,0,o} A 192.0.2.1", "hab.253", 1, TYPE_A, 1},
		{"26-26 ${0,0,n} A 192.0.2.1", "a.1", 1, TYPE_A, 1},
		{"26-26 ${0,7,n} A 192.0.2.1", "a.1.0.0", 1, TYPE_A, 1},
		{"1-1 h$$ A 192.0.2.1", "h\\$", 1, TYPE_A, 1},
		{"1-1 h\\$ A 192.0.2.1", "h\\$", 1, TYPE_A, 1},
		{"1-2 h TXT \"a $\" b", "h", 1, TYPE_TXT, 'b'},
		{"3-3 h MX \"10 m$.\"", "h", 1, TYPE_MX, 0},
		{"3-3 h TXT \"\\\"a b\\\" $\"", "h", 1, TYPE_TXT, '3'},
		{"1-2000 h$ CNAME x.", "h1999", 2000, TYPE_CNAME, 0},
		{"2147483647-2147483647/2147483647 h$ CNAME x.", "h2147483647", 1, TYPE_CNAME, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[256];
		snprintf(text, sizeof text, HEAD "o.p A 192.0.2.1\n$GENERATE %s\n A 192.0.2.2\n",
			rows[i].line);
		struct zone_file *file = zone_check_taken(text);
		const struct zone_entry *entry = zone_entry_find(file, rows[i].name, rows[i].type);
		assert_non_null(entry);
		assert_int_equal(entry->line, 5);
		assert_int_equal(file->count, rows[i].count + 3);
		assert_int_equal(entry->rrset.records[RECORD_FIXED +
						      record_rdata_size(entry->rrset.records) - 1],
			rows[i].last);
		assert_int_equal(zone_entry_find(file, "o.p", TYPE_A)->rrset.count, 2);
		zone_file_free(file);
	}
}

static void test_generate_refused(void **state)
{
	(void)state;
	static const struct {
		const char *line, *sentence;
	} rows[] = {
		{"1-3 h$", "$GENERATE is cut short, expected range lhs [ttl] [class] type rhs"},
		{"3-1 h$ A 192.0.2.1",
			"$GENERATE has range \"3-1\", expected start-stop[/step] up to 2147483647"},
		{"1-3/0 h$ A 192.0.2.1", "$GENERATE has range \"1-3/0\", expected "
					 "start-stop[/step] up to 2147483647"},
		{"1 h$ A 192.0.2.1",
			"$GENERATE has range \"1\", expected start-stop[/step] up to 2147483647"},
		{"1-2147483648 h$ A 192.0.2.1", "$GENERATE has range \"1-2147483648\", expected "
						"start-stop[/step] up to 2147483647"},
		{"1-1000001 h$ A 192.0.2.1", "$GENERATE makes 1000001 records after 0, expected at "
					     "most 1000000 in a zone"},
		{"1-2 h${0,300} A 192.0.2.1",
			"$GENERATE has \"${0,300\", expected ${offset[,width[,base]]} with a "
			"width up to 255 and base d, o, x, X, n or N"},
		{"1-2 h${0,3,q} A 192.0.2.1",
			"$GENERATE has \"${0,3,q\", expected ${offset[,width[,base]]} with "
			"a width up to 255 and base d, o, x, X, n or N"},
		{"1-2 h${ A 192.0.2.1",
			"$GENERATE has \"${\", expected ${offset[,width[,base]]} with a width "
			"up to 255 and base d, o, x, X, n or N"},
		{"1-2 h${-2} A 192.0.2.1",
			"$GENERATE makes the number -1, expected one from 0 to 2147483647"},
		{"1-2 h$ A 192.0.2", "A has \"192.0.2\", expected an IPv4 address"},
		{"1-2 h$ CH A 192.0.2.1", "found class CH, expected IN"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[256], sentence[WHY_SIZE];
		snprintf(text, sizeof text, HEAD "\n$GENERATE %s\n", rows[i].line);
		snprintf(sentence, sizeof sentence, "5: %s", rows[i].sentence);
		zone_check_refused(text, sentence);
	}
}

static void test_files(void **state)
{
	(void)state;
	char expected[WHY_SIZE];
	assert_null(zone_load_file("none.zone"));
	snprintf(expected, sizeof expected,
		"%s: cannot be read: No such file or directory, expected a zone file",
		zone_path("none.zone"));
	assert_string_equal(zone_why, expected);
	assert_int_equal(mkdir(zone_path("d"), 0700), 0);
	assert_null(zone_load_file("d"));
	assert_non_null(strstr(zone_why, "it is a directory"));
	rmdir(zone_path("d"));
	assert_int_equal(mkfifo(zone_path("f"), 0600), 0);
	assert_null(zone_load_file("f"));
	assert_non_null(strstr(zone_why, "it is not a regular file"));
	unlink(zone_path("f"));
	snprintf(expected, sizeof expected,
		"4: %s cannot be read: No such file or directory, expected a zone file",
		zone_path("none"));
	zone_check_refused(HEAD "$INCLUDE none\n", expected);
	static const char nul[] = HEAD "x A\0 192.0.2.1\n";
	assert_null(zone_load_text(nul, sizeof nul - 1));
	assert_non_null(strstr(zone_why, "z.zone:4: found a NUL octet, expected text"));
}

/* Three megabytes of one word, one comment, or parentheses. */
static void test_megabytes(void **state)
{
	(void)state;
	enum { FILL = 3 << 20 };
	static const char starts[] = {'x', ';', '(', ')', '"', '\\', ' ', '\n'};
	size_t head = strlen(HEAD);
	char *text = malloc(head + FILL);
	assert_non_null(text);
	memcpy(text, HEAD, head);
	for (size_t i = 0; i < sizeof starts; i++) {
		memset(text + head, starts[i], FILL);
		struct zone_file *file = zone_load_text(text, head + FILL);
		assert_int_equal(
			file != NULL, starts[i] == ';' || starts[i] == ' ' || starts[i] == '\n');
		zone_file_free(file);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_include_depth),
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_generate_refused),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_megabytes),
	};
	return cmocka_run_group_tests(tests, zone_folder_make, zone_folder_remove);
}
