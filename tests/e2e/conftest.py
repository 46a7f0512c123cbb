"""Which programs are tested, and worlds that are closed and judged after each test.

`pytest tests/e2e` takes every build that is there; MIRRORNS=build/san/mirrorns or
--program=PATH (may be repeated) names one. Tests marked one_program run with the first only."""

import os
import pathlib
import shutil
import signal
import sys
import tempfile

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.append(str(PROJECT / "tools"))  # fleet.py is the demo's, too

from fleet import Fleet  # noqa: E402
from namespace import Namespace, required  # noqa: E402
from world import World  # noqa: E402

BUILDS = ("build/mirrorns", "build/san/mirrorns")
TABLES = pytest.StashKey()


def pytest_addoption(parser):
    parser.addoption("--program", action="append", help="the mirrorns to test; may be repeated")
    parser.addoption("--long", action="store_true", help="the tests marked long instead of the others")


def pytest_configure(config):
    # A script's "&" has it ignored, and what is started here would have it so, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "one_program: long; runs with the first program only")
    config.addinivalue_line("markers", "long: minutes; runs with --long only (make check-long)")
    config.stash[TABLES] = {}


def programs(config):
    named = config.getoption("--program") or os.environ.get("MIRRORNS", "").split()
    built = [str(PROJECT / name) for name in BUILDS if (PROJECT / name).exists()]
    # pytest shares a fixture between tests whose parameter is the same object, not an equal one.
    return [sys.intern(path) for path in named or built or [str(PROJECT / BUILDS[0])]]


def pytest_report_header(config):
    return "mirrorns: " + ", ".join(programs(config))


def pytest_generate_tests(metafunc):
    if "program" not in metafunc.fixturenames:
        return
    chosen = programs(metafunc.config)
    if metafunc.definition.get_closest_marker("one_program"):
        chosen = chosen[:1]
    names = [pathlib.Path(path).parent.name for path in chosen]
    metafunc.parametrize("program", chosen, ids=names, scope="session")


@pytest.fixture
def fleet():
    with Fleet() as one:
        yield one


@pytest.fixture(scope="session")
def program():
    """Only for tests that are not parametrised; pytest_generate_tests gives the others theirs."""
    raise AssertionError("not parametrised")


def deselect(config, items, left_out):
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def pytest_collection_modifyitems(config, items):
    """Of several runs with one program each, only that of the first build has what is needed once."""
    wanted = config.getoption("--long")
    deselect(config, items, [
        item for item in items if bool(item.get_closest_marker("long")) != wanted])
    chosen, first = pathlib.Path(programs(config)[0]).resolve(), PROJECT / BUILDS[0]
    if chosen == first or chosen not in [PROJECT / name for name in BUILDS] or not first.exists():
        return
    deselect(config, items, [item for item in items if item.get_closest_marker("one_program")])


def pytest_terminal_summary(terminalreporter, config):
    """What the long tests have measured, a table for each kind."""
    for title, rows in config.stash[TABLES].items():
        terminalreporter.section(title)
        heads = list(rows[0])
        lines = [heads, *([str(row[head]) for head in heads] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*lines)]
        for line in lines:
            terminalreporter.line("  ".join(map(str.ljust, line, widths)).rstrip())


@pytest.fixture
def table(request, program):
    """table(title, **row) adds a row to what is printed at the end."""
    def add(title, **row):
        row = {"build": pathlib.Path(program).parent.name, **row}
        request.config.stash[TABLES].setdefault(title, []).append(row)
    return add


class Maker:
    """Makes worlds and closes them all, also when one of them ends badly."""

    def __init__(self, root, program):
        self.root, self.program, self.worlds = root, program, []

    def __call__(self, namespace=None, port=None, root=None, **files):
        root = root or self.root / f"world{len(self.worlds)}"
        world = World(root, self.program, namespace, port)
        self.worlds.append(world)
        return world.fill(**files) if files else world

    def close(self):
        failures = []
        for world in self.worlds:
            try:
                world.close()
            except AssertionError as failure:
                failures.append(str(failure))
        assert not failures, "\n".join(failures)


@pytest.fixture
def make_world(program, tmp_path):
    """make_world(**files) gives a World with its files written; see World.fill."""
    maker = Maker(tmp_path, program)
    yield maker
    maker.close()


@pytest.fixture(scope="module")
def module_world(program, tmp_path_factory):
    """As make_world, for one world that a module's tests share."""
    maker = Maker(tmp_path_factory.mktemp("shared"), program)
    yield maker
    maker.close()


@pytest.fixture
def make_namespace():
    """make_namespace(script) gives a Namespace; skips where that cannot be."""
    made = []

    def make(script=""):
        required()
        made.append(Namespace(script))
        return made[-1]

    yield make
    for namespace in made:
        namespace.close()


@pytest.fixture
def open_folder():
    """A folder under /tmp that another user may read."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="mirrorns-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def is_sanitizer(program):
    return pathlib.Path(program).parent.name in ("san", "tsan")


@pytest.fixture(scope="session")
def shared_mmdb():
    """The databases that lie beside the project; without them a test skips, saying so."""
    folder = PROJECT.parent / "shared" / "data" / "mmdb"
    if not folder.is_dir():
        pytest.skip("../shared/data/mmdb is not there: not run")
    return folder
