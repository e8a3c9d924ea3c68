"""What a training would do, said before it is done."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kilter.project.reading import Project
    from kilter.values.plan import Plan


def plan_of(project: Project) -> tuple[Plan, dict[str, Any]]:
    """The plan of a run; beside it the sizes of its splits and its model, every number of the recipe, what is open."""
    from kilter.engine.seeding import fresh_model
    from kilter.project.assembling import build_pipeline, clean, load_dataset
    from kilter.project.sought import left_open
    from kilter.training.fit import itinerary_of
    from kilter.training.planning import lay_out

    dataset, _ = clean(project, load_dataset(project))
    pipeline, _ = build_pipeline(project, dataset)
    laid_out = lay_out(pipeline, itinerary_of(pipeline))
    model = fresh_model(pipeline, pipeline.recipe.train.seed)
    return laid_out, {
        "splits": dict(dataset.sizes),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "recipe": pipeline.recipe.model_dump(mode="json"),
        "left_open": [each.reason for each in left_open(project.sought, pipeline.recipe)],
    }


def plan_document(plan: Plan, beside: dict[str, Any]) -> dict[str, Any]:
    """A plan as JSON."""
    from kilter.values.json_form import to_json

    said: dict[str, Any] = to_json(plan)
    rates = dict(zip(map(str, said.pop("at")), said.pop("rates"), strict=True))
    return {**said, "rows_a_step": plan.rows_a_step, **beside, "learning_rate_at_step": rates}


def plan_text(plan: Plan, beside: dict[str, Any]) -> str:
    """A plan as text: the arithmetic, the curve, and every number of the recipe."""
    from kilter.cli.result import paper
    from kilter.report.plan import drawn, plan_grid
    from kilter.values.document import Document, Grid, Paragraph

    settings = tuple(
        (f"{section}.{key}", "–" if value is None else str(value))
        for section, keys in beside["recipe"].items()
        for key, value in keys.items()
    )
    grid = plan_grid(plan, sizes=beside["splits"])
    facts = Grid(columns=grid.columns, rows=(*grid.rows, ("parameters", f"{beside['parameters']:,}")))
    open_yet = tuple(Paragraph(text=f"{reason}.") for reason in beside["left_open"])
    curve = "\n".join(drawn(plan, width=min(100, shutil.get_terminal_size((100, 24)).columns)))
    recipe = Document(title="Recipe", blocks=(Grid(columns=("key", "value"), rows=settings),))
    return f"{paper(Document(title='What would be done', blocks=(*open_yet, facts)))}\n{curve}\n\n{paper(recipe)}"
