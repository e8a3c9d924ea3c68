"""Telling checks of curves what a log does not say: the task, and the number of classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from kilter.checks.check import Check
from kilter.values.history import History

if TYPE_CHECKING:
    from dataclasses import Field


def told(
    checks: Iterable[Check[History]], *, task: str | None = None, classes: int | None = None
) -> tuple[Check[History], ...]:
    """The same checks, those that have a field for it knowing the task and the number of classes.

    >>> from kilter.checks.curves.first_logged_loss import FirstLoggedLoss
    >>> told([FirstLoggedLoss()], task="classification", classes=10)[0].classes
    10
    """
    known: dict[str, object] = {
        name: value for name, value in (("task", task), ("classes", classes)) if value is not None
    }
    return tuple(_knowing(check, known) for check in checks)


def _knowing(check: Any, known: dict[str, object]) -> Check[History]:
    all_of_them: tuple[Field[Any], ...] = fields(check)
    own = {field.name: known[field.name] for field in all_of_them if field.name in known}
    knowing: Check[History] = replace(check, **own) if own else check
    return knowing
