"""The monitor's HTTP pages: what they say, to whom, and that Prometheus likes them."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from fleet import Fleet
from storms import cpu_ticks
from watcher import Watcher
from world import DEADLINE, eventually

PROJECT = pathlib.Path(__file__).resolve().parents[2]
MONITORING = PROJECT / "doc" / "monitoring"
SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
NAME = re.compile(r"\b((?:mirrorns|process)_[a-z_]+)\b")


@pytest.fixture(scope="module")
def watched(program, tmp_path_factory):
    """One monitor that the tests look at: two good mirrors, one bad one."""
    with Fleet() as fleet:
        fleet.add(host="a.example", country="DE")
        fleet.add(host="b.example", country="PL")
        fleet.add("busy", host="c.example", country="US")
        root = tmp_path_factory.mktemp("board")
        (root / "dns.txt").write_text("1.0.9:63:28034:1781708400:1:90:49192:339\n")
        monitor = Watcher(program, root, fleet, txt="dns.txt")
        monitor.started()
        eventually(lambda: monitor.metric("checks_total", result="failed") and
                   monitor.metric("mirrors", state="ok") == 2, monitor.log)
        eventually(lambda: monitor.fetch("/health")[0] == 200, monitor.log)
        yield monitor
        monitor.close()


def promtool(*arguments, **how):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed (apt-get install prometheus): not run")
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, timeout=60, **how)


def look(monitor):
    """({name: labels}, {name: type}) of the metrics page."""
    labels, types = {}, {}
    for line in monitor.fetch("/metrics")[1].splitlines():
        if line.startswith("# TYPE "):
            types[line.split(" ")[2]] = line.split(" ")[3]
        if not line.startswith("#"):
            name, found, _ = SAMPLE.match(line).groups()
            labels.setdefault(name, set()).update(key for key, _ in LABEL.findall(found or ""))
    return labels, types


def documented():
    manual = (PROJECT / "doc" / "mirrorns-monitor.8").read_text()
    section = manual.split(".Ss Metrics\n")[1].split(".Sh ")[0]
    rows = re.findall(r"^\.It Ic (\w+)(?: No \{ Ns Ar (.*) Ns No \})?$", section, re.M)
    return {name: set(labels.split(", ")) if labels else set() for name, labels in rows}


# --- metrics -------------------------------------------------------------------------------------


def test_promtool_likes_the_page(watched):
    status, text, headers = watched.fetch("/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    done = promtool("check", "metrics", input=text)
    assert done.returncode == 0 and not done.stdout and not done.stderr, (done.stdout, done.stderr)


def test_every_metric_is_in_the_manual(watched):
    """And the other way round, with its labels."""
    labels, types = look(watched)
    # Its only samples are those of HTTPS; test_https has them.
    labels["mirrorns_monitor_certificate_expiry_seconds"] = labels["mirrorns_monitor_mirror_up"]
    assert set(types) == set(documented()) and labels == documented()
    assert all(kind == ("counter" if name.endswith("_total") else "gauge") for name, kind in types.items())


def test_values(watched):
    mirror = watched.fleet.find("a.example")
    own = {"host": "a.example", "address": mirror.address, "country": "DE"}
    assert watched.metric("mirrors", state="ok") == 2 and watched.metric("mirrors", state="old") == 1
    assert watched.metric("hosts") == 3 and watched.metric("mirror_up", **own) == 1
    assert watched.metric("mirror_state", **own, state="ok") == 1
    assert 0 <= watched.metric("check_seconds", **own) < 2
    bad = watched.fleet.find("c.example")
    assert watched.metric("mirror_up", host="c.example", address=bad.address, country="US") == 0
    assert watched.metric("suspect") == 0
    eventually(lambda: watched.metric("export_serial") == watched.read()["serial"], "the serial of the file")
    assert watched.metric("checks_total", result="good") >= 2


# --- the others ----------------------------------------------------------------------------------


def test_status_and_export(watched):
    status = json.loads(watched.fetch("/api/status")[1])
    assert status["zone"] == "clamav.net" and [one["host"] for one in status["mirrors"]] == [
        "a.example", "b.example", "c.example"]
    assert status["mirrors"][2]["addresses"][0]["reason"].endswith("HTTP 503")

    def same():
        return watched.fetch("/api/export")[1] == (watched.root / "mirrors.json").read_text()

    eventually(same, "the export that is on disk")


def test_etag(watched):
    """Whoever has it need not get it again."""
    def unchanged():
        status, _, headers = watched.fetch("/api/export")
        assert status == 200 and headers["Cache-Control"] == "no-cache"
        again, text, _ = watched.fetch("/api/export", If_None_Match=headers["ETag"])
        return again == 304 and text == ""

    eventually(unchanged, "304")
    assert watched.fetch("/api/export", If_None_Match='"x"')[0] == 200


def test_what_is_answered(watched):
    for method, path, status in [
            ("HEAD", "/metrics", 200), ("HEAD", "/health", 200), ("GET", "/", 404), ("GET", "/api", 404),
            ("GET", "/api/status/", 404), ("GET", "/../mirrors.json", 404), ("POST", "/metrics", 405),
            ("PUT", "/api/export", 405)]:
        found, text, headers = watched.fetch(path, method)
        assert found == status, (method, path)
        assert method != "HEAD" or (text == "" and int(headers["Content-Length"]) > 0), path


def test_a_crowd_that_dawdles(watched):
    """Connections are few, and none of them holds up a check or another page for long."""
    held = [socket.create_connection(("127.0.0.1", watched.port), timeout=DEADLINE) for _ in range(40)]
    for connection in held[::2]:
        connection.sendall(b"GET /met")
    before = watched.read()["mirrors"][0]["checked"]
    eventually(lambda: watched.read()["mirrors"][0]["checked"] != before or
               len(watched.fleet.find("a.example").requests) > 5, "more checks")
    for connection in held:
        connection.close()

    def again():
        try:
            return watched.fetch("/health")[0] == 200
        except OSError:  # there are still too many
            return False

    eventually(again, "the page again")


def test_no_descriptor_is_left(program, tmp_path):
    """A first visitor for whom there is none waits until there is, and costs no processor meanwhile."""
    with Fleet() as fleet:
        fleet.add(host="a.example")
        monitor = Watcher(program, tmp_path, fleet, interval="1h")
        try:
            monitor.started()
            monitor.wait_log(" is ready ")
            eventually(lambda: monitor.metric("checks_total", result="good"), monitor.log)
            pid = monitor.process.pid
            looks = [set(os.listdir(f"/proc/{pid}/fd"))]

            def rests():
                time.sleep(0.3)
                looks.append(set(os.listdir(f"/proc/{pid}/fd")))
                return looks[-1] == looks[-2]

            eventually(rests, "no descriptor comes or goes")
            free = next(i for i in range(1000) if str(i) not in looks[-1])
            subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={free}:"], check=True)
            with socket.create_connection(("127.0.0.1", monitor.port), timeout=DEADLINE) as visitor:
                before = cpu_ticks(pid)
                visitor.settimeout(2)
                visitor.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                with pytest.raises(TimeoutError):
                    visitor.recv(1)
                assert cpu_ticks(pid) - before <= 10, "hundredths of 2 s"
                subprocess.run(["prlimit", f"--pid={pid}", "--nofile=1024:"], check=True)
                visitor.settimeout(DEADLINE)
                assert visitor.recv(4096).startswith(b"HTTP/1")
        finally:
            monitor.close()


# --- health --------------------------------------------------------------------------------------


@pytest.mark.one_program
def test_health(program, tmp_path):
    """No export yet, all well, most mirrors down."""
    with Fleet() as fleet:
        for i in range(5):
            fleet.add(host=f"m{i}.example")
        monitor = Watcher(program, tmp_path, fleet)
        try:
            monitor.started()
            eventually(lambda: monitor.fetch("/health")[0] == 200, monitor.log)
            assert json.loads(monitor.fetch("/health")[1]) == {"healthy": True, "reasons": []}
            for mirror in fleet.mirrors:
                mirror.become("refusing")
            status, text, _ = eventually(
                lambda: (found := monitor.fetch("/health"))[0] == 503 and found, monitor.log)
            reasons = json.loads(text)["reasons"]
            assert len(reasons) == 1 and reasons[0].startswith("most mirrors fail at once"), reasons
            assert monitor.metric("suspect") == 1
            assert all(monitor.states_of(mirror.host) == {"ok"} for mirror in fleet.mirrors), "no state changes"
            for mirror in fleet.mirrors:
                mirror.become("good")
            eventually(lambda: monitor.fetch("/health")[0] == 200, monitor.log)
        finally:
            monitor.close()


# --- where it listens ----------------------------------------------------------------------------


@pytest.fixture
def alone(program, tmp_path):
    """A monitor of one mirror that the test starts."""
    with Fleet() as fleet:
        fleet.add(host="a.example")
        monitor = Watcher(program, tmp_path, fleet)
        yield monitor
        monitor.close()


def test_off(alone):
    alone.configure(metrics="")
    alone.started()
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    assert f"pid={alone.process.pid}," not in listening


def test_a_place_that_is_taken(alone):
    with socket.create_server(("127.0.0.1", alone.port)):
        alone.start()
        assert alone.process.wait(DEADLINE) == 1
    alone.process = None
    last = alone.log().strip().splitlines()[-1]
    assert f"metrics: cannot bind 127.0.0.1:{alone.port} (TCP)" in last and "another program" in last


def test_it_is_there_after_sighup(alone):
    """It shows what the signal has brought."""
    alone.started()
    eventually(lambda: alone.status()["counts"].get("ok") == 1, alone.log)
    alone.change(a={"disabled": True})
    alone.process.send_signal(signal.SIGHUP)
    eventually(lambda: alone.status()["counts"].get("disabled") == 1, alone.log)


# --- rules and dashboard -------------------------------------------------------------------------


def test_rules():
    for verb, name in (("check", "mirrorns-monitor.rules.yml"), ("test", "mirrorns-monitor.rules.test.yml")):
        done = promtool(verb, "rules", str(MONITORING / name))
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_and_explained():
    rules = (MONITORING / "mirrorns-monitor.rules.yml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    tests = (MONITORING / "mirrorns-monitor.rules.test.yml").read_text()
    manual = (MONITORING / "README.md").read_text()
    for alert in alerts:
        assert re.search(rf"alertname: {alert}\n\s+exp_alerts:\n\s+- exp_labels", tests), alert
        assert f"alertname: {alert}, exp_alerts: []" in tests, alert
        assert re.search(rf"^\| .*\b{alert}\b", manual, re.M), alert
    assert set(re.findall(r"^\| (Mirror(?!ns)\w+) \|", manual, re.M)) == set(alerts)


def test_names_that_are_watched_are_there():
    for name in ("mirrorns-monitor.rules.yml", "mirrorns-monitor.rules.test.yml", "mirrorns-monitor.grafana.json"):
        found = set(NAME.findall((MONITORING / name).read_text()))
        assert found and found <= set(documented()), (name, found - set(documented()))


def test_dashboard():
    board = json.loads((MONITORING / "mirrorns-monitor.grafana.json").read_text())
    variables = {one["name"] for one in board["templating"]["list"]}
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids) > 5
    for panel in board["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 and panel["targets"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            assert set(re.findall(r"\$(\w+)", target["expr"])) <= {*variables, "__rate_interval"}, target
