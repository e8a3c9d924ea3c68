"""A checkpoint of 96 MiB against `torch.save` of the same state: CPU time and memory, each in its own process.

A model of 32 MiB whose AdamW has both of its moments is written whole, as a training writes it: safetensors, sums over
all bytes, fsync, manifest, rename. `torch.save` writes the same state dicts to one file and syncs nothing. Contenders
take turns in processes of their own; the ratio is the median of the rounds' ratios. What a write holds is the most that
the process held meanwhile above what it held before; `torch.save` of a copy shows that a copy would be seen.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from machine import RESULTS, write_result
from torch import nn

from kilter.engine.seeding import random_state
from kilter.training.checkpoints import at_step, save

BAR = 1.5  # times the CPU time of torch.save
COPY = 16 * 2**20  # bytes that a write may hold beside the state; a copy of one layer would be half of them
LAYERS, WIDTH = 8, 1024  # of 4 MiB each
CONTENDERS = ("torch.save", "torch.save of a copy", "kilter", "kilter, weights alone")


def trained() -> tuple[nn.Module, torch.optim.Optimizer]:
    """A model of 32 MiB and an optimizer with two moments of each of its weights."""
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(LAYERS)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    model(torch.randn(4, WIDTH)).pow(2).mean().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return model, optimizer


def write(contender: str, folder: Path, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """One checkpoint."""
    if contender.startswith("kilter"):
        content = "weights" if "alone" in contender else "full"
        save(
            folder,
            step=step,
            best=None,
            model=model,
            optimizer=optimizer,
            random=random_state(),
            content=content,  # type: ignore[arg-type]
        )
        return
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(deepcopy(state) if "copy" in contender else state, folder / f"{step}.pt")


def memory(name: str) -> int:
    """What this process holds now (`VmRSS`), or has held at most since `forget` (`VmHWM`), in bytes; Linux only."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def forget() -> None:
    """Begin anew with the most that was held."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def measure(contender: str, folder: Path, writes: int) -> dict[str, float]:
    """CPU and wall seconds of a write, the fastest of some, and the memory that all of them took beside the state."""
    torch.set_num_threads(1)
    model, optimizer = trained()
    forget()
    before = memory("VmRSS")
    cpu: list[float] = []
    wall: list[float] = []
    for step in range(writes):
        began, at = time.process_time(), time.perf_counter()
        write(contender, folder, step, model, optimizer)
        cpu.append(time.process_time() - began)
        wall.append(time.perf_counter() - at)
    held = memory("VmHWM") - before
    if contender == "kilter":
        kept = at_step(folder, writes - 1).weights()  # what is quick must be right, too
        assert all(torch.equal(kept[name], tensor) for name, tensor in model.state_dict().items())
    return {"cpu": min(cpu), "wall": min(wall), "held": held}


def in_a_process(contender: str, writes: int) -> dict[str, float]:
    """The same, of a process that does nothing else."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--contender", contender, "--folder", folder, "--writes", str(writes)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    numbers: dict[str, float] = json.loads(said)
    return numbers


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--writes", type=int, default=4, help="of a process; the fastest counts")
    parser.add_argument("--contender", choices=CONTENDERS, help="measure this one here, and print it as JSON")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--out", type=Path, default=RESULTS / "checkpoint.json")
    options = parser.parse_args()
    if options.contender:
        print(json.dumps(measure(options.contender, options.folder, options.writes)))
        return
    rounds = []
    for turn in range(options.rounds):
        order = CONTENDERS if turn % 2 else CONTENDERS[::-1]
        rounds.append({contender: in_a_process(contender, options.writes) for contender in order})
    print(f"{'':24}{'CPU ms':>8}{'times':>8}{'wall ms':>9}{'held beside MiB':>17}")
    rows = []
    for contender in CONTENDERS:
        ratios = [each[contender]["cpu"] / each["torch.save"]["cpu"] for each in rounds]
        row = {
            "contender": contender,
            "cpu_ms": 1e3 * statistics.median(each[contender]["cpu"] for each in rounds),
            "ratio": statistics.median(ratios),
            "ratios": ratios,
            "wall_ms": 1e3 * statistics.median(each[contender]["wall"] for each in rounds),
            "held_mib": statistics.median(each[contender]["held"] for each in rounds) / 2**20,
        }
        rows.append(row)
        print(f"{contender:24}{row['cpu_ms']:>8.0f}{row['ratio']:>8.2f}{row['wall_ms']:>9.0f}{row['held_mib']:>17.1f}")
    ours = next(row for row in rows if row["contender"] == "kilter")
    met = ours["ratio"] <= BAR and ours["held_mib"] * 2**20 <= COPY
    print(f"bar: at most {BAR} × torch.save, no extra copy in memory; {'met' if met else 'MISSED'}")
    write_result(
        options.out,
        "checkpoint",
        rows,
        versions=("torch", "safetensors"),
        bytes=3 * LAYERS * WIDTH * WIDTH * 4,
        rounds=options.rounds,
        threads=1,
        bar=BAR,
        bar_met=met,
    )
    raise SystemExit(not met)


if __name__ == "__main__":
    main()
