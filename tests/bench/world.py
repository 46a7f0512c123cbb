#!/usr/bin/python3
"""One network of mirrors, written for every server that is compared, and the queries for it.

    tests/bench/world.py DIRECTORY    writes all of it there, to look at

Clients of countries without mirrors get their continent's, others the world's. gdnsd, Knot and NSD cannot take
8 of many in turn: they get 8 fixed ones where mirrorns chooses, so that all answers have the same size.
"""

import importlib.machinery
import importlib.util
import itertools
import json
import os
import random
import re
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WHOLE = os.path.join(ROOT, "build/geodb/country.mmdb")

ZONE = "clamav.net"
TTL, TXT_TTL = 300, 1800
ANSWERS = 8
VERSION = "1.4.3:63:28034:1763740800:1:90:49192:339"
MIRROR_COUNTRIES = (
    "AR AT AU BE BG BR BY CA CH CL CN CO CR CY CZ DE DK DZ EC EE ES FI FR GB GR HK HR HU ID IE "
    "IL IN IR IS IT JP KE KR KZ LT LU LV MD MX MY NC NL NO NZ PL PT RO RU SE SG TH TR TW US ZA"
).split()
LARGE, LARGE_COUNT = ("DE", "FR", "JP", "US"), 48  # too many for an answer of 512 octets
FAMILIES = (("ipv4", "A", "addrs_v4"), ("ipv6", "AAAA", "addrs_v6"))

QUERY_COUNT = 1 << 16
RD, QR_TYPES = 0x0100, {"A": 1, "CNAME": 5, "TXT": 16, "AAAA": 28}


def continents():
    """Code to continent, from the one table there is."""
    with open(os.path.join(ROOT, "geo/country.c"), encoding="utf-8") as file:
        found = re.findall(r'\{"([A-Z]{2})", "[a-z]{2}", CONTINENT_([A-Z]{2}),', file.read())
    return dict(found)


CONTINENT = continents()


def address4(number, generation):
    """10.GX.X.X: the generation in four bits, which load.c looks at, the mirror's number in the other twenty."""
    value = generation << 20 | number
    return f"10.{value >> 16}.{value >> 8 & 255}.{value & 255}"


def address6(number, generation):
    return f"2001:db8:{generation:x}::{number >> 16:x}:{number & 0xFFFF:x}"


def mirrors(countries, count_of, generation=0):
    """The export's mirrors; in each country every second one has IPv6 too."""
    number, found = 0, []
    for code in countries:
        for i in range(count_of(code)):
            number += 1
            entry = {"host": f"m{i}.{code.lower()}.example", "country": code, "state": "ok",
                     "ipv4": [address4(number, generation)]}
            if i % 2 == 0:
                entry["ipv6"] = [address6(number, generation)]
            found.append(entry)
    return found


def small_count(code):
    return LARGE_COUNT if code in LARGE else 2 + MIRROR_COUNTRIES.index(code) % 5


def small_mirrors(generation=0):
    return mirrors(MIRROR_COUNTRIES, small_count, generation)


def grid_mirrors(each, generation=0):
    """All 250 countries with `each` mirrors."""
    return mirrors(sorted(CONTINENT), lambda code: each, generation)


def file_write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb" if isinstance(content, bytes) else "w") as file:
        file.write(content)


def export_write(path, entries):
    document = {"format": "mirror-export/1", "generated": "2026-01-01T00:00:00Z", "serial": 1,
                "mirrors": entries}
    file_write(path, json.dumps(document))


# --- what the others are told: sets of fixed addresses --------------------------------------------


class Sets:
    """For each place (a country, a continent, "world", and COUNTRY-big) the addresses of each family."""

    def __init__(self, entries):
        self.places, self.countries = {}, []
        for entry in entries:
            code = entry["country"]
            if code not in self.countries:
                self.countries.append(code)
            for place in (code, "c" + CONTINENT[code], "world", code + "-big"):
                kept = self.places.setdefault(place, {"ipv4": [], "ipv6": []})
                for family in kept:
                    room = place.endswith("-big") or len(kept[family]) < ANSWERS
                    kept[family] += entry.get(family, []) if room else []


def records(name, place):
    """Zone file lines of one place's addresses."""
    return "".join(f"{name} {TTL} {kind} {address}\n"
                   for family, kind, _ in FAMILIES for address in place[family])


ZONE_HEAD = f"""\
$ORIGIN {ZONE}.
$TTL 3600
@ SOA ns1 hostmaster 2026112001 3600 900 604800 600
@ NS ns1
ns1 A 192.0.2.1
www A 192.0.2.80
database {TTL} CNAME db.local
"""
ZONE_TXT = f'current.cvd {TXT_TTL} TXT "{VERSION}"\n'


def zone_static(sets, local=True):
    lines = ZONE_HEAD + ZONE_TXT
    if local:
        lines += records("db.local", sets.places["world"])
    for code in sets.countries:
        lines += records(f"db.{code.lower()}", sets.places[code])
        lines += records(f"db.{code.lower()}.big", sets.places[code + "-big"])
    return lines


def mirrorns_write(directory, port, entries, database, **options):
    """Returns the path of its configuration."""
    values = {"listen": f'{{"127.0.0.1:{port}", "[::1]:{port}"}}', "workers": 1, "user": '""',
              "state-dir": '"state"', "control": '""', "metrics": '""', **options}
    text = "".join(f"{key} = {value}\n" for key, value in values.items())
    text += f"""
geo {{ database = "{database}" }}
zone "{ZONE}" {{
	file   = "zone"
	export = "mirrors.json"
	max-shrink = 100
	txt  "current.cvd" {{ file = "dns.txt"  ttl = {TXT_TTL} }}
	pool "db.local"  {{ from = "client" }}
	pool "db.*"      {{ from = "label" }}
	pool "db.*.big"  {{ from = "label"  answers = 0 }}
	ping "ping"      {{ address = "192.0.2.1" }}
}}
"""
    os.makedirs(f"{directory}/state", exist_ok=True)
    for kept in os.listdir(f"{directory}/state"):
        os.remove(f"{directory}/state/{kept}")
    file_write(f"{directory}/zone", ZONE_HEAD)
    file_write(f"{directory}/dns.txt", VERSION + "\n")
    export_write(f"{directory}/mirrors.json", entries)
    file_write(f"{directory}/mirrorns.conf", text)
    return f"{directory}/mirrorns.conf"


def gdnsd_set(name, place):
    lines = f"{name} => {{\n"
    for family, _, key in FAMILIES:
        if place[family]:
            pairs = ", ".join(f"a{i} => {text}" for i, text in enumerate(place[family]))
            lines += f"  {key} => {{ {pairs} }}\n"
    return lines + "}\n"


def gdnsd_map(sets):
    lines = ""
    for continent in sorted(set(CONTINENT.values())):
        fallback = [f"c{continent}"] if f"c{continent}" in sets.places else ["world"]
        own = [code for code in sets.countries if CONTINENT[code] == continent]
        pairs = [f"{code} => [dc{code}]" for code in own] + [f"default => {fallback}"]
        lines += f"  {continent} => {{ {', '.join(pairs)} }}\n".replace("'", "")
    return lines + "  default => [world]\n"


def gdnsd_write(directory, port, entries, database):
    sets = Sets(entries)
    centers = {f"dc{code}": code for code in sets.countries}
    centers.update({place: place for place in sets.places if re.fullmatch("c[A-Z]{2}|world", place)})
    pools = "".join(gdnsd_set(place, sets.places[place]) for place in sets.places)
    config = f"""
options => {{
  listen => [ "127.0.0.1:{port}", "[::1]:{port}" ], udp_threads => 1, tcp_threads => 1
  tcp_clients_per_thread => 8192, run_dir => {directory}/run, state_dir => {directory}/state
}}
plugins => {{
multifo => {{
service_types => up
{pools}}}
geoip => {{
  maps => {{ earth => {{ geoip2_db => {database}, datacenters => [{', '.join(centers)}]
  map => {{
{gdnsd_map(sets)}  }} }} }}
  resources => {{ local => {{ map => earth, service_types => up, dcmap => {{
    {', '.join(f'{dc} => %multifo!{place}' for dc, place in centers.items())}
  }} }} }}
}}
}}
"""
    zone = ZONE_HEAD + ZONE_TXT + f"db.local {TTL} DYNA geoip!local\n"
    for code in sets.countries:
        zone += f"db.{code.lower()} {TTL} DYNA multifo!{code}\n"
        zone += f"db.{code.lower()}.big {TTL} DYNA multifo!{code}-big\n"
    os.makedirs(f"{directory}/run", exist_ok=True)
    os.makedirs(f"{directory}/state", exist_ok=True)
    file_write(f"{directory}/config", config)
    file_write(f"{directory}/zones/{ZONE}", zone)
    return directory


def knot_place(key, place):
    lines = f'  - geo: "{key}"\n'
    for family, kind, _ in FAMILIES:
        if place[family]:
            lines += f"    {kind}: [{', '.join(place[family])}]\n"
    return lines


def knot_write(directory, port, entries, database):
    sets = Sets(entries)
    geo = f"db.local.{ZONE}.:\n"
    for code in sets.countries:
        geo += knot_place(f"{CONTINENT[code]};{code}", sets.places[code])
    for place in sets.places:
        if re.fullmatch("c[A-Z]{2}", place):
            geo += knot_place(f"{place[1:]};*", sets.places[place])
    config = f"""
server:
    rundir: "{directory}/run"
    listen: [ "127.0.0.1@{port}", "::1@{port}" ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    tcp-max-clients: 8192
    edns-client-subnet: on
    answer-rotation: on
log:
  - target: stderr
    any: warning
database:
    storage: "{directory}/db"
mod-geoip:
  - id: geo
    config-file: "{directory}/geo.conf"
    ttl: {TTL}
    mode: geodb
    geodb-file: "{database}"
    geodb-key: [ continent/code, country/iso_code ]
zone:
  - domain: {ZONE}
    file: "{directory}/zone"
    zonefile-sync: -1
    journal-content: none
    module: mod-geoip/geo
"""
    os.makedirs(f"{directory}/run", exist_ok=True)
    file_write(f"{directory}/geo.conf", geo)
    file_write(f"{directory}/zone", zone_static(sets))
    file_write(f"{directory}/knot.conf", config)
    return f"{directory}/knot.conf"


def nsd_write(directory, port, entries, _database):
    config = f"""
server:
    ip-address: 127.0.0.1@{port}
    ip-address: ::1@{port}
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "{directory}"
    database: ""
    pidfile: "{directory}/nsd.pid"
    xfrdfile: "{directory}/xfrd.state"
    zonelistfile: "{directory}/zone.list"
    xfrdir: "{directory}"
    logfile: "{directory}/log"
    tcp-count: 6000
    round-robin: yes
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "{ZONE}"
    zonefile: "zone"
"""
    file_write(f"{directory}/zone", zone_static(Sets(entries)))
    file_write(f"{directory}/nsd.conf", config)
    return f"{directory}/nsd.conf"


# --- the database in MaxMind's schema --------------------------------------------------------------


def geodb_module():
    loader = importlib.machinery.SourceFileLoader("geodb", os.path.join(ROOT, "tools/geodb"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("geodb", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def database_convert(source_path, target):
    """The same tree over continent.code and country.iso_code, which the peers look for."""
    if os.path.exists(target) and os.path.getmtime(target) > os.path.getmtime(source_path):
        return
    geodb = geodb_module()
    geodb.TYPE, geodb.DESCRIPTION = "GeoLite2-Country", "Countries and continents, for the bench"
    source = geodb.Source(source_path)
    values, offsets, moved = b"", {}, {}
    records_of = source.bytes[: source.nodes * 6]
    tree = bytearray()
    for at in range(0, len(records_of), 3):
        record = int.from_bytes(records_of[at : at + 3], "big")
        if record > source.nodes:
            if record not in moved:
                code = source.country(record)
                if code not in CONTINENT:  # "EU" and the like stand for no country
                    moved[record] = source.nodes
                elif code not in offsets:
                    offsets[code] = len(values)
                    values += geodb.mapping([
                        ("continent", geodb.mapping([("code", geodb.text(CONTINENT[code]))])),
                        ("country", geodb.mapping([("iso_code", geodb.text(code))]))])
                moved.setdefault(record, source.nodes + geodb.SEPARATOR + offsets.get(code, 0))
            record = moved[record]
        tree += record.to_bytes(3, "big")
    metadata = geodb.metadata(source.nodes, source.metadata["build_epoch"])
    file_write(target + ".new", bytes(tree) + bytes(geodb.SEPARATOR) + values + metadata)
    os.replace(target + ".new", target)


# --- queries ---------------------------------------------------------------------------------------


def subnet4(chance):
    return 1, 24, bytes([chance.randrange(1, 224), chance.randrange(256), chance.randrange(256)])


def subnet6(chance):
    first = chance.choice((0x2001, 0x2400, 0x2600, 0x2800, 0x2A00, 0x2C00)) + chance.randrange(16)
    return 2, 48, struct.pack("!HHH", first, chance.randrange(65536), chance.randrange(65536))


def subnet_fixed(_chance):
    return 1, 24, bytes([193, 0, 6])


def query(name, kind, subnet=None, size=1232):
    """Wire form; `size` 0: without EDNS."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    head = struct.pack("!HHHHHH", 0, RD, 1, 0, 0, 1 if size else 0)
    octets = head + labels + b"\0" + struct.pack("!HH", QR_TYPES[kind], 1)
    if not size:
        return octets
    option = b""
    if subnet:
        family, length, address = subnet
        option = struct.pack("!HHHBB", 8, 4 + len(address), family, length, 0) + address
    return octets + struct.pack("!BHHIH", 0, 41, size, 0, len(option)) + option


def random_label(chance, low=8, high=16):
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(chance.choices(letters, k=chance.randrange(low, high + 1)))


def db_name(chance):
    return f"db.{chance.choice(MIRROR_COUNTRIES).lower()}.{ZONE}"


MIX = (
    (45, lambda chance: (f"current.cvd.{ZONE}", "TXT")),
    (20, lambda chance: (f"db.local.{ZONE}", "A")),
    (5, lambda chance: (f"db.local.{ZONE}", "AAAA")),
    (20, lambda chance: (db_name(chance), "A")),
    (4, lambda chance: (db_name(chance), "AAAA")),
    (3, lambda chance: (f"database.{ZONE}", "A")),
    (3, lambda chance: (f"{random_label(chance)}.{ZONE}", "A")),
)


def mix_pick(chance):
    return chance.choices([row[1] for row in MIX], [row[0] for row in MIX])[0](chance)


def local_pick(_chance):
    return f"db.local.{ZONE}", "A"


# File: what is asked, the client subnet, the EDNS size (0: no EDNS).
def ping_pick(chance):
    """A statistics name as clients ask for it, about a listed mirror."""
    mirror = address4(chance.randrange(1, 200), 0)
    if chance.random() < 0.5:
        mirror = "".join(f"{int(octet):02X}" for octet in mirror.split("."))
    database, version = chance.choice((("main", 63), ("daily", 28034), ("bytecode", 339)))
    return f"{database}.{version}.90.{int(chance.random() < 0.95)}.0.{mirror}.ping.{ZONE}", "A"


QUERIES = {
    "mix": (mix_pick, subnet4, 1232),
    "mix-fixed": (mix_pick, subnet_fixed, 1232),
    "mix-plain": (mix_pick, None, 0),
    "local": (local_pick, subnet4, 1232),
    "local6": (local_pick, subnet6, 1232),
    "txt": (lambda chance: (f"current.cvd.{ZONE}", "TXT"), None, 1232),
    "big": (lambda chance: (f"db.{chance.choice(LARGE).lower()}.big.{ZONE}", "A"), subnet4, 512),
    "static": (lambda chance: (f"www.{ZONE}", "A"), subnet4, 1232),
    "ping": (ping_pick, subnet4, 1232),
    "nx": (lambda chance: (f"{random_label(chance)}.{ZONE}", "A"), subnet4, 1232),
}


def queries_write(directory, count=QUERY_COUNT):
    """The files DIRECTORY/MIX.queries, the same at each call. Returns the paths by mix."""
    paths = {}
    for name, (pick, subnet, size) in QUERIES.items():
        chance, octets = random.Random(f"{name} {count}"), []
        for _ in itertools.repeat(None, count):
            asked, kind = pick(chance)
            one = query(asked, kind, subnet(chance) if subnet else None, size)
            octets.append(struct.pack("!H", len(one)) + one)
        paths[name] = f"{directory}/{name}.queries"
        file_write(paths[name], b"".join(octets))
    return paths


def prepare(directory, source=None):
    """Database and queries, made once; returns (database, paths by mix)."""
    source = source or os.environ.get("GEODB", WHOLE)
    if not os.path.exists(source):
        sys.exit(f"{source} is not there: `make geodb` fetches it, GEODB=FILE names another")
    os.makedirs(directory, exist_ok=True)
    database_convert(source, f"{directory}/country.mmdb")
    paths = {name: f"{directory}/{name}.queries" for name in QUERIES}
    newest = os.path.getmtime(os.path.abspath(__file__))
    if any(not os.path.exists(path) or os.path.getmtime(path) < newest for path in paths.values()):
        queries_write(directory)
    return f"{directory}/country.mmdb", paths


def main(words):
    if len(words) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    directory = os.path.abspath(words[0])
    database, _ = prepare(directory)
    for i, write in enumerate((mirrorns_write, gdnsd_write, knot_write, nsd_write)):
        name = write.__name__.split("_", 1)[0]
        print(name, write(f"{directory}/{name}", 5400 + i, small_mirrors(), database))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
