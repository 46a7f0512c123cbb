"""Mirrors of other networks: HTTPS with certificates of the test's own, other pages, other names."""

import datetime
import json
import re

import pytest

from certificates import Authority
from test_monitor import free_address
from watcher import Mailbox, Watcher
from world import eventually


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def make_watcher(program, tmp_path, fleet, authority):
    """make_watcher(**options): by HTTPS unless they say otherwise, with the authority trusted."""
    made = []

    def make(**options):
        watcher = Watcher(program, tmp_path / f"monitor{len(made)}", fleet, **{"scheme": "https", "metrics": "", **options})
        watcher.trusted = authority.file
        made.append(watcher)
        return watcher

    yield make
    for watcher in made:
        watcher.close()


def reasons(watcher):
    return {entry["host"]: (entry["state"], entry["reason"]) for entry in watcher.read()["mirrors"]}


def test_certificates(fleet, authority, make_watcher, tmp_path):
    """A good one is ok, by name, over IPv6 too; each wrong one fails for a reason of its own."""
    stranger = Authority(tmp_path / "stranger")
    good = fleet.add(host="good.example", tls=authority.issue("good.example"))
    dotted = fleet.add(host="dotted.example.", tls=authority.issue("dotted.example"))
    wild = fleet.add(host="a.wild.example", tls=authority.issue("*.wild.example"))
    six = fleet.add(host="six.example", address="::1", tls=authority.issue("six.example"))
    fleet.add(host="other.example", tls=authority.issue("another.example"))
    fleet.add(host="ended.example", tls=authority.issue("ended.example", days=-1, since=-9))
    fleet.add(host="early.example", tls=authority.issue("early.example", since=3))
    fleet.add(host="unknown.example", tls=stranger.issue("unknown.example"))
    fleet.add(host="plain.example")
    fleet.add("refusing", host="refusing.example", tls=authority.issue("refusing.example"))
    fleet.add("deaf", host="deaf.example", tls=authority.issue("deaf.example"))
    watcher = make_watcher(timeout="1s")
    with Mailbox() as speaks_first:
        entry = {"host": "smtp.example", "country": "DE", "ipv4": ["127.0.0.1"], "port": speaks_first.server.server_address[1]}
        watcher.write_list([*json.loads(fleet.list_text())["mirrors"], entry])
        watcher.once()
    found = reasons(watcher)
    for mirror in (good, dotted, wild, six):
        assert found[mirror.host] == ("ok", ""), found
        assert mirror.asked == [mirror.host.rstrip(".")]
        assert mirror.requests[0].line == "GET /timestamp HTTP/1.1"
        assert mirror.requests[0].host == f"db.{mirror.country.lower()}.clamav.net"
    new = "never reached yet: "
    wanted = {"other.example": "certificate: it is not for the name of this host",
              "ended.example": "certificate: it has expired",
              "early.example": "certificate: it is not valid yet",
              "unknown.example": "certificate: unable to get local issuer certificate",
              "plain.example": "TLS: timed out after 1 s",
              "deaf.example": "connect: timed out after 1 s",
              "smtp.example": "TLS: the reply is none: does the port speak HTTP?",
              "refusing.example": "connect: connection refused"}
    assert {host: found[host] for host in wanted} == {host: ("old", new + why) for host, why in wanted.items()}
    # Who is not trusted at all.
    watcher.trusted = watcher.root / "nobody.pem"
    watcher.configure(state="other.sqlite")
    watcher.once()
    assert reasons(watcher)["good.example"][1] == new + "certificate: those that this machine trusts cannot be read"


def test_renewed_wrongly(fleet, authority, make_watcher):
    """What was once verified is verified each time: a session is not taken up again."""
    mirror = fleet.add(host="m.example", tls=authority.issue("m.example"))
    watcher = make_watcher(old_after="2s")
    watcher.start().wait_states({mirror: "ok"})
    mirror.tls = authority.issue("n.example")
    mirror.become("good")
    entries = watcher.wait_states({mirror: "old"})
    assert entries[mirror.address]["reason"] == "certificate: it is not for the name of this host"


def test_ends_soon(fleet, authority, make_watcher):
    """Days left are shown; 14 days ahead its people are warned, once, over restarts too, until it is renewed."""
    soon = fleet.add(host="soon.example", country="PL", tls=authority.issue("soon.example", days=13.5), alerts="noc@soon.example")
    later = fleet.add(host="later.example", tls=authority.issue("later.example", days=14.5), alerts="noc@later.example")
    with Mailbox() as box:
        watcher = make_watcher(metrics=free_address(), smtp=box.url, mail_from="m@x.example", digest="0", page="html")
        watcher.start().wait_states({soon: "ok", later: "ok"})
        why = r"certificate ends in 13 days, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
        watcher.wait_log(rf'A certificate ends soon host=soon.example address={soon.address} country=PL why="{why}"')
        eventually(lambda: box.mails, "the mail")
        assert box.mails[0].subject == f"[clamav.net mirrors] soon.example {soon.address}: certificate ends soon"
        assert re.search(why, box.mails[0].body) and "It is in the answers." in box.mails[0].body
        assert (f"curl -H 'Host: db.pl.clamav.net' --connect-to ::{soon.address}: https://soon.example:{soon.port}/timestamp"
                in box.mails[0].body)
        eventually(lambda: watcher.status()["mirrors"] and all(
            one["addresses"][0]["certificate"] for one in watcher.status()["mirrors"]), "the report")
        ends = watcher.metric("certificate_expiry_seconds", host="later.example", address=later.address, country=later.country)
        left = ends - datetime.datetime.now().timestamp()
        assert 14.4 * 86400 < left < 14.6 * 86400
        status = {one["host"]: one["addresses"][0] for one in watcher.status()["mirrors"]}
        assert re.fullmatch(why, status["soon.example"]["reason"]) and status["later.example"]["reason"] == ""
        assert status["later.example"]["certificate"][:10] == datetime.datetime.fromtimestamp(
            ends, datetime.timezone.utc).strftime("%Y-%m-%d")
        watcher.stop()
        watcher.configure(metrics="")
        watcher.once()
        soon.tls = authority.issue("soon.example", days=90)
        soon.become("good")
        watcher.once()
        assert reasons(watcher)["soon.example"] == ("ok", "")
        assert len(box.mails) == 1 and len(watcher.lines("A certificate ends soon")) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_other_networks(fleet, authority, make_watcher, scheme):
    """Another page, another Host: header, and whoever answers is fresh."""
    def add(kind, host):
        return fleet.add(kind, host=host, tls=authority.issue(host) if scheme == "https" else None)

    good, empty, gone = add("good", "good.example"), add("garbage", "empty.example"), add("busy", "busy.example")
    watcher = make_watcher(scheme=scheme, path="/pub/?x=1", host="%h", fresh="http", zone="example.org")
    for mirror in (good, empty, gone):
        mirror.pages["pub/?x=1"] = (503 if mirror is gone else 200, b"\xff<html>")
    watcher.once()
    found = reasons(watcher)
    assert found["good.example"] == found["empty.example"] == ("ok", "")
    assert found["busy.example"] == ("old", "never reached yet: HTTP 503")
    assert [(one.path, one.host) for one in good.requests] == [("/pub/?x=1", "good.example")]
    # A timestamp elsewhere, under one name for all.
    good.pages["lastsync"] = (200, b"2001-01-01T00:00:00Z\n")
    watcher.configure(path="/lastsync", host="mirrors.%z", fresh="timestamp", state="second.sqlite")
    watcher.once()
    assert good.requests[-1].host == "mirrors.example.org" and good.requests[-1].path == "/lastsync"
    assert re.fullmatch(r"never reached yet: timestamp 2001-01-01T00:00:00Z is \d+ days old, limit 1 day",
                        reasons(watcher)["good.example"][1])


def test_usual_port(fleet, make_watcher):
    """443 where nothing else is said."""
    watcher = make_watcher(timeout="1s")
    entry = {"host": "m.example", "country": "DE", "ipv4": ["127.0.0.99"]}
    watcher.write_list([entry])
    watcher.configure(metrics=free_address())
    watcher.start()
    eventually(lambda: watcher.status().get("mirrors"), "the status")
    assert watcher.status()["mirrors"][0]["port"] == 443
    watcher.stop()
    watcher.configure(scheme="http")
    watcher.write_list(json.dumps({"mirrors": [entry]}))
    watcher.start()
    eventually(lambda: watcher.status().get("mirrors"), "the status")
    assert watcher.status()["mirrors"][0]["port"] == 80
