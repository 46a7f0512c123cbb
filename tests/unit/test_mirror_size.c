/* How much memory an export takes while it is read, whatever is in it. */
#include "tests/unit/mirror_case.h"

/* Of the sanitizer, with which tests are built; gcc has no header for them. */
typedef void malloc_hook(const volatile void *octets, size_t size);
typedef void free_hook(const volatile void *octets);
extern int __sanitizer_install_malloc_and_free_hooks(malloc_hook *taken, free_hook *given);
extern size_t __sanitizer_get_allocated_size(const volatile void *octets);

enum { SIZE = 3000000 };

static size_t now, peak; /* octets allocated since a test began, and the most of them at a time */

static void room_take(const volatile void *octets, size_t size)
{
	(void)octets;
	now += size;
	peak = now > peak ? now : peak;
}

static void room_give(const volatile void *octets)
{
	size_t size = octets ? __sanitizer_get_allocated_size(octets) : 0;
	now -= size < now ? size : now;
}

#define BEGIN  "{\"format\":\"mirror-export/1\","
#define MIRROR "\"host\":\"a.example\",\"country\":\"DE\",\"state\":\"ok\""
#define GOOD   "\"mirrors\":[{" MIRROR ",\"ipv4\":[\"192.0.2.1\"]}]}"
#define MANY   "there are more than 1000000 "

/* A text of SIZE octets: `begin`, `unit` as often as there is room, `end`. # is the unit's
 * number. */
static const struct shape {
	const char *begin, *unit, *end;
	const char *why; /* NULL: it is taken */
} shapes[] = {
	/* Ignored members. */
	{BEGIN "\"x\":[", "{},", "0]," GOOD, NULL},
	{BEGIN "\"x\":[", "1,", "0]," GOOD, NULL},
	{BEGIN "\"x\":[", "\"\",", "0]," GOOD, NULL},
	{BEGIN "\"x\":[", "[[[[[[[[]]]]]]]],", "0]," GOOD, NULL},
	{BEGIN "\"x\":{", "\"k#\":1,", "\"k\":1}," GOOD, NULL},
	{BEGIN, "\"k#\":{},", GOOD, NULL},
	{BEGIN "\"x\":\"", "\\ud83d\\ude00", "\"," GOOD, NULL},
	{BEGIN "\"", "\\u0041", "\":1," GOOD, NULL},
	{BEGIN "\"x\":", "[", "", "more than 512 nested arrays and objects"},
	{BEGIN "\"x\":", "{\"a\":", "", "more than 512 nested arrays and objects"},
	{BEGIN "\"x\":[", "{},", "}", "unexpected token near '}'"},
	{BEGIN "\"mirrors\":[{", "\"k#\":[],", MIRROR ",\"ipv4\":[\"192.0.2.1\"]}]}", NULL},
	{BEGIN "\"mirrors\":[{\"x\":[", "{},", "0]," MIRROR ",\"ipv4\":[\"192.0.2.1\"]}]}", NULL},
	/* Members that count, of a wrong type or too long. */
	{BEGIN "\"serial\":[", "{},", "0]," GOOD, "serial is an array"},
	{BEGIN "\"mirrors\":{", "\"k#\":1,", "\"k\":1}}", "mirrors is an object"},
	{BEGIN "\"mirrors\":[", "1,", "0]}", MANY "mirrors"},
	{BEGIN "\"mirrors\":[{" MIRROR ",\"ipv4\":[", "1,", "1]}]}", MANY "addresses"},
	{BEGIN "\"mirrors\":[{" MIRROR ",\"ipv6\":[[", "1,", "1]]}]}", "ipv6 is an array"},
	{BEGIN "\"mirrors\":[{" MIRROR ",\"ipv6\":{", "\"k#\":1,", "\"k\":1}}]}", "ipv6 is an obj"},
	{BEGIN "\"mirrors\":[{\"host\":[", "1,", "1]}]}", "host is an array"},
	{BEGIN "\"mirrors\":[{\"host\":\"", "\xC3\xBC", "\"}]}", "host is \"\\u00FC"},
	{BEGIN "\"mirrors\":[{\"host\":\"", "\\n", "\"}]}", "host is \"\\n"},
	{BEGIN "\"mirrors\":[{" MIRROR ",\"ipv4\":[\"192.0.2.1\"],\"reason\":\"", "a", "\"}]}",
		NULL},
	{BEGIN "\"mirrors\":[{" MIRROR ",\"ipv4\":[\"192.0.2.1\"],\"reason\":\"", "\\u00e9",
		"\"}]}", NULL},
	{BEGIN "\"mirrors\":[{" MIRROR ",\"weight\":", "1", "}]}", "too big integer"},
	{"{\"format\":\"", "a", "\"}", "format is \"aaa"},
};

static char *shape_write(const struct shape *shape)
{
	char *text = malloc(SIZE + 1);
	size_t at = strlen(shape->begin), room = SIZE - strlen(shape->end) - 16;
	assert_non_null(text);
	memcpy(text, shape->begin, at);
	for (unsigned i = 0; at + strlen(shape->unit) < room; i++)
		for (const char *from = shape->unit; *from; from++) {
			if (*from == '#')
				at += (size_t)sprintf(text + at, "%u", i);
			else
				text[at++] = *from;
		}
	strcpy(text + at, shape->end);
	return text;
}

/* The text's own octets are part of the six. */
static void bound_check(const char *begin, size_t size, const struct mirrors *mirrors)
{
	size_t most = 6 * size + 512 * (mirrors ? mirrors->count + mirrors->address_count : 0);
	if (size + peak > most)
		fail_msg("%.60s: %zu octets of text took %zu more, expected at most %zu in all",
			begin, size, peak, most);
}

static void test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		const struct shape *shape = &shapes[i];
		char why[1024] = "", *text = shape_write(shape);
		size_t size = strlen(text);
		now = peak = 0;
		struct mirrors *mirrors = mirrors_parse(text, size, "m.json", why, sizeof(why));
		if (!mirrors != !!shape->why || (shape->why && !strstr(why, shape->why)))
			fail_msg("%.60s: %s", shape->begin, why);
		bound_check(shape->begin, size, mirrors);
		mirrors_free(mirrors);
		free(text);
	}
}

/* Mirrors as short as they can be, with every member that counts. */
static void test_mirrors(void **state)
{
	(void)state;
	char *text = NULL, why[512];
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	assert_non_null(file);
	fprintf(file, "%s\"mirrors\":[", BEGIN);
	for (unsigned i = 0; i < 20000; i++)
		fprintf(file,
			"%s{\"host\":\"%u\",\"country\":\"DE\",\"state\":\"ok\",\"weight\":1,"
			"\"reason\":\"\",\"since\":\"\",\"checked\":\"\",\"ipv4\":[\"10.1.%u.%u\"],"
			"\"ipv6\":[]}",
			i ? "," : "", i, i >> 8, i & 255);
	fprintf(file, "]}");
	fclose(file);
	now = peak = 0;
	struct mirrors *mirrors = mirrors_parse(text, size, "m.json", why, sizeof(why));
	assert_non_null(mirrors);
	assert_int_equal(mirrors->address_count, 20000);
	bound_check(text, size, mirrors);
	mirrors_free(mirrors);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_mirrors),
	};
	__sanitizer_install_malloc_and_free_hooks(room_take, room_give);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
