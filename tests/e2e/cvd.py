"""Databases that are headers alone, and mirrorns-cvd run over them."""

import os
import pathlib
import signal
import subprocess
import time

from world import DEADLINE, SANITIZER, die_with_parent, eventually

FILES = {"main.cvd": 63, "daily.cvd": 28034, "bytecode.cvd": 339}


def header(version, flevel=90):
    """A database's header: date, version, signatures, functionality level, MD5, signature, builder, time."""
    text = f"ClamAV-VDB:14 May 2026 09-57 -0400:{version}:100:{flevel}:{'X' * 32}:X:builder:1781708400"
    return text.ljust(512).encode()


class Cvd:
    """A directory of databases `db` in `root`, and the program over it."""

    def __init__(self, root, program):
        self.root = root
        self.program = str(pathlib.Path(program).resolve().with_name("mirrorns-cvd"))
        self.process = None
        self.stderr = root / "stderr.log"
        (root / "db").mkdir()
        for name, version in FILES.items():
            self.put(name, version)

    def put(self, name, version, flevel=90):
        """A database is replaced by rename(2), as freshclam does."""
        (self.root / "new").write_bytes(header(version, flevel))
        os.rename(self.root / "new", self.root / "db" / name)

    def string(self, *fields, age=100, name="dns.txt"):
        """Writes the string of before; its fields but for the time."""
        values = list(map(str, fields or ("1.0.9", 63, 28034, 1, 90, 49192, 339)))
        values.insert(3, str(int(time.time() - age)))
        (self.root / name).write_text(":".join(values) + "\n")
        return (self.root / name).read_text()

    def fields(self, name="dns.txt"):
        """As clients read it: separators in a row are one, so an empty field would shift the others."""
        text = (self.root / name).read_text()
        assert text.endswith("\n") and text.count("\n") == 1 and len(text) <= 256, text
        assert "::" not in text
        return [field for field in text.rstrip("\n").split(":") if field]

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if k != "JOURNAL_STREAM"}
        return {**kept, "LC_ALL": "C.UTF-8", "UBSAN_OPTIONS": "print_stacktrace=1",
                "http_proxy": "http://192.0.2.1:9", "ALL_PROXY": "http://192.0.2.1:9"}

    def run(self, *words, status=0, prefix=(), timeout=DEADLINE, program=None):
        """Runs it to its end: (standard output, the sentences)."""
        done = subprocess.run([*prefix, program or self.program, *map(str, words)], cwd=self.root,
                              capture_output=True, text=True, env=self.environment(),
                              timeout=timeout, stdin=subprocess.DEVNULL)
        assert not SANITIZER.search(done.stderr), done.stderr
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done.stdout, done.stderr

    def refused(self, *words, status=1, **how):
        """It fails with exactly one sentence, which is returned, and writes nothing."""
        before = self.seen()
        output, said = self.run(*words, status=status, **how)
        assert said.startswith("mirrorns-cvd: ") and said.count("\n") == 1 and not output, said
        assert self.seen() == before
        return said[len("mirrorns-cvd: "):-1]

    def seen(self):
        """What refusals must leave alone: every file but the databases."""
        return {path.name: path.read_bytes() for path in self.root.iterdir()
                if path.is_file() and path != self.stderr}

    # --- --watch ---------------------------------------------------------------------------

    def start(self, *words, prefix=(), before=die_with_parent):
        with open(self.stderr, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, self.program, *map(str, words)], cwd=self.root, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self.environment(), preexec_fn=before)

    def log(self):
        return self.stderr.read_text(errors="replace")

    def wait_log(self, text, count=1):
        eventually(lambda: self.log().count(text) >= count or self.process.poll() is not None,
                   lambda: f"\"{text}\" {count} times; the log: {self.log()}")
        assert self.process.poll() is None, self.log()

    def wait_field(self, index, value, name="dns.txt"):
        eventually(lambda: self.process.poll() is not None or
                   (self.root / name).exists() and self.fields(name)[index] == str(value),
                   lambda: f"field {index} is {value}; the log: {self.log()}")
        assert self.process.poll() is None, self.log()

    def stop(self, number=signal.SIGTERM, status=0):
        process, self.process = self.process, None
        process.send_signal(number)
        try:
            found = process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"did not end on {number}: {self.log()}") from None
        assert not SANITIZER.search(self.log()), self.log()
        assert found == status, (found, self.log())

    def close(self):
        if self.process:
            self.stop()
