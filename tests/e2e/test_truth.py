"""Files that would hurt in silence: what editors and spreadsheets leave in them, numbers that nobody
asked for, strings that no client can read, data that has become old."""

import json
import pathlib
import subprocess

from world import ZONE, eventually, export_text, mirrors_of, version_string

MARK = b"\xef\xbb\xbf"
MIRRORS = mirrors_of("DE", 3, "198.18.1")
NETWORKS = [("81.2.0.0/16", "DE"), ("5.0.0.0/8", "US"), ("2001:200::/32", "JP")]


def as_windows_has_it(text):
    return MARK + text.replace("\n", "\r\n").encode()


def test_byte_order_mark_and_cr(make_world):
    """One rule for every text file: the mark is skipped, CR before LF too, and lines stay those of
    the file."""
    overrides = "# ours\n81.2.69.0/24,FR\n"
    world = make_world(mirrors=MIRRORS, networks=NETWORKS, overrides=overrides)
    string = version_string()
    for name, text in (("clamav.net.zone", ZONE), ("mirrors.json", export_text(MIRRORS)),
                       ("dns.txt", string + "\n"), ("overrides.csv", overrides),
                       ("mirrorns.conf", world.path("mirrorns.conf").read_text())):
        world.write(name, as_windows_has_it(text))
    world.write("state/drains.json", as_windows_has_it('[{"glob": "m1.*", "why": "disk"}]\n'))
    world.start()
    assert string in str(world.ask("current.cvd", "TXT").answer)
    assert world.members("db.de") == {"198.18.1.2", "198.18.1.3"}
    for name, text, line in (("mirrors.json", '{"format": 1,\n"mirrors": ]', 2),
                             ("overrides.csv", "81.2.69.0/24,FR\n81.2.69.1/24,FR\n", 2),
                             ("clamav.net.zone", ZONE + "x A 1\n", ZONE.count("\n") + 1)):
        good = world.path(name).read_bytes()
        world.write(name, as_windows_has_it(text))
        assert f"{name}:{line}:" in world.check().stderr
        world.write(name, good)


def test_byte_order_mark_in_tools(make_world, tmp_path):
    """The monitor's files, and the version string that mirrorns-cvd begins with."""
    world = make_world()
    monitor = pathlib.Path(world.program).parent / "mirrorns-monitor"
    world.write("monitor.conf", as_windows_has_it(
        'zone = "clamav.net"\nmirrors = "list.json"\nexport = "out.json"\n'
        'state = "monitor.sqlite"\npage = ""\ntxt = "dns.txt"\n'))
    world.write("list.json", as_windows_has_it(json.dumps(
        {"mirrors": [{"host": "a.example", "country": "DE", "ipv4": ["192.0.2.1"]}]}, indent=1)))
    world.write("dns.txt", as_windows_has_it(version_string() + "\n"))
    done = subprocess.run([monitor, "-t", "-c", world.path("monitor.conf")], capture_output=True, text=True,
                          env=world.environment(), timeout=60)
    assert done.returncode == 0, done.stderr


def test_version_string_that_nobody_can_read(make_world):
    """`format = "cvd"` keeps the last good string; without it -t warns."""
    world = make_world(txt="plain words")
    assert not world.lines("freshclam") and "freshclam" in world.check().stderr  # the name ends in cvd
    good, page = version_string(), "<html>: moved: to: https"
    world.write("dns.txt", page + "\n")
    assert "dns.txt:1: found a blank" in world.check().stderr
    world.blocks = world.blocks.replace('file = "dns.txt"', 'file = "dns.txt"  format = "cvd"')
    world.configure()
    done = world.check()
    assert "freshclam" not in done.stderr and "the name gets SERVFAIL" in done.stderr
    world.write("dns.txt", good + "\n")
    assert "freshclam" not in world.check().stderr
    world.start()
    world.replace("dns.txt", page + "\n")
    line = world.wait_log("dns.txt:1:")
    assert "found a blank, a quote" in line and "the last good string stays in service" in line
    assert good in str(world.ask("current.cvd", "TXT").answer)
    later = version_string(daily=28035)
    world.replace("dns.txt", later + "\n")
    eventually(lambda: later in str(world.ask("current.cvd", "TXT").answer), "the next good one")


def test_ignored_members(make_world):
    """What nobody reads refuses nothing: numbers beyond 2^63, keys twice."""
    world = make_world(mirrors=MIRRORS, zone_options="\tmax-shrink = 100\n").start()
    text = export_text(mirrors_of("FR", 2, "198.18.2"), serial=7)
    big = '"traffic": 9223372036854775808, "traffic": -99999999999999999999, "x": {"a": 1e999, "a": []}, '
    world.replace("mirrors.json", text.replace('"host"', big + '"host"').replace("{", "{" + big, 1))
    world.wait_served("198.18.2.1", "db.fr")
