"""A real browser without a window, and a web server for one folder; both on 127.0.0.1."""

import functools
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import threading

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--hide-scrollbars")
AXE = "axe-core@4.14.1"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server:
    """Serves a folder as any web server would."""

    def __init__(self, folder):
        self.http = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,))
        self.thread.start()
        self.root = f"http://127.0.0.1:{self.http.server_port}/"

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


class Browser:
    """One tab; what it asks the network for and what its console says is kept."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="mirrorns-browser-")
        options = webdriver.ChromeOptions()
        for flag in FLAGS + (f"--user-data-dir={self.profile}",):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver", log_path=os.devnull),
                                       options=options)
        self.run = self.driver.execute_script
        self.view(1280)

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def view(self, width, scheme="light", script=True, motion="reduce"):
        """The window's width and what the user prefers, from the next page on."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                     mobile=False)
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion}])
        self.command("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, address):
        self.driver.get(address)

    def requests(self):
        """The addresses that were asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]

    def console(self):
        """What the console has got since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)


def axe_source():
    """axe-core's script from npm, kept in build/; None: npm cannot be reached."""
    kept = PROJECT / "build" / "npm" / (AXE + ".js")
    if kept.exists():
        return kept.read_text()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        command = ["npm", "pack", "--silent", "--pack-destination", scratch, AXE]
        try:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
        except (OSError, subprocess.SubprocessError):
            return None
        (packed,) = pathlib.Path(scratch).iterdir()
        with tarfile.open(packed) as archive:
            fresh = pathlib.Path(scratch) / "axe.js"
            fresh.write_bytes(archive.extractfile("package/axe.min.js").read())
        fresh.replace(kept)
    return kept.read_text()
