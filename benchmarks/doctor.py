"""The doctor over small trainings with one planted fault, and healthy ones: what it finds, names and costs.

It is blind: each program comes as the functions that `Pipeline.from_loop` takes, under names that tell nothing. In the
same run torch-audit watches the whole of each program's own training, where it is installed (the extra `bench`), and
that training is timed, so that what the doctor takes is a ratio. While a program is examined, another instance of it
stands in the middle of its training and goes on afterwards: it must end to the bit like one that nobody disturbed.

With `--rehearse` each program's own training is run, too, and what its curves say is joined with what the probes saw.

The programs are those of `faults` in the folder that `KILTER_SHARED` names; without it there is nothing to run on,
which the script says. `--short` is for CI: one seed, what is quick.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import torch
from machine import RESULTS, write_result

import kilter
from kilter.checks.doctor import check
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import Effort
from kilter.checks.program.proof import prove
from kilter.training.rehearsing import check_and_rehearse
from kilter.values.finding import Severity

if TYPE_CHECKING:
    from kilter.values.finding import Finding
    from kilter.values.program import Program

MILD = frozenset({"f_train_in_eval_dropout", "f_pad_trf_nomask"})
"""They break a rule and hardly harm the metric: told apart, too."""

STEPS = 12  # of the training that goes on beside: before the examination, and after it


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A program that was examined once.

    Attributes:
        program: its name, which the doctor has not seen.
        fault: the cause that was planted; None in a healthy one.
        family: of the fault.
        seed: with which it was made.
        effort: quick or full.
        findings: code, name, severity and causes of those above a note, in order.
        detected: whether there are any.
        first: whether the planted cause is the first one of the first finding.
        three: whether it is among the first three.
        seconds: of CPU time that the examination took.
        own: of CPU time that the program's own training takes.
        left_as_found: whether a training that was under way went on to the same bits.
        restored: whether the first advice, applied, brought the metric back; None where that was not asked or not told.
    """

    program: str
    fault: str | None
    family: str
    seed: int
    effort: str
    findings: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    detected: bool
    first: bool
    three: bool
    seconds: float
    own: float
    left_as_found: bool
    restored: bool | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What torch-audit said of a program's whole training: how many findings of each severity."""

    program: str
    fault: str | None
    found: Mapping[str, int]


def programs(shared: Path) -> dict[str, Callable[[], Any]]:
    """What makes each program, by name."""
    sys.path.insert(0, str(shared / "faults"))
    from cases import CASES

    return dict(CASES)


def blinded(case: Any) -> Program:
    """What a person would hand over of it: functions under names that tell nothing."""

    def make(seed: int) -> Any:
        return case.make(seed)

    def step(model: Any, optimizer: Any, loss_fn: Any, batch: Any) -> Any:
        return case.train_step(model, optimizer, loss_fn, batch)

    def validate(model: Any, loss_fn: Any, loader: Any) -> Any:
        return case.validate(model, loss_fn, loader)

    def epoch_end(model: Any, optimizer: Any, epoch: int) -> None:
        case.on_epoch_end(model, optimizer, epoch)

    return kilter.Pipeline.from_loop(
        make,
        step=step,
        validate=validate,
        epoch_end=epoch_end,
        task=case.task,
        classes=case.num_classes,
        epochs=case.epochs,
    )


def examined(
    program: str,
    *,
    shared: Path,
    seeds: tuple[int, ...],
    efforts: tuple[str, ...],
    rehearsing: bool,
    proofs: bool,
    beside: bool,
) -> tuple[list[Row], Peer | None]:
    """The rows of a program, and what torch-audit says of it, if it is to stand beside."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # the programs' own
    kind = programs(shared)[program]
    rows = []
    for seed in seeds:
        began = time.process_time()
        trained(kind(), seed)
        own = time.process_time() - began
        for effort in efforts:
            proving = proofs and effort == "full" and kind().fault is not None
            going = Beside(kind(), seed)
            going.go_on(STEPS)
            began = time.process_time()
            asked = check_and_rehearse if rehearsing else check
            found = asked(blinded(kind()), effort=Effort(effort), seed=seed)
            seconds = time.process_time() - began
            going.go_on(STEPS)
            alone = Beside(kind(), seed)
            alone.go_on(2 * STEPS)
            harmful = [finding for finding in found.findings if finding.severity >= Severity.WARNING]
            named = bool(harmful) and harmful[0].causes[:1] == (kind().fault,)
            rows.append(
                Row(
                    program=program,
                    fault=kind().fault,
                    family=kind().family,
                    seed=seed,
                    effort=effort,
                    findings=tuple((f.code, f.name, f.severity.word, f.causes) for f in harmful),
                    detected=bool(harmful),
                    first=named,
                    three=kind().fault in first_three(harmful),
                    seconds=seconds,
                    own=own,
                    left_as_found=going.state() == alone.state(),
                    restored=restored(blinded(kind()), seed, harmful[0]) if proving and named else None,
                )
            )
    return rows, audited(kind()) if beside else None


def first_three(findings: Iterable[Finding]) -> list[str]:
    """The first three causes that a reader meets: all of the first finding, then the first of each other one."""
    first, *others = list(findings) or [None]
    said = [*(first.causes if first else ()), *(each.causes[0] for each in others if each and each.causes)]
    return list(dict.fromkeys(said))[:3]


def restored(program: Program, seed: int, finding: Finding) -> bool | None:
    """Whether the advice of a finding, applied to a fresh program, brings the metric back; None where none is known."""
    said = prove(Bench(program=program, seed=seed), finding).evidence.get("proved")
    return None if said == "no remedy known" else said == "restored"


@final
class Beside:
    """A training that is under way."""

    def __init__(self, case: Any, seed: int) -> None:
        random.seed(seed)
        self.case = case
        self.model, self.optimizer, self.loss_fn, self.train, _ = case.make(seed)
        self.batches = self._batches()

    def _batches(self) -> Iterator[Any]:
        epoch = 0
        while True:
            self.model.train()
            yield from self.train
            self.case.on_epoch_end(self.model, self.optimizer, epoch)
            epoch += 1

    def go_on(self, steps: int) -> None:
        """Train for so many steps more."""
        for batch in islice(self.batches, steps):
            self.case.train_step(self.model, self.optimizer, self.loss_fn, batch)

    def state(self) -> list[bytes]:
        """Weights, buffers, gradients, the optimizer's settings and the random states, to the bit."""
        tensors = [*self.model.parameters(), *self.model.buffers(), torch.get_rng_state()]
        tensors += [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
        settings = [[str(value) for key, value in g.items() if key != "params"] for g in self.optimizer.param_groups]
        modes = [module.training for module in self.model.modules()]
        return [tensor.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes() for tensor in tensors] + [
            repr((settings, modes, random.getstate())).encode()
        ]


def trained(case: Any, seed: int, watch: Callable[[Any, Any], Any] | None = None) -> Any:
    """The program's own training, from begin to end; what the watcher gives."""
    model, optimizer, loss_fn, train, valid = case.make(seed)
    watcher = watch(model, optimizer) if watch else None
    for epoch in range(case.epochs):
        model.train()
        for batch in train:
            case.train_step(model, optimizer, loss_fn, batch)
        case.validate(model, loss_fn, valid)
        case.on_epoch_end(model, optimizer, epoch)
    return watcher


def audited(case: Any) -> Peer:
    """torch-audit over a program's whole training, each step looked at."""
    from torch_audit import autopatch

    watch = partial(autopatch, every_n_steps=1, suppress_internal_errors=True)
    auditor = trained(case, 0, lambda model, optimizer: watch(model, optimizer=optimizer))
    found = Counter(str(finding.severity.value) for finding in auditor.finish().findings)
    auditor.unpatch()
    return Peer(program=case.name, fault=case.fault, found=dict(found))


def share(rows: Iterable[Any], of: Callable[[Any], bool]) -> float:
    """The share of rows of which something is so."""
    answers = [of(row) for row in rows]
    return sum(answers) / len(answers) if answers else float("nan")


def summary(rows: list[Row]) -> dict[str, object]:
    """The figures beside their bars."""
    said: dict[str, object] = {}
    for effort in dict.fromkeys(row.effort for row in rows):
        here = [row for row in rows if row.effort == effort]
        faulty, healthy = [r for r in here if r.fault], [r for r in here if not r.fault]
        said[effort] = {
            "faulty": len(faulty),
            "healthy": len(healthy),
            "detected": share(faulty, lambda r: r.detected),
            "first": share(faulty, lambda r: r.first),
            "among_three": share(faulty, lambda r: r.three),
            "detected_without_mild": share([r for r in faulty if r.program not in MILD], lambda r: r.detected),
            "mild": {f"{r.program}, seed {r.seed}": r.detected for r in faulty if r.program in MILD},
            "false_alarms": sum(r.detected for r in healthy),
            "median_cpu_seconds": statistics.median(r.seconds for r in here),
            "median_times_own_training": statistics.median(r.seconds / r.own for r in here),
            "left_as_found": share(here, lambda r: r.left_as_found),
        }
        named = [r for r in here if r.first and r.effort == "full"]
        if any(r.restored is not None for r in named):  # where no remedy is known, none restored anything
            said[effort] |= {"restored": share(named, lambda r: bool(r.restored)), "of_named": len(named)}  # type: ignore[operator]
    found = {
        effort: {(r.program, r.seed) for r in rows if r.fault and r.detected and r.effort == effort} for effort in said
    }
    if found.get("full"):
        said["share_by_quick"] = len(found["full"] & found.get("quick", set())) / len(found["full"])
    return said


def print_rows(rows: list[Row], peer: Peer | None) -> None:
    """A line for each examination of a program."""
    for row in rows:
        marks = " ".join("x" if said else "." for said in (row.detected, row.first, row.three))
        if not row.fault:
            marks = "ALARM" if row.detected else "-"
        first = (
            f"{row.findings[0][0]} {row.findings[0][1]}: {', '.join(row.findings[0][3][:2])}" if row.findings else ""
        )
        left = "" if row.left_as_found else "  NOT LEFT AS FOUND"
        beside = f"  | torch-audit {dict(peer.found)}" if peer else ""
        print(
            f"{row.program:28}{row.fault or '-':26}{row.seed:>5}{row.effort:>8}  {marks:7}{row.seconds:>8.2f}"
            f"{row.seconds / row.own:>7.2f}  {first}{left}{beside}",
            flush=True,
        )


def print_families(rows: list[Row]) -> None:
    """A line for each family of faults."""
    print(f"\n{'family':16}{'effort':>8}{'programs':>10}{'detected':>10}{'first':>8}{'three':>8}")
    for family in sorted({row.family for row in rows if row.fault}):
        for effort in dict.fromkeys(row.effort for row in rows):
            here = [row for row in rows if (row.family, row.effort) == (family, effort)]
            shares = [share(here, lambda r: r.detected), share(here, lambda r: r.first), share(here, lambda r: r.three)]
            words = "".join(f"{value:>{width}.0%}" for value, width in zip(shares, (10, 8, 8), strict=True))
            print(f"{family:16}{effort:>8}{len(here):>10}{words}")


def main() -> None:
    """Run, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="programs, or how their names begin; all of them where none is named")
    parser.add_argument("--short", action="store_true", help="one seed, quick, without proofs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--efforts", nargs="+", default=["quick", "full"], choices=["quick", "full"])
    parser.add_argument("--rehearse", action="store_true", help="run each program's own training, too")
    parser.add_argument("--no-prove", dest="prove", action="store_false")
    parser.add_argument("--jobs", type=int, default=1, help="processes; CPU time is told, whatever their number")
    parser.add_argument("--out", type=Path, help="of the figures; default: doctor.json, or doctor_rehearsed.json")
    options = parser.parse_args()
    if options.short:
        options.seeds, options.efforts, options.prove = [0], ["quick"], False
    shared = Path(os.environ.get("KILTER_SHARED", "../shared")).resolve()
    if not (shared / "faults").is_dir():
        print(f"skipped: {shared / 'faults'} is not there; KILTER_SHARED says where the programs are")
        return
    names = [n for n in programs(shared) if not options.names or n.startswith(tuple(options.names))]
    seeds, efforts = tuple(options.seeds), tuple(options.efforts)
    try:
        audit: str | None = version("torch-audit")
    except PackageNotFoundError:
        audit = None
    one = partial(
        examined,
        shared=shared,
        seeds=seeds,
        efforts=efforts,
        rehearsing=options.rehearse,
        proofs=options.prove,
        beside=audit is not None,
    )
    rows: list[Row] = []
    peers: list[Peer] = []
    print(f"{'program':28}{'fault':26}{'seed':>5}{'effort':>8}  {'d f 3':7}{'seconds':>8}{'× own':>7}  first finding")
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for found, peer in pool.map(one, names):
            print_rows(found, peer)
            rows += found
            peers += [peer] if peer else []
    print_families(rows)
    figures: dict[str, object] = summary(rows)
    faulty, healthy = ([p for p in peers if bool(p.fault) is ill] for ill in (True, False))
    for said, severities in (("error", {"ERROR", "FATAL"}), ("warning", {"WARN", "ERROR", "FATAL"})):
        figures[f"torch_audit_{said}"] = {
            "detected": share(faulty, lambda p, s=severities: bool(s & set(p.found))),
            "false_alarms": sum(bool(severities & set(p.found)) for p in healthy),
            "healthy": len(healthy),
        }
    for name, value in figures.items():
        print(f"{name}: {value}")
    if audit is None:
        print("torch-audit is not installed: pip install '.[bench]' -c constraints.txt")
    write_result(
        options.out or RESULTS / ("doctor_rehearsed.json" if options.rehearse else "doctor.json"),
        "doctor",
        [asdict(row) for row in rows],
        versions=("torch", "scikit-learn"),
        seeds=list(seeds),
        rehearsed=options.rehearse,
        summary=figures,
        torch_audit=audit,
        peers=[asdict(peer) for peer in peers],
    )


if __name__ == "__main__":
    main()
