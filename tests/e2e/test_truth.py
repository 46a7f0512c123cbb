"""Files that would hurt in silence: what editors and spreadsheets leave in them, numbers that nobody
asked for, strings that no client can read, data that has become old."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import control
import mmdb
from world import ZONE, eventually, export_text, mirrors_of, timestamp, version_string

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


# --- age -----------------------------------------------------------------------------------------


def ages(world):
    """The states that the status has: all, geo, then each zone with its export and its strings."""
    status = world.control("status")["result"]
    zone = status["zones"][0]
    return {"all": status["state"], "geo": status["geo"]["state"], "zone": zone["state"],
            "export": zone["export"]["state"], "txt": [txt["state"] for txt in zone["txt"]]}


def aged_world(make_world, **how):
    world = make_world(mirrors=MIRRORS, networks=NETWORKS, **how)
    world.options.update({"control": str(world.control_path),
                          "metrics": f"127.0.0.1:{world.free_port()}"})
    world.configure()
    return world


def health(world):
    try:
        with urllib.request.urlopen(f"http://{world.options['metrics']}/health", timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def test_export_of_a_dead_monitor(make_world):
    """Served as before, and called stale everywhere; a day is what it usually may be old."""
    world = aged_world(make_world)
    world.export(MIRRORS, generated=timestamp(-86400 - 60))
    world.start()
    assert ages(world) == {"all": "stale", "geo": "ok", "zone": "stale", "export": "stale", "txt": ["ok"]}
    export = world.control("status")["result"]["zones"][0]["export"]
    assert re.fullmatch(r"864\d\d s old, export-max-age is 86400 s", export["why"]), export
    assert export["max_age_seconds"] == 86400
    world.wait_log("The export of zone clamav.net is older than export-max-age and is still served",
                   "age=864", "max_age=86400", "file=")
    status, page = health(world)
    assert status == 503 and page["serving"]
    assert re.fullmatch(r"zone clamav.net: the export is 864\d\d s old, export-max-age is 86400 s",
                        page["reasons"][0])
    assert len(world.members("db.de")) == 3  # answers never change by it
    world.export(MIRRORS)
    eventually(lambda: ages(world)["all"] == "ok", "a fresh export")
    assert health(world)[0] == 200
    world.replace("mirrors.json", "[]")  # worse than stale
    eventually(lambda: ages(world)["zone"] == "refused" and ages(world)["all"] == "refused", "a refused one")
    world.path("mirrors.json").unlink()
    eventually(lambda: ages(world)["zone"] == "missing" and ages(world)["all"] == "missing", "a missing one")


def test_age_as_configured(make_world):
    world = aged_world(make_world, zone_options='\texport-max-age = ""\n', database={"build_epoch": ("uint64", 1700000000)})
    world.export(MIRRORS, generated=timestamp(-400 * 86400))
    world.write("dns.txt", version_string(age=3 * 3600) + "\n")
    world.start()
    assert ages(world) == {"all": "stale", "geo": "ok", "zone": "stale", "export": "ok", "txt": ["stale"]}
    world.stop()
    world.blocks = world.blocks.replace('export-max-age = ""', 'export-max-age = "401d"')
    world.blocks = world.blocks.replace("geo {\n", 'geo {\n\tmax-age = "30d"\n')
    world.configure()
    world.write("dns.txt", version_string() + "\n")
    world.start()
    assert ages(world) == {"all": "stale", "geo": "stale", "zone": "ok", "export": "ok", "txt": ["ok"]}
    world.wait_log("The country database is older than max-age and is still served", "max_age=2592000")
    assert re.fullmatch(r"the country database is \d+ s old, max-age is 2592000 s", health(world)[1]["reasons"][0])


# --- mirrornsctl check ---------------------------------------------------------------------------


def check(world, *arguments):
    """The exit status and the one line."""
    done = control.run(world.program, "-s", world.control_path, "check", *arguments)
    assert done.stderr == "" and done.stdout.count("\n") == 1, done
    states = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
    assert re.fullmatch(rf"MIRRORNS {states[done.returncode]} - [^|]+\|.*\n", done.stdout), done
    return done.returncode, done.stdout


def test_check(make_world):
    world = aged_world(make_world)
    assert check(world)[0] == 2 and check(world, "--ready")[0] == 2  # no server
    world.start()
    status, line = check(world)
    assert status == 0
    assert re.search(r" - zones: 1, mirrors served: 3 of 3\|'clamav.net export'=\d+s;86400 "
                     r"'clamav.net current.cvd'=\d+s;7200 mirrors=3;;;0;3 uptime=\d+s time=0\.\d+s$", line), line
    world.export(MIRRORS, generated=timestamp(-2 * 86400))
    world.control("reload", force=True)
    status, line = check(world)
    assert status == 1 and "zone clamav.net: export stale: 1728" in line and "'clamav.net export'=1728" in line
    world.write("mirrorns.conf", world.path("mirrorns.conf").read_text() + "}")
    assert world.control("reload")["exit"] == 1
    status, line = check(world)
    assert status == 1 and "the last reload failed: " in line and "export stale" in line
    world.path("dns.txt").unlink()
    eventually(lambda: check(world)[0] == 2, "a string that is missing")
    assert " - zone clamav.net: TXT current.cvd missing: " in check(world)[1]  # the worst first
    status, line = check(world, "--ready")  # stale data restarts no server
    assert status == 0 and "mirrors served: 3 of 3|" in line
    done = control.run(world.program, "-s", world.control_path, "--json", "check")
    assert json.loads(done.stdout)["check"] == "CRITICAL" and done.returncode == 2


def test_check_of_geo(make_world):
    world = aged_world(make_world).start()
    world.replace("country.mmdb", "nothing")
    eventually(lambda: check(world)[0] == 1, "a refused database")
    assert "country database or overrides refused: " in check(world)[1]


def test_check_of_a_string_that_was_never_there(make_world):
    world = aged_world(make_world, txt="\n")
    world.start()
    assert ages(world)["txt"] == ["missing"] and ages(world)["all"] == "missing"
    assert check(world)[0] == 2


def test_check_that_cannot_know(program, tmp_path):
    """3: the command line, or no permission; 2: nobody answers."""
    def line(*arguments, **how):
        done = subprocess.run([control.ctl_path(program), *map(str, arguments)], capture_output=True,
                              text=True, env=control.environment(), timeout=60, **how)
        assert done.stdout.count("\n") == 1 and done.stderr == "", done
        return done.returncode, done.stdout

    for wrong in (("check", "--colour"), ("-x", "check"), ("check", "more"), ("check", "--config", "x"),
                  ("-s", "", "check")):
        status, text = line(*wrong)
        assert status == 3 and text.startswith("MIRRORNS UNKNOWN - "), (wrong, text)
    path = pathlib.Path(tempfile.mkdtemp(prefix="mns-", dir="/tmp")) / "control.sock"
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            started = time.monotonic()
            status, text = line("-s", path, "check")
            assert status == 2 and "no reply within 5 s" in text and time.monotonic() - started < 10
            if os.geteuid() == 0:
                path.chmod(0o600)
                path.parent.chmod(0o755)
                copy = path.parent / "mirrornsctl"
                shutil.copy(control.ctl_path(program), copy)
                done = subprocess.run([copy, "-s", path, "check"], user=65534, group=65534, extra_groups=[],
                                      capture_output=True, text=True, timeout=60)
                assert done.returncode == 3 and "permission denied" in done.stdout, done
    finally:
        shutil.rmtree(path.parent)


def test_check_of_a_silent_worker(program, tmp_path):
    """As the server would say it."""
    server = control.Server(tmp_path / "s")
    server.says({"workers": 2, "workers_silent": 1, "zones": [], "geo": {"state": "ok"}, "reload": {"result": "ok"}})
    for arguments in ((), ("--ready",)):
        done = control.run(program, "-s", server.path, "check", *arguments)
        assert done.returncode == 2 and "workers that do not respond: 1 of 2" in done.stdout, done
    server.close()


# --- the country database ------------------------------------------------------------------------

MANY = [(f"{81 + k // 200}.{k % 200}.0.0/16", ("DE", "FR", "US", "JP")[k % 4]) for k in range(400)]


def networks_of(world):
    geo = world.control("status")["result"]["geo"]
    return geo["networks"], geo["state"], geo["why"]


def test_database_without_a_known_country(make_world):
    """Codes of three letters, as some databases have them: refused, never half of it."""
    world = aged_world(make_world).start()
    good = networks_of(world)
    world.replace("country.mmdb", mmdb.write([("81.2.0.0/16", "DEU"), ("5.0.0.0/8", "USA")]))
    line = world.wait_log("country.mmdb: none of its 2 networks is of a known country")
    assert "the previous database stays in service" in line
    eventually(lambda: networks_of(world)[1] == "refused", "said in the status")
    assert networks_of(world)[0] == good[0]
    done = world.check()
    assert done.returncode == 2 and "expected codes of two letters as in ISO 3166-1" in done.stderr


def test_database_with_some_unknown_countries(make_world):
    world = aged_world(make_world)
    world.write("country.mmdb", mmdb.write([*NETWORKS, ("9.0.0.0/8", "ZZ"), ("11.0.0.0/8", "EUR")]))
    world.start()
    world.wait_log("Country database loaded from", " networks=3 countries=3 unknown=2 "
                   "build=2023-11-14T22:13:20Z type=")
    geo = world.control("status")["result"]["geo"]
    assert (geo["networks"], geo["countries"], geo["unknown_networks"], geo["state"]) == (3, 3, 2, "ok")
    done = control.run(world.program, "-s", world.control_path, "status")
    assert "3 networks of 3 countries, 2 of unknown countries left out, ok" in done.stdout


def test_database_that_has_shrunk(make_world):
    """One that lost more than half of its networks is refused by a running server, and warned of at a start."""
    world = aged_world(make_world)
    world.write("country.mmdb", mmdb.write(MANY))
    world.start()
    world.wait_kept("400\n")
    world.replace("country.mmdb", mmdb.write(MANY[:200]))  # exactly half
    eventually(lambda: networks_of(world) == (200, "ok", ""), "half of it")
    world.replace("country.mmdb", mmdb.write(MANY[:99]))
    eventually(lambda: networks_of(world)[1] == "refused", "less than half of that")
    count, _, why = networks_of(world)
    assert count == 200 and why.endswith(
        "country.mmdb: 99 networks of a known country, 200 in the last accepted database: 51 % gone, "
        "expected at most max-shrink = 50 %; use `mirrornsctl reload --force` to accept it"), why
    assert world.control("reload")["exit"] == 1
    world.wait_kept("200\n")
    world.stop()
    assert "51 % gone, expected at most max-shrink = 50 %; it is served all the same" in world.check().stderr
    mark = world.mark()
    world.start()
    assert world.lines("it is served all the same", since=mark)
    assert networks_of(world) == (99, "ok", "")
    world.replace("country.mmdb", mmdb.write(MANY[:9]))
    eventually(lambda: networks_of(world)[1] == "refused", "refused again")
    assert world.control("reload", force=True)["exit"] == 0
    assert networks_of(world) == (9, "ok", "")
    world.wait_kept("9\n")
    world.blocks = world.blocks.replace("geo {\n", "geo {\n\tmax-shrink = 100\n")
    world.configure()
    assert world.control("reload")["exit"] == 0
    world.replace("country.mmdb", mmdb.write(MANY[:1]))
    eventually(lambda: networks_of(world) == (1, "ok", ""), "any size, as configured")


# --- drains --------------------------------------------------------------------------------------


def test_undrain_of_what_another_drain_holds(make_world):
    """What is back is said, and what is not; a second drain keeps what it does not say again."""
    world = aged_world(make_world).start()
    world.control("drain", glob="m1.de.example", for_seconds=3600, why="disk")
    world.control("drain", glob="m*.de.example", force=True)
    reply = world.control("undrain", glob="m*.de.example")["result"]
    assert (reply["addresses"], reply["back"], reply["held"]) == (3, 2, 1)
    world.control("drain", glob="m*.de.example", force=True)
    done = control.run(world.program, "-s", world.control_path, "undrain", "m*.de.example")
    assert done.stdout == ("m*.de.example is no longer drained, matching addresses: 3, back in answers: 2, "
                           "still held by another drain: 1\n")
    assert world.members("db.de") == {"198.18.1.2", "198.18.1.3"}
    again = world.control("drain", glob="M1.de.example")["result"]
    assert again["why"] == "disk" and again["until"]
    again = world.control("drain", glob="m1.de.example", why="fan")["result"]
    assert again["why"] == "fan" and again["until"]


def test_changes_are_logged_with_their_outcome(make_world):
    world = aged_world(make_world).start()
    world.control("drain", glob="m1.de.example", for_seconds=60, why="disk")
    world.wait_log("Command accepted verb=drain glob=m1.de.example for_seconds=60 why=disk force=no addresses=1 "
                   f"uid={os.getuid()}", "reason=none", count=1)
    world.control("drain", glob="nothing.example")
    world.wait_log("Command refused verb=drain glob=nothing.example for_seconds=0", "addresses=0",
                   "matches no host and no address", count=1)
    world.control("reload", force=True)
    world.wait_log("Command accepted verb=reload force=yes", count=1)
    world.write("mirrorns.conf", "nonsense")
    world.control("reload")
    world.wait_log("Command refused verb=reload force=no", "reason=", "mirrorns.conf:1", count=1)


def test_zone_names_have_no_final_dot(make_world):
    world = aged_world(make_world).start()
    assert list(world.control("stats")["result"]["zones"]) == ["clamav.net"]
    assert world.control("status")["result"]["zones"][0]["zone"] == "clamav.net"


def test_refusal_of_diff_stands_on_its_own_line(make_world):
    world = aged_world(make_world).start()
    world.write("fewer.json", export_text(MIRRORS[:1]))
    done = subprocess.run([control.ctl_path(world.program), "-s", world.control_path, "diff", world.path("fewer.json")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=control.environment(), timeout=60)
    assert done.returncode == 2 and done.stdout.splitlines()[-1].startswith("mirrornsctl: "), done.stdout
    assert done.stdout.count("mirrornsctl: ") == 1


def test_pools_of_a_network_without_ipv6(make_world):
    world = aged_world(make_world).start()
    done = control.run(world.program, "-s", world.control_path, "pools", "db.de")
    assert "empty" not in done.stdout and re.search(r"db\.de +3/3 +3 of country:DE +- +-\n", done.stdout), done.stdout


# --- explain, and what counts as a mirror --------------------------------------------------------


def test_explain_of_a_string(make_world):
    world = aged_world(make_world).start()
    string = world.path("dns.txt").read_text().strip()
    result = world.control("explain", name="current.cvd", address="192.0.2.1")["result"]
    assert result["answer"] == {"A": [], "AAAA": [], "TXT": [string]}
    done = control.run(world.program, "-s", world.control_path, "explain", "current.cvd", "192.0.2.1")
    assert re.search(rf"TXT +{re.escape(string)}\n", done.stdout), done.stdout
    assert "TXT" not in world.control("explain", name="db.de", address="192.0.2.1")["result"]["answer"]


def test_mirrors_are_hosts(make_world):
    """A host with two entries, one of them removed, is one mirror; the metric counts entries."""
    twice = [*MIRRORS, {**MIRRORS[0], "host": "M1.de.example", "ipv4": ["198.18.1.77"], "state": "removed"},
             {**MIRRORS[1], "ipv4": ["198.18.1.78"]}]
    world = aged_world(make_world)
    world.export(twice)
    world.start()
    export = world.control("status")["result"]["zones"][0]["export"]
    assert (export["mirrors"], export["served"]) == (3, 3)
    world.wait_log("export of zone clamav.net", ": 3 mirrors, 4 of 5 addresses in service", "mirrors=3 addresses_in_service=4")
    world.wait_log("Zone clamav.net loaded", "mirrors=3 addresses_in_service=4")
    world.control("drain", glob="m2.de.example")
    assert world.control("status")["result"]["zones"][0]["export"]["served"] == 2
    with urllib.request.urlopen(f"http://{world.options['metrics']}/metrics", timeout=10) as reply:
        assert 'mirrorns_mirrors{zone="clamav.net",state="ok"} 4' in reply.read().decode()
