"""What all benchmarks share: figures on disk with their machine and date."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def write_result(
    path: Path, name: str, rows: Iterable[Mapping[str, object]], *, versions: Iterable[str] = (), **facts: object
) -> None:
    """Write a benchmark's figures as JSON.

    Args:
        path: of the file; its folder is made.
        name: of the benchmark.
        rows: of its table.
        versions: packages whose versions matter, beside Python's.
        facts: what else must be known to read the rows: sizes, seeds, the bar and whether it is met.
    """
    document = {
        "benchmark": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": platform.platform(),
            "processor": processor(),
            "cpus": os.cpu_count(),
            "load_average": [round(load, 1) for load in os.getloadavg()],
        },
        "versions": {"python": platform.python_version()} | {package: version(package) for package in versions},
        **facts,
        "rows": list(rows),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def processor() -> str:
    """The processor's name, where the system tells it."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        names = [line.split(":", 1)[1].strip() for line in listing.read_text().splitlines() if "model name" in line]
        return names[0] if names else platform.machine()
    return platform.processor() or platform.machine()
