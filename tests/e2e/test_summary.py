"""What mirrorns -t says of pools: a line for each, warnings where somebody gets nothing."""

import re

from world import ZONE, mirror, mirrors_of

MIRRORS = [
    *mirrors_of("DE", 3, "198.18.1"), *mirrors_of("FR", 1, "198.18.2"),
    mirror("x.example", "US", "198.18.3.1", "2001:db8::1"),
    mirror("gone.example", "JP", "198.18.4.1", state="removed"),
    mirror("off.example", "BR", "198.18.5.1", state="disabled"),
]


def summary(make_world, pools, **files):
    """The line of each pool, by its name."""
    done = make_world(mirrors=files.pop("mirrors", MIRRORS), pools=pools, **files).check()
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stderr.splitlines():
        match = re.match(r'Pool "([^"]*)" of zone clamav\.net: (.*)', line)
        if match:
            assert match[1] not in found, "one line for a pool"
            found[match[1]] = match[2]
    return found


def test_countries(make_world):
    lines = summary(make_world, """
	pool "db.*" { from = "label" }
	pool "db.*.ipv6" { from = "label" families = {"ipv6"} }
	pool "db.local" { from = "client" }
""")
    assert lines == {
        "db.*": "countries with mirrors of their own in service: 3, served by later levels: 247"
                " names=253",
        "db.*.ipv6": "countries with mirrors of their own in service: 1, served by later levels: 249 names=253",
        "db.local": "countries with mirrors of their own in service: 3, served by later levels: 247 names=1",
    }


def test_thin(make_world):
    """Fewer than min-members of their own; those that have none are no thin ones."""
    lines = summary(make_world, """
	pool "db.*" { from = "label" min-members = 3 }
	pool "db.fr" { from = "country:FR" min-members = 2 }
	pool "db.de" { from = "country:DE" min-members = 3 }
""")
    assert "below min-members: FR US names=251" in lines["db.*"]
    assert lines["db.fr"] == ("addresses of its own place in service: 1; below min-members"
                              " names=1")
    assert lines["db.de"] == "addresses of its own place in service: 3 names=1"


def test_no_answer(make_world):
    """No member at any level; a removed one is an answer where the pool fails open."""
    lines = summary(make_world, """
	pool "db.*" { from = "label" fallback = {} }
	pool "strict.*" { from = "label" fallback = {} fail = "closed" }
	pool "near" { from = "client" fallback = {"continent"} fail = "closed" }
	pool "jp" { from = "country:JP" fallback = {} fail = "closed" }
	pool "br" { from = "country:BR" fallback = {} }
""")
    assert re.search(r"; no answer:( [A-Z]{2}){20} and 226 more names=253", lines["db.*"])
    assert re.search(r"; no answer:( [A-Z]{2}){20} and 227 more", lines["strict.*"])
    assert "no country" not in lines["near"], "they start at the world"
    assert lines["jp"].startswith("addresses of its own place in service: 0") and "; no answer" in lines["jp"]
    assert "; no answer" in lines["br"], "disabled mirrors are never an answer"


def test_clients_of_no_country(make_world):
    removed = mirrors_of("DE", 2, "198.18.1", state="removed")
    lines = summary(make_world, '\tpool "near" { from = "client" fail = "closed" }\n',
                    mirrors=removed)
    assert "; no answer: no country AD" in lines["near"]


def test_names_that_others_have(make_world):
    zone = ZONE + "".join(f"x.{a}{b} A 192.0.2.1\n" for a in "abcdefghijklmnopqrstuvwxyz"
                          for b in "abcdefghijklmnopqrstuvwxyz")
    lines = summary(make_world, '\tpool "x.*" { from = "label" }\n\tpool "db.*" { from = "label" }\n',
                    zone=zone)
    assert lines["x.*"].endswith("; names written out override all of its names names=0")
    assert lines["db.*"].endswith(" names=253")


def test_many_pools(make_world):
    lines = make_world(mirrors=MIRRORS, pools="".join(
        f'\tpool "p{i}" {{ from = "world" }}\n' for i in range(130))).check().stderr.splitlines()
    assert sum(line.startswith("Pool ") for line in lines) == 100
    assert "More pools (not listed) pools=30" in lines


def test_no_summary_at_a_start(make_world):
    """It is what -t was asked for; a start says what it serves in few lines."""
    world = make_world(mirrors=MIRRORS).start()
    assert not world.lines('Pool "')
    assert len(world.log().splitlines()) <= 10
