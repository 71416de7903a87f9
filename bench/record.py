"""What every benchmark does at its end: print its figures and keep them with the machine's name."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def record(name: str, figures: dict[str, Any]) -> None:
    """Write `results/<name>.json` and print it."""
    RESULTS.mkdir(exist_ok=True)
    document = {
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "machine": {
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "load_at_end": round(os.getloadavg()[0], 1),
        },
        **figures,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    print(text)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
