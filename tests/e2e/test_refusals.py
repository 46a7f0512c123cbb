"""Each refusal of refusals.py: -t ends with 2; its last sentence names file, line and what was found.
What must be accepted stands beside it, so that refusing everything is no way through."""

import json
import os
import random
import re
import signal

import pytest

import mmdb
import packet
import refusals
from world import ZONE, export_text, mirror, mirrors_of

MIRRORS = mirrors_of("DE", 3, "198.18.1")
NETWORKS = [("81.2.0.0/16", "DE"), ("5.0.0.0/8", "US"), ("2001:200::/32", "JP")]


def refused(world, *fragments):
    """-t ends with 2; the sentence that is its last line."""
    done = world.check()
    assert done.returncode == 2, (done.returncode, done.stderr)
    line = done.stderr.strip().splitlines()[-1]
    for fragment in fragments:
        assert fragment.lower() in line.lower(), f"{fragment!r} is not in: {line}"
    return line


def marked_lines(text):
    """The lines that have the mark, and the text without marks."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if "¶" in line]
    return lines, text.replace("¶", "")


def points_at(sentence, name, lines):
    """Does the sentence name the file with one of these lines (any, where none is given)?"""
    found = re.search(re.escape(name) + r":(\d+)", sentence)
    assert found or not lines, f"no {name}:LINE in: {sentence}"
    assert not lines or int(found.group(1)) in lines, f"line {lines} expected: {sentence}"


def accepted(world):
    done = world.check()
    assert done.returncode == 0, done.stderr
    return done


def test_included_files(make_world):
    """Their faults have their names, their paths their folder, and a reload reads them again."""
    world = make_world(mirrors=MIRRORS, networks=NETWORKS)
    main = world.path("mirrorns.conf")
    world.path("zones").mkdir()
    world.configure()
    text = main.read_text()
    zone = text.index("zone ")
    included = world.path("zones/10-clamav.conf")
    included.write_text("\n" + re.sub(r'(file|export) = "', r'\1 = "../', text[zone:]))
    main.write_text('include = "zones/*.conf"\n' + text[:zone])
    accepted(world)
    world.configure = lambda: None
    world.start()
    answer = world.ask("db.de")
    mark = world.mark()
    included.write_text("\n\nwokers = 1\n")
    assert "zones/10-clamav.conf:3: found the unknown option wokers" in refused(world)
    world.process.send_signal(signal.SIGHUP)
    world.wait_log("zones/10-clamav.conf:3: found the unknown option wokers", since=mark)
    assert world.ask("db.de").answer[0].rdtype == answer.answer[0].rdtype
    included.unlink()
    assert "found no zone" in refused(world)


@pytest.mark.parametrize("place, text, fragments", refusals.CONFIGURATION,
                         ids=[row[1].split("\n")[0] for row in refusals.CONFIGURATION])
def test_configuration(make_world, place, text, fragments):
    world = make_world(mirrors=MIRRORS)
    accepted(world)
    if place == "top":
        world.blocks = text + "\n" + world.blocks
    elif place == "end":
        world.blocks += text + "\n"
    else:
        head, tail = world.blocks.rsplit("}\n", 1)
        world.blocks = head + text + "\n}\n" + tail
    world.configure()
    lines, written = marked_lines(world.path("mirrorns.conf").read_text())
    world.write("mirrorns.conf", written)
    points_at(refused(world, "mirrorns.conf", *fragments), "mirrorns.conf", lines)


@pytest.mark.parametrize("text", refusals.LISTEN)
def test_listen(make_world, text):
    world = make_world(mirrors=MIRRORS)
    world.options["listen"] = [text]
    world.configure()
    refused(world, "mirrorns.conf:5", "listen", text)


def test_listen_twice(make_world):
    world = make_world(mirrors=MIRRORS)
    world.options["listen"] = [f"127.0.0.1:{world.port}"] * 2
    world.configure()
    refused(world, "mirrorns.conf:5", "listen")


@pytest.mark.parametrize("text, fragments", refusals.ZONE_FILE,
                         ids=[row[0].split("\n")[0][:30] for row in refusals.ZONE_FILE])
def test_zone_file(make_world, text, fragments):
    world = make_world(mirrors=MIRRORS)
    lines, written = marked_lines(ZONE + text + "\nafter A 192.0.2.9\n")
    world.write("clamav.net.zone", written)
    points_at(refused(world, "clamav.net.zone", *fragments), "clamav.net.zone", lines)


def test_zone_file_that_is_none(make_world):
    world = make_world(mirrors=MIRRORS)
    for text, word in (("", "SOA"), ("; nothing\n", "SOA"),
                       ("@ 60 NS ns1\nns1 60 A 192.0.2.1\n", "SOA"),
                       ("@ 60 SOA ns1 h 1 2 3 4 5\nns1 60 A 192.0.2.1\n", "NS"),
                       ("x 60 SOA ns1 h 1 2 3 4 5\n@ 60 NS ns1\n", "SOA")):
        world.write("clamav.net.zone", text)
        refused(world, "clamav.net.zone", word)
    os.unlink(world.path("clamav.net.zone"))
    refused(world, "clamav.net.zone")
    world.path("clamav.net.zone").mkdir()
    refused(world, "clamav.net.zone")


def test_includes_without_end(make_world):
    world = make_world(mirrors=MIRRORS, zone=ZONE + "$INCLUDE loop.zone\n")
    world.write("loop.zone", "; nothing but itself\n$INCLUDE loop.zone\n")
    refused(world, "loop.zone:2", "10")
    world.write("loop.zone", "")
    accepted(world)


def test_ten_includes(make_world):
    world = make_world(mirrors=MIRRORS, zone=ZONE + "$INCLUDE 1.zone\n")
    for i in range(1, 11):
        more = f"$INCLUDE {i + 1}.zone\n" if i < 10 else ""
        world.write(f"{i}.zone", f"i{i} A 192.0.2.{i}\n{more}")
    accepted(world)


@pytest.mark.parametrize("text, name", refusals.CONFLICTS)
def test_names_in_both_files(make_world, text, name):
    world = make_world(mirrors=MIRRORS, zone=ZONE + text + "\n")
    sentence = refused(world, name)
    assert re.search(r"(clamav\.net\.zone|mirrorns\.conf):\d+", sentence), sentence
    if "already has a record" in sentence:
        points_at(sentence, "clamav.net.zone", [len(ZONE.splitlines()) + 1])


@pytest.mark.parametrize("option, name", [("file", "clamav.net.zone"), ("export", "mirrors.json")])
def test_a_file_that_is_not_there(make_world, option, name):
    """The sentence says where it is named, and that there is nothing else to serve."""
    world = make_world(mirrors=MIRRORS)
    os.unlink(world.path(name))
    lines = world.path("mirrorns.conf").read_text().splitlines()
    line = next(i for i, text in enumerate(lines, 1) if re.search(rf"\b{option}\b.*{name}", text))
    refused(world, f"{name}: cannot be ", f"mirrorns.conf:{line})",
            "nothing can be served: correct this file" if option == "export" else "expected a zone file")


def span(text, first, last):
    """The lines from the one with `first` to the first one after it with `last`."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if first in line)
    end = next(i for i, line in enumerate(lines) if i >= start and last in line)
    return range(start + 1, end + 2)


@pytest.mark.parametrize("members, field", refusals.MIRROR,
                         ids=[str(row[0]) for row in refusals.MIRROR])
def test_mirror(make_world, members, field):
    """Line, host and field; the line is within the mirror, which is the second of three."""
    world = make_world(mirrors=MIRRORS)
    mirrors = [mirror("before.example", "FR", "198.18.9.1"),
               mirror("here.example", "DE", "198.18.1.1", weight=100),
               mirror("after.example", "FR", "198.18.1.2")]
    mirrors[1].update(members)
    mirrors[1] = {key: value for key, value in mirrors[1].items() if value is not None}
    text = export_text(mirrors)
    world.write("mirrors.json", text)
    host = ["here.example"] if "host" not in members and field != "198.18.1.2" else []
    sentence = refused(world, "mirrors.json", field, *host)
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line == "  {"]
    last = len(lines) if field == "198.18.1.2" else starts[2]
    points_at(sentence, "mirrors.json", range(starts[1], last + 1))


@pytest.mark.parametrize("members, field", refusals.EXPORT,
                         ids=[str(row[0]) for row in refusals.EXPORT])
def test_export(make_world, members, field):
    world = make_world(mirrors=MIRRORS)
    document = {**json.loads(export_text(MIRRORS)), **members}
    document = {key: value for key, value in document.items() if value is not None}
    world.write("mirrors.json", json.dumps(document, indent=1))
    refused(world, "mirrors.json", field)


@pytest.mark.parametrize("text", refusals.NO_EXPORT, ids=[repr(t[:12]) for t in refusals.NO_EXPORT])
def test_no_export(make_world, text):
    world = make_world(mirrors=MIRRORS)
    world.write("mirrors.json", text.encode("latin-1"))
    refused(world, "mirrors.json")


def test_a_key_twice(make_world):
    world = make_world(mirrors=MIRRORS)
    text = export_text(MIRRORS)
    for old, new in (('"state"', '"host": "x",\n   "state"'),
                     ('"mirrors"', '"format": "mirror-export/1", "mirrors"')):
        world.write("mirrors.json", text.replace(old, new, 1))
        refused(world, "mirrors.json")


def test_too_many_addresses(make_world):
    world = make_world(mirrors=MIRRORS)
    text = export_text(MIRRORS)
    world.write("mirrors.json", text.replace('"ipv4": [', '"ipv4": [\n' + "1," * 1000000, 1))
    refused(world, "mirrors.json:", "there are more than 1000000 addresses, expected at most that")
    world.write("mirrors.json", text.replace('"mirrors": [', '"mirrors": [\n' + "{}," * 1000000, 1))
    refused(world, "mirrors.json:", "there are more than 1000000 mirrors, expected at most that")


def test_exports_that_are_good(make_world):
    mirrors = [
        mirror("a.example", "de", "198.18.1.1", "2001:db8::1", weight=1, since="", admin={"x": [1]}),
        mirror("a.example", "DE", "198.18.1.2", state="old", weight=1000),
        mirror("b.example", "XK", "2001:db8::2", state="disabled", reason="by hand"),
        mirror("c.example", "US", "198.18.1.3", state="removed"),
    ]
    world = make_world(mirrors=mirrors)
    world.write("mirrors.json", export_text(mirrors, serial=0, note=None, extra={"a": [1, 2.5, True]}))
    accepted(world)
    escaped = export_text(mirrors).replace("\n", "").replace("a.example", "\\u0061.example")
    world.write("mirrors.json", escaped)
    accepted(world)


def test_files_that_are_too_large(make_world):
    for name in ("mirrors.json", "overrides.csv"):
        world = make_world(mirrors=MIRRORS, overrides="# x\n" * 10, max_file_size="16K")
        accepted(world)
        with open(world.path(name), "a") as file:
            file.write(" " * 20000 if name == "mirrors.json" else "# x\n" * 5000)
        refused(world, name, "max-file-size")


@pytest.mark.parametrize("text, fragments", refusals.OVERRIDES,
                         ids=[row[0] for row in refusals.OVERRIDES])
def test_overrides(make_world, text, fragments):
    lines, written = marked_lines("# a comment\n\n" + text + "\n9.9.9.0/24,FR\n")
    world = make_world(mirrors=MIRRORS, overrides=written)
    points_at(refused(world, "overrides.csv", *fragments), "overrides.csv", lines)


def test_overrides_that_are_good(make_world):
    text = ("# comment\n\n  \n81.2.69.0/24,de # the rest\n81.2.69.0/25,FR\n"
            "2001:db8::/32,uk\n0.0.0.0/0,US\n::/0,JP")
    world = make_world(mirrors=MIRRORS, overrides=text)
    accepted(world)
    world.write("overrides.csv", text.replace("\n", "\r\n"))
    accepted(world)
    world.write("overrides.csv", "")
    accepted(world)
    os.unlink(world.path("overrides.csv"))
    refused(world, "overrides.csv")


def broken_databases():
    good = mmdb.write(NETWORKS)
    loop = bytearray(good)
    loop[0:6] = bytes(6)  # node 0 leads to itself
    beyond = bytearray(good)
    beyond[0:3] = b"\xff\xff\xff"
    return {
        "empty": b"", "garbage": b"x" * 5000, "text": b"network,country\n",
        "half": good[: len(good) // 2], "without its metadata": good.split(mmdb.MARKER)[0],
        "metadata alone": mmdb.MARKER + good.split(mmdb.MARKER)[1], "marker alone": mmdb.MARKER,
        "a loop in the tree": bytes(loop), "a record beyond the file": bytes(beyond),
        "no country in it": good.replace(b"iso_code", b"iso_cold"),
        "cut at its end": good[:-10],
        "a wrong record size": good.replace(b"record_size\xa1\x18", b"record_size\xa1\x17"),
    }


@pytest.mark.parametrize("more", [
    {"build_epoch": ("uint64", 1)}, {"build_epoch": ("uint64", 2**64 - 1)}, {"database_type": ""},
    {"database_type": "x" * 2000}, {"database_type": "line\nbreak"}, {"description": {}},
    {"description": {f"l{i}": "d" * 50 for i in range(100)}}, {"languages": []},
    {"languages": ["x"] * 100}, {"note": "unknown"},
], ids=range(10))
def test_databases_that_are_good(make_world, more):
    """Any metadata."""
    mirrors = [*MIRRORS, mirror("x.example", "US", "198.18.2.1")]
    world = make_world(mirrors=mirrors, networks=NETWORKS, database=more).start()
    assert packet.scope(world.ask("db.local", ecs="81.2.69.0/24")) == 16


@pytest.mark.parametrize("case", list(broken_databases()))
def test_database(make_world, case):
    world = make_world(mirrors=MIRRORS, networks=NETWORKS)
    accepted(world)
    world.write("country.mmdb", broken_databases()[case])
    refused(world, "country.mmdb")


def test_database_missing(make_world):
    world = make_world(mirrors=MIRRORS, networks=NETWORKS)
    os.unlink(world.path("country.mmdb"))
    refused(world, "country.mmdb: cannot be opened", "(named in ", "mirrorns.conf:")
    world.path("country.mmdb").mkdir()
    refused(world, "country.mmdb")


def test_databases_beside_the_project(make_world, shared_mmdb):
    """Good ones are taken, broken ones refused or read safely: never a crash."""
    world = make_world(mirrors=MIRRORS, networks=NETWORKS)
    for path in sorted(shared_mmdb.rglob("*.mmdb")):
        world.write("country.mmdb", path.read_bytes())
        done = world.check()
        assert done.returncode in (0, 2), (path.name, done.stderr)
        if path.stem in ("GeoLite2-Country-Test", "GeoIP2-Country-Test", "GeoLite2-City-Test"):
            assert done.returncode == 0, done.stderr
        if path.parent.name == "bad":
            assert done.returncode == 2, path.name
        if done.returncode:
            assert "country.mmdb" in done.stderr.strip().splitlines()[-1]


def test_a_database_changed_at_random_is_safe(make_world):
    """Octets flipped anywhere: -t accepts or refuses, nothing else (the sanitizers watch)."""
    source = random.Random(24)
    good = mmdb.write(NETWORKS)
    world = make_world(mirrors=MIRRORS, networks=NETWORKS)
    for _ in range(40):
        octets = bytearray(good)
        for _ in range(source.choice((1, 2, 8))):
            octets[source.randrange(len(octets))] = source.randrange(256)
        world.write("country.mmdb", bytes(octets))
        assert world.check().returncode in (0, 2)


@pytest.mark.parametrize("content, word", [(None, "dns.txt"), ("", "dns.txt"), ("a\x01b\n", "dns.txt")])
def test_txt(make_world, content, word):
    """A string that cannot be served stops no start: its name is SERVFAIL; -t says so."""
    world = make_world(mirrors=MIRRORS)
    os.unlink(world.path("dns.txt"))
    if content is not None:
        world.write("dns.txt", content)
    assert word in world.check().stderr


def test_warnings(make_world):
    """What is allowed and deserves a word: NODATA by place, TTLs that differ."""
    pools = '\tpool "db.strict" { from = "client"  fallback = {}  fail = "closed" }\n'
    zone = ZONE + "two 60 A 192.0.2.1\ntwo 70 A 192.0.2.2\n"
    world = make_world(mirrors=MIRRORS, pools=pools, zone=zone, networks=NETWORKS)
    said = accepted(world).stderr
    assert "db.strict" in said
    assert re.search(r"clamav\.net\.zone:\d+", said)
