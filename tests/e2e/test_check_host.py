"""mirrorns-monitor --check HOST: one check, step by step, beside a running monitor or without one; it touches no state."""

import json
import re

import pytest

from certificates import Authority
from watcher import Watcher

STRING = "1.0.9:63:28034:1781708400:1:90:49192:339\n"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def make_watcher(program, tmp_path, fleet):
    made = []

    def make(**options):
        made.append(Watcher(program, tmp_path / f"monitor{len(made)}", fleet, **{"metrics": "", **options}))
        return made[-1]

    yield make
    for watcher in made:
        watcher.close()


def files(watcher):
    return {path: path.stat().st_mtime_ns for path in watcher.root.rglob("*")}


def check(watcher, host, status=0):
    """What it prints; nothing in the folder changes."""
    before = files(watcher)
    text, errors = watcher.run("--check", host, status=status)
    assert files(watcher) == before and not errors
    return text


def matches(text, *lines):
    """Each line matches one of the text, in this order."""
    rest = text.splitlines()
    for line in lines:
        found = [i for i, one in enumerate(rest) if re.fullmatch(line, one)]
        assert found, f"{line} is not in\n{text}"
        rest = rest[found[0] + 1:]


def test_good(fleet, make_watcher):
    mirror = fleet.add(host="a.example", country="PL")
    watcher = make_watcher(txt="dns.txt", old_after="1d")
    (watcher.root / "dns.txt").write_text(STRING)
    text = check(watcher, "A.Example.")
    matches(text, r"a\.example, Poland \(PL\)", rf"  addresses    {mirror.address}, from the list", "",
            f"{mirror.address} port {mirror.port}", r"  connect      \d+ ms", "  > GET /timestamp HTTP/1.1",
            r"  > Host: db\.pl\.clamav\.net", r"  > User-Agent: ClamAV-MirrorCheck/[\d.]+", "  < HTTP/1.1 200 OK", "  < Date: .* GMT",
            "  > GET /main.cvd HTTP/1.1", "  < HTTP/1.1 206 Partial Content",
            rf"  timestamp    {MOMENT}, \d seconds? old, limit 1 day", "  main         version 63, 63 is announced",
            "  daily        version 28034, 28034 is announced", r"  verdict      good, in \d+ ms",
            rf"  outlook      old at {MOMENT}, unless the timestamp is renewed")
    assert text.count("  connect") == 1 and "TLS" not in text
    # Beside a running one.
    watcher.start().wait_states({mirror: "ok"})
    asked = len(mirror.requests)
    watcher.run("--check", "a.example")
    assert len(mirror.requests) >= asked + 4


def test_failing(fleet, make_watcher):
    fleet.add("busy", host="busy.example")
    fleet.add("refusing", host="refusing.example")
    fleet.add("stale", host="stale.example", disabled=True)
    fleet.add("outdated", host="outdated.example")
    fleet.add("redirecting", host="elsewhere.example")
    fleet.add("babbling", host="babbling.example")
    watcher = make_watcher(txt="dns.txt", old_after="1d", remove_after="2d")
    (watcher.root / "dns.txt").write_text(STRING)
    later = "  outlook      old when all checks of 1 day fail, removed when it has been old for 2 days; good again with the next good check"
    matches(check(watcher, "busy.example", 1), "  < HTTP/1.1 503 Service Unavailable", "  verdict      failing: HTTP 503", later)
    matches(check(watcher, "refusing.example", 1), "  verdict      failing: connect: connection refused", later)
    matches(check(watcher, "stale.example", 1), rf"  timestamp    {MOMENT}, 36 hours old, limit 1 day",
            rf"  verdict      failing: timestamp {MOMENT} is 36 hours old, limit 1 day",
            "  but          it is not served whatever checks say: disabled by hand",
            "  outlook      old at once, removed when it has been old for 2 days; good again with a timestamp younger than 1 day")
    matches(check(watcher, "outdated.example", 1), "  daily        version 28030, 28034 is announced",
            "  verdict      failing: daily is 28030, 4 behind 28034", later)
    matches(check(watcher, "elsewhere.example", 1), "  < Location: http://.*", "  verdict      failing: HTTP 302: redirects to something else")
    matches(check(watcher, "babbling.example", 1), "  verdict      failing: more than 16384 octets of headers")


def test_https(fleet, make_watcher, tmp_path):
    authority = Authority(tmp_path / "authority")
    fleet.add(host="a.example", country="DE", tls=authority.issue("a.example", days=9.5))
    fleet.add(host="b.example", tls=authority.issue("c.example"))
    watcher = make_watcher(scheme="https", fresh="http", path="/x")
    fleet.find("a.example").pages["x"] = (200, b"")
    watcher.trusted = authority.file
    matches(check(watcher, "a.example"), r"  connect      \d+ ms", r"  TLS          TLSv1\.\d / \w+, \d+ ms", "  > GET /x HTTP/1.1",
            rf"  certificate  ends {MOMENT}, in 9 days", r"  verdict      good, in \d+ ms",
            rf"  warning      certificate ends in 9 days, {MOMENT}", "  outlook      old when all checks of 1 day fail")
    text = check(watcher, "b.example", 1)
    matches(text, r"  connect      \d+ ms", "  verdict      failing: certificate: it is not for the name of this host")
    assert "  > " not in text


def test_several_addresses(fleet, make_watcher):
    """One that fails is enough; an entry more of the host is looked at, too."""
    first = fleet.add(host="a.example")
    second = fleet.add("refusing", host="a.example")
    watcher = make_watcher()
    matches(check(watcher, "a.example", 1), f"  addresses    {first.address}, {second.address}, from the list",
            f"{first.address} port .*", "  verdict      good.*", f"{second.address} port .*", "  verdict      failing.*")
    third = fleet.add(host="b.example")
    entries = json.loads(fleet.list_text())["mirrors"]
    watcher.write_list([entries[1], {**entries[1], "host": "B.example", "ipv4": [first.address]}])
    matches(check(watcher, "b.example"), f"{third.address} port .*", "  verdict      good.*", "B.example, .*",
            f"{first.address} port .*", "  verdict      good.*")


def test_by_name(fleet, make_watcher):
    """An address is looked for, and judged as a running monitor would."""
    watcher = make_watcher()
    watcher.write_list([{"host": "localhost", "country": "DE", "port": 1}])
    text = check(watcher, "localhost", 1)
    assert re.search(r"^  addresses    .*(127\.0\.0\.1|::1), by the name$", text, re.M)
    watcher.configure(allow_private=False)
    text, errors = watcher.run("--check", "localhost", status=1)
    assert "  addresses    none is known: the name resolves to none\n" in text
    assert "Host name resolves to a loopback address, not checked because allow-private is off" in errors


def test_refused(make_watcher):
    """Who is not in the list, and files that are no good: 2."""
    watcher = make_watcher()
    watcher.write_list([{"host": "a.example", "country": "DE", "ipv4": ["127.0.0.1"], "port": 1}])
    assert watcher.run("--check", "b.example", status=2) == ("", f"{watcher.list}: no mirror has the host b.example\n")
    watcher.configure(txt="none.txt")
    text, errors = watcher.run("--check", "a.example", status=1)
    assert "connection refused" in text and errors.endswith("none.txt: cannot be opened: No such file or directory; versions are not checked\n")
    watcher.write_list("{}")
    assert "mirrors is missing" in watcher.run("--check", "a.example", status=2)[1]
