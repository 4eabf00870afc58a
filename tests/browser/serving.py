"""A lesson's own server, on this machine alone."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dimfree

ROOT = Path(dimfree.__file__).parent
PATIENCE = 60  # seconds until the server answers; it takes about three


@contextmanager
def served(lesson: Path, home: Path) -> Iterator[str]:
    """The lesson's address, as long as it is served; settings are kept in `home`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "marimo", "--yes", "run", str(lesson)]
    command += ["--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "MARIMO_SKIP_UPDATE_CHECK": "1", "XDG_CONFIG_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and server.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=1) as answer:
                if answer.status == 200:
                    break
            time.sleep(0.2)
        assert server.poll() is None, "the lesson's server ended"
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)
