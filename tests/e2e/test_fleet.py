"""The monitor and a fleet of mirrors: every kind gets its sentence, and nobody sees a wave."""

import collections
import contextlib
import os
import pathlib
import re
import signal
import socket
import time

import pytest

from fleet import DATABASES, KINDS, Fleet
from watcher import Watcher
from world import DEADLINE, eventually, version_string

ROUND_SECONDS, ROUND_KILOBYTES = 60, 64 * 1024
PARALLEL = 64
# What is thought of each kind after one check with a time limit of 2 s, and why.
THOUGHT = {
    "good": ("ok", ""), "rfc3339": ("ok", ""), "dated": ("ok", ""), "modified": ("ok", ""),
    "still": ("ok", ""), "slow": ("ok", ""), "bare": ("ok", ""),
    "stale": ("old", r"timestamp \S+ is \d+ \w+ old, limit 1 day"),
    "ahead": ("old", r"timestamp \S+ is in the future: a clock is wrong; the mirror's clock is 3 days ahead"),
    "behind": ("old", r"timestamp \S+ is 3 days old, limit 1 day; the mirror's clock is 3 days behind"),
    "adrift": ("ok", ""),
    "outdated": ("old", r"daily is 28030, 4 behind 28034"),
    "hanging": ("old", r"no reply within 2 s"),
    "deaf": ("old", r"connect: timed out after 2 s"),
    "refusing": ("old", r"connect: connection refused"),
    "dripping": ("old", r"the reply did not end within 2 s"),
    "lying": ("old", r"the reply did not end within 2 s"),
    "half": ("old", r"incomplete reply: 2 octets of 11"),
    "redirecting": ("old", r"HTTP 302: redirects to something else"),
    "garbage": ("old", r"timestamp: found something else, expected Unix seconds, an RFC 3339 or HTTP date"),
    "endless": ("old", r"timestamp: more than 4096 octets, expected a time"),
    "babbling": ("old", r"more than 16384 octets of headers"),
    "busy": ("old", r"HTTP 503"),
    "lost": ("old", r"HTTP 404"),
    "resetting": ("old", r"no reply: connection reset by peer"),
    "closing": ("old", r"no reply: the connection was closed"),
    "tls": ("old", r"the reply is not HTTP: is the port used by TLS or another service\?"),
}


@pytest.fixture
def watch(program, tmp_path):
    made = []

    def make(fleet, **options):
        made.append(Watcher(program, tmp_path, fleet, metrics="", **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def once(monitor, **how):
    """(seconds, kilobytes at most) of one round."""
    begin = time.monotonic()
    monitor.start("--once", **how)
    process, peak = monitor.process, 0
    while process.poll() is None:
        # The peak only grows; what wait4() tells has this test's own memory in it.
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        with contextlib.suppress(FileNotFoundError):  # it is ending, or not that program yet
            if found and os.readlink(f"/proc/{process.pid}/exe").endswith("/mirrorns-monitor"):
                peak = max(peak, int(found[1]))
        time.sleep(0.005)
    monitor.ended()
    return time.monotonic() - begin, peak


SIGNATURES = [f"/{name}-{version}.cvd.sign" for name, version in DATABASES.items()]


def check_requests(mirror):
    """Every request is the monitor's own, and only for what it may ask."""
    paths = {"/timestamp", *(f"/{name}.cvd" for name in DATABASES), *SIGNATURES}
    for request in mirror.requests:
        assert request.line == f"GET {request.path} HTTP/1.1" and request.path in paths
        assert re.fullmatch(r"ClamAV-MirrorCheck/[\d.]+", request.agent)
        assert request.host == f"db.{mirror.country.lower()}.clamav.net"
        assert request.range == (None if request.path == "/timestamp" else "bytes=0-511")


def test_kinds_are_known():
    assert set(THOUGHT) == set(KINDS)


def test_round(watch, is_sanitizer):
    """500 mirrors of all kinds in one round: in time, in little memory, never too many at once."""
    with Fleet() as fleet:
        fleet.fill(490)
        for i in range(6):
            fleet.add("good" if i < 5 else "refusing", host="wide.example", country="DE")
        fleet.add("good", address="::1", host="six.example", country="SE", port=fleet.port)
        fleet.add("garbage", address="127.99.0.1", host="six.example", country="SE")
        fleet.add("good", disabled=True)
        fleet.add("good", downtime=[{"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}])
        assert len(fleet.mirrors) == 500
        monitor = watch(fleet, parallel=PARALLEL, txt="dns.txt")
        (monitor.root / "dns.txt").write_text(version_string() + "\n")
        seconds, kilobytes = once(monitor)
        print(f"round: {seconds:.2f} s, {kilobytes} KB, {fleet.peak} connections at most")
        assert seconds < ROUND_SECONDS
        assert 0 < kilobytes and (is_sanitizer or kilobytes < ROUND_KILOBYTES)
        assert 8 <= fleet.peak <= PARALLEL and fleet.host_peak <= 2

        entries = monitor.entries()
        assert len(entries) == 500 and all(entries[one.address]["host"] == one.host for one in fleet.mirrors)
        for mirror in fleet.mirrors:
            entry = entries[mirror.address]
            state, why = ("disabled", "disabled by hand|planned downtime.*") if mirror.listed else THOUGHT[mirror.kind]
            assert entry["state"] == state, entry
            assert re.fullmatch(f"(never reached yet: )?{why}", entry["reason"]), entry
            check_requests(mirror)
            times = collections.Counter(request.path for request in mirror.requests)
            assert set(times.values()) <= {1}, f"{mirror.host} was asked twice: {times}"
            good = mirror.kind in ("stale", "ahead", "behind") or THOUGHT[mirror.kind][0] == "ok"
            files = 2 if mirror.kind == "outdated" else 6 if good else 0  # databases and their signatures
            assert len(times) - ("/timestamp" in times) == files, f"{mirror.host}: {times}"


def test_user_agent_and_host_header(watch):
    """Each is asked by the name of its country, as ClamAV-MirrorCheck; the first part of the databases, too."""
    with Fleet() as fleet:
        for country in ("DE", "GB", "BR"):
            fleet.add(country=country)
        monitor = watch(fleet, txt="dns.txt")
        (monitor.root / "dns.txt").write_text(version_string() + "\n")
        monitor.once()
        for mirror in fleet.mirrors:
            check_requests(mirror)
            assert [one.path for one in mirror.requests] == ["/timestamp", *(f"/{name}.cvd" for name in DATABASES), *SIGNATURES]
        assert {mirror.requests[0].host for mirror in fleet.mirrors} == {
            "db.de.clamav.net", "db.gb.clamav.net", "db.br.clamav.net"}


def test_each_second(watch):
    """A schedule of one second: each mirror about once a second and never two checks at a time, a hanging one hinders
    nobody; what happens to a mirror is seen at once."""
    with Fleet() as fleet:
        mirrors = [fleet.add() for _ in range(5)]
        fleet.add("hanging")
        monitor = watch(fleet, timeout="3s", old_after="1s").start()
        first = mirrors[0]
        eventually(lambda: len(first.requests) >= 3, "three checks")
        gaps = [b.when - a.when for a, b in zip(first.requests, first.requests[1:])]
        assert all(gap > 0.7 for gap in gaps), gaps
        counts = [len(mirror.requests) for mirror in mirrors]
        assert max(counts) - min(counts) <= 1, counts
        first.become("refusing")
        assert monitor.wait_states({first: "old"})[first.address]["reason"] == "connect: connection refused"
        first.become("good")
        monitor.wait_states({first: "ok"})


def test_few_files(watch):
    """Where fewer files may be open than checks are wanted, there are fewer checks, and a line says so."""
    with Fleet() as fleet:
        for _ in range(32):
            fleet.add("slow")
        monitor = watch(fleet, parallel=40)
        once(monitor, files=80)
        assert "Fewer parallel checks than configured, limited by open files parallel=16 configured=40 files=80" \
            in monitor.log()
        assert fleet.peak <= 16
        assert {entry["state"] for entry in monitor.entries().values()} == {"ok"}


def test_ipv6_alone(watch, make_namespace):
    """Mirrors with an IPv6 address and no other, where the machine has many."""
    namespace = make_namespace(
        "for i in $(seq 20); do ip addr add $(printf '2001:db8:6::%x' $i)/128 dev lo nodad; done")
    with Fleet(enter=namespace.call) as fleet:
        for i, kind in enumerate(("good", "stale", "refusing", "slow") * 5):
            fleet.add(kind, address=f"2001:db8:6::{i + 1:x}")
        monitor = watch(fleet, enter=namespace.enter)
        once(monitor)
        entries = monitor.entries()
        for mirror in fleet.mirrors:
            state, why = THOUGHT[mirror.kind]
            entry = entries[mirror.address]
            assert entry["state"] == state and re.fullmatch(f"(never reached yet: )?{why}", entry["reason"]), entry
            check_requests(mirror)


def test_pings_that_cannot_be_read(watch):
    """By HTTP and by HTTPS: a line says why, or nobody would know that there are no hints."""
    with Fleet() as fleet, socket.create_server(("127.0.0.1", 0)) as server:
        mirror = fleet.add()
        server.settimeout(DEADLINE)
        monitor = watch(fleet, pings=f"http://{mirror.address}:{mirror.port}/metrics")
        monitor.start().wait_log(" The ping metrics page cannot be read: HTTP 404$")
        monitor.stop()
        monitor.configure(pings=f"https://127.0.0.1:{server.getsockname()[1]}/metrics")
        monitor.start()
        with server.accept()[0] as connection:
            assert connection.recv(1) == b"\x16", "a TLS handshake"
        monitor.wait_log(" The ping metrics page cannot be read: (?!HTTP)")


def test_a_name_that_nobody_resolves(watch, make_namespace, tmp_path):
    """A resolver that is mute, and one that says no: it was the name, not the server."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: dns\n")
    namespace = make_namespace("".join(f"mount --bind {tmp_path}/{name} /etc/{name}\n"
                                       for name in ("resolv.conf", "nsswitch.conf")))
    with Fleet(enter=namespace.call) as fleet:
        fleet.add()
        mute = namespace.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        with mute:
            mute.bind(("127.0.0.1", 53))
            monitor = watch(fleet, enter=namespace.enter, timeout="1s", pings="http://a:b@stats.example/metrics")
            monitor.start().wait_log(" The ping metrics page cannot be read: resolve: timed out after 1 s$")
            monitor.stop()
            mute.settimeout(0)
            with pytest.raises(BlockingIOError):
                while True:
                    assert b"stats" in mute.recv(512)
        monitor.start().wait_log(" The ping metrics page cannot be read: resolve: no address found for "
                                 "stats.example$")


def test_a_name_of_many_addresses(watch, make_namespace, tmp_path):
    """No more than 16 are checked, which is said once, however often the name is resolved."""
    (tmp_path / "hosts").write_text("".join(f"127.9.9.{i} many.example\n" for i in range(1, 21)))
    monitor = watch(None, enter=make_namespace(f"mount --bind {tmp_path}/hosts /etc/hosts").enter)
    monitor.write_list([{"host": "many.example", "country": "DE"}])
    monitor.start().wait_log(" Mirror list loaded hosts=1 addresses=16 ")
    for times in (2, 3):
        monitor.process.send_signal(signal.SIGHUP)
        monitor.wait_log(" Mirror list loaded ", times)
    monitor.stop()
    line, = monitor.lines("Host name has too many addresses")
    assert line.endswith(" warning Host name has too many addresses, only some are checked host=many.example max=16")


def test_names_that_no_url_takes(watch):
    """What the list takes as a host is checked by its address, whatever it is called."""
    with Fleet() as fleet:
        for host in ("256.1.1.1", "0x7f.1", "_a.b_c", "xn--a", "a" * 63, "a." * 126 + "a"):
            fleet.add(host=host)
        monitor = watch(fleet)
        monitor.once()
        assert [(entry["state"], entry["reason"]) for entry in monitor.entries().values()] == [("ok", "")] * 6
