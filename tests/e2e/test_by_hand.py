"""--disable HOST and --enable HOST beside a running monitor: no file is edited by people."""

import concurrent.futures
import json
import re
import time

import pytest

from watcher import Watcher
from world import eventually

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def watcher(program, tmp_path, fleet):
    fleet.add(host="a.example")
    fleet.add(host="B.example")
    one = Watcher(program, tmp_path / "monitor", fleet, metrics="")
    yield one
    one.close()


def file_of(watcher):
    return watcher.root / "monitor.sqlite.disabled"


def wait_reason(watcher, mirror, state, reason):
    entries = watcher.wait_states({mirror: state})
    assert re.fullmatch(reason, entries[mirror.address]["reason"]), entries


def test_beside_a_running_monitor(watcher, fleet):
    first, second = fleet.mirrors
    watcher.started()
    begin = time.monotonic()
    assert watcher.run("--disable", "a.Example.", "--why", "new disks, <b> & more") == (
        "a.example is disabled until mirrorns-monitor --enable; a running monitor sees it within 10 seconds\n", "")
    wait_reason(watcher, first, "disabled", "disabled by hand: new disks, <b> & more")
    assert time.monotonic() - begin < 10
    assert watcher.states()[second.address] == "ok"
    # It is still so after a restart, and after the list has changed; another entry takes its place.
    watcher.stop()
    watcher.start()
    watcher.write_list([{**one, "note": 1} for one in json.loads(fleet.list_text())["mirrors"]])
    watcher.run("--disable", "b.example")
    wait_reason(watcher, second, "disabled", "disabled by hand")
    assert watcher.states()[first.address] == "disabled"
    out, _ = watcher.run("--disable", "a.example", "--for", "2h")
    assert re.fullmatch(rf"a\.example is disabled until {MOMENT}; a running .*\n", out)
    eventually(lambda: re.fullmatch(f"disabled by hand until {MOMENT}", watcher.entries()[first.address]["reason"]), "the new reason")
    assert len(json.loads(file_of(watcher).read_text())["disabled"]) == 2
    # And back: the next check decides.
    assert watcher.run("--enable", "A.example")[0] == (
        "a.example is enabled: the next check decides; a running monitor sees it within 10 seconds\n")
    watcher.wait_states({first: "ok", second: "disabled"})
    assert watcher.run("--enable", "a.example")[0] == "a.example was not disabled by hand\n"
    assert "A mirror is disabled host=a.example" in watcher.log()


def test_time(watcher, fleet):
    """It is back by itself, and gone from the file with the next change."""
    mirror = fleet.mirrors[0]
    watcher.started()
    watcher.run("--disable", "a.example", "--for", "3s", "--why", "a moment")
    wait_reason(watcher, mirror, "disabled", f"disabled by hand until {MOMENT}: a moment")
    watcher.wait_states({mirror: "ok"})
    assert "a.example" in file_of(watcher).read_text()
    watcher.run("--disable", "b.example")
    assert "a.example" not in file_of(watcher).read_text()


def test_without_a_monitor(watcher, fleet):
    """The next start has it, and so have --once, -t and --check."""
    watcher.run("--disable", "a.example")
    watcher.once()
    assert watcher.states() == {fleet.mirrors[0].address: "disabled", fleet.mirrors[1].address: "ok"}
    assert " disabled=1\n" in watcher.run("-t")[1]
    assert "  but          it is not served whatever checks say: disabled by hand\n" in watcher.run("--check", "a.example")[0]


def test_many_at_once(watcher, fleet):
    """None gets lost."""
    for i in range(12):
        fleet.add(host=f"m{i}.example")
    watcher.write_list()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda i: watcher.run("--disable", f"m{i}.example"), range(12)))
    assert len(json.loads(file_of(watcher).read_text())["disabled"]) == 12


def test_refused(watcher):
    def refused(status, *words):
        out, errors = watcher.run(*words, status=status)
        assert not out and not file_of(watcher).exists()
        return errors

    assert refused(2, "--disable", "c.example") == f"{watcher.list}: no mirror has the host c.example\n"
    assert refused(2, "--enable", "c.example") == f"{watcher.list}: no mirror has the host c.example\n"
    expected = ", expected a duration like 30m, 2h or 1d, at most 366d\n"
    for span in ("2w", "0", "-1h", "367d", ""):
        assert refused(2, "--disable", "a.example", "--for", span) == f"found --for {span}{expected}"
    for why in ("a\nb", "x" * 121):
        assert refused(2, "--disable", "a.example", "--why", why) == "found a --why that is none, expected one line of at most 120 octets\n"
    watcher.change(a={"disabled": True})
    line = 1 + next(i for i, text in enumerate(watcher.list.read_text().splitlines()) if "{" in text and i)
    assert refused(1, "--enable", "a.example") == f"{watcher.list}:{line}: host a.example is disabled in the list: enable it there\n"
    watcher.configure(state="nowhere/monitor.sqlite")
    assert re.fullmatch(r".*/nowhere/monitor\.sqlite\.disabled: cannot be written: No such file or directory\n",
                        refused(1, "--disable", "a.example"))


def test_broken_file(watcher, fleet):
    """What is no good is refused as the list is; a running monitor goes on."""
    watcher.started()
    file_of(watcher).write_text('{"disabled": [{"host": "a.example", "until": "soon"}]}')
    watcher.wait_log(r'monitor\.sqlite\.disabled: entry 1 is none, expected \{"host", "until", "why"\}; ')
    assert watcher.states()[fleet.mirrors[0].address] == "ok"
    watcher.stop()
    for text, sentence in (("[", r":1:1: invalid JSON: "), ("{}", ': found no array "disabled", expected one')):
        file_of(watcher).write_text(text)
        assert re.search(re.escape(str(file_of(watcher))) + sentence, watcher.run("-t", status=2)[1])
        assert watcher.run("--disable", "a.example", status=2)[1]
