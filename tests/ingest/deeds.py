"""A confined child that misbehaves as its request says: `python -m tests.ingest.deeds`."""

import json
import os
import resource
import signal
import sys


def main() -> None:
    deed = json.loads(sys.stdin.readline())["deed"]
    if deed == "spin":
        resource.setrlimit(resource.RLIMIT_CPU, (1, 5))
        while True:
            pass
    if deed == "full":
        sys.stdout.write(json.dumps({"error": {"kind": "DiskFull"}}) + "\n")
    elif deed == "stumble":
        raise ValueError("over its own feet")
    else:
        os.kill(os.getpid(), signal.Signals[deed])


if __name__ == "__main__":
    main()
