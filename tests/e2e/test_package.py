"""The service, its sockets and what `make install` puts where; systemd's own programs judge the units."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "tools" / "package"
EXPOSURE_MAX = 15  # tenths of what systemd-analyze calls exposure, 0 to 100
UNITS = sorted(path.name for path in PACKAGE.glob("*.*") if path.suffix in (".service", ".socket", ".timer"))
SERVICES = [name for name in UNITS if name.endswith(".service")]


def text(path):
    return (PROJECT / path).read_text()


def analyze(*arguments):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed: not run")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture
def units(tmp_path):
    """The units as they are, but for programs, which need not be installed here."""
    for name in UNITS:
        unit = text(f"tools/package/{name}")
        (tmp_path / name).write_text(re.sub(r"/usr/s?bin/mirrorns[\w-]*|/usr/bin/python3", "/bin/true", unit))
    return tmp_path


@pytest.mark.parametrize("service", SERVICES)
def test_exposure(units, service):
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", str(units / service))
    if "nrecognized option" in done.stderr:
        pytest.skip("systemd-analyze is too old for --offline: not run")
    found = re.search(rf"exposure level for {service}: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= EXPOSURE_MAX / 10 and done.returncode == 0, done.stdout


def test_a_weaker_service_is_more_exposed(units):
    """The figure above is of this unit, not of the tool."""
    path = units / "mirrorns.service"
    path.write_text(path.read_text().replace("ProtectSystem=strict\n", "").replace(
        "SystemCallFilter=@system-service\n", ""))
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", str(path))
    if "nrecognized option" in done.stderr:
        pytest.skip("systemd-analyze is too old for --offline: not run")
    assert done.returncode != 0


def test_units_are_good(units):
    done = analyze("verify", "--man=no", *(str(units / name) for name in UNITS))
    said = [line for line in done.stderr.splitlines() if "mirrorns" in line]
    assert done.returncode == 0 and not said, done.stderr


def test_only_one_capability():
    unit = text("tools/package/mirrorns.service")
    for option in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert re.findall(rf"^{option}=(.*)$", unit, re.M) == ["CAP_NET_BIND_SERVICE"]
    assert "ExecReload=/usr/bin/mirrornsctl reload" in unit and "Type=notify\n" in unit


def test_the_sockets_are_the_usual_ones():
    """mirrorns.socket names what `listen` is where nobody has set it."""
    usual = re.search(r'\{"listen", [^{]*\{([^}]*)\}', text("dns/config/config.c"))[1]
    wanted = sorted(re.findall(r'"([^"]+)"', usual))
    unit = text("tools/package/mirrorns.socket")
    for kind in ("ListenDatagram", "ListenStream"):
        assert sorted(re.findall(rf"^{kind}=(.*)$", unit, re.M)) == wanted
    assert "BindIPv6Only=ipv6-only\n" in unit


def test_one_version():
    makefile = re.search(r"^VERSION = (.*)$", text("Makefile"), re.M)[1]
    assert text("tools/package/debian/changelog").startswith(f"mirrorns ({makefile}) ")


def test_build_dependencies():
    """The package is built from what tools/deps installs to build."""
    deps = re.search(r'^build="([^"]*)"', text("tools/deps"), re.M)[1].split()
    control = re.search(r"^Build-Depends:\n((?: .*\n)*)", text("tools/package/debian/control"), re.M)[1]
    named = {line.strip(" ,") for line in control.splitlines()} - {"debhelper-compat (= 13)"}
    assert named == set(deps) - {"gcc", "libc6-dev", "make"}, "those three are build-essential"


def test_container_libraries():
    """The second stage has each library that a program is linked with."""
    programs = [path for path in (PROJECT / "build").glob("mirrorns*") if path.is_file()]
    if not programs or not shutil.which("dpkg-query"):
        pytest.skip("no build/mirrorns, or no Debian: not run")
    needed = subprocess.run(["objdump", "-p", *programs], capture_output=True, text=True, check=True)
    container = text("tools/package/Containerfile").split("FROM")[-1]
    libraries = set(re.findall(r"NEEDED\s+(lib[\w+-]+)\.so\.(\d+)", needed.stdout))
    libraries -= {("libc", "6"), ("libm", "6")}
    assert len(libraries) > 5
    for name, number in libraries:
        package = f"{name}-{number}" if name[-1].isdigit() else name + number
        assert re.search(rf"\b{package}\b", container), package
    assert 'CMD ["/usr/bin/mirrornsctl", "check", "--ready"]' in container
    assert "EXPOSE 53/udp 53/tcp" in container and "USER mirrorns" in container


@pytest.fixture
def installed(tmp_path):
    done = subprocess.run([PACKAGE / "install", "/opt/dns", "/opt/dns/lib/systemd/system"],
                          env={**os.environ, "DESTDIR": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_install(installed):
    """Under another prefix, and every path that is named is of that prefix."""
    unit = (installed / "opt/dns/lib/systemd/system/mirrorns.service").read_text()
    assert "ExecStart=/opt/dns/sbin/mirrorns -c /etc/mirrorns/mirrorns.conf\n" in unit
    assert "ExecReload=/opt/dns/bin/mirrornsctl reload\n" in unit
    accounts = re.findall(r"^u (\S+) ", (installed / "opt/dns/lib/sysusers.d/mirrorns.conf").read_text(), re.M)
    assert {re.search(r"^User=(.*)$", text(f"tools/package/{name}"), re.M)[1] for name in SERVICES} == set(accounts)
    for name in UNITS:
        found = (installed / "opt/dns/lib/systemd/system" / name).read_text()
        assert not re.search(r"/usr/(s?bin|share)/mirrorns", found), name
    examples = installed / "opt/dns/share/doc/mirrorns/examples"
    assert (examples / "country.mmdb").resolve() == (
        installed / "opt/dns/share/mirrorns/country.mmdb").resolve()
    for name in ("guide.md", "troubleshooting.md", "migration.md"):
        assert (installed / "opt/dns/share/doc/mirrorns" / name).exists()


def test_a_configuration_that_is_there_stays(installed):
    configs = [installed / "etc/mirrorns" / name
               for name in ("mirrorns.conf", "mirrorns-monitor.conf", "mirrors.list.json")]
    for config in configs:
        config.write_text("# ours\n")
    subprocess.run([PACKAGE / "install", "/opt/dns", "/opt/dns/lib/systemd/system"],
                   env={**os.environ, "DESTDIR": str(installed)}, check=True)
    assert all(config.read_text() == "# ours\n" for config in configs)


def test_the_first_configuration(installed, make_world):
    """What a package serves unasked: this machine alone, no port that anybody asks by himself."""
    world = make_world(mirrors=None)
    written = (installed / "etc/mirrorns/mirrorns.conf").read_text()
    assert re.search(r'^listen = \{"127\.0\.0\.1:5300", "\[::1\]:5300"\}', written, re.M)
    written = written.replace("/opt/dns/", f"{installed}/opt/dns/").replace(":5300", f":{world.port}")
    for option in ('user = ""', 'state-dir = "state"', 'control = ""', 'metrics = ""'):
        written += option + "\n"
    world.write("mirrorns.conf", written)
    done = world.check()
    assert done.returncode == 0, done.stderr
    world.start()
    assert world.ask("db.de.mirrors.example.").answer and world.ask("db.local.mirrors.example.").answer
    export = json.loads((PACKAGE / "first/mirrors.json").read_text())
    assert all(mirror["host"].endswith(".example") for mirror in export["mirrors"])


def test_the_monitor_s_folder():
    """Where its first configuration keeps the state is a folder that the package makes, and purges."""
    state = re.search(r'^state\s*=\s*"(/[^"]+)/[^/"]+"', text("tools/package/mirrorns-monitor.conf"), re.M)[1]
    assert f"install -d -m 755 -o mirrorns-monitor -g mirrorns-monitor {state}\n" in text("tools/package/debian/postinst")
    assert state in re.search(r"rm -rf (.*)$", text("tools/package/debian/postrm"), re.M)[1].split()
    unit = text("tools/package/mirrorns-monitor.service")
    assert f"StateDirectory={state.removeprefix('/var/lib/')}\n" in unit


def test_the_database_is_fetched_where_the_recipe_says(installed):
    """The installed script is the unit's, and the timer is nobody's until it is enabled."""
    unit = (installed / "opt/dns/lib/systemd/system/mirrorns-geodb.service").read_text()
    command = re.search(r"^ExecStart=/usr/bin/python3 (\S+) fetch (\S+)$", unit, re.M)
    assert command and re.search(rf'database = "{command[2]}/country.mmdb"', unit)
    done = subprocess.run(["/usr/bin/python3", f"{installed}{command[1]}"], capture_output=True, text=True)
    assert done.returncode == 2 and "fetch [DIRECTORY]" in done.stderr
    assert "mirrorns-geodb.timer" not in text("tools/package/debian/postinst")
