"""The real freshclam, with a name server, a mirror and a resolv.conf of its own, in a namespace.

Its databases are headers alone (a CVD starts with 512 octets of text): enough to be compared with the
version string, which is all that an up-to-date client does."""

import http.server
import shutil
import subprocess
import threading

import pytest

from packet import addresses
from world import eventually, mirror, version_string

MIRROR = "192.0.2.10"
VERSIONS = {"main": 63, "daily": 28034, "bytecode": 339}
COMPLAINTS = ("Falling back", "Invalid DNS reply", "older than", "Can't query", "Failed to find",
              "ERROR")
CONFIGURATION = """\
DatabaseDirectory {folder}
DatabaseOwner root
DNSDatabaseInfo current.cvd.clamav.net
DatabaseMirror http://db.local.clamav.net
ScriptedUpdates no
MaxAttempts 1
ConnectTimeout 5
ReceiveTimeout 5
LogVerbose yes
"""


def header(version):
    """A CVD's header: time, version, signatures, functionality level, MD5, signature, builder, time."""
    text = f"ClamAV-VDB:14 May 2026 09-57 -0400:{version}:100:90:{'X' * 32}:X:builder:1781708400"
    return text.ljust(512).encode()


class Web:
    """The mirror: has nothing, and remembers who asked for what."""

    def __init__(self, namespace):
        requests = self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                requests.append((self.headers["Host"], self.path))
                self.send_error(404)

            def log_message(self, *_):
                pass

        self.server = namespace.call(lambda: http.server.ThreadingHTTPServer((MIRROR, 80), Handler))
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Clam:
    """A client's folder, its configuration and its run."""

    def __init__(self, namespace, root):
        self.namespace = namespace
        self.folder = root / "databases"
        self.folder.mkdir()
        for name, version in VERSIONS.items():
            (self.folder / f"{name}.cvd").write_bytes(header(version))
        self.configuration = root / "freshclam.conf"
        self.configuration.write_text(CONFIGURATION.format(folder=self.folder))

    def run(self):
        done = subprocess.run(
            [*self.namespace.enter, "freshclam", f"--config-file={self.configuration}", "--stdout"],
            capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr


@pytest.fixture
def freshclam(make_namespace, make_world, tmp_path):
    """(server, client, mirror) in one namespace."""
    if not shutil.which("freshclam"):
        pytest.skip("freshclam is not installed: not run")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (tmp_path / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    namespace = make_namespace(f"""\
ip addr add {MIRROR}/32 dev lo
mount --bind {tmp_path}/resolv.conf /etc/resolv.conf
mount --bind {tmp_path}/nsswitch.conf /etc/nsswitch.conf
""")
    mirrors = [mirror("here.example", "PL", MIRROR), mirror("there.example", "JP", "198.18.1.1")]
    world = make_world(namespace, mirrors=mirrors, overrides="127.0.0.0/8,PL\n", txt=version_string())
    world.options["listen"] = ["127.0.0.1:53"]
    world.configure()
    world.start()
    web = Web(namespace)
    yield world, Clam(namespace, tmp_path), web
    web.close()


def test_up_to_date(freshclam):
    """It reads our version string without a fallback and has nothing to fetch."""
    world, clam, web = freshclam
    output = clam.run()
    for name, version in VERSIONS.items():
        assert f"{name}.cvd database is up-to-date (version: {version}" in output, output
    for complaint in COMPLAINTS:
        assert complaint not in output, output
    assert not web.requests


def test_stale_version_string(freshclam):
    """A record of yesterday makes it complain and go to the mirror: the test above can fail."""
    world, clam, web = freshclam
    world.replace("dns.txt", version_string(age=86400) + "\n")
    world.wait_log("older")
    output = clam.run()
    assert "DNS record is older than" in output, output
    assert "up-to-date" not in output
    assert web.requests and web.requests[0][0] == "db.local.clamav.net"


def test_a_version_string_that_is_none(freshclam):
    """Nor is it content with any string."""
    world, clam, web = freshclam
    world.replace("dns.txt", "nonsense\n")
    eventually(lambda: b"nonsense" in world.ask("current.cvd", "TXT").raw, "the new string")
    output = clam.run()
    assert "WARNING: Failed to find Record Time field" in output, output
    assert "up-to-date" not in output and web.requests


def test_a_newer_version_is_fetched_from_the_nearest_mirror(freshclam):
    """It resolves db.local by our pool and asks that mirror, by that name."""
    world, clam, web = freshclam
    world.replace("dns.txt", version_string(daily=28035) + "\n")
    eventually(lambda: b":28035:" in world.ask("current.cvd", "TXT").raw, "the new string")
    assert addresses(world.ask("db.local")) == [MIRROR]
    output = clam.run()
    assert "available for update" in output, output
    assert ("db.local.clamav.net", "/daily.cvd") in web.requests
