#include "zones/zone.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_SRV = 33, WHY_SIZE = 256 };

/* A name and what is there; no type: only dynamic data. */
struct row {
	const char *name;
	uint16_t types[3];
};

struct expected {
	const char *name;
	enum zone_result result;
	const char *node; /* "": none */
};

#define ROWS(array) array, sizeof array / sizeof *array

static const uint8_t *wire_of(const char *text)
{
	static uint8_t wire[NAME_SIZE_MAX];
	char why[WHY_SIZE] = "";
	if (!name_parse(text, NULL, wire, why, sizeof why))
		fail_msg("%s", why);
	return wire;
}

static void row_put(struct zone *zone, const struct row *row)
{
	struct zone_node *node = zone_add(zone, wire_of(row->name));
	assert_non_null(node);
	if (!row->types[0])
		node->dynamic = 1;
	for (int i = 0; i < 3 && row->types[i]; i++) {
		struct rrset rrset = {.type = row->types[i], .count = 1, .ttl = row->types[i]};
		assert_true(zone_put(zone, node, &rrset));
	}
}

/* In the order given, or the other way round: what is above a name may come after it. */
static struct zone *zone_of(const char *apex, const struct row *rows, size_t count, bool reverse)
{
	struct zone *zone = zone_new(wire_of(apex));
	assert_non_null(zone);
	for (size_t i = 0; i < count; i++)
		row_put(zone, &rows[reverse ? count - 1 - i : i]);
	assert_true(zone_link(zone));
	return zone;
}

static enum zone_result find(
	const struct zone *zone, const char *name, const struct zone_node **node)
{
	struct name_key key;
	const uint8_t *wire = wire_of(name);
	assert_true(name_key_parse(&key, wire, name_size(wire)));
	return zone_find(zone, &key, node);
}

static void expected_check(const struct zone *zone, const struct expected *rows, size_t count)
{
	static const struct zone_node before;
	char text[NAME_TEXT_MAX];
	for (size_t i = 0; i < count; i++) {
		const struct zone_node *node = &before;
		enum zone_result result = find(zone, rows[i].name, &node);
		const char *found = node ? name_write(node->name, text) : "";
		if (result != rows[i].result || strcmp(found, rows[i].node) != 0)
			fail_msg("%s: word %d at '%s', expected %d at '%s'", rows[i].name,
				(int)result, found, (int)rows[i].result, rows[i].node);
	}
}

static void zone_check(const char *apex, const struct row *rows, size_t count,
	const struct expected *expected, size_t expected_count)
{
	for (int reverse = 0; reverse < 2; reverse++) {
		struct zone *zone = zone_of(apex, rows, count, reverse);
		expected_check(zone, expected, expected_count);
		zone_free(zone);
	}
}

/* RFC 4592 2.2.1's zone, and all that it, 2.2.2 and RFC 8020 say of it. */
static void test_rfc4592(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"example.", {TYPE_SOA, TYPE_NS}},
		{"*.example.", {TYPE_TXT, TYPE_MX}},
		{"sub.*.example.", {TYPE_TXT}},
		{"host1.example.", {TYPE_A}},
		{"_ssh._tcp.host1.example.", {TYPE_SRV}},
		{"_ssh._tcp.host2.example.", {TYPE_SRV}},
		{"subdel.example.", {TYPE_NS}},
	};
	static const struct expected expected[] = {
		/* synthesized */
		{"host3.example.", ZONE_WILDCARD, "*.example."},
		{"foo.bar.example.", ZONE_WILDCARD, "*.example."},
		{"HOST3.Example.", ZONE_WILDCARD, "*.example."},
		/* not synthesized */
		{"host1.example.", ZONE_FOUND, "host1.example."},
		{"sub.*.example.", ZONE_FOUND, "sub.*.example."},
		{"_telnet._tcp.host1.example.", ZONE_NXDOMAIN, "_tcp.host1.example."},
		{"host.subdel.example.", ZONE_DELEGATION, "subdel.example."},
		{"ghost.*.example.", ZONE_NXDOMAIN, "*.example."},
		/* names that are there, empty or not (2.2.2), and below them */
		{"example.", ZONE_FOUND, "example."},
		{"*.example.", ZONE_FOUND, "*.example."},
		{"subdel.example.", ZONE_DELEGATION, "subdel.example."},
		{"_tcp.host1.example.", ZONE_NODATA, "_tcp.host1.example."},
		{"host2.example.", ZONE_NODATA, "host2.example."},
		{"_tcp.HOST2.example.", ZONE_NODATA, "_tcp.host2.example."},
		{"_SSH._tcp.host2.example.", ZONE_FOUND, "_ssh._tcp.host2.example."},
		{"a.b.host2.example.", ZONE_NXDOMAIN, "host2.example."},
		{"x.host1.example.", ZONE_NXDOMAIN, "host1.example."},
		{"a.sub.*.example.", ZONE_NXDOMAIN, "sub.*.example."},
		/* another zone's, though they look alike */
		{".", ZONE_NOT_OURS, ""},
		{"com.", ZONE_NOT_OURS, ""},
		{"xexample.", ZONE_NOT_OURS, ""},
		{"a.\\007example.", ZONE_NOT_OURS, ""},
		{"example.com.", ZONE_NOT_OURS, ""},
	};
	zone_check("example.", ROWS(rows), ROWS(expected));
}

static void test_wildcards(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"z.", {TYPE_SOA, TYPE_NS}},
		{"a.*.empty.z.", {TYPE_A}}, /* "*" has names below it only */
		{"*.ns.z.", {TYPE_NS}}, /* RFC 4592 4.2 */
		{"deep.*.ns.z.", {TYPE_A}}, {"*.*.z.", {TYPE_A}}, {"*x.z.", {TYPE_A}},
		{"\\*\\*.y.z.", {TYPE_A}}, {"*.bound.z.", {0}},
		{"db.de.z.", {0}}, /* as a pool: it and its ancestors block "*" */
	};
	static const struct expected expected[] = {
		{"b.empty.z.", ZONE_WILDCARD, "*.empty.z."},
		{"*.empty.z.", ZONE_NODATA, "*.empty.z."},
		{"x.ns.z.", ZONE_WILDCARD, "*.ns.z."},
		{"*.ns.z.", ZONE_FOUND, "*.ns.z."},
		{"deep.*.ns.z.", ZONE_FOUND, "deep.*.ns.z."},
		{"no.*.ns.z.", ZONE_NXDOMAIN, "*.ns.z."},
		{"q.z.", ZONE_WILDCARD, "*.z."},
		{"*.z.", ZONE_NODATA, "*.z."},
		{"q.*.z.", ZONE_WILDCARD, "*.*.z."},
		{"q.\\*x.z.", ZONE_NXDOMAIN, "*x.z."},
		{"b.y.z.", ZONE_NXDOMAIN, "y.z."}, /* not by "*.z.": y.z. is closer */
		{"b.bound.z.", ZONE_WILDCARD, "*.bound.z."},
		{"db.de.z.", ZONE_FOUND, "db.de.z."},
		{"de.z.", ZONE_NODATA, "de.z."},
		{"db.fr.z.", ZONE_WILDCARD, "*.z."},
		{"us.de.z.", ZONE_NXDOMAIN, "de.z."},
	};
	zone_check("z.", ROWS(rows), ROWS(expected));
}

static const struct row cut_rows[] = {
	{"z.", {TYPE_SOA, TYPE_NS}},
	{"cut.z.", {TYPE_NS, TYPE_DS}},
	{"ns.cut.z.", {TYPE_A}},
	{"*.cut.z.", {TYPE_A}},
	{"below.cut.z.", {TYPE_NS}},
	{"ns.below.cut.z.", {TYPE_A}},
	{"d.below.cut.z.", {TYPE_DNAME}},
	{"empty.z.", {TYPE_A}},
	{"c.e.f.empty.z.", {TYPE_NS}},
	{"moved.z.", {TYPE_A, TYPE_DNAME}},
	{"a.moved.z.", {TYPE_A}},
	{"*.moved.z.", {TYPE_A}},
	{"cut.moved.z.", {TYPE_NS}},
	{"ns.cut.moved.z.", {TYPE_A}},
	{"moved.moved.z.", {TYPE_DNAME}},
	{"both.z.", {TYPE_NS, TYPE_DNAME}},
	{"*.star.z.", {TYPE_DNAME}},
};

/* The topmost cut or DNAME has the name, whatever stands below it. */
static void test_cuts(void **state)
{
	(void)state;
	static const struct expected expected[] = {
		{"z.", ZONE_FOUND, "z."},
		{"cut.z.", ZONE_DELEGATION, "cut.z."},
		{"ns.CUT.z.", ZONE_DELEGATION, "cut.z."},
		{"a.b.c.cut.z.", ZONE_DELEGATION, "cut.z."},
		{"below.cut.z.", ZONE_DELEGATION, "cut.z."},
		{"x.ns.below.cut.z.", ZONE_DELEGATION, "cut.z."},
		{"d.below.cut.z.", ZONE_DELEGATION, "cut.z."},
		{"x.d.below.cut.z.", ZONE_DELEGATION, "cut.z."},
		{"f.empty.z.", ZONE_NODATA, "f.empty.z."},
		{"x.e.f.empty.z.", ZONE_NXDOMAIN, "e.f.empty.z."},
		{"x.c.e.f.empty.z.", ZONE_DELEGATION, "c.e.f.empty.z."},
		{"moved.z.", ZONE_FOUND, "moved.z."}, /* RFC 6672 2.3 */
		{"x.y.moved.z.", ZONE_DNAME, "moved.z."},
		{"a.moved.z.", ZONE_DNAME, "moved.z."},
		{"x.a.moved.z.", ZONE_DNAME, "moved.z."},
		{"cut.moved.z.", ZONE_DNAME, "moved.z."},
		{"x.cut.moved.z.", ZONE_DNAME, "moved.z."},
		{"ns.cut.moved.z.", ZONE_DNAME, "moved.z."},
		{"x.moved.moved.z.", ZONE_DNAME, "moved.z."},
		{"both.z.", ZONE_DELEGATION, "both.z."},
		{"x.both.z.", ZONE_DELEGATION, "both.z."},
		{"x.star.z.", ZONE_WILDCARD, "*.star.z."},
		{"x.*.star.z.", ZONE_DNAME, "*.star.z."},
	};
	zone_check("z.", ROWS(cut_rows), ROWS(expected));
}

static void test_links(void **state)
{
	(void)state;
	struct zone *zone = zone_of("z.", ROWS(cut_rows), true);
	const struct zone_node *cut = zone_get(zone, wire_of("cut.z."));
	assert_ptr_equal(cut->cut, cut);
	assert_ptr_equal(zone_get(zone, wire_of("ns.below.cut.z."))->cut, cut);
	assert_null(zone_get(zone, wire_of("z."))->cut);
	assert_null(zone_get(zone, wire_of("e.f.empty.z."))->cut);
	assert_ptr_equal(cut->wildcard, zone_get(zone, wire_of("*.cut.z.")));
	zone_free(zone);
}

/* A DNAME and an NS at the apex: it is no cut, and all below it is moved. */
static void test_apex_dname(void **state)
{
	(void)state;
	static const struct row rows[] = {{"z.", {TYPE_SOA, TYPE_NS, TYPE_DNAME}}, {"a.z.", {1}}};
	static const struct expected expected[] = {
		{"z.", ZONE_FOUND, "z."},
		{"a.z.", ZONE_DNAME, "z."},
		{"b.c.z.", ZONE_DNAME, "z."},
		{"y.", ZONE_NOT_OURS, ""},
	};
	zone_check("z.", ROWS(rows), ROWS(expected));
}

static void test_root(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{".", {TYPE_SOA, TYPE_NS}}, {"org.", {TYPE_NS}}, {"a.b.net.", {TYPE_A}}};
	static const struct expected expected[] = {
		{".", ZONE_FOUND, "."},
		{"www.Debian.org.", ZONE_DELEGATION, "org."},
		{"net.", ZONE_NODATA, "net."},
		{"c.b.net.", ZONE_NXDOMAIN, "b.net."},
		{"zz.", ZONE_NXDOMAIN, "."},
		{"a.b.c.zz.", ZONE_NXDOMAIN, "."},
	};
	static const struct row star[] = {{"*.", {TYPE_A}}};
	static const struct expected covered[] = {
		{".", ZONE_NODATA, "."}, {"a.b.", ZONE_WILDCARD, "*."}};
	zone_check(".", ROWS(rows), ROWS(expected));
	zone_check(".", ROWS(star), ROWS(covered));
	struct zone *zone = zone_of(".", ROWS(rows), false);
	assert_int_equal(zone_labels(zone), 0);
	assert_int_equal(zone_get(zone, wire_of("."))->name[0], 0);
	zone_free(zone);
}

/* 127 labels, with an end every fourth: each closest encloser, from each depth. */
static void test_deepest(void **state)
{
	(void)state;
	uint8_t name[NAME_SIZE_MAX] = {0}, asked[NAME_SIZE_MAX];
	for (int i = 0; i < NAME_LABELS_MAX; i++)
		memcpy(name + 2 * i, "\1n", 2);
	for (unsigned depth = 1; depth <= NAME_LABELS_MAX; depth += depth < 120 ? 17 : 1) {
		struct zone *zone = zone_new(name + 2 * (NAME_LABELS_MAX - 1));
		assert_non_null(zone);
		zone_add(zone, name + 2 * (NAME_LABELS_MAX - depth))->dynamic = 1;
		assert_true(zone_link(zone));
		for (unsigned labels = 1; labels <= NAME_LABELS_MAX; labels++)
			for (unsigned other = 0; other < labels; other++) {
				struct name_key key;
				const struct zone_node *node;
				const uint8_t *start = name + 2 * (NAME_LABELS_MAX - labels);
				memcpy(asked, start, 2 * labels + 1);
				asked[1 + 2 * other] = 'o'; /* the label that does not fit */
				assert_true(name_key_parse(&key, asked, 2 * labels + 1));
				enum zone_result result = zone_find(zone, &key, &node);
				unsigned same = labels - other - 1;
				if (!same) {
					assert_int_equal(result, ZONE_NOT_OURS);
					continue;
				}
				assert_int_equal(result, ZONE_NXDOMAIN);
				assert_int_equal(node->labels, same < depth ? same : depth);
			}
		zone_free(zone);
	}
}

static void test_build(void **state)
{
	(void)state;
	struct zone *zone = zone_new(wire_of("Mirror.Example."));
	assert_memory_equal(
		zone_get(zone, wire_of("Mirror.Example."))->name, "\6mirror\7example", 16);
	assert_int_equal(zone_labels(zone), 2);
	assert_int_equal(zone_names(zone), 0);
	assert_null(zone_add(zone, wire_of("example.")));
	assert_null(zone_add(zone, wire_of("mirror.example.org.")));
	assert_null(zone_add(zone, wire_of(".")));
	assert_null(zone_get(zone, wire_of("a.mirror.example.")));
	struct zone_node *node = zone_add(zone, wire_of("A.b.MIRROR.example."));
	assert_memory_equal(node->name, "\1a\1b\6mirror\7example", 20);
	assert_int_equal(node->name_size, 20);
	assert_int_equal(node->labels, 4);
	assert_ptr_equal(zone_add(zone, wire_of("a.B.mirror.example.")), node);
	assert_ptr_equal(zone_get(zone, wire_of("a.b.mirror.EXAMPLE.")), node);
	/* Names come in such numbers that the table grows; pointers stay. */
	for (int i = 0; i < 5000; i++) {
		char text[64];
		snprintf(text, sizeof text, "n%d.x%d.mirror.example.", i, i % 7);
		zone_add(zone, wire_of(text))->dynamic = (uint32_t)i + 1;
	}
	assert_ptr_equal(zone_get(zone, wire_of("a.b.mirror.example.")), node);
	assert_int_equal(zone_names(zone), 5000);
	assert_true(zone_link(zone));
	assert_int_equal(zone_names(zone), 5000);
	for (int i = 0; i < 5000; i++) {
		char text[64];
		snprintf(text, sizeof text, "n%d.x%d.mirror.example.", i, i % 7);
		assert_int_equal(zone_get(zone, wire_of(text))->dynamic, i + 1);
		snprintf(text, sizeof text, "n%d.x%d.mirror.example.", i, (i + 1) % 7);
		assert_null(zone_get(zone, wire_of(text)));
	}
	zone_free(zone);
	zone_free(NULL);
}

/* Types come in any order and stand in theirs; each once. */
static void test_rrsets(void **state)
{
	(void)state;
	static const uint8_t records[1];
	struct zone *zone = zone_new(wire_of("z."));
	struct zone_node *node = zone_add(zone, wire_of("a.z."));
	assert_non_null(node);
	for (unsigned i = 0; i < 300; i++) {
		struct rrset rrset = {
			.type = (uint16_t)(i * 7919 % 1009 + 1), .count = 1, .records = records};
		assert_true(zone_put(zone, node, &rrset));
		assert_false(zone_put(zone, node, &rrset));
	}
	assert_true(zone_link(zone));
	assert_int_equal(zone_names(zone), 1);
	const struct zone_node *linked = zone_get(zone, wire_of("A.z."));
	assert_int_equal(linked->rrset_count, 300);
	for (unsigned i = 1; i < 300; i++)
		assert_true(linked->rrsets[i - 1].type < linked->rrsets[i].type);
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		bool there = false;
		for (unsigned i = 0; i < 300 && !there; i++)
			there = i * 7919 % 1009 + 1 == type;
		const struct rrset *rrset = zone_rrset(linked, (uint16_t)type);
		assert_int_equal(rrset != NULL, there);
		assert_true(!rrset || (rrset->type == type && rrset->records == records));
	}
	zone_free(zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc4592),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_apex_dname),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_deepest),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_rrsets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
