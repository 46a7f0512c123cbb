"""Reports of a monitor, as tools/monitor/page/report.h says they are: mirrors of all kinds, also hostile ones."""

import datetime
import json
import pathlib
import random
import sys

NOW = datetime.datetime(2026, 11, 20, 18, 0, tzinfo=datetime.timezone.utc)
COUNTRIES = [("DE", "Germany", 9), ("US", "United States", 9), ("FR", "France", 6), ("GB", "United Kingdom", 6),
             ("PL", "Poland", 4), ("NL", "Netherlands", 4), ("JP", "Japan", 4), ("BR", "Brazil", 3), ("CA", "Canada", 3),
             ("AU", "Australia", 3), ("IT", "Italy", 3), ("SE", "Sweden", 3), ("CH", "Switzerland", 2),
             ("SG", "Singapore", 2), ("ZA", "South Africa", 2), ("IN", "India", 2), ("CZ", "Czechia", 2),
             ("AT", "Austria", 2), ("DK", "Denmark", 2), ("FI", "Finland", 1), ("NZ", "New Zealand", 1),
             ("KR", "South Korea", 1), ("TW", "Taiwan", 1), ("HK", "Hong Kong", 1), ("AR", "Argentina", 1),
             ("CL", "Chile", 1), ("TR", "Turkey", 1), ("UA", "Ukraine", 1), ("RO", "Romania", 1), ("IS", "Iceland", 1)]
REASONS = ["connect: timed out", "HTTP 503", "timestamp: 31 h old, expected at most a day",
           "daily is 28031, expected 28034 or 28033", "timestamp: found \"<html>\", expected Unix seconds or a date"]
# What strangers might try; each must be read as it is, and nothing of it may run.
HOSTILE = ["<script>alert(1)</script>.example", "\"><img src=x onerror=alert(2)>.example",
           "a'onmouseover='alert(3).example", "javascript:alert(4)", "&lt;b&gt;.example",
           "evil\u202egpj.example", "two\nlines\x1b[31m.example", "x" * 253]


def when(hours_ago=0.0):
    moment = NOW - datetime.timedelta(hours=hours_ago)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def address(chance, number, family, state="ok", age_days=30):
    """One address in this state, with as many days of history."""
    bad = state in ("removed", "old")
    days = [None if day < 30 - age_days else 1 if chance.random() < .96 else round(chance.random(), 3) for day in range(30)]
    base = chance.choice([18, 35, 60, 120, 260])
    hours = [None if 48 - hour > age_days * 24 else max(1, int(base * chance.choice([1, 1, 1, 1.1, 1.2, .9, 2.5]))) for hour in range(48)]
    if bad:
        down = 1 if state == "old" else 3
        days[-down:] = [0.3] + [0] * (down - 1)
        hours[-20 * down:] = [None] * (20 * down)
        hours = hours[:48]
    text = f"192.0.{number // 250}.{number % 250 + 1}" if family == "ipv4" else f"2001:db8:{number:x}::{number % 7 + 1}:10"
    return {"address": text, "family": family, "state": state, "since": when(3 + 31 * number if state == "ok" else 20 + number % 40),
            "checked": when(chance.random() / 6), "reason": chance.choice(REASONS) if bad else "disabled by hand" if state == "disabled" else "",
            "weight": 100, "milliseconds": None if bad else hours[-1], "stamp": when(2),
            "versions": {"main": 63, "daily": 28034 - (number % 9 == 0), "bytecode": 339},
            "days": days, "hours": hours}


def mirror(chance, number, country):
    code, name, _ = country
    state = "removed" if number % 23 == 5 else "old" if number % 17 == 3 else "disabled" if number % 41 == 7 else "ok"
    families = ["ipv4"] if number % 3 == 1 else ["ipv6"] if number % 37 == 11 else ["ipv4", "ipv6"]
    addresses = [address(chance, number, family, state if i == 0 else "ok" if state != "disabled" else state,
                         2 if number % 29 == 13 else 30) for i, family in enumerate(families)]
    if number % 29 == 14:
        addresses[0]["weight"] = 40
    downtime = [{"from": when(-24), "to": when(-30)}] if number % 31 == 9 else []
    return {"host": f"{chance.choice(['clamav', 'mirror', 'db', 'ftp', 'av'])}{number}.example-{code.lower()}.{chance.choice(['org', 'net', 'edu'])}",
            "country": code, "name": name, "port": 80, "weight": 100, "disabled": state == "disabled",
            "downtime": downtime, "addresses": addresses}


def report(count=200, seed=1, hostile=False, dual=False):
    """`dual`: both families for each mirror."""
    chance = random.Random(seed)
    weighted = [country for country in COUNTRIES for _ in range(country[2])]
    mirrors = [mirror(chance, number, chance.choice(weighted)) for number in range(count)]
    if dual:
        for number, one in enumerate(mirrors):
            one["addresses"] = [address(chance, number, family, one["addresses"][0]["state"]) for family in ("ipv4", "ipv6")]
    for number, text in enumerate(HOSTILE if hostile else []):
        mirrors[number]["host"] = text
        mirrors[number]["addresses"][0].update(reason=text, state="removed")
    addresses = [one for each in mirrors for one in each["addresses"]]
    counts = {state: sum(one["state"] == state for one in addresses) for state in ("ok", "old", "removed", "disabled")}
    history = [{"since": when(3.5 + 24 * day), "value": f"1.0.9:63:{28034 - day}:{int(NOW.timestamp()) - 720 - 86400 * day}:1:90:49192:339"}
               for day in range(20)]
    events = [{"at": when(hour * 5.3), "host": mirrors[hour % count]["host"], "address": mirrors[hour % count]["addresses"][0]["address"],
               "country": mirrors[hour % count]["country"], "from": "ok" if hour % 2 else "old", "to": "old" if hour % 2 else "ok",
               "why": REASONS[hour % 5] if hour % 2 else ""} for hour in range(100)] if count else []
    return {"zone": "clamav.net", "version": "0.1.0", "generated": when(), "serial": 412, "suspect": False, "why": "",
            "interval_seconds": 600, "counts": counts, "txt": {"value": history[0]["value"], "since": history[0]["since"], "history": history},
            "mirrors": mirrors, "events": events}


if __name__ == "__main__":  # page_report.py FILE [hostile]: to look at by hand
    pathlib.Path(sys.argv[1]).write_text(json.dumps(report(hostile="hostile" in sys.argv)))
