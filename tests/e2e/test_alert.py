"""Who is told of a change: the command, and mail; never a flood."""

import contextlib
import json
import os
import re
import signal
import socket
import time

import pytest

from fleet import Fleet
from story import Stories
from watcher import Mailbox, Watcher
from world import eventually

FROM, TEAM = "monitor@clamav.example", "team@clamav.example"


class Office:
    """What one story has: a fleet, a mail server, monitors."""

    def __init__(self, program, root):
        self.program, self.root, self.opened = program, root, contextlib.ExitStack()
        self.fleet = self.opened.enter_context(Fleet())
        self.box = self.opened.enter_context(Mailbox())
        self.close = self.opened.close

    def watch(self, **options):
        monitor = Watcher(self.program, self.root / "monitor", self.fleet, **options)
        self.opened.callback(monitor.close)
        return monitor


STORIES = Stories(Office)


def script(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def mailed(box, count):
    return eventually(lambda: len(box.mails) >= count and box.mails, lambda: f"{len(box.mails)} of {count} mails")


# --- the command ---------------------------------------------------------------------------------


@STORIES.add
def command(office):
    """Once for each change, the object on its standard input, one after the other."""
    fleet, watch, tmp_path = office.fleet, office.watch, office.root
    mirror = fleet.add(host="a.example", country="PL", admin="admin@a.example", alerts="noc@a.example")
    program = script(tmp_path / "alert", f"read -r line; echo \"$line\" >>{tmp_path}/out; cat >>{tmp_path}/out\n")
    monitor = watch(alert=program).started()

    def seen():
        try:
            return [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
        except FileNotFoundError:
            return []

    eventually(lambda: len(seen()) == 1, monitor.log)
    monitor.change(a={"disabled": True})
    eventually(lambda: len(seen()) == 2, monitor.log)
    first, second = seen()
    assert (first["from"], first["to"]) == ("old", "ok")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", second.pop("since"))
    assert second == {"host": "a.example", "address": mirror.address, "country": "PL", "from": "ok",
                      "to": "disabled", "why": "disabled by hand", "admin": "admin@a.example",
                      "alerts": "noc@a.example"}


@STORIES.add
def command_that_fails(office):
    """A log line each; the monitor goes on."""
    fleet, watch, tmp_path = office.fleet, office.watch, office.root
    fleet.add(host="a.example")
    monitor = watch(alert=script(tmp_path / "alert", "exit 3\n")).started()
    eventually(lambda: monitor.lines("Alert command failed", "status=3"), monitor.log)
    os.remove(tmp_path / "alert")
    monitor.change(a={"disabled": True})
    eventually(lambda: monitor.lines("Alert command cannot be started", "no such file"), monitor.log)
    eventually(lambda: monitor.states_of("a.example") == {"disabled"}, monitor.log)


@STORIES.add
def once_waits_for_the_command(office):
    """Its path is relative to the configuration."""
    fleet, watch, tmp_path = office.fleet, office.watch, office.root
    for i in range(3):
        fleet.add(host=f"m{i}.example")
    monitor = watch(alert="./alert")
    script(monitor.root / "alert", f"cat >>{tmp_path}/out\n")
    monitor.once()
    told = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert sorted(one["host"] for one in told) == ["m0.example", "m1.example", "m2.example"]


# --- mail ----------------------------------------------------------------------------------------


@STORIES.add
def mail_to_all_of_a_list(office):
    """Each of several admins gets one of his own, the team one copy."""
    fleet, box, watch = office.fleet, office.box, office.watch
    fleet.add(host="a.example", admin="a@x.example, B <b@y.example>")
    monitor = watch(smtp=box.url, mail_from=FROM, mail_to=TEAM, digest="0").started()
    monitor.change(a={"disabled": True})
    mailed(box, 2)
    assert sorted(mail.readers for mail in box.mails) == [["<a@x.example>", f"<{TEAM}>"], ["<b@y.example>"]]


@STORIES.add
def mail_to_the_alert_address_else_to_the_admin(office):
    """To the mirror's own people, with a copy for the team; not for the first success."""
    fleet, box, watch = office.fleet, office.box, office.watch
    mirror = fleet.add(host="a.example", country="PL", admin="admin@a.example", alerts="noc@a.example")
    fleet.add(host="b.example", admin="Jürgen \"B\" <admin@b.example>")
    fleet.add(host="c.example")
    monitor = watch(smtp=box.url, mail_from=FROM, mail_to=TEAM).started()
    monitor.change(a={"disabled": True})
    mail = mailed(box, 1)[0]
    assert mail.sender == f"<{FROM}>" and mail.readers == ["<noc@a.example>", f"<{TEAM}>"]
    message = mail.message
    assert (message["From"], message["To"], message["Cc"]) == (FROM, "noc@a.example", TEAM)
    assert mail.subject == f"[clamav.net mirrors] a.example {mirror.address}: disabled"
    assert message["Auto-Submitted"] == "auto-generated" and message["Message-ID"] and not message.defects
    assert abs(message["Date"].datetime.timestamp() - time.time()) < 60
    assert "disabled by hand" in mail.body and "Poland" in mail.body
    assert f"curl -H 'Host: db.pl.clamav.net' http://{mirror.address}:{mirror.port}/timestamp" in mail.body
    lines = mail.octets.split(b"\r\n")
    assert all(len(line) <= 78 for line in lines if b"; boundary=" not in line) and not any(b"\n" in line for line in lines)
    part = message.get_body(("plain",))
    assert (message.get_content_type(), len(list(message.iter_parts()))) == ("multipart/mixed", 1)
    assert (part.get_content_type(), part["Content-Transfer-Encoding"]) == ("text/plain", "quoted-printable")
    monitor.change(b={"disabled": True})
    second = mailed(box, 2)[1]
    assert second.readers[0] == "<admin@b.example>"
    assert second.message["To"].addresses[0].display_name == 'Jürgen "B"'
    monitor.change(c={"disabled": True})
    assert mailed(box, 3)[2].readers == [f"<{TEAM}>"]
    assert len({mail.message["Message-ID"] for mail in box.mails}) == 3


@STORIES.add
def a_warning_and_a_removal(office):
    """As the network's documents have it: old and warned, removed, ok again."""
    fleet, box, watch = office.fleet, office.box, office.watch
    mirror = fleet.add(host="a.example", alerts="noc@a.example")
    others = [fleet.add(host=f"m{i}.example") for i in range(4)]
    monitor = watch(smtp=box.url, mail_from=FROM, old_after="2s", remove_after="1s").started()
    mirror.become("busy")
    warning, removal = mailed(box, 2)[:2]
    assert warning.subject.endswith(": warning") and "HTTP 503" in warning.body
    assert re.search(r"still in the answers.*lasts another 1s\.", warning.body, re.S)
    assert removal.subject.endswith(": removed from service") and "removed from the answers" in removal.body
    mirror.become("good")
    assert mailed(box, 3)[2].subject.endswith(": back in service")
    assert monitor.states_of("m0.example") == {"ok"} and others


@STORIES.add
def never_a_flood(office):
    """20 changes an hour have a mail, and one more says that there are too many; 4 to one address."""
    fleet, box, watch = office.fleet, office.box, office.watch
    for i in range(30):
        fleet.add(host=f"m{i}.example", alerts=f"noc{i}@m.example")
    monitor = watch(smtp=box.url, mail_from=FROM, mail_to=TEAM).started()
    monitor.change(**{f"m{i}": {"disabled": True} for i in range(30)})
    eventually(lambda: monitor.metric("alerts_total", result="held") == 10, monitor.log)
    mails = mailed(box, 21)
    assert sum(": disabled" in mail.subject for mail in mails) == 20
    notice = [mail for mail in mails if "mail limit reached" in mail.subject]
    assert len(notice) == 1 and notice[0].readers == [f"<{TEAM}>"]
    assert len(monitor.lines("Mail limit reached, further mails are held", "mails=20")) == 1
    assert len(monitor.lines("A mirror is disabled")) == 30
    monitor.stop()
    assert len(box.mails) == 21


@STORIES.add
def no_flood_by_configurations(office):
    """Another configuration does not make another hour."""
    fleet, box, watch = office.fleet, office.box, office.watch
    for i in range(9):
        fleet.add(host=f"m{i}.example", alerts="noc@m.example")
    monitor = watch(smtp=box.url, mail_from=FROM).started()
    monitor.change(**{f"m{i}": {"disabled": True} for i in range(3)})
    mailed(box, 3)
    monitor.configure(interval="2s")
    monitor.process.send_signal(signal.SIGHUP)
    monitor.wait_log("mirrorns-monitor .* is ready", times=2)
    monitor.change(**{f"m{i}": {"disabled": True} for i in range(3, 9)})
    assert "last of 4 mails to this address" in mailed(box, 4)[3].body
    eventually(lambda: monitor.metric("alerts_total", result="held") == 5, monitor.log)
    monitor.stop()
    assert len(box.mails) == 4


@STORIES.add
def no_flood_to_one_address(office):
    fleet, box, watch = office.fleet, office.box, office.watch
    for i in range(6):
        fleet.add(host=f"m{i}.example", alerts="noc@m.example")
    monitor = watch(smtp=box.url, mail_from=FROM).started()
    monitor.change(**{f"m{i}": {"disabled": True} for i in range(6)})
    assert "last of 4 mails to this address" in mailed(box, 4)[3].body
    assert not any("last of" in mail.body for mail in box.mails[:3])
    eventually(lambda: len(monitor.lines("A mirror is disabled")) == 6, monitor.log)
    monitor.stop()
    assert len(box.mails) == 4


@STORIES.add
def summary(office):
    """What changed, and what is not ok now; the next one begins where it ended."""
    fleet, box, watch = office.fleet, office.box, office.watch
    for i in range(3):
        fleet.add(host=f"m{i}.example", country="DE")
    monitor = watch(smtp=box.url, mail_from=FROM, mail_to=TEAM, digest="1s").started()
    monitor.change(m1={"disabled": True})

    def summary(*fragments):
        return [mail for mail in box.mails if "summary" in mail.subject
                and all(fragment in mail.body for fragment in fragments)]

    told = eventually(lambda: summary("ok -> disabled: disabled by hand"), lambda: [m.body for m in box.mails])[0]
    assert told.readers == [f"<{TEAM}>"]
    assert "Addresses: 2 ok, 0 old, 0 removed, 1 disabled" in told.body
    assert re.search(r"^  disabled since \S+  m1\.example \S+ \(DE\): disabled by hand$", told.body, re.M)
    assert re.search(r"^Export:    serial \d+, written ", told.body, re.M)
    eventually(lambda: summary("Changes:\n  none", "Not ok now:\n  disabled"), lambda: [m.body for m in box.mails])


@STORIES.add
def a_reader_who_is_refused(office):
    """The team gets its copy all the same."""
    fleet, box, watch = office.fleet, office.box, office.watch
    box.refused = ("noc@",)
    fleet.add(host="a.example", alerts="noc@a.example")
    monitor = watch(smtp=box.url, mail_from=FROM, mail_to=TEAM).started()
    monitor.change(a={"disabled": True})
    assert mailed(box, 1)[0].readers == [f"<{TEAM}>"]
    assert monitor.lines("Mail not sent", "550", "noc@a.example")


@STORIES.add
def no_mail_server(office):
    """A log line; the monitor goes on."""
    fleet, box, watch = office.fleet, office.box, office.watch
    fleet.add(host="a.example", alerts="noc@a.example")
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = "smtp://127.0.0.1:%d" % free.getsockname()[1]
    monitor = watch(smtp=url, mail_from=FROM).started()
    monitor.change(a={"disabled": True})
    eventually(lambda: monitor.lines("Mail not sent", "connect", "noc@a.example"), monitor.log)
    eventually(lambda: monitor.states_of("a.example") == {"disabled"}, monitor.log)


@pytest.mark.parametrize("name", STORIES.names())
def test_story(request, program, tmp_path_factory, name):
    STORIES.tell(request, program, tmp_path_factory, name)


@pytest.fixture
def refused(program, tmp_path):
    def sentence(**options):
        return Watcher(program, tmp_path, **options).run("-t", status=2)[1]

    return sentence


@pytest.mark.parametrize("options, said", [
    ({"smtp": "smtp://127.0.0.1:25"}, "mail-from"),
    ({"smtp": "http://127.0.0.1:25", "mail_from": FROM}, "smtp://HOST:PORT"),
    ({"smtp": "smtp://127.0.0.1:25", "mail_from": "monitor"}, 'found mail-from = "monitor", expected a mail address'),
    ({"mail_to": "a@b, c@d"}, 'found mail-to = "a@b, c@d", expected a mail address'),
])
def test_refusals(refused, options, said):
    assert said in refused(**options)
