"""Attention that looks at one place only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.curves.layers import layers, unlearnt
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionCollapse(Check[History]):
    """Half of the attentions or more look at next to one place, and little was learnt by it.

    **What it proves.** All of a row's share goes to one place. Its softmax has no slope there, so that the queries and
    keys learn no more. A sharp attention can be right, where an answer is copied from one place: it is told apart by
    the training loss.

    **How.** The entropy over that of equal shares, by module: below `collapsed` in the later half of the run. A warning
    where that is so of half of the modules, and the training loss is still above `learnt` of its start; a note
    otherwise. One that was `open` once was drawn together by large steps, another began so.

    **When it stays silent.** A larger entropy; fewer than three measurements; no layer statistics.

    **What it costs.** A median a layer.

    **Source.** Zhai et al. 2023, Stabilizing transformer training by preventing attention entropy collapse (ICML).
    """

    code: ClassVar[str] = "C144"
    name: ClassVar[str] = "attention-collapse"
    collapsed: float = 0.15  # of the entropy of equal shares
    open: float = 0.3  # of the entropy of equal shares
    learnt: float = 0.5  # of the training loss at the start

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        measured = layers(subject, "entropy")
        if not measured:
            yield Skipped(name=self.name, reason="no entropy of an attention was measured")
            return
        collapsed = [layer for layer in measured if layer.late < self.collapsed]
        if not collapsed:
            return
        fell = [layer for layer in collapsed if float(layer.values.max()) > self.open]
        grave = 2 * len(collapsed) >= len(measured) and unlearnt(subject, share=self.learnt)
        worst = (fell or collapsed)[0]
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if grave else Severity.NOTE,
            strength=Strength.MEASURED if grave else Strength.SUSPECTED,
            seen=f"The attention of {worst.name} has an entropy of {worst.late:.2g} of that of equal shares in the"
            f" later half of the run ({worst.first:.2g} at the first measurement); {len(collapsed)} of"
            f" {len(measured)} attentions look at one place.",
            advice="Normalise queries and keys, divide by the root of their width, or lower the learning rate.",
            causes=("attention_collapse", "lr_too_high", "missing_warmup")
            if fell
            else ("attention_collapse", "unnormalized_input", "vanishing_gradient"),
            experiment="Divide the scores by ten before the softmax: a loss that falls again shows that they had grown"
            " too large.",
            where=tuple(layer.name for layer in collapsed[:5]),
            evidence={"entropy": {layer.name: layer.late for layer in collapsed[:20]}, "at first": worst.first},
        )
