"""Addresses that are not global: a mirror may not make the monitor ask at home, or tell what it was answered there."""

import json
import re
import signal

import pytest

from conftest import PROJECT
from fleet import Fleet
from namespace import required
from watcher import Watcher
from world import eventually, mirror, timestamp

GLOBAL = ("9.9.9.1", "9.9.9.2", "9.9.9.3", "2600::1")
QUOTED = ('timestamp: found "<html>\\x1B[31mIt works!\\xFF", expected Unix seconds, an RFC 3339 or HTTP date')
SILENT = "timestamp: found something else, expected Unix seconds, an RFC 3339 or HTTP date"


@pytest.fixture
def watch(program, tmp_path):
    made = []

    def make(**options):
        made.append(Watcher(program, tmp_path / "monitor", **{
            "allow_private": None, "metrics": "", "timeout": "1s", "old_after": "2s", "remove_after": "3s", **options}))
        return made[-1]

    yield make
    for one in made:
        one.close()


class Place:
    """A namespace with global addresses and names of its own."""

    def __init__(self, make_namespace, root):
        required()
        self.hosts = root / "hosts"
        self.name()
        self.namespace = make_namespace(f"mount --bind {self.hosts} /etc/hosts\n" + "".join(
            f"ip addr add {address} dev lo nodad\n" if ":" in address else f"ip addr add {address}/32 dev lo\n"
            for address in GLOBAL))
        self.fleet = Fleet(enter=self.namespace.call)

    def name(self, **names):
        """name(evil="127.0.0.1 9.9.9.1"): evil.example has these addresses."""
        self.hosts.write_text("".join(f"{address} {name}.example\n"
                                      for name, addresses in names.items() for address in addresses.split()))

    def entry(self, host, *addresses):
        found = {f"ipv{6 if ':' in address else 4}": [address] for address in addresses}
        return {"host": f"{host}.example", "country": "DE", "port": self.fleet.port, **found}

    def asked(self):
        return {mirror.address for mirror in self.fleet.mirrors if mirror.requests}


@pytest.fixture
def place(make_namespace, tmp_path):
    one = Place(make_namespace, tmp_path)
    yield one
    one.fleet.close()


# --- where mirrors may be ------------------------------------------------------------------------

def test_a_listed_address(watch):
    """Refused with its line, by -t and by a start; what was served goes on; documentation is fine, and what is allowed."""
    monitor = watch()
    wrong = [{"host": "a.example", "country": "DE", "ipv4": ["192.0.2.1", "127.0.0.1"]}]
    monitor.write_list(wrong)
    sentence = (f"{monitor.list}:8: host a.example: ipv4 is 127.0.0.1, a loopback address, expected a global one, or "
                "allow-private = true in the configuration\n")
    for words in (["-t"], ["--once"], []):
        assert monitor.run(*words, status=2)[1] == sentence
    assert not monitor.export.exists()
    monitor.write_list([{"host": "a.example", "country": "DE", "ipv4": ["192.0.2.1"], "ipv6": ["2001:db8::1"]}])
    monitor.run("-t")
    monitor.start().wait_states({"192.0.2.1": "old"})
    monitor.write_list(wrong)
    monitor.wait_log(re.escape(sentence[:-1]) + "; the previous list stays in effect")
    monitor.stop()
    monitor.configure(allow_private=True)
    monitor.run("-t")


def test_a_name_that_leads_home(watch, place):
    """Nobody asks there, nothing of it is published, and the log says why, once; what is global of it is checked."""
    home = [place.fleet.add("garbage", address=address) for address in ("127.0.0.1", "::1")]
    abroad = place.fleet.add(address=GLOBAL[0])
    place.name(evil="127.0.0.1 ::1", mixed=f"127.0.0.1 {GLOBAL[0]}")
    monitor = watch(enter=place.namespace.enter)
    monitor.write_list([place.entry("evil")])
    log = monitor.once(status=1)
    assert re.search(r"^Host name resolves to a loopback address, not checked because allow-private is off "
                     r"host=evil.example address=\S*1$", log, re.M), log
    assert not monitor.export.exists() and not place.asked()
    monitor.write_list([place.entry("evil"), place.entry("mixed")])
    monitor.start().wait_states({abroad: "ok"})
    for times in (2, 3):
        monitor.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(abroad.requests) >= times, "checks")
    assert len(monitor.lines("Host name resolves to", "host=evil")) == 1
    # Whoever was good and then leads home: what was known stays.
    place.name(mixed="10.0.0.1")
    monitor.process.send_signal(signal.SIGHUP)
    monitor.wait_log("Host name cannot be resolved, its last known addresses stay in use host=evil.example")
    count = len(abroad.requests)
    eventually(lambda: len(abroad.requests) > count, "a check")
    assert set(monitor.states()) == {abroad.address} and place.asked() == {abroad.address}
    monitor.stop()
    # What an earlier run has believed is forgotten.
    place.name(evil="127.0.0.1")
    monitor.configure(allow_private=True)
    monitor.write_list([place.entry("evil")])
    monitor.once(status=1)
    assert {one.address for one in home if one.requests} == {"127.0.0.1"}
    monitor.configure(allow_private=None)
    home[0].requests.clear()
    monitor.once(status=1)
    assert not home[0].requests and "127.0.0.1" not in json.dumps(monitor.entries())


# --- the first success ---------------------------------------------------------------------------

def test_the_first_success(watch, place):
    """A listed address is `old` until then; one that a name gives is in no export before, and stays after."""
    listed, named = (place.fleet.add("garbage", address=address) for address in GLOBAL[:2])
    place.name(named=named.address)
    monitor = watch(enter=place.namespace.enter, interval="1s", remove_after="1h")
    monitor.write_list([place.entry("listed", listed.address), place.entry("named")])
    monitor.start().wait_states({listed: "old"})
    eventually(lambda: len(named.requests) >= 2, "checks")
    assert set(monitor.states()) == {listed.address}
    named.become("good")
    monitor.wait_states({listed: "old", named: "ok"})
    named.become("garbage")
    monitor.wait_states({named: "old"})
    monitor.stop()
    # The monitor's memory is lost: what the export had counts as having been good.
    (monitor.root / "monitor.sqlite").unlink()
    monitor.once()
    assert monitor.states() == {listed.address: "old", named.address: "old"}
    assert monitor.entries()[named.address]["reason"] == "never reached yet: " + QUOTED
    for name in ("monitor.sqlite", "mirrors.json"):
        (monitor.root / name).unlink()
    monitor.once()
    assert monitor.states() == {listed.address: "old"}


def test_only_names(watch, place):
    """Nobody to publish yet is no fault while the first checks are under way."""
    named = place.fleet.add("slow", address=GLOBAL[0])
    place.name(named=named.address)
    monitor = watch(enter=place.namespace.enter)
    monitor.write_list([place.entry("named")])
    monitor.start().wait_states({named: "ok"})
    assert not monitor.lines("is not written")


# --- what is quoted ------------------------------------------------------------------------------

def test_what_is_quoted(watch, place):
    """Printable ASCII of a global address's answer; of another one's nothing, wherever sentences go."""
    mirrors = [place.fleet.add("garbage", address=address) for address in (*GLOBAL[:1], GLOBAL[3], "127.0.0.1", "::1")]
    mirrors.append(place.fleet.add("redirecting", address=GLOBAL[1]))
    mirrors.append(place.fleet.add("redirecting", address="127.0.0.2"))
    monitor = watch(enter=place.namespace.enter, allow_private=True, page="html")
    monitor.write_list([place.entry(f"m{i}", one.address) for i, one in enumerate(mirrors)])
    monitor.once()
    reasons = {address: entry["reason"].removeprefix("never reached yet: ")
               for address, entry in monitor.entries().items()}
    assert reasons == {
        GLOBAL[0]: QUOTED, GLOBAL[3]: QUOTED, "127.0.0.1": SILENT, "::1": SILENT,
        GLOBAL[1]: f'HTTP 302: redirects to "http://127.0.0.1:{place.fleet.port}/timestamp?\\x22from\\x22"',
        "127.0.0.2": "HTTP 302: redirects to something else"}
    # Nobody was sent on by a mirror.
    assert all(len(one.requests) == 1 for one in mirrors)


# --- several monitors ----------------------------------------------------------------------------

def test_merge_believes_no_clock(watch):
    """Times that have not come are those of their report, a report of the future is of now; no control characters."""
    monitor = watch()
    entry = {"host": "m.example", "country": "PL", "ipv4": ["192.0.2.1"], "state": "old", "since": "2099-01-01T00:00:00Z",
             "checked": "2098-01-01T00:00:00Z", "reason": "a\x1b[2J\x7f\x85\u202eb\u2028c"}
    reports = []
    for name, generated in (("a", timestamp(-60)), ("b", timestamp(3000))):
        reports.append(monitor.root / f"{name}.json")
        reports[-1].write_text(json.dumps({"format": "mirror-export/1", "generated": generated, "mirrors": [entry]}))
    for which, early, late in ((reports[:1], -61, -59), (reports, -5, 60)):
        merged = json.loads(monitor.run("--merge", *map(str, which), config=False)[0])
        found = merged["mirrors"][0]
        for when in (merged["generated"], found["since"], found["checked"]):
            assert timestamp(early - 60) <= when <= timestamp(late), merged
        assert re.fullmatch(r"(1 of 1|2 of 2) monitors: a\?\[2J\?\?\?b\?c", found["reason"]), found


# --- the server ----------------------------------------------------------------------------------

def test_the_server_warns(make_world):
    """One line for the zone at -t, a start and a reload; for an export that has changed, where that has changed."""
    def serve(*more):
        return [mirror("a.example", "DE", "192.0.2.1"), mirror("b.example", "DE", "127.0.0.1"),
                mirror("c.example", "DE", "10.0.0.1", state="old"),
                mirror("d.example", "DE", "10.0.0.2", state="removed"), *more]

    world = make_world(mirrors=serve())
    line = ("Zone clamav.net has 2 mirror addresses in service that the Internet cannot reach: "
            "127.0.0.1 (a loopback address) of b.example, 10.0.0.1 (a private address) of c.example file=")

    def warned():
        return [one for one in world.log().splitlines() if "the Internet cannot reach" in one]

    done = world.run("-t", "-c", str(world.path("mirrorns.conf")))
    assert done.returncode == 0 and done.stderr.count(line) == 1
    world.start()
    assert len(warned()) == 1 and line in warned()[0]
    world.export(serve(mirror("e.example", "DE", "192.0.2.9")))
    world.wait_log("changed", "e.example")
    assert len(warned()) == 1
    world.export(serve(mirror("f.example", "DE", "169.254.1.1"), mirror("g.example", "DE", "127.0.0.2")))
    eventually(lambda: len(warned()) == 2, "a warning")
    assert "4 mirror addresses" in warned()[1] and "(a link-local address) of f.example and 1 more file=" in warned()[1]
    world.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(warned()) == 3, "a warning")


@pytest.mark.one_program
def test_the_list_that_is_shipped(watch):
    monitor = watch()
    monitor.write_list((PROJECT / "tools/package/mirrors.list.json").read_text())
    assert "hosts=3 addresses=4" in monitor.run("-t")[1]
