"""The RDATA of tests/unit/test_rdata.c, judged by BIND's named-checkzone too."""
import ast
import re
import subprocess

HEAD = "$TTL 60\n@ SOA ns h 7 2 3 4 5\n NS ns\nns A 192.0.2.1\n"
TEXT = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'

# What BIND 9.18 sees otherwise: obsolete types, a key of RFC 9540, one digit (RFC 8078 4).
RIGHT_HERE = ("MD h", "MF h", "SVCB 1 . ohttp", "CDS 0 0 0 0")
# What it takes: a value too few, a false escape, NUL, digests that have the wrong length, key="value" as TXT.
WRONG_HERE = ("HTTPS 1 . ech", "HTTPS 1 . alpn=h\\\\2", "HTTPS 1 . alpn=h\\000", "TLSA 3 1 1 AA",
              "SMIMEA 3 1 2 AA", 'TXT a="b c"')


def strings(text):
    return "".join(ast.literal_eval(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', text))


def table(name):
    with open("tests/unit/test_rdata.c", encoding="ascii") as file:
        return file.read().split("} %s[] = {" % name)[1].split("\n%s};" % ("\t" if name == "bad" else ""))[0]


def named(folder, records):
    """named-checkzone's verdict, and the zone as it wrote it."""
    (folder / "z.zone").write_text(HEAD + records)
    done = subprocess.run(["named-checkzone", "-k", "ignore", "-i", "none", "-D", "-o", folder / "z.out", "example.org",
                           folder / "z.zone"], capture_output=True, text=True, timeout=60)
    return done.returncode == 0, done.stdout, (folder / "z.out").read_text() if done.returncode == 0 else ""


def test_right(tmp_path):
    """As words and with \\# it is one record for BIND as well."""
    rows = [(strings(text), int(type), strings(wire).replace("@", "076578616d706c65036f726700"))
            for text, type, wire in re.findall(r"\{%s,\s*(\d+),\s*%s\}" % (TEXT, TEXT), table("rows"))]
    rows = [row for row in rows if row[0] not in RIGHT_HERE]
    assert len(rows) > 130 and len({type for _, type, _ in rows}) > 65
    records = "".join(f"r{i} {text}\nr{i} TYPE{type} \\# {len(wire) // 2} {wire}\n"
                      for i, (text, type, wire) in enumerate(rows))
    good, said, written = named(tmp_path, records)
    assert good, said
    owners = re.findall(r"^r(\d+)\.example\.org\.", written, re.M)
    assert sorted(map(int, owners)) == list(range(len(rows)))


def test_wrong(tmp_path):
    rows = [strings(text) for text, _ in re.findall(r"\{%s,\s*%s\}" % (TEXT, TEXT), table("bad"))]
    assert len(rows) > 130
    taken = [text for text in rows if named(tmp_path, f"r {text}\n")[0]]
    assert taken == [text for text in rows if text in WRONG_HERE]
