#!/usr/bin/python3
"""A fleet of fake mirrors on loopback addresses, good ones and bad ones of many kinds.

As a library: `with Fleet() as fleet: fleet.add("good"); …`; everything may be changed while it runs.
As a program: tools/fleet.py --mirrors 500 --list mirrors.list.json --control fleet.sock
(a monitor takes that list with `allow-private = true`) and then, a line each, on its standard input or on the socket:

    HOST KIND        a mirror becomes another kind: good, refusing, stale …
    HOST age 36h     its timestamp is that old (s, m, h or d behind the number)
    HOST daily 28030 the version of a database that it has
    HOST             one line of JSON about it: its kind, how many requests, the last of them
    kinds            what there is
"""

import argparse
import asyncio
import email.utils
import errno
import ipaddress
import itertools
import json
import os
import pathlib
import re
import socket
import struct
import sys
import threading
import time

COUNTRIES = ("DE", "PL", "FR", "US", "BR", "JP", "GB", "ZA", "AU", "SE", "IN", "CA")
DATABASES = {"main": 63, "daily": 28034, "bytecode": 339}
DAY = 86400
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": DAY}
TCP_ESTABLISHED = 1


class Request:
    """What was asked, as it came."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.line, self.when = lines[0], time.time()
        self.path = (lines[0].split(" ") + ["", ""])[1]
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        self.fields = {name.lower(): value for name, value in fields.items()}
        self.host, self.agent = self.fields.get("host"), self.fields.get("user-agent")
        self.range = self.fields.get("range")


def reply(status, body=b"", **fields):
    """A whole reply; a field's None leaves it out."""
    body = body.encode() if isinstance(body, str) else body
    fields = {"Date": email.utils.formatdate(usegmt=True), "Content-Length": len(body),
              **{name.replace("_", "-"): value for name, value in fields.items()}}
    lines = [f"HTTP/1.1 {status}", *(f"{k}: {v}" for k, v in fields.items() if v is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def header(version):
    """A database's first 512 octets."""
    text = f"ClamAV-VDB:14 May 2026 09-57 -0400:{version}:100:90:{'X' * 32}:X:builder:1781708400"
    return text.ljust(512).encode()


# What a kind does with one request for /timestamp: it returns octets, or writes by itself and returns None (then the
# connection ends). Everything else is served like a good mirror's.

async def good(mirror, link):
    return reply("200 OK", f"{int(time.time() - mirror.age)}\n")


async def rfc3339(mirror, link):
    return reply("200 OK", time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime(time.time() - mirror.age)))


async def dated(mirror, link):
    return reply("200 OK", email.utils.formatdate(time.time() - mirror.age, usegmt=True))


async def modified(mirror, link):
    return reply("200 OK", "synchronized\n",
                 Last_Modified=email.utils.formatdate(time.time() - mirror.age, usegmt=True))


async def still(mirror, link):
    """Nothing new comes any more."""
    return reply("200 OK", f"{int(mirror.since)}\n")


async def slow(mirror, link):
    await asyncio.sleep(0.5)
    return await good(mirror, link)


async def hanging(mirror, link):
    await link.gone()


async def dripping(mirror, link):
    link.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    while not link.is_gone():
        link.write(b"1")
        await asyncio.sleep(0.2)


async def redirecting(mirror, link):
    return reply("302 Found", Location=f"http://127.0.0.1:{mirror.port}/timestamp?\"from\"")


async def garbage(mirror, link):
    return reply("200 OK", b"<html>\x1b[31mIt works!\xff")


async def endless(mirror, link):
    link.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not link.is_gone():
        link.write(b"1" * 65536)
        await link.drain()


async def babbling(mirror, link):
    link.write(b"HTTP/1.1 200 OK\r\n")
    for i in itertools.count():
        link.write(b"X-%d: %s\r\n" % (i, b"x" * 1000))
        await link.drain()
        if link.is_gone():
            return


async def busy(mirror, link):
    return reply("503 Service Unavailable", "come back later")


async def lost(mirror, link):
    return reply("404 Not Found", "no such file")


async def resetting(mirror, link):
    link.abort()


async def closing(mirror, link):
    pass


async def half(mirror, link):
    link.write(reply("200 OK", "17", Content_Length=11))


async def lying(mirror, link):
    link.write(reply("200 OK", f"{int(time.time())}", Content_Length=4000))
    await link.gone()


async def tls(mirror, link):
    link.write(bytes.fromhex("15030100020246"))  # fatal alert: protocol version


async def ahead(mirror, link):
    when = time.time() + 3 * DAY
    return reply("200 OK", f"{int(when)}\n", Date=email.utils.formatdate(when, usegmt=True))


async def behind(mirror, link):
    when = time.time() - 3 * DAY
    return reply("200 OK", f"{int(when)}\n", Date=email.utils.formatdate(when, usegmt=True))


async def adrift(mirror, link):
    """Its clock alone is wrong; what it serves comes from elsewhere."""
    return reply("200 OK", f"{int(time.time())}\n", Date=email.utils.formatdate(time.time() - 3 * DAY, usegmt=True))


# name: what it does, and how its settings differ from a good mirror's
KINDS = {
    "good": (good, {}), "rfc3339": (rfc3339, {}), "dated": (dated, {}), "modified": (modified, {}),
    "still": (still, {}), "slow": (slow, {}), "bare": (good, {"versions": {}}),
    "stale": (good, {"age": 1.5 * DAY}), "outdated": (good, {"versions": {"daily": 28030}}),
    "hanging": (hanging, {}), "dripping": (dripping, {}), "lying": (lying, {}),
    "refusing": (None, {}), "deaf": (None, {}),
    "redirecting": (redirecting, {}), "garbage": (garbage, {}), "endless": (endless, {}),
    "babbling": (babbling, {}), "busy": (busy, {}), "lost": (lost, {}), "resetting": (resetting, {}),
    "closing": (closing, {}), "half": (half, {}), "tls": (tls, {}), "ahead": (ahead, {}),
    "behind": (behind, {}), "adrift": (adrift, {}),
}


class Link:
    """One connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.write, self.drain = writer.write, writer.drain
        self.socket = writer.get_extra_info("socket")

    def state(self):
        """The kernel's word, before asyncio has noticed: only then are peaks exact."""
        try:
            return self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        except OSError:
            return 0

    def is_gone(self):
        return self.state() != TCP_ESTABLISHED

    async def gone(self):
        while await self.reader.read(4096):
            pass

    def abort(self):
        """Ends it with a reset, unless it is closed already."""
        if self.socket.fileno() >= 0:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Mirror:
    """One address. Its attributes may be set at any time; `become` changes its kind."""

    def __init__(self, fleet, host, country, address, port):
        self.fleet, self.host, self.country = fleet, host, country
        self.address, self.port = address, port
        self.kind, self.age, self.since, self.versions, self.listed = None, 0, 0, {}, {}
        self.requests, self.server, self.sockets = [], None, []
        self.tls = None  # an ssl.SSLContext: it speaks HTTPS
        self.signed = True  # it has the signatures of its databases, too
        self.pages = {}  # path without its slash: (status, octets), whatever its kind does
        self.asked = []  # the names of its clients' SNI

    def become(self, kind):
        """Takes effect at once: a refusing mirror has no open port when this returns."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of mirror; there are: {' '.join(KINDS)}")
        self.age, self.since, self.versions = 0, time.time(), dict(DATABASES)
        for name, value in KINDS[kind][1].items():
            setattr(self, name, {**value} if isinstance(value, dict) else value)
        self.kind = kind
        self.fleet.call(self.settle())

    async def settle(self):
        """Opens and closes what its kind needs."""
        await self.silence()
        if self.kind == "deaf":
            self.sockets = [self.socket(0)]
            # One connection that is never accepted fills the queue.
            self.sockets.append(self.fleet.enter(
                lambda: socket.create_connection((self.address, self.port))))
        elif self.kind != "refusing":
            if self.tls:
                self.tls.sni_callback = lambda link, name, context: self.asked.append(name)
            self.server = await asyncio.start_server(self.serve, sock=self.socket(128), ssl=self.tls)

    async def silence(self):
        if self.server:
            self.server.close()
        for one in self.sockets:
            one.close()
        self.server, self.sockets = None, []
        for link in [link for link in self.fleet.links if link.mirror is self]:
            link.abort()

    def socket(self, backlog):
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        one = self.fleet.enter(lambda: socket.socket(family, socket.SOCK_STREAM))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A process that another thread is just starting has our former socket until it has become its program.
        end = time.monotonic() + 5
        while True:
            try:
                one.bind((self.address, self.port))
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > end:
                    raise
                time.sleep(0.002)
        one.listen(backlog)
        return one

    async def serve(self, reader, writer):
        link = Link(reader, writer)
        link.mirror = self
        self.fleet.count(link)
        try:
            while True:
                request = Request(await reader.readuntil(b"\r\n\r\n"))
                self.requests.append(request)
                octets = await self.answer(request, link)
                if octets is None:
                    break
                writer.write(octets)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.fleet.links.discard(link)
            writer.close()

    async def answer(self, request, link):
        name = request.path.lstrip("/")
        if name in self.pages:
            return reply(f"{self.pages[name][0]} as told", self.pages[name][1])
        if name == "timestamp":
            return await KINDS[self.kind][0](self, link)
        folder = self.fleet.folder
        if folder and re.fullmatch(r"[\w.-]+", name) and (folder / name).is_file():
            return part((folder / name).read_bytes(), request.range)
        database = name.removesuffix(".cvd")
        if name.endswith(".cvd") and database in self.versions:
            return part(header(self.versions[database]) + b"signatures" * 1000, request.range)
        signature = re.fullmatch(r"(\w+)-(\d+)\.cvd\.sign", name)
        if signature and self.signed and self.versions.get(signature[1]) == int(signature[2]):
            return part(b"#clamsign-1.0\n" + b"signature" * 200, request.range)
        if name == "local_test" and self.versions:
            return reply("200 OK", "here")
        return reply("404 Not Found", "no such file")

    def about(self):
        last = self.requests[-1] if self.requests else None
        return {"host": self.host, "country": self.country, "address": self.address, "port": self.port,
                "kind": self.kind, "age": self.age, "versions": self.versions,
                "requests": len(self.requests),
                "last": last and {"line": last.line, "host": last.host, "agent": last.agent}}


def part(octets, wanted):
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", wanted or "")
    if not match:
        return reply("200 OK", octets)
    first, last = int(match[1]), min(int(match[2]), len(octets) - 1)
    return reply("206 Partial Content", octets[first:last + 1],
                 Content_Range=f"bytes {first}-{last}/{len(octets)}")


class Fleet:
    """Mirrors that one thread serves. `enter` runs a function where sockets are to be made (Namespace.call)."""

    def __init__(self, port=0, block=None, folder=None, enter=lambda work: work()):
        self.mirrors, self.links, self.enter = [], set(), enter
        self.folder = folder and pathlib.Path(folder)
        self.peak = self.host_peak = 0  # most connections at once, in all and to one host name
        self.block = block or f"127.{os.getpid() % 200 + 20}"
        self.port = port or self.free_port()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def free_port(self):
        with self.enter(socket.socket) as one:
            one.bind((f"{self.block}.0.1", 0))
            return one.getsockname()[1]

    def call(self, work):
        """Runs a coroutine in the fleet's thread and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def add(self, kind="good", host=None, country=None, address=None, port=None, tls=None, **listed):
        """A mirror more; `listed` goes into its entry of the list as it is; `tls`: see Mirror."""
        i = len(self.mirrors)
        mirror = Mirror(self, host or f"{kind}-{i}.example", country or COUNTRIES[i % len(COUNTRIES)],
                        address or f"{self.block}.{i // 250}.{i % 250 + 1}", port or self.port)
        mirror.listed, mirror.tls = listed, tls
        mirror.become(kind)
        self.mirrors.append(mirror)
        return mirror

    def fill(self, count, share=0.6):
        """`count` mirrors: this share of good ones, and as many of each other kind."""
        others = itertools.cycle(kind for kind in KINDS if kind != "good")
        bad = count - int(count * share)
        for i in range(count):
            # Mixed evenly, so that no hour of a schedule has them all.
            self.add(next(others) if i * bad // count != (i + 1) * bad // count else "good")

    def find(self, host):
        return next((mirror for mirror in self.mirrors if mirror.host == host), None)

    def count(self, link):
        self.links.add(link)
        open_links = [one for one in self.links if not one.is_gone()]
        self.peak = max(self.peak, len(open_links))
        here = sum(one.mirror.host == link.mirror.host for one in open_links)
        self.host_peak = max(self.host_peak, here)

    def list_text(self):
        """The list of mirrors as people keep it."""
        entries = {}
        for mirror in self.mirrors:
            entry = entries.setdefault(mirror.host, {"host": mirror.host, "country": mirror.country,
                                                     "port": mirror.port, **mirror.listed})
            family = f"ipv{ipaddress.ip_address(mirror.address).version}"
            entry.setdefault(family, []).append(mirror.address)
        return json.dumps({"mirrors": list(entries.values())}, indent=1) + "\n"

    def close(self):
        try:
            self.call(self.stop())
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
            self.loop.close()

    async def stop(self):
        for mirror in self.mirrors:
            await mirror.silence()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def seconds(text):
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not match:
        raise ValueError(f"{text!r} is no time; expected a number and s, m, h or d")
    return float(match[1]) * UNITS[match[2]]


def obey(fleet, line):
    """One line of control; returns what to print."""
    words = line.split()
    if words == ["kinds"]:
        return " ".join(KINDS)
    mirror = fleet.find(words[0]) if words else None
    if not mirror:
        return f"there is no mirror {words[0]}" if words else ""
    try:
        if len(words) == 2:
            mirror.become(words[1])
        elif len(words) == 3 and words[1] == "age":
            mirror.age = seconds(words[2])
        elif len(words) == 3 and words[1] in DATABASES:
            mirror.versions[words[1]] = int(words[2])
        elif len(words) != 1:
            return "expected HOST, HOST KIND, HOST age TIME or HOST DATABASE VERSION"
    except ValueError as error:
        return str(error)
    return json.dumps(mirror.about())


def listen(fleet, path):
    """Serves the control socket, one line for a connection, until the program ends."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def serve():
        while True:
            connection = server.accept()[0]
            with connection, connection.makefile("rw") as file:
                print(obey(fleet, file.readline()), file=file)

    threading.Thread(target=serve, daemon=True).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mirrors", type=int, default=12, help="how many (12)")
    parser.add_argument("--kinds", default="good", help="as in good,good,slow: taken in turn; `mixed`: all there are")
    parser.add_argument("--port", type=int, default=0, help="of all of them; else a free one")
    parser.add_argument("--block", default="127.77", help="their addresses are BLOCK.0.1 and so on (127.77)")
    parser.add_argument("--folder", help="files that all of them serve")
    parser.add_argument("--list", help="where the list of mirrors is written; else it is printed")
    parser.add_argument("--control", help="a socket that takes the same lines as standard input")
    options = parser.parse_args()
    with Fleet(options.port, options.block, options.folder) as fleet:
        if options.kinds == "mixed":
            fleet.fill(options.mirrors)
        else:
            kinds = itertools.cycle(options.kinds.split(","))
            for i in range(options.mirrors):
                fleet.add(next(kinds), host=f"mirror{i + 1}.example")
        if options.list:
            pathlib.Path(options.list).write_text(fleet.list_text())
        else:
            print(fleet.list_text())
        if options.control:
            listen(fleet, options.control)
        try:
            for line in sys.stdin:
                print(obey(fleet, line), flush=True)
        except KeyboardInterrupt:
            pass
    if options.control:
        os.unlink(options.control)


if __name__ == "__main__":
    main()
