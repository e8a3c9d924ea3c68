"""Tagged sentences with one fault each."""

from __future__ import annotations

from kilter.metrics.tags import Scheme
from kilter.testing.healthy.tagging import sequences, tagged
from kilter.testing.subjects import Planted
from kilter.values.finding import Severity
from kilter.values.table import Dataset, Table


def _with_tags(split: str, rows: int, made: Dataset, **replaced: str) -> Dataset:
    """The data set with some tags of the first rows of a split written otherwise; an underscore stands for a dash."""
    table = made[split]
    written = {old.replace("_", "-"): new for old, new in replaced.items()}
    tags = table.columns["tags"].tolist()
    tags[:rows] = [[written.get(tag, tag) for tag in row] for row in tags[:rows]]
    return _with_column(made, split, tags)


def _with_column(made: Dataset, split: str, tags: list[list[str]]) -> Dataset:
    table = made[split]
    changed = Table(columns={**table.columns, "tags": sequences(tags)}, ids=table.ids)
    return Dataset(splits={**made.splits, split: changed}, schema=made.schema)


def _shifted() -> Dataset:
    made = tagged()
    tags = made["train"].columns["tags"].tolist()
    tags[:12] = [row[1:] for row in tags[:12]]
    return _with_column(made, "train", tags)


def _other_scheme() -> Dataset:
    return Dataset(
        splits={**tagged().splits, "test": tagged(scheme=Scheme.BIOES)["test"]},
        schema=tagged().schema,
    )


PLANTED_TAGGING: tuple[Planted[Dataset], ...] = (
    Planted(
        code="D121",
        name="fewer tags than tokens",
        make=_shifted,
        causes=("label_misaligned",),
        severity=Severity.FAILURE,
    ),
    Planted(
        code="D121",
        name="spans that begin inside",
        make=lambda: _with_tags("train", 10, tagged(), B_name="I-name"),
        causes=("label_noise",),
    ),
    Planted(code="D121", name="another scheme in test", make=_other_scheme, causes=("val_preprocess_mismatch",)),
    Planted(
        code="D121",
        name="a type of test only",
        make=lambda: _with_tags("test", 10, tagged(), B_time="B-place", I_time="I-place"),
        causes=("distribution_shift",),
    ),
    Planted(
        code="D121",
        name="labels instead of tags",
        make=lambda: _with_tags("train", 200, tagged(), B_name="name", I_name="name"),
        causes=("label_noise", "data_anomaly"),
        severity=Severity.FAILURE,
    ),
)
