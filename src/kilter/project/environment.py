"""What a run happened in: command, versions, seeds, git state, machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

PACKAGES: Final = ("kilter", "torch", "numpy", "scipy", "scikit-learn", "pyarrow", "pydantic", "safetensors")


def environment(
    *,
    folder: Path,
    command: Sequence[str] | None = None,
    seeds: Mapping[str, int] | None = None,
    data: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """All that is needed to say later what was run, and on what, as JSON.

    Environment variables are not recorded but for those that decide how many threads count: others may be secret.

    Args:
        folder: whose git state is told, the project's.
        command: as it was typed; None takes this process's.
        seeds: every seed by what it decides.
        data: fingerprints by split.
    """
    return {
        "command": list(sys.argv if command is None else command),
        "began": datetime.now().astimezone().isoformat(timespec="seconds"),
        "working_directory": str(Path.cwd()),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "seeds": dict(seeds or {}),
        "git": git_state(folder),
        "machine": machine(),
        "data": dict(data or {}),
    }


def machine() -> dict[str, object]:
    """The processor, memory, threads and accelerators that this process may use."""
    import torch

    cuda = torch.cuda.is_available()
    return {
        "system": platform.platform(),
        "architecture": platform.machine(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": _memory(),
        "torch_threads": torch.get_num_threads(),
        "thread_variables": {
            name: os.environ[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if name in os.environ
        },
        "accelerators": [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        if cuda
        else [],
    }


def git_state(folder: Path) -> dict[str, object] | None:
    """Commit, branch and changed files of the repository around a folder; None where there is none."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = (_git(folder, "status", "--porcelain") or "").splitlines()
    return {"commit": commit, "branch": _git(folder, "rev-parse", "--abbrev-ref", "HEAD"), "changed": changed[:100]}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the person's own git
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.rstrip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
