"""mirrornsctl(8) has every verb, option and exit status that the program has, and no other."""

import pathlib
import re

import control

PAGE = pathlib.Path(__file__).resolve().parents[2] / "doc/mirrornsctl.8"


def section(title):
    text = PAGE.read_text()
    begin = text.index(f".Sh {title}\n")
    return text[begin:text.index("\n.Sh ", begin + 1)]


def page_verbs():
    """verb -> (its options, what the line says behind it)."""
    found, verb = {}, None
    for line in section("VERBS").splitlines():
        if line.startswith(".It Ic "):
            verb = line.split()[2]
            found[verb] = (set(), line)
        elif line.startswith(".It Fl ") and verb:
            found[verb][0].update("--" + name for name in re.findall(r"Fl -([a-z]+)", line))
    return found


def options_of(help_):
    """The options that a verb's help describes: a line each."""
    return set(re.findall(r"^  (--[a-z]+)", help_, re.M))


def help_of(program, *arguments):
    return control.run(program, *arguments, "--help").stdout


def test_verbs_and_their_options(program):
    verbs = re.findall(r"^  ([a-z]+)[ \n]", help_of(program), re.M)
    page = page_verbs()
    assert sorted(page) == sorted(verbs)
    for verb in verbs:
        described, line = page[verb]
        assert described == options_of(help_of(program, verb)), verb
        for option in described:
            assert f"Fl {option[1:]}" in line, f"{option} in the line of {verb}"


def test_arguments(program):
    """The same arguments, in the same order."""
    for verb, (_, line) in page_verbs().items():
        usage = help_of(program, verb).splitlines()[0]
        words = re.sub(r"\[--[a-z]+[^]]*\]", "", usage.split(verb, 1)[1])
        expected = re.findall(r"[A-Z]+", words)
        found = re.findall(r"Ar ([a-z]+)", re.sub(r"Fl -[a-z]+ Ar [a-z]+", "", line))
        assert [name.upper() for name in found] == expected, verb


def test_global_options(program):
    text = PAGE.read_text()
    listed = section("DESCRIPTION")
    page = {("-" if len(name) == 1 else "--") + name.lstrip("-")
            for line in re.findall(r"^\.It (Fl .*)$", listed, re.M)
            for name in re.findall(r"Fl (-?[A-Za-z]+)", line)}
    assert page == set(re.findall(r"(?<=[ ,])(--?[A-Za-z]+)(?=[ ,])",
                                  "\n".join(re.findall(r"^  -.*$", help_of(program), re.M))))
    default = re.search(r"control socket \((.*)\)", help_of(program))[1]
    assert text.count(default) == 2


def test_exit_status(program):
    listed = set(re.findall(r"^\.It ([0-9])$", section("EXIT STATUS"), re.M))
    said = set(re.findall(r"\b([0-9]) [a-z]", help_of(program).split("Exit status:")[1]))
    assert listed == said == {"0", "1", "2", "3"}


def test_time_limits(program):
    """The page says what the table has; test_ctl waits for one of them."""
    table = (PAGE.parents[1] / "tools/ctl/verb.c").read_text()
    limits = dict(re.findall(r"(SECONDS\w*) = ([0-9]+)", table))
    assert f"waits {limits['SECONDS']} seconds" in section("VERBS")
    assert f"\n{limits['SECONDS_RELOAD']}." in section("VERBS")
