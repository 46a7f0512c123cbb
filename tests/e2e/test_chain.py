"""The whole chain, with a fast clock: mirrors' timestamps -> monitor -> export -> answers; databases -> string; clients.

Each story has a network of its own; all of them run at the same time (story.py). Two have the real freshclam, which needs
port 53, mirrors on port 80 and a resolv.conf: a namespace, so root."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from cvd import Cvd
from fleet import Fleet
from namespace import Namespace, required
from network import MIRRORS
from packet import addresses
from story import Stories
from test_freshclam import COMPLAINTS, Clam
from watcher import Watcher
from world import DEADLINE, POOLS, World, eventually, timestamp, version_string

FAST = {"timeout": "5s", "old_after": "2s", "remove_after": "2s", "metrics": ""}
ANSWER_MS = 1000  # from the rename of an export to its answers
IN_SERVICE = ("ok", "old")
RESOLVER = """\
mount --bind {0}/resolv.conf /etc/resolv.conf
mount --bind {0}/nsswitch.conf /etc/nsswitch.conf
"""


class Chain:
    """Files below `root`: server/ has the export and the string, as a machine with all programs would."""

    def __init__(self, program, root):
        self.program, self.root, self.namespace = program, root, None
        self.fleet = self.monitor = self.world = self.cvd = None
        self.enter, self.alerts_path = [], root / "alerts"
        self.export, self.string = root / "server" / "live.json", root / "server" / "dns.txt"

    def isolate(self):
        """A namespace with a resolver of its own; before anything else."""
        required()
        if not shutil.which("freshclam"):
            pytest.skip("freshclam is not installed: not run")
        (self.root / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        (self.root / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
        self.namespace = Namespace(RESOLVER.format(self.root))
        self.enter = self.namespace.enter

    def mirrors(self, **listed):
        """The demo's twelve, by name: on port 80 in a namespace, else on one that is free."""
        how = {"port": 80, "enter": self.namespace.call} if self.namespace else {}
        (self.root / "files").mkdir()
        self.fleet = Fleet(folder=self.root / "files", **how)
        block = None if self.namespace else self.fleet.block
        for name, country, address in MIRRORS:
            address = address.replace("127.0", block, 1) if block else address
            self.fleet.add(host=f"{name}.example", country=country, address=address, **listed.get(name, {}))
        return {one[0]: self.fleet.find(f"{one[0]}.example") for one in MIRRORS}

    def begin(self, pools=POOLS, server=None, **options):
        """The monitor, until its mirrors are ok, and the server."""
        script = self.root / "alert"
        script.write_text(f"#!/bin/sh\nexec cat >>{self.alerts_path}\n")
        script.chmod(0o755)
        self.export.parent.mkdir()
        self.string.write_text(version_string() + "\n")
        self.monitor = Watcher(self.program, self.root / "monitor", self.fleet, enter=self.enter, **{
            **FAST, "export": str(self.export), "alert": str(script), **options})
        self.monitor.started()
        self.world = World(self.export.parent, self.program, self.namespace)
        self.world.fill(overrides="127.0.0.0/8,DE\n", zone_options=f'\texport = "{self.export.name}"\n{pools}',
                        **(server or {}))
        self.world.start()
        return self.monitor, self.world

    def publish_from(self, folder, *words):
        """mirrorns-cvd over a folder of databases, asking the mirrors first."""
        folder.mkdir()
        self.cvd = Cvd(folder, self.program)
        self.cvd.start(folder / "db", "-o", self.string, "--watch", "--refresh", "1s", "--verify-mirrors",
                       self.export, "--port", self.fleet.port, *words, prefix=self.enter)

    def alerts(self, mirror):
        """(from, to) of what was told about a mirror, and the last of it."""
        told = [json.loads(line) for line in self.alerts_path.read_text().splitlines()]
        told = [one for one in told if one["host"] == mirror.host]
        return [(one["from"], one["to"]) for one in told], told[-1]

    def own(self, country):
        """The addresses of a country that are in service by the export, and when it took its place."""
        while True:
            before = os.stat(self.export).st_ctime_ns
            found = {address for address, entry in self.monitor.entries().items()
                     if entry["country"] == country and entry["state"] in IN_SERVICE}
            if os.stat(self.export).st_ctime_ns == before:
                return found, before / 1e9

    def follow(self, name, *mirrors):
        """Until a country's name has just these: within a second of the first export that says so."""
        country = name.split(".")[1].upper()
        wanted = {mirror.address for mirror in mirrors}
        own = {mirror.address for mirror in mirrors if mirror.country == country}
        said = []
        if self.world.members(name) == wanted:
            return

        def exported():
            found, when = self.own(country)
            return found == own and said.append(when) is None

        eventually(exported, lambda: f"{own} in the export: {self.monitor.entries()}\n{self.monitor.log()[-2000:]}")
        eventually(lambda: self.world.members(name) == wanted,
                   lambda: f"{wanted}, found {self.world.members(name)}; {self.world.log()[-2000:]}")
        milliseconds = (time.time() - said[0]) * 1000
        print(f"{name}: {milliseconds:.0f} ms after the export")
        assert milliseconds < ANSWER_MS

    def close(self):
        with contextlib.ExitStack() as stack:  # all of them, also when one has ended badly
            for one in (self.namespace, self.fleet, self.world, self.monitor, self.cvd):
                if one:
                    stack.callback(one.close)


STORIES = Stories(Chain)


# --- with the real client --------------------------------------------------------------------------


class Client:
    """freshclam, which also keeps a database of the mirrors' own: one that needs no signature."""

    def __init__(self, chain):
        self.clam, self.chain, self.turn = Clam(chain.namespace, chain.root), chain, 0
        text = self.clam.configuration.read_text()
        self.clam.configuration.write_text(text + "DatabaseCustomURL http://db.local.clamav.net/network.hdb\n")

    def update(self):
        """The mirrors get another network.hdb, and it fetches that; what it says."""
        self.turn += 1
        text = f"44d88612fea8a8f36de82e1278abb02f:68:Network.Test.{self.turn}\n"
        (self.chain.root / "files" / "network.hdb").write_text(text)
        output = self.clam.run()
        assert "network.hdb updated (version: custom database, sigs: 1)" in output, output
        assert (self.clam.folder / "network.hdb").read_text() == text
        assert not [one for one in COMPLAINTS if one in output.replace("Failed to load freshclam.dat", "")], output
        return output


@STORIES.add
def one_day_old_two_days_removed_back_at_once(chain):
    """And the real freshclam goes on all the time: while the mirror is old, when it is removed, when it is back."""
    chain.isolate()
    mirrors = chain.mirrors(de1={"admin": "admin@de1.example", "alerts": "noc@de1.example"})
    de1, de2, de3 = mirrors["de1"], mirrors["de2"], mirrors["de3"]
    monitor, world = chain.begin(ramp="3s")
    chain.follow("db.de", de1, de2, de3)
    client = Client(chain)
    output = client.update()
    for name, version in (("main", 63), ("daily", 28034), ("bytecode", 339)):
        assert f"{name}.cvd database is up-to-date (version: {version}" in output, output
    de1.become("refusing")
    monitor.wait_states({de1: "old"})
    assert world.members("db.de") == {de1.address, de2.address, de3.address}, "old is a warning"
    # One that does not answer yet is in the answers: the client goes on to the next.
    eventually(lambda: f"connect to {de1.address} port 80 failed: Connection refused" in client.update(), "a turn")
    monitor.wait_states({de1: "removed"})
    chain.follow("db.de", de2, de3)
    for _ in range(4):
        assert "Connection refused" not in client.update()
    asked = [request for mirror in (de2, de3) for request in mirror.requests if request.path == "/network.hdb"]
    assert {request.host for request in asked} == {"db.local.clamav.net"}
    assert chain.alerts(de1)[0] == [("old", "ok"), ("ok", "old"), ("old", "removed")]
    last = chain.alerts(de1)[1]
    assert (last["admin"], last["alerts"], last["why"]) == (
        "admin@de1.example", "noc@de1.example", "connect: connection refused")
    de1.become("good")
    begin = time.monotonic()
    weights = [monitor.wait_states({de1: "ok"})[de1.address]["weight"]]
    assert time.monotonic() - begin < 4, "the next check"
    chain.follow("db.de", de1, de2, de3)

    def full():
        weight = monitor.entries()[de1.address]["weight"]
        weights.extend([weight] if weight != weights[-1] else [])
        return weight == 100

    eventually(full, lambda: weights)
    assert weights[0] < 50 and weights == sorted(weights) and len(weights) >= 3, weights
    world.wait_log("de1.example (weight ", "->100)")
    asked = len(de1.requests)
    eventually(lambda: client.update() and [one for one in de1.requests[asked:] if one.path == "/network.hdb"],
               "the mirror that is back has its share")
    assert not world.lines("goes on being served"), world.log()


@STORIES.add
def the_string_waits_for_the_mirrors(chain):
    """A new daily is announced when 80 per cent of the mirrors in service have it; only then freshclam asks for it."""
    chain.isolate()
    mirrors = chain.mirrors()
    monitor, world = chain.begin(txt=str(chain.string))
    clam = Clam(chain.namespace, chain.root)
    chain.publish_from(chain.root / "cvd")
    cvd = chain.cvd

    def daily():
        return world.ask("current.cvd", "TXT").answer[0][0].strings[0].decode().split(":")[2]

    cvd.wait_log("is up to date")
    cvd.put("daily.cvd", 28035)
    cvd.wait_log("daily 28035 is held back at 28034: 0 of 12 mirror addresses in service have it, expected at least 10")
    first = int(cvd.fields(chain.string)[3])
    for mirror in list(mirrors.values())[:9]:
        mirror.versions["daily"] = 28035
    asked = len(mirrors["jp1"].requests)
    eventually(lambda: len([one for one in mirrors["jp1"].requests[asked:] if one.range and "ClamAV-MirrorCheck" in one.agent
                            and one.host == "jp1.example"]) >= 2, "two more questions")
    assert daily() == "28034" and int(cvd.fields(chain.string)[3]) > first, "held back, and fresh"
    assert "daily.cvd database is up-to-date (version: 28034" in clam.run()
    mirrors["us3"].versions["daily"] = 28035
    eventually(lambda: daily() == "28035", cvd.log)
    monitor.wait_log("versions changed txt=1.0.9:63:28035:")
    assert set(monitor.states().values()) == {"ok"}, "one version behind is good enough"
    output = clam.run()
    assert "daily database available for update (local version: 28034, remote version: 28035)" in output, output
    assert any(one.path == "/daily.cvd" and one.agent.startswith("ClamAV/")
               for mirror in (mirrors["de1"], mirrors["de2"], mirrors["de3"]) for one in mirror.requests)


# --- what a mirror does ----------------------------------------------------------------------------


@STORIES.add
def a_timestamp_that_stands_still(chain):
    """The web server answers, but nothing new comes: old when it is a day old, removed after two more."""
    mirrors = chain.mirrors()
    us1, us2, us3 = mirrors["us1"], mirrors["us2"], mirrors["us3"]
    monitor, _ = chain.begin()
    us1.become("still")
    reason = monitor.wait_states({us1: "old"})[us1.address]["reason"]
    assert re.fullmatch(r"timestamp \S+Z is \d+ \w+ old, limit 2 seconds", reason)
    monitor.wait_states({us1: "removed"})
    chain.follow("db.us", us2, us3)
    us1.become("good")
    chain.follow("db.us", us1, us2, us3)


@STORIES.add
def clocks_that_are_wrong(chain):
    """Timestamps of the future and of the past count as failures; a Date header alone does not."""
    mirrors = chain.mirrors()
    ahead, behind, adrift = mirrors["us1"], mirrors["us2"], mirrors["us3"]
    monitor, _ = chain.begin()
    for kind in ("ahead", "behind", "adrift"):
        locals()[kind].become(kind)
    for mirror, why in ((ahead, "is in the future: a clock is wrong; the mirror's clock is 3 days ahead"),
                        (behind, r"is 3 days old, limit 2 seconds; the mirror's clock is 3 days behind")):
        monitor.wait_log(rf'A mirror is old host={mirror.host} .* from=ok first=no why="timestamp \S+Z {why}"')
    chain.follow("db.us", adrift)
    assert monitor.entries()[adrift.address]["reason"] == ""
    for mirror in (ahead, behind):
        mirror.become("good")
    chain.follow("db.us", ahead, behind, adrift)


@STORIES.add
def all_mirrors_of_a_country_are_down(chain):
    """dig has those of the continent instead, and its own again as soon as one is back."""
    mirrors = chain.mirrors()
    pl1, pl2 = mirrors["pl1"], mirrors["pl2"]
    _, world = chain.begin()

    def dig(name):
        done = subprocess.run(["dig", "@127.0.0.1", "-p", str(world.port), f"{name}.clamav.net", "+short"],
                              capture_output=True, text=True, timeout=30, check=True)
        return set(done.stdout.split())

    assert dig("db.pl") == {pl1.address, pl2.address}
    for mirror in (pl1, pl2):
        mirror.become("refusing")
    europe = [mirrors[name] for name in ("de1", "de2", "de3", "fr1", "gb1")]
    chain.follow("db.pl", *europe)
    assert dig("db.pl") == {mirror.address for mirror in europe}
    pl2.become("good")
    chain.follow("db.pl", pl2)
    assert dig("db.pl") == {pl2.address}


# --- what people do --------------------------------------------------------------------------------


@STORIES.add
def planned_downtime(chain):
    """Out of the answers when the window opens, whatever checks say; back with the first good check after it."""
    mirrors = chain.mirrors()
    us1, us2, us3 = mirrors["us1"], mirrors["us2"], mirrors["us3"]
    monitor, world = chain.begin()
    window = {"from": timestamp(2), "to": timestamp(7)}
    monitor.change(us1={"downtime": [window]})
    assert us1.address in world.members("db.us")
    chain.follow("db.us", us2, us3)
    assert monitor.entries()[us1.address]["reason"] == f"planned downtime until {window['to']}"
    assert timestamp() >= window["from"]
    us1.become("refusing")
    eventually(lambda: timestamp() > window["from"] and time.time() % 1 > 0.1, "a while")
    us1.become("good")
    chain.follow("db.us", us1, us2, us3)
    assert timestamp() >= window["to"]
    assert chain.alerts(us1)[0] == [("old", "ok"), ("ok", "disabled"), ("disabled", "ok")], "nobody is told of failures"


@STORIES.add
def an_address_change_announced_ahead(chain):
    """The new address is listed beside the old one; both are answers; then the old one leaves, and nobody notices."""
    mirrors = chain.mirrors()
    us1, us2, us3 = mirrors["us1"], mirrors["us2"], mirrors["us3"]
    monitor, _ = chain.begin()
    new = chain.fleet.add(host="us1.example", country="US")
    monitor.write_list()
    chain.follow("db.us", us1, new, us2, us3)
    monitor.wait_states({new: "ok"})
    assert [entry["ipv4"] for entry in monitor.read()["mirrors"] if entry["host"] == "us1.example"] == [
        [us1.address, new.address]]
    us1.become("refusing")
    chain.fleet.mirrors.remove(us1)
    monitor.write_list()
    chain.follow("db.us", new, us2, us3)
    assert ("ok", "old") not in chain.alerts(us1)[0]
    us1.become("good")
    chain.fleet.mirrors.append(us1)


# --- what goes wrong with the monitor, what clients say ---------------------------------------------


def changed(path):
    """When a file was, in nanoseconds; None: it is not there."""
    try:
        return path.stat().st_ctime_ns
    except FileNotFoundError:
        return None


@STORIES.add
def the_monitor_killed_in_its_writes(chain):
    """kill -9 at any moment: the server takes every export, the state is read, the serial never falls."""
    mirrors = chain.mirrors()
    flapping = [mirrors["us1"], mirrors["de1"]]
    monitor, world = chain.begin()

    def write_list(turn):
        """Many that are away make the files large, so that the moment is often within a write; each turn has something
        to write."""
        downtime = [{"from": "2020-01-01T00:00:00Z", "to": timestamp(3600 + 60 * turn)}]
        monitor.write_list(json.loads(chain.fleet.list_text())["mirrors"] + [
            {"host": f"away{i}.{'long.' * 40}example", "country": "SE", "ipv4": [f"{chain.fleet.block}.200.{i + 1}"],
             "downtime": downtime} for i in range(250)])

    write_list(-1)
    eventually(lambda: len(monitor.states()) == 262, "all of them")
    stop, serials, chance = threading.Event(), [], random.Random(5)

    def read():
        while not stop.is_set():
            serials.append(monitor.read()["serial"])  # never half a file
            time.sleep(0.005)

    reader = threading.Thread(target=read)
    reader.start()
    # An export is begun, the state is being written, an export has taken its place; and up to 20 ms after that.
    half = chain.export.with_name("live.json.new")
    moments = (half, monitor.root / "monitor.sqlite-wal", chain.export)
    cut = 0
    monitor.stop(signal.SIGKILL)
    try:
        for turn in range(24):
            flapping[turn % 2].become("refusing" if turn % 4 < 2 else "good")
            write_list(turn)
            moment, before = moments[turn % 3], changed(half)
            since, end = [changed(moment), changed(chain.export)], time.monotonic() + DEADLINE
            monitor.start()
            while changed(moment) in (None, since[0]) and changed(chain.export) == since[1]:
                assert time.monotonic() < end, monitor.log()[-2000:]
                time.sleep(0.0002)
            if turn % 2:
                time.sleep(chance.uniform(0, 0.02))
            monitor.stop(signal.SIGKILL)
            cut += changed(half) not in (None, before)
    finally:
        stop.set()
        reader.join()
    print(f"{cut} exports were cut short, {len(set(serials))} came")
    assert cut > 0 and serials == sorted(serials) and len(set(serials)) >= 8
    for mirror in flapping:
        mirror.become("good")
    write_list(24)
    monitor.start()
    eventually(lambda: monitor.read()["serial"] > serials[-1], monitor.log)
    monitor.wait_states({mirror: "ok" for mirror in mirrors.values()})
    assert "corrupt" not in monitor.log() and "goes on being served" not in world.log(), world.log()
    eventually(lambda: len(world.members("db.us")) == 3, world.log)


@STORIES.add
def clients_complain_of_a_mirror(chain):
    """Failed pings make the monitor look at once, where its next look is an hour away; they are no verdict."""
    mirrors = chain.mirrors()
    us1, us2 = mirrors["us1"], mirrors["us2"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pools = POOLS + '\tping "ping" { address = "192.0.2.5" }\n'
    monitor, world = chain.begin(pools, {"metrics": f"127.0.0.1:{port}"}, policy="random",
                                 pings=f"http://127.0.0.1:{port}/metrics", old_after="1s")
    before = {mirror: len(mirror.requests) for mirror in mirrors.values()}

    def complain(mirror):
        for _ in range(4):
            assert addresses(world.ask(f"daily.28034.90.0.0.{mirror.address}.ping")) == ["192.0.2.5"]

    # Until the page has been read twice: what was counted before the first time is nobody's news.
    eventually(lambda: complain(us1) or len(us1.requests) > before[us1], "a look at the mirror")
    monitor.wait_states({us1: "ok"})
    us2.become("busy")
    eventually(lambda: complain(us2) or "HTTP 503" in monitor.entries()[us2.address]["reason"], monitor.log)
    others = [mirror for mirror in mirrors.values() if mirror not in (us1, us2)]
    assert sum(len(mirror.requests) - before[mirror] for mirror in others) <= 1, "nobody else was asked"
    assert monitor.states()[us1.address] == "ok"


@pytest.mark.parametrize("name", STORIES.names())
def test_chain(request, program, tmp_path_factory, name):
    STORIES.tell(request, program, tmp_path_factory, name)
