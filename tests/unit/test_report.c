/* The report: the JSON that the status page, /api/status and others read. */
#include "tests/unit/inventory_case.h"

#include "tools/monitor/page/report.h"

static const json_t *at(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);
	if (!value)
		fail_msg("%s is missing", key);
	return value;
}

static const char *text_at(const json_t *json, const char *key)
{
	const char *text = json_string_value(at(json, key));
	if (!text)
		fail_msg("%s is no string", key);
	return text;
}

static void test_everything(void **state)
{
	struct inventory_case *made = inventory_case_new();
	(void)state;
	made->settings.txt = made->settings.export; /* only that there is one */
	inventory_txt_take(&made->inventory, T0 - 100, "0.103:62:1:1:0:90:0:3");
	inventory_txt_take(&made->inventory, T0, "0.103:62:2:1:0:90:0:3");
	made->inventory.serial = 412;
	inventory_case_check(made, 0, "", T0 + 5);
	inventory_case_check(made, 0, "x", T0 + 6);
	made->inventory.targets[0]->versions[1] = 27446;
	json_t *report = report_new(&made->inventory, T0 + 10);
	assert_non_null(report);
	assert_string_equal(text_at(report, "zone"), "clamav.net");
	assert_string_equal(text_at(report, "version"), MIRRORNS_VERSION);
	assert_string_equal(text_at(report, "generated"), "2027-01-15T08:00:10Z");
	assert_int_equal(json_integer_value(at(report, "serial")), 412);
	assert_true(json_is_false(at(report, "suspect")));
	assert_string_equal(text_at(report, "why"), "");
	assert_int_equal(json_integer_value(at(report, "interval_seconds")), 600);
	assert_int_equal(json_integer_value(at(at(report, "counts"), "ok")), 1);
	assert_int_equal(json_integer_value(at(at(report, "counts"), "old")), 3);
	assert_int_equal(json_integer_value(at(at(report, "counts"), "removed")), 0);
	assert_int_equal(json_integer_value(at(at(report, "counts"), "disabled")), 1);
	const json_t *txt = at(report, "txt");
	assert_string_equal(text_at(txt, "value"), "0.103:62:2:1:0:90:0:3");
	assert_int_equal(json_array_size(at(txt, "history")), 2);
	const json_t *mirrors = at(report, "mirrors");
	assert_int_equal(json_array_size(mirrors), 4);
	const json_t *mirror = json_array_get(mirrors, 0);
	assert_string_equal(text_at(mirror, "host"), "a.example");
	assert_string_equal(text_at(mirror, "country"), "DE");
	assert_string_equal(text_at(mirror, "name"), "Germany");
	assert_int_equal(json_integer_value(at(mirror, "port")), 80);
	assert_int_equal(json_integer_value(at(mirror, "weight")), 100);
	assert_true(json_is_false(at(mirror, "disabled")));
	assert_int_equal(json_array_size(at(mirror, "downtime")), 0);
	assert_int_equal(json_array_size(at(mirror, "addresses")), 3);
	const json_t *address = json_array_get(at(mirror, "addresses"), 0);
	assert_string_equal(text_at(address, "address"), "192.0.2.1");
	assert_string_equal(text_at(address, "family"), "ipv4");
	assert_string_equal(text_at(address, "state"), "ok");
	assert_string_equal(text_at(address, "since"), "2027-01-15T08:00:05Z");
	assert_string_equal(text_at(address, "checked"), "2027-01-15T08:00:06Z");
	assert_string_equal(text_at(address, "reason"), "x");
	assert_int_equal(json_integer_value(at(address, "weight")), 100);
	assert_int_equal(json_integer_value(at(address, "milliseconds")), 25);
	assert_string_equal(text_at(address, "stamp"), "2027-01-15T08:00:05Z");
	assert_int_equal(json_integer_value(at(at(address, "versions"), "daily")), 27446);
	const json_t *days = at(address, "days"), *hours = at(address, "hours");
	assert_int_equal(json_array_size(days), 30);
	assert_int_equal(json_array_size(hours), 48);
	assert_true(json_is_null(json_array_get(days, 28)));
	assert_true(json_real_value(json_array_get(days, 29)) == 0.5);
	assert_int_equal(json_integer_value(json_array_get(hours, 47)), 25);
	/* Another day: what was today is yesterday. */
	json_decref(report);
	report = report_new(&made->inventory, T0 + DAY);
	address = json_array_get(at(json_array_get(at(report, "mirrors"), 0), "addresses"), 0);
	assert_true(json_real_value(json_array_get(at(address, "days"), 28)) == 0.5);
	assert_true(json_is_null(json_array_get(at(address, "days"), 29)));
	json_decref(report);
	inventory_case_free(made);
}

static void test_empty_places(void **state)
{
	struct inventory_case *made = inventory_case_new();
	(void)state;
	inventory_txt_take(&made->inventory, T0, "1:2:3");
	made->inventory.outage.active = true;
	snprintf(made->inventory.suspect_why, sizeof(made->inventory.suspect_why), "most fail");
	snprintf(made->inventory.targets[0]->reason, TARGET_REASON_MAX, "HTTP \xFF<b>");
	json_t *report = report_new(&made->inventory, T0 + 10);
	assert_true(json_is_null(at(report, "txt"))); /* not configured any more */
	assert_true(json_is_true(at(report, "suspect")));
	assert_string_equal(text_at(report, "why"), "most fail");
	const json_t *mirrors = at(report, "mirrors");
	const json_t *first = json_array_get(at(json_array_get(mirrors, 0), "addresses"), 0);
	assert_string_equal(text_at(first, "checked"), "");
	assert_string_equal(text_at(first, "stamp"), "");
	assert_string_equal(text_at(first, "reason"), "HTTP ?<b>"); /* as it came, but UTF-8 */
	assert_true(json_is_null(at(first, "milliseconds")));
	assert_true(json_is_null(at(first, "versions")));
	const json_t *second = json_array_get(mirrors, 1);
	assert_string_equal(
		text_at(json_array_get(at(second, "downtime"), 0), "from"), "2026-11-20T18:00:00Z");
	const json_t *named = json_array_get(mirrors, 3); /* its name has not been found */
	assert_int_equal(json_array_size(at(named, "addresses")), 0);
	assert_int_equal(json_array_size(at(report, "events")), 0);
	json_decref(report);
	inventory_case_free(made);
}

/* Newest first, and never more than there is room for. */
static void test_events(void **state)
{
	struct inventory_case *made = inventory_case_new();
	(void)state;
	for (int i = 0; i < INVENTORY_EVENTS_MAX + 5; i++) {
		inventory_case_check(made, 0, "", T0 + 10 * i);
		made->inventory.targets[0]->state = MIRROR_OLD;
	}
	json_t *report = report_new(&made->inventory, T0 + DAY);
	const json_t *events = at(report, "events"), *event = json_array_get(events, 0);
	assert_int_equal(json_array_size(events), INVENTORY_EVENTS_MAX);
	assert_string_equal(text_at(event, "at"), "2027-01-15T08:17:20Z");
	assert_string_equal(text_at(event, "host"), "a.example");
	assert_string_equal(text_at(event, "address"), "192.0.2.1");
	assert_string_equal(text_at(event, "country"), "DE");
	assert_string_equal(text_at(event, "from"), "old");
	assert_string_equal(text_at(event, "to"), "ok");
	assert_string_equal(text_at(event, "why"), "");
	json_decref(report);
	inventory_case_free(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_everything, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_empty_places, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_events, folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
