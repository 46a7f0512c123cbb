#include "tests/unit/zone_text.h"

static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *text, *sentence;
	} bad[] = {
		{"", "1: found no SOA record at the apex, expected one SOA at example.org."},
		{"; nothing\n\n",
			"1: found no SOA record at the apex, expected one SOA at example.org."},
		{"@ 60 SOA ns h 1 2 3 4 5\n",
			"1: found no NS record at the apex, expected NS at example.org."},
		{"@ 60 NS ns\n",
			"1: found no SOA record at the apex, expected one SOA at example.org."},
		{HEAD "@ SOA ns h 7 2 3 4 5\n",
			"4: found a second SOA, expected only the one at %:2"},
		{HEAD "x SOA ns h 7 2 3 4 5\n",
			"4: x.example.org. SOA is not at the zone's apex, expected it there alone"},
		{HEAD "x A 192.0.2.1\nx CNAME y\n",
			"5: x.example.org. has CNAME and A (%:4), expected a CNAME to be alone"},
		{HEAD "x CNAME y\nx TXT y\n",
			"5: x.example.org. has CNAME and TXT (%:4), expected a CNAME to be alone"},
		{HEAD "@ CNAME y\n",
			"4: example.org. has CNAME and NS (%:3), expected a CNAME to be alone"},
		{HEAD "x CNAME y\nx CNAME z\n",
			"5: x.example.org. CNAME is listed twice, expected one"},
		{HEAD "x DNAME y\nx DNAME z\n",
			"5: x.example.org. DNAME is listed twice, expected one"},
		{HEAD "x DNAME y\nx CNAME z\n", "5: x.example.org. has CNAME and DNAME (%:4), "
						"expected a CNAME to be alone"},
		{HEAD "b.a.x A 192.0.2.1\nx DNAME y\n",
			"4: b.a.x.example.org. A is below a DNAME, expected nothing there"},
		{HEAD "x.example.com. A 192.0.2.1\n",
			"4: x.example.com. A is outside the zone, expected a name in it"},
		{HEAD "org. A 192.0.2.1\n", "4: org. A is outside the zone, expected a name in it"},
		{HEAD "xexample.org. A 192.0.2.1\n",
			"4: xexample.org. A is outside the zone, expected a name in it"},
		{HEAD "x CH TXT y\n", "4: found class CH, expected IN"},
		{HEAD "x CLASS3 60 TXT y\n", "4: found class CLASS3, expected IN"},
		{HEAD "s NS ns.s\nw.s A 192.0.2.1\n",
			"5: w.s.example.org. A is below a delegation and no NS record names it, "
			"expected only glue there"},
		{HEAD "s NS ns.s\nw.s AAAA 2001:db8::1\n",
			"5: w.s.example.org. AAAA is below a delegation and no NS record names it, "
			"expected only glue there"},
		{HEAD "s A 192.0.2.1\ns NS ns.s\n",
			"4: s.example.org. A is at a delegation and no NS record names it, "
			"expected only glue there"},
		{HEAD "s NS ns.s\nw.s TXT y\n", "5: w.s.example.org. TXT is below a delegation, "
						"expected only glue there"},
		{HEAD "s NS ns.s\nt.s NS ns.s\n", "5: t.s.example.org. NS is below a delegation, "
						  "expected only glue there"},
		{HEAD "s MX 1 x\ns NS ns.s\n", "4: s.example.org. MX is at a delegation, expected "
					       "only NS, DS and glue there"},
		{HEAD "x ANY y\n",
			"4: x.example.org. ANY is not a type for zone data, expected one that is"},
		{HEAD "x OPT \\# 0\n",
			"4: x.example.org. OPT is not a type for zone data, expected one that is"},
		{HEAD "x TSIG y\n",
			"4: x.example.org. TSIG is not a type for zone data, expected one that is"},
		{HEAD "x TYPE252 \\# 0\n",
			"4: x.example.org. TYPE252 is not a type for zone data, expected one that is"},
		{HEAD "x TYPE65535 \\# 0\n",
			"4: x.example.org. TYPE65535 is not a type for zone data, expected one that is"},
		{HEAD "x TYPE65537 \\# 0\n",
			"4: x.example.org. TYPE65537 is not a known type, expected one, or TYPE12345"},
		{HEAD "x TYPE1x 192.0.2.1\n",
			"4: x.example.org. TYPE1x is not a known type, expected one, or TYPE12345"},
		{HEAD "x FOO y\n",
			"4: x.example.org. FOO is not a known type, expected one, or TYPE12345"},
		{HEAD "x IN 60\n", "4: the record ends after \"60\", expected a type"},
		{HEAD "x\n", "4: the record ends after \"x\", expected a type"},
		{HEAD "x 2147483648 A 192.0.2.1\n",
			"4: found TTL \"2147483648\", expected at most 2147483647 seconds"},
		{HEAD "x 99999999999999999999w A 192.0.2.1\n",
			"4: found TTL \"99999999999999999999w\", expected at most 2147483647 "
			"seconds"},
		{HEAD "$TTL 1x\n",
			"4: found $TTL \"1x\", expected seconds, or a duration like 1h30m"},
		{HEAD "$TTL 1 2\n", "4: found $TTL \"1\", expected one TTL"},
		{HEAD "$ORIGIN\n", "4: $ORIGIN has 0 words, expected one name"},
		{HEAD "$ORIGIN a..b\n", "4: name \"a..b\" has an empty label, expected 1 to 63 "
					"octets between dots"},
		{HEAD "$INCLUDE\n",
			"4: $INCLUDE has 0 words, expected a file and at most an origin"},
		{HEAD "$FOO x\n", "4: found directive $FOO, expected $ORIGIN, $TTL, $INCLUDE "
				  "or $GENERATE"},
		{HEAD " $TTL 5\n",
			"4: found $TTL behind a blank, expected it at the start of the line"},
		{HEAD "\t$FOO 5\n",
			"4: found $FOO behind a blank, expected it at the start of the line"},
		{" A 192.0.2.1\n", "1: found no owner and no record before it, expected a name"},
		{"@ NS ns\n@ 60 SOA ns h 7 2 3 4 5\n",
			"1: example.org. NS has no TTL, expected one here, before it or by $TTL"},
		{HEAD "x A (\n192.0.2.1\n",
			"4: found the end of the file inside ( ), expected a )"},
		{HEAD "x A 192.0.2.1 )\n", "4: found ) without (, expected a ( before it"},
		{HEAD "\n\nx TXT \"y\n\"\n",
			"6: found the end of the line inside a quoted string, expected \""},
		{HEAD "x TXT \"y",
			"4: found the end of the line inside a quoted string, expected \""},
		{HEAD "x TXT y\\\n", "4: a backslash at the end of a line, expected \\X or \\DDD"},
		{HEAD "x TXT \x1b[2J\\300\n", "4: TXT has \"?[2J\\300\", expected a string of at "
					      "most 255 octets, escapes as \\X or \\DDD"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char sentence[WHY_SIZE];
		const char *mark = strchr(bad[i].sentence, '%');
		int before = mark ? (int)(mark - bad[i].sentence) : (int)strlen(bad[i].sentence);
		snprintf(sentence, sizeof sentence, "%.*s%s%s", before, bad[i].sentence,
			mark ? zone_path("z.zone") : "", mark ? mark + 1 : "");
		zone_check_refused(bad[i].text, sentence);
	}
}

static void test_sets(void **state)
{
	(void)state;
	struct zone_file *file = zone_check_taken(
		HEAD "x 50 A 192.0.2.2\nb A 192.0.2.9\nX 40 A 192.0.2.1\nx 30 A 192.0.2.2\n"
		     "y NS NS.Y\ny NS ns.y\ns RRSIG A 8 2 1 1 1 1 a AQPS\n"
		     "s 5 RRSIG MX 8 2 1 1 1 1 a AQPS\nc CNAME d\nc CNAME D\nc RRSIG CNAME 8 2 1 1 "
		     "1 1 a AQPS\n");
	char expected[WHY_SIZE];
	const struct zone_entry *entry = zone_entry_find(file, "x", TYPE_A);
	assert_int_equal(entry->rrset.count, 2);
	assert_int_equal(entry->rrset.ttl, 40);
	assert_int_equal(entry->line, 4);
	assert_int_equal(entry->rrset.size, 2 * (RECORD_FIXED + 4));
	const uint8_t *record = entry->rrset.records;
	assert_int_equal(record_rdata(record)[3], 2);
	assert_int_equal(record[9], 40);
	assert_int_equal(record_rdata(record_next(record))[3], 1);
	assert_int_equal(record_next(record)[9], 40);
	assert_int_equal(zone_entry_find(file, "y", TYPE_NS)->rrset.count, 1);
	assert_int_equal(record_rdata(zone_entry_find(file, "y", TYPE_NS)->rrset.records)[1], 'N');
	assert_int_equal(zone_entry_find(file, "c", TYPE_CNAME)->rrset.count, 1);
	record = zone_entry_find(file, "s", TYPE_RRSIG)->rrset.records;
	assert_int_equal(record[9], 60);
	assert_int_equal(record_next(record)[9], 5);
	assert_int_equal(file->serial, 7);
	assert_int_equal(file->warning_count, 1);
	snprintf(expected, sizeof expected,
		"%s:4: x.example.org. A has different TTLs, expected the same: the smallest, "
		"40, is used",
		zone_path("z.zone"));
	assert_string_equal(file->warnings[0], expected);
	for (size_t i = 1; i < file->count; i++) {
		int order = name_compare(file->entries[i - 1].owner, file->entries[i].owner);
		assert_true(order < 0 || (order == 0 && file->entries[i - 1].rrset.type <
								file->entries[i].rrset.type));
	}
	zone_file_free(file);
}

/* Records that differ in the case of their names are one, the first; where only later types have
 * names, or in strings, case counts. */
static void test_duplicates(void **state)
{
	(void)state;
	static const struct {
		const char *first, *second;
		unsigned count;
	} rows[] = {
		{"A 192.0.2.1", "A 192.0.2.1", 1},
		{"TXT a", "TXT A", 2},
		{"NS Mail.", "NS mail.", 1},
		{"MD Mail.", "MD mail.", 1},
		{"MF Mail.", "MF mail.", 1},
		{"MB Mail.", "MB mail.", 1},
		{"MG Mail.", "MG mail.", 1},
		{"MR Mail.", "MR mail.", 1},
		{"PTR Mail.", "PTR mail.", 1},
		{"MINFO Mail. Err", "MINFO mail. err", 1},
		{"MINFO Mail. a", "MINFO mail. b", 2},
		{"MX 10 Mail.", "MX 10 mail.", 1},
		{"MX 10 Mail.", "MX 20 mail.", 2},
		{"MX 10 Mail.", "TYPE15 \\# 8 000a046d61696c00", 1},
		{"RP Mail. Txt", "RP mail. txt", 1},
		{"AFSDB 1 Mail.", "AFSDB 1 mail.", 1},
		{"RT 1 Mail.", "RT 1 mail.", 1},
		{"SIG A 8 2 1 1 1 1 Mail. AQPS", "SIG A 8 2 1 1 1 1 mail. AQPS", 1},
		{"PX 1 Mail. X4", "PX 1 mail. x4", 1},
		{"SRV 0 0 5060 Mail.", "SRV 0 0 5060 mail.", 1},
		{"NAPTR 1 1 s a b Mail.", "NAPTR 1 1 s a b mail.", 1},
		{"NAPTR 1 1 s a b Mail.", "NAPTR 1 1 S a b mail.", 2},
		{"KX 1 Mail.", "KX 1 mail.", 1},
		{"DNAME Mail.", "DNAME mail.", 1},
		{"RRSIG A 8 2 1 1 1 1 Mail. AQPS", "RRSIG A 8 2 1 1 1 1 mail. AQPS", 1},
		{"RRSIG A 8 2 1 1 1 1 Mail. AQPS", "RRSIG A 8 2 1 1 1 1 mail. AQPT", 2},
		{"LP 1 Mail.", "LP 1 mail.", 2},
		{"HTTPS 1 Mail.", "HTTPS 1 mail.", 2},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[256];
		snprintf(text, sizeof text, HEAD "x 50 %s\nx %u %s\n", rows[i].first,
			rows[i].count == 1 ? 40 : 50, rows[i].second);
		struct zone_file *file = zone_check_taken(text);
		const struct rrset *rrset = &file->entries[file->count - 1].rrset;
		if (rrset->count != rows[i].count)
			fail_msg("%s, %s: %u records", rows[i].first, rows[i].second, rrset->count);
		assert_int_equal(rrset->ttl, 50);
		assert_int_equal(file->warning_count, 0);
		if (strstr(rows[i].first, "Mail"))
			assert_non_null(memmem(rrset->records, rrset->size, "Mail", 4));
		zone_file_free(file);
	}
}

static void test_delegations(void **state)
{
	(void)state;
	struct zone_file *file = zone_check_taken(HEAD
		"s NS ns.s\n NS s\n NS b.t\ns DS 1 8 0 AA\n A 192.0.2.1\nns.s AAAA 2001:db8::1\n"
		"t NS ns\nb.t A 192.0.2.1\n*.w NS ns\nx.w TXT y\n");
	assert_non_null(zone_entry_find(file, "b.t", TYPE_A));
	assert_non_null(zone_entry_find(file, "x.w", TYPE_TXT));
	assert_int_equal(file->warning_count, 0);
	zone_file_free(file);
}

static void test_warnings_end(void **state)
{
	(void)state;
	struct zone_file *file = zone_check_taken(HEAD "$GENERATE 1-500 h$ 1 A 192.0.2.1\n"
						       "$GENERATE 1-500 h$ 2 A 192.0.2.2\n");
	assert_int_equal(file->warning_count, 101);
	assert_non_null(strstr(file->warnings[100], "there are more warnings than these"));
	zone_file_free(file);
}

static uint32_t random_next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* One octet, a run that is moved, or a word that matters to a parser, at a random place. */
static void text_mutate(char *text, size_t size, uint32_t *seed)
{
	static const char *const words[] = {"(", ")", "\"", "\\", ";", "\n", "$", "@", "\\#", " ",
		"$INCLUDE z.zone\n", "$GENERATE 1-9 a$ ", "${0,9,n}", "65536", "\\300", "CNAME",
		"."};
	size_t at = random_next(seed) % size, from = random_next(seed) % size, left = size - at;
	const char *word = words[random_next(seed) % (sizeof words / sizeof *words)];
	size_t count = strlen(word) < left ? strlen(word) : left;
	switch (random_next(seed) % 4) {
	case 0:
		text[at] = (char)random_next(seed);
		return;
	case 1:
		count = random_next(seed) % 40;
		count = count < left ? count : left;
		memmove(text + at, text + (from + count > size ? 0 : from), count);
		return;
	default:
		memcpy(text + at, word, count);
	}
}

static void file_walk(const struct zone_file *file)
{
	assert_true(file->count >= 2);
	for (size_t i = 0; i < file->count; i++) {
		const struct rrset *rrset = &file->entries[i].rrset;
		const uint8_t *record = rrset->records;
		assert_true(name_is_within(file->entries[i].owner, file->apex));
		for (unsigned j = 0; j < rrset->count; j++)
			record = record_next(record);
		assert_int_equal(record - rrset->records, rrset->size);
	}
}

static void test_mutations(void **state)
{
	(void)state;
	static const char good[] = HEAD
		"ns 1h A 192.0.2.1\n AAAA 2001:db8::1\n$ORIGIN a\nm MX 10 (mx ; c\n )\n"
		"t TXT \"a;b\" c\\;d \"e\\\"f\"\n$GENERATE 1-20/3 g${0,3,x} 5 A 192.0.2.$\n"
		"s NS ns.s\nns.s A 192.0.2.9\nu TYPE12345 \\# 3 01 02 03\nd DS 5 8 0 (aa bb\n cc)\n"
		"k DNSKEY 256 3 8 AQPS AQPS\nn NSEC a A MX TYPE1234\nl LOC 52 30 0 N 13 22 0 E 34m "
		"1m\n"
		"h HTTPS 1 . alpn=\"h2,h3\" port=443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1 "
		"key9=x\n"
		"c CAA 0 issue \"ca.example\"\np APL !1:192.0.2.0/24 2:::/0\nv SRV 1 2 3 @\n"
		"r RRSIG A 8 2 60 20261231000000 20260101000000 7 a AQPS\nq CERT PGP 1 RSASHA256 "
		"AQPS\n"
		"i IPSECKEY 10 3 2 gw AQPS AQPS\ne HIP 2 2001 AwEA rvs\nf NAPTR 1 2 \"s\" \"\" "
		"\"\" .\n"
		"w WKS 192.0.2.1 6 25\no EUI48 00-00-5e-00-53-2a\nx NID 10 0014:4fff:ff20:ee64\n"
		"h SVCB 2 b mandatory=alpn,port port=1 alpn=a\\\\,b,c ech=AQPS no-default-alpn\n"
		"h SVCB \\# 11 000100 0009 0000 0010 0000\nb AMTRELAY 10 1 3 amt\n"
		"b DSYNC CDS NOTIFY 5359 @\nb DOA 0 1 2 \"a\" AQPS\nb CSYNC 0 0 A TYPE999\n"
		"b AMTRELAY \\# 3 01840a\nb APL \\# 5 0001180101\nb CSYNC \\# 9 000000000000000140\n"
		"y NSAP 0x47.00\nz NSEC3 1 1 12 aabb 2vptu5timamqttgl4luu9kg21e0aor3s A\nj DNAME "
		"@\n";
	char text[sizeof good];
	uint32_t seed = 20261120;
	unsigned taken = 0;
	struct zone_file *file = zone_check_taken(good);
	file_walk(file);
	zone_file_free(file);
	for (unsigned i = 0; i < 2000; i++) {
		memcpy(text, good, sizeof good);
		for (unsigned changes = 1 + random_next(&seed) % 2; changes > 0; changes--)
			text_mutate(text, sizeof good - 1, &seed);
		file = zone_load_text(text, sizeof good - 1);
		taken += file != NULL;
		if (file)
			file_walk(file);
		else
			assert_non_null(strstr(zone_why, "z.zone:"));
		zone_file_free(file);
	}
	assert_in_range(taken, 50, 1950);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_delegations),
		cmocka_unit_test(test_warnings_end),
		cmocka_unit_test(test_mutations),
	};
	return cmocka_run_group_tests(tests, zone_folder_make, zone_folder_remove);
}
