/* The state file: what comes back after a restart, and what becomes of files that are no good. */
#include "tests/unit/inventory_case.h"

#include "dns/base/file.h"
#include "tools/monitor/state/store.h"

#include <dirent.h>
#include <sqlite3.h>

static char path[FOLDER_PATH_MAX];

static struct state *opened(void)
{
	struct state *state = state_open(folder_path(path, "s.sqlite"), why, sizeof(why));
	if (!state)
		fail_msg("%s", why);
	return state;
}

static void saved(struct state *state, struct inventory *inventory)
{
	if (!state_save(state, inventory, why, sizeof(why)))
		fail_msg("%s", why);
}

/* What a new process would know. */
struct memory {
	struct inventory inventory;
	struct target **targets;
	size_t count;
};

static struct memory *remember(struct state *state)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	assert_non_null(memory);
	assert_true(state_load(state, &memory->inventory, &memory->targets, &memory->count));
	return memory;
}

static void forget(struct memory *memory)
{
	for (size_t i = 0; i < memory->count; i++)
		free(memory->targets[i]);
	free(memory->targets);
	free(memory);
}

static const struct target *find(const struct memory *memory, const struct target *like)
{
	for (size_t i = 0; i < memory->count; i++)
		if (address_compare(&memory->targets[i]->address, &like->address) == 0)
			return memory->targets[i];
	fail_msg("a target is gone");
	return NULL;
}

/* How many files of the folder begin so? */
static size_t files_like(const char *start)
{
	size_t count = 0;
	DIR *listed = opendir(folder);
	assert_non_null(listed);
	for (struct dirent *entry = readdir(listed); entry; entry = readdir(listed))
		count += strncmp(entry->d_name, start, strlen(start)) == 0;
	closedir(listed);
	return count;
}

static void target_check_same(const struct target *a, const struct target *b)
{
	assert_string_equal(a->host, b->host);
	assert_string_equal(a->reason, b->reason);
	assert_string_equal(a->fault, b->fault);
	assert_int_equal(a->stale, b->stale);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->before, b->before);
	assert_int_equal(a->since, b->since);
	assert_int_equal(a->counting, b->counting);
	assert_int_equal(a->first_seen, b->first_seen);
	assert_int_equal(a->checked, b->checked);
	assert_int_equal(a->last_good, b->last_good);
	assert_int_equal(a->failing_since, b->failing_since);
	assert_int_equal(a->stamp, b->stamp);
	assert_int_equal(a->returned, b->returned);
	assert_int_equal(a->good_run, b->good_run);
	assert_int_equal(a->milliseconds, b->milliseconds);
	assert_int_equal(a->in_sample, b->in_sample);
	assert_memory_equal(a->versions, b->versions, sizeof(a->versions));
	assert_memory_equal(a->days, b->days, sizeof(a->days));
	assert_memory_equal(a->hours, b->hours, sizeof(a->hours));
}

static void test_round_trip(void **unused)
{
	struct inventory_case *made = inventory_case_new();
	struct state *state = opened();
	(void)unused;
	for (int i = 0; i < 40; i++) { /* days and hours come round */
		inventory_case_check(made, 0, i % 3 ? "" : "x", T0 + i * DAY + i * HOUR);
		saved(state, &made->inventory);
	}
	made->inventory.targets[1]->in_sample = true;
	made->inventory.targets[1]->versions[2] = 339;
	made->inventory.targets[1]->changed = true;
	made->inventory.serial = 412;
	made->inventory.generated = T0 + 9;
	made->inventory.alive = T0 + 8;
	made->inventory.outage = (struct outage){.active = true, .stale = true, .since = T0 + 7};
	assert_true(inventory_txt_take(&made->inventory, T0, "1:2:3"));
	assert_true(inventory_txt_take(&made->inventory, T0 + 1, "1:2:4:100:1"));
	saved(state, &made->inventory);
	assert_false(inventory_txt_take(&made->inventory, T0 + 2, "1:2:4:100:1"));
	assert_false(made->inventory.txt_renewed);
	assert_false(
		inventory_txt_take(&made->inventory, T0 + 2, "1:2:4:2000:1")); /* its time alone */
	saved(state, &made->inventory);
	assert_false(made->inventory.txt_renewed);
	assert_false(made->inventory.targets[1]->changed);
	state_close(state);
	state = opened();
	struct memory *memory = remember(state);
	assert_int_equal(memory->count, INVENTORY_TARGETS);
	for (size_t i = 0; i < INVENTORY_TARGETS; i++)
		target_check_same(
			find(memory, made->inventory.targets[i]), made->inventory.targets[i]);
	assert_int_equal(memory->inventory.serial, 412);
	assert_int_equal(memory->inventory.generated, T0 + 9);
	assert_int_equal(memory->inventory.alive, T0 + 8);
	assert_true(memory->inventory.outage.active && memory->inventory.outage.stale);
	assert_int_equal(memory->inventory.outage.since, T0 + 7);
	assert_int_equal(memory->inventory.txt_count, 2);
	assert_string_equal(memory->inventory.txts[0].value, "1:2:4:2000:1");
	assert_int_equal(memory->inventory.txts[0].since, T0 + 1);
	assert_string_equal(memory->inventory.txts[1].value, "1:2:3");
	assert_true(inventory_txt_take(&memory->inventory, T0 + 3, "1:2:4:2000:0"));
	assert_true(inventory_txt_take(&memory->inventory, T0 + 3, "1:2:4:2000"));
	assert_true(inventory_txt_take(&memory->inventory, T0 + 3, "1:2:40:2000"));
	assert_true(inventory_txt_take(&memory->inventory, T0 + 3, "1:2:4:"));
	assert_int_equal(memory->inventory.event_count, made->inventory.event_count);
	for (size_t i = 0; i < made->inventory.event_count; i++) {
		assert_int_equal(memory->inventory.events[i].at, made->inventory.events[i].at);
		assert_int_equal(memory->inventory.events[i].to, made->inventory.events[i].to);
		assert_string_equal(memory->inventory.events[i].why, made->inventory.events[i].why);
	}
	assert_int_equal(memory->inventory.event_fresh, 0);
	forget(memory);
	state_close(state);
	inventory_case_free(made);
}

static void test_forget(void **unused)
{
	struct inventory_case *made = inventory_case_new();
	struct state *state = opened();
	(void)unused;
	saved(state, &made->inventory);
	state_forget(state, made->inventory.targets[4]);
	free(made->inventory.targets[--made->inventory.count]);
	saved(state, &made->inventory);
	struct memory *memory = remember(state);
	assert_int_equal(memory->count, INVENTORY_TARGETS - 1);
	forget(memory);
	state_close(state);
	inventory_case_free(made);
}

/* Files that are no state of ours are set aside, and a new one is begun. */
static void test_aside(void **unused)
{
	static const struct {
		const char *name, *octets;
		size_t size;
	} rows[] = {
		{"text", "this is no database, whatever its name says, and is longer than a header",
			72},
		{"header alone", "SQLite format 3\0\x10\0\1\1\0\x40\x20\x20", 24},
	};
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct inventory_case *made = inventory_case_new();
		folder_write("s.sqlite", rows[i].octets, rows[i].size);
		struct state *state = opened();
		saved(state, &made->inventory);
		struct memory *memory = remember(state);
		assert_int_equal(memory->count, INVENTORY_TARGETS);
		forget(memory);
		state_close(state);
		assert_int_equal(files_like("s.sqlite.corrupt-"), i + 1);
		inventory_case_free(made);
	}
}

static void test_foreign(void **unused)
{
	sqlite3 *base;
	(void)unused;
	assert_int_equal(sqlite3_open(folder_path(path, "s.sqlite"), &base), SQLITE_OK);
	assert_int_equal(sqlite3_exec(base, "CREATE TABLE t (x); INSERT INTO t VALUES (1)", NULL,
				 NULL, NULL),
		SQLITE_OK);
	sqlite3_close(base);
	assert_true(state_check(path, why, sizeof(why)));
	assert_non_null(strstr(why, "is a database of another program; a start renames it"));
	state_close(opened());
	assert_int_equal(files_like("s.sqlite.corrupt-"), 1);
}

static void test_newer(void **unused)
{
	sqlite3 *base;
	(void)unused;
	state_close(opened());
	assert_int_equal(sqlite3_open(folder_path(path, "s.sqlite"), &base), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(base, "PRAGMA user_version = 9", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(base);
	assert_null(state_open(path, why, sizeof(why)));
	assert_non_null(strstr(why, "file version 9 is from a newer mirrorns-monitor, "
				    "expected at most version 3"));
	assert_false(state_check(path, why, sizeof(why)));
	assert_int_equal(files_like("s.sqlite.corrupt-"), 0);
}

/* A file of version 1, which has only a sentence for what `stale` is. */
static void test_older(void **unused)
{
	struct inventory_case *made = inventory_case_new();
	struct state *state = opened();
	sqlite3 *base;
	(void)unused;
	saved(state, &made->inventory);
	state_close(state);
	assert_int_equal(sqlite3_open(path, &base), SQLITE_OK);
	assert_int_equal(sqlite3_exec(base,
				 "ALTER TABLE targets DROP COLUMN stale;"
				 "ALTER TABLE targets DROP COLUMN warned; PRAGMA user_version = 1;"
				 "UPDATE targets SET fault = 'timestamp: found \" 1 day old or "
				 "older\"';"
				 "UPDATE targets SET fault = 'timestamp 2027-01-12T08:00:00Z is 1 "
				 "day old or older; the mirror''s clock is 1 day behind' "
				 "WHERE address = '192.0.2.1'",
				 NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(base);
	assert_true(state_check(path, why, sizeof(why)));
	for (int i = 0; i < 2; i++) {
		state = opened();
		struct memory *memory = remember(state);
		assert_int_equal(memory->count, INVENTORY_TARGETS);
		for (size_t at = 0; at < memory->count; at++) {
			char text[ADDRESS_TEXT_MAX];
			address_write(&memory->targets[at]->address, text);
			assert_int_equal(
				memory->targets[at]->stale, strcmp(text, "192.0.2.1") == 0);
		}
		forget(memory);
		state_close(state);
	}
	inventory_case_free(made);
}

/* A file of version 2, which knows of no warnings. */
static void test_old(void **unused)
{
	struct inventory_case *made = inventory_case_new();
	struct state *state = opened();
	sqlite3 *base;
	(void)unused;
	saved(state, &made->inventory);
	state_close(state);
	assert_int_equal(sqlite3_open(path, &base), SQLITE_OK);
	assert_int_equal(sqlite3_exec(base,
				 "UPDATE targets SET stale = 1;"
				 "ALTER TABLE targets DROP COLUMN warned; PRAGMA user_version = 2;",
				 NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(base);
	for (int i = 0; i < 2; i++) {
		state = opened();
		struct memory *memory = remember(state);
		assert_int_equal(memory->count, INVENTORY_TARGETS);
		for (size_t at = 0; at < memory->count; at++)
			assert_true(memory->targets[at]->stale && !memory->targets[at]->warned);
		forget(memory);
		state_close(state);
	}
	inventory_case_free(made);
}

/* A page in the middle is overwritten while we run: the next writes find out, and all is written
 * anew. */
static void test_corrupt_meanwhile(void **unused)
{
	struct inventory_case *made = inventory_case_new();
	struct state *state = opened();
	(void)unused;
	made->inventory.serial = 77;
	saved(state, &made->inventory);
	state_close(state);
	struct file file;
	assert_true(file_read(&file, folder_path(path, "s.sqlite"), 1 << 24, why, sizeof(why)));
	state = opened();
	/* Another writer makes SQLite read again what it had in memory. */
	sqlite3 *other;
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(other, "INSERT INTO monitor VALUES ('x', 1)", NULL, NULL, NULL),
		SQLITE_OK);
	memset(file.bytes + 4096, 0xA5, file.size - 4096);
	folder_write("s.sqlite", file.bytes, file.size);
	free(file.bytes);
	for (size_t i = 0; i < made->inventory.count; i++)
		made->inventory.targets[i]->changed = true;
	saved(state, &made->inventory);
	assert_true(files_like("s.sqlite.corrupt-") >= 1);
	struct memory *memory = remember(state);
	assert_int_equal(memory->count, INVENTORY_TARGETS);
	assert_int_equal(memory->inventory.serial, 77);
	forget(memory);
	state_close(state);
	sqlite3_close(other);
	inventory_case_free(made);
}

/* Removed, or moved, while we run. */
static void test_lost(void **unused)
{
	struct inventory_case *made = inventory_case_new();
	struct state *state = opened();
	(void)unused;
	inventory_case_check(made, 0, "", T0);
	saved(state, &made->inventory);
	assert_int_equal(unlink(path), 0);
	saved(state, &made->inventory);
	struct memory *memory = remember(state);
	assert_int_equal(memory->count, INVENTORY_TARGETS);
	target_check_same(find(memory, made->inventory.targets[0]), made->inventory.targets[0]);
	assert_int_equal(memory->inventory.event_count, 1);
	forget(memory);
	state_close(state);
	inventory_case_free(made);
}

static void test_one_monitor(void **unused)
{
	struct state *state = opened();
	(void)unused;
	assert_null(state_open(path, why, sizeof(why)));
	assert_non_null(strstr(why, "in use by another mirrorns-monitor"));
	state_close(state);
	state_close(opened());
}

/* Rows that somebody has edited: nothing out of range comes in. */
static void test_edited(void **unused)
{
	struct inventory_case *made = inventory_case_new();
	struct state *state = opened();
	sqlite3 *base;
	(void)unused;
	saved(state, &made->inventory);
	state_close(state);
	assert_int_equal(sqlite3_open(path, &base), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(base,
			"UPDATE targets SET state = 77, before = -1, since = -5, good_run = "
			"1 << 40, reason = hex(randomblob(500));"
			"INSERT INTO targets SELECT host, 'nowhere', reason, fault, 1, 0, 0, "
			"0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM targets LIMIT 1;"
			"INSERT INTO spans VALUES ('a.example', '192.0.2.1', 'day', 3, -3, 9, "
			"99, 1), ('a.example', '192.0.2.1', 'day', 4, 34, 1, 99, 1);"
			"INSERT INTO monitor VALUES ('nothing', 1), ('serial', -7)"
			" ON CONFLICT (key) DO UPDATE SET value = -7",
			NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(base);
	state = opened();
	struct memory *memory = remember(state);
	assert_int_equal(memory->count, INVENTORY_TARGETS);
	assert_int_equal(memory->inventory.serial, 0);
	for (size_t i = 0; i < memory->count; i++) {
		assert_int_equal(memory->targets[i]->state, MIRROR_OLD);
		assert_int_equal(memory->targets[i]->before, MIRROR_OK);
		assert_int_equal(memory->targets[i]->since, 0);
		assert_int_equal(memory->targets[i]->good_run, 0);
		assert_int_equal(strlen(memory->targets[i]->reason), TARGET_REASON_MAX - 1);
	}
	const struct target *target = find(memory, made->inventory.targets[0]);
	assert_int_equal(target->days[3].number, 0);
	assert_int_equal(target->days[4].good, 1);
	forget(memory);
	state_close(state);
	inventory_case_free(made);
}

static void test_check(void **unused)
{
	struct inventory_case *made = inventory_case_new();
	(void)unused;
	assert_true(state_check(folder_path(path, "s.sqlite"), why, sizeof(why)));
	assert_non_null(strstr(why, "does not exist, a start creates it"));
	assert_int_equal(files_like("s.sqlite"), 0);
	struct state *state = opened();
	saved(state, &made->inventory);
	assert_true(state_check(path, why, sizeof(why))); /* also while it is in use */
	assert_non_null(strstr(why, "5 known addresses"));
	state_close(state);
	assert_false(state_check("/nonexistent/s.sqlite", why, sizeof(why)));
	assert_non_null(strstr(why, "/nonexistent/s.sqlite: cannot be opened: No such file"));
	assert_int_equal(mkdir(folder_path(path, "taken"), 0755), 0);
	assert_false(state_check(path, why, sizeof(why)));
	assert_non_null(strstr(why, "taken: cannot be opened: Is a directory"));
	assert_null(state_open("/nonexistent/s.sqlite", why, sizeof(why)));
	assert_non_null(strstr(why, "/nonexistent/s.sqlite: cannot be opened: No such file"));
	inventory_case_free(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_forget, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_aside, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_foreign, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_newer, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_old, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_older, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_corrupt_meanwhile, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_lost, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_one_monitor, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_edited, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_check, folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
