"""What a training would do, said before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kilter.project.reading import Project


def plan_of(project: Project) -> dict[str, Any]:
    """The arithmetic of the run, the size of the model, and every number of the recipe."""
    from kilter.engine.schedules import rate
    from kilter.engine.seeding import fresh_model
    from kilter.project.assembling import build_pipeline, clean, load_dataset
    from kilter.training.fit import plan

    dataset, _ = clean(project, load_dataset(project))
    pipeline, _ = build_pipeline(project, dataset)
    itinerary = plan(pipeline)
    recipe = pipeline.recipe
    model = fresh_model(pipeline, recipe.train.seed)
    steps = itinerary.describe()
    total = steps["steps"]
    marks = sorted({1, *(round(total * share) for share in (0.05, 0.25, 0.5, 0.75)), total} - {0})
    rates = {
        str(step): recipe.optimizer.learning_rate
        * rate(recipe.schedule, step=step - 1, total=total, steps_per_epoch=itinerary.steps_per_epoch)
        for step in marks
    }
    return {
        **steps,
        "splits": dict(dataset.sizes),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "learning_rate_at_step": rates,
        "recipe": recipe.model_dump(mode="json"),
    }


def plan_text(planned: dict[str, Any]) -> str:
    """A plan as text."""
    from kilter.cli.result import paper
    from kilter.values.document import Document, Grid, Heading

    splits = ", ".join(f"{name} {size:,}" for name, size in planned["splits"].items())
    rates = ", ".join(f"{value:.3g} at step {step}" for step, value in planned["learning_rate_at_step"].items())
    facts = (
        ("rows", splits),
        ("steps", f"{planned['steps']:,}, {planned['steps_per_epoch']:,} an epoch"),
        ("parameters", f"{planned['parameters']:,}"),
        ("learning rate", rates),
    )
    settings = tuple(
        (f"{section}.{key}", "–" if value is None else str(value))
        for section, keys in planned["recipe"].items()
        for key, value in keys.items()
    )
    return paper(
        Document(
            title="What would be done",
            blocks=(
                Grid(columns=("what", "how much"), rows=facts),
                Heading(text="Recipe", level=3),
                Grid(columns=("key", "value"), rows=settings),
            ),
        )
    )
