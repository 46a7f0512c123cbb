"""mirrornsctl pools --html: one page of the whole table, whatever the names are."""

import re

import pytest

import control

HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202ey"


def family(served, listed, level, members, flag=""):
    return {"served": served, "listed": listed, "level": level, "members": members, "flag": flag}


def row(zone, name, country, ipv4, ipv6):
    return {"zone": zone, "pool": "db.*", "name": name, "rule": "label", "country": country,
            "place": f"country:{country}", "ipv4": ipv4, "ipv6": ipv6}


ROWS = [row("clamav.net", "db.de", "DE", family(2, 3, "country:DE", 2), family(0, 1, "", 0, "empty")),
        row("clamav.net", "db.at", "AT", family(0, 0, "continent:EU", 68), family(0, 0, "", 0, "not answered")),
        row("two.example", "db.fr", "FR", family(0, 2, "country:FR", 2, "fail-open"), family(1, 1, "country:FR", 1, "thin"))]


@pytest.fixture
def server(tmp_path):
    made = control.Server(tmp_path / "s")
    yield made
    made.close()


@pytest.fixture
def pools(program, server):
    """pools(*arguments) asks the fake server."""
    return lambda *arguments: control.run(program, "-s", server.path, "pools", "--html", *arguments)


def cells(page):
    """The rows of all tables: each a list of (class, text)."""
    rows = [line for line in page.splitlines() if line.startswith("<tr><th scope=row>")]
    found = [re.findall(r"<t[hd](?: scope=row| class=(\w+))?>((?:(?!<t[hd])[^\n])*)", line) for line in rows]
    return [[(name, re.sub(r"<i .*?</i>.|<.*?>", "", text)) for name, text in each] for each in found]


def test_rows(pools, server):
    server.says({"pools": ROWS, "more": 7})
    done = pools("db.*")
    assert (done.returncode, done.stderr) == (0, "")
    assert server.requests[-1] == {"verb": "pools", "pattern": "db.*"}
    assert cells(done.stdout) == [
        [("", "db.de"), ("", "Germany"), ("", "2 of 3"), ("own", "2 of country:DE"), ("", "0 of 1"),
         ("none", "0 of no level, empty")],
        [("", "db.at"), ("", "Austria"), ("", "0 of 0"), ("lent", "68 of continent:EU"), ("", "–"), ("", "not answered")],
        [("", "db.fr"), ("", "France"), ("", "0 of 2"), ("none", "2 of country:FR, fail-open"), ("", "1 of 1"),
         ("lent", "1 of country:FR, thin")]]
    assert re.findall("<caption>(.*)</caption>", done.stdout) == ["Pools of clamav.net", "Pools of two.example"]
    assert "<p>And 7 more rows: limit them with a pattern." in done.stdout


def test_nothing_but_itself(pools, server):
    """No address of anything else; what runs and what styles has a number that is another one each time."""
    server.says({"pools": ROWS, "more": 0})
    numbers = set()
    for _ in range(2):
        page = pools().stdout
        policy = re.search(r'Content-Security-Policy content="([^"]*)"', page)[1]
        (number,) = set(re.findall(r"nonce[-=]([0-9a-f]{32})", page))
        assert policy == (f"default-src 'none'; style-src 'nonce-{number}'; script-src 'nonce-{number}'; img-src data:")
        assert not re.findall(r"<(?:script|link|img|iframe)[^>]* (?:src|href)=(?!\"data:)", page)
        numbers.add(number)
    assert len(numbers) == 2


def test_hostile(pools, server):
    bad = family(1, 1, HOSTILE, 1, HOSTILE)
    server.says({"pools": [row(HOSTILE, HOSTILE, HOSTILE, bad, bad)], "more": 0})
    page = pools().stdout
    assert page.count("<script") == 1 and "\x1b" not in page and "\u202e" not in page
    # Zone, name, country, and a level and a flag for each family.
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\ufffd[31m\ufffdy") == 7


@pytest.mark.parametrize("result", [{}, [], 7, {"pools": "x"}, {"pools": [None, 4, {}], "more": -1}])
def test_odd_results(pools, server, result):
    server.says(result)
    done = pools()
    assert done.returncode == 0 and done.stdout.rstrip().endswith("</footer>")


def test_two_forms(program, server):
    done = control.run(program, "-s", server.path, "pools", "--html", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mirrornsctl: --json and --html are mutually exclusive\n"
    assert server.requests == []


def test_refused(pools, server):
    server.says(None, 1, "no pool matches \"x\"")
    done = pools("x")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "mirrornsctl: no pool matches \"x\"\n"
