"""mirrorns-cvd: the version string from a directory of databases; what refuses it; --watch, --verify-mirrors and --names; and
that the server and the real client take what it writes."""

import functools
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

import cvd_mirrors
import tracing
from cvd import Cvd, header
from story import Stories
from test_freshclam import COMPLAINTS, VERSIONS, freshclam  # noqa: F401
from world import die_with_parent, eventually, export_text, mirror

def trace_me():
    die_with_parent()
    tracing.trace_me()


FIELDS = ("1.0.9", "63", "28034", "1", "90", "49192", "339")


@pytest.fixture
def cvd(program, tmp_path):
    """A directory of good databases."""
    made = Cvd(tmp_path, program)
    yield made
    made.close()


@pytest.fixture
def ships():
    made = cvd_mirrors.Fleet()
    yield made
    made.close()


class Yard:
    """Databases of a story's own, and mirrors for it."""

    def __init__(self, program, root):
        self.cvd, self.ships = Cvd(root, program), cvd_mirrors.Fleet()

    def close(self):
        try:
            self.cvd.close()
        finally:
            self.ships.close()


STORIES = Stories(Yard)


def story(work):
    """What takes seconds by its nature: all of them at once."""
    return STORIES.add(functools.wraps(work)(lambda yard: work(yard.cvd, yard.ships)))


def without_time(fields):
    return tuple(fields[:3] + fields[4:])


def assert_fresh(fields, seconds=30):
    assert abs(int(fields[3]) - time.time()) <= seconds


# --- one string ----------------------------------------------------------------------------


def test_printed(cvd):
    output, said = cvd.run("db", "--version", "1.0.9")
    assert re.fullmatch(r"1\.0\.9:63:28034:\d{10}:1:90:0:339\n", output) and not said
    assert_fresh(output.split(":"))
    assert {path.name for path in cvd.root.iterdir()} == {"db"}


def test_written(cvd):
    """All that is not said stays as it is in the file; the higher one of .cvd and .cld wins."""
    cvd.string("1.0.9", 62, 28000, 0, 85, 49192, 330)
    cvd.put("daily.cld", 28035, 91)
    assert cvd.run("db", "-o", "dns.txt") == ("", "")
    fields = cvd.fields()
    assert without_time(fields) == ("1.0.9", "63", "28035", "0", "91", "49192", "339")
    assert_fresh(fields)
    cvd.run("db", "--warn", 1, "--flevel=80", "--version", "1.4.0", "--safebrowsing", 49193, "-o",
            "dns.txt")
    assert without_time(cvd.fields()) == ("1.4.0", "63", "28035", "1", "80", "49193", "339")
    for field in (1, 2, 6, 7):
        assert cvd.fields()[field].isdigit()


def test_the_first_string(cvd):
    assert cvd.refused("db", "-o", "dns.txt", status=2) == (
        "dns.txt: does not exist, --version V is required")
    assert cvd.refused("db", status=2) == (
        "--version V is required: there is no existing string to take it from")
    cvd.run("db", "-o", "dns.txt", "--version", "1.0.9")
    assert without_time(cvd.fields()) == ("1.0.9", "63", "28034", "1", "90", "0", "339")


def test_words(cvd):
    output, said = cvd.run("--help")
    assert output.startswith("usage: mirrorns-cvd DIR ") and "--verify-mirrors EXPORT\n" in output
    assert cvd.run("-h") == (output, "") and not said
    assert re.fullmatch(r"mirrorns-cvd [\d.]+\n", cvd.run("-V")[0])
    assert cvd.refused("db", "--nonsense", status=2) == (
        'unknown option "--nonsense": see mirrorns-cvd --help')
    assert cvd.refused(status=2).startswith("DIR, the database directory, is missing")
    assert cvd.refused("db", "--watch", "--version", 1, status=2) == (
        "--watch requires -o")
    assert cvd.refused("db", "--\x1b[31m", status=2) == (
        'unknown option "--?[31m": see mirrorns-cvd --help')
    with open("/dev/full", "w") as full:
        done = subprocess.run([cvd.program, "db", "--version", "1"], cwd=cvd.root, stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (
        1, "mirrorns-cvd: cannot write the output\n")


def test_too_long(cvd):
    cvd.string()
    assert cvd.refused("db", "-o", "dns.txt", "--version", "v" * 230) == (
        "the version string exceeds 255 octets, the maximum that clients read: use a shorter --version")


def test_a_symbolic_link_stays_one(cvd):
    cvd.string(name="real.txt")
    (cvd.root / "dns.txt").symlink_to("real.txt")
    cvd.put("daily.cvd", 28035)
    cvd.run("db", "-o", "dns.txt")
    assert (cvd.root / "dns.txt").is_symlink() and cvd.fields("real.txt")[2] == "28035"


# --- refusals ------------------------------------------------------------------------------


def spoil(path, how):
    """Puts something else where a database was."""
    if path.exists() or path.is_symlink():
        path.unlink()
    if how == "directory":
        path.mkdir()
    elif how == "fifo":
        os.mkfifo(path)
    elif how == "loop":
        path.symlink_to(path.name)
    elif how == "nowhere":
        path.symlink_to("nowhere")
    elif how == "huge":
        path.write_bytes(header(28034))
        os.truncate(path, 1 << 40)
    elif isinstance(how, bytes):
        path.write_bytes(how)


@pytest.mark.parametrize("how, sentence", [
    (None, "db: found neither daily.cvd nor daily.cld, expected one of them"),
    (b"", "db/daily.cvd: found 0 octets, expected a header of 512"),
    (header(1)[:511], "db/daily.cvd: found 511 octets, expected a header of 512"),
    (bytes(4096), 'db/daily.cvd: does not begin with "ClamAV-VDB:", expected the header of a database'),
    (header("28035x"), 'db/daily.cvd: the header\'s version is "28035x", expected digits, at most 2147483647'),
    (header(9999999999), 'db/daily.cvd: the header\'s version is "9999999999", expected digits, at most '
     "2147483647"),
    (header(0), 'db/daily.cvd: the header\'s version is "0", expected at least 1'),
    ("huge", "db/daily.cvd: found 1099511627776 octets, expected at most 2147483647: some clients "
     "cannot open a larger file"),
    ("directory", "db/daily.cvd: is a directory, expected a regular file"),
    ("fifo", "db/daily.cvd: is a FIFO, expected a regular file"),
    ("nowhere", "db/daily.cvd: is a dangling symbolic link, expected a file"),
    ("loop", "db/daily.cvd: cannot be opened: Too many levels of symbolic links"),
], ids=lambda value: None if isinstance(value, bytes) else str(value)[:24].replace("/", "-"))
def test_a_bad_database(cvd, how, sentence):
    cvd.string()
    spoil(cvd.root / "db" / "daily.cvd", how)
    assert cvd.refused("db", "-o", "dns.txt", "--force") == sentence
    assert cvd.refused("db", "--version", "1") == sentence


def test_unreadable(cvd, open_folder):
    """For a user who is not root, for whom everything is readable."""
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    program = shutil.copy(cvd.program, open_folder)
    shutil.copytree(cvd.root / "db", open_folder / "db")
    (open_folder / "db" / "main.cvd").chmod(0)
    assert cvd.refused(open_folder / "db", "--version", 1, prefix=user, program=program) == (
        f"{open_folder}/db/main.cvd: cannot be opened: Permission denied")
    (open_folder / "db").chmod(0)
    assert cvd.refused(open_folder / "db", "--version", 1, prefix=user, program=program) == (
        f"{open_folder}/db/main.cvd: cannot be opened: Permission denied")
    (open_folder / "db").chmod(0o755)


def test_the_directory(cvd):
    assert cvd.refused("nowhere", "--version", 1, status=2) == (
        "nowhere: cannot be opened: No such file or directory")
    assert cvd.refused("db/main.cvd", "--version", 1, status=2) == (
        "db/main.cvd: is a file, expected a directory")


@pytest.mark.parametrize("text, sentence", [
    ("", "the first line is empty, expected a version string"),
    ("nonsense\n", "found 1 field, expected a version string of 8 (4 at least)"),
    ("1.0.9:63::5:1:90:0:339\n", 'field 2 (daily) is "", expected digits, at most 2147483647'),
    ("1.0.9:63:28034:5:yes:90:0:339\n", 'field 4 (warn flag) is "yes", expected 0 or 1'),
    ("9" * 300 + ":1:2:3\n", "the first line is longer than 255 octets, a version string's maximum"),
    ("1 0:63:28034:5\n", 'field 0 is "1 0", expected a version without blanks and control characters'),
])
def test_a_bad_string(cvd, text, sentence):
    """Not even --force overwrites what may be another file."""
    (cvd.root / "dns.txt").write_text(text)
    assert cvd.refused("db", "-o", "dns.txt", "--version", 1, "--force", status=2) == (
        f"dns.txt: {sentence}; left untouched: correct it or move it away")


def test_no_file_to_write(cvd):
    os.mkfifo(cvd.root / "fifo")
    assert cvd.refused("db", "-o", "fifo", "--version", 1, status=2) == (
        "fifo: is a FIFO, expected a regular file")
    assert cvd.refused("db", "-o", "db", "--version", 1, status=2) == (
        "db: is a directory, expected a regular file")
    assert cvd.refused("db", "-o", "/dev/null", "--version", 1, status=2) == (
        "/dev/null: is a device, expected a regular file")
    assert cvd.refused("db", "-o", "nowhere/dns.txt", "--version", 1) == (
        "nowhere/dns.txt.new: cannot be written: No such file or directory")


def test_no_version_goes_back(cvd):
    cvd.string("1.0.9", 63, 28035, 1, 90, 49192, 339)
    assert cvd.refused("db", "-o", "dns.txt") == (
        "db/daily.cvd: found version 28034, expected at least 28035 as in dns.txt: use --force to accept it")
    cvd.run("db", "-o", "dns.txt", "--force")
    assert without_time(cvd.fields()) == FIELDS
    cvd.string("1.0.9", 63, 28034, 1, 90, 49193, 339)
    assert cvd.refused("db", "-o", "dns.txt", "--safebrowsing", 49192) == (
        "--safebrowsing: found version 49192, expected at least 49193 as in dns.txt: use --force to accept it")


def test_the_accident_of_2013(cvd):
    """A header with a wild functionality level would tell every client that it is outdated."""
    cvd.string("0.97.8", 63, 28034, 1, 69, 49192, 339)
    cvd.put("daily.cvd", 28035, 80)
    assert cvd.refused("db", "-o", "dns.txt") == (
        "db/daily.cvd: found functionality level 80, expected at most 79, 10 above that in dns.txt: "
        "use --flevel N to set it or --force to accept it")
    cvd.run("db", "-o", "dns.txt", "--flevel", 69)
    assert without_time(cvd.fields()) == ("0.97.8", "63", "28035", "1", "69", "49192", "339")
    cvd.run("db", "-o", "dns.txt", "--force")
    assert cvd.fields()[5] == "80"


# --- races ---------------------------------------------------------------------------------


def test_replaced_while_it_is_read(cvd):
    """Before or after, and nothing in between."""
    ending = threading.Event()

    def replace():
        version = 28034
        while not ending.is_set():
            version = 28034 if version == 100000 else 100000
            cvd.put("daily.cvd", version, 80 if version == 100000 else 90)

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        for _ in range(12):
            output = cvd.run("db", "--version", 1)[0].strip().split(":")
            assert (output[2], output[5]) in (("28034", "90"), ("100000", "80"))
    finally:
        ending.set()
        thread.join()


@pytest.mark.one_program
def test_killed_while_it_writes(cvd):
    """The old string or the new one, whole, whenever it dies."""
    half, seen = cvd.root / "dns.txt.new", set()
    for count in range(1, 40):  # at each system call of the writing
        cvd.string()
        half.unlink(missing_ok=True)
        cvd.start("db", "-o", "dns.txt", "--version", "2.0", before=trace_me)
        left = count
        for _ in tracing.steps(cvd.process.pid):
            left -= left < count or half.exists()
            if left == 0:
                break
        seen.add((half.exists() and half.stat().st_size, cvd.fields()[0]))
        if left:
            cvd.stop()
            break
        cvd.stop(signal.SIGKILL, status=-signal.SIGKILL)
        assert without_time(cvd.fields()) in (FIELDS, ("2.0", *FIELDS[1:]))
    assert {(0, "1.0.9"), (len(b"2.0:63:28034:1781708400:1:90:49192:339\n"), "1.0.9"), (False, "2.0")} <= seen
    cvd.string()
    half.write_text("2.0:63")  # what one that was killed has left is nobody's
    cvd.run("db", "-o", "dns.txt")
    assert without_time(cvd.fields()) == FIELDS and not half.exists()
    for round_number in range(6):
        cvd.start("db", "-o", "dns.txt", "--watch", "--refresh", "1s")
        cvd.wait_log("is up to date", round_number + 1)
        end = time.monotonic() + random.uniform(0.0, 0.05)
        while time.monotonic() < end:
            cvd.process.send_signal(signal.SIGHUP)  # writes again
        cvd.stop(signal.SIGKILL, status=-signal.SIGKILL)
        assert without_time(cvd.fields()) == FIELDS
        assert_fresh(cvd.fields())


# --- --watch -------------------------------------------------------------------------------


def test_watch(cvd):
    """A rename, an edit in place, a deletion, another form: each is in the string at once."""
    cvd.start("db", "-o", "dns.txt", "--version", "1.0.9", "--watch")
    cvd.wait_field(2, 28034)
    cvd.put("daily.cvd", 28035)
    cvd.wait_field(2, 28035)
    (cvd.root / "db" / "daily.cvd").write_bytes(header(28036))
    cvd.wait_field(2, 28036)
    cvd.put("daily.cld", 28037)
    cvd.wait_field(2, 28037)
    cvd.put("safebrowsing.cvd", 49192)
    cvd.wait_field(6, 49192)
    (cvd.root / "db" / "safebrowsing.cvd").unlink()
    cvd.put("bytecode.cvd", 340)
    cvd.wait_field(7, 340)
    assert cvd.fields()[6] == "49192", "a version does not go back"
    cvd.stop()
    assert cvd.log().count("dns.txt is up to date") == 6, cvd.log()
    assert "dns.txt is up to date string=1.0.9:63:28035:" in cvd.log()
    assert all(re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ (info|warning|error) ", line) for line in cvd.log().splitlines())


@story
def watch_refreshes(cvd, _):
    """The time alone is new, and the log says nothing of it."""
    cvd.string(age=7200)
    cvd.start("db", "-o", "dns.txt", "--watch", "--refresh", "1s")
    eventually(lambda: abs(int(cvd.fields()[3]) - time.time()) < 60, "a fresh time")
    first = int(cvd.fields()[3])

    def later():
        cvd.put("daily.cvd", 28034)  # what changes nothing does not put it off
        return int(cvd.fields()[3]) > first

    eventually(later, "a later time")
    assert without_time(cvd.fields()) == FIELDS
    assert cvd.log().count("\n") == 1
    # What is edited meanwhile stays, and what is deleted is there again.
    cvd.string("1.4.0", 63, 28034, 0, 90, 49192, 339)
    os.kill(cvd.process.pid, signal.SIGHUP)
    cvd.wait_log("string=1.4.0:")
    assert without_time(cvd.fields()) == ("1.4.0", "63", "28034", "0", "90", "49192", "339")
    (cvd.root / "dns.txt").unlink()
    eventually((cvd.root / "dns.txt").exists, "the file again")
    assert cvd.fields()[0] == "1.4.0"
    cvd.stop(signal.SIGINT)


KEPT = "; the previous versions stay, and the record time is still refreshed\n"


@story
def watch_goes_on(cvd, _):
    """What goes wrong is said once; the versions stay, and follow when all is well again."""
    cvd.string(age=0)
    spoil(cvd.root / "db" / "daily.cvd", None)
    cvd.start("db", "-o", "dns.txt", "--watch")
    sentence = f"db: found neither daily.cvd nor daily.cld, expected one of them{KEPT}"
    cvd.wait_log(sentence)
    cvd.put("main.cvd", 64)
    spoil(cvd.root / "db" / "daily.cvd", b"short")
    cvd.wait_log("db/daily.cvd: found 5 octets")
    assert without_time(cvd.fields()) == FIELDS
    shutil.rmtree(cvd.root / "db")
    cvd.wait_log(f"db: cannot be opened: No such file or directory{KEPT}")
    (cvd.root / "db").mkdir()
    for name, version in (("bytecode.cvd", 339), ("main.cvd", 64), ("daily.cvd", 28036)):
        cvd.put(name, version)
    cvd.wait_field(2, 28036)
    cvd.put("daily.cvd", 28035)
    cvd.wait_log("db/daily.cvd: found version 28035, expected at least 28036")
    (cvd.root / "dns.txt").write_text("nonsense\n")
    os.kill(cvd.process.pid, signal.SIGHUP)
    cvd.wait_log("dns.txt: found 1 field")
    assert (cvd.root / "dns.txt").read_text() == "nonsense\n"
    cvd.stop()
    assert cvd.log().count(sentence) == 1


@story
def watch_keeps_the_time_fresh(cvd, _):
    """A bad database must not make every client turn away from the string: its time goes on, its versions do not, and
    the log says so again and again. Without --watch nothing is written."""
    before = cvd.string(age=7200)
    (cvd.root / "names").mkdir()
    cvd.put("main.cvd", 64)
    spoil(cvd.root / "db" / "daily.cvd", b"short")
    sentence = "db/daily.cvd: found 5 octets, expected a header of 512"
    assert cvd.refused("db", "-o", "dns.txt") == sentence and (cvd.root / "dns.txt").read_text() == before
    cvd.start("db", "-o", "dns.txt", "--watch", "--refresh", "1s", "--version", "2.0", "--names", "names")
    eventually(lambda: abs(int(cvd.fields()[3]) - time.time()) < 60, "a fresh time")
    first = int(cvd.fields()[3])
    cvd.wait_log(f"{sentence}{KEPT}", 2)
    assert int(cvd.fields()[3]) > first and without_time(cvd.fields()) == FIELDS
    assert (cvd.root / "names" / "daily.cvd").read_text().startswith("28034:")
    cvd.put("daily.cvd", 28035)
    cvd.wait_field(2, 28035)
    assert cvd.fields()[:2] == ["2.0", "64"]
    cvd.stop()


def test_watch_forces_once(cvd):
    """After the first string the floor holds again."""
    cvd.string("1.0.9", 63, 30000, 1, 90, 49192, 339)
    cvd.start("db", "-o", "dns.txt", "--watch", "--force")
    cvd.wait_field(2, 28034)
    cvd.put("daily.cvd", 28033)
    cvd.wait_log("db/daily.cvd: found version 28033, expected at least 28034 as in dns.txt")
    assert cvd.fields()[2] == "28034"
    cvd.stop()


# --- --verify-mirrors ----------------------------------------------------------------------


def list_mirrors(cvd, ships, *more):
    """An export of the fleet's mirrors."""
    mirrors = [mirror(f"m{i}.example", "PL", ship.address) for i, ship in enumerate(ships.mirrors)]
    (cvd.root / "mirrors.json").write_text(export_text([*mirrors, *more]))


def verify(ships, *words):
    return ("db", "-o", "dns.txt", "--verify-mirrors", "mirrors.json", "--port", ships.port, *words)


def test_held_back(cvd, ships):
    """Four of five have it: enough at the usual 80 per cent; three are not."""
    cvd.string("1.0.9", 63, 28033, 1, 85, 49192, 339)
    for i in range(4):
        ships.add(f"127.0.2.{i + 1}", (cvd_mirrors.has, cvd_mirrors.whole)[i % 2](28034))
    late = ships.add("::1", cvd_mirrors.has(28033))
    ships.mirrors[0].answer = cvd_mirrors.has(28033)
    list_mirrors(cvd, ships, mirror("gone.example", "PL", "127.0.2.99", state="removed"),
                 mirror("off.example", "PL", "127.0.2.98", state="disabled"))
    output, said = cvd.run(*verify(ships))
    assert not output and said == (
        "mirrorns-cvd: daily 28034 is held back at 28033: 3 of 5 mirror addresses in service have it, "
        "expected at least 4 (80 %)\n")
    fields = cvd.fields()
    assert without_time(fields) == ("1.0.9", "63", "28033", "1", "85", "49192", "339")
    assert_fresh(fields)
    assert cvd.run(*verify(ships, "--share", 60)) == ("", "")
    assert cvd.fields()[2] == "28034" and cvd.fields()[5] == "90"
    cvd.string("1.0.9", 63, 28033, 1, 85, 49192, 339)
    ships.mirrors[0].answer = cvd_mirrors.has(28040)  # ahead of us is fine
    cvd.run(*verify(ships))
    assert cvd.fields()[2] == "28034"
    assert late.requests


def test_how_mirrors_are_asked(cvd, ships):
    """One request for each version that rises, of 512 octets, by the mirror's own name or the one that is said."""
    cvd.string("1.0.9", 63, 28033, 1, 90, 49192, 338)
    ship = ships.add("127.0.2.1", lambda send, request: send(cvd_mirrors.response(header(
        339 if "bytecode" in request[0] else 28034) + bytes(100))))
    list_mirrors(cvd, ships)
    cvd.run(*verify(ships))
    cvd.string("1.0.9", 63, 28033, 1, 90, 49192, 339)
    cvd.run(*verify(ships, "--host", "db.test.clamav.net"))
    assert [request[0] for request in ship.requests] == [
        "GET /daily.cvd HTTP/1.1", "GET /bytecode.cvd HTTP/1.1", "GET /daily.cvd HTTP/1.1"]
    for request, host in zip(ship.requests, ("m0.example", "m0.example", "db.test.clamav.net")):
        assert f"Host: {host}:{ships.port}" in request
        assert "Range: bytes=0-511" in request
        assert any(re.fullmatch(r"User-Agent: ClamAV-MirrorCheck/[\d.]+", line) for line in request)
    # Nothing rises: nobody is asked.
    cvd.run(*verify(ships))
    assert len(ship.requests) == 3
    assert without_time(cvd.fields()) == FIELDS


@story
def bad_mirrors(cvd, ships):
    """None of them has it, and none keeps us: time and octets are bounded."""
    cvd.string("1.0.9", 63, 28033, 1, 90, 49192, 339)
    elsewhere = ships.add("127.0.2.1", cvd_mirrors.has(28034))
    ships.mirrors.remove(elsewhere)
    loud = [cvd_mirrors.endless(b"x" * 65536), cvd_mirrors.endless_headers]
    for i, answer in enumerate([
            *loud, cvd_mirrors.status("404 Not Found"), cvd_mirrors.raw(b""), cvd_mirrors.raw(b"\0" * 1000),
            cvd_mirrors.raw(header(28034)), cvd_mirrors.raw(cvd_mirrors.response(header(28034)[:511])),
            cvd_mirrors.raw(cvd_mirrors.response(header(28034), "503 Busy")),
            cvd_mirrors.raw(cvd_mirrors.response(header("28034x"))),
            cvd_mirrors.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n" + bytes(512)),
            cvd_mirrors.status("302 Found", f"Location: http://127.0.2.1:{ships.port}/daily.cvd\r\n"),
            cvd_mirrors.status("302 Found", "Location: file:///etc/passwd\r\n")]):
        ships.add(f"127.0.3.{i + 1}", answer)
    silent = ships.add("127.0.3.200", None)
    silent.answer = silent.hang
    list_mirrors(cvd, ships, mirror("closed.example", "PL", "127.0.3.201"))
    count = len(ships.mirrors) + 1
    begin = time.monotonic()
    said = cvd.run(*verify(ships, "--share", 1))[1]
    assert f"0 of {count} mirror addresses in service have it, expected at least 1 (1 %)" in said
    assert time.monotonic() - begin < 12
    assert not elsewhere.requests, "redirects are not followed"
    # What a socket's buffers take, but no more.
    assert all(ship.sent < 20_000_000 for ship in ships.mirrors)
    # One that is good is enough for a share of 1, and the silent one is not waited for.
    ships.mirrors.append(elsewhere)
    list_mirrors(cvd, ships)
    begin = time.monotonic()
    cvd.run(*verify(ships, "--share", 1))
    assert cvd.fields()[2] == "28034" and time.monotonic() - begin < 4


def test_the_first_string_is_verified_too(cvd, ships):
    ships.add("127.0.2.1", lambda send, request: send(cvd_mirrors.response(header(339))))
    list_mirrors(cvd, ships)
    assert cvd.refused(*verify(ships, "--version", "1.0.9")) == (
        "daily 28034 is held back at 0: 0 of 1 mirror addresses in service have it, expected at least 1 "
        "(80 %); there is no previous string, so nothing is written")
    ships.mirrors[0].answer = cvd_mirrors.has(28034)
    cvd.run(*verify(ships, "--version", "1.0.9"))
    assert cvd.fields()[2] == "28034"


def test_a_bad_export(cvd, ships):
    cvd.string("1.0.9", 63, 28033, 1, 90, 49192, 339)
    ships.add("127.0.2.1", cvd_mirrors.has(28034))
    assert cvd.refused(*verify(ships), status=2) == (
        "mirrors.json: cannot be opened: No such file or directory")
    (cvd.root / "mirrors.json").write_text("{")
    assert cvd.refused(*verify(ships), status=2).startswith("mirrors.json:1:")
    (cvd.root / "mirrors.json").write_text(export_text(
        [mirror("m.example", "PL", "127.0.2.1", state="removed")]))
    assert cvd.run(*verify(ships))[1] == (
        "mirrorns-cvd: daily 28034 is held back at 28033: mirrors.json lists no mirror in service\n")
    assert not ships.mirrors[0].requests


@story
def watch_holds_back_until_they_have_it(cvd, ships):
    """Said once; the string stays fresh; announced as soon as a refresh finds it."""
    cvd.string("1.0.9", 63, 28033, 1, 90, 49192, 339)
    ship = ships.add("127.0.2.1", cvd_mirrors.has(28033))
    list_mirrors(cvd, ships)
    cvd.start(*verify(ships, "--watch", "--refresh", "1s"))
    cvd.wait_log("daily 28034 is held back at 28033: 0 of 1 mirror addresses")
    first = int(cvd.fields()[3])

    def later():
        cvd.put("daily.cvd", 28034)  # no reason to ask again at once
        return int(cvd.fields()[3]) > first

    eventually(later, "a later time")
    assert cvd.fields()[2] == "28033" and len(ship.requests) <= 4
    # A broken export holds back, too; the string does not get old for it.
    (cvd.root / "mirrors.json").write_text("{")
    asked = len(ship.requests)
    first = int(cvd.fields()[3])
    eventually(lambda: int(cvd.fields()[3]) > first, "a later time")
    assert cvd.fields()[2] == "28033" and len(ship.requests) <= asked + 1
    list_mirrors(cvd, ships)
    ship.answer = cvd_mirrors.has(28034)
    cvd.wait_field(2, 28034)
    cvd.wait_log("dns.txt is up to date string=1.0.9:63:28034:")
    cvd.stop()
    assert cvd.log().count("held back") == 1, cvd.log()


@story
def watch_waits_for_the_first_string(cvd, ships):
    """There is nothing to keep fresh yet; that is no error, and said once."""
    ship = ships.add("127.0.2.1", cvd_mirrors.has(100))
    list_mirrors(cvd, ships)
    cvd.start(*verify(ships, "--watch", "--refresh", "1s", "--version", "1.0.9"))
    cvd.wait_log("there is no previous string, so nothing is written")
    cvd.put("daily.cvd", 28035)
    cvd.wait_log("daily 28035 is held back at 0")
    assert not (cvd.root / "dns.txt").exists()
    ship.answer = cvd_mirrors.has(50000)
    cvd.wait_field(2, 28035)
    cvd.wait_log("is up to date")
    cvd.stop()
    assert cvd.log().count("\n") == 3, cvd.log()


@story
def watch_ends_while_it_asks(cvd, ships):
    """SIGTERM does not wait for silent mirrors, and nothing is written after it."""
    before = cvd.string("1.0.9", 63, 28033, 1, 90, 49192, 339)
    silent = ships.add("127.0.2.1", None)
    silent.answer = silent.hang
    list_mirrors(cvd, ships)
    cvd.start(*verify(ships, "--watch"))
    eventually(lambda: silent.requests, "the question")
    begin = time.monotonic()
    cvd.stop()
    assert time.monotonic() - begin < 3 and (cvd.root / "dns.txt").read_text() == before


@pytest.mark.parametrize("name", STORIES.names())
def test_story(request, program, tmp_path_factory, name):
    STORIES.tell(request, program, tmp_path_factory, name)


# --- --names, the server, the client -------------------------------------------------------


def test_names(cvd):
    (cvd.root / "names").mkdir()
    output = cvd.run("db", "--version", "1.0.9", "--safebrowsing", 49192, "--names", "names")[0]
    stamp = output.split(":")[3]
    assert {path.name: path.read_text() for path in (cvd.root / "names").iterdir()} == {
        "main.cvd": f"63:{stamp}\n", "daily.cvd": f"28034:{stamp}\n",
        "bytecode.cvd": f"339:{stamp}\n", "safebrowsing.cvd": f"49192:{stamp}\n"}
    (cvd.root / "names" / "safebrowsing.cvd").unlink()
    cvd.run("db", "--version", "1.0.9", "--names", "names")
    assert not (cvd.root / "names" / "safebrowsing.cvd").exists(), "no version, no name"


def test_names_are_no_databases(cvd):
    """They are called alike: a directory that is mistaken costs no database."""
    daily = cvd.root / "db" / "daily.cvd"
    (cvd.root / "alias").symlink_to("db")
    for name in ("db", "alias", "./db/"):
        assert cvd.refused("db", "--version", 1, "--names", name, status=2) == (
            f"{name}: is the database directory, expected a different one for --names")
    shutil.copytree(cvd.root / "db", cvd.root / "copy")
    assert cvd.refused("db", "--version", 1, "--names", "copy") == (
        "copy/main.cvd: is a database, expected a file written by --names")
    assert daily.read_bytes() == header(28034) == (cvd.root / "copy" / "daily.cvd").read_bytes()
    assert cvd.refused("db", "--version", 1, "--names", "nowhere", status=2) == (
        "nowhere: cannot be opened: No such file or directory")
    (cvd.root / "names" / "main.cvd").mkdir(parents=True)
    assert cvd.refused("db", "--version", 1, "--names", "names") == (
        "names/main.cvd: is a directory, expected a regular file")


def test_the_server_serves_it(cvd, make_world):
    """current.cvd and daily.cvd as they are written; the names are withdrawn when nobody refreshes them."""
    world = make_world(txt=True, zone_options='\ttxt "daily.cvd" { file = "names/daily.cvd"  ttl = 300  '
                       'max-age = "2h"  stale = "withdraw" }\n', mirrors=None, root=cvd.root / "world")
    (world.path("names")).mkdir()
    written = ("db", "-o", world.path("dns.txt"), "--version", "1.0.9", "--names", world.path("names"))
    cvd.run(*written)
    world.start()
    assert b":28034:" in world.ask("current.cvd", "TXT").raw
    assert b"28034:" in world.ask("daily.cvd", "TXT").raw
    cvd.put("daily.cvd", 28035)
    cvd.run(*written)
    stamp = cvd.fields("world/dns.txt")[3]
    eventually(lambda: f"28035:{stamp}".encode() in world.ask("daily.cvd", "TXT").raw, "the new name")
    eventually(lambda: f":28035:{stamp}:".encode() in world.ask("current.cvd", "TXT").raw,
               "the new string")
    long_ago = time.time() - 4 * 3600
    os.utime(world.path("names/daily.cvd"), (long_ago, long_ago))
    eventually(lambda: not world.ask("daily.cvd", "TXT").answer, "withdrawn")
    assert world.ask("current.cvd", "TXT").answer


def test_freshclam_takes_it(program, freshclam, tmp_path):  # noqa: F811
    """The real client, told by a string of its own databases, has nothing to fetch and nothing to complain of."""
    world, clam, web = freshclam
    made = subprocess.run([str(pathlib.Path(program).with_name("mirrorns-cvd")), clam.folder, "-o",
                           world.path("dns.txt"), "--safebrowsing", "49193"],
                          capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    eventually(lambda: b":49193:" in world.ask("current.cvd", "TXT").raw, "the new string")
    output = clam.run()
    for name, version in VERSIONS.items():
        assert f"{name}.cvd database is up-to-date (version: {version}" in output, output
    for complaint in COMPLAINTS:
        assert complaint not in output, output
    assert not web.requests
