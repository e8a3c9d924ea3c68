"""Not-a-number or infinity in what the loaders give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.batches.given import Read, given, named
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.engine.trees import leaves, size
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.engine.trees import Path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersMissing(ProgramProbe):
    """Inputs and targets are finite numbers.

    **What it proves.** Some batch holds not-a-number or infinity, and the loss of that batch is none either: one such
    step makes every weight not-a-number, and nothing is learnt from then on.

    **How.** All tensors of an epoch are looked at, and the program's step is run up to its backward on the first
    batch that holds such a number. In validation it is the reported loss that is lost.

    **When it stays silent.** There is none. Where the loss of that batch is finite, the program deals with missing
    values itself, and only a note remains.

    **What it costs.** One reading of the loaders, shared with other checks, and one forward pass.

    **Source.** Schoop et al. 2021, UMLAUT (CHI), "NaN in inputs".
    """

    code: ClassVar[str] = "B101"
    name: ClassVar[str] = "numbers-missing"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        read = given(bench)
        for split, rows in (("training", read.train), ("validation", read.valid)):
            found = None if rows is None else self._first(rows, (*bench.roles.inputs, *bench.roles.targets))
            if rows is None or found is None:
                continue
            batch, path, count = found
            suffers = self._suffers(bench, batch)
            role = "inputs" if path in bench.roles.inputs else "targets"
            severity = Severity.FAILURE if split == "training" else Severity.WARNING
            yield Finding(
                code=self.code,
                name=self.name,
                severity=severity if suffers else Severity.NOTE,
                strength=Strength.PROVED,
                causes=("nan_in_data",),
                seen=f"{counted(count, 'row')} of the {split} {role} ({named(path)}) {'hold' if count > 1 else 'holds'}"
                f" not-a-number or infinity, and the loss of such a batch is {'none' if suffers else 'finite'}.",
                advice="Drop or fill the missing values before they are batched."
                if suffers
                else "Make sure that the program means to take missing values.",
                evidence={"rows": count, "split": split, "place": named(path), "loss_is_a_number": not suffers},
            )
            return

    def _first(self, rows: Read, paths: tuple[Path, ...]) -> tuple[Any, Path, int] | None:
        first: tuple[Any, Path] | None = None
        count = 0
        for batch in rows.batches:
            for path, tensor in leaves(batch).items():
                if path not in paths or not tensor.is_floating_point():
                    continue
                wrong = ~torch.isfinite(tensor)
                if bool(wrong.any()):
                    first = first or (batch, path)
                    whole = tensor.ndim and tensor.shape[0] == size(batch)
                    count += int(wrong.flatten(1).any(1).sum()) if whole and tensor.ndim > 1 else int(wrong.sum())
        return None if first is None else (*first, count)

    def _suffers(self, bench: Bench, batch: Any) -> bool:
        """Whether the loss of such a batch is none."""
        try:
            seen = bench.peek(bench.made(), batch, training=True)
        except PersonsCodeFailed:
            return True
        loss = seen.loss if seen.loss is not None else (seen.losses[-1].result if seen.losses else None)
        return not isinstance(loss, torch.Tensor) or not bool(torch.isfinite(loss).all())
