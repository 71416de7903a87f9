"""`make demo`: take the demonstration in, then serve it and say where and what to ask."""

import argparse
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUESTIONS = (
    "why do models with too many parameters not overfit?",
    "can a network learn labels that were chosen at random?",
    "how is the norm of the solution related to the effective rank?",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    if _is_taken(port):
        print(f"port {port} is in use; choose another: make demo PORT={port + 1}", file=sys.stderr)
        return 1
    seminar = Path(sys.executable).with_name("seminar")
    if not _everything_is_there(seminar):
        command = [seminar, "add", "--manifest", HERE / "manifest.yaml", "--wait"]
        status = subprocess.run(command, check=False).returncode
        if status:
            return status
    quiet = {"SEMINAR_LOG_LEVEL": "warning", **os.environ}  # a demonstration is not a log
    server = subprocess.Popen([seminar, "serve", "--port", str(port)], env=quiet)
    threading.Thread(target=_announce, args=(server, port), daemon=True).start()
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        return server.wait()


def _is_taken(port: int) -> bool:
    """Whether another program answers at the port, before anything else is done."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _everything_is_there(seminar: Path) -> bool:
    """Whether all that the manifest lists is done, so that a second run starts at once."""
    from ingest.manifest import read_manifest

    answer = subprocess.run(
        [seminar, "jobs", "list", "--all", "--json"], check=False, capture_output=True, text=True
    )
    if answer.returncode:
        return False
    done = {job["file"] for job in json.loads(answer.stdout)["jobs"] if job["state"] == "done"}
    return {entry.path.name for entry in read_manifest(HERE / "manifest.yaml")} <= done


def _announce(server: "subprocess.Popen[bytes]", port: int) -> None:
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).close()
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    else:
        return
    print(f"\nThe archive is at http://127.0.0.1:{port}/ (Ctrl-C stops it).  Ask it, for example:")
    for question in QUESTIONS:
        print(f"  {question}")
    sys.stdout.flush()


if __name__ == "__main__":
    os.environ.setdefault("SEMINAR_DATA_DIR", "./data")
    sys.exit(main())
