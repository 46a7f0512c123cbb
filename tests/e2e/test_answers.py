"""What is answered: the contract's table, ordinary zone data, ANY, CHAOS, several zones."""

import dns.flags
import dns.rcode
import pytest

import packet
from packet import addresses, rows
from world import POOLS, TXT_BLOCK, export_text, mirror, mirrors_of, version_string

ZONE = """\
$ORIGIN clamav.net.
$TTL 3600
@	SOA	ns1 hostmaster 2026112001 3600 900 604800 600
	NS	ns1
	NS	ns2.example.org.
	MX	10 mail
ns1	A	192.0.2.1
	AAAA	2001:db8::53
www	A	192.0.2.80
	A	192.0.2.81
	TYPE65280 \\# 4 0a000001
mixed	A	192.0.2.82
	MX	5 mail
	AAAA	2001:db8::82
hinfo	HINFO	"a" "b"
	NAPTR	1 1 "s" "x" "" .
quoted	TXT	"one" "two"
texta	A	192.0.2.83
	TXT	"first"
sixmx	MX	5 mail
	AAAA	2001:db8::84
odd\\.name TXT	"a dot in a label"
database CNAME	db.local
c1	CNAME	c2
c2	CNAME	c3
c3	CNAME	www
loop1	CNAME	loop2
loop2	CNAME	loop1
self	CNAME	self
tonothing CNAME	nothing.here
tonodata CNAME	hinfo
away	CNAME	www.example.org.
todeleg	CNAME	host.sub
tobig	CNAME	db.us.big
x.y.ent	A	192.0.2.90
*.wild	TXT	"from the star"
	MX	10 mail
a.b.wild A	192.0.2.91
*.walias CNAME	www
sub	NS	ns.sub
	NS	ns.elsewhere.example.
	DS	1 8 2 %s
ns.sub	A	192.0.2.92
	AAAA	2001:db8::92
old	DNAME	new
a.new	A	192.0.2.93
wide	DNAME	%s
db.fr	A	192.0.2.99
db.local MX	10 mail
db.europe TXT	"before the pool"
$GENERATE 1-3 host${0,2,d} A 198.51.100.$
""" % ("ab" * 32, ".".join(["a" * 60] * 3) + ".clamav.net.")

CHILD = """\
$ORIGIN child.clamav.net.
@	300 SOA	ns1 hostmaster 7 3600 900 604800 60
	300 NS	ns1
	300 DS	1 8 2 %s
ns1	300 A	192.0.2.2
www	300 A	192.0.2.3
""" % ("cd" * 32)

MIRRORS = [
    *mirrors_of("US", 40, "198.18.1"),
    *mirrors_of("US", 20, "2001:db8:1:"),
    *mirrors_of("DE", 3, "198.18.2"),
    *mirrors_of("PL", 2, "198.18.3", state="old"),
    *mirrors_of("GB", 2, "198.18.4"),
    *mirrors_of("RU", 1, "198.18.5"),
    *mirrors_of("SH", 1, "198.18.6"),
    *mirrors_of("JP", 1, "198.18.7", state="removed"),
    *mirrors_of("JP", 1, "198.18.8", state="disabled"),
]
EUROPE = {f"198.18.2.{i}" for i in (1, 2, 3)} | {f"198.18.3.{i}" for i in (1, 2)}
EUROPE |= {f"198.18.4.{i}" for i in (1, 2)} | {"198.18.5.1"}


@pytest.fixture(scope="module")
def world(module_world):
    made = module_world(
        zone=ZONE, mirrors=MIRRORS, overrides="127.0.0.0/8,DE\n",
        networks=[("81.2.69.0/24", "US"), ("2001:db8:5::/48", "PL")],
        txt=version_string(), identity="ns1 of ${HOME}",
        zones='zone "child.clamav.net" {\n\tfile = "child.zone"\n}\n')
    made.write("child.zone", CHILD)
    return made.start()


def negative(message, rcode="NOERROR", ttl=600):
    """A negative answer has the SOA with the smaller of its TTL and MINIMUM (RFC 2308 3)."""
    assert dns.rcode.to_text(message.rcode()) == rcode
    assert not message.additional and len(message.authority) == 1
    assert rows(message.authority)[0][1] == "SOA"
    assert message.authority[0].ttl == ttl
    assert message.flags & dns.flags.AA
    return not message.answer


def positive(message):
    assert message.rcode() == dns.rcode.NOERROR and message.flags & dns.flags.AA
    assert not message.authority and not message.additional, "nothing that was not asked for"
    return rows(message.answer)


# --- the table at the top of the contract ------------------------------------------------------


def test_version_string(world):
    message = world.ask("current.cvd", "TXT")
    text = world.path("dns.txt").read_text().strip()
    assert positive(message) == [("current.cvd", "TXT", f'"{text}"')]
    assert message.answer[0].ttl == 1800
    assert len(message.raw) <= 512
    for kind in ("A", "AAAA", "MX"):
        assert negative(world.ask("current.cvd", kind))
    assert rows(world.ask("current.cvd", "ANY").answer) == rows(message.answer)
    assert negative(world.ask("cvd", "TXT")), "an ancestor of a txt name is an empty non-terminal"


def test_country(world):
    message = world.ask("db.de")
    assert sorted(addresses(message)) == ["198.18.2.1", "198.18.2.2", "198.18.2.3"]
    assert positive(message) and message.answer[0].ttl == 300
    assert world.members("db.pl") == {"198.18.3.1", "198.18.3.2"}, "old is served"
    assert world.members("DB.Us", "AAAA") <= {f"2001:db8:1::{i:x}" for i in range(1, 21)}


def test_country_answers_eight_by_default(world):
    for tcp in (False, True):
        message = world.ask("db.us", tcp=tcp)
        assert len(addresses(message)) == 8 and positive(message)


def test_country_without_mirrors_gets_its_continents(world):
    assert world.members("db.li") <= EUROPE and len(world.members("db.li")) == 8
    assert world.members("db.cy") <= EUROPE
    everyone = EUROPE | {f"198.18.1.{i}" for i in range(1, 41)} | {"198.18.6.1"}
    assert set(world.firsts(len(everyone), "db.jp")) == everyone, "no mirror in Asia: the world"


def test_local_by_source_address(world):
    assert world.members("db.local") == {"198.18.2.1", "198.18.2.2", "198.18.2.3"}


def test_local_by_client_subnet(world):
    found = addresses(world.ask("db.local", ecs="81.2.69.0/24"))
    assert len(found) == 8 and set(found) <= {f"198.18.1.{i}" for i in range(1, 41)}
    assert set(addresses(world.ask("db.local", ecs="2001:db8:5::/48"))) == {"198.18.3.1", "198.18.3.2"}


def test_big(world):
    cut = world.ask("db.us.big")
    assert cut.flags & dns.flags.TC and not cut.answer and not cut.authority
    assert len(world.members("db.us.big")) == 40
    assert len(addresses(world.ask("db.us.big", edns=4096, tcp=True))) == 40
    assert len(addresses(world.ask("db.us.big", edns=1232))) == 40, "with EDNS it fits"


def test_families(world):
    assert len(world.members("db.us.ipv6", "AAAA")) == 8
    assert negative(world.ask("db.us.ipv6", "A"))


def test_fixed_places(world):
    assert world.members("db.europe") <= EUROPE and len(world.members("db.europe")) == 8
    assert len(world.members("db.other")) == 8


@pytest.mark.parametrize("alias, code", [("uk", "gb"), ("su", "ru"), ("ac", "sh")])
def test_aliases(world, alias, code):
    members = world.members(f"db.{code}")
    assert members == world.members(f"db.{alias}") == world.members(f"db.{alias.upper()}")
    assert members == world.members(f"db.{alias}.big")


@pytest.mark.parametrize("label", ["zz", "eu", "an", "xx", "d", "deu", "--", "tp", "yu"])
def test_labels_that_are_no_country(world, label):
    assert negative(world.ask(f"db.{label}"), "NXDOMAIN")
    assert negative(world.ask(f"db.{label}.big"), "NXDOMAIN")


@pytest.mark.parametrize("code", ["xk", "aq", "ss", "bq", "cw", "sx", "tl", "ax", "va"])
def test_codes_that_are_countries(world, code):
    assert addresses(world.ask(f"db.{code}"))


def test_ancestors_of_pools_are_empty_non_terminals(world):
    for name in ("de", "us.big", "big", "local", "us.ipv6", "other"):
        assert negative(world.ask(name)), name
    for name in ("db", "x.de", "db.db.de", "x.db.local", "bigger"):
        assert negative(world.ask(name), "NXDOMAIN"), name


def test_ordinary_records(world):
    assert set(positive(world.ask("www"))) == {("www", "A", "192.0.2.80"), ("www", "A", "192.0.2.81")}
    assert ("@", "MX", "10 mail") in positive(world.ask("@", "MX"))
    assert len(positive(world.ask("@", "NS"))) == 2
    assert positive(world.ask("@", "SOA"))[0][2].split()[2] == "2026112001"
    assert positive(world.ask("quoted", "TXT")) == [("quoted", "TXT", '"one" "two"')]
    assert positive(world.ask("odd\\.name", "TXT"))
    assert negative(world.ask("odd.name", "TXT"), "NXDOMAIN")
    assert positive(world.ask("host02")) == [("host02", "A", "198.51.100.2")]


# --- names and types ---------------------------------------------------------------------------


def test_case_is_kept_and_ignored(world):
    message = world.ask("dB.dE", "A")  # ask() compares the echoed octets
    assert len(addresses(message)) == 3
    assert message.answer[0].name.labels[0] == b"dB"
    assert positive(world.ask("WWW"))
    assert positive(world.ask("CURRENT.cvd.CLAMAV.NET.", "TXT"))


def test_unknown_type(world):
    assert positive(world.ask("www", 65280)) == [("www", "TYPE65280", "\\# 4 0a000001")]
    assert negative(world.ask("www", 65281))


def test_nodata_and_nxdomain(world):
    assert negative(world.ask("www", "AAAA"))
    assert negative(world.ask("db.de", "MX"))
    assert negative(world.ask("nothing"), "NXDOMAIN")
    assert negative(world.ask("below.www"), "NXDOMAIN")


def test_empty_non_terminal(world):
    assert negative(world.ask("ent"))
    assert negative(world.ask("y.ent"))
    assert negative(world.ask("z.ent"), "NXDOMAIN")
    assert positive(world.ask("x.y.ent"))


def test_wildcard(world):
    found = positive(world.ask("any.thing.wild", "TXT"))
    assert found == [("any.thing.wild", "TXT", '"from the star"')]
    assert positive(world.ask("*.wild", "TXT"))
    assert negative(world.ask("any.wild", "A")), "the wildcard has no such type"
    assert negative(world.ask("b.wild", "TXT")), "an empty non-terminal is there: no wildcard"
    assert negative(world.ask("c.b.wild", "TXT"), "NXDOMAIN"), "b.wild is the closest encloser"
    found = positive(world.ask("x.walias"))
    assert found[0] == ("x.walias", "CNAME", "www") and len(found) == 3


def test_delegation(world):
    for name in ("sub", "host.sub", "a.b.c.sub"):
        message = world.ask(name)
        assert message.rcode() == 0 and not message.flags & dns.flags.AA and not message.answer
        assert set(rows(message.authority)) == {
            ("sub", "NS", "ns.sub"), ("sub", "NS", "ns.elsewhere.example.")}
        assert set(rows(message.additional)) == {
            ("ns.sub", "A", "192.0.2.92"), ("ns.sub", "AAAA", "2001:db8::92")}
    assert rows(world.ask("sub", "DS").answer)[0][1] == "DS"
    assert world.ask("sub", "DS").flags & dns.flags.AA, "DS is the parent's (RFC 4035 3.1.4.1)"
    assert not world.ask("ns.sub").answer, "glue is no answer"


def test_cname_chain(world):
    found = positive(world.ask("c1"))
    assert found[:3] == [("c1", "CNAME", "c2"), ("c2", "CNAME", "c3"), ("c3", "CNAME", "www")]
    assert {row[2] for row in found[3:]} == {"192.0.2.80", "192.0.2.81"}
    assert positive(world.ask("c1", "CNAME")) == [("c1", "CNAME", "c2")]
    assert positive(world.ask("c1", "ANY")) == [("c1", "CNAME", "c2")]


@pytest.mark.parametrize("name, others", [("loop1", 2), ("self", 1)])
def test_cname_loop_ends(world, name, others):
    message = world.ask(name)
    assert message.rcode() in (dns.rcode.NOERROR, dns.rcode.SERVFAIL)
    assert len(message.answer) <= others


def test_cname_to_what_is_not_there(world):
    message = world.ask("tonothing")  # the last name's rcode (RFC 6604 3)
    assert not negative(message, "NXDOMAIN") and len(message.answer) == 1
    message = world.ask("tonodata")
    assert not negative(message) and len(message.answer) == 1
    message = world.ask("away")
    assert message.rcode() == 0 and rows(message.answer) == [("away", "CNAME", "www.example.org.")]
    message = world.ask("todeleg")
    assert rows(message.answer)[0][2] == "host.sub"
    assert {row[1] for row in rows(message.authority)} <= {"NS"}


def test_cname_into_a_pool(world):
    message = world.ask("database")
    found = positive(message)
    assert found[0] == ("database", "CNAME", "db.local") and message.answer[0].ttl == 3600
    assert set(addresses(message, "db.local")) == {f"198.18.2.{i}" for i in (1, 2, 3)}
    assert message.answer[1].ttl == 300
    assert world.ask("tobig").flags & dns.flags.TC
    assert len(addresses(world.ask("tobig", tcp=True), "db.us.big")) == 40


def test_dname(world):
    message = world.ask("a.old")
    assert set(positive(message)) == {
        ("old", "DNAME", "new"), ("a.old", "CNAME", "a.new"), ("a.new", "A", "192.0.2.93")}
    assert {rrset.ttl for rrset in message.answer} == {3600}
    assert positive(world.ask("old", "DNAME")) == [("old", "DNAME", "new")]
    assert negative(world.ask("old")), "the DNAME's own name is not redirected"
    message = world.ask("b.old")
    assert message.rcode() == dns.rcode.NXDOMAIN and len(message.answer) == 2
    message = world.ask(".".join(["b" * 60] * 3) + ".wide")
    assert message.rcode() == dns.rcode.YXDOMAIN


def test_names_not_ours(world):
    for name in ("example.org.", ".", "net.", "clamav.com.", "xclamav.net.", "1.2.0.192.in-addr.arpa."):
        message = world.ask(name, edns=1232)
        assert message.rcode() == dns.rcode.REFUSED and message.edns == 0
        assert not message.answer and not message.authority and not message.flags & dns.flags.AA


def test_other_classes(world):
    assert world.ask("www", kind_class=4).rcode() == dns.rcode.REFUSED
    assert world.ask("www", kind_class="CH").rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize("kind", ["AXFR", "IXFR"])
def test_transfers_are_refused(world, kind):
    for tcp in (False, True):
        message = world.ask("@", kind, tcp=tcp)
        assert message.rcode() in (dns.rcode.REFUSED, dns.rcode.NOTIMP) and not message.answer


# --- ANY, CHAOS, NSID --------------------------------------------------------------------------


@pytest.mark.parametrize("name, kinds", [
    ("current.cvd", {"TXT"}), ("db.de", {"A"}), ("db.us.ipv6", {"AAAA"}), ("mixed", {"A"}),
    ("database", {"CNAME"}), ("hinfo", {"HINFO"}), ("quoted", {"TXT"}), ("@", {"SOA"}),
    ("www", {"A"}), ("db.local", {"A"}), ("old", {"DNAME"}), ("texta", {"TXT"}), ("sixmx", {"AAAA"}),
    ("db.europe", {"TXT"}),
])
def test_any_gives_one_rrset(world, name, kinds):
    message = world.ask(name, "ANY")
    assert {row[1] for row in rows(message.answer)} == kinds
    assert message.rcode() == 0 and message.flags & dns.flags.AA


def test_any_of_what_is_not_there(world):
    assert negative(world.ask("nothing", "ANY"), "NXDOMAIN")
    assert negative(world.ask("ent", "ANY"))


def test_chaos(world):
    for name in ("id.server.", "hostname.bind.", "ID.Server."):
        message = world.ask(name, "TXT", kind_class="CH")
        assert message.answer[0][0].strings == (b"ns1 of ${HOME}",), "no environment is read"
        assert message.answer[0].ttl == 0
    for name in ("version.bind.", "version.server."):
        text = world.ask(name, "TXT", kind_class="CH").answer[0][0].strings[0].decode()
        assert text.startswith("mirrorns ") and text.split()[1] in world.run("-V").stdout
    assert world.ask("other.bind.", "TXT", kind_class="CH").rcode() == dns.rcode.REFUSED
    assert world.ask("id.server.", "TXT").rcode() == dns.rcode.REFUSED


def test_nsid(world):
    asked = world.ask("www", options=packet.option(packet.OPTION_NSID))
    assert packet.nsid(asked) == b"ns1 of ${HOME}"
    assert packet.nsid(world.ask("www", edns=1232)) is None
    message = world.ask("db.us.big", options=packet.option(packet.OPTION_NSID), edns=512)
    assert message.flags & dns.flags.TC and packet.nsid(message) == b"ns1 of ${HOME}"


def test_chaos_off(make_world):
    world = make_world(version_reply="").start()
    for name in ("id.server.", "hostname.bind.", "version.bind.", "version.server."):
        assert world.ask(name, "TXT", kind_class="CH").rcode() == dns.rcode.REFUSED
    assert packet.nsid(world.ask("www", options=packet.option(packet.OPTION_NSID))) is None


def test_version_reply(make_world):
    world = make_world(version_reply="none of yours").start()
    message = world.ask("version.bind.", "TXT", kind_class="CH")
    assert message.answer[0][0].strings == (b"none of yours",)


# --- pools beside the zone file ----------------------------------------------------------------


def test_a_name_in_the_file_wins_over_a_pattern(world):
    assert addresses(world.ask("db.fr")) == ["192.0.2.99"]
    assert negative(world.ask("db.fr", "AAAA"))


def test_a_pool_name_may_have_other_types_in_the_file(world):
    assert positive(world.ask("db.local", "MX")) == [("db.local", "MX", "10 mail")]
    assert addresses(world.ask("db.local"))


def test_a_wildcard_in_the_file(make_world):
    """Pool names and their ancestors block wildcards as file names do (RFC 4592)."""
    zone = ZONE + "*	TXT	\"star\"\n*.de	TXT	\"below de\"\n"
    world = make_world(zone=zone, mirrors=MIRRORS).start()
    for name in ("db.zz", "db.eu", "nothing", "a.b.c.d", "db"):
        assert positive(world.ask(name, "TXT"))[0][2] == '"star"', name
    for name in ("db.us", "us", "big", "local", "db.us.big"):
        assert negative(world.ask(name, "TXT")), name
    for name in ("x.us", "x.db.us", "x.big"):
        assert negative(world.ask(name, "TXT"), "NXDOMAIN"), name
    assert positive(world.ask("x.de", "TXT"))[0][2] == '"below de"'
    assert len(addresses(world.ask("db.de"))) == 3


def test_an_exact_pool_wins_over_a_pattern(make_world):
    pools = POOLS + '\tpool "db.de" { from = "country:PL" }\n'
    world = make_world(mirrors=MIRRORS, pools=pools).start()
    assert world.members("db.de") == {"198.18.3.1", "198.18.3.2"}
    assert world.members("db.gb") == {"198.18.4.1", "198.18.4.2"}


def test_a_pool_at_the_apex_and_above_wildcards(make_world):
    pools = '\tpool "@" { from = "world" }\n\tpool "*.mirror" { from = "label" }\n'
    world = make_world(mirrors=MIRRORS, pools=pools).start()
    assert len(addresses(world.ask("@"))) == 8
    assert world.members("de.mirror") == {f"198.18.2.{i}" for i in (1, 2, 3)}
    assert negative(world.ask("mirror"))


def test_ttls(make_world):
    pools = '\tpool "db.*" { from = "label"  ttl = 77 }\n'
    block = TXT_BLOCK.replace("1800", "99")
    world = make_world(mirrors=MIRRORS, pools=pools)
    world.blocks = world.blocks.replace(TXT_BLOCK, block)
    world.configure()
    world.start()
    assert world.ask("db.de").answer[0].ttl == 77
    assert world.ask("current.cvd", "TXT").answer[0].ttl == 99


def test_ttls_that_differ_within_an_rrset(make_world):
    """Loaded with a warning; the smallest is taken (RFC 2181 5.2)."""
    zone = ZONE.replace("www	A	192.0.2.81", "www 50 A	192.0.2.81").replace(
        "	A	192.0.2.81\n", "	50 A	192.0.2.81\n")
    world = make_world(zone=zone, mirrors=MIRRORS).start()
    assert {rrset.ttl for rrset in world.ask("www").answer} == {50}
    world.wait_log("clamav.net.zone:", "ttl")


def test_soa_ttl_smaller_than_minimum(make_world):
    zone = ZONE.replace("@	SOA", "@ 30 SOA")
    world = make_world(zone=zone, mirrors=MIRRORS).start()
    assert negative(world.ask("nothing"), "NXDOMAIN", ttl=30)


# --- several zones -----------------------------------------------------------------------------


def test_the_deepest_zone_wins(world):
    assert addresses(world.ask("www.child")) == ["192.0.2.3"]
    assert negative(world.ask("nothing.child"), "NXDOMAIN", ttl=60)
    assert rows(world.ask("child", "SOA").answer)
    assert negative(world.ask("childish"), "NXDOMAIN")


def test_the_root_zone(make_world):
    root = """\
.	300 SOA	ns. hostmaster. 1 3600 900 604800 60
.	300 NS	ns.
ns.	300 A	192.0.2.7
com.	300 NS	ns.com.
ns.com.	300 A	192.0.2.8
"""
    world = make_world(mirrors=MIRRORS, zones='zone "." {\n\tfile = "root.zone"\n}\n')
    world.write("root.zone", root)
    world.start()
    assert rows(world.ask(".", "NS").answer)
    assert not world.ask("example.com.").answer and world.ask("example.com.").authority
    assert negative(world.ask("example.org."), "NXDOMAIN", ttl=60)
    assert len(addresses(world.ask("db.de"))) == 3


def test_two_zones_with_exports(make_world):
    block = """\
zone "example.org" {
	file = "example.zone"
	export = "other.json"
	pool "db.*" { from = "label" }
}
"""
    world = make_world(mirrors=MIRRORS, zones=block)
    world.write("example.zone", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n")
    world.write("other.json", export_text([mirror("a.example", "DE", "203.0.113.9")]))
    world.start()
    assert addresses(world.ask("db.de.example.org.")) == ["203.0.113.9"]
    assert len(addresses(world.ask("db.de"))) == 3


def test_includes(make_world):
    """$INCLUDE is relative to the file that has it, with an origin of its own."""
    zone = ZONE + "$INCLUDE parts/one.zone part\nafter A 192.0.2.70\n"
    world = make_world(zone=zone, mirrors=MIRRORS)
    world.path("parts").mkdir()
    world.write("parts/one.zone", "a A 192.0.2.71\n$INCLUDE two.zone\nb A 192.0.2.72\n")
    world.write("parts/two.zone", "$ORIGIN deeper.clamav.net.\nc A 192.0.2.73\n")
    world.start()
    for name, address in (("a.part", 71), ("b.part", 72), ("c.deeper", 73), ("after", 70)):
        assert addresses(world.ask(name)) == [f"192.0.2.{address}"]


def test_a_long_txt_is_several_strings(make_world):
    text = "".join(chr(33 + i % 90) for i in range(600))
    world = make_world(mirrors=MIRRORS, txt=text).start()
    strings = world.ask("current.cvd", "TXT", tcp=True).answer[0][0].strings
    assert [len(string) for string in strings] == [255, 255, 90]
    assert b"".join(strings).decode() == text


def test_many_workers_answer(make_world):
    world = make_world(mirrors=MIRRORS, workers=3).start()
    seen = set()
    for i in range(30):
        with world.udp() as connection:
            connection.send(packet.query(packet.question("db.us"), number=i))
            seen.add(packet.addresses(packet.parse(connection.recv(4096)))[0])
        assert len(addresses(world.ask("db.us", tcp=True))) == 8
    assert len(seen) > 5


def test_no_database_is_one_log_line(make_world):
    """Without a database everybody is at the level `world`, which is said once."""
    world = make_world(mirrors=MIRRORS).start()
    world.wait_log("no country database", count=1)
    message = world.ask("db.local", ecs="81.2.69.0/24")
    assert packet.scope(message) == 0 and len(addresses(message)) == 8


def test_the_age_of_the_string_is_said(make_world):
    world = make_world(mirrors=MIRRORS, txt=version_string(age=4 * 3600)).start()
    assert addresses(world.ask("db.de")), "the rest is served"
    world.wait_log("dns.txt", "older")
    assert world.ask("current.cvd", "TXT").answer, 'stale = "serve"'
    world.export(mirrors_of("DE", 36, "198.18.9"))
    world.wait_served("198.18.9.1", "db.de.big")
    world.wait_log("older", count=1)  # one line an hour
