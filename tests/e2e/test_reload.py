"""Files that change while serving: by themselves, by SIGHUP, well or badly."""

import os
import resource
import signal
import time

import dns.rcode
import pytest

import mmdb
from packet import addresses
from test_metrics import look
from world import (TXT_BLOCK, ZONE, eventually, export_text, many_mirrors, mirror, mirrors_of,
                   timestamp, version_string)

NETWORKS = [("81.2.0.0/16", "DE"), ("5.0.0.0/8", "US")]
MIRRORS = [*mirrors_of("DE", 10, "198.18.1"), *mirrors_of("US", 2, "198.18.2")]


def changed(number, count=10):
    """An export whose German mirrors can be recognised by its number."""
    return [*mirrors_of("DE", count, f"198.18.{number}"), *mirrors_of("US", 2, "198.18.2")]


@pytest.fixture
def world(make_world):
    return make_world(mirrors=MIRRORS, networks=NETWORKS, overrides="127.0.0.0/8,DE\n").start()


def sighup(world, *fragments):
    """Asks for a reload and waits for the log line that has these fragments."""
    mark = world.mark()
    world.kill(signal.SIGHUP)
    return world.wait_log(*fragments, since=mark)


def served(world):
    """All addresses that db.de.big has."""
    return world.members("db.de.big")


# --- an export that changes --------------------------------------------------------------------


def test_rename(world):
    mark = world.mark()
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")
    assert len(served(world)) == 10
    assert world.wait_log("clamav.net", "m1.de.example", since=mark)


def test_rewrite_in_place(world):
    world.write("mirrors.json", export_text(changed(50)))
    world.wait_served("198.18.50.1", "db.de.big")


def test_rewrite_in_place_in_pieces(world):
    """A half-written file is refused when it is seen; the old export is served until the end."""
    text = export_text(changed(50))
    mark = world.mark()
    with open(world.path("mirrors.json"), "w") as file:
        for start in range(0, len(text) // 2, 300):
            file.write(text[start:min(start + 300, len(text) // 2)])
            file.flush()
            assert "198.18.1.1" in served(world)
        world.wait_log("mirrors.json", since=mark)
        assert "198.18.1.1" in served(world) and len(served(world)) == 10
        file.write(text[len(text) // 2:])
    world.wait_served("198.18.50.1", "db.de.big")


def test_delete_and_come_back(world):
    mark = world.mark()
    os.unlink(world.path("mirrors.json"))
    world.wait_log("mirrors.json", since=mark)
    assert "198.18.1.1" in served(world)
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")
    os.unlink(world.path("mirrors.json"))
    world.write("mirrors.json", export_text(changed(51)))
    world.wait_served("198.18.51.1", "db.de.big")


def test_symlink_switch(make_world):
    """The export is a link that is renamed over, from one file to another."""
    world = make_world(mirrors=MIRRORS)
    world.path("mirrors.json").rename(world.path("v1.json"))
    os.symlink("v1.json", world.path("mirrors.json"))
    world.start()
    for i in range(2, 5):
        world.write(f"v{i}.json", export_text(changed(50 + i)))
        os.symlink(f"v{i}.json", world.path("link"))
        os.rename(world.path("link"), world.path("mirrors.json"))
        world.wait_served(f"198.18.{50 + i}.1", "db.de.big")
    world.write("v4.json", export_text(changed(60)))
    world.wait_served("198.18.60.1", "db.de.big")


def test_folder_link_switch(make_world):
    """A link above the export is switched, as release folders are."""
    world = make_world(mirrors=MIRRORS)
    for i in (1, 2):
        world.path(f"release{i}").mkdir()
        world.write(f"release{i}/mirrors.json", export_text(changed(50 + i)))
    os.symlink("release1", world.path("live"))
    world.blocks = world.blocks.replace('"mirrors.json"', '"live/mirrors.json"')
    world.configure()
    world.start()
    assert "198.18.51.1" in served(world)
    os.symlink("release2", world.path("link"))
    os.rename(world.path("link"), world.path("live"))
    world.wait_served("198.18.52.1", "db.de.big")


def test_folder_replaced(make_world):
    """The folder of the export is moved away and another one takes its name."""
    world = make_world(mirrors=MIRRORS)
    world.path("live").mkdir()
    world.write("live/mirrors.json", export_text(changed(51)))
    world.blocks = world.blocks.replace('"mirrors.json"', '"live/mirrors.json"')
    world.configure()
    world.start()
    os.rename(world.path("live"), world.path("dead"))
    world.path("live").mkdir()
    world.write("live/mirrors.json", export_text(changed(52)))
    world.wait_served("198.18.52.1", "db.de.big")


def test_burst(world):
    """Many changes at once become few reloads, and the last one is served."""
    mark = world.mark()
    for i in range(60):
        world.export(changed(100 + i))
    world.wait_served("198.18.159.1", "db.de.big")
    assert len(world.lines("clamav.net", since=mark)) <= 6, "60 renames"


def test_other_files_beside_it_do_not_matter(world):
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")
    mark = world.mark()
    for i in range(20):
        world.write(f"unrelated{i}", "x")
        world.replace("mirrors.json.tmp", "garbage")
    world.export(changed(51))
    world.wait_served("198.18.51.1", "db.de.big")
    assert not world.lines("unrelated", since=mark) and not world.lines("json.tmp", since=mark)


def test_change_is_one_log_line(world):
    """Mirrors in, out and changed, by host and why."""
    mirrors = changed(1)
    mirrors[0].update(state="removed", reason="timestamp two days old")
    mirrors[1].update(state="old")
    mirrors[2:3] = []
    mirrors.append(mirror("new.de.example", "DE", "198.18.77.1"))
    mark = world.mark()
    world.export(mirrors)
    line = world.wait_log("new.de.example", since=mark)
    for fragment in ("m1.de.example", "timestamp two days old", "m2.de.example", "m3.de.example"):
        assert fragment in line, line
    assert "m4.de.example" not in line
    world.wait_log("new.de.example", since=mark, count=1)


# --- exports that are refused ------------------------------------------------------------------


def with_first(**members):
    mirrors = [dict(entry) for entry in changed(50)]
    mirrors[0].update(members)
    return export_text(mirrors)


# What takes the place of the export (made when it is due: it has the time in it), and what the
# log must name.
REFUSED_EXPORTS = {
    "empty file": (lambda: "", ()),
    "cut off": (lambda: export_text(changed(50))[:-200], ()),
    "data after the end": (lambda: export_text(changed(50)) + "{}", ()),
    "a key twice": (lambda: with_first().replace('"state"', '"host": "x", "state"', 1), ("host",)),
    "wrong format": (lambda: export_text(changed(50), format="mirror-export/2"), ("format",)),
    "an empty list": (lambda: export_text([]), ("mirrors",)),
    "bad address": (lambda: with_first(ipv4=["198.18.50.256"]), ("m1.de.example", "198.18.50.256")),
    "bad country": (lambda: with_first(country="ZZ"), ("m1.de.example", "country", "ZZ")),
    "bad state": (lambda: with_first(state="fine"), ("m1.de.example", "state", "fine")),
    "bad weight": (lambda: with_first(weight=1001), ("m1.de.example", "weight", "1001")),
    "duplicate address": (lambda: with_first(ipv4=["198.18.50.2"]), ("198.18.50.2",)),
    "too many gone": (lambda: export_text(changed(50, 3)), ("max-shrink",)),
    "negative serial": (lambda: export_text(changed(50), serial=-1), ("serial",)),
    "generated before": (lambda: export_text(changed(50), generated=timestamp(-7200)), ("generated",)),
    "generated ahead": (lambda: export_text(changed(50), generated=timestamp(7200)), ("generated",)),
    "no text": (lambda: b"\xff\xfe\x00\x01" * 100, ()),
}


@pytest.mark.parametrize("case", REFUSED_EXPORTS)
def test_refused_export(world, case):
    """The old one is served on, one line says why, the next good one is taken."""
    content, fragments = REFUSED_EXPORTS[case]
    mark = world.mark()
    world.replace("mirrors.json", content())
    line = world.wait_log("mirrors.json", *fragments, since=mark)
    assert "198.18.1.1" in served(world) and len(served(world)) == 10, line
    assert addresses(world.ask("db.us"))
    world.export(changed(51))
    world.wait_served("198.18.51.1", "db.de.big")
    world.wait_log("mirrors.json", *fragments, "stays", since=mark, count=1)


def test_too_large_an_export(make_world):
    world = make_world(mirrors=MIRRORS, max_file_size="8K").start()
    mark = world.mark()
    world.export(changed(50, 200))
    world.wait_log("mirrors.json", "max-file-size", since=mark)
    assert "198.18.1.1" in served(world)


def test_too_large_a_kept_export(make_world):
    world = make_world(mirrors=MIRRORS, max_file_size="8K").start()
    world.wait_kept("198.18.1.1")
    world.stop()
    kept = next(path for path in world.path("state").iterdir() if "198.18.1.1" in path.read_text())
    world.write("mirrors.json", "[]")
    assert world.check().returncode == 0
    with open(kept, "a") as file:
        file.write(" " * 8192)
    done = world.check()
    assert done.returncode == 2 and "no earlier copy" in done.stderr.splitlines()[-1], done
    sentence = f"{kept}: is larger than 8192 octets, expected at most that; the file is ignored"
    assert sentence in done.stderr, done


def test_an_export_that_is_no_file(world):
    mark = world.mark()
    os.unlink(world.path("mirrors.json"))
    os.mkfifo(world.path("mirrors.json"))
    world.wait_log("mirrors.json", since=mark)
    os.unlink(world.path("mirrors.json"))
    world.path("mirrors.json").mkdir()
    mark = world.mark()
    world.kill(signal.SIGHUP)
    world.wait_log("mirrors.json", since=mark)
    assert "198.18.1.1" in served(world)
    world.path("mirrors.json").rmdir()
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")


def test_serial_and_generated(world):
    """Lower is refused, equal and higher are taken."""
    for i, (serial, good) in enumerate([(5, True), (5, True), (4, False), (6, True)]):
        mark = world.mark()
        before = served(world)
        world.export(changed(60 + i), serial=serial)
        if good:
            world.wait_served(f"198.18.{60 + i}.1", "db.de.big")
        else:
            line = world.wait_log("serial", since=mark)
            assert str(serial) in line and served(world) == before


def test_generated_within_the_hour(make_world):
    world = make_world(mirrors=MIRRORS)
    world.export(MIRRORS, generated=timestamp(-600))
    world.start()
    world.export(changed(50), generated=timestamp(-600))
    world.wait_served("198.18.50.1", "db.de.big")
    mark = world.mark()
    world.export(changed(51), generated=timestamp(-601))
    world.wait_log("generated", since=mark)
    world.export(changed(52), generated=timestamp(+3000))
    world.wait_served("198.18.52.1", "db.de.big")
    mark = world.mark()
    world.export(changed(53), generated=timestamp(+4000))
    world.wait_log("generated", since=mark)
    assert "198.18.52.1" in served(world)


def only(count, total=10, state="removed"):
    """The first `count` of the German mirrors in service, the others not."""
    mirrors = mirrors_of("DE", total, "198.18.1")
    for entry in mirrors[count:]:
        entry["state"] = state
    return mirrors


@pytest.mark.parametrize("state", ["removed", "disabled"])
def test_shrink(make_world, state):
    """Half may go, more may not; `old` counts as in service."""
    world = make_world(mirrors=only(10)).start()
    world.export(only(5, state="old"))
    world.export(only(5, state=state))
    eventually(lambda: len(served(world)) == 5, "five mirrors")
    world.export(only(10))
    eventually(lambda: len(served(world)) == 10, "ten mirrors")
    mark = world.mark()
    world.export(only(4, state=state))
    line = world.wait_log("max-shrink", since=mark)
    assert "10" in line and "4" in line and len(served(world)) == 10


def test_shrink_against_the_largest_of_the_day(make_world):
    """Step by step does not get around it."""
    world = make_world(mirrors=only(10)).start()
    world.export(only(6))
    eventually(lambda: len(served(world)) == 6, "six mirrors")
    mark = world.mark()
    world.export(only(4))
    world.wait_log("max-shrink", since=mark)
    assert len(served(world)) == 6
    world.export(only(5))
    eventually(lambda: len(served(world)) == 5, "five mirrors")


@pytest.mark.parametrize("limit, count, good", [
    (100, 0, True), (0, 9, False), (10, 9, True), (10, 8, False)])
def test_max_shrink(make_world, limit, count, good):
    world = make_world(mirrors=only(10), zone_options=f"\tmax-shrink = {limit}\n").start()
    mark = world.mark()
    world.export(only(count) + [mirror("x.example", "FR", "198.18.7.1", state="removed")])
    if good:
        world.wait_log("x.example", since=mark)
        assert len(served(world)) == (count or 10), "with none in service the pool fails open"
    else:
        world.wait_log("max-shrink", since=mark)
        assert len(served(world)) == 10


# --- the state directory -----------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["missing", "empty", "bad", "folder"])
def test_start_with_the_kept_export(world, damage):
    world.wait_kept("m7.de.example")
    world.stop()
    os.unlink(world.path("mirrors.json"))
    if damage == "folder":
        world.path("mirrors.json").mkdir()
    elif damage != "missing":
        world.write("mirrors.json", "" if damage == "empty" else export_text([{"host": "x"}]))
    mark = world.mark()
    world.start()
    assert len(served(world)) == 10
    assert world.wait_log("mirrors.json", since=mark), "it says so"
    if damage == "folder":
        world.path("mirrors.json").rmdir()
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")


@pytest.mark.parametrize("damage", ["missing", "empty", "bad"])
def test_start_with_neither(make_world, damage):
    world = make_world(mirrors=MIRRORS)
    if damage == "missing":
        os.unlink(world.path("mirrors.json"))
    else:
        world.write("mirrors.json", "" if damage == "empty" else "{")
    for done in (world.run(), world.check()):
        assert done.returncode == 2, done.stderr
        assert "mirrors.json" in done.stderr.strip().splitlines()[-1]


def test_a_kept_export_that_is_damaged(world):
    """What is kept is judged as well: with the file on disk good, it is not needed."""
    world.wait_kept("m7.de.example")
    world.stop()
    for path in world.path("state").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:40] + b"\0garbage")
    world.export(changed(50))
    world.start()
    assert "198.18.50.1" in served(world)


@pytest.mark.parametrize("case", ["serial", "generated", "shrink", "ahead"])
def test_the_rules_hold_across_a_restart(make_world, case):
    world = make_world(mirrors=MIRRORS)
    world.export(MIRRORS, serial=10)
    world.start()
    world.wait_kept("m7.de.example")
    world.stop()
    world.export(**{
        "serial": {"mirrors": changed(50), "serial": 9},
        "generated": {"mirrors": changed(50), "serial": 11, "generated": timestamp(-7200)},
        "shrink": {"mirrors": changed(50, 3), "serial": 11},
        "ahead": {"mirrors": changed(50), "serial": 11, "generated": timestamp(7200)},
    }[case])
    mark = world.mark()
    world.start()
    fragment = {"ahead": "generated", "shrink": "max-shrink"}.get(case, case)
    world.wait_log("mirrors.json", fragment, since=mark)
    assert "198.18.1.1" in served(world) and len(served(world)) == 10
    world.export(changed(51), serial=12)
    world.wait_served("198.18.51.1", "db.de.big")


def test_the_largest_of_the_day_is_remembered(make_world):
    world = make_world(mirrors=only(10)).start()
    world.export(only(6))
    eventually(lambda: len(served(world)) == 6, "six mirrors")
    world.stop()
    world.export(only(4))
    mark = world.mark()
    world.start()
    world.wait_log("max-shrink", since=mark)
    assert len(served(world)) == 6


def test_a_state_directory_that_cannot_be_written(make_world):
    """Said, not fatal: the export on disk is good."""
    world = make_world(mirrors=MIRRORS, state_dir="nowhere/state").start()
    assert len(served(world)) == 10
    world.wait_log("state")
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")


# --- TXT ---------------------------------------------------------------------------------------


def string(world, name="current.cvd"):
    message = world.ask(name, "TXT", tcp=True)
    return b"".join(message.answer[0][0].strings).decode() if message.answer else None


def test_no_descriptor_is_left(make_world):
    """What cannot be read for a reason that passes is read again, although it does not change: export, TXT, overrides."""
    world = make_world()
    world.metrics = world.free_port()
    world.fill(mirrors=mirrors_of("DE", 2, "198.18.1"), overrides="127.0.0.0/8,DE\n",
               metrics=f"127.0.0.1:{world.metrics}").start()
    limits = resource.prlimit(world.process.pid, resource.RLIMIT_NOFILE)
    used = {int(name) for name in os.listdir(f"/proc/{world.process.pid}/fd")}
    first_free = min(set(range(max(used) + 2)) - used)
    mark, new = world.mark(), version_string(28035)
    resource.prlimit(world.process.pid, resource.RLIMIT_NOFILE, (first_free, limits[1]))
    try:
        for name, text in (("mirrors.json", export_text(mirrors_of("DE", 2, "198.18.2"))),
                           ("dns.txt", new + "\n"), ("overrides.csv", "127.0.0.0/8,FR\n")):
            world.replace(name, text)
            world.wait_log(f"{name}: cannot be opened: Too many open files; the ", since=mark)
        begin = time.monotonic()
        while time.monotonic() - begin < 2.5:  # it is tried again
            assert set(addresses(world.ask("db.de"))) == {"198.18.1.1", "198.18.1.2"}
    finally:
        resource.prlimit(world.process.pid, resource.RLIMIT_NOFILE, limits)
    world.wait_served("198.18.2.1", "db.de")
    eventually(lambda: string(world) == new, "the string")
    world.wait_log("Overrides loaded from", since=mark)
    world.wait_log("mirrors.json: cannot be opened", since=mark, count=1)  # however often it is tried
    seen = look(world)
    assert seen.get("export_refused_total", zone="clamav.net") == 1
    assert seen.get("reloads_total", result="partly") == 3


def test_txt_changes(world):
    for i, text in enumerate((version_string(1), "one line", "with spaces and \"quotes\"", "x" * 400)):
        if i % 2:
            world.write("dns.txt", text + "\n")
        else:
            world.replace("dns.txt", text + "\nsecond line\n")
        eventually(lambda: string(world) == text, lambda: f"{text!r}: {world.log()}")
    world.replace("dns.txt", "dos line\r\n")
    eventually(lambda: string(world) == "dos line", "CR before LF dropped")
    world.replace("dns.txt", "no newline")
    eventually(lambda: string(world) == "no newline", "a last line without its end")
    world.replace("dns.txt", "Grüße\n")
    eventually(lambda: string(world) == "Grüße", "octets beyond ASCII")


@pytest.mark.parametrize("content", [
    "", "\n", "\r\n", "\nsecond\n", "tab\there\n", "bell\x07\n", "cr\rwithin\n", "del\x7f\n", "nul\0\n",
    "1.0.9:63::1781708400:1:90:49192:339\n",
])
def test_refused_txt(world, content):
    before = string(world)
    mark = world.mark()
    world.replace("dns.txt", content)
    world.wait_log("dns.txt", since=mark)
    assert string(world) == before
    world.replace("dns.txt", version_string(9) + "\n")
    eventually(lambda: ":9:" in string(world), "the next good one")


def test_an_empty_field_is_good_without_max_age(make_world):
    world = make_world(mirrors=MIRRORS)
    world.blocks = world.blocks.replace(TXT_BLOCK, '\ttxt "current.cvd" { file = "dns.txt" }\n')
    world.configure()
    world.write("dns.txt", "a::b\n")
    world.start()
    assert string(world) == "a::b"


@pytest.mark.parametrize("content", [None, "", "bad\x01\n"])
def test_no_txt_at_all(make_world, content):
    """That name is SERVFAIL, the rest is served; the file is taken when it comes."""
    world = make_world(mirrors=MIRRORS)
    os.unlink(world.path("dns.txt"))
    if content is not None:
        world.write("dns.txt", content)
    world.start()
    world.wait_log("dns.txt")
    for kind in ("TXT", "ANY", "A"):
        assert world.ask("current.cvd", kind).rcode() == dns.rcode.SERVFAIL
    assert len(served(world)) == 10 and addresses(world.ask("www"))
    world.replace("dns.txt", "here it is\n")
    eventually(lambda: world.ask("current.cvd", "TXT").rcode() == 0, "the string")
    assert string(world) == "here it is"


def test_kept_txt(world):
    text = string(world)
    world.wait_kept(text)
    os.unlink(world.path("dns.txt"))
    world.wait_log("dns.txt")
    assert string(world) == text
    world.stop()
    mark = world.mark()
    world.start()
    world.wait_log("dns.txt", since=mark)
    assert string(world) == text


WITHDRAW = '\ttxt "daily.cvd" { file = "daily.txt"  max-age = "2s"  stale = "withdraw" }\n'


def test_stale_withdraw(make_world):
    """Older than max-age, by the file's time: gone until it is refreshed."""
    world = make_world(mirrors=MIRRORS, zone_options=WITHDRAW)
    world.write("daily.txt", "28034:1\n")
    world.start()
    assert string(world, "daily.cvd") == "28034:1"
    eventually(lambda: world.ask("daily.cvd", "TXT").rcode() == dns.rcode.NXDOMAIN, "withdrawn")
    assert world.ask("current.cvd", "TXT").answer
    world.replace("daily.txt", "28035:1\n")
    eventually(lambda: string(world, "daily.cvd") == "28035:1", "back")


def test_stale_withdraw_at_a_start_and_beside_other_data(make_world):
    """By field 3 where there are four fields; NODATA where the name has other data."""
    world = make_world(mirrors=MIRRORS, zone_options=WITHDRAW, zone=ZONE + "daily.cvd MX 1 www\n")
    world.write("daily.txt", f"1:2:3:{int(time.time()) - 100}\n")
    world.start()
    message = world.ask("daily.cvd", "TXT")
    assert message.rcode() == 0 and not message.answer and message.authority
    assert world.ask("daily.cvd", "MX").answer
    world.replace("daily.txt", f"1:2:3:{int(time.time()) + 1000}\n")
    eventually(lambda: string(world, "daily.cvd"), "back")


# --- the database and the overrides ------------------------------------------------------------


def place(world, subnet="81.2.69.0/24"):
    return addresses(world.ask("db.local", ecs=subnet))[0].rsplit(".", 1)[0]


@pytest.mark.parametrize("damage", [
    "truncated", "emptied", "overwritten", "deleted", "halved by rename"])
def test_the_database_is_damaged_in_place(world, damage):
    """It was read once: nothing that happens to the file changes an answer, or kills."""
    path = world.path("country.mmdb")
    mark = world.mark()
    if damage == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    elif damage == "emptied":
        os.truncate(path, 0)
    elif damage == "overwritten":
        with open(path, "r+b") as file:
            file.write(b"\xa5" * path.stat().st_size)
    elif damage == "deleted":
        os.unlink(path)
    else:
        world.replace("country.mmdb", path.read_bytes()[: path.stat().st_size // 2])
    for _ in range(50):
        assert place(world) == "198.18.1" and place(world, "5.1.0.0/16") == "198.18.2"
    world.wait_log("country.mmdb", since=mark)
    assert place(world) == "198.18.1"
    sighup(world, "country.mmdb")
    assert place(world) == "198.18.1"
    world.replace("country.mmdb", mmdb.write([("81.2.0.0/16", "US")]))
    eventually(lambda: place(world) == "198.18.2", "the next good database")


def test_the_database_changes(world):
    world.replace("country.mmdb", mmdb.write([("81.2.0.0/16", "US")], record_size=28))
    eventually(lambda: place(world) == "198.18.2", "81.2/16 in the USA")
    world.write("country.mmdb", mmdb.write(NETWORKS, record_size=32, flat=True))
    eventually(lambda: place(world) == "198.18.1", "81.2/16 in Germany")


def test_overrides_change(world):
    world.replace("overrides.csv", "127.0.0.0/8,DE\n81.2.69.0/24,US\n")
    eventually(lambda: place(world) == "198.18.2", "the override")
    assert place(world, "81.2.70.0/24") == "198.18.1"
    mark = world.mark()
    world.replace("overrides.csv", "127.0.0.0/8,DE\n81.2.69.1/24,US\n")
    world.wait_log("overrides.csv:2", since=mark)
    assert place(world) == "198.18.2"
    world.write("overrides.csv", "# none\n")
    eventually(lambda: place(world) == "198.18.1", "no override")
    mark = world.mark()
    os.unlink(world.path("overrides.csv"))
    world.wait_log("overrides.csv", since=mark)
    assert place(world) == "198.18.1"


# --- SIGHUP ------------------------------------------------------------------------------------


def test_zone_file_on_sighup_only(world):
    world.write("clamav.net.zone", ZONE + "fresh A 192.0.2.77\n")
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")
    assert world.ask("fresh").rcode() == dns.rcode.NXDOMAIN, "a half-edited zone is not taken along"
    world.kill(signal.SIGHUP)
    eventually(lambda: addresses(world.ask("fresh")) == ["192.0.2.77"], "the new record")
    assert "198.18.50.1" in served(world)


def test_half_edited_files_do_not_stop_an_export(world):
    world.write("clamav.net.zone", "half edi")
    world.write("mirrorns.conf", "zone { broken")
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")
    assert addresses(world.ask("www"))


def test_refused_zone_file_on_sighup(world):
    world.write("clamav.net.zone", ZONE + "bad A 1.2.3.4.5\n")
    number = len((ZONE + "x").splitlines())
    sighup(world, f"clamav.net.zone:{number}")
    assert addresses(world.ask("www")) == ["192.0.2.80"]
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")
    world.write("clamav.net.zone", ZONE + "good A 1.2.3.4\n")
    world.kill(signal.SIGHUP)
    eventually(lambda: addresses(world.ask("good")), "the mended zone")


def test_configuration_on_sighup(world):
    world.blocks = world.blocks.replace('from = "world"', 'from = "country:US"')
    world.configure()
    assert len(world.members("db.other")) > 2
    world.kill(signal.SIGHUP)
    eventually(lambda: world.members("db.other") == {"198.18.2.1", "198.18.2.2"}, "the new pool")
    world.write("mirrorns.conf", "nonsense = 1\n")
    sighup(world, "mirrorns.conf:1", "nonsense")
    assert world.members("db.other") == {"198.18.2.1", "198.18.2.2"}


def test_a_new_zone_and_new_files_on_sighup(world):
    """What a new configuration names is served, and followed from then on."""
    world.blocks = world.blocks.replace("mirrors.json", "other.json") + (
        'zone "example.org" {\n\tfile = "example.zone"\n}\n')
    world.write("example.zone", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n")
    world.write("other.json", export_text(changed(70)))
    world.configure()
    world.kill(signal.SIGHUP)
    eventually(lambda: addresses(world.ask("ns.example.org.")), "the new zone")
    assert "198.18.70.1" in served(world)
    world.export(changed(71), "other.json")
    world.wait_served("198.18.71.1", "db.de.big")


def test_what_needs_a_restart_is_said(make_world):
    world = make_world(mirrors=MIRRORS).start()
    for name, value in (("listen", [f"127.0.0.1:{world.port}", f"127.0.0.7:{world.port}"]),
                        ("workers", 2), ("user", "nobody"), ("socket-affinity", True)):
        before = world.options.get(name, False)
        world.options[name] = value
        world.configure()
        line = sighup(world, name, "restart")
        assert line
        world.options[name] = before
    assert addresses(world.ask("db.de"))


def test_a_refused_export_does_not_stop_the_rest(world):
    """SIGHUP: the zone is taken, the export keeps its last good copy, and the log names it."""
    world.write("clamav.net.zone", ZONE + "fresh A 192.0.2.77\n")
    world.write("mirrors.json", "{}")
    sighup(world, "mirrors.json")
    eventually(lambda: addresses(world.ask("fresh")), "the new record")
    assert "198.18.1.1" in served(world)


def test_many_sighups(world):
    for i in range(30):
        world.kill(signal.SIGHUP)
        assert addresses(world.ask("db.de"))
    world.export(changed(50))
    world.wait_served("198.18.50.1", "db.de.big")


def test_termination_during_a_reload(make_world):
    """SIGTERM while a large export is being built: ends with 0, nothing lost of what is kept."""
    world = make_world(mirrors=MIRRORS, zone_options="\tmax-shrink = 100\n").start()
    world.wait_kept("m7.de.example")
    world.replace("mirrors.json", export_text(many_mirrors(20000, "DE")))
    world.kill(signal.SIGHUP)
    world.stop()
    os.unlink(world.path("mirrors.json"))
    world.start()
    assert addresses(world.ask("db.de")), "what is kept is whole: the old one or the new one"
