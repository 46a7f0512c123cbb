/* The export: what is in it, when it is written, its serial and time; each is read as a server
 * reads it. */
#include "tests/unit/inventory_case.h"

#include "dns/base/file.h"
#include "geo/stamp.h"
#include "tools/monitor/export/export.h"

#include <sys/stat.h>
#include <time.h>
#include <utime.h>

static struct mirrors *export_read(const char *path)
{
	struct file file;
	if (!file_read(&file, path, 1 << 20, why, sizeof(why)))
		fail_msg("%s", why);
	struct mirrors *mirrors = mirrors_parse(file.bytes, file.size, path, why, sizeof(why));
	free(file.bytes);
	if (!mirrors)
		fail_msg("%s", why);
	return mirrors;
}

static enum export_outcome publish(
	struct inventory_case *made, struct export_file *disk, int64_t now)
{
	disk->path = made->settings.export;
	enum export_outcome outcome = publish_write(&made->inventory, disk, now, why, sizeof(why));
	if (outcome == EXPORT_FAILED)
		fail_msg("%s", why);
	return outcome;
}

static void test_entries(void **state)
{
	struct inventory_case *made = inventory_case_new();
	struct export_file disk = {.serial = 0};
	(void)state;
	inventory_case_check(made, 0, "", T0 + 5);
	inventory_case_check(made, 2, "", T0 + 9);
	inventory_case_check(made, 1, "HTTP 503", T0 + 7);
	assert_int_equal(publish(made, &disk, T0 + 10), EXPORT_WRITTEN);
	struct mirrors *mirrors = export_read(disk.path);
	assert_int_equal(mirrors->count, 4);
	assert_int_equal(mirrors->address_count, INVENTORY_TARGETS);
	assert_int_equal(mirrors->generated, T0 + 10);
	const struct mirror *mirror = &mirrors->list[0];
	assert_string_equal(mirror->host, "a.example");
	assert_int_equal(mirror->state, MIRROR_OK);
	assert_string_equal(mirror->since, "2027-01-15T08:00:05Z");
	assert_string_equal(mirror->checked, "2027-01-15T08:00:09Z");
	assert_string_equal(mirror->reason, "");
	assert_int_equal(mirror->weight, 100);
	assert_int_equal(mirrors->addresses[0].at.octets[3], 1);
	assert_true(mirrors->addresses[1].at.ipv6 && mirrors->addresses[1].mirror == 0);
	mirror++;
	assert_string_equal(mirror->host, "a.example");
	assert_int_equal(mirror->state, MIRROR_OLD);
	assert_string_equal(mirror->reason, "never reached yet: HTTP 503");
	mirror++;
	assert_string_equal(mirror->host, "b.example");
	assert_int_equal(mirror->state, MIRROR_OLD);
	assert_string_equal(mirror->checked, "");
	assert_int_equal(mirror->weight, 50);
	mirror++;
	assert_int_equal(mirror->state, MIRROR_DISABLED);
	assert_string_equal(mirror->reason, "disabled by hand");
	mirrors_free(mirrors);
	export_file_free(&disk);
	inventory_case_free(made);
}

/* What a name alone leads to is in no export before it was good once; what an export had, was. */
static void test_named(void **state)
{
	struct inventory_case *made = inventory_case_new();
	struct export_file disk = {.serial = 0};
	const struct list_mirror *named = &made->mirror_list->list[3];
	struct address addresses[2] = {{.octets = {9, 9, 9, 1}}, {.octets = {9, 9, 9, 2}}};
	(void)state;
	for (size_t i = 0; i < INVENTORY_TARGETS; i++)
		free(made->inventory.targets[i]);
	made->inventory.count = 2;
	for (size_t i = 0; i < 2; i++)
		made->inventory.targets[i] = target_new(named, &addresses[i], T0);
	disk.path = made->settings.export;
	/* Nobody to write of, and the first check is still to come. */
	assert_int_equal(publish(made, &disk, T0), EXPORT_SAME);
	inventory_case_check(made, 0, "HTTP 503", T0 + 1);
	inventory_case_check(made, 1, "HTTP 503", T0 + 1);
	assert_int_equal(
		publish_write(&made->inventory, &disk, T0 + 1, why, sizeof(why)), EXPORT_FAILED);
	inventory_case_check(made, 1, "", T0 + 2);
	assert_int_equal(publish(made, &disk, T0 + 2), EXPORT_WRITTEN);
	struct mirrors *mirrors = export_read(disk.path);
	assert_int_equal(mirrors->address_count, 1);
	assert_int_equal(mirrors->addresses[0].at.octets[3], 2);
	mirrors_free(mirrors);
	/* It stays there whatever becomes of it; the other one is still out, also when it is given
	 * up. */
	inventory_case_check(made, 0, "HTTP 503", T0 + 3 * DAY);
	inventory_case_check(made, 1, "HTTP 503", T0 + 3 * DAY);
	inventory_case_check(made, 1, "HTTP 503", T0 + 5 * DAY);
	assert_int_equal(made->inventory.targets[0]->state, MIRROR_REMOVED);
	assert_int_equal(publish(made, &disk, T0 + 5 * DAY), EXPORT_WRITTEN);
	mirrors = export_read(disk.path);
	assert_int_equal(mirrors->address_count, 1);
	assert_int_equal(mirrors->list[0].state, MIRROR_OLD);
	mirrors_free(mirrors);
	made->inventory.targets[0]->exported = true;
	assert_int_equal(publish(made, &disk, T0 + 5 * DAY + 1), EXPORT_WRITTEN);
	mirrors = export_read(disk.path);
	assert_int_equal(mirrors->address_count, 2);
	mirrors_free(mirrors);
	export_file_free(&disk);
	inventory_case_free(made);
}

/* Written when something but `checked` has changed, or five minutes are over. */
static void test_when(void **state)
{
	struct inventory_case *made = inventory_case_new();
	struct export_file disk = {.serial = 0};
	(void)state;
	inventory_case_check(made, 0, "", T0);
	assert_int_equal(publish(made, &disk, T0), EXPORT_WRITTEN);
	int64_t serial = disk.serial;
	inventory_case_check(made, 0, "", T0 + 100);
	assert_int_equal(publish(made, &disk, T0 + 100), EXPORT_SAME);
	inventory_case_check(made, 0, "x", T0 + 101); /* ok as yet: nothing to tell servers */
	assert_int_equal(publish(made, &disk, T0 + 101), EXPORT_SAME);
	inventory_case_check(made, 1, "HTTP 500", T0 + 102);
	assert_int_equal(publish(made, &disk, T0 + 102), EXPORT_WRITTEN);
	assert_int_equal(disk.serial, serial + 1);
	assert_int_equal(publish(made, &disk, T0 + 401), EXPORT_SAME);
	assert_int_equal(publish(made, &disk, T0 + 402), EXPORT_WRITTEN);
	assert_int_equal(made->inventory.serial, serial + 2);
	assert_int_equal(made->inventory.exports, 3);
	/* Somebody has removed it. */
	assert_int_equal(unlink(disk.path), 0);
	assert_int_equal(publish(made, &disk, T0 + 403), EXPORT_WRITTEN);
	assert_int_equal(disk.serial, serial + 3);
	export_file_free(&disk);
	inventory_case_free(made);
}

/* Somebody replaces, damages or deletes it: what is not the same is written again. */
static void test_lost(void **state)
{
	struct inventory_case *made = inventory_case_new();
	struct export_file disk = {.serial = 0};
	char path[FOLDER_PATH_MAX];
	static const char other[] =
		"{\"format\": \"mirror-export/1\", \"mirrors\": [{\"host\": \"x\", "
		"\"country\": \"DE\", \"state\": \"ok\", \"ipv4\": [\"192.0.2.9\"]}]}";
	(void)state;
	assert_int_equal(publish(made, &disk, T0), EXPORT_WRITTEN);
	assert_false(export_file_lost(&disk));
	int64_t serial = disk.serial;
	folder_write("copy", disk.text, strlen(disk.text));
	assert_int_equal(utime(folder_path(path, "copy"), &(struct utimbuf){T0, T0}), 0);
	assert_int_equal(rename(folder_path(path, "copy"), disk.path), 0);
	assert_false(export_file_lost(&disk));
	made->inventory.exported = 0;
	assert_int_equal(publish(made, &disk, T0 + 1), EXPORT_SAME);
	assert_int_equal(made->inventory.exported, T0); /* that is what is there */
	folder_write(
		"mirrors.json", other, sizeof(other) - 1); /* an export: it has its five minutes */
	assert_false(export_file_lost(&disk));
	assert_int_equal(publish(made, &disk, T0 + 2), EXPORT_WRITTEN);
	serial++;
	folder_write("mirrors.json", "{", 1);
	assert_true(export_file_lost(&disk));
	assert_int_equal(publish(made, &disk, T0 + 2), EXPORT_WRITTEN);
	assert_int_equal(unlink(disk.path), 0);
	assert_true(export_file_lost(&disk));
	assert_int_equal(publish(made, &disk, T0 + 3), EXPORT_WRITTEN);
	assert_false(export_file_lost(&disk));
	assert_int_equal(disk.serial, serial + 2);
	export_file_free(&disk);
	inventory_case_free(made);
}

/* Serials end: an equal one is taken, a lower one would not be. */
static void test_last_serial(void **state)
{
	struct inventory_case *made = inventory_case_new();
	struct export_file disk = {.serial = INT64_MAX - 1};
	(void)state;
	for (int i = 0; i < 2; i++) {
		inventory_case_check(made, (size_t)i, "", T0 + i);
		assert_int_equal(publish(made, &disk, T0 + i), EXPORT_WRITTEN);
		struct mirrors *mirrors = export_read(disk.path);
		assert_true(mirrors->serial == INT64_MAX);
		mirrors_free(mirrors);
	}
	export_file_free(&disk);
	inventory_case_free(made);
}

/* A restart with the export there: nothing is written twice; without the state the serial is that
 * of the export. */
static void test_restart(void **state)
{
	struct inventory_case *made = inventory_case_new();
	struct export_file disk = {.serial = 0}, again = {.serial = 0};
	int64_t now = time(NULL);
	(void)state;
	assert_int_equal(publish(made, &disk, now), EXPORT_WRITTEN);
	assert_true(disk.serial >= now); /* nothing was known: above whatever was before */
	disk.serial = 411;
	made->inventory.serial = 0;
	inventory_case_check(made, 0, "", now);
	assert_int_equal(publish(made, &disk, now), EXPORT_WRITTEN);
	assert_int_equal(disk.serial, 412);
	assert_int_equal(publish(made, &again, now + 1), EXPORT_SAME);
	assert_int_equal(again.serial, 412);
	assert_non_null(strstr(again.text, "\"serial\": 412,"));
	inventory_case_check(made, 0, "", now + 2);
	made->inventory.serial = 500; /* the state knows better */
	inventory_case_check(made, 1, "", now + 2);
	assert_int_equal(publish(made, &again, now + 2), EXPORT_WRITTEN);
	assert_int_equal(again.serial, 501);
	/* Another writer was here, and then somebody who writes nonsense. */
	assert_int_equal(publish(made, &disk, now + 3), EXPORT_SAME);
	assert_int_equal(disk.serial, 501);
	folder_write("mirrors.json", "nonsense", 8);
	assert_int_equal(publish(made, &disk, now + 4), EXPORT_WRITTEN);
	assert_int_equal(disk.serial, 502);
	export_file_free(&disk);
	export_file_free(&again);
	inventory_case_free(made);
}

static void test_clock(void **state)
{
	struct inventory_case *made = inventory_case_new();
	struct export_file disk = {.serial = 0};
	(void)state;
	assert_int_equal(publish(made, &disk, T0), EXPORT_WRITTEN);
	/* A few minutes back: generated stands still. */
	assert_int_equal(publish(made, &disk, T0 - 600), EXPORT_WRITTEN);
	assert_int_equal(disk.generated, T0);
	assert_int_equal(publish(made, &disk, T0 - 599), EXPORT_SAME);
	/* A year ahead, and back: what nobody has accepted does not hold us. */
	assert_int_equal(publish(made, &disk, T0 + 365 * DAY), EXPORT_WRITTEN);
	assert_int_equal(publish(made, &disk, T0 + 900), EXPORT_WRITTEN);
	assert_int_equal(disk.generated, T0 + 900);
	export_file_free(&disk);
	inventory_case_free(made);
}

static void test_ramp(void **state)
{
	struct inventory_case *made = inventory_case_new();
	struct export_file disk = {.serial = 0};
	unsigned written = 0;
	(void)state;
	for (size_t i = 0; i < 3; i++)
		inventory_case_check(made, i, "", T0);
	made->inventory.targets[1]->state = MIRROR_REMOVED;
	inventory_case_check(made, 1, "", T0 + 10);
	assert_int_equal(publish(made, &disk, T0 + 10), EXPORT_WRITTEN);
	struct mirrors *mirrors = export_read(disk.path);
	assert_int_equal(mirrors->list[0].weight, 67); /* of 100, 1 and 100 */
	mirrors_free(mirrors);
	assert_int_equal(publish_weight(&made->inventory, 2, T0 + 10), 67);
	for (int64_t now = T0 + 10; now <= T0 + 10 + HOUR; now++)
		written += publish(made, &disk, now) == EXPORT_WRITTEN;
	mirrors = export_read(disk.path);
	assert_int_equal(mirrors->list[0].weight, 100);
	assert_in_range(written, 20, 32); /* twenty steps, and each five minutes */
	mirrors_free(mirrors);
	export_file_free(&disk);
	inventory_case_free(made);
}

static void test_refused(void **state)
{
	struct inventory_case *made = inventory_case_new();
	struct export_file disk = {.path = made->settings.export};
	size_t count = made->inventory.count;
	(void)state;
	made->inventory.count = 0;
	assert_int_equal(
		publish_write(&made->inventory, &disk, T0, why, sizeof(why)), EXPORT_FAILED);
	assert_non_null(strstr(why, "not written: no mirror has an address that is listed or "
				    "has passed a check, and servers refuse"));
	assert_int_not_equal(access(disk.path, F_OK), 0);
	made->inventory.count = count;
	char nowhere[] = "/nonexistent/mirrors.json";
	struct export_file lost = {.path = nowhere};
	assert_int_equal(
		publish_write(&made->inventory, &lost, T0, why, sizeof(why)), EXPORT_FAILED);
	assert_non_null(strstr(why, "/nonexistent/mirrors.json.new: cannot be written: No such"));
	export_file_free(&disk);
	export_file_free(&lost);
	inventory_case_free(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_entries, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_named, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_when, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_lost, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_last_serial, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_restart, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_clock, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_ramp, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_refused, folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
