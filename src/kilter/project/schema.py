"""What a project file may say: pydantic models whose fields are the keys of `kilter.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias, final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from kilter.data.settings import PreprocessingSettings
from kilter.training.pacing import SHARE
from kilter.values.expectation import Expectation
from kilter.values.lengths import FROZEN
from kilter.values.recipe import AdamW as DefaultOptimizer
from kilter.values.recipe import (
    Augment,
    BatchSize,
    ChosenLoss,
    LossChoice,
    Model,
    ModelChoice,
    Optimizer,
    Recipe,
    Save,
    Schedule,
    Stop,
    Train,
)
from kilter.values.schedule import Cosine as DefaultSchedule

LeaveOut: TypeAlias = Literal["contradictions", "overlap", "unlabelled"]
InputKind: TypeAlias = Literal["auto", "text", "number", "category", "image", "tokens"]


def _words(given: object) -> object:
    """One word as a list of one; lists as the tuples that a frozen model holds."""
    if isinstance(given, str):
        return (given,)
    if isinstance(given, list):
        if len(set(map(str, given))) < len(given):
            message = f"{', '.join(sorted({str(word) for word in given if given.count(word) > 1}))} stands there twice"
            raise ValueError(message)
        return tuple(given)
    return given


def _columns(given: object) -> object:
    """One or more columns."""
    if isinstance(given, str | list | tuple):
        return _words(given)
    message = "must be the name of a column, or a list of them"
    raise ValueError(message)


def _kinds(given: object) -> object:
    """Names of columns as a mapping to their kind, which `auto` leaves to the data."""
    words = _words(given)
    if isinstance(words, tuple) and all(isinstance(word, str) for word in words):
        return dict.fromkeys(words, "auto")
    return given


def _costs(given: object) -> object:
    """Classes that are numbers in a file are text here."""
    if not isinstance(given, Mapping):
        return given
    return {
        str(true): {str(decided): cost for decided, cost in of.items()} if isinstance(of, Mapping) else of
        for true, of in given.items()
    }


def _claims(given: object) -> object:
    """One or more things said of a score, each a relation and a number."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        message = f"must be a relation and a number in quotes, such as '>= {given:g}'"
        raise ValueError(message)
    words = _words(given)
    for word in words if isinstance(words, tuple) else (words,):
        try:
            Expectation.read("", word if isinstance(word, str) else "")
        except ValueError as error:
            message = f"{error}; a baseline to beat stands under `beats`, the reason under `because`"
            raise ValueError(message) from None
    return words


def _listed(given: object) -> object:
    """A list as the tuple that a frozen model holds."""
    return tuple(given) if isinstance(given, list) else given


def _file_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        message = "must be letters, digits, '.', '_' and '-', since runs are named after it"
        raise ValueError(message)
    return name


Words: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_words)]


@final
class Split(BaseModel):
    """The shares of the training file that are put aside where no file is given for a split."""

    model_config = FROZEN

    valid: float = Field(default=0.1, ge=0, lt=1)
    test: float = Field(default=0.1, ge=0, lt=1)
    by: Literal["auto", "random", "stratified", "grouped", "temporal"] = "auto"
    column: str | None = None  # whose values are kept together, in proportion, or in their order of time
    seed: int = Field(default=0, ge=0)  # its own, so that training from another seed is tested on the same rows

    @model_validator(mode="after")
    def _leaves_some(self) -> Split:
        if self.valid + self.test >= 1:
            message = f"valid and test take {self.valid + self.test:g} of the rows; together they must be less than 1"
            raise ValueError(message)
        return self


@final
class Data(BaseModel):
    """Files, relative to the project file's folder, and what their columns are."""

    model_config = FROZEN

    train: str
    valid: str | None = None
    test: str | None = None
    split: Split = Split()
    inputs: Annotated[dict[str, InputKind], BeforeValidator(_kinds)] = {}  # empty: all other columns
    target: Annotated[tuple[str, ...], BeforeValidator(_columns), Field(min_length=1)]  # several are learnt together
    ignore: Words = ()
    weight: str | None = None
    group: str | None = None
    encoding: str | None = None  # of text files; a byte-order mark or UTF-8 needs no word
    separator: str | None = Field(default=None, min_length=1, max_length=1)  # of CSV; found out where nothing is said
    decimal: Literal[".", ","] | None = None
    leave_out: Annotated[tuple[LeaveOut, ...], BeforeValidator(_words)] = ()


@final
class Gate(BaseModel):
    """Which findings stop the way."""

    model_config = FROZEN

    fail_on: Literal["failure", "warning", "off"] = "failure"


@final
class Thresholds(BaseModel):
    """What the thresholds are to reach that are chosen on the validation split and judged on the test split."""

    model_config = FROZEN

    precision: float = Field(default=0.9, gt=0, le=1)  # of the threshold with the largest recall
    costs: Annotated[dict[str, dict[str, float]] | None, BeforeValidator(_costs)] = None  # true class, decided class


@final
class Spans(BaseModel):
    """How spans are read from tags that were decided; lenient is what the scorer of the CoNLL shared tasks does."""

    model_config = FROZEN

    reading: Literal["strict", "lenient"] = "strict"  # lenient: the likeliest tag of each token, an I may begin a span


@final
class Expect(BaseModel):
    """What is expected of the run, written down before it; every other key is a score of the task, or `gap`."""

    model_config = ConfigDict(**FROZEN | {"extra": "allow"})
    __pydantic_extra__: dict[str, Annotated[Words, BeforeValidator(_claims)]] = Field(init=False)

    beats: Words = ()  # baselines that are measured beside the network
    because: str = ""

    @property
    def claims(self) -> Mapping[str, tuple[str, ...]]:
        """What is said of scores and of the gap, by their names."""
        return self.__pydantic_extra__


@final
class Reported(BaseModel):
    """A score that somebody else reports: shown beside those that are measured."""

    model_config = FROZEN

    name: Annotated[str, Field(min_length=1)]  # of the system
    metric: Annotated[str, Field(min_length=1)]  # as the task calls it
    score: float
    source: Annotated[str, Field(min_length=1)]  # a paper, a page


@final
class Slices(BaseModel):
    """Kinds of examples that are judged apart, whether or not the model does worse there, beside those searched for."""

    model_config = FROZEN

    columns: Words = ()  # of the data: each value, or texts and numbers by how long or large they are
    tokens: Words = ()  # examples that have the word in any of their texts
    minimum: int = Field(default=20, ge=2)  # examples in a slice and outside of it


@final
class Report(BaseModel):
    """What reports may say."""

    model_config = FROZEN

    hide_texts: bool = False  # ids and lengths in the place of texts


@final
class Tracking(BaseModel):
    """What is recorded, and where curves go beside metrics.jsonl, which is always written."""

    model_config = FROZEN

    mirrors: Annotated[tuple[Literal["tensorboard"], ...], BeforeValidator(_words)] = ()
    measuring: float = Field(default=SHARE, ge=0, le=1)  # share of the steps' time for measuring layers; 0 is never


@final
class ProjectFile(BaseModel):
    """A whole project file: the data, the task, what must be beaten, and the sections of the recipe."""

    model_config = FROZEN

    name: Annotated[str, AfterValidator(_file_name)] | None = None
    data: Data
    task: Literal["classification", "regression", "multilabel", "tagging", "generation", "contrastive", "multitask"]
    preprocessing: PreprocessingSettings = PreprocessingSettings()
    baselines: Words = ("auto",)  # auto takes those of the task
    gate: Gate = Gate()
    thresholds: Thresholds = Thresholds()
    spans: Spans = Spans()
    slices: Slices = Slices()
    report: Report = Report()
    expect: Expect = Expect()
    references: Annotated[tuple[Reported, ...], BeforeValidator(_listed)] = ()
    tracking: Tracking = Tracking()

    model: Model = ModelChoice()
    loss: ChosenLoss = LossChoice()
    batch: BatchSize = BatchSize()
    optimizer: Optimizer = DefaultOptimizer()
    schedule: Schedule = DefaultSchedule()
    augment: Augment = Augment()
    train: Train = Train()
    stop: Stop = Stop()
    save: Save = Save()

    def own_sections(self) -> Mapping[str, object]:
        """All but the recipe, as JSON."""
        return self.model_dump(mode="json", exclude=set(Recipe.model_fields))


SECTIONS: Final = tuple(name for name in ProjectFile.model_fields if name not in {"name", "task", "baselines"})
"""Keys whose value is a section, or a list of them; one that is left empty says nothing."""
