"""Asking hooks what they make of an event, and, where a training goes on, of those before it stopped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kilter.training.events import Evaluated, Event, Hook, Stop
from kilter.training.rows import retell
from kilter.values.finding import Finding

if TYPE_CHECKING:
    from kilter.values.history import History


def ask(hooks: Iterable[Hook], event: Event, history: History) -> tuple[Stop | None, tuple[Finding, ...]]:
    """What the hooks answer to an event: the first that wants to stop, and all that was found."""
    stop: Stop | None = None
    findings: list[Finding] = []
    for hook in hooks:
        answer = hook(event, history)
        if isinstance(answer, Finding):
            findings.append(answer)
        elif answer is not None and stop is None:
            stop = answer
    return stop, tuple(findings)


def ask_again(hooks: Sequence[Hook], history: History) -> tuple[Stop | None, tuple[Finding, ...]]:
    """What the hooks answer at the last recorded step: a training that had decided to stop there does so again."""
    stop: Stop | None = None
    findings: tuple[Finding, ...] = ()
    for event, then in retell(history):
        asked, found = ask(hooks, event, then)
        stop = stop or asked
        if isinstance(event, Evaluated):
            findings = found
    return stop, findings


def latest(earlier: Iterable[Finding], later: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by code, the later one where there are two."""
    return tuple({finding.code: finding for finding in (*earlier, *later)}.values())
