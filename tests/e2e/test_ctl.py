"""mirrornsctl: its command line, its screens, and what it makes of servers that are gone, slow or hostile."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

import control
from world import mirrors_of

STATUS = {
    "version": "0.1.0", "uptime_seconds": 273840, "config": "/etc/mirrorns/mirrorns.conf",
    "workers": 2,
    "zones": [{
        "zone": "clamav.net", "serial": 2026112001, "names": 1021, "pools": 8,
        "export": {"serial": 412, "generated": "2026-11-20T18:00:00Z", "age_seconds": 130,
                   "mirrors": 155, "served": 146, "state": "refused",
                   "why": "mirrors.json:7: host a.example: country is \"XX\""},
        "txt": [{"name": "current.cvd", "value": "1.0.9:63:28034", "age_seconds": 8000,
                 "stale": True},
                {"name": "lost.cvd", "value": None, "age_seconds": None, "stale": False,
                 "state": "missing", "why": "lost.txt: No such file or directory"}]},
        {"zone": "plain.example", "serial": 7, "names": 3, "pools": 0, "export": None, "txt": []},
        {"zone": "new.example", "serial": 8, "names": 4, "pools": 1, "txt": [],
         "export": {"serial": None, "generated": None, "age_seconds": 5, "mirrors": 2,
                    "served": 1, "state": "ok", "why": ""}}],
    "geo": {"database": "country.mmdb", "build": 1780000000, "networks": 4711, "state": "ok",
            "why": ""},
    "reload": {"when": "2026-11-20T18:00:03Z", "result": "partly refused",
               "why": "lost.txt: No such file or directory"},
    "drains": [{"glob": "*.example.de", "until": "2026-11-21T02:00:00Z", "why": "disk",
                "addresses": 3},
               {"glob": "192.0.2.0/24", "until": None, "why": "", "addresses": 0},
               {"glob": "a.example", "until": 1780000000}],
}

EXPLAIN = {
    "name": "db.local.clamav.net", "client": "84.128.0.0/24", "from": "ecs", "country": "DE",
    "country_name": "Germany", "continent": "EU", "network": "84.128.0.0/10", "override": True,
    "override_line": 12, "database_build": 1780000000, "pool": "db.local", "zone": "clamav.net",
    "rule": "client", "ttl": 300, "answers": 8, "min_members": 3,
    "levels": [
        {"level": "country:DE", "place": "Germany", "family": "ipv4", "members": 3, "served": 1,
         "use": "own", "candidates": 1},
        {"level": "continent:EU", "place": "Europe", "family": "ipv4", "members": 72,
         "served": 68, "use": "top-up", "candidates": 67}],
    "scope": 10, "fallback": True,
    "candidates": [
        {"address": "192.0.2.1", "host": "a.example.de", "country": "DE", "state": "ok",
         "weight": 100, "share": 1.0, "level": "country:DE", "top_up": False,
         "since": "2026-11-18T04:00:00Z"},
        {"address": "192.0.2.2", "host": "b.example.fr", "country": "FR", "state": "old",
         "weight": 100, "share": 0.0, "level": "continent:EU", "top_up": True, "since": ""}],
    "left_out": [{"address": "192.0.2.3", "host": "c.example.de", "country": "DE",
                  "why": "removed since 2026-11-19T00:00:00Z: HTTP 503"},
                 {"address": "192.0.2.4", "host": "d.example.de", "country": "DE",
                  "why": "drained until 2026-11-21T00:00:00Z (disk)"}],
    "left_out_more": 7, "notes": ["AAAA is NODATA: no level has an IPv6 member to serve"],
    "answer": {"A": ["192.0.2.1", "192.0.2.2"], "AAAA": []}, "rcode": "NOERROR",
}

DIFF = {
    "zone": "clamav.net", "file": "/srv/new.json", "word": "changes", "why": "",
    "serial": {"before": 412, "after": 413},
    "generated": {"before": "2026-11-20T18:00:00Z", "after": "2026-11-20T18:10:00Z"},
    "served": {"before": 213, "after": 212, "gone": 2, "come": 1, "gone_percent": 0.9389},
    "in": [{"host": "new.example.fr", "country": "FR", "why": "ok"}],
    "out": [{"host": "old.example.de", "country": "DE", "why": "removed: HTTP 503"}],
    "changed": [{"host": "w.example.us", "country": "US", "why": "weight 100->10"}], "more": 4,
    "counts": {"in": 1, "out": 1, "changed": 1},
    "countries": [{"country": "DE", "name": "Germany", "ipv4": {"before": 1, "after": 0},
                   "ipv6": {"before": 2, "after": 2}}],
    "levels": [{"pool": "db.*", "family": "ipv4", "before": "country:DE",
                "after": "continent:EU", "countries": ["DE"]}],
}


def family(served, listed, level, members, flag=""):
    return {"served": served, "listed": listed, "level": level, "members": members, "flag": flag}


def pool_row(country, ipv4, ipv6, pool="db.*", rule="label"):
    name = pool.replace("*", country.lower())
    return {"zone": "clamav.net", "pool": pool, "name": name, "rule": rule, "country": country,
            "place": f"country:{country}", "ipv4": ipv4, "ipv6": ipv6}


NONE = family(0, 0, "", 0, "not answered")
PINGS = {"zones": [{
    "zone": "clamav.net", "names": ["ping"],
    "pings": {"ok": 1200, "failed": 31, "malformed": 5, "unknown": 9},
    "mirrors": [
        {"address": "192.0.2.1", "host": "a.example.de", "ok": 10, "failed": 30,
         "share_failed": 0.75, "error": 0},
        {"address": "2001:db8::1", "host": "b.example.\x1b[31mfr", "ok": 1190, "failed": 1,
         "share_failed": 1 / 1191, "error": 0},
        {"address": "9.9.9.9", "host": "", "ok": 0, "failed": 2, "share_failed": 1.0,
         "error": 7}],
    "versions": [{"db": "daily", "version": 28034, "count": 900, "error": 0},
                 {"db": "main", "version": 63, "count": 331, "error": 3}],
    "flevels": [{"flevel": 90, "count": 1231}]}]}

POOLS = {"more": 3, "pools": [
    pool_row("DE", family(2, 3, "country:DE", 4, "thin"), family(0, 1, "", 0, "empty")),
    *[pool_row(code, family(0, 0, "continent:EU", 68), NONE)
      for code in "AD AL AT BA BE BG BY CH CY CZ DK EE".split()],
    pool_row("FR", family(0, 2, "country:FR", 2, "fail-open"), NONE, "db.local", "client"),
]}

STATS = {"queries_total": {"udp": 1000, "tcp": 4}, "dropped_total": 0, "since": "2026-11-20"}


@pytest.fixture
def server(tmp_path):
    made = control.Server(tmp_path / "s")
    yield made
    made.close()


@pytest.fixture
def ctl(program, server):
    """ctl(*arguments) asks the fake server."""
    return lambda *arguments, **more: control.run(program, "-s", server.path, *arguments, **more)


def has(text, *rows):
    """Does the screen have these rows? Runs of blanks count as one."""
    assert not re.search(" $", text, re.M), "blanks at the end of a line"
    lines = [re.sub(r" +", " ", line).strip() for line in text.splitlines()]
    for row in rows:
        assert any(row in line for line in lines), f"no {row!r} in\n{text}"


# --- requests -----------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, request_", [
    (["status"], {"verb": "status"}),
    (["reload"], {"verb": "reload"}),
    (["reload", "--force"], {"verb": "reload", "force": True}),
    (["stats"], {"verb": "stats"}),
    (["explain", "db.de", "192.0.2.0/24"],
     {"verb": "explain", "name": "db.de", "address": "192.0.2.0/24"}),
    (["diff", "/srv/new.json"], {"verb": "diff", "file": "/srv/new.json"}),
    (["diff", "--", "--odd"], {"verb": "diff", "file": os.getcwd() + "/--odd"}),
    (["pools"], {"verb": "pools"}),
    (["pools", "db.*"], {"verb": "pools", "pattern": "db.*"}),
    (["pings"], {"verb": "pings"}),
    (["pings", "192.0.2.0/24"], {"verb": "pings", "pattern": "192.0.2.0/24"}),
    (["drain", "*.de", "--for", "2h", "--why", "disk is full", "--force"],
     {"verb": "drain", "glob": "*.de", "for_seconds": 7200, "why": "disk is full",
      "force": True}),
    (["drain", "--for=30s", "*.de"], {"verb": "drain", "glob": "*.de", "for_seconds": 30}),
    (["drain", "--for=10m", "*"], {"verb": "drain", "glob": "*", "for_seconds": 600}),
    (["drain", "--for", "1d", "*"], {"verb": "drain", "glob": "*", "for_seconds": 86400}),
    (["undrain", "*.de"], {"verb": "undrain", "glob": "*.de"}),
])
def test_requests(ctl, server, arguments, request_):
    server.says({})
    assert ctl(*arguments).returncode == 0
    assert server.requests == [request_]


@pytest.mark.parametrize("arguments, sentence", [
    ([], "no verb given: mirrornsctl --help lists them"),
    (["--json"], "no verb given"),
    (["stat"], 'unknown verb "stat": mirrornsctl --help lists them'),
    (["status", "x"], 'status: unexpected argument "x": see mirrornsctl status --help'),
    (["status", "--force"], 'status: unknown option "--force": see mirrornsctl status --help'),
    (["--force", "reload"], 'unknown option "--force" before the verb'),
    (["explain"], "explain needs NAME: see mirrornsctl explain --help"),
    (["explain", "db.de"], "explain needs ADDRESS[/LEN]: see mirrornsctl explain --help"),
    (["explain", "db.de", "nowhere"], 'the address is "nowhere", expected an IPv4 or IPv6 address'),
    (["explain", "db.de", "192.0.2.1/24"], "expected no bits set beyond the prefix length (RFC 7871 6): "
                                           "192.0.2.0/24"),
    (["explain", "db.de", "::1", "x"], 'explain: unexpected argument "x"'),
    (["diff"], "diff needs EXPORT"),
    (["drain"], "drain needs GLOB"),
    (["drain", "x", "--for"], "--for needs a value"),
    (["drain", "x", "--for", "2"], '--for is "2", expected a duration: 30s 10m 2h 1d'),
    (["drain", "x", "--for", "0h"], '--for is "0h", expected a duration'),
    (["drain", "x", "--for", "-2h"], '--for is "-2h", expected a duration'),
    (["drain", "x", "--for", "99999d"], '--for is "99999d", expected a duration'),
    (["drain", "x", "--for="], '--for is "", expected a duration'),
    (["drain", b"\xff"], 'GLOB is "?", expected UTF-8'),
    (["-s"], "-s needs a value"),
    (["--config"], "--config needs a value"),
    (["--config", "x", "status"], "--config cannot be used with status, which needs a running server"),
    (["-s", "", "status"], '"" is not a valid socket path: expected 1 to 107 octets'),
    (["-s", "x" * 200, "status"], "is not a valid socket path: expected 1 to 107 octets"),
    (["pools", "x" * 70000], "the command line is longer than 65536 octets"),
    (["stats\x1b[31m"], 'unknown verb "stats?[31m"'),
])
def test_wrong_command_lines(program, arguments, sentence):
    texts = [os.fsdecode(a) if isinstance(a, bytes) else a for a in arguments]
    done = control.run(program, *texts)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mirrornsctl: ") and sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_help(program):
    whole = control.run(program, "--help")
    assert whole.returncode == 0 and whole.stderr == ""
    verbs = re.findall(r"^  ([a-z]+)[ \n]", whole.stdout, re.M)
    assert sorted(verbs) == sorted(
        ["status", "check", "explain", "pools", "pings", "diff", "reload", "drain", "undrain", "stats"])
    for verb in verbs:
        for arguments in ([verb, "--help"], [verb, "-h"], ["--json", verb, "--help", "rest"]):
            one = control.run(program, *arguments)
            assert one.returncode == 0
            assert one.stdout.startswith(f"usage: mirrornsctl {verb}")
    assert control.run(program, "-V").stdout.startswith("mirrornsctl ")
    assert control.run(program, "-h").stdout == whole.stdout


# --- screens ------------------------------------------------------------------------------


def test_status(ctl, server):
    server.says(STATUS)
    done = ctl("status")
    assert (done.returncode, done.stderr) == (0, "")
    has(done.stdout, "mirrorns 0.1.0, up 3 d 4 h, workers: 2, /etc/mirrorns/mirrorns.conf",
        "last reload 2026-11-20T18:00:03Z, partly refused: lost.txt: No such file or directory",
        "countries country.mmdb, built 2026-05-28 20:26:40 UTC, 4711 networks, ok",
        "clamav.net 2026112001 1021 8 412 2026-11-20T18:00:00Z 2 min 146/155 refused",
        'clamav.net: mirrors.json:7: host a.example: country is "XX"',
        'current.cvd 2 h 13 min old, stale "1.0.9:63:28034"',
        "lost.cvd never read: SERVFAIL",
        "lost.cvd: lost.txt: No such file or directory", "plain.example 7 3 0",
        "new.example 8 4 1 none none 5 s 1/2 ok",
        "drained *.example.de until 2026-11-21T02:00:00Z 3 addresses disk",
        "drained 192.0.2.0/24 until undrain 0 addresses",
        "drained a.example until 2026-05-28 20:26:40 UTC")


def test_explain(ctl, server):
    server.says(EXPLAIN)
    done = ctl("explain", "db.local", "84.128.0.0/24")
    assert (done.returncode, done.stderr) == (0, "")
    has(done.stdout, "db.local.clamav.net for 84.128.0.0/24",
        "based on the client subnet (ECS)",
        "place Germany (DE), continent EU: 84.128.0.0/10 from line 12 of the overrides",
        'pool "db.local" of zone clamav.net, from = client, answers = 8, min-members = 3',
        "scope /10; a change reaches clients within the TTL of 300 s",
        "note AAAA is NODATA: no level has an IPv6 member to serve",
        "country:DE Germany ipv4 1/3 1 own", "continent:EU Europe ipv4 68/72 67 top-up",
        "192.0.2.1 a.example.de DE ok 2026-11-18T04:00:00Z 100 100.0 % country:DE",
        "192.0.2.2 b.example.fr FR old 100 never continent:EU (top-up)",
        "192.0.2.3 c.example.de DE removed since 2026-11-19T00:00:00Z: HTTP 503",
        "192.0.2.4 d.example.de DE drained until 2026-11-21T00:00:00Z (disk)",
        "and 7 more", "Sample answer (NOERROR)", "A 192.0.2.1 192.0.2.2",
        "AAAA none")
    assert all(len(line) < 120 for line in done.stdout.splitlines())


def test_explain_without_pool(ctl, server):
    server.says({**EXPLAIN, "pool": "", "from": "static", "override": False, "country": "",
                 "leads_to": "www.example.org"})
    done = ctl("explain", "www", "192.0.2.1")
    has(done.stdout, "db.local.clamav.net -> www.example.org for", "no address: the name is not a pool",
        "no country: 84.128.0.0/10 from the database of 2026-05-28", "A 192.0.2.1 192.0.2.2")
    assert "LEVEL" not in done.stdout and "CANDIDATE" not in done.stdout


def test_explain_is_cut(ctl, server):
    """One screen, however large the pool is."""
    one = EXPLAIN["candidates"][0]
    server.says({**EXPLAIN, "candidates": [one] * 500, "answer": {"A": ["192.0.2.1"] * 4000}})
    done = ctl("explain", "db.us.big", "192.0.2.1")
    has(done.stdout, "and 460 more: --json has them")
    assert len(done.stdout.splitlines()) < 70
    assert re.search(r"and \d+ more$", done.stdout, re.M)


def test_diff_is_cut(ctl, server):
    server.says({**DIFF, "out": DIFF["out"] * 1000, "counts": {"in": 1, "out": 2000, "changed": 1},
                 "serial": {"before": None, "after": 3}, "countries": DIFF["countries"] * 70}, 1)
    done = ctl("diff", "/srv/new.json")
    has(done.stdout, "2000 mirrors out", "and 1970 more: --json has the first 1000",
        "serial none -> 3", "and 10 more: --json has them")
    server.says({**DIFF, "out": DIFF["out"] * 40, "counts": {"in": 1, "out": 40, "changed": 1}}, 1)
    has(ctl("diff", "/srv/new.json").stdout, "40 mirrors out", "and 10 more: --json has them")
    for levels, more, said in ((60, 0, ""), (61, 0, "and 1 more: --json has them"),
                               (1000, 7, "and 947 more: --json has the first 1000")):
        server.says({**DIFF, "levels": DIFF["levels"] * levels, "levels_more": more}, 1)
        shown = ctl("diff", "/srv/new.json").stdout
        assert shown.count("continent:EU") == 60
        has(shown, said)
        assert ("more" in shown) == bool(said)


def test_diff_of_zones_that_share(ctl, server):
    server.says({**DIFF, "word": "refused", "forced": False, "others_more": 3, "others": [
        {**DIFF, "zone": "two.example", "word": "refused", "forced": True},
        {**DIFF, "zone": "three.example", "word": "same"}]}, 2, "no")
    shown = ctl("diff", "/srv/new.json").stdout
    zones = re.findall(r"^/srv/new.json compared with what zone (\S+) serves\n(.*)$", shown, re.M)
    assert zones == [
        ("clamav.net", "  it would be refused, even with reload --force; its contents:"),
        ("two.example", "  it would be refused; with reload --force:"),
        ("three.example", zones[2][1])]
    assert "refused" not in zones[2][1]
    has(shown, "no mirror changes", "and 3 more with this export")


@pytest.mark.parametrize("status, word, why", [
    (0, "same", None), (1, "changes", None),
    (2, "refused", "/srv/new.json:2: serial 411 is lower than the last accepted")])
def test_diff(ctl, server, status, word, why):
    server.says({**DIFF, "word": word}, status, why)
    done = ctl("diff", "/srv/new.json")
    assert done.returncode == status
    has(done.stdout, "/srv/new.json compared with what zone clamav.net serves", "serial 412 -> 413",
        "in service 213 -> 212 addresses: 2 removed (0.9 % of those served), 1 added",
        "1 mirror out", "old.example.de DE removed: HTTP 503", "1 mirror in",
        "new.example.fr FR ok", "1 mirror changed", "w.example.us US weight 100->10",
        "DE Germany 1 -> 0 2", "db.* ipv4 country:DE -> continent:EU DE")
    assert ("it would be refused; with reload --force:" in done.stdout) == (word == "refused")
    assert ("no mirror changes" in done.stdout) == (word == "same")
    assert done.stderr == (f"mirrornsctl: {why}\n" if why else "")


def test_pools(ctl, server):
    server.says(POOLS)
    done = ctl("pools")
    assert done.returncode == 0
    has(done.stdout, "clamav.net: members in service/listed in the place, and the level that serves",
        "db.de 2/3 4 of country:DE, thin 0/1 0 of no level, empty",
        "db.* for AD AL AT BA BE BG BY CH and 4 more 0/0 68 of continent:EU - -",
        "db.local FR 0/2 2 of country:FR, fail-open - -", "and 3 more rows")
    server.says({"pools": POOLS["pools"][1:4], "more": 0})
    has(ctl("pools", "db.a?").stdout, "db.ad 0/0 68 of continent:EU", "db.al 0/0", "db.at 0/0")


def test_pings(ctl, server):
    server.says(PINGS)
    done = ctl("pings")
    assert (done.returncode, done.stderr) == (0, "")
    has(done.stdout, "clamav.net: 1200 ok, 31 failed; 9 for mirrors that are not listed, 5 malformed",
        "192.0.2.1 a.example.de 10 30 75.0 %", "2001:db8::1 b.example.?[31mfr 1190 1 0.1 %",
        "9.9.9.9 (not listed) 0 2 100.0 % up to 7 more", "daily 28034 900",
        "main 63 331 up to 3 more", "90 1231", "a hint, not proof")
    assert all(len(line) < 120 for line in done.stdout.splitlines())
    server.says({"zones": []})
    has(ctl("pings").stdout, "No zone has a ping name: see mirrorns.conf(5).")
    server.says({"zones": [5, {"mirrors": {}, "versions": [5], "pings": []}]})
    assert ctl("pings").returncode == 0


def test_stats(ctl, server):
    server.says(STATS)
    done = ctl("stats")
    has(done.stdout, "queries_total.udp 1000", "queries_total.tcp 4", "dropped_total 0",
        "since: 2026-11-20")


def test_stats_watch(program, server):
    """Once a second with rates, until it is interrupted; that is no failure."""
    count = [0]

    def reply(connection, request):
        count[0] += 7
        connection.sendall(json.dumps({"exit": 0, "result": {"queries": count[0]}}).encode() + b"\n")

    server.reply = reply
    with subprocess.Popen([control.ctl_path(program), "-s", server.path, "stats", "--watch"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=control.environment()) as process:
        assert process.stdout.readline().split() == ["queries", "7"]
    # Its output is a pipe that is read line by line: the second sample has a rate.
        assert process.stdout.readline().split() == ["queries", "14", "+7/s"]
        process.send_signal(signal.SIGINT)
        assert process.wait(control.DEADLINE) == 0
        assert process.stderr.read() == ""
    assert all(request == {"verb": "stats"} for request in server.requests)


def test_stats_watch_ends_with_the_server(program, server):
    server.says(None, 1, "the server is shutting down")
    done = control.run(program, "-s", server.path, "stats", "--watch")
    assert done.returncode == 1 and "the server is shutting down" in done.stderr


@pytest.mark.parametrize("word, sentence, status", [
    ("ok", "Reloaded: all files are in service.", 0),
    ("partly refused", "Reloaded, with files refused: their last good copies are in service.", 1),
    ("refused", "Refused: the previous data stays in service.", 1)])
def test_reload(ctl, server, word, sentence, status):
    server.says({"reload": word}, status, "x.json: why" if status else None)
    done = ctl("reload")
    assert (done.returncode, done.stdout) == (status, sentence + "\n")
    assert done.stderr == ("mirrornsctl: x.json: why\n" if status else "")


def test_any_result(ctl, server):
    """A result of another shape is shown as JSON."""
    result = {"result": "served", "zones": [{"zone": "clamav.net", "serial": 7}], "deep": {"er": 1.5, "yes": True}}
    server.says(result)
    assert json.loads(ctl("reload").stdout) == result
    server.says(None, 1, "mirrors.json:2: serial 3 is lower")
    done = ctl("reload")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "mirrornsctl: mirrors.json:2: serial 3 is lower\n"


def test_drain(ctl, server):
    """When cached answers expire is what the operator has to know."""
    drained = {"glob": "*.de", "until": "2026-11-21T02:00:00Z", "why": "disk", "addresses": 12,
               "taken_out": 9, "clients_gone_after_seconds": 300,
               "hosts": [f"h{i}.de" for i in range(60)]}
    server.says(drained)
    has(ctl("drain", "*.de").stdout, "*.de is drained until 2026-11-21T02:00:00Z",
        "removed from answers 9 of 12 matching addresses",
        "cached answers expire within 300 s", "why disk", "hosts h0.de h1.de",
        "h39.de and 20 more")
    server.says({**drained, "until": None, "why": "", "hosts": []})
    done = ctl("drain", "*.de")
    has(done.stdout, "*.de is drained until undrain")
    assert "why" not in done.stdout and "hosts" not in done.stdout
    server.says({"glob": "*.de", "addresses": 12})
    assert ctl("undrain", "*.de").stdout == "*.de is no longer drained, matching addresses: 12\n"
    server.says(None, 1, "it takes the last mirror of every level: --force does it")
    done = ctl("drain", "*")
    assert (done.returncode, done.stdout) == (1, "") and "--force does it" in done.stderr


@pytest.mark.parametrize("verb", [["status"], ["pools"], ["stats"], ["reload"],
                                  ["explain", "db.de", "::1"], ["diff", "/x"], ["drain", "x"],
                                  ["undrain", "x"]])
def test_json(ctl, server, verb):
    """The result and nothing else, before or behind the verb."""
    result = {"a": [1, {"b": "\x1b\x7f\x85\u202e"}], "c": None}
    server.says(result)
    for arguments in (["--json", *verb], [*verb, "--json"]):
        done = ctl(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == result
        assert re.fullmatch(r"[ -~\n]*", done.stdout), "raw control characters"


@pytest.mark.parametrize("verb", [["status"], ["pools"], ["stats"], ["reload"],
                                  ["explain", "db.de", "::1"], ["diff", "/x"], ["drain", "x"],
                                  ["stats", "--json"]])
@pytest.mark.parametrize("result", [
    {}, [], 7, "text", None, {"zones": 3, "pools": "x", "levels": {}, "candidates": [[]]},
    {"zones": [1, None, {}], "pools": [None, 4, {}], "candidates": [None], "left_out": [3]},
    {"notes": [1], "pool": "x", "levels": [None], "answer": [], "in": [None], "levels ": 1},
    {"pool": "x", "answer": {"A": [1, "x" * 3000]}, "left_out_more": -5, "more": -1,
     "uptime_seconds": -(2**63), "database_build": 2**62},
    {"countries": [{"ipv4": 1}], "levels": [{"countries": [1, "x" * 900]}], "drains": [0, {}],
     "reload": {"result": 1, "when": 1e300}, "geo": []},
])
def test_odd_results(ctl, server, verb, result):
    server.says(result)
    assert ctl(*verb).returncode == 0


# --- text that comes from elsewhere -------------------------------------------------------

HOSTILE = "x\x1b]0;t\x07\x1b[31m\r\n\x9b\u202e\u2028\x7f\u0085y"


def spoil(value):
    """Every string of a result with something behind it that a terminal might obey."""
    if isinstance(value, dict):
        return {key: spoil(item) for key, item in value.items()}
    if isinstance(value, list):
        return [spoil(item) for item in value]
    return value + HOSTILE if isinstance(value, str) and value else value


@pytest.mark.parametrize("verb, result", [
    (["status"], STATUS), (["explain", "x", "::1"], EXPLAIN), (["diff", "/x"], DIFF),
    (["pools"], POOLS), (["stats"], STATS), (["reload"], DIFF), (["drain", "x"], STATUS)])
def test_hostile_text(ctl, server, verb, result):
    server.says(spoil(result), 1, "why" + HOSTILE)
    done = ctl(*verb)
    assert done.returncode == 1
    for text in (done.stdout, done.stderr):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", text)
        assert "?" in text or "\\u001B" in text  # JSON, of a result of another shape
    # No line was made by a newline from elsewhere.
    server.says(result, 1, "why")
    assert done.stdout.count("\n") == ctl(*verb).stdout.count("\n")
    assert done.stderr.count("\n") == 1


def test_wide_characters_align(ctl, server):
    rows = [{"host": "ä€𝄞.example", "country": "1"}, {"host": "abc.example", "country": "2"}]
    server.says({"out": rows})
    lines = ctl("diff", "/x").stdout.splitlines()[-2:]
    assert lines[0].index("1") == lines[1].index("2")


def test_colours(program, server):
    """On a terminal alone, and not with NO_COLOR or on a dumb one."""
    server.says(EXPLAIN)
    arguments = ["-s", server.path, "explain", "db.local", "::1"]
    assert "\x1b" not in control.run(program, *arguments, TERM="xterm").stdout
    shown = control.run_terminal(program, *arguments)
    assert "\x1b[32mok\x1b[0m" in shown
    assert "\x1b" not in control.run_terminal(program, *arguments, NO_COLOR="1")
    assert "\x1b" not in control.run_terminal(program, *arguments, TERM="dumb")
    assert "\x1b[32m" in control.run_terminal(program, *arguments, NO_COLOR="")
    plain = re.sub("\x1b\\[[0-9;]*m", "", shown).replace("\r\n", "\n")
    assert plain == control.run(program, *arguments).stdout


def test_full_output(program, server):
    server.says(EXPLAIN)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([control.ctl_path(program), "-s", server.path, "explain", "x", "::1"],
                              stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "mirrornsctl: cannot write the output\n")


# --- servers that are not there, or not right ---------------------------------------------


def test_no_server(program, tmp_path):
    done = control.run(program, "-s", tmp_path / "none", "status")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"mirrornsctl: no server is listening on {tmp_path}/none (No such file or directory): start mirrorns, or give its socket with -s; explain, pools and diff work without a server: --config FILE\n")
    server = control.Server(tmp_path / "dead")
    server.close()
    done = control.run(program, "-s", tmp_path / "dead", "status")
    assert done.returncode == 1 and "(Connection refused): start mirrorns" in done.stderr
    (tmp_path / "file").write_text("")
    done = control.run(program, "-s", tmp_path / "file", "status")
    assert done.returncode == 1 and "Connection refused" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as somebody else")
def test_not_allowed(program, server, open_folder):
    copy = open_folder / "mirrornsctl"
    copy.write_bytes(pathlib.Path(control.ctl_path(program)).read_bytes())
    copy.chmod(0o755)
    other = control.Server(open_folder / "s")
    os.chmod(other.path, 0o600)
    done = subprocess.run([copy, "-s", other.path, "status"], user=65534, group=65534,
                          extra_groups=[], capture_output=True, text=True, check=False)
    other.close()
    assert done.returncode == 1
    assert "permission denied (Permission denied): run as root or join the group set with control-group" \
        in done.stderr


NOT_UNDERSTOOD = "is not understood: is it mirrorns"


@pytest.mark.parametrize("reply, sentence", [
    (b"", "closed the connection without a reply: see its log"),
    (b'{"exit":0,"result"', "closed the connection in the middle of its reply: see its log"),
    (b"\n", NOT_UNDERSTOOD),
    (b"{}\n", NOT_UNDERSTOOD),
    (b"[]\n", NOT_UNDERSTOOD),
    (b"\x00\xff\xfe\n", NOT_UNDERSTOOD),
    (b'{"exit":"0"}\n', NOT_UNDERSTOOD),
    (b'{"exit":3,"why":"x"}\n', NOT_UNDERSTOOD),
    (b'{"exit":-1,"why":"x"}\n', NOT_UNDERSTOOD),
    (b'{"exit":1}\n', NOT_UNDERSTOOD),
    (b'{"exit":1,"why":7}\n', NOT_UNDERSTOOD),
    (b'{"exit":0,"exit":0}\n', NOT_UNDERSTOOD),
    (b'{"exit":0} x\n', NOT_UNDERSTOOD),
    (b"[" * 100000 + b"\n", NOT_UNDERSTOOD),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", NOT_UNDERSTOOD),
])
def test_odd_replies(ctl, server, reply, sentence):
    server.reply = reply
    done = ctl("status")
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr and done.stderr.count("\n") == 1


def test_reply_in_pieces(ctl, server):
    text = json.dumps({"exit": 0, "result": STATUS}).encode() + b"\nand more that is not read"

    def reply(connection, _request):
        for i in range(len(text)):
            connection.sendall(text[i:i + 1])

    server.reply = reply
    done = ctl("status")
    assert done.returncode == 0 and "mirrorns 0.1.0" in done.stdout


def test_endless_reply(ctl, server):
    def reply(connection, _request):
        while True:
            connection.sendall(b"x" * (1 << 20))

    server.reply = reply
    done = ctl("status")
    assert done.returncode == 1 and "is longer than 64 MiB" in done.stderr


@pytest.mark.one_program
def test_server_that_takes_up_nobody(program, tmp_path):
    """Its queue is full: connecting takes no longer than a reply may."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, \
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as first:
        listener.bind(str(tmp_path / "full"))
        listener.listen(0)
        first.connect(str(tmp_path / "full"))
        done = control.run(program, "-s", tmp_path / "full", "status", timeout=60)
    assert done.returncode == 1 and "timed out connecting after 10 s" in done.stderr


@pytest.mark.one_program
def test_silent_server(ctl, server):
    server.reply = lambda connection, _request: connection.recv(1)
    begin = time.monotonic()
    done = ctl("status", timeout=60)
    assert done.returncode == 1 and "no reply within 10 s from the server" in done.stderr
    assert 9 < time.monotonic() - begin < 20


@pytest.mark.one_program
def test_slow_server(ctl, server):
    """Octets that trickle do not make the time longer."""
    def reply(connection, _request):
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    server.reply = reply
    begin = time.monotonic()
    done = ctl("status", timeout=60)
    assert done.returncode == 1 and "no reply within 10 s" in done.stderr
    assert time.monotonic() - begin < 20


# --- completion ---------------------------------------------------------------------------

COMPLETION = pathlib.Path(__file__).resolve().parents[2] / "tools/completion/mirrorns"


def completed(program, *words, name="mirrornsctl"):
    """What bash offers, and zsh's words for the same; each offers what the other does."""
    command = str(pathlib.Path(program).with_name(name))
    script = (f'source {COMPLETION}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mirrorns; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, "bash", command, *words],
                          capture_output=True, text=True, check=True)
    offered = done.stdout.split()
    script = f'compadd() {{ shift; print -l -- "$@" }}; words=("$@") CURRENT=$#; source {COMPLETION}'
    done = subprocess.run(["zsh", "-f", "-c", script, "zsh", command, *words],
                          capture_output=True, text=True)
    if "_files" not in done.stderr:
        assert [word for word in done.stdout.split() if word.startswith(words[-1])] == [
            word.replace("\\", "") for word in offered]
    return offered


def test_completion(program):
    """It offers every verb, and every option of each, and nothing that is not there."""
    whole = control.run(program, "--help").stdout
    verbs = re.findall(r"^  ([a-z]+)[ \n]", whole, re.M)
    assert sorted(word for word in completed(program, "") if word[0] != "-") == sorted(verbs)
    for verb in verbs:
        help_ = control.run(program, verb, "--help").stdout
        options = set(re.findall(r"--[a-z]+", help_)) | {"--help"}
        assert set(completed(program, verb, "--")) == options, verb
    assert completed(program, "re") == ["reload"]
    assert completed(program, "--json", "-s", "x", "drain", "--fo") == ["--for", "--force"]


@pytest.mark.parametrize("name", ["mirrorns", "mirrorns-monitor", "mirrorns-cvd"])
def test_completion_of_options(program, name):
    """Every option that the usage has."""
    command = pathlib.Path(program).with_name(name)
    usage = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"(?:^|[\s\[|])(--?[a-zA-Z][a-z-]*)", usage))
    assert set(completed(program, "-", name=name)) == options
    assert "README.md" in completed(program, "-o" if name == "mirrorns-cvd" else "-c", "README", name=name)


def test_completion_asks_the_server(make_world):
    """Names, patterns, hosts and drained globs, and nothing that the shell would run."""
    world = make_world()
    world.fill(mirrors=mirrors_of("DE", 3, "198.18.1"), control=str(world.control_path)).start()
    at = ("-s", str(world.control_path))
    assert completed(world.program, *at, "explain", "db.de") == ["db.de", "db.de.big", "db.de.ipv6"]
    assert "db.\\*.big" in completed(world.program, *at, "pools", "db")
    assert completed(world.program, *at, "drain", "m") == [f"m{i}.de.example" for i in (1, 2, 3)]
    assert world.control("drain", glob="m2.*")["exit"] == 0
    assert completed(world.program, *at, "undrain", "") == ["m2.\\*"]
    assert not completed(world.program, "-s", str(world.path("none")), "undrain", "")
