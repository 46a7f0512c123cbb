"""ClamAV 1.5 fetches a signature beside each database: the monitor looks for those of the announced versions."""

import re

import pytest

from test_monitor import free_address
from watcher import Mailbox, Watcher
from world import eventually

STRING = "1.0.9:63:28034:1781708400:1:90:49192:339\n"
SIGNED = ["/main-63.cvd.sign", "/daily-28034.cvd.sign", "/bytecode-339.cvd.sign"]


@pytest.fixture
def watcher(program, tmp_path, fleet):
    one = Watcher(program, tmp_path / "monitor", fleet, metrics="", txt="dns.txt")
    (one.root / "dns.txt").write_text(STRING)
    yield one
    one.close()


def asked(mirror):
    return [request.path for request in mirror.requests if request.path.endswith(".sign")]


def test_usual(fleet, watcher):
    """A warning, on the page and in the log once, without mail: the state stays ok."""
    good, unsigned = fleet.add(host="good.example"), fleet.add(host="unsigned.example", country="PL", alerts="a@x.example")
    bare, behind = fleet.add("bare", host="bare.example"), fleet.add(host="behind.example")
    unsigned.signed = False
    behind.versions["daily"] = 28033
    with Mailbox() as box:
        watcher.configure(metrics=free_address(), smtp=box.url, mail_from="m@x.example", digest="0")
        watcher.write_list()
        watcher.start().wait_states({mirror: "ok" for mirror in fleet.mirrors})
        why = "main-63.cvd.sign: HTTP 404; daily-28034.cvd.sign: HTTP 404; bytecode-339.cvd.sign: HTTP 404"
        watcher.wait_log(rf'A mirror lacks signatures host=unsigned.example address={unsigned.address} country=PL why="{re.escape(why)}"')
        eventually(lambda: {one["host"]: one["addresses"][0]["reason"] for one in watcher.status().get("mirrors", [])} == {
            "good.example": "", "unsigned.example": why, "bare.example": "", "behind.example": ""}, watcher.status)
        assert all(request.range == "bytes=0-511" for request in good.requests if request.path.endswith(".sign"))
        count = len(unsigned.requests)
        eventually(lambda: len(unsigned.requests) > count + 14, "two more checks")
        unsigned.signed = True
        eventually(lambda: not watcher.status()["mirrors"][1]["addresses"][0]["reason"], watcher.status)
        assert len(watcher.lines("lacks signatures")) == 1 and not box.mails
    assert asked(good)[:3] == asked(bare)[:3] == SIGNED


def test_required(fleet, watcher):
    unsigned, bare = fleet.add(host="unsigned.example"), fleet.add("bare", host="bare.example")
    unsigned.signed = False
    watcher.write_list()
    watcher.configure(signatures="require")
    watcher.once()
    assert watcher.entries()[unsigned.address]["reason"] == "never reached yet: main-63.cvd.sign: HTTP 404"
    assert watcher.states() == {unsigned.address: "old", bare.address: "ok"}
    assert "\n  > GET /main-63.cvd.sign HTTP/1.1\n" in watcher.run("--check", "unsigned.example", status=1)[0]


def test_off(fleet, watcher):
    """Nor are they asked for where no string is watched."""
    mirror = fleet.add()
    watcher.write_list()
    watcher.configure(signatures="off")
    watcher.once()
    watcher.configure(signatures="require", txt=None)
    watcher.once()
    assert not asked(mirror) and watcher.states() == {mirror.address: "ok"}


def test_check_warns(fleet, watcher):
    fleet.add(host="a.example").signed = False
    watcher.write_list()
    text = watcher.run("--check", "a.example")[0]
    assert "\n  warning      main-63.cvd.sign: HTTP 404; daily-28034.cvd.sign: HTTP 404; bytecode-339.cvd.sign: HTTP 404\n" in text
