"""The status page in a real browser: filter, sort, dark mode, without scripts, hostile texts, narrow and wide."""

import datetime
import json
import pathlib
import re
import subprocess

import pytest

import page_report

pytestmark = pytest.mark.one_program
PROJECT = pathlib.Path(__file__).resolve().parents[2]
RENDER = PROJECT / "build" / "san" / "render"
PAGES = ("index.html", "country/index.html", "country/de.html", "country/pt.html", "history.html")
ROWS = "return [...document.querySelectorAll('.mirrors tbody')].filter(b => !b.hidden)"


def render(report, folder):
    """page_write() as the monitor calls it."""
    source = folder.with_suffix(".json")
    source.write_text(json.dumps(report))
    done = subprocess.run([RENDER, source, folder], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module")
def now():
    """Reports are of the present, so that pages are not old."""
    before = page_report.NOW
    page_report.NOW = datetime.datetime.now(datetime.timezone.utc).replace(second=0) - datetime.timedelta(minutes=3)
    yield page_report.NOW
    page_report.NOW = before


@pytest.fixture(scope="module")
def site(now, tmp_path_factory):
    """Two hundred mirrors of all kinds, hostile ones among them; and fewer, to be looked at closely."""
    from browser import Server

    root = tmp_path_factory.mktemp("site")
    render(page_report.report(200, hostile=True), root / "all")
    few = page_report.report(24)
    few["suspect"], few["why"] = True, "20 of 37 addresses fail"
    few["txt"]["value"] = "1.0.9:63:28034:1781708400:1:90:49192:339"
    render(few, root / "few")
    old = page_report.report(3)
    old["generated"] = "2026-01-02T03:04:05Z"
    render(old, root / "old")
    server = Server(root)
    yield server.root
    server.close()


@pytest.fixture(scope="module")
def tab(site):
    from browser import Browser

    one = Browser()
    yield one
    one.close()


def hosts(tab):
    return tab.run(ROWS + ".map(b => b.querySelector('th').firstChild.data)")


def column(tab, number):
    """What the shown mirrors' first rows have in a column."""
    return tab.run(ROWS + f".map(b => b.rows[0].cells[{number}].textContent)")


def headers(tab):
    return {head.text.split(" ↕")[0]: head for head in tab.driver.find_elements("css selector", ".mirrors thead th")}


def test_nothing_from_elsewhere(tab, site):
    """Every page: only this server is asked, the console is silent, and no script of a stranger runs."""
    tab.view(1280)
    tab.requests(), tab.console()
    for page in PAGES:
        tab.open(site + "all/" + page)
        assert tab.run("return document.title && window.alerted") is None
    asked = tab.requests()
    assert {re.match(r"https?://[^/]+/|data:", address)[0] for address in asked} <= {site, "data:"}
    assert {address.split("/")[-1].split("?")[0] for address in asked if site in address} == {
        "index.html", "de.html", "pt.html", "history.html", "style.css", "script.js", "generated.js"}
    assert tab.console() == []


def test_hostile_texts_are_read(tab, site):
    """As they came, but for controls and what turns the direction of writing."""
    tab.open(site + "all/index.html")
    shown = hosts(tab)
    for text in page_report.HOSTILE:
        expected = re.sub("[\x00-\x1f\u202e]", "\ufffd", text)
        assert expected in shown, text
    assert tab.run("return document.querySelectorAll('main script, main img, main b b, [onerror], [onmouseover]').length") == 0
    tab.open(site + "all/history.html")
    assert "<script>alert(1)</script>.example" in tab.run("return document.body.innerText")


def test_filter(tab, site):
    tab.view(1280)
    tab.open(site + "few/index.html")
    everybody = hosts(tab)
    search, state = tab.driver.find_elements("css selector", ".tools input, .tools select")[:2]
    output = tab.driver.find_element("css selector", ".tools output")
    assert len(everybody) == 24 and output.text == "24 shown"
    search.send_keys("EXAMPLE-de")
    assert hosts(tab) == [host for host in everybody if "example-de" in host] != []
    assert output.text == f"{len(hosts(tab))} of 24 shown"
    search.send_keys(" nowhere")
    assert hosts(tab) == []
    search.clear()
    search.send_keys("x\b")
    state.find_element("css selector", "[value=removed]").click()
    assert hosts(tab) == [host for host in everybody if re.search(r"\D5\.", host)]
    state.find_element("css selector", "option").click()
    assert hosts(tab) == everybody


def natural(text):
    """Numbers in a name count as numbers."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def test_sort_by_click(tab, site):
    tab.open(site + "few/index.html")
    heads = headers(tab)
    button = heads["Host"].find_element("css selector", "button")
    button.click()
    up = hosts(tab)
    assert up == sorted(up, key=natural) and heads["Host"].get_attribute("aria-sort") == "ascending"
    button.click()
    assert hosts(tab) == up[::-1] and heads["Host"].get_attribute("aria-sort") == "descending"
    heads["30 days"].find_element("css selector", "button").click()
    best = tab.run(ROWS + ".map(b => Math.min(...[...b.querySelectorAll('td:nth-last-child(3)')].map(d => parseFloat(d.textContent))))")
    assert best == sorted(best) and best[0] < best[-1]
    assert [name for name, head in heads.items() if head.get_attribute("aria-sort")] == ["30 days"]


def test_sort_by_state_and_time(tab, site, now):
    """Of several addresses the one that is first in this order decides."""
    tab.open(site + "few/index.html")
    heads = headers(tab)
    for _ in range(2):
        heads["State"].find_element("css selector", "button").click()
    ranks = tab.run(ROWS + ".map(b => Math.max(...[...b.querySelectorAll('td[class]')]"
                    ".map(d => ['ok', 'old', 'removed', 'disabled'].indexOf(d.className))))")
    assert ranks == sorted(ranks, reverse=True) and len(set(ranks)) == 4
    heads["Since"].find_element("css selector", "button").click()
    texts = tab.run(ROWS + ".map(b => [...b.querySelectorAll('td:nth-last-child(5) time')].map(t => t.textContent))")
    first = [min(text if len(text) > 5 else f"{now:%Y-%m-%d} {text}" for text in each) for each in texts]
    assert first == sorted(first) and len(set(first)) > 10


def test_keyboard_alone(tab, site):
    """From the address bar on: the way to the content, the menu, the switch, the filter, a column's button."""
    from selenium.webdriver.common.keys import Keys

    tab.open(site + "few/index.html")
    seen = []
    for _ in range(30):
        tab.press(Keys.TAB)
        name, outline = tab.run("const a = document.activeElement, s = getComputedStyle(a);"
                                "return [a.textContent.trim() || a.type, s.outlineStyle + s.outlineWidth]")
        seen.append(name)
        assert outline in ("solid3px", "auto1px"), (name, outline)
        if name == "Country":
            break
    assert seen[:5] == ["To the content", "Mirrors", "Countries", "History", "Dark mode"]
    assert "search" in seen and seen[-2:] == ["Host", "Country"]
    tab.press(Keys.ENTER)
    names = tab.run(ROWS + ".map(b => b.querySelector('td a').lastChild.data.trim())")
    assert names == sorted(names) and len(set(names)) > 3
    assert tab.run("return document.activeElement.textContent") == "Country"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dark_mode(tab, site, scheme):
    """As the user's system has it, until the switch says otherwise; that is kept."""
    ground = "return getComputedStyle(document.body).backgroundColor"
    tab.view(1280, scheme)
    tab.open(site + "few/index.html")
    tab.run("localStorage.clear()")
    tab.open(site + "few/index.html")
    button = tab.driver.find_element("id", "theme")
    before = tab.run(ground)
    assert (before == "rgb(17, 21, 26)") == (scheme == "dark")
    assert button.get_attribute("aria-pressed") == str(scheme == "dark").lower()
    button.click()
    after = tab.run(ground)
    assert after != before and button.get_attribute("aria-pressed") == str(scheme == "light").lower()
    tab.open(site + "few/country/de.html")
    assert tab.run(ground) == after
    tab.run("localStorage.clear()")


def test_ages_and_banners(tab, site):
    tab.view(1280)
    tab.open(site + "few/index.html")
    banners = [one.text for one in tab.driver.find_elements("css selector", ".banner")]
    assert len(banners) == 2, banners
    assert banners[0].endswith("state changes are suspended: 20 of 37 addresses fail")
    assert re.search(r"stale\. It was refreshed \d+ days ago", banners[1])
    assert re.search(r"written \S+ \S+ UTC, [345] min ago\.", tab.driver.find_element("css selector", "main > p.q").text)
    assert re.fullmatch(r"\d+ (min|h|days) ago", tab.run("return document.querySelector('.mirrors .ago').textContent"))
    for page in ("old/index.html", "old/country/de.html"):
        tab.open(site + page)
        assert "This page is old." in tab.driver.find_element("id", "aged").text
    tab.open(site + "few/country/de.html")
    assert tab.driver.find_elements("id", "aged") == []
    assert re.fullmatch(r"Written [345] min ago\.", tab.driver.find_element("id", "age").text)


def test_without_scripts(tab, site):
    """All is there: every row, the time, the style of the system; nothing pretends to work."""
    tab.view(1280, "dark", script=False)
    tab.open(site + "few/index.html")
    assert len(hosts(tab)) == 24
    assert tab.driver.find_elements("css selector", ".tools, thead button, .ago") == []
    assert not tab.driver.find_element("id", "theme").is_displayed()
    assert re.search(r"written \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", tab.driver.find_element("css selector", "main > p.q").text)
    assert tab.run("return getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 26)"
    tab.view(1280)


@pytest.mark.parametrize("width", [375, 820, 1280])
def test_no_sideways_scrolling(tab, site, width):
    tab.view(width)
    for page in ["all/" + page for page in PAGES] + ["few/index.html"]:
        tab.open(site + page)
        assert tab.run("return document.documentElement.scrollWidth") <= width, page
    tab.view(1280)


def test_narrow_cards_sort(tab, site):
    """Where the table is a list of cards, its heads are a choice."""
    tab.view(375)
    tab.open(site + "few/index.html")
    assert not tab.run("return document.querySelector('thead button').checkVisibility({checkVisibilityCSS: true}) && "
                       "document.querySelector('thead').getBoundingClientRect().width > 2")
    order = tab.driver.find_element("css selector", ".narrow select")
    assert order.is_displayed()
    listed = hosts(tab)
    order.find_element("css selector", "[value='0-']").click()
    assert hosts(tab) != listed and sorted(hosts(tab)) == sorted(listed)
    order.find_element("css selector", "option").click()
    assert hosts(tab) == listed
    tab.view(1280)


def test_reduced_motion(tab, site):
    for motion, behavior in (("reduce", "auto"), ("no-preference", "smooth")):
        tab.view(1280, motion=motion)
        tab.open(site + "few/index.html")
        assert tab.run("return getComputedStyle(document.documentElement).scrollBehavior") == behavior


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(tab, site, scheme):
    """axe-core: nothing serious or critical, on any page, narrow or wide; in the dark colours are all that differs."""
    from browser import AXE, axe_source

    source = axe_source()
    if not source:
        pytest.skip(f"npm cannot be reached for {AXE}: not run")
    narrow = [("index.html", 375)] if scheme == "light" else []
    rules = "" if scheme == "light" else ", runOnly: ['color-contrast']"
    for page, width in [(page, 1280) for page in PAGES] + narrow:
        tab.view(width, scheme)
        tab.open(site + "few/" + page)
        tab.run(source)
        found = tab.driver.execute_async_script(
            f"const done = arguments[0]; axe.run({{resultTypes: ['violations']{rules}}})"
            ".then(r => done(r.violations), e => done(String(e)))")
        bad = [(one["id"], one["impact"], [node["html"][:200] for node in one["nodes"]][:3])
               for one in found if one["impact"] in ("serious", "critical")]
        assert bad == [], page
    tab.view(1280)


def test_pools_in_a_browser(tab, site, tmp_path_factory):
    """`mirrornsctl pools --html`, opened as a file: filter, sort, and nothing asked of anybody."""
    page = tmp_path_factory.mktemp("pools") / "pools.html"
    done = subprocess.run([PROJECT / "build" / "san" / "mirrornsctl", "--config", PROJECT / "zones/clamav.net/mirrorns.conf",
                           "pools", "--html", "db.??"], capture_output=True, timeout=60)
    page.write_bytes(done.stdout)
    tab.requests(), tab.console()
    for width in (375, 1280):
        tab.view(width)
        tab.open(page.as_uri())
        assert tab.run("return document.documentElement.scrollWidth") <= width
    assert {address for address in tab.requests() if not address.startswith("data:")} == {page.as_uri()}
    assert tab.console() == []
    names = "return [...document.querySelectorAll('tbody tr')].filter(r => !r.hidden).map(r => r.cells[0].textContent)"
    everybody = tab.run(names)
    tab.driver.find_element("css selector", ".tools input").send_keys("germany")
    assert tab.run(names) == ["db.de"] and len(everybody) > 200
    tab.driver.find_element("css selector", ".tools input").clear()
    tab.driver.find_elements("css selector", "thead button")[2].click()
    counts = tab.run("return [...document.querySelectorAll('tbody tr')].map(r => parseInt(r.cells[2].textContent))")
    assert counts == sorted(counts) and counts[-1] > 1


def test_small_enough(site, tmp_path, now):
    """200 mirrors, the front page and all it needs: 200 KB at most, also where each has two addresses."""
    for name, dual in (("single", False), ("dual", True)):
        folder = render(page_report.report(200, dual=dual), tmp_path / name)
        sizes = {file: (folder / file).stat().st_size for file in ("index.html", "style.css", "script.js")}
        assert sum(sizes.values()) <= 200_000, (name, sizes)
