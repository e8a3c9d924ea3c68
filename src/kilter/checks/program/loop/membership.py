"""The optimizers hold what should learn, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.broken_ties import tied
from kilter.checks.program.loop.origins import declared, drawn_at_random, module_of
from kilter.checks.program.loop.windows import nothing
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import agreeing, counted, listed, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.recording import Recording

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(ProgramProbe):
    """The optimizers hold exactly the parameters that are to learn, each once.

    **What it proves.** The optimizer was made before the layers were replaced, for a part of the model only, or holds
    a parameter twice: what it does not hold stays as it was drawn.

    **How.** Parameters of the model that ask for a gradient and get one, that no optimizer holds and that did not
    change are missing. An optimizer that holds tensors which never get a gradient, while the model's are missing,
    holds the wrong ones.

    **When it stays silent.** Missing parameters were learnt before (a head on a ready body), are declared as frozen or
    pretrained, or change by other means. Tensors that are not the model's but get gradients (of a loss with weights
    of its own, of a second model) are as good as its own.

    **What it costs.** Nothing beyond the recording where all are held.
    """

    code: ClassVar[str] = "L107"
    name: ClassVar[str] = "membership"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        if not recording.held:
            yield Skipped(name=self.name, reason="no optimizer of torch was seen")
            return
        yield from self._twice(recording)
        missing = [name for name in _missing(recording) if not declared(bench.program, name)]
        dead = _dead(recording)
        if not missing:
            if dead:
                yield self._idle(dead)
            return
        made = dict(bench.made().model.named_parameters())
        late = [name for name in missing if name not in made]
        random = drawn_at_random(bench, missing) | set(late)
        matrices = {module_of(name) for name in missing if len(recording.shapes.get(name, ())) > 1}
        loose = [
            n for n in missing if n not in random and n in made and module_of(n) not in matrices and _plain(made[n])
        ]
        wrong = [name for name in missing if name in random] + loose
        if not wrong and not dead:
            return
        ties = {name for one, other, _ in tied(bench) for name in (one, other)}
        sizes = {name: torch.Size(recording.shapes.get(name, ())).numel() for name in recording.names}
        wrong = wrong or missing
        share = sum(sizes[name] for name in wrong) / max(1, sum(sizes.values()))
        causes = ("optimizer_missing_group", "optimizer_wrong_params")
        if dead:
            causes = causes[::-1]
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"No optimizer holds {counted(len(wrong), 'parameter')} ({percent(share)} of the model's numbers)"
            f" that {agreeing(len(wrong), 'gets', 'get')} gradients: {listed(wrong)}"
            + (f"; {counted(len(dead), 'tensor')} that it holds instead never got one." if dead else "."),
            advice="Make the optimizer after the model is complete, from `model.parameters()`."
            if dead or late
            else "Give the optimizer these parameters, too, or declare them as frozen.",
            causes=("layer_created_in_forward", *causes) if late and set(late) >= set(wrong) else causes,
            where=shown(wrong),
            follows=("broken-ties",) if ties >= set(wrong) else (),
            evidence={"missing": len(wrong), "share": share, "held without a gradient": len(dead)},
        )

    def _twice(self, recording: Recording) -> Iterator[Finding]:
        first: dict[int, list[str]] = {}
        for update in recording.updates:
            first.setdefault(update.optimizer, [name for group in update.groups for name in group["names"]])
        for names in first.values():
            double = [name for name, count in Counter(names).items() if count > 1 and name != "?"]
            if double:
                yield Finding(
                    code=self.code,
                    name=self.name,
                    severity=Severity.WARNING,
                    strength=Strength.PROVED,
                    seen=f"An optimizer holds {counted(len(double), 'parameter')} more than once: {listed(double)}.",
                    advice="Give the optimizer each parameter once.",
                    causes=("optimizer_duplicate_param",),
                    where=shown(double),
                    evidence={"parameters": len(double)},
                )
        for step in recording.steps:
            shared = [
                name
                for at, one in enumerate(step.updates)
                for other in step.updates[at + 1 :]
                if one.optimizer != other.optimizer
                for name, gradient in one.gradients.items()
                if _same_gradient(gradient, other.gradients.get(name))
            ]
            if shared and not any(update.within for update in step.updates):
                yield Finding(
                    code=self.code,
                    name=self.name,
                    severity=Severity.WARNING,
                    strength=Strength.PROVED,
                    seen=f"Two optimizers update {counted(len(set(shared)), 'parameter')} with the same gradient in a"
                    f" step: {listed(dict.fromkeys(shared))}.",
                    advice="Give each parameter to one optimizer.",
                    causes=("optimizer_duplicate_param",),
                    where=shown(list(dict.fromkeys(shared))),
                    evidence={"parameters": len(set(shared))},
                )
                return

    def _idle(self, dead: list[str]) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"An optimizer holds {counted(len(dead), 'tensor')} that"
            f" {agreeing(len(dead), 'is', 'are')} not the model's and never got a gradient.",
            advice="Make the optimizer from `model.parameters()` after the model is complete.",
            causes=("optimizer_wrong_params",),
            where=shown(dead),
        )


def _same_gradient(one: Tensor | None, other: Tensor | None) -> bool:
    return one is not None and other is not None and bool(one.any()) and torch.equal(one, other)


def _missing(recording: Recording) -> list[str]:
    """Parameters that get a gradient and that nobody holds or changes; those that came up later hold no record."""
    backwards = [backward for step in recording.steps for backward in step.backwards]
    first = recording.steps[0].before if recording.steps else {}
    held = set(recording.held)
    return [
        name
        for name in recording.names
        if name in recording.trainable
        and name not in held
        and (
            name not in first
            or (
                torch.equal(first[name], recording.after[name])
                and any(not nothing(backward.fresh.get(name)) for backward in backwards)
            )
        )
    ]


def _dead(recording: Recording) -> list[str]:
    """Tensors in an optimizer that are not the model's and never got a gradient."""
    backwards = [backward for step in recording.steps for backward in step.backwards]
    if not backwards:
        return []
    return [
        name
        for name in dict.fromkeys(recording.held)
        if name not in recording.names
        and all(nothing(backward.fresh.get(name)) for backward in backwards)
        and all(nothing(update.gradients.get(name)) for update in recording.updates)
    ]


def _plain(parameter: Tensor) -> bool:
    """Whether all its numbers are one number: an offset or a scale as it begins."""
    return parameter.numel() > 0 and bool((parameter.detach() == parameter.detach().flatten()[0]).all())
