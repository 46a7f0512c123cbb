#include "tests/unit/folder_case.h"

#include "dns/base/file.h"
#include "tools/monitor/page/page.h"
#include "tools/monitor/page/parts.h"

static struct html html;

static int html_empty(void **state)
{
	(void)state;
	free(html.text);
	html = (struct html){.text = NULL};
	return 0;
}

static const char *said(void)
{
	assert_false(html.failed);
	return html.text ? html.text : "";
}

static void test_text(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{"clamav.example.de", "clamav.example.de"},
		{"<b a=\"1\" c='2'>&amp;", "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;"},
		{"a\tb\nc\x1b[31m\x7f", "a\uFFFDb\uFFFDc\uFFFD[31m\uFFFD"},
		{"\u202Egpj\u2066x\u200By\uFEFFz\u00ADw\u061C",
			"\uFFFDgpj\uFFFDx\uFFFDy\uFFFDz\uFFFDw\uFFFD"},
		{"\xC2\x80\xC2\x9F\xC2\xA0", "\uFFFD\uFFFD\xC2\xA0"},
		{"zażółć 漢字 🇩🇪", "zażółć 漢字 🇩🇪"},
		/* No UTF-8: a lone lead, a lone tail, an overlong '<', a surrogate, beyond
		 * U+10FFFF, cut off. */
		{"a\xC3z\x80z\xC0\xBCz", "a\uFFFDz\uFFFDz\uFFFD\uFFFDz"},
		{"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
		{"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
		{"\xE2\x82", "\uFFFD\uFFFD"},
		{"\xF0", "\uFFFD"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		html_empty(state);
		html_text(&html, rows[i].from);
		assert_string_equal(said(), rows[i].to);
	}
}

static void test_long_text(void **state)
{
	char *text = malloc(100001);
	(void)state;
	assert_non_null(text);
	memset(text, '<', 100000);
	text[100000] = '\0';
	html_text(&html, text);
	assert_int_equal(html.size, 400000);
	assert_int_equal(strlen(said()), 400000);
	html_clear(&html);
	assert_int_equal(html.size, 0);
	html_add(&html, "x");
	assert_string_equal(said(), "x");
	free(text);
}

static void test_times(void **state)
{
	int64_t now;
	static const struct {
		const char *time, *whole, *moment;
	} rows[] = {
		{"2026-11-20T17:59:31Z", "<time datetime=2026-11-20T17:59Z>2026-11-20 17:59</time>",
			"<time>17:59</time>"},
		{"2026-11-14T01:02:03Z", "<time datetime=2026-11-14T01:02Z>2026-11-14 01:02</time>",
			"<time>2026-11-14 01:02Z</time>"},
		{"2026-11-13T17:00:00Z", "<time datetime=2026-11-13T17:00Z>2026-11-13 17:00</time>",
			"<time>2026-11-13</time>"},
		{"1970-01-01T00:00:00Z", "–", "–"},
	};
	assert_true(stamp_parse("2026-11-20T18:00:00Z", &now));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t at;
		html_empty(state);
		assert_true(stamp_parse(rows[i].time, &at));
		html_time(&html, at);
		assert_string_equal(said(), rows[i].whole);
		html_clear(&html);
		html_moment(&html, at, now);
		assert_string_equal(said(), rows[i].moment);
	}
}

enum { NOW = 1795197600 };

/* The spans to NOW, the first of them first: rows like "30*1" and "2*null,1*0.5". */
static void spans_make(const char *text, struct target_span *spans, int64_t size, bool days)
{
	int64_t number = NOW / (days ? 86400 : 3600) - size + 1;
	memset(spans, 0, (size_t)size * sizeof(*spans));
	for (const char *at = text; *at;) {
		char *end;
		long count = strtol(at, &end, 10);
		assert_int_equal(*end, '*');
		bool null = strncmp(end + 1, "null", 4) == 0;
		double value = null ? 0 : strtod(end + 1, NULL);
		for (; count--; number++)
			if (!null)
				spans[number % size] =
					(struct target_span){number, days ? 10000 : 1,
						days ? (uint32_t)(value * 10000 + 0.5) : 1,
						days ? 0 : (uint64_t)value};
		at = end + strcspn(end, ",");
		at += *at == ',';
	}
}

static void test_days(void **state)
{
	static const struct {
		const char *days, *to;
	} rows[] = {
		{"30*1", "<svg role=none><path class=g d=\"M0 7h89\"/></svg>100 %"},
		{"29*1,1*0.9999", "<svg role=none><path class=g d=\"M0 7h89\"/></svg>99.9 %"},
		{"10*null,10*1,5*0.6,4*1,1*0",
			"<svg role=none><path class=g d=\"M30 7h29M75 7h11\"/>"
			"<path class=p d=\"M60 9.5h14\"/><path class=b d=\"M87 11.5h2\"/>"
			"<path class=n d=\"M0 13.5h29\"/></svg>85 %"},
		{"30*0", "<svg role=none><path class=b d=\"M0 11.5h89\"/></svg>0 %"},
		{"30*null", "<span class=q>no data</span>"},
		{"", "<span class=q>no data</span>"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct target_span days[TARGET_DAYS];
		spans_make(rows[i].days, days, TARGET_DAYS, true);
		html_empty(state);
		html_days(&html, days, NOW);
		assert_string_equal(said(), rows[i].to);
		html_clear(&html); /* as many days later nothing of it is known */
		html_days(&html, days, NOW + TARGET_DAYS * 86400);
		assert_string_equal(said(), "<span class=q>no data</span>");
	}
}

static void test_hours(void **state)
{
	static const struct {
		const char *hours;
		unsigned step;
		const char *to;
	} rows[] = {
		{"48*100", 1, "M0 1l94 0"}, {"48*25", 1, "M0 7l94 0"}, /* half of the least scale */
		{"24*100,24*50", 1, "M0 1l46 0 2 6 46 0"}, {"10*null,1*100,37*null", 1, "M20 1h0"},
		{"10*100,3*null,35*50", 1, "M0 1l18 0M26 7l68 0"},
		{"20*0,1*200,27*0", 1, "M0 13l38 0 2-12 2 12 52 0"},
		{"24*100,24*50", 3, "M0 1l42 0 6 6 42 0"}, {"3*null,3*100,42*null", 3, "M6 1h0"},
		{"2*null,1*100,45*50", 3, "M0 1l6 6 84 0"}, /* of what is known */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char expected[200];
		struct target_span hours[TARGET_HOURS];
		spans_make(rows[i].hours, hours, TARGET_HOURS, false);
		html_empty(state);
		html_hours(&html, hours, NOW, rows[i].step);
		snprintf(expected, sizeof(expected), "<svg role=none><path d=\"%s\"/></svg>",
			rows[i].to);
		assert_string_equal(said(), expected);
		html_clear(&html);
		html_hours(&html, hours, NOW + TARGET_HOURS * 3600, rows[i].step);
		assert_string_equal(said(), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_text, html_empty),
		cmocka_unit_test_teardown(test_long_text, html_empty),
		cmocka_unit_test_teardown(test_times, html_empty),
		cmocka_unit_test_teardown(test_days, html_empty),
		cmocka_unit_test_teardown(test_hours, html_empty),
	};
	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
