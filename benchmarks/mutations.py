"""Random one-line mutations of healthy programs that make their result worse: how many does the doctor detect?

Each healthy program of `mutable.py` is trained over some seeds. A line of its text is then changed at random: deleted,
swapped with the next, a number or operator or dimension or loss or activation or optimizer replaced, a call dropped, a
tensor detached, transposed or shifted. What still runs is trained from the same seeds; it counts if every pair differs
in the same direction and the mean difference is beyond the noise of the healthy program. The doctor then sees the
mutated program as a person would hand it over, and nothing else: quick, then with trainings, then with a rehearsal, as
far as it takes. What makes the metric better is listed apart: a doctor
may be silent on a lucky change.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import signal
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, final

import torch
from machine import RESULTS, write_result
from mutable import PREFACE, SOURCES, Source

from kilter.checks.program.probe import Effort
from kilter.engine.programs import make, train_step
from kilter.project.front import check
from kilter.values.finding import Severity
from kilter.values.pipeline import Pipeline
from kilter.values.program import Program

BAR = 0.70
STAGES = ("quick", "full", "rehearsed")
"""Of what was examined, each as far as the one before said nothing."""
SEEDS = (0, 1, 2)
LONGEST = 6.0  # CPU seconds of one training; what takes longer is left out
DOCTORS_LONGEST = 60.0  # CPU seconds of one examination

Lines = list[str]
Mutator = Callable[[Lines, int, random.Random], Lines | None]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One mutation: what was changed, what it cost, what the doctor said."""

    program: str
    kind: str
    before: str
    after: str
    healthy: float
    mutated: float
    worse: bool
    quick: tuple[str, ...]
    full: tuple[str, ...] | None
    rehearsed: tuple[str, ...] | None
    quick_seconds: float
    full_seconds: float

    @property
    def said(self) -> tuple[str, ...]:
        """What the first examination that said anything has said."""
        return self.quick or self.full or self.rehearsed or ()


def main() -> None:
    """Mutate, measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="mutations that make the result worse")
    parser.add_argument("--short", action="store_true", help="24 of them")
    parser.add_argument("--quick-only", action="store_true", help="leave the longer examinations out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "mutations.json")
    parser.add_argument("--show", action="store_true", help="each mutation as it is judged")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # mutated code warns of broadcasting and much else: none of it is asked for here
    wanted = 24 if options.short else options.count
    rows: list[Row] = []
    tried: Counter[str] = Counter()
    for row in mutations(random.Random(options.seed), tried, quick_only=options.quick_only):
        rows.append(row)
        if options.show:
            said = row.said or ("-",)
            mark = "  " if not row.worse else "ok" if row.said else "XX"
            fell = f"{row.healthy:7.3f} → {row.mutated:7.3f}"
            print(f"{mark} {row.program:12}{row.kind:12}{fell}  {row.after.strip()[:70]:72}{said[0]}", flush=True)
        if sum(row.worse for row in rows) >= wanted:
            break
    report(rows, tried, options)


def mutations(draw: random.Random, tried: Counter[str], *, quick_only: bool) -> Iterator[Row]:
    """Mutations that run and change the result beyond noise, one after another, without end."""
    healthy = {source.name: trained(source, source.text.split("\n")) for source in SOURCES}
    seen: set[tuple[str, str]] = set()
    while True:
        source = draw.choice(SOURCES)
        lines = source.text.split("\n")
        at = draw.randrange(len(lines))
        kind = draw.choice(tuple(KINDS))
        mutated = KINDS[kind](lines, at, draw) if lines[at].strip() else None
        if mutated is None or mutated == lines or (source.name, "\n".join(mutated)) in seen:
            continue
        seen.add((source.name, "\n".join(mutated)))
        tried["changed"] += 1
        metrics = trained(source, mutated)
        known = healthy[source.name]
        if metrics is None or known is None:
            tried["do not run"] += 1
            continue
        differences = [own - other for own, other in zip(known, metrics, strict=True)]
        noise = 3 * statistics.stdev(known) / math.sqrt(len(known)) + 0.01
        alike = all(d > 0 for d in differences) or all(d < 0 for d in differences)
        numbers = all(math.isfinite(d) for d in differences)
        if numbers and (not alike or abs(statistics.mean(differences)) < noise):
            tried["change nothing beyond noise"] += 1
            continue
        program = as_program(source, mutated)
        if program is None:
            continue
        quick, quick_seconds = examined(program, Effort.QUICK)
        full, full_seconds = (None, 0.0) if quick_only or quick else examined(program, Effort.FULL)
        rehearsed = None if quick_only or quick or full else examined(program, Effort.QUICK, rehearse=True)[0]
        changed = next(number for number, line in enumerate([*mutated, ""]) if [*lines, ""][number] != line)
        yield Row(
            program=source.name,
            kind=kind,
            before=lines[changed],
            after=[*mutated, ""][changed],
            healthy=statistics.mean(known),
            mutated=statistics.mean(metrics) if numbers else math.inf,
            worse=not numbers or statistics.mean(differences) > 0,
            quick=quick,
            full=full,
            rehearsed=rehearsed,
            quick_seconds=quick_seconds,
            full_seconds=full_seconds,
        )


def examined(program: Program, effort: Effort, *, rehearse: bool = False) -> tuple[tuple[str, ...], float]:
    """What the doctor says above a note, an error of the person's code left out, and its CPU seconds."""
    before = time.process_time()
    try:
        with limited(DOCTORS_LONGEST):
            found = check(program, effort=effort, rehearse=rehearse).findings
    except TookTooLong:
        found = ()
    except Exception as error:  # noqa: BLE001 - a mistake of the doctor's own: nothing is detected, and it is told
        print(f"the doctor died: {type(error).__name__}: {error}", flush=True)
        found = ()
    said = tuple(
        f"{finding.code} {finding.name}: {', '.join(finding.causes[:3])}"
        for finding in found
        if finding.severity > Severity.NOTE and finding.code != "P100"
    )
    return said, time.process_time() - before


def as_program(source: Source, lines: Lines) -> Program | None:
    """The text as a person hands it over; None if it is no program."""
    names: dict[str, Any] = {}
    try:
        exec(compile(PREFACE + "\n".join(lines), source.name, "exec"), names)
        return Pipeline.from_loop(
            names["make"],
            step=names["step"],
            validate=names["validate"],
            task=source.task,
            classes=source.classes,
            epochs=names["EPOCHS"],
        )
    except Exception:  # noqa: BLE001 - what a mutation makes of a text may raise anything
        return None


def trained(source: Source, lines: Lines) -> list[float] | None:
    """The last validation metric from each seed; None if the text does not run, or runs too long."""
    program = as_program(source, lines)
    if program is None:
        return None
    metrics = []
    for seed in SEEDS:
        try:
            with limited(LONGEST):
                metrics.append(final_metric(program, seed))
        except (Exception, TookTooLong):  # noqa: BLE001 - what a mutation makes of a text may raise anything
            return None
    return metrics


def final_metric(program: Program, seed: int) -> float:
    """Train as the text says; the metric after the last epoch."""
    made = make(program, seed)
    assert program.epochs
    assert program.validate
    assert made.valid is not None
    metric = math.nan
    for _ in range(program.epochs):
        made.model.train()
        for batch in made.train:
            train_step(program, made, batch)
        metric = float(program.validate(made.model, made.loss_fn, made.valid)[1])
    return metric


class TookTooLong(BaseException):
    """No Exception, so that no handler of the program's swallows it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Inside, TookTooLong is raised when so much CPU time was used."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# --- kinds of mutation: (lines, place, random) to the changed lines, or None where the kind does not apply


def _with(lines: Lines, at: int, line: str) -> Lines | None:
    return None if line == lines[at] else [*lines[:at], line, *lines[at + 1 :]]


def _exchanged(pairs: tuple[tuple[str, str], ...]) -> Mutator:
    """One of the words that stand in the line becomes its partner."""

    def mutate(lines: Lines, at: int, draw: random.Random) -> Lines | None:
        here = [(old, new) for old, new in pairs if old in lines[at]]
        if not here:
            return None
        old, new = draw.choice(here)
        places = [found.start() for found in re.finditer(re.escape(old), lines[at])]
        place = draw.choice(places)
        return _with(lines, at, lines[at][:place] + new + lines[at][place + len(old) :])

    return mutate


def _delete(lines: Lines, at: int, draw: random.Random) -> Lines | None:
    return [*lines[:at], *lines[at + 1 :]]


def _swap(lines: Lines, at: int, draw: random.Random) -> Lines | None:
    return None if at + 1 >= len(lines) else [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def _number(lines: Lines, at: int, draw: random.Random) -> Lines | None:
    found = list(re.finditer(r"(?<![\w.])\d+(\.\d+)?(?![\w.])", lines[at]))
    if not found:
        return None
    number = draw.choice(found)
    factor = draw.choice((10, 0.1, 100, -1))
    value = float(number[0]) * factor
    text = repr(value) if "." in number[0] else str(round(value) if abs(value) >= 1 or not value else 1)
    return _with(lines, at, lines[at][: number.start()] + text + lines[at][number.end() :])


def _insert(pattern: str, extras: tuple[str, ...]) -> Mutator:
    """Something is added after one of the places where the pattern ends."""

    def mutate(lines: Lines, at: int, draw: random.Random) -> Lines | None:
        places = [found.end() for found in re.finditer(pattern, lines[at])]
        if not places:
            return None
        place = draw.choice(places)
        return _with(lines, at, lines[at][:place] + draw.choice(extras) + lines[at][place:])

    return mutate


OPERATORS = (
    (" + ", " - "),
    (" - ", " + "),
    (" * ", " / "),
    (" / ", " * "),
    (" > ", " < "),
    (" < ", " > "),
    (" == ", " != "),
)
DIMENSIONS = (
    ("dim=1", "dim=0"),
    ("dim=-1", "dim=0"),
    ("dim=0", "dim=1"),
    ("squeeze(1)", "unsqueeze(1)"),
    ("[:, -1]", "[:, 0]"),
    ("[:, -1]", "[-1]"),
    ("batch_first=True", "batch_first=False"),
    ("reshape(-1, 12)", "reshape(12, -1).T"),
    ("(1)", "(0)"),
)
LOSSES = (
    ("CrossEntropyLoss", "NLLLoss"),
    ("CrossEntropyLoss", "MultiMarginLoss"),
    ("MSELoss", "L1Loss"),
    ("BCEWithLogitsLoss", "BCELoss"),
    ("BCEWithLogitsLoss", "MSELoss"),
    ("BCEWithLogitsLoss", "L1Loss"),
    ("SmoothL1Loss()", "MSELoss(reduction='sum')"),
    ("MSELoss()", "MSELoss(reduction='sum')"),
    ("CrossEntropyLoss()", "CrossEntropyLoss(ignore_index=0)"),
    ("CrossEntropyLoss()", "CrossEntropyLoss(reduction='sum')"),
    ("CrossEntropyLoss()", "CrossEntropyLoss(label_smoothing=0.9)"),
)
ACTIVATIONS = (
    ("nn.ReLU()", "nn.Sigmoid()"),
    ("nn.ReLU()", "nn.Identity()"),
    ("nn.ReLU()", "nn.Softmax(-1)"),
    ("torch.relu", "torch.sign"),
    ("torch.relu", "torch.sigmoid"),
    ("torch.relu", "torch.zeros_like"),
    ("return self.out(", "return nn.Sequential(self.out, nn.Softmax(-1))("),
    ("return self.out(", "return nn.Sequential(self.out, nn.ReLU())("),
)
OPTIMIZERS = (
    ("optim.Adam(", "optim.SGD("),
    ("optim.AdamW(", "optim.SGD("),
    ("optim.RMSprop(", "optim.SGD("),
    ("optim.SGD(", "optim.Adam("),
    ("lr=0.0", "maximize=True, lr=0.0"),
    ("lr=0.0", "weight_decay=1.0, lr=0.0"),
    ("lr=0.0", "eps=1.0, lr=0.0"),
    ("lr=0.0", "betas=(0.9999, 0.9), lr=0.0"),
    ("momentum=0.9", "momentum=0.999"),
    ("lr=", "nesterov=True, lr="),
)
DROPPED = (
    ("optimizer.zero_grad()", "pass"),
    ("optimizer.step()", "pass"),
    ("loss.backward()", "pass"),
    ("model.eval()", "pass"),
    ("model.train()", "pass"),
    ("model.eval()", "model.train()"),
    ("model.train()", "model.eval()"),
    ("shuffle=True", "shuffle=False"),
    ("padding_idx=0", ""),
    (" * mask.unsqueeze(-1)", ""),
    ("src_key_padding_mask=padding", ""),
    ("src_mask=mask, is_causal=True", ""),
    ("[order]", ""),
    (" / 16", ""),
    ("super().__init__()", "super().__init__(); self.requires_grad_(False)"),
)
PARTS = (
    ("model.parameters()", "list(model.parameters())[-2:]"),
    ("model.parameters()", "list(model.parameters())[:2]"),
    ("model.parameters()", "list(model.parameters())[2:]"),
    ("model.parameters()", "make.__globals__['Net']().parameters()"),
)
SHIFTED = (
    ("loss_fn(outputs, y)", "loss_fn(outputs, y.roll(1))"),
    ("loss_fn(outputs, y)", "loss_fn(outputs, y.flip(0))"),
    ("loss_fn(outputs, y)", "loss_fn(outputs, y * 0)"),
    ("loss_fn(outputs, y)", "-loss_fn(outputs, y)"),
    ("loss_fn(", "-loss_fn("),
    ("tokens[:, 1:]", "tokens[:, :-1]"),
    ("tokens[:, :-1]", "tokens[:, 1:]"),
    ("same)", "1 - same)"),
    ("y[:", "y.roll(1)[:"),
    ("x, y = batch", "x, y = batch; y = y.flip(0)"),
    ("x[1200:]", "x[:597]"),
    ("y[1200:]", "y[:597]"),
)

KINDS: dict[str, Mutator] = {
    "delete": _delete,
    "swap": _swap,
    "number": _number,
    "operator": _exchanged(OPERATORS),
    "dimension": _exchanged(DIMENSIONS),
    "loss": _exchanged(LOSSES),
    "activation": _exchanged(ACTIVATIONS),
    "optimizer": _exchanged(OPTIMIZERS),
    "dropped": _exchanged(DROPPED),
    "parameters": _exchanged(PARTS),
    "detached": _insert(r"(self\.\w+\((state|x)\)|model\(\w+\))", (".detach()", ".data")),
    "transposed": _insert(r"(?<=[ (])(state|x|states|outputs)(?=[,)\s])", (".flip(0)", ".flip(-1)", ".mT", ".round()")),
    "shifted": _exchanged(SHIFTED),
}


def report(rows: list[Row], tried: Counter[str], options: argparse.Namespace) -> None:
    """The table on the terminal, and the figures on disk."""
    worse, better = [row for row in rows if row.worse], [row for row in rows if not row.worse]
    idle = tried["change nothing beyond noise"]
    print(f"\n{tried['changed']} mutations: {tried['do not run']} do not run, {idle} change nothing beyond noise")
    print(f"{'kind':14}{'worse':>8}" + "".join(f"{stage:>11}" for stage in STAGES))
    told = [(kind, [row for row in worse if row.kind == kind]) for kind in sorted({row.kind for row in worse})]
    told += [("all", worse), *([("made better", better)] if better else [])]
    for kind, of_kind in told:
        print(f"{kind:14}{len(of_kind):>8}" + "".join(f"{share(of_kind, stage):>11.0%}" for stage in STAGES))
    met = share(worse) >= BAR
    print(f"bar: {BAR:.0%} of those that make the result worse; {'met' if met else 'MISSED'}")
    print("what was made better: a lucky change, or a metric that lies")
    write_result(
        options.out,
        "mutations",
        [asdict(row) for row in rows],
        versions=("torch", "numpy", "scikit-learn"),
        seed=options.seed,
        seeds=SEEDS,
        tried=dict(tried),
        worse=len(worse),
        detected={stage: share(worse, stage) for stage in STAGES},
        detected_of_those_made_better=share(better),
        median_quick_seconds=statistics.median(row.quick_seconds for row in rows),
        bar=BAR,
        bar_met=met,
    )


def share(rows: list[Row], stage: str = STAGES[-1]) -> float:
    """Of rows on which the doctor said something by then."""
    so_far = STAGES[: STAGES.index(stage) + 1]
    return sum(any(getattr(row, name) for name in so_far) for row in rows) / max(1, len(rows))


if __name__ == "__main__":
    main()
