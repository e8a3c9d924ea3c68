"""Validation rows that come out otherwise each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np
import torch

from kilter.checks.program.batches.given import Read, given
from kilter.checks.program.batches.rows import fingerprints, shared
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class UnsteadyValidation(ProgramProbe):
    """Validation gives the same rows each time.

    **What it proves.** The same examples have other inputs in the second pass: they are augmented at random. A score
    of augmented rows is not that of real ones, and changes with the draw.

    **How.** Two passes over the validation loader. Rows are new in the second, their targets are the same, place by
    place, and each is nearer to its own first form than to other rows.

    **When it stays silent.** Rows are the same in any order; or targets change, too (rows made as they are asked for,
    masks of a language model); or the target is the clean input; or two views of a row are what is learnt from.

    **What it costs.** Two readings of the validation loader, shared with other checks.

    **Source.** torchvision's reference scripts: presets of evaluation draw nothing.
    """

    code: ClassVar[str] = "B116"
    name: ClassVar[str] = "unsteady-validation"
    nearer: float = 0.8  # of the rows, to their own first form

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        read = given(bench)
        if read.valid is None or read.valid_again is None or not read.valid.batches:
            yield Skipped(name=self.name, reason="there is no validation loader")
            return
        if bench.program.task in (Kind.CONTRASTIVE, Kind.GENERATION):
            yield Skipped(name=self.name, reason="views or masks of a row are what is learnt from")
            return
        first, second = fingerprints(bench, read.valid), fingerprints(bench, read.valid_again)
        if first is None or second is None or len(first) != len(second) or len(first) < 8:  # too few to be sure
            return
        new = 1 - float(shared(second, first).mean())
        if new < 0.2 or not self._same_targets(bench, read.valid, read.valid_again):  # a fifth of the rows
            return
        own = self._own(bench, read.valid, read.valid_again)
        unchanged = 1 - new > 0.1  # flips and crops leave some as they were
        if own is None or own < (self.nearer - 0.2 if unchanged else self.nearer):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            causes=("augmentation_on_validation",),
            seen=f"{percent(new)} of the validation inputs come out otherwise in a second pass, with the same targets.",
            advice="Give validation a transform of its own that draws nothing at random.",
            evidence={"share_new": new, "nearer_to_own": own, "rows": len(first)},
        )

    def _same_targets(self, bench: Bench, first: Read, second: Read) -> bool:
        pairs = [(first.joined(path), second.joined(path)) for path in bench.roles.targets]
        told = [(a, b) for a, b in pairs if a is not None and b is not None]
        inputs = {tuple(t.shape[1:]) for path in bench.roles.inputs if (t := first.joined(path)) is not None}
        if not told or any(a.ndim > 2 and tuple(a.shape[1:]) in inputs for a, _ in told):  # an image for an image
            return False
        if any(
            tuple(a.shape[1:]) in inputs and a.is_floating_point() and a.shape[1:].numel() > 4 for a, _ in told
        ):  # a row for a row
            return False
        varied = any(len(torch.unique(a)) > 1 for a, _ in told)
        return varied and all(a.shape == b.shape and torch.equal(a, b) for a, b in told)

    def _own(self, bench: Bench, first: Read, second: Read) -> float | None:
        """Share of rows whose first form is the nearest of a random few."""
        random = np.random.default_rng(0)
        for path in bench.roles.inputs:
            a, b = first.joined(path), second.joined(path)
            if a is None or b is None or a.shape != b.shape or torch.equal(a, b):
                continue
            left, right = _flat(a), _flat(b)
            own = (left - right).abs().mean(1)
            others = torch.stack(
                [(left[torch.as_tensor(random.permutation(len(left)))] - right).abs().mean(1) for _ in range(3)]
            )
            return float((own < others.median(0).values).double().mean())
        return None


def _flat(tensor: Tensor) -> Tensor:
    """Numbers of each row; of tokens, how often each stands there, so that a change of place is small."""
    flat = tensor.reshape(len(tensor), -1)
    if tensor.is_floating_point() or tensor.dtype == torch.uint8:
        return torch.nan_to_num(flat.double())
    return flat.double()
