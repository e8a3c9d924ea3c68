"""No class is left out of the loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import NOT_SEEN, Form, met
from kilter.checks.program.loss.padded import distinct, padded_places, token_sequences
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredClass(ProgramProbe):
    """Every class that stands among the targets is learnt.

    **What it proves.** All places of one class have a gradient of zero, while others have one: the loss leaves that
    class out (`ignore_index` is the number of a real class, or its weight is zero), and it will never be predicted.

    **How.** The gradient of the loss by predictions is taken at made-up predictions and looked at by class. Padded
    places are set apart first, where they are seen.

    **When it stays silent.** Each class has a gradient somewhere; the class stands at padded places only, or only at
    the ends of rows (marks of start and end), or on fewer than `share` of a fair share of places; targets repeat the
    inputs' words, so that the number that is left out is padding or what is not masked.

    **What it costs.** One gradient of the loss.

    **Source.** PyTorch's `ignore_index`.
    """

    code: ClassVar[str] = "O110"
    name: ClassVar[str] = "ignored-class"
    share: float = 0.25  # of the places that a class would have if all were equally frequent
    most: int = 50  # classes; in a vocabulary the number that is left out is padding

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        kind = bench.program.task
        if meeting.form is not Form.CLASSES or kind not in (Kind.CLASSIFICATION, Kind.TAGGING):
            return
        k = meeting.wanted.shape[1]
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(surface.given.shape, generator=generator).to(surface.given)
        gradient = surface.gradient(noise)
        if gradient is None or k > self.most or not bool(torch.isfinite(gradient).all()):
            return
        pulled = meeting.rows(gradient).abs().sum(1) > 0
        if self._repeats(bench, surface.target, pulled):
            return
        real = self._real(bench, surface.target)
        for number in range(k):
            here = (meeting.classes == number) & real
            if not bool(here.any()) or bool(pulled[meeting.classes == number].any()) or not bool(pulled.any()):
                continue
            share = float(here.sum() / real.sum().clamp(min=1))
            if share < self.share / k:
                continue
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.FAILURE if kind is Kind.TAGGING else Severity.WARNING,
                strength=Strength.PROVED,
                seen=f"Class {number} has no gradient at any of its {int(here.sum())} places,"
                f" {percent(share)} of those that"
                " are not padding: the loss leaves it out.",
                advice="Give what is to be left out a number that is no class (-100), and every class a weight.",
                causes=("ignore_index_collision",),
                where=(f"class {number}",),
                evidence={"class": number, "places": int(here.sum()), "share": share},
            )

    def _repeats(self, bench: Bench, target: Tensor, pulled: Tensor) -> bool:
        """Whether targets are the inputs' own words, or are asked for where one word stands for what is masked."""
        for tokens in token_sequences(bench):
            if tokens.numel() != target.numel() or not bool(pulled.any()):
                continue
            asked = tokens.flatten()[pulled]
            fair = 2 / max(2, distinct(target))
            if float((asked == target.flatten()[pulled]).double().mean()) > max(0.5, fair):
                return True
            if int((asked == asked.mode().values).sum()) > 0.6 * len(asked):
                return True
        return False

    def _real(self, bench: Bench, target: Tensor) -> Tensor:
        """(n,), the places that are neither padding nor the first or last of a row."""
        flat = torch.ones(target.numel(), dtype=torch.bool)
        if target.ndim != 2:
            shapes = [tokens.shape for tokens in token_sequences(bench)]
            same = [shape for shape in shapes if shape.numel() == target.numel()]
            if not same or target.ndim != 1:
                return flat
            target = target.reshape(same[0])
        padded = padded_places(bench, target.shape[1])
        if padded is None or padded.shape != target.shape:
            padded = torch.zeros(target.shape, dtype=torch.bool)
        real = ~padded
        inner = real.clone()
        inner[:, 0] = False
        inner[:, 1:] &= torch.cat([real[:, 2:], torch.zeros_like(real[:, :1])], 1)
        return (inner if bool(inner.any()) else real).flatten()
