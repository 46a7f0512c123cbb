"""A certificate authority of a test's own, by the openssl command: certificates for names, ended and not begun ones too."""

import pathlib
import shutil
import ssl
import subprocess
import time

import pytest

CONFIG = """
[ca]
default_ca = ours
[ours]
database = {root}/index
serial = {root}/serial
new_certs_dir = {root}
certificate = {root}/ca.pem
private_key = {root}/ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""
DAY = 86400


class Authority:
    def __init__(self, root):
        if not shutil.which("openssl"):
            pytest.skip("the openssl command is not there: not run")
        self.root, self.made = pathlib.Path(root), 0
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "ca.conf").write_text(CONFIG.format(root=self.root))
        (self.root / "index").write_text("")
        (self.root / "serial").write_text("01\n")
        self.file = self.root / "ca.pem"
        self.openssl("req", "-x509", *self.key("ca.key"), "-subj", "/CN=A test's authority", "-days", "30", "-out", "ca.pem")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.root, check=True, capture_output=True, timeout=30)

    @staticmethod
    def key(name):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name

    def issue(self, *names, days=60, since=-1):
        """A server's ssl.SSLContext with a certificate for these names, which ends in so many days."""
        self.made += 1
        name = f"server{self.made}"
        self.openssl("req", "-new", *self.key(f"{name}.key"), "-subj", "/CN=a mirror", "-out", f"{name}.csr",
                     "-addext", "subjectAltName=" + ",".join(f"DNS:{one}" for one in names))
        begin, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + at * DAY)) for at in (since, days))
        self.openssl("ca", "-batch", "-notext", "-config", "ca.conf", "-startdate", begin, "-enddate", end,
                     "-in", f"{name}.csr", "-out", f"{name}.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.root / f"{name}.pem", self.root / f"{name}.key")
        return context
