"""Each place of a sequence is taught what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, Meeting, met
from kilter.checks.program.loss.padded import distinct, padded_places, token_sequences
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.predicted import main_output
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.engine.trees import leaves, with_leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPlaces(ProgramProbe):
    """A model of text is taught the next token, a tagger the tag of the same place.

    **What it proves.** What a place is taught is seen in the gradient of the loss: it pulls one class up. If that class
    is the token that the place has just read, and the model reads nothing later, it learns to copy; if it is the token
    after the next, labels were shifted twice. Tags that follow from the token before or after, and not at all from the
    token at their own place, are one place off.

    **How.** The class that is pulled up at each place is compared with the input tokens at distances from -1 to 3.
    Whether a place sees later tokens is tried out by changing the last ones. For tags, the mutual information of tags
    and tokens at distances of -1, 0 and 1 is set against that of shuffled tags, over the first dozen batches.

    **When it stays silent.** What is taught is the next token, or is no token of the input; the same token is taught
    to a model that reads both sides (words that are masked, an autoencoder); tags follow from their own place also.

    **What it costs.** One gradient of the loss, two forward passes, some counting.

    **Source.** Hugging Face's causal models shift labels inside: their documentation, `labels`.
    """

    code: ClassVar[str] = "O112"
    name: ClassVar[str] = "label-places"
    agree: float = 0.95  # share of places at which what is taught is the token at one distance
    informed: float = 0.5  # of what tags are uncertain of, told by the token at another place
    blind: float = 0.05  # the same, told by the token at their own place: nothing but noise

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        if meeting.form is not Form.CLASSES or bench.program.task not in CLASSED:
            return
        for tokens in token_sequences(bench):
            taught = self._taught(surface, meeting, tokens)
            if taught is None:
                continue
            places = padded_places(bench, tokens.shape[1])
            real = ~places if places is not None and places.shape == tokens.shape else torch.ones_like(tokens).bool()
            shares = {distance: _agreement(taught, tokens, real, distance) for distance in (-1, 0, 1, 2, 3)}
            copied = max(shares, key=lambda distance: shares[distance])
            if shares[copied] >= self.agree:
                if copied in (2, 3) or (copied == 0 and self._only_reads_back(bench, tokens)):
                    yield self._copied(copied, shares)
                return
            if bench.program.task is Kind.TAGGING:
                yield from self._tags(bench, surface, tokens)
                return

    def _taught(self, surface: Surface, meeting: Meeting, tokens: Tensor) -> Tensor | None:
        """(b, t), the class that each place is taught, -1 where it is none; shorter than the tokens if the loss is."""
        gradient = surface.gradient(torch.zeros_like(surface.given))
        if gradient is None or not bool(torch.isfinite(gradient).all()):
            return None
        rows = meeting.rows(gradient)
        taught = torch.where(rows.abs().sum(1) > 0, rows.argmin(1), -1)
        length, rest = divmod(len(taught), len(tokens))
        if rest or not tokens.shape[1] - 2 <= length <= tokens.shape[1]:
            return None
        return taught.reshape(len(tokens), length)

    def _only_reads_back(self, bench: Bench, tokens: Tensor) -> bool:
        """Whether outputs depend on the token of their own place and on none that comes later."""
        batch = bench.recording.steps[0].batch
        path = next(path for path, tensor in leaves(batch).items() if tensor is tokens)
        made = bench.made()
        at = tokens.shape[1] // 2
        other = tokens.clone()
        other[:, at] = tokens.roll(1, 0)[:, at]  # a neighbour's, which is legal
        before = main_output(bench.peek(made, batch, training=False).outputs)
        after = main_output(bench.peek(made, with_leaves(batch, {path: other}), training=False).outputs)
        if before is None or after is None or before.shape != after.shape or before.ndim < 3:
            return False
        moved = (before - after).abs().sum(-1).sum(0) > 1e-6
        return len(moved) > at and bool(moved[at]) and not bool(moved[:at].any())

    def _copied(self, distance: int, shares: dict[int, float]) -> Finding:
        what = "the token that it has just read" if distance == 0 else f"the token {distance} places later"
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"At {percent(shares[distance])} of the places the loss asks for {what}"
            + (", which a copy answers." if distance == 0 else ": labels were shifted more than once."),
            advice="Shift targets against inputs by exactly one: predict `tokens[:, 1:]` from"
            " `tokens[:, :-1]`, and do not"
            " shift where the model does it.",
            causes=("labels_shifted", "target_leak") if distance == 0 else ("labels_shifted",),
            evidence={"agreement by distance": {str(key): value for key, value in shares.items()}},
        )

    def _tags(self, bench: Bench, surface: Surface, tokens: Tensor) -> Iterator[Finding]:
        """Tags that say nothing of the token at their place and much of the one beside it."""
        path = next(path for path, t in leaves(bench.recording.steps[0].batch).items() if t is tokens)
        pairs: list[tuple[Tensor, Tensor]] = []
        for step in bench.recording.steps:
            of = leaves(step.batch)
            wanted = [of[p] for p in bench.roles.targets if p in of and path in of and of[p].shape == of[path].shape]
            if wanted:
                pairs.append((of[path], wanted[0]))
        if not pairs or any(tag.is_floating_point() for _, tag in pairs):
            return
        told = {distance: _told(pairs, distance) for distance in (-1, 0, 1)}
        aside = max((-1, 1), key=lambda distance: told[distance])
        if told[aside] >= self.informed and told[0] <= self.blind and not _echo(pairs, aside):
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                strength=Strength.MEASURED,
                seen=f"The token at its own place tells {percent(max(0.0, told[0]))} of a tag, the one"
                f" {'before' if aside < 0 else 'after'} it {percent(told[aside])}: tags stand one place off.",
                advice="See where tags and tokens are put together: a start mark that only one of"
                " them got, or a shift that"
                " is meant for models of text.",
                causes=("labels_shifted", "label_misaligned"),
                evidence={"told by distance": {str(key): value for key, value in told.items()}},
            )


def _agreement(taught: Tensor, tokens: Tensor, real: Tensor, distance: int) -> float:
    """The share of taught places at which the class is the token so many places later; 0 where too few are taught."""
    length = taught.shape[1]
    start, stop = max(0, -distance), min(length, tokens.shape[1] - distance)
    if stop <= start:
        return 0.0
    here = taught[:, start:stop]
    there = tokens[:, start + distance : stop + distance]
    judged = (here >= 0) & real[:, start + distance : stop + distance]
    if int(judged.sum()) < 20 or distinct(here[judged]) < 3:
        return 0.0
    return float((here == there)[judged].double().mean())


def _told(pairs: list[tuple[Tensor, Tensor]], distance: int) -> float:
    """How much of the tags' entropy tokens at a distance tell, less what shuffled ones seem to: mutual information."""
    left, right = [], []
    for tokens, tags in pairs:
        length = tokens.shape[1]
        start, stop = max(0, -distance), min(length, length - distance)
        here, there = tags[:, start:stop], tokens[:, start + distance : stop + distance]
        judged = (here >= 0) & (tokens[:, start:stop] != tokens[:, -1].mode().values)
        left.append(there[judged])
        right.append(here[judged])
    token, tag = torch.cat(left), torch.cat(right)
    entropy = _entropy(tag)
    if not entropy or len(tag) < 100:
        return 0.0
    shuffled = tag[torch.randperm(len(tag), generator=torch.Generator().manual_seed(0))]
    return (_shared(token, tag) - _shared(token, shuffled)) / entropy


def _entropy(values: Tensor) -> float:
    if not len(values):
        return 0.0
    shares = torch.bincount(values.long() - int(values.min())).double() / max(1, len(values))
    shares = shares[shares > 0]
    return float(-(shares * shares.log()).sum())


def _shared(left: Tensor, right: Tensor) -> float:
    return _entropy(left) + _entropy(right) - _entropy(left * (int(right.max()) + 1) + right)


def _echo(pairs: list[tuple[Tensor, Tensor]], distance: int) -> bool:
    """Whether tags are the tokens themselves: to remember them is the task."""
    tokens, tags = pairs[0]
    return _agreement(tags, tokens, torch.ones_like(tokens).bool(), distance) > 0.5
