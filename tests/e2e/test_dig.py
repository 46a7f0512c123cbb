"""dig as users type it."""

import re
import shutil
import subprocess

import pytest

from world import mirrors_of, version_string

MIRRORS = [*mirrors_of("US", 40, "198.18.1"), *mirrors_of("US", 20, "2001:db8:1:"),
           *mirrors_of("DE", 3, "198.18.2"), *mirrors_of("IS", 1, "198.18.3")]


@pytest.fixture(scope="module")
def world(module_world):
    if not shutil.which("dig"):
        pytest.skip("dig is not installed: not run")
    return module_world(
        mirrors=MIRRORS, identity="ns1.clamav.net", overrides="127.0.0.0/8,DE\n",
        networks=[("81.2.69.0/24", "US"), ("2a00::/12", "IS")], txt=version_string()).start()


def dig(world, *arguments, target="127.0.0.1"):
    done = subprocess.run(
        ["dig", f"@{target}", "-p", str(world.port), "+tries=1", "+time=5", *arguments],
        capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    for complaint in ("malformed", "Warning", "WARNING", "Mismatch", "extra bytes", "error"):
        assert complaint not in done.stdout + done.stderr or complaint == "WARNING" and \
            "recursion requested but not available" in done.stdout, done.stdout + done.stderr
    return done.stdout


def answer(output):
    """The lines of the answer section, fields split."""
    found = re.search(r";; ANSWER SECTION:\n(.*?)\n\n", output, re.S)
    return [line.split(None, 4) for line in found.group(1).splitlines()] if found else []


def test_txt(world):
    assert dig(world, "+short", "current.cvd.clamav.net", "TXT").strip() == \
        '"' + world.path("dns.txt").read_text().strip() + '"'
    assert "ANSWER: 1, AUTHORITY: 0" in dig(world, "current.cvd.clamav.net", "TXT")


@pytest.mark.parametrize("target", ["127.0.0.1", "::1"])
def test_big_is_retried_over_tcp(world, target):
    output = dig(world, "+noedns", "db.us.big.clamav.net", target=target)
    assert ";; Truncated, retrying in TCP mode." in output
    assert len(answer(output)) == 40 and "(TCP)" in output
    assert len(answer(dig(world, "+bufsize=1232", "db.us.big.clamav.net", target=target))) == 40
    output = dig(world, "+noedns", "+ignore", "db.us.big.clamav.net", target=target)
    assert " tc " in output.replace(";", " ") and not answer(output)


def test_country(world):
    found = answer(dig(world, "db.de.clamav.net"))
    assert {row[4] for row in found} == {f"198.18.2.{i}" for i in (1, 2, 3)}
    assert answer(dig(world, "db.is.clamav.net"))[0][4] == "198.18.3.1"
    assert len(answer(dig(world, "db.us.clamav.net", "AAAA"))) == 8


@pytest.mark.parametrize("subnet, scope, first", [
    ("81.2.69.0/24", 24, "198.18.1."), ("81.2.69.142", 24, "198.18.1."), ("2a00::/24", 12, "198.18.3."),
    ("0.0.0.0/0", 0, "198.18.2."), ("0", 0, "198.18.2."),
])
def test_subnet(world, subnet, scope, first):
    output = dig(world, f"+subnet={subnet}", "db.local.clamav.net")
    assert re.search(rf"; CLIENT-SUBNET: \S+/{scope}\n", output), output
    assert answer(output)[0][4].startswith(first)


def test_any(world):
    for transport in ("+tcp", "+notcp"):
        found = answer(dig(world, transport, "current.cvd.clamav.net", "ANY"))
        assert [row[3] for row in found] == ["TXT"]
        assert {row[3] for row in answer(dig(world, transport, "db.de.clamav.net", "ANY"))} == {"A"}


def test_nsid(world):
    assert '("ns1.clamav.net")' in dig(world, "+nsid", "db.de.clamav.net")
    assert dig(world, "+short", "CH", "TXT", "id.server").strip() == '"ns1.clamav.net"'


def test_other_flags(world):
    assert "status: BADVERS" in dig(world, "+edns=1", "+noednsneg", "db.de.clamav.net")
    assert "status: NOERROR" in dig(world, "+edns=1", "db.de.clamav.net"), "dig negotiates EDNS down"
    assert "status: NOTIMP" in dig(world, "+opcode=1", "+header-only", "db.de.clamav.net")
    assert "status: REFUSED" in dig(world, "-x", "192.0.2.1")
    assert "status: NXDOMAIN" in dig(world, "db.zz.clamav.net")
    for flag in ("+dnssec", "+cd", "+ad", "+zflag", "+ednsopt=65001:abcd", "+cookie", "+padding=64",
                 "+keepalive"):
        assert len(answer(dig(world, flag, "db.de.clamav.net"))) == 3, flag
    assert len(answer(dig(world, "+tcp", "+keepopen", "db.de.clamav.net", "db.is.clamav.net"))) == 3


def test_case_is_kept(world):
    assert ";dB.uS.clAmav.neT." in dig(world, "dB.uS.clAmav.neT")
