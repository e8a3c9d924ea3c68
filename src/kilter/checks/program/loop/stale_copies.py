"""What is validated is another model than the one that is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.perturbing import loss_of
from kilter.checks.program.loop.validated import validated
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.engine.trees import leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.recording import Call


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StaleCopies(ProgramProbe):
    """Validation sees what training changed.

    **What it proves.** Scores are those of a copy that nobody updates: an average of the weights that is never fed, a
    model that was loaded or copied before the training.

    **How.** The author's validation is run before and after some steps and the end of an epoch, from one random state.
    The steps changed the model and what it computes in training; if all outputs in validation are bit by bit the same,
    or if the model is not called there and the loss is the same, validation looks at something else.

    **When it stays silent.** Validation moved, or its loss is no number; the steps changed nothing.

    **What it costs.** Two validations and a few steps, shared with `validation-mode`, and peeks where nothing moved.
    """

    code: ClassVar[str] = "L119"
    name: ClassVar[str] = "stale-copies"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        heard = validated(bench)
        if heard is None or not bench.recording.steps:
            yield Skipped(name=self.name, reason="the program has no validation")
            return
        one, other = heard.results
        if not math.isfinite(one[0]) or one[0] == 0 or not _same_outputs(*heard.calls) or one != other:
            return
        first, later = heard.states[0], heard.states[2]
        changed = [n for n in bench.recording.trainable if n in first and not torch.equal(first[n], later[n])]
        if not changed:
            return
        batch = bench.recording.steps[0].batch
        here, there = (loss_of(bench, made, batch, training=True) for made in (heard.made, bench.made()))
        if here == there:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"Validation gave the same loss {one[0]:.6g} before and after training steps that changed"
            f" {counted(len(changed), 'parameter')}"
            + ("." if heard.calls[0] else ", and did not call the model that is trained."),
            advice="Validate the model that is trained, or feed the average after each update (`update_parameters`).",
            causes=("ema_never_updated", "wrong_metric"),
            evidence={"loss": one[0], "score": one[1], "calls of the model": len(heard.calls[0])},
        )


def _same_outputs(one: Sequence[Call], other: Sequence[Call]) -> bool:
    if len(one) != len(other):
        return False
    for mine, theirs in zip(one, other, strict=True):
        left, right = leaves(mine.result), leaves(theirs.result)
        if left.keys() != right.keys():
            return False
        if any(left[p].shape != right[p].shape or not torch.equal(left[p], right[p]) for p in left):
            return False
    return True
