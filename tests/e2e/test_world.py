"""The world map: what is in it, and that tools/world draws it, also where a shape crosses 180 degrees."""

import json
import pathlib
import re
import subprocess

import pytest

pytestmark = pytest.mark.one_program
PROJECT = pathlib.Path(__file__).resolve().parents[2]
WORLD = PROJECT / "tools/html/world.txt"
POINT = re.compile(r"-?\d+")


def lines(path=WORLD):
    return dict(line.split("\t") for line in path.read_text().splitlines() if not line.startswith("--"))


def places(outline):
    """The corners of an outline, ring by ring."""
    for ring in re.findall(r"M([^Mz]*)(?:z|$)", outline):
        numbers = [int(number) for number in POINT.findall(ring)]
        x = y = 0
        corners = []
        for step_x, step_y in zip(numbers[::2], numbers[1::2]):
            x, y = x + step_x, y + step_y
            corners.append((x, y))
        yield corners


def draw(folder, target):
    return subprocess.run([PROJECT / "tools/world", "draw", folder, target], capture_output=True, text=True, timeout=60)


def test_map():
    header = (PROJECT / "tools/html/asset.h").read_text()
    width, height = (int(re.search(rf"ASSET_WORLD_{side} = (\d+)", header)[1]) for side in ("WIDTH", "HEIGHT"))
    codes = set(re.findall(r'\{"([A-Z]{2})", "[a-z]{2}", CONTINENT_', (PROJECT / "geo/country.c").read_text()))
    found = lines()
    assert len(codes) == 250 and set(found) <= codes and len(found) >= 230
    assert WORLD.stat().st_size <= 60_000 and "public domain" in (WORLD.parent / "world.LICENSE").read_text()
    assert list(found) == sorted(found)
    for code, outline in found.items():
        assert re.fullmatch(r"(M\d+ \d+(h0|l-?\d+( ?-?\d+)+z))+", outline), code
        for corners in places(outline.replace("h0", "")):
            assert all(0 <= x <= width and 0 <= y <= height for x, y in corners), code
    # No shape goes around the back of the map.
    for code in ("RU", "FJ", "US"):
        steps = [abs(int(x)) for x in re.findall(r"[l ](-?\d+)[ -]\d+", found[code].replace("z", " "))]
        assert max(steps[1:]) < width, code


def test_small_topology(tmp_path):
    """A square over the edge becomes two; one country is too small for the coarse shapes."""
    shape = [[[1700, 100], [200, 0], [0, 100], [-200, 0], [0, -100]]]
    topology = {"transform": {"scale": [0.1, 0.1], "translate": [0, 0]}, "arcs": shape,
                "objects": {"countries": {"geometries": [
                    {"type": "Polygon", "arcs": [[0]], "properties": {"name": "Fiji"}},
                    {"type": "Polygon", "arcs": [[0]], "properties": {"name": "Atlantis"}}]}}}
    (tmp_path / "countries-110m.json").write_text(json.dumps(topology))
    topology["objects"]["countries"]["geometries"].append(
        {"type": "Polygon", "arcs": [[0]], "properties": {"name": "Tonga"}})
    (tmp_path / "countries-50m.json").write_text(json.dumps(topology))
    done = draw(tmp_path, tmp_path / "map")
    assert done.returncode == 0 and "no country: Atlantis" in done.stdout, done.stderr
    assert re.fullmatch(r"--\t.*\nFJ\t.*\nTO\tM\d+ \d+h0\n", (tmp_path / "map").read_text())
    east, west = places(lines(tmp_path / "map")["FJ"])
    assert min(x for x, _ in east) > 700 and max(x for x, _ in west) < 100


@pytest.mark.parametrize("content", ["", "{}", '{"objects": 3}', '{"objects": {"countries": {"geometries": []}}}'])
def test_bad_source(tmp_path, content):
    (tmp_path / "countries-110m.json").write_text(content)
    done = draw(tmp_path, tmp_path / "map")
    assert done.returncode == 1 and done.stderr.startswith("tools/world: ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "map").exists()


def test_drawn_from_the_package(tmp_path):
    done = subprocess.run([PROJECT / "tools/world", "fetch", tmp_path], capture_output=True, text=True, timeout=120)
    if done.returncode and "npm pack" in done.stderr:
        pytest.skip("npm cannot be reached for world-atlas: not run")
    assert done.returncode == 0, done.stderr
    assert draw(tmp_path, tmp_path / "map").returncode == 0
    assert (tmp_path / "map").read_bytes() == WORLD.read_bytes()


def test_guide(tmp_path):
    """What the guide names is there: files, limits of the page."""
    guide = (PROJECT / "doc/status-page.md").read_text()
    (tmp_path / "report").write_text("{}")
    subprocess.run([PROJECT / "build/san/render", tmp_path / "report", tmp_path / "html"], check=True, timeout=60)
    named = re.findall(r"`((?:country/)?[a-z]+\.(?:html|css|js))`", guide)
    made = {str(path.relative_to(tmp_path / "html")) for path in (tmp_path / "html").rglob("*.*")}
    assert set(named) <= made and {name for name in made if not name.startswith("country/")} <= set(named)
    table = (PROJECT / "tools/monitor/page/table.c").read_text()
    for name in ("ROWS_FINE", "ROWS_COARSE"):
        assert f"more than {re.search(rf'{name} = ([0-9]+)', table)[1]}" in guide
