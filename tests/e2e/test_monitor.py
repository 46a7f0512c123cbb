"""The monitor on its own: lists, states over time, doubts, restarts, names, merging; with a fast clock.

What takes seconds by its nature is a story (story.py), each with a fleet and monitors of its own."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import time

import jsonschema
import pytest

from conftest import PROJECT
from fleet import Fleet
from story import Stories
from test_service import Notices
from watcher import Watcher
from world import eventually, timestamp

FAST = {"timeout": "1s", "old_after": "2s", "remove_after": "3s", "metrics": ""}


class Stage:
    """What one story, or test, has made; closed at its end."""

    def __init__(self, program, root):
        self.program, self.root, self.watchers = program, root, []
        self.fleet = Fleet()

    def watcher(self, name="monitor", listed=True, **options):
        watcher = Watcher(self.program, self.root / name, self.fleet if listed else None, **{**FAST, **options})
        self.watchers.append(watcher)
        return watcher

    def close(self):
        with contextlib.ExitStack() as all_of_it:
            all_of_it.callback(self.fleet.close)
            for watcher in self.watchers:
                all_of_it.callback(watcher.close)


@pytest.fixture
def stage(program, tmp_path):
    one = Stage(program, tmp_path)
    yield one
    one.close()


STORIES = Stories(Stage)


def free_address():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{one.getsockname()[1]}"


def schema(name):
    return jsonschema.Draft202012Validator(json.loads((PROJECT / "doc" / name).read_text()))


@STORIES.add
def life(stage):
    """Ok, old, removed and back; every change is logged, told and published, and the serial only rises."""
    alerts = stage.root / "alerts"
    script = stage.root / "alert"
    script.write_text(f"#!/bin/sh\nexec cat >>{alerts}\n")
    script.chmod(0o755)
    mirrors = [stage.fleet.add(admin="a@x.example", alerts="noc@x.example") for _ in range(7)]
    down, busy, stale = mirrors[:3]
    watcher = stage.watcher(alert=str(script), metrics=free_address(), ramp="2s", page="html")
    watcher.start().wait_states({mirror: "ok" for mirror in mirrors})
    serials = [watcher.read()["serial"]]
    down.become("refusing")
    busy.become("busy")
    stale.age = 3600
    entries = watcher.wait_states({stale: "old"})
    assert re.fullmatch(r"timestamp \S+ is \d+ \w+ old, limit 2 seconds", entries[stale.address]["reason"])
    entries = watcher.wait_states({down: "old", busy: "old", mirrors[3]: "ok"})
    assert entries[down.address]["reason"] == "connect: connection refused"
    assert entries[busy.address]["reason"] == "HTTP 503"
    serials.append(watcher.read()["serial"])
    watcher.wait_states({stale: "removed", down: "removed", busy: "removed", mirrors[3]: "ok"})
    serials.append(watcher.read()["serial"])
    log = watcher.log()
    for state in ("ok", "old", "removed"):
        assert re.search(rf" A mirror is {state} host={down.host} address={down.address} country=\w\w "
                         r"from=\w+ first=\w+ why=\".*\"$", log, re.M)
    down.become("good")
    entries = watcher.wait_states({down: "ok"})
    assert entries[down.address]["weight"] < 100
    eventually(lambda: watcher.entries()[down.address]["weight"] == 100, "the full weight")
    serials.append(watcher.read()["serial"])
    assert serials == sorted(set(serials))
    schema("mirror-export.schema.json").validate(watcher.read())
    status = watcher.status()
    assert status["serial"] >= serials[0] and status["counts"]["ok"] >= 4
    assert "mirrorns_monitor_" in watcher.fetch("/metrics")[1]
    assert (watcher.root / "html" / "index.html").exists()
    told = [json.loads(line) for line in alerts.read_text().splitlines()]
    changes = [(one["from"], one["to"]) for one in told if one["host"] == down.host]
    assert changes == [("old", "ok"), ("ok", "old"), ("old", "removed"), ("removed", "ok")]
    assert told[0].keys() >= {"host", "address", "country", "from", "to", "why", "since", "admin", "alerts"}
    assert told[0]["alerts"] == "noc@x.example"
    watcher.stop(signal.SIGINT)


@STORIES.add
def list_changes(stage):
    """The list is taken when it changes; a bad one is refused, the old goes on; SIGHUP asks again."""
    first, second, third = (stage.fleet.add() for _ in range(3))
    watcher = stage.watcher()
    entries = json.loads(stage.fleet.list_text())["mirrors"]
    watcher.write_list(entries[:2])
    watcher.start().wait_states({first: "ok", second: "ok"})
    since = watcher.entries()[first.address]["since"]
    watcher.write_list(entries[:1] + entries[2:])
    watcher.wait_states({first: "ok", third: "ok"})
    eventually(lambda: second.address not in watcher.states(), "gone")
    assert watcher.entries()[first.address]["since"] == since
    # By hand, and back: the next check decides.
    watcher.write_list([{**entries[0], "disabled": True}, entries[2]])
    assert watcher.wait_states({first: "disabled"})[first.address]["reason"] == "disabled by hand"
    watcher.write_list([entries[0], entries[2]])
    watcher.wait_states({first: "ok"})
    # An address that goes to another host keeps nothing.
    third.become("refusing")
    watcher.write_list([entries[0], {**entries[2], "host": "other.example"}])
    eventually(lambda: watcher.entries().get(third.address, {}).get("host") == "other.example", "moved")
    assert watcher.entries()[third.address]["reason"].startswith("never reached yet")
    bad = '{"mirrors": [\n{"host": "a.example", "country": "Atlantis"}]}'
    watcher.write_list(bad)
    sentence = (re.escape(str(watcher.list)) + r':2: host a.example: country is "Atlantis", expected .*; '
                "the previous list stays in effect")
    watcher.wait_log(sentence)
    watcher.process.send_signal(signal.SIGHUP)
    watcher.wait_log(sentence, times=2)
    assert watcher.states()[first.address] == "ok"
    watcher.write_list(entries)
    watcher.wait_states({second: "ok"})


def test_members(stage):
    """A name near a known one is refused; of others -t warns, once of each."""
    stage.fleet.add(host="a.example", note="x", sponsor="us")
    stage.fleet.add(host="b.example", note="y")
    watcher = stage.watcher()
    line = 1 + next(i for i, text in enumerate(watcher.list.read_text().splitlines()) if '"note": "x"' in text)
    _, log = watcher.run("-t")
    assert re.findall(".*not known.*", log) == [f'{watcher.list}:{line}: host a.example: the member "note" is not known, and ignored']
    assert "not known" not in watcher.once()
    watcher.change(b={"weigth": 5})
    _, log = watcher.run("-t", status=2)
    line = 1 + watcher.list.read_text().splitlines().index('   "weigth": 5')
    assert log.endswith(f'{watcher.list}:{line}: host b.example: found the unknown member "weigth", expected a known one: '
                        'did you mean "weight"?\n')


def test_announced_change(stage):
    """A change of address announced ahead: both in the list, each judged alone, one entry for a host and state."""
    now, soon = stage.fleet.add(host="m.example", country="DE"), stage.fleet.add(host="m.example", country="DE")
    soon.become("refusing")
    watcher = stage.watcher()
    watcher.once()
    assert watcher.states() == {now.address: "ok", soon.address: "old"}
    soon.become("good")
    now.become("refusing")
    watcher.once()
    assert watcher.states() == {now.address: "ok", soon.address: "ok"}
    assert [entry["ipv4"] for entry in watcher.read()["mirrors"]] == [[now.address, soon.address]]


def wait_once(watcher, condition, what):
    """Runs it again and again until something is so."""
    def found():
        log = watcher.once()
        return condition(log) and log

    return eventually(found, what)


@STORIES.add
def doubt(stage):
    """Most fail at once: nothing gets worse, over restarts too, until they are back; or until a reference answers."""
    mirrors = [stage.fleet.add() for _ in range(5)]
    watcher = stage.watcher(old_after="1s")
    watcher.once()
    for mirror in mirrors[:4]:
        mirror.become("refusing")
    log = watcher.once()
    assert re.search(r"Suspected outage of the monitor: most mirrors fail at once, no mirror is downgraded until it clears: 3 of 5 "
                     r"previously good addresses fail at once: .* failing=3 of=5 references=0", log)
    begin = time.monotonic()
    wait_once(watcher, lambda log: time.monotonic() - begin > 2.5, "time")
    assert set(watcher.states().values()) == {"ok"}
    for mirror in mirrors[:2]:
        mirror.become("good")
    assert "Suspected outage cleared: most mirrors succeed again" in watcher.once()
    assert set(watcher.states().values()) == {"ok"}
    # It is the mirrors: a reference says so, and they are judged.
    for mirror in mirrors[:4]:
        mirror.become("refusing")
    reference = f"http://{mirrors[4].address}:{mirrors[4].port}/"
    watcher.configure(references=["http://127.0.0.1:9/", reference])
    log = wait_once(watcher, lambda log: "Suspected outage cleared" in log, "the reference's answer")
    assert "Suspected outage cleared: a reference host replies, so the mirrors are at fault" in log
    wait_once(watcher, lambda log: list(watcher.states().values()).count("old") == 4, "judged")


@STORIES.add
def doubt_of_the_master(stage):
    """The timestamps of most stand still: references change nothing about that."""
    mirrors = [stage.fleet.add() for _ in range(4)]
    watcher = stage.watcher(metrics=free_address(), old_after="3s")
    watcher.configure(references=[f"http://{mirrors[0].address}:{mirrors[0].port}/"])
    watcher.start().wait_states({mirror: "ok" for mirror in mirrors})
    for mirror in mirrors:
        mirror.become("still")
    watcher.wait_log("Suspected outage of the monitor")
    eventually(lambda: watcher.status()["suspect"], "the report")
    assert re.search("the timestamps of . of 4 addresses became too old at once", watcher.status()["why"])
    counts = [len(mirror.requests) for mirror in mirrors]
    eventually(lambda: all(len(m.requests) >= n + 2 for m, n in zip(mirrors, counts)), "more checks")
    assert set(watcher.states().values()) == {"ok"}
    for mirror in mirrors:
        mirror.become("good")
    watcher.wait_log("Suspected outage cleared: most mirrors succeed again")
    eventually(lambda: not watcher.status()["suspect"], "the report")
    assert set(watcher.states().values()) == {"ok"}


@STORIES.add
def killed_while_writing(stage):
    """kill -9 at any moment: the export is whole, the state is read, the serial rises."""
    mirrors = [stage.fleet.add() for _ in range(20)]
    watcher = stage.watcher(metrics="")
    last = 0
    for turn in range(8):
        before = watcher.export.stat().st_mtime_ns if watcher.export.exists() else 0
        mirrors[turn].become("refusing" if turn % 2 else "good")
        watcher.start()
        eventually(lambda: watcher.export.exists() and (
            watcher.export.stat().st_mtime_ns != before or turn > 0), "an export")
        time.sleep(0.013 * turn)  # anywhere in what it does
        watcher.stop(signal.SIGKILL)
        serial = watcher.read()["serial"]
        assert serial >= last and len(watcher.states()) == 20
        last = serial
    watcher.once()
    assert watcher.read()["serial"] >= last
    assert "corrupt" not in watcher.log() and list(watcher.root.glob("*.corrupt*")) == []
    with sqlite3.connect(watcher.root / "monitor.sqlite") as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert base.execute("SELECT count(*) FROM targets").fetchone() == (20,)


def test_state_file(stage):
    """What was known outlives a restart; a file that is none is set aside; there is one monitor at a time."""
    mirror = stage.fleet.add()
    watcher = stage.watcher()
    watcher.once()
    first = watcher.entries()[mirror.address]
    mirror.become("refusing")
    watcher.once()
    assert watcher.entries()[mirror.address]["since"] == first["since"]
    serial = watcher.read()["serial"]
    state = watcher.root / "monitor.sqlite"
    state.write_bytes(b"nothing of the kind" * 100)
    assert re.search(r"monitor.sqlite: cannot be read: file is not a database; renamed, starting with an empty state file\n"
                     r"New state file created file=\S+ aside=\S+corrupt-\d+T\d+Z", watcher.once())
    assert watcher.states() == {mirror.address: "old"}
    assert watcher.read()["serial"] == serial + 1
    assert len(list(watcher.root.glob("monitor.sqlite.corrupt-*"))) >= 1
    watcher.start().wait_log("is ready")
    _, stderr = watcher.run("--once", status=1)
    assert "monitor.sqlite: in use by another mirrorns-monitor" in stderr
    watcher.run("-t")
    watcher.stop()
    with sqlite3.connect(state) as base:
        base.execute("PRAGMA user_version = 7")
    base.close()
    assert "is from a newer mirrorns-monitor" in watcher.run("--once", status=1)[1]


def test_nobody_watched(stage):
    """Days without the monitor count against nobody; an export that cannot be written is a failure."""
    mirror = stage.fleet.add()
    watcher = stage.watcher(old_after="1h", remove_after="1h")
    watcher.once()
    mirror.become("refusing")
    watcher.once()
    with sqlite3.connect(watcher.root / "monitor.sqlite") as base:
        base.execute("UPDATE targets SET failing_since = failing_since - 9000, checked = checked - 8000")
        base.execute("UPDATE monitor SET value = value - 8000 WHERE key = 'alive'")
    base.close()
    log = watcher.once()
    assert re.search(r"The monitor was not running; this gap is excluded from failure times seconds=80\d\d", log)
    assert watcher.states() == {mirror.address: "ok"}
    with sqlite3.connect(watcher.root / "monitor.sqlite") as base:
        base.execute("UPDATE targets SET failing_since = failing_since - 4000")
        base.execute("UPDATE monitor SET value = value - 4000 WHERE key = 'alive'")  # no gap yet
    base.close()
    watcher.once()
    assert watcher.states() == {mirror.address: "old"}
    watcher.configure(export="nowhere/mirrors.json")
    assert re.search(r"nowhere/mirrors.json.new: cannot be written: No such file", watcher.once(status=1))
    watcher.configure(export="mirrors.json", page="mirrors.list.json")
    assert re.search(r"mirrors.list.json/country: cannot create the directory: Not a directory", watcher.once(status=1))


def test_configuration_reload(stage):
    """SIGHUP takes another configuration, but not a bad one."""
    mirror = stage.fleet.add()
    watcher = stage.watcher(metrics=free_address())
    watcher.start().wait_states({mirror: "ok"})
    watcher.config.write_text(watcher.config.read_text() + "soup = 1\n")
    watcher.process.send_signal(signal.SIGHUP)
    watcher.wait_log(r"monitor.conf:\d+: found the unknown option soup at the top level, expected .*; the previous configuration stays in effect")
    # A state that cannot be had is refused before the old one is let go; ours under another name is ours.
    watcher.configure(state="nowhere/monitor.sqlite")
    watcher.process.send_signal(signal.SIGHUP)
    watcher.wait_log(r"nowhere/monitor.sqlite: cannot be opened: No such file.*; the previous configuration stays in effect")
    with sqlite3.connect(watcher.root / "newer.sqlite") as base:
        base.execute("PRAGMA application_id = 0x6D6E736D")
        base.execute("PRAGMA user_version = 7")
    base.close()
    watcher.configure(state="newer.sqlite")
    watcher.process.send_signal(signal.SIGHUP)
    watcher.wait_log(r"newer.sqlite: file version .* is from a newer mirrorns-monitor.*; the previous configuration stays in effect")
    (watcher.root / "same.sqlite").symlink_to("monitor.sqlite")
    other = free_address()
    watcher.configure(metrics=other, export="other.json", state="same.sqlite")
    watcher.process.send_signal(signal.SIGHUP)
    watcher.wait_log("The configuration has changed, restarting the monitor")
    watcher.wait_log("mirrorns-monitor .* is ready", times=2)
    eventually((watcher.root / "other.json").exists, "the other export")
    eventually(lambda: watcher.status()["counts"].get("ok") == 1, "the other address")


def test_end_after_a_reload(stage):
    """One that has begun anew ends like any other, without an HTTP server too; also where it is told to while it does."""
    mirror = stage.fleet.add()
    script = stage.root / "alert"
    script.write_text(f"#!/bin/sh\necho $$ >{stage.root}/pid\nexec sleep 60\n")
    script.chmod(0o755)
    watcher = stage.watcher()
    watcher.start().wait_states({mirror: "ok"})
    watcher.configure(interval="2s")
    watcher.process.send_signal(signal.SIGHUP)
    watcher.wait_log("mirrorns-monitor .* is ready", times=2)
    watcher.stop()
    assert watcher.log().count("restarting the monitor") == 1 and watcher.log().count("is ready") == 2
    # An alert holds up the end of the old one, and SIGTERM comes meanwhile.
    watcher.configure(alert=str(script))
    watcher.start().wait_log("is ready", times=3)
    watcher.change(**{mirror.host.split(".")[0].replace("-", "_"): {"disabled": True}})
    eventually((stage.root / "pid").exists, "the alert")
    watcher.configure(alert="", interval="3s")
    watcher.process.send_signal(signal.SIGHUP)
    watcher.wait_log("restarting the monitor", times=2)
    watcher.process.send_signal(signal.SIGTERM)
    os.kill(int((stage.root / "pid").read_text()), signal.SIGKILL)
    watcher.ended()
    assert watcher.log().count("is ready") == 3


def test_systemd(stage):
    """Ready once, again after each reload, and what it is about meanwhile; no watchdog is fed, so none may be set."""
    mirror, notices = stage.fleet.add(), Notices()
    watcher = stage.watcher()
    usual = watcher.environment()
    watcher.environment = lambda: {**usual, "NOTIFY_SOCKET": notices.name}
    with notices.socket:
        watcher.start()
        assert notices.read() == {"READY": "1"}
        notices.wait_status("addresses: 1 ok, 0 old, 0 removed, 0 disabled")
        for change in ({}, {"interval": "2s"}, {"interval": "soup"}):
            watcher.configure(**change)
            watcher.process.send_signal(signal.SIGHUP)
            assert int(notices.wait("RELOADING", "1")["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
            notices.wait("READY", "1")
        watcher.stop()
        assert notices.wait("STOPPING", "1")["STATUS"].endswith("saving state and export")
    unit = (PROJECT / "tools/package/mirrorns-monitor.service").read_text()
    assert "\nType=notify\n" in unit and "WatchdogSec" not in unit
    assert watcher.states() == {mirror.address: "ok"}


def test_names(stage):
    """A mirror without addresses is resolved; an address of another one stays there; failure keeps what was known."""
    here = stage.fleet.add(host="here.example", address="127.0.0.1")
    watcher = stage.watcher(listed=False)
    named = {"host": "localhost", "country": "us", "port": here.port}
    lost = {"host": "nothing.invalid", "country": "us"}
    watcher.write_list([named, lost])
    log = watcher.once()
    assert watcher.states()["127.0.0.1"] == "ok"
    assert re.search(r"Host name cannot be resolved, its last known addresses stay in use host=nothing.invalid why=\"", log)
    watcher.write_list([named, {"host": "here.example", "country": "DE", "ipv4": ["127.0.0.1"], "port": here.port}])
    assert ("Address of a host name belongs to another mirror, ignored here address=127.0.0.1 name=localhost "
            "host=here.example") in watcher.once()
    assert watcher.entries()["127.0.0.1"]["host"] == "here.example"
    with sqlite3.connect(watcher.root / "monitor.sqlite") as base:
        base.execute("UPDATE targets SET host = 'nothing.invalid'")
    base.close()
    watcher.write_list([{**lost, "port": here.port}])
    watcher.once()
    assert watcher.entries()["127.0.0.1"]["host"] == "nothing.invalid"
    assert watcher.states()["127.0.0.1"] == "ok"


def test_nobody_found(stage):
    """No address at all: no empty export, and a sentence."""
    watcher = stage.watcher(listed=False)
    watcher.write_list([{"host": "nothing.invalid", "country": "us"}])
    sentence = ("mirrors.json: not written: no mirror has an address that is listed or has passed a check, and servers "
                "refuse an empty export")
    assert sentence in watcher.once(status=1)
    assert not watcher.export.exists()


@STORIES.add
def export_that_goes(stage):
    """Deleted, or written over by somebody else: it is back at once, with a higher serial."""
    mirror = stage.fleet.add()
    watcher = stage.watcher(interval="10m")
    watcher.start().wait_states({mirror: "ok"})
    text = watcher.export.read_text()
    for damage in (watcher.export.unlink, watcher.export.unlink, lambda: watcher.export.write_text("{")):
        serial = json.loads(text)["serial"]
        damage()
        eventually(lambda: watcher.states() == {mirror.address: "ok"} if watcher.export.exists()
                   and watcher.export.stat().st_size > 1 else None, "the export")
        text = watcher.export.read_text()
        assert json.loads(text)["serial"] > serial


@STORIES.add
def downtime(stage):
    """Away as planned, and back with the first good check after it."""
    mirror = stage.fleet.add(downtime=[{"from": timestamp(-10), "to": timestamp(2)}])
    watcher = stage.watcher()
    watcher.start()
    reason = watcher.wait_states({mirror: "disabled"})[mirror.address]["reason"]
    assert reason == f"planned downtime until {mirror.listed['downtime'][0]['to']}"
    watcher.wait_states({mirror: "ok"})
    assert 'from=disabled first=yes why=""' in watcher.log()


@STORIES.add
def txt(stage):
    """With `txt` the databases' versions count; its history is kept."""
    mirrors = [stage.fleet.add() for _ in range(2)]
    watcher = stage.watcher(txt="dns.txt", metrics=free_address())
    (watcher.root / "dns.txt").write_text("1.0.9:63:28034:1781708400:1:90:49192:339\n")
    mirrors[1].versions["daily"] = 28000
    watcher.start().wait_states({mirrors[0]: "ok"})
    eventually(lambda: "28000" in watcher.entries()[mirrors[1].address]["reason"], "the sentence")
    (watcher.root / "dns.txt").write_text("1.0.9:63:28000:1781708500:1:90:49192:339\n")
    watcher.wait_states({mirrors[1]: "ok"})
    eventually(lambda: len((watcher.status()["txt"] or {}).get("history", [])) == 2, "the history")
    assert watcher.status()["txt"]["value"].startswith("1.0.9:63:28000:")
    # Another record time alone is no other string.
    before = watcher.status()["txt"]
    (watcher.root / "dns.txt").write_text("1.0.9:63:28000:1781709999:1:90:49192:339\n")
    eventually(lambda: watcher.status()["txt"]["value"] == "1.0.9:63:28000:1781709999:1:90:49192:339", "the time")
    after = watcher.status()["txt"]
    assert after["since"] == before["since"] and len(after["history"]) == 2
    assert len(watcher.lines("Expected database versions changed")) == 2
    (watcher.root / "dns.txt").write_text("nonsense\n")
    watcher.wait_log(r"dns.txt:1: .*; the previous versions stay in effect")


MIRROR = {"host": "a.example", "country": "DE", "ipv4": ["127.0.0.1"]}


def test_check(stage):
    """-t says what a start would find; a bad file is 2 and one sentence with its line."""
    stage.fleet.add()
    watcher = stage.watcher(txt="dns.txt")
    assert "dns.txt: cannot be opened" in watcher.run("-t", status=2)[1]
    (watcher.root / "dns.txt").write_text("1.0.9:63:28034:1781708400:1:90:49192:339\n")
    _, log = watcher.run("-t")
    assert f"mirrors {watcher.list}: hosts=1 addresses=1 by-name=0 disabled=0\n" in log
    assert f"txt {watcher.root}/dns.txt: main=63 daily=28034 bytecode=339\n" in log
    assert f"state {watcher.root}/monitor.sqlite: does not exist, a start creates it\n" in log
    assert log.endswith(f"{watcher.config} is valid\n")
    assert not (watcher.root / "monitor.sqlite").exists() and not watcher.export.exists()
    (watcher.root / "dns.txt").write_text("1" * 4097)
    assert watcher.run("-t", status=2)[1].endswith(
        f"{watcher.root}/dns.txt: is larger than 4096 octets, expected at most that\n")
    (watcher.root / "dns.txt").write_text("1:2\n")
    assert f"{watcher.root}/dns.txt:1: " in watcher.run("-t", status=2)[1]
    for words in (["-t"], ["--once"], []):
        watcher.write_list([MIRROR, {**MIRROR, "host": "b.example"}])
        found = watcher.run(*words, status=2)[1]
        assert re.match(re.escape(str(watcher.list)) + r":\d+: host b.example: ipv4 127.0.0.1 is listed twice", found)
        assert found.count("\n") == 1
    watcher.config.write_text("zone = clamav.net\nintervall = 1s\n")
    assert f"{watcher.config}:2: found the unknown option intervall at the top level, expected" in watcher.run("-t", status=2)[1]


@pytest.mark.parametrize("words, sentence", [
    (["-c"], "-c needs a value"),
    (["--config"], "--config needs a value"),
    (["--soup"], "unknown option --soup"),
    (["-tx"], "unknown option -x"),
    (["-c", "x", "y"], 'unexpected argument "y"'),
    (["-t", "--once", "-c", "x"], "-t and --once are mutually exclusive"),
    (["--strict", "-c", "x"], "--strict requires -t"),
    (["-o", "x", "-c", "y"], "-o requires --merge"),
    (["--check"], "--check needs a value"),
    (["--check", "a.example", "--once"], "--check, --disable and --enable cannot be combined with -t, --once or --merge"),
    (["--disable"], "--disable needs a value"),
    (["--disable", "a", "--for"], "--for needs a value"),
    (["--disable", "a", "--enable", "a"], "--check, --disable and --enable are mutually exclusive"),
    (["--disable", "a", "--check", "a"], "--check, --disable and --enable are mutually exclusive"),
    (["--enable", "a", "--for", "2h"], "--for and --why require --disable"),
    (["--why", "x"], "--for and --why require --disable"),
    (["--enable", "a", "-t"], "--check, --disable and --enable cannot be combined with -t, --once or --merge"),
    (["--merge"], "--merge requires at least one export"),
    (["--merge", "-t", "x"], "--merge cannot be combined with -t or --once"),
    (["--merge", "a", "-o"], "-o needs a value"),
    (["--merge", "a", "-o", "a"], "the output file is also one of the exports to merge"),
    (["--merge", "a", "b", "a"], "an export is listed twice"),
    (["--merge", "a", "-o", "b", "-c", "c"], "-o and -c are mutually exclusive"),
    (["--merge", *["a"] * 65], "--merge takes at most 64 exports"),
])
def test_command_line(stage, words, sentence):
    stdout, stderr = stage.watcher(listed=False).run(*words, status=2, config=False)
    assert stderr.startswith(f"mirrorns-monitor: {sentence}; usage: mirrorns-monitor ") and not stdout


def test_help(stage):
    watcher = stage.watcher(listed=False)
    assert re.fullmatch(r"mirrorns-monitor \d+\.\d+\.\d+\n", watcher.run("-V", config=False)[0])
    stdout, stderr = watcher.run("-h", config=False)
    assert stdout.startswith("usage: mirrorns-monitor ") and "--merge" in stdout and not stderr
    assert "none.conf: " in watcher.run("-c", str(watcher.root / "none.conf"), status=2, config=False)[1]


@STORIES.add
def merge(stage):
    """Three monitors, of which one sees a mirror down; then two."""
    good, bad = stage.fleet.add(), stage.fleet.add()
    watchers = [stage.watcher(name=f"point{i}") for i in range(3)]
    for watcher in watchers:
        watcher.once()
    exports = [str(watcher.export) for watcher in watchers]
    out = watchers[0].root / "merged.json"
    main = watchers[0]

    def merge(*words, status=0):
        return main.run("--merge", *exports, *words, status=status, config=False)

    def merged():
        export = json.loads(out.read_text())
        return export["serial"], {entry["host"]: (entry["state"], entry["reason"]) for entry in export["mirrors"]}

    merge("-o", str(out))
    serial, entries = merged()
    assert entries == {good.host: ("ok", ""), bad.host: ("ok", "")}
    bad.become("refusing")
    for watcher, count in zip(watchers, (2, 1, 0)):
        if count:
            wait_once(watcher, lambda log: watcher.states()[bad.address] == "old", "old")
        merge("-o", str(out))
    assert merged() == (serial + 1, {good.host: ("ok", ""), bad.host: (
        "old", "2 of 3 monitors: connect: connection refused")})
    linked = main.root / "linked.json"
    linked.symlink_to(out)
    assert "the output file is also one of the exports" in main.run(
        "--merge", *exports, str(linked), "-o", str(out), status=2, config=False)[1]
    stdout, stderr = merge()
    assert json.loads(stdout)["mirrors"] == json.loads(out.read_text())["mirrors"] and not stderr
    assert merge()[0] == stdout
    schema("mirror-export.schema.json").validate(json.loads(stdout))
    # With a configuration its export is written.
    config = stage.watcher(name="aggregate", listed=False)
    merge("-c", str(config.config))
    assert config.states() == {good.address: "ok", bad.address: "old"}
    # What cannot be read or is late is left out, and said; of three one is too few.
    watchers[2].export.write_text("{")
    assert re.search(r"point2/mirrors.json:1:\d+: .*; export ignored\n$", merge("-o", str(out))[1])
    late = json.loads(watchers[1].export.read_text())
    late["generated"] = timestamp(-3600)
    watchers[1].export.write_text(json.dumps(late))
    stderr = merge("-o", str(out), status=1)[1]
    assert re.search(r"point1/mirrors.json: export ignored: generated \S+ is \d+ s behind the newest\n", stderr)
    assert "1 of 3 exports are usable, expected at least half: nothing is written" in stderr


def test_schemas(stage):
    """The schemas of doc/ take what the programs take."""
    stage.fleet.add(admin="a", alerts="a@b", downtime=[{"from": timestamp(), "to": timestamp(9)}])
    lists, exports = schema("mirrors.list.schema.json"), schema("mirror-export.schema.json")
    lists.validate(json.loads(stage.fleet.list_text()))
    lists.validate(json.loads((PROJECT / "tools/package/mirrors.list.json").read_text()))
    exports.validate(json.loads((PROJECT / "zones/clamav.net/mirrors.json").read_text()))
    lists.validate({"mirrors": [{**MIRROR, "host": "_a-b.c.", "alerts": "Team <a@b>"}]})
    for wrong in ({}, {"mirrors": []}, {"mirrors": [{"host": "a"}]}, {"mirrors": [{**MIRROR, "port": 0}]},
                  {"mirrors": [{**MIRROR, "alerts": "me"}]}, {"mirrors": [{**MIRROR, "alerts": "a@b, c@d"}]},
                  {"mirrors": [{**MIRROR, "host": "a..b"}]}, {"mirrors": [{**MIRROR, "host": "a" * 64}]}, {"mirrors": [{**MIRROR, "ipv4": "127.0.0.1"}]}):
        assert not lists.is_valid(wrong), wrong
    entry = {"host": "a", "country": "DE", "state": "ok", "ipv4": ["192.0.2.1"]}
    export = {"format": "mirror-export/1", "mirrors": [entry]}
    assert exports.is_valid(export)
    for wrong in ({**export, "format": "x"}, {**export, "serial": -1}, {**export, "mirrors": [{**entry, "ipv4": []}]},
                  {**export, "mirrors": [{**entry, "state": "fine"}]}):
        assert not exports.is_valid(wrong), wrong


@pytest.mark.parametrize("name", STORIES.names())
def test_story(request, program, tmp_path_factory, name):
    STORIES.tell(request, program, tmp_path_factory, name)
