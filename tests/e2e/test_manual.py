"""The manual pages say what the code has, and the other way round: options with their section, their default and whether
their part is built; command line; exit statuses; members of the export."""

import pathlib
import re

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
# The table of a configuration, where it is, and the page and its section for it.
SERVER, MONITOR = "dns/config/config.c", "tools/monitor/config/config.c"
TABLES = {"global_options": (SERVER, "mirrorns.conf.5", "GLOBAL OPTIONS"),
          "geo_options": (SERVER, "mirrorns.conf.5", "SECTION geo"),
          "zone_options": (SERVER, "mirrorns.conf.5", "SECTION zone"),
          "txt_options": (SERVER, "mirrorns.conf.5", "SECTION txt"),
          "pool_options": (SERVER, "mirrorns.conf.5", "SECTION pool"),
          "ping_options": (SERVER, "mirrorns.conf.5", "SECTION ping"),
          "options": (MONITOR, "mirrorns-monitor.conf.5", "OPTIONS")}


def source(name):
    return (PROJECT / name).read_text()


def sections(page, heading=".Sh"):
    """The page's text by section."""
    parts = re.split(rf"^\{heading} (.*)\n", source(f"doc/{page}"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def plain(text):
    """A default as the page has it, without its marks."""
    text = re.sub(r"^\.(Ql|Cm|Pa|Ic|Li|Dv) ", "", text.strip(), flags=re.M)
    return text.replace("\\(dq", '"').replace("\n", " ").rstrip(" .")


def rows(table):
    """The options of a table: name -> (usual values, or None where it is required; is it a list?)."""
    text = re.search(rf"^static const struct config_option {table}\[\] = \{{\n(.*?)^\}};",
                     source(TABLES[table][0]), re.M | re.S)[1]
    found = {}
    for row in re.split(r"^\t\{(?=\")", text, flags=re.M)[1:]:
        usual = re.search(r"\.usual = \{([^}]*)\}", row)
        is_list = ".list = true" in row
        values = re.findall(r'"([^"]*)"', usual[1]) if usual else [] if is_list else None
        found[re.match(r'"([^"]+)"', row)[1]] = (values, is_list)
    return found


def described(table):
    """The options of a table as its page has them: name -> what is said of it."""
    _, page, section = TABLES[table]
    return items(sections(page)[section])


def items(text):
    """The options of a part of the page: name -> what is said of it."""
    parts = re.split(r"^\.It Ic ([a-z-]+) No = .*\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


@pytest.mark.parametrize("table", TABLES)
def test_options(table):
    in_code, in_page = rows(table), described(table)
    assert len(in_code) >= 2 and list(in_code), "the table is read"
    assert set(in_code) == set(in_page)


def default_of(values, is_list):
    if is_list:
        return "{" + ", ".join(f'"{value}"' for value in values) + "}"
    return values[0] or "empty"


@pytest.mark.parametrize("table", TABLES)
def test_defaults(table):
    """Each option says its default, or that it is required."""
    page = described(table)
    for name, (values, is_list) in rows(table).items():
        said = re.search(r"^Default: ?\n?(.*(?:\n(?!\.).*)?)", page[name], re.M)
        if values is None:
            assert "\nRequired." in "\n" + page[name] and not said, name
            continue
        assert said, f"{name} says no default"
        text = plain(said[1].split("\n.It")[0])
        if name == "version-reply":  # the version is the Makefile's
            assert text.startswith("mirrorns"), text
            continue
        assert text.split("\n")[0] == default_of(values, is_list), (name, text)


@pytest.mark.parametrize("page_name, main", [("mirrorns", "dns/main.c"),
                                           ("mirrorns-monitor", "tools/monitor/main.c")])
def test_command_line(page_name, main):
    """Options of getopt and of its long table, as they are in SYNOPSIS and DESCRIPTION."""
    code = source(main)
    letters = re.search(r'getopt(?:_long)?\(\s*argc, argv, "([+:a-zA-Z]*)"', code)[1]
    options = {f"Fl {letter}" for letter in letters if letter.isalpha()}
    options |= {f"Fl -{name}" for name in re.findall(r'\{"([a-z-]+)", (?:no|required)_arg', code)}
    page = sections(f"{page_name}.8")
    lines = re.findall(r"^\.It (Fl .*)$", page["DESCRIPTION"], re.M)
    described = {name for line in lines for name in re.findall(r"Fl -?[\w-]+", line)}
    assert described == options
    synopsis = set(re.findall(r"(Fl -?[\w-]+)", page["SYNOPSIS"]))
    assert synopsis == options - {"Fl -config"}, "-c is its short form"


def test_command_line_of_mirrorns_cvd():
    """Each option of its table, what its value is called, and the two that are not in it."""
    code = source("tools/cvd/arguments.c")
    table = re.search(r"^static const struct row \{.*?^\} rows\[\] = \{\n(.*?)^\};", code,
                      re.M | re.S)[1]
    rows = re.findall(r'\{"-(-?[a-z-]+)",\s+(?:"([^"]+)"|NULL),', table)
    assert len(rows) == table.count("offsetof(") >= 13, "the table is read"
    options = {f"Fl {name}" + (f" Ar {value}" if value else "") for name, value in rows}
    letters = re.search(r'getopt_long\(count, words, ":o:(\w+)"', code)[1]
    words = {f"Fl {letter}" for letter in letters}
    words |= {f"Fl -{name}" for name in re.findall(r'\{"([a-z]+)", no_argument', code)}
    page = sections("mirrorns-cvd.8")
    items = re.findall(r"^\.It (Fl .*)$", page["DESCRIPTION"], re.M)
    described = {part for item in items for part in item.split(" , ")}
    assert described == options | words == options | {"Fl h", "Fl -help", "Fl V"}
    synopsis = re.sub(r"(Fl h) \| (-help)", r"\1 Fl \2", page["SYNOPSIS"])
    assert set(re.findall(r"(Fl -?[\w-]+(?: Ar [\w|]+)?)", synopsis)) == options | words


def test_signals_of_mirrorns_cvd():
    page = sections("mirrorns-cvd.8")
    named = re.search(r"signal_numbers\[\w*\] = \{([^}]*)\}", source("tools/cvd/follow.c"))[1]
    assert set(named.split(", ")) == set(re.findall(r"SIG[A-Z]+", page["SIGNALS"]))


@pytest.mark.parametrize("page_name", ["mirrorns", "mirrorns-monitor", "mirrorns-cvd"])
def test_exit_statuses(page_name):
    code = {int(number) for number in re.findall(r"\bSTATUS_[A-Z]+ = (\d)\b", source("dns/base/exit.h"))}
    page = {int(number) for number in re.findall(r"^\.It (\d+)$", sections(f"{page_name}.8")["EXIT STATUS"],
                                                 re.M)}
    assert code == page == {0, 1, 2}


def test_signals():
    code = source("dns/server/server.c")
    page = sections("mirrorns.8")["SIGNALS"]
    for name in re.search(r"signal_numbers\[\d*\] = \{([^}]*)\}", code)[1].split(", "):
        assert re.search(rf"^\.It Dv .*\b{name}\b", page, re.M), name


def test_export_members():
    """What geo/mirror.c reads is in mirror-export(5), and nothing else."""
    code = source("geo/mirror.c")
    of_mirror, of_export = (
        set(re.findall(r'^\t\{"(\w+)"', re.search(rf"^static const struct field {table}\[\] = \{{\n(.*?)^\}};",
                                                   code, re.M | re.S)[1], re.M)) for table in ("fields", "roots"))
    page = sections("mirror-export.5", ".Ss")

    def named(text):
        outer = re.sub(r"^\.Bl -column.*?^\.El\n", "", text.split("\n.Sh ")[0], flags=re.M | re.S)
        lines = re.findall(r"^\.It Li (.*)$", outer, re.M)
        return {name for line in lines for name in line.split(" , ")}

    assert named(page["The object"]) == of_export
    assert named(page["A mirror"]) == of_mirror


def mirror_states():
    names = re.search(r"names\[MIRROR_STATES\] = \{(.*?)\};", source("geo/mirrors.h"))[1]
    return set(re.findall(r'"(\w+)"', names))


def test_states():
    """The states of a mirror, and what becomes of one in each."""
    code = mirror_states()
    page = sections("mirror-export.5", ".Ss")["A mirror"]
    column = re.search(r"^\.Bl -column.*?^\.El\n", page, re.M | re.S)[0]
    assert set(re.findall(r"^\.It Li (\w+) Ta", column, re.M)) == code


def test_list_members():
    """What tools/monitor/config/list_field.c reads is in mirrors.list(5), and nothing else."""
    table = re.search(r"^\} fields\[\] = \{\n(.*?)^\};", source("tools/monitor/config/list_field.c"), re.M | re.S)[1]
    notes = re.search(r"notes\[\] = \{(.*?)\};", source("tools/monitor/config/list_field.c"))[1]
    page = sections("mirrors.list.5", ".Ss")["A mirror"]
    named = {name for line in re.findall(r"^\.It Li (.*)$", page, re.M) for name in line.split(" , ")}
    assert set(re.findall(r'^\t\{"(\w+)"', table, re.M) + re.findall(r'"(\w+)"', notes)) == named


def test_states_of_the_monitor():
    """Each state has its part in mirrorns-monitor(8)."""
    code = mirror_states()
    page = sections("mirrorns-monitor.8")["STATES"]
    assert set(re.findall(r"^\.It Li (\w+)$", page, re.M)) == code


def test_alert_members():
    """What the alert program gets is in mirrorns-monitor(8), in this order."""
    pack = re.search(r'json_pack\("(.*?)\)\s*;', source("tools/monitor/alert/text.c"), re.S)[1]
    shown = re.search(r"^\.Bd -literal -offset 2n\n(.*?)^\.Ed", sections("mirrorns-monitor.8")["ALERTS"],
                      re.M | re.S)[1]
    members = re.findall(r'"(\w+)":', shown)
    assert members == [word for word in re.findall(r'"(\w+)"', pack) if word in members]
    assert len(members) == pack.count("s:")


def test_metrics_of_the_monitor():
    """tools/monitor/http/metrics.c and mirrorns-monitor(8) have the same ones."""
    code = set(re.findall(r'\{\s*"((?:mirrorns_monitor|process)_\w+)"',
                          source("tools/monitor/http/metrics.c") + source("dns/base/process.c")))
    page = sections("mirrorns-monitor.8", ".Ss")["Metrics"]
    assert set(re.findall(r"^\.It Ic (\w+)", page, re.M)) == code and len(code) > 20
