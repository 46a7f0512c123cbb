"""Mirrors taken out by hand: what matches, who is asked twice, when it ends, what it counts for."""

import json
import os
import time

import pytest

from packet import addresses
from world import eventually, export_text, mirror, mirrors_of

MIRRORS = [
    *mirrors_of("DE", 4, "198.18.1"),
    mirror("m1.pl.example", "PL", "198.18.2.1", "2001:db8:2::1"),
    mirror("m2.pl.example", "PL", "198.18.2.2", "2001:db8:2::2"),
    mirror("gone.de.example", "DE", "198.18.3.1", state="removed"),
]


@pytest.fixture
def start(make_world):
    def begin(**files):
        world = make_world()
        files.setdefault("mirrors", MIRRORS)
        return world.fill(control=str(world.control_path), **files).start()
    return begin


def german(*numbers):
    return {f"198.18.1.{i}" for i in numbers}


@pytest.mark.parametrize("glob, left", [
    ("m1.de.example", (2, 3, 4)), ("M1.DE.example", (2, 3, 4)), ("198.18.1.2", (1, 3, 4)),
    ("198.18.1.0/31", (2, 3, 4)), ("198.18.1.2/31", (1, 4)), ("m[12]*", None), ("*3.de.*", (1, 2, 4)),
    ("m?.pl.example", (1, 2, 3, 4)), ("198.18.1.?", ()), ("m*1*e", (2, 3, 4)),
])
def test_what_matches(start, glob, left):
    world = start()
    reply = world.control("drain", glob=glob, force=True)
    if left is None:
        assert reply["exit"] == 1 and "matches no host and no address" in reply["why"]
        return
    assert reply["exit"] == 0, reply
    expected = german(*left) or world.members("db.other")
    assert world.members("db.de") == expected, "at once"
    if left:
        assert reply["result"]["until"] is None


def test_ipv6(start):
    world = start()
    reply = world.control("drain", glob="2001:DB8:2:0::1")
    assert reply["exit"] == 0 and reply["result"]["addresses"] == 1
    assert world.members("db.pl", "AAAA") == {"2001:db8:2::2"}
    assert world.members("db.pl") == {"198.18.2.1", "198.18.2.2"}, "its other address is served on"
    assert world.control("undrain", glob="2001:db8:2:0::1")["exit"] == 0
    assert world.control("drain", glob="2001:db8:2::/127")["exit"] == 0
    assert world.members("db.pl", "AAAA") == {"2001:db8:2::2"}


def test_result(start):
    world = start(pools='\tpool "db.*" { from = "label" ttl = 77 }\n')
    begin = int(time.time())
    reply = world.control("drain", glob="*.de.example", for_seconds=3600, why="moves house", force=True)
    result = reply["result"]
    assert reply["exit"] == 0
    assert result["glob"] == "*.de.example" and result["why"] == "moves house"
    assert result["addresses"] == 5 and result["taken_out"] == 4
    assert result["clients_gone_after_seconds"] == 77
    assert result["hosts"] == [f"m{i}.de.example" for i in range(1, 5)] + ["gone.de.example"]
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin + 3600))
    assert until <= result["until"] < until[:-3] + "99Z"
    drain, = world.control("status")["result"]["drains"]
    assert drain == {"glob": "*.de.example", "until": result["until"], "why": "moves house",
                     "addresses": 5}
    export = world.control("status")["result"]["zones"][0]["export"]
    assert export["mirrors"] == 7 and export["served"] == 2
    reply = world.control("undrain", glob="*.DE.example")
    assert reply == {"exit": 0, "result": {"glob": "*.de.example", "addresses": 5, "back": 4, "held": 0}}
    assert world.members("db.de") == german(1, 2, 3, 4)
    assert world.control("status")["result"]["drains"] == []


@pytest.mark.parametrize("arguments, status, why", [
    ({"glob": "nobody.example"}, 1, '"nobody.example" matches no host and no address'),
    ({"glob": ""}, 2, "the glob has 0 octets"), ({}, 2, "the glob has 0 octets"),
    ({"glob": "x" * 256}, 2, "the glob has 256 octets"),
    ({"glob": "198.18.1.1/24"}, 2, "is not a network"), ({"glob": "198.18.1.0/33"}, 2, "is not a network"),
    ({"glob": "198.18.1.0/"}, 2, "is not a network"), ({"glob": "2001:db8::/129"}, 2, "is not a network"),
    ({"glob": "m1*", "for_seconds": 0}, 2, "for_seconds is not a number"),
    ({"glob": "m1*", "for_seconds": "2h"}, 2, "for_seconds is not a number"),
    ({"glob": "m1*", "why": "x" * 256}, 2, "the reason has 256 octets"),
])
def test_refused(start, arguments, status, why):
    world = start()
    reply = world.control("drain", **arguments)
    assert reply["exit"] == status and why in reply["why"], reply
    assert world.control("status")["result"]["drains"] == []


def test_undrain_of_what_is_not_drained(start):
    world = start()
    reply = world.control("undrain", glob="m1.de.example")
    assert reply["exit"] == 1 and '"m1.de.example" is not drained' in reply["why"]
    world.wait_log("Command refused verb=undrain glob=m1.de.example", "is not drained", count=1)
    reply = world.control("undrain")
    assert reply["exit"] == 2 and "has no glob" in reply["why"]


@pytest.mark.parametrize("pools, glob, why", [
    ('\tpool "db.*" { from = "label" fallback = {} }\n', "*.de.example",
     'pool "db.*" would have no mirror in service at any level for DE (A)'),
    ('\tpool "db.*" { from = "label" }\n', "*", "for ZW and 249 others (A)"),
    ('\tpool "db.*" { from = "label" }\n', "2001:db8:2::/64", "for ZW and 249 others (AAAA)"),
    ('\tpool "db.pl" { from = "country:PL" fallback = {} }\n', "198.18.2.0/24",
     'pool "db.pl" would have no mirror in service at any level for any client (A)'),
    ('\tpool "db.local" { from = "client" fallback = {} fail = "closed" }\n', "*.pl.example",
     "for PL (A)"),
    ('\tpool "db.local" { from = "client" fallback = {"world"} }\n', "*", "for ZW and 250 others (A)"),
])
def test_the_last_one_asks_for_force(start, pools, glob, why):
    world = start(pools=pools)
    reply = world.control("drain", glob=glob)
    assert reply["exit"] == 1 and why in reply["why"] and "--force" in reply["why"], reply
    assert world.control("status")["result"]["drains"] == []
    assert world.control("drain", glob=glob, force=True)["exit"] == 0


def test_fallback_and_fail_open(start):
    """A drained country goes to its neighbours; fail-open serves the removed, never the drained."""
    world = start()
    assert world.control("drain", glob="*.de.example")["exit"] == 0
    assert world.members("db.de") == {"198.18.2.1", "198.18.2.2"}, "Europe"
    assert world.control("undrain", glob="*.de.example")["exit"] == 0
    assert world.control("drain", glob="198.18.1.0/24")["exit"] == 0
    assert world.control("drain", glob="*.pl.example", force=True)["exit"] == 0
    assert world.members("db.de") == {"198.18.3.1"}, "removed, not drained"
    assert world.control("drain", glob="198.18.3.1")["exit"] == 0, "it was not in service"
    assert not addresses(world.ask("db.de"))


def test_min_members(start):
    """A drained member is not in service: the pool is topped up."""
    world = start(pools='\tpool "db.*" { from = "label" min-members = 2 }\n')
    assert world.members("db.pl") == {"198.18.2.1", "198.18.2.2"}
    world.control("drain", glob="m2.pl.example")
    assert world.members("db.pl") == {"198.18.2.1"} | german(1, 2, 3, 4)
    assert world.firsts(4, "db.pl") == ["198.18.2.1"] * 4, "its own member is first"


def test_it_does_not_count_for_max_shrink(start):
    world = start()
    assert world.control("drain", glob="198.18.1.0/24")["exit"] == 0
    world.replace("mirrors.json", export_text(MIRRORS[:3] + MIRRORS[4:]))
    world.wait_log("The export of zone clamav.net changed", "m4.de.example")
    assert world.control("undrain", glob="198.18.1.0/24")["exit"] == 0
    assert world.members("db.de") == german(1, 2, 3)


def test_it_goes_on_with_the_next_exports(start):
    world = start()
    world.control("drain", glob="m9.*", force=True)
    assert world.control("drain", glob="*4.de.example")["exit"] == 0
    world.export([*MIRRORS, mirror("n4.de.example", "DE", "198.18.1.40")])
    world.wait_log("The export of zone clamav.net changed")
    eventually(lambda: world.control("status")["result"]["zones"][0]["export"]["mirrors"] == 8, "8")
    assert world.members("db.de") == german(1, 2, 3), "the new one matches too"
    assert world.control("reload")["exit"] == 0
    assert world.members("db.de") == german(1, 2, 3)


def test_it_survives_restarts(start):
    world = start()
    world.control("drain", glob="m4.de.example", why="disk")
    world.control("drain", glob="m3.de.example", for_seconds=3600)
    world.stop()
    world.start()
    assert world.members("db.de") == german(1, 2)
    drains = world.control("status")["result"]["drains"]
    assert [(d["glob"], d["why"], d["until"] is None) for d in drains] == [
        ("m4.de.example", "disk", True), ("m3.de.example", "", False)]
    world.control("undrain", glob="m4.de.example")
    world.stop()
    world.start()
    assert world.members("db.de") == german(1, 2, 4)


def test_it_is_on_the_disk_when_it_is_answered(start):
    world = start()
    world.control("drain", glob="m4.de.example")
    world.process.kill()
    world.process.wait()
    world.process = None
    world.start()
    assert world.members("db.de") == german(1, 2, 3)


def test_it_ends_by_itself(start):
    world = start()
    assert world.control("drain", glob="m4.de.example", for_seconds=2)["exit"] == 0
    begin = time.monotonic()
    assert world.members("db.de") == german(1, 2, 3)
    eventually(lambda: world.members("db.de") == german(1, 2, 3, 4), "the end of the drain")
    assert 0.5 < time.monotonic() - begin < 5
    world.wait_log("A drain has expired", "glob=m4.de.example")
    assert world.control("status")["result"]["drains"] == []
    assert json.loads(world.path("state/drains.json").read_text()) == []


def test_its_end_while_the_server_is_down(start):
    world = start()
    world.control("drain", glob="m4.de.example", for_seconds=1)
    world.stop()
    until = json.loads(world.path("state/drains.json").read_text())[0]["until"]
    eventually(lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) >= until, "its time")
    world.start()
    assert world.members("db.de") == german(1, 2, 3, 4)


@pytest.mark.parametrize("text, why", [
    ("{", "invalid JSON"), ("{}", "expected an array"), ('[{"glob":7}]', "has no glob"),
    ('[{"glob":"a","until":"soon"}]', "is not a time"), ('[{"glob":"1.2.3.4/8"}]', "is not a network"),
])
def test_a_file_that_is_of_no_use(start, text, why):
    world = start()
    world.stop()
    world.write("state/drains.json", text)
    world.start()
    world.wait_log("drains.json", why, "no drains are loaded")
    assert world.members("db.de") == german(1, 2, 3, 4)


def test_state_dir_gone(start):
    """What cannot be kept is not done."""
    world = start()
    os.rename(world.path("state"), world.path("state.gone"))
    world.write("state", "in the way")
    reply = world.control("drain", glob="m4.de.example")
    assert reply["exit"] == 1 and "drains.json" in reply["why"]
    assert world.members("db.de") == german(1, 2, 3, 4)
    os.unlink(world.path("state"))
    os.rename(world.path("state.gone"), world.path("state"))


def test_turns_of_others_go_on(start):
    world = start()
    order = world.firsts(8, "db.pl")
    assert order[0] != order[1]
    world.control("drain", glob="m4.de.example")
    assert world.firsts(4, "db.pl") == order[:4], "in the order in which they were"


def test_many(start):
    world = start(mirrors=mirrors_of("DE", 240, "198.18.1") + mirrors_of("DE", 30, "198.18.2"))
    for i in range(1, 241):
        assert world.control("drain", glob=f"198.18.1.{i}")["exit"] == 0
    for i in range(1, 17):
        assert world.control("drain", glob=f"198.18.2.{i}")["exit"] == 0
    reply = world.control("drain", glob="198.18.2.17")
    assert reply["exit"] == 1 and "already 256 drains" in reply["why"]
    assert world.control("drain", glob="198.18.2.1", why="again")["exit"] == 0, "instead of the old one"
    assert len(world.members("db.de.big")) == 14


def test_a_drain_beside_a_refused_reload(start):
    """They may share a build: what refuses the reload does not keep the drained mirror in the answers."""
    world = start()
    zone = world.path("clamav.net.zone").read_text()
    for _ in range(5):
        world.write("clamav.net.zone", zone + "broken A nowhere\n")
        for _ in range(4):
            world.kill(1)
        world.control("drain", glob="m1.de.example")
        eventually(lambda: world.members("db.de") == german(2, 3, 4), "the drained one goes")
        world.write("clamav.net.zone", zone)
        for _ in range(4):
            world.kill(1)
        world.control("undrain", glob="m1.de.example")
        eventually(lambda: world.members("db.de") == german(1, 2, 3, 4), "it is back")


def test_explain_with_any_since(start):
    """`since` is any text: a cut within a character of it is no failure."""
    world = start(mirrors=[*MIRRORS[:-1], mirror("gone.de.example", "DE", "198.18.3.1", state="removed",
                                                  since="x" * 63 + "\u00e9", reason="away")])
    reply = world.control("explain", name="db.de", address="192.0.2.1")
    assert reply["exit"] == 0, reply
    (left,) = reply["result"]["left_out"]
    assert left["address"] == "198.18.3.1" and left["why"].endswith(": away")
