"""The guides: what they tell one to type works, and what they name is there."""

import pathlib
import re
import shutil
import subprocess

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
GUIDES = ("guide.md", "troubleshooting.md", "migration.md", "network.md")
ASK = "dig @127.0.0.1 -p 5300 "


def text(name):
    return (PROJECT / "doc" / name).read_text()


def commands(name):
    """The lines of the blocks that are to be pasted into a shell; a backslash joins two."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text(name), re.M | re.S)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def indented(name, first):
    """The indented block that begins with this line, without its margin."""
    block = re.search(rf"^    {re.escape(first)}.*\n(?:(?:    .*)?\n)*", text(name), re.M)[0]
    return re.sub(r"^    ", "", block, flags=re.M)


@pytest.fixture(scope="module")
def example(module_world):
    """The example network, as `make run` and the packages serve it."""
    world = module_world(mirrors=None)
    for path in (PROJECT / "zones" / "clamav.net").iterdir():
        shutil.copy(path, world.root)
    own = "".join(f'{key} = {value}\n' for key, value in {
        "listen": f'{{"127.0.0.1:{world.port}", "[::1]:{world.port}"}}', "user": '""',
        "state-dir": '"state"', "control": '""', "metrics": '""'}.items())
    world.write("mirrorns.conf", own + world.path("mirrorns.conf").read_text())
    return world.start()


def run_dig(example, command):
    done = subprocess.run(["bash", "-c", command.replace("5300", str(example.port))],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def test_every_question_has_its_answer(example):
    asked = [line for line in commands("troubleshooting.md") + commands("guide.md")
             if ASK in line and "mirrors.example" not in line]
    assert len(asked) >= 8
    for command in asked:
        output = run_dig(example, command)
        if "+short" in command or "+noall" in command:
            assert output.strip(), command
        else:
            assert "status: NOERROR" in output, command
            assert "ANSWER: 0" not in output or "+ignore" in command, command


def test_the_question_of_the_faq(example):
    """What the table under it says of its three steps."""
    name = "db.us.big.clamav.net"
    whole = run_dig(example, f"{ASK}{name}")
    assert int(re.search(r"ANSWER: (\d+)", whole)[1]) > 29, "larger than 512 octets"
    cut = run_dig(example, f"{ASK}{name} +noedns +ignore")
    assert re.search(r"flags: [^;]*\btc\b", cut) and "ANSWER: 0" in cut
    assert re.search(r"ANSWER: (\d+)", run_dig(example, f"{ASK}{name} +tcp"))[1] == \
        re.search(r"ANSWER: (\d+)", whole)[1]


def test_the_first_place_changes(example):
    line = [line for line in commands("troubleshooting.md") if line.startswith("for i in")][0]
    assert len(set(run_dig(example, line).split())) > 1


def test_scope_of_the_example(example):
    """The troubleshooting guide shows it."""
    shown = re.search(r"`CLIENT-SUBNET: …/(\d+)/(\d+)`", text("troubleshooting.md"))
    output = run_dig(example, f"{ASK}db.local.clamav.net +subnet=84.128.0.0/24")
    assert f"CLIENT-SUBNET: 84.128.0.0/{shown[1]}/{shown[2]}" in output


def test_the_guides_configuration(example, make_world):
    """It is good as it stands, but for the folders."""
    world = make_world(mirrors=None)
    for path in (PROJECT / "zones" / "clamav.net").iterdir():
        shutil.copy(path, world.root)
    config = indented("guide.md", "listen = {\"127").replace("/srv/mirrorns", str(world.root))
    world.write("mirrorns.conf", config + 'state-dir = "state"\nuser = ""\n')
    done = world.check()
    assert done.returncode == 0, done.stderr
    assert 'Pool "db.*" of zone clamav.net: countries with mirrors of their own in service: 50' in text("guide.md")
    shown = re.search(r'^    (Pool "db\.\*" .*)$', text("guide.md"), re.M)[1]
    assert shown in done.stderr, done.stderr


def test_the_guides_overrides(make_world):
    lines = indented("guide.md", "# /srv/mirrorns/overrides.csv")
    world = make_world(mirrors=None, overrides=lines)
    assert world.check().returncode == 0


@pytest.mark.parametrize("name", GUIDES)
def test_pools_that_are_shown(make_world, name):
    """Every `pool "…" { … }` line, of its own or in a table, is one that mirrorns takes."""
    pools = re.findall(r'pool "db\.[a-z*.]+" *\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}', text(name))
    from world import mirrors_of

    assert pools or name in ("guide.md", "network.md")
    for pool in pools:
        if "…" in pool:
            continue
        world = make_world(mirrors=mirrors_of("DE", 1, "198.18.1"), pools=f"\t{pool}\n")
        done = world.check()
        assert done.returncode == 0, (pool, done.stderr)


def options():
    """Every option of the configuration."""
    code = (PROJECT / "dns" / "config" / "config.c").read_text()
    return set(re.findall(r'^\t\{"([a-z-]+)", config_read_', code, re.M))


def test_what_migration_names_is_there():
    """The right column's options are options, members or programs of ours."""
    known = options() | {"country", "weight", "state", "disabled", "host", "mirrorns", "mirrornsctl",
                         "pool", "zone", "pools", "network", "guide", "world"}
    rows = re.findall(r"^\| .* \| (.*) \|$", text("migration.md"), re.M)
    assert len(rows) > 60
    named = 0
    for row in rows:
        for word in re.findall(r"`([a-z][a-z-]+)(?![a-z$-])", row):
            named += 1
            assert word in known, f"{word} in: {row}"
    assert named > 40


def test_commands_of_mirrornsctl():
    """Each verb and option that a guide uses is one."""
    program = PROJECT / "build" / "mirrornsctl"
    if not program.exists():
        pytest.skip("build/mirrornsctl is not there: not run")
    used = [call for name in GUIDES for call in re.findall(r"mirrornsctl ([a-z]+\b[^`\n|&;]*)", text(name))]
    assert len(used) > 10
    for call in used:
        verb = call.split()[0]
        done = subprocess.run([program, verb, "--help"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, call
        for option in re.findall(r"--[a-z]+", call):
            assert option in done.stdout, call


@pytest.mark.parametrize("name", GUIDES)
def test_files_that_are_named(name):
    for path in re.findall(r"`((?:tools|doc|zones)/[\w./-]+)`", text(name)):
        assert (PROJECT / path).exists(), path
    for other in re.findall(r"`(\w+\.md)`", text(name)):
        assert (PROJECT / "doc" / other).exists(), other
    for page, section in re.findall(r"`([\w.-]+)\(([58])\)`", text(name)):
        path = PROJECT / "doc" / f"{page}.{section}"
        if page != "mirrornsctl" or path.exists():
            assert path.exists() or page.startswith("systemd"), page


def test_the_shell_can_read_it():
    for name in GUIDES:
        for block in re.findall(r"^```sh\n(.*?)^```$", text(name), re.M | re.S):
            done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
            assert done.returncode == 0, (block, done.stderr)
