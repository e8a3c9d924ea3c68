"""What validation does besides looking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed, failure
from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.modes import dependent, mode_matters
from kilter.checks.program.loop.validated import validated
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, listed, shown
from kilter.engine.trees import leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.recording import Call

if TYPE_CHECKING:
    from torch import nn


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationMode(ProgramProbe):
    """Validation looks at the model in evaluation mode, and only looks.

    **What it proves.** Scores are taken with dropout or with the statistics of the validation batch; or validation
    changes the weights, and is training.

    **How.** The author's validation is run on an instance of its own. The mode of each call of the model is
    noted, down to the layers that look at it; parameters are compared before and after.

    **When it stays silent.** The model's outputs are the same in both modes; calls that are repeated on purpose, many
    for one batch, to see how much they differ.

    **What it costs.** A validation, shared with `stale-copies`, and three peeks where a call was in training mode.
    """

    code: ClassVar[str] = "L115"
    name: ClassVar[str] = "validation-mode"
    repeats: int = 3  # calls on the same numbers: an average over dropout is meant

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        try:
            heard = validated(bench)
        except PersonsCodeFailed as failed:
            yield failure(failed)  # nothing was changed: it fails in the training, too
            return
        if heard is None:
            yield Skipped(name=self.name, reason="the program has no validation")
            return
        made, (before, after) = heard.made, heard.states[:2]
        parameters = {name for name, _ in made.model.named_parameters()}
        changed = [name for name in parameters if name in before and not torch.equal(before[name], after[name])]
        if changed:
            yield self._finding(
                Severity.FAILURE,
                f"Validation changed {counted(len(changed), 'parameter')}: {listed(sorted(changed))}.",
                "Validate under `torch.no_grad()`, without an optimizer's step.",
                ("train_val_leak",),
                sorted(changed),
            )
        calls = heard.calls[0]
        if not calls or not bench.recording.steps or _repeated(calls, self.repeats):
            return
        whole = [call for call in calls if call.training]
        modules = dict(made.model.named_modules())
        parts = sorted({name for call in calls for name in _in_training(call, modules)})
        if not whole and not parts:
            return
        if whole and not mode_matters(bench, bench.made(), bench.recording.steps[0].batch):
            return
        yield self._finding(
            Severity.WARNING,
            f"The model was in training mode at {len(whole)} of {counted(len(calls), 'call')} of validation, and its"
            " outputs are other ones in evaluation mode."
            if whole
            else f"{counted(len(parts), 'layer')} stayed in training mode in validation: {listed(parts)}.",
            "Call `model.eval()` before validation, and `model.train()` after it.",
            ("eval_in_train_mode",),
            parts,
        )

    def _finding(
        self, severity: Severity, seen: str, advice: str, causes: tuple[str, ...], where: list[str]
    ) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=causes,
            where=shown(where),
        )


def _in_training(call: Call, modules: dict[str, nn.Module]) -> list[str]:
    """Layers that look at the mode and were in training mode, in a call whose own module was in evaluation mode."""
    module = modules.get(call.name)
    if call.training or module is None:
        return []
    return [name for name in dependent(module) if name and name not in call.evaluating]


def _repeated(calls: Sequence[Call], most: int) -> bool:
    """Whether the same numbers were given to the model so many times."""
    seen: dict[Any, int] = {}
    for call in calls:
        first = next(iter((*leaves(call.arguments).values(), *leaves(dict(call.keywords)).values())), None)
        if first is None or not first.numel():
            return False
        key = (tuple(first.shape), float(first.double().sum()), float(first.double().flatten()[0]))
        seen[key] = seen.get(key, 0) + 1
    return bool(seen) and min(seen.values()) >= most
