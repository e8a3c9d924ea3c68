"""A project without a file: data in memory, settings as a mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kilter.project.located import Located
from kilter.project.reading import Project, project_of
from kilter.project.sought import STAGE_OF
from kilter.values.errors import Fault


def project_in_memory(
    splits: Sequence[str], *, target: str | Sequence[str], task: str, settings: Mapping[str, Any]
) -> Project:
    """A project whose splits are in memory.

    Args:
        splits: those that there are, `train` among them.
        target: the column to learn, or several.
        task: its name.
        settings: further sections, as in a project file.

    Raises:
        RecipeError: settings that are not legal, all of them; `auto` is not, since no run comes after it.
    """
    names = target if isinstance(target, str) else list(target)
    data = {**{split: split for split in splits}, "target": names, **dict(settings.get("data", {}))}
    whole = {**settings, "data": data, "task": task}
    located = Located(name="settings", data=whole, places={}, faults=())
    project = project_of(located, path=Path("memory"), text="", overrides=())
    faults = [
        Fault(
            where=located.name,
            met=f"{path} is auto",
            legal="a number, in settings of data in memory",
            remedy=f"kilter.find_{STAGE_OF[path].replace('-', '_')}(pipeline) suggests one",
        )
        for path in project.sought
    ]
    if faults:
        raise project.error(faults)
    return project
