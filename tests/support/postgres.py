"""A PostgreSQL server of the test's own: Debian's programs, a socket in a temporary folder, no network."""

import getpass
import os
import pwd
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

NEEDED = "this test needs PostgreSQL's server programs: install Debian's package 'postgresql'"


def programs():
    """The folder of initdb and pg_ctl, or an AssertionError that names the package."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    assert folders, NEEDED
    assert (folders[0] / "pg_ctl").exists(), NEEDED
    return folders[0]


@contextmanager
def server(folder, password):
    """A running server, its socket in `folder`; yields (folder of the socket, name of the superuser)."""
    bin_ = programs()
    account = pwd.getpwnam("postgres" if os.getuid() == 0 else getpass.getuser())  # the server refuses to run as root
    folder.mkdir(mode=0o755)
    os.chown(folder, account.pw_uid, account.pw_gid)

    def run(*words):
        done = (
            subprocess.run(
                words,
                user=account.pw_uid,
                group=account.pw_gid,
                extra_groups=[],
                cwd=folder,
                capture_output=True,
                text=True,
            )
            if os.getuid() == 0
            else subprocess.run(words, cwd=folder, capture_output=True, text=True)
        )
        assert done.returncode == 0, done.stderr + done.stdout

    secret = folder / "secret"
    secret.write_text(password)
    os.chown(secret, account.pw_uid, account.pw_gid)
    data = str(folder / "data")
    run(str(bin_ / "initdb"), "-D", data, "-U", "owner", "-E", "UTF8", "--locale=C", "-A", "scram-sha-256",
        f"--pwfile={secret}", "--no-sync")  # fmt: skip
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c timezone=Asia/Shanghai"
    run(str(bin_ / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield folder, "owner"
    finally:
        run(str(bin_ / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
