"""Whose rights it reads with, whom it believes in state-dir, what it makes for whom, and what it does without threads."""

import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import stat
import subprocess

import dns.rcode
import pytest

from control import ctl_path, run
from cvd import FILES, Cvd
from watcher import Watcher
from world import ZONE, eventually, mirrors_of

MIRRORS = mirrors_of("DE", 3, "192.0.2")
SECRET = "the first line of a file that only root may read"
KEPT = "clamav.net@current.cvd.txt"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


def string(world):
    """What current.cvd is; "SERVFAIL": there is none."""
    reply = world.ask("current.cvd", "TXT")
    return str(reply.answer[0]) if reply.answer else dns.rcode.to_text(reply.rcode())


@pytest.fixture
def secret(open_folder):
    path = open_folder / "secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def given(make_world, open_folder):
    """given(**files): a world that belongs to nobody, whose server becomes nobody; a control socket on demand."""
    worlds = []

    def make(user="nobody", control=False, namespace=None, **files):
        world = make_world(namespace, root=open_folder / "world")
        worlds.append(world)
        world.fill(**{"mirrors": MIRRORS, "user": user if os.geteuid() == 0 else "", **files})
        if control:
            shutil.chown(world.control_path.parent, world.options["user"] or os.geteuid())
            world.options["control"] = str(world.control_path)
            world.configure()
        for path in (world.root, world.path("state")):
            shutil.chown(path, world.options["user"] or os.geteuid())
        return world

    yield make
    for world in worlds:
        if world.process:
            world.stop()


def lay(path, kind, secret):
    """Something in state-dir that is not the server's own."""
    if kind == "symbolic link":
        path.symlink_to(secret)
    elif kind == "hard link":
        os.link(secret, path)
    elif kind == "fifo":
        os.mkfifo(path, 0o644)
    elif kind == "other user":
        path.write_text(SECRET + "\n")
        shutil.chown(path, "daemon")
    elif kind == "root only":
        path.write_text(SECRET + "\n")
        path.chmod(0o600)


KINDS = [("symbolic link", "is a symbolic link, expected a regular file"),
         ("fifo", "is not a regular file"),
         ("other user", "owned by user 1, expected user {user} or root")]


@needs_root
@pytest.mark.parametrize("user", ["nobody", ""])
@pytest.mark.parametrize("kind, why", KINDS + [("hard link", "has 2 hard links, expected 1")],
                         ids=lambda one: one.split()[0])
def test_what_is_laid_in_state_dir(given, secret, user, kind, why):
    """It counts as absent, a line says why, and what it leads to is in no answer; of -t the same."""
    world = given(user)
    world.path("dns.txt").unlink()
    for name in (KEPT, "clamav.net.export.json", "drains.json"):
        other = secret.with_name(f"secret {name}")
        other.write_text(SECRET + "\n")
        lay(world.path("state") / name, kind, other)
    world.start()
    sentence = why.format(user=pwd.getpwnam(user or "root").pw_uid)
    for name in (KEPT, "clamav.net.export.json", "drains.json"):
        world.wait_log(f"state/{name}: {sentence}; the file is ignored")
        assert world.lines(f"state/{name}") == world.lines(f"state/{name}: {sentence}"), "once, and no more"
    assert string(world) == "SERVFAIL"
    assert SECRET not in world.log()
    done = world.check()
    assert done.returncode == 0 and f"state/{KEPT}: {sentence}" in done.stderr and SECRET not in done.stderr


@needs_root
@pytest.mark.parametrize("kind", ["symbolic link", "hard link", "root only"])
def test_state_dir_leads_to_a_file_of_roots(given, secret, kind):
    world = given()
    world.path("dns.txt").unlink()
    lay(world.path("state") / KEPT, kind, secret)
    world.start()
    assert string(world) == "SERVFAIL" and SECRET not in world.log()
    world.wait_log(f"state/{KEPT}", "the file is ignored")


@needs_root
@pytest.mark.parametrize("kind", ["symbolic link", "hard link"])
def test_a_file_that_the_user_may_not_read(given, secret, kind):
    """Neither at a start nor by -t nor at a takeover is it read with the rights of root."""
    world = given(control=True)
    world.path("dns.txt").unlink()
    lay(world.path("dns.txt"), kind, secret)
    done = world.check()
    assert "dns.txt: cannot be opened: Permission denied" in done.stderr and SECRET not in done.stderr
    world.start()
    world.wait_log("dns.txt: cannot be opened: Permission denied")
    assert string(world) == "SERVFAIL" and SECRET not in world.log()
    world.takeover()
    assert string(world) == "SERVFAIL" and SECRET not in world.log()


@needs_root
@pytest.mark.parametrize("name", ["clamav.net.zone", "part.zone", "mirrors.json", "overrides.csv", "country.mmdb"])
def test_all_but_the_configuration(given, name):
    """Which only root may read: that is read by whoever starts it. The rest is refused, and -t says the same."""
    world = given(zone=ZONE + "$INCLUDE part.zone\n", overrides="198.18.0.0/15,DE\n",
                  networks=[("192.0.2.0/24", "DE")], txt=False)
    world.write("part.zone", "more A 192.0.2.81\n")
    world.path("mirrorns.conf").chmod(0o600)
    assert world.check().returncode == 0
    world.path(name).chmod(0o600)
    for arguments in ((), ("-t", "-c", str(world.path("mirrorns.conf")))):
        done = world.run(*arguments)
        assert done.returncode == 2 and re.search(rf"{name}:? .*Permission denied", done.stderr), done.stderr


def test_the_users_groups(given, make_namespace, tmp_path):
    """What its own group and its supplementary ones may read is read, what root's group may is not."""
    groups = re.sub(r"^games:.*", "games:x:60:nobody", pathlib.Path("/etc/group").read_text(), flags=re.M)
    (tmp_path / "group").write_text(groups)
    world = given(namespace=make_namespace(f"mount --bind {tmp_path}/group /etc/group"))
    world.path("mirrors.json").chmod(0o640)
    for group, status in (("nogroup", 0), ("games", 0), ("root", 2), ("daemon", 2)):
        shutil.chown(world.path("mirrors.json"), "root", group)
        assert world.check().returncode == status, group


@pytest.fixture
def accounts(make_namespace, tmp_path):
    """accounts(line): a namespace in which that is the account mirrorns, or in which there is none."""
    def make(line=""):
        others = re.sub(r"^mirrorns:.*\n", "", pathlib.Path("/etc/passwd").read_text(), flags=re.M)
        (tmp_path / "passwd").write_text(others + line)
        return make_namespace(f"mount --bind {tmp_path}/passwd /etc/passwd")

    return make


def test_the_default_account(given, accounts):
    """Where it is there, it is become, and state-dir is made for it."""
    world = given(namespace=accounts("mirrorns:x:65533:65533::/nonexistent:/usr/sbin/nologin\n"))
    del world.options["user"]
    made = world.root / "made"
    world.options["state-dir"] = str(made)
    world.configure()
    assert world.check().returncode == 0
    world.start()
    status = pathlib.Path(f"/proc/{world.process.pid}/status").read_text()
    for name in ("Uid", "Gid"):
        assert re.search(rf"^{name}:\t65533\t65533\t65533\t65533$", status, re.M)
    eventually((made / KEPT).exists, "what is kept")
    assert {path.stat().st_uid for path in (made, *made.iterdir())} == {65533}


@needs_root
def test_root_reads_what_the_server_has_kept(given):
    """Of the account's: mirrornsctl --config, where the export is gone."""
    world = given().start()
    world.wait_kept("192.0.2.1")
    world.stop()
    world.path("mirrors.json").unlink()
    done = run(world.program, "--config", world.path("mirrorns.conf"), "explain", "db.de", "198.18.0.1")
    assert done.returncode == 0 and "192.0.2.1" in done.stdout and "absent" not in done.stderr, done.stderr
    assert world.check().returncode == 0


@pytest.mark.parametrize("mask, mode", [(0, 0o640), (0o022, 0o640), (0o077, 0o600)])
def test_modes_of_what_it_makes(given, mask, mode):
    world = given("", control=True)
    before = os.umask(mask)
    try:
        world.start()
    finally:
        os.umask(before)
    assert world.control("drain", glob="m3.de.example")["exit"] == 0
    world.wait_kept("m3.de.example")
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in world.path("state").iterdir()}
    assert set(found) == {KEPT, "clamav.net.export.json", "clamav.net.export.json.history", "drains.json",
                          "control.path"}
    assert set(found.values()) == {mode}, found


def gains(world):
    """NoNewPrivs of all its threads."""
    found = []
    for task in pathlib.Path(f"/proc/{world.process.pid}/task").iterdir():
        found += [line.split()[1] for line in (task / "status").read_text().splitlines()
                  if line.startswith("NoNewPrivs:")]
    return found


@pytest.mark.parametrize("user", ["", "nobody"])
def test_no_thread_gains_privileges(given, user):
    """Workers, those that build, and that of the metrics."""
    if user and os.geteuid() != 0:
        pytest.skip("only root becomes somebody else: not run")
    world = given(user, workers=2)
    world.options["metrics"] = f"127.0.0.1:{world.free_port()}"
    world.configure()
    world.start()
    mark = world.mark()
    world.kill(1)
    world.wait_log("reload complete", since=mark)
    found = gains(world)
    assert len(found) >= 1 + 2 + 1 + 4 and set(found) == {"1"}, found


def test_without_the_account(make_world, accounts):
    """Of the default: it is refused, by -t too; "" says that root is meant. mirrornsctl --config needs nobody."""
    world = make_world(accounts(), mirrors=MIRRORS)
    del world.options["user"]
    world.configure()
    config = str(world.path("mirrorns.conf"))
    for arguments in (("-c", config), ("-t", "-c", config)):
        done = world.run(*arguments)
        assert done.returncode == 2, done.stderr
        assert done.stderr.splitlines()[-1] == (
            f'{config}: the user "mirrorns" does not exist: create it, or set `user` to an existing one ("" = stay root)')
    assert run(world.program, "--config", config, "explain", "db.de", "192.0.2.1").returncode == 0
    world.options["user"] = ""
    world.configure()
    assert world.check().returncode == 0
    world.start()
    assert world.members("db.de")


def unprivileged():
    """Words that make a command one of somebody whose threads are limited."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []


def threads(process, may):
    """Whether a process of such a user may have threads more."""
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1] if may else 1
    most = "unlimited" if most == resource.RLIM_INFINITY else most
    subprocess.run([*unprivileged(), "prlimit", f"--pid={process.pid}", f"--nproc={most}:"], check=True)


@pytest.fixture
def scarce(given):
    return given(control=True).start()


NO_THREAD = ("cannot create a thread: Resource temporarily unavailable (raise TasksMax= of the unit, or ulimit -u)")


def test_reload_without_threads(scarce):
    """It is refused with a sentence, the server serves, and the next one tries again."""
    threads(scarce.process, False)
    reply = scarce.control("reload")
    assert reply["exit"] == 1 and reply["result"] == {"reload": "refused"} and reply["why"] == NO_THREAD
    scarce.wait_log(f"{NO_THREAD}; reload failed, previous data stays in service")
    assert scarce.control("status")["result"]["reload"]["why"] == NO_THREAD
    mark = scarce.mark()
    scarce.kill(1)
    scarce.wait_log(NO_THREAD, since=mark)
    assert scarce.members("db.de") == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    threads(scarce.process, True)
    assert scarce.control("reload")["exit"] == 0
    assert scarce.control("status")["result"]["reload"]["why"] == ""


def test_changes_without_threads(scarce):
    """What was changed, and a drain, are served once there are threads; until then one line says so."""
    threads(scarce.process, False)
    mark = scarce.mark()
    scarce.export(mirrors_of("DE", 2, "198.18.9"))
    scarce.wait_log(NO_THREAD, since=mark)
    reply = scarce.control("drain", glob="m1.de.example")
    assert reply["exit"] == 1 and NO_THREAD in reply["why"]
    assert scarce.members("db.de") == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    threads(scarce.process, True)
    eventually(lambda: scarce.members("db.de") == {"198.18.9.2"}, "the change and the drain")
    assert len(scarce.lines(f" error {NO_THREAD}", since=mark)) <= 2


def test_monitor_without_threads(program, open_folder):
    """Its names are resolved in threads: none is, it says so, and a later round tries again."""
    shutil.copy2(ctl_path(program).replace("mirrornsctl", "mirrorns-monitor"), open_folder)
    watcher = Watcher(open_folder / "mirrorns", open_folder / "monitor", metrics="",
                      enter=[*unprivileged(), "prlimit", "--nproc=1:"])
    watcher.write_list([{"host": "localhost", "country": "DE"}])
    for path in (watcher.root, *watcher.root.iterdir()):
        shutil.chown(path, "nobody" if unprivileged() else os.geteuid())
    try:
        watcher.start().wait_log(" No host name can be resolved, last known addresses stay in use: " + re.escape(NO_THREAD) + "$")
        threads(watcher.process, True)
        watcher.process.send_signal(signal.SIGHUP)
        watcher.wait_log(" Mirror list loaded hosts=1 addresses=[12] ")
        assert len(watcher.lines("No host name can be resolved")) == 1
    finally:
        watcher.close()


def test_cvd_without_threads(program, open_folder):
    shutil.copy2(ctl_path(program).replace("mirrornsctl", "mirrorns-cvd"), open_folder)
    cvd = Cvd(open_folder, open_folder / "mirrorns")
    shutil.chown(open_folder, "nobody" if unprivileged() else os.geteuid())
    cvd.start("--watch", "db", "-o", "dns.txt", "--version", "1.0.9", "--safebrowsing", 49192,
              prefix=[*unprivileged(), "prlimit", "--nproc=1:"])
    try:
        cvd.wait_log(NO_THREAD)
        threads(cvd.process, True)
        cvd.process.send_signal(signal.SIGHUP)
        cvd.wait_field(2, FILES["daily.cvd"])
    finally:
        cvd.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: not run")
def test_check_by_a_user_who_may_not_bind(given, make_namespace):
    """What the service may and the caller may not is no warning."""
    namespace = make_namespace("sysctl -qw net.ipv4.ip_unprivileged_port_start=1024")
    world = given(user="", namespace=namespace)
    world.options["listen"] = ["127.0.0.1:53"]
    world.configure()
    world.prefix = unprivileged()
    done = world.run("-t", "-c", str(world.path("mirrorns.conf")))
    assert done.returncode == 0, done.stderr
    for name in "UDP", "TCP":
        assert re.search(rf"^cannot bind 127.0.0.1:53 \({name}\): .*CAP_NET_BIND_SERVICE.*: the service has that$",
                         done.stderr, re.M), done.stderr
