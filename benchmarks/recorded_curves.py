"""Small real trainings, faulty and healthy, that are recorded as people log them: what curve checks are judged by.

Nobody who wrote a maker has read a check. A curve labelled faulty comes of a training with the fault that it names,
and shows it; a healthy one comes of a training whose result is good for its task, however odd it looks. Curves are
recorded once and never changed because a check speaks or is silent.

Without `--record` nothing is trained: the cases are listed. Figures differ in their last digits from one version of
torch to the next, so that what was recorded stays as it is.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from trainings import CASES

if TYPE_CHECKING:
    from trainings.kit import Case


def record(cases: Sequence[Case], folder: Path) -> None:
    """Train each and write its curves, and the index of all that stand in the folder."""
    index = folder / "index.json"
    entries = {each["name"]: each for each in json.loads(index.read_text("utf-8"))} if index.exists() else {}
    for case in cases:
        torch.manual_seed(zlib.crc32(case.name.encode()))
        began = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a scheduler before its optimizer is among the faults
            journal = case.make()
        path = folder / case.kind / f"{case.name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        journal.write(path)
        entries[case.name] = {
            "name": case.name,
            "kind": case.kind,
            "causes": list(dict.fromkeys(case.causes)),
            "task": case.task,
            "classes": case.classes,
            "done": case.done,
        }
        print(f"{case.name:36}{case.kind:9}{len(journal.rows):7} rows{time.process_time() - began:7.1f} s")
        index.write_text(json.dumps([entries[name] for name in sorted(entries)], indent=1) + "\n", "utf-8")


def made_elsewhere(path: Path) -> tuple[Case, ...]:
    """The cases of a file of makers that is not kept here."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no file of makers")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: tuple[Case, ...] = module.CASES
    return found


def main() -> None:
    """List the cases, or record them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of cases; all where none is named")
    parser.add_argument("--record", type=Path, help="train, and write curves and index into this folder")
    parser.add_argument("--makers", type=Path, nargs="*", default=(), help="files of further makers, in place of ours")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cases = [case for path in options.makers for case in made_elsewhere(path)] or list(CASES)
    if unknown := set(options.names) - {case.name for case in cases}:
        parser.error(f"no case is called {', '.join(sorted(unknown))}; without names all are listed")
    chosen = [case for case in cases if not options.names or case.name in options.names]
    if options.record:
        record(chosen, options.record)
        return
    for case in chosen:
        print(f"{case.name:36}{case.kind:9}{', '.join(case.causes[:1]):26}{case.done}")
    print(", ".join(f"{count} {kind}" for kind, count in Counter(case.kind for case in chosen).items()))


if __name__ == "__main__":
    main()
