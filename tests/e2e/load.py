"""A bounded load on one server: asks until its standard input ends, then prints what it counted.

Each answer must come from one export: every address of version V is 10.V.n.1 or 2001:db8:V::n."""

import json
import select
import socket
import struct
import sys
import time

import packet

QUESTIONS = [
    ("db.de", "A"), ("db.de", "AAAA"), ("db.local", "A"), ("database", "A"), ("db.fr.big", "A")]
SOCKETS, OUTSTANDING, LOST_AFTER = 4, 8, 5.0


def versions(message):
    """The versions that an answer's addresses are of."""
    found = set()
    for address in packet.addresses(message):
        found.add(int(address.split(":")[2], 16) if ":" in address else int(address.split(".")[1]))
    return found


class Load:
    def __init__(self, port):
        self.counts = {"sent": 0, "answered": 0, "lost": 0, "mixed": 0, "bad": 0, "versions": 0}
        self.seen = set()
        self.waiting = {}
        self.number = 0
        self.sockets = []
        for _ in range(SOCKETS):
            connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            connection.connect(("127.0.0.1", port))
            connection.setblocking(False)
            self.sockets.append(connection)
        connection = socket.create_connection(("127.0.0.1", port), timeout=LOST_AFTER)
        self.stream = packet.Stream(connection)

    def send(self, connection):
        self.number = (self.number + 1) % 65536
        if (connection, self.number) in self.waiting:
            return
        name, kind = QUESTIONS[self.number % len(QUESTIONS)]
        asked = packet.question(name, kind)
        connection.send(packet.query(asked, packet.opt(), number=self.number))
        self.waiting[connection, self.number] = time.monotonic()
        self.counts["sent"] += 1

    def judge(self, octets):
        message = packet.parse(octets)
        found = versions(message)
        self.counts["mixed"] += len(found) > 1
        self.counts["bad"] += message.rcode() != 0 or not found
        self.counts["answered"] += 1
        self.seen |= found

    def receive(self, connection):
        while True:
            try:
                octets = connection.recv(65535)
            except BlockingIOError:
                return
            if self.waiting.pop((connection, struct.unpack("!H", octets[:2])[0]), None):
                self.judge(octets)

    def ask_tcp(self):
        self.counts["sent"] += 1
        self.stream.send_frame(packet.query(packet.question("db.de.big")))
        octets = self.stream.receive()
        if octets is None:
            self.counts["lost"] += 1
        else:
            self.judge(octets)

    def expire(self, now):
        late = [key for key, since in self.waiting.items() if now - since > LOST_AFTER]
        for key in late:
            del self.waiting[key]
        self.counts["lost"] += len(late)

    def run(self):
        ended, turn = False, 0
        while not ended or self.waiting:
            ended = ended or bool(select.select([sys.stdin], [], [], 0)[0])
            for connection in self.sockets:
                outstanding = sum(key[0] is connection for key in self.waiting)
                for _ in range(0 if ended else OUTSTANDING - outstanding):
                    self.send(connection)
            if not ended and turn % 20 == 0:
                self.ask_tcp()
            turn += 1
            for connection in select.select(self.sockets, [], [], 0.05)[0]:
                self.receive(connection)
            self.expire(time.monotonic())
        self.counts["versions"] = len(self.seen)
        return self.counts


if __name__ == "__main__":
    load = Load(int(sys.argv[1]))
    print("ready", flush=True)
    print(json.dumps(load.run()))
