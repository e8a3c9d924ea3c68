"""The recipe: every number that decides a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias, final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from kilter.values.duration import Duration
from kilter.values.errors import Fault, RecipeError
from kilter.values.lengths import FROZEN, Extent, Span
from kilter.values.schedule import (
    Constant,
    Cosine,
    Cyclical,
    InverseRoot,
    Linear,
    OneCycle,
    Plateau,
    Polynomial,
    WarmRestarts,
    WarmupConstantCooldown,
)
from kilter.values.validation import nearest, validate


def read_bytes(given: object) -> int:
    """A number of bytes, or one with a unit.

    >>> read_bytes("1.5GiB"), read_bytes("2GB")
    (1610612736, 2000000000)

    Raises:
        ValueError: it is neither.
    """
    if isinstance(given, str) and (form := _SIZE.fullmatch(given.strip())):
        return round(float(form[1]) * _SIZES[form[2].upper()])
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    message = f"{given!r} is no size; legal are a number of bytes, or one with a unit: '500MB', '2GB', '1.5GiB'"
    raise ValueError(message)


_SIZES: Final = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmMgG][iI]?[bB])")
Bytes: TypeAlias = Annotated[int, BeforeValidator(read_bytes), Field(gt=0)]


@final
class ModelChoice(BaseModel):
    """A model by name, or a person's own as `package.module:callable`, and its arguments."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    name: str = "auto"

    @property
    def arguments(self) -> dict[str, Any]:
        """All but the name."""
        return dict(self.model_extra or {})


@final
class BatchSize(BaseModel):
    """How many examples an optimizer step sees.

    Either `size` examples or a budget of `tokens` (padding included) a batch; `accumulate` batches make one step.
    `sampling` says which rows an epoch has: `rows` every row once; `balanced` as many of each class, rows of rare ones
    several times; `weighted` rows drawn in proportion to their weight, which the loss then counts as one. Where several
    tasks are learnt and rows have the targets of some only, `tasks` makes batches of one task each, tasks drawn in
    proportion to rows^`sampling_exponent`.
    """

    model_config = FROZEN

    size: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    accumulate: int = Field(default=1, ge=1)
    pool: int = Field(default=50, ge=1)  # batches' worth of rows that are sorted by length together
    workers: int = Field(default=0, ge=0)  # processes that prepare batches
    complete: bool = False  # whether what does not fill a last batch is left out of an epoch, other rows each time
    sampling: Literal["rows", "balanced", "weighted", "tasks"] = "rows"
    sampling_exponent: float = Field(default=1.0, ge=0, le=1)  # 1: every row once an epoch; 0: all tasks alike

    @model_validator(mode="after")
    def _one_of_two(self) -> BatchSize:
        if self.size is not None and self.tokens is not None:
            message = "size and tokens are both given; give one of them"
            raise ValueError(message)
        if self.size is None and self.tokens is None:
            object.__setattr__(self, "size", 64)
        return self


def _levels(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


def _of_quantiles(levels: tuple[float, ...]) -> tuple[float, ...]:
    if list(levels) != sorted(set(levels)) or 0.5 not in levels:
        message = "levels rise and 0.5 is among them, since the median decides; such as [0.1, 0.5, 0.9]"
        raise ValueError(message)
    return levels


Levels: TypeAlias = Annotated[
    tuple[Annotated[float, Field(gt=0, lt=1)], ...], BeforeValidator(_levels), AfterValidator(_of_quantiles)
]


@final
class LossChoice(BaseModel):
    """What is made small; each task says which losses and which of these numbers it reads.

    `auto` is the usual loss of the task: cross-entropy of classes, squared error of amounts. A number that is not
    given has the default of the loss that reads it.
    """

    model_config = FROZEN

    name: Literal[
        "auto",
        "cross_entropy",
        "binary_cross_entropy",
        "focal",
        "distillation",
        "squared",
        "absolute",
        "huber",
        "quantile",
        "in_batch",
        "contrastive",
        "triplet",
    ] = "auto"
    smoothing: float = Field(default=0.0, ge=0, lt=1)  # share of a hard label that is spread over all classes
    class_weights: Literal["none", "balanced"] | dict[str, Annotated[float, Field(gt=0)]] = "none"
    task_weights: dict[str, Annotated[float, Field(gt=0)]] = {}  # of several targets, by column; 1 where not said
    focus: float | None = Field(default=None, ge=0)  # of focal
    delta: float | None = Field(default=None, gt=0)  # of huber, in standard units
    temperature: float | None = Field(default=None, gt=0)  # of distillation and in_batch
    margin: float | None = Field(default=None, gt=0)  # of contrastive and triplet
    quantiles: Levels | None = None  # of quantile: rising shares, .5 among them, which decides


@final
class AdamW(BaseModel):
    """AdamW (Loshchilov and Hutter 2019): decay apart from the gradient, none on biases, norms and embeddings."""

    model_config = FROZEN

    name: Literal["adamw"] = "adamw"
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    beta1: float = Field(default=0.9, ge=0, lt=1)
    beta2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0)


@final
class Sgd(BaseModel):
    """Stochastic gradient descent, with momentum."""

    model_config = FROZEN

    name: Literal["sgd"] = "sgd"
    learning_rate: float = Field(default=0.1, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = False


@final
class ScheduleFreeAdamW(BaseModel):
    """AdamW that averages its steps instead of a schedule (Defazio et al. 2024); `schedule` may only warm it up."""

    model_config = FROZEN

    name: Literal["schedule_free_adamw"] = "schedule_free_adamw"
    learning_rate: float = Field(default=2.5e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    beta1: float = Field(default=0.9, gt=0, lt=1)  # the share of the average where gradients are taken
    beta2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0)


@final
class Train(BaseModel):
    """How long, from which seed, and how often to look."""

    model_config = FROZEN

    length: Extent = Duration(10, "ep")
    seed: int = Field(default=0, ge=0)
    clip_norm: float | None = Field(default=1.0, gt=0)  # of the whole gradient (Pascanu et al. 2013)
    clip_value: float | None = Field(default=None, gt=0)  # of each of its numbers, before the norm is clipped
    not_finite: Literal["stop", "skip", "back_off"] = "stop"  # a step whose loss or gradient is not a number: end the
    # run, make no update, or make none and halve the rate from then on
    skips: int = Field(default=10, ge=1)  # such steps in a row that end the run after all
    evaluate_every: Span = Duration(1, "ep")
    show: int = Field(default=6, ge=0)  # validation examples whose answers are kept at each evaluation
    weights: str | None = None  # a file of weights to begin with, as far as they match
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    deterministic: bool = True


@final
class Stop(BaseModel):
    """When to stop early: after `patience` evaluations without an improvement of more than `minimum_difference`.

    With `hopeless`, also where a curve shows a failure, such as a loss that ends far above its start.
    """

    model_config = FROZEN

    metric: str = "valid.loss"
    mode: Literal["auto", "min", "max"] = "auto"  # auto goes by the metric's name
    patience: int | None = Field(default=None, ge=1)  # evaluations; None never stops for want of improvement
    minimum_difference: float = Field(default=0.0, ge=0)
    threshold: float | None = None  # stop when the metric is as good as this
    divergence: float | None = None  # stop, as failed, when it is as bad as this
    hopeless: bool = False  # whether a failure that the curves show at an evaluation ends the run as failed


@final
class Save(BaseModel):
    """Which checkpoints to keep: the best, the last, and so many more, within a budget of bytes."""

    model_config = FROZEN

    every: Span = Duration(1, "ep")
    keep: Annotated[int, Field(ge=1)] | Literal["all"] = 1  # most recent checkpoints, beside the best
    budget: Bytes | None = None  # of all checkpoints together, such as "2GB"; the oldest go first
    content: Literal["full", "weights"] = "full"  # weights alone are smaller, and no training goes on from them


@final
class Augment(BaseModel):
    """How training examples are varied; validation and test never are. Each is a function of (seed, epoch, row)."""

    model_config = FROZEN

    token_dropout: float = Field(default=0.0, ge=0, lt=1)  # share of tokens replaced by the unknown token
    token_swaps: float = Field(default=0.0, ge=0, lt=1)  # share of tokens that change places with their neighbour
    synonyms: str | None = None  # `package.module:callable`, from a token to those that may stand in its place
    synonym_share: float = Field(default=0.1, gt=0, lt=1)  # of the tokens that have synonyms
    noise: float = Field(default=0.0, ge=0)  # standard deviation added to scaled numbers
    mixup: float = Field(default=0.0, ge=0)  # of numbers and images: alpha of Zhang et al. 2018; 0 mixes nothing
    shift: int = Field(default=0, ge=0)  # pixels an image is moved at most, each way
    flip: bool = False  # whether every other image, drawn one by one, is mirrored left to right
    rotate: float = Field(default=0.0, ge=0, le=180)  # degrees an image is turned at most, each way
    cutout: int = Field(default=0, ge=0)  # side of a square of each image that is blanked, in pixels


def _tag(default: str) -> Discriminator:
    def choose(given: object) -> str:
        if isinstance(given, Mapping):
            return str(given.get("name", default))
        return str(getattr(given, "name", default))

    return Discriminator(choose)


def _named(given: object) -> object:
    return {"name": given} if isinstance(given, str) else given


Model: TypeAlias = Annotated[ModelChoice, BeforeValidator(_named)]
ChosenLoss: TypeAlias = Annotated[LossChoice, BeforeValidator(_named)]
Optimizer: TypeAlias = Annotated[
    Annotated[AdamW, Tag("adamw")]
    | Annotated[Sgd, Tag("sgd")]
    | Annotated[ScheduleFreeAdamW, Tag("schedule_free_adamw")],
    _tag("adamw"),
    BeforeValidator(_named),
]
Schedule: TypeAlias = Annotated[
    Annotated[Constant, Tag("constant")]
    | Annotated[Linear, Tag("linear")]
    | Annotated[Polynomial, Tag("polynomial")]
    | Annotated[InverseRoot, Tag("inverse_root")]
    | Annotated[Cosine, Tag("cosine")]
    | Annotated[OneCycle, Tag("one_cycle")]
    | Annotated[Cyclical, Tag("cyclical")]
    | Annotated[WarmRestarts, Tag("warm_restarts")]
    | Annotated[Plateau, Tag("plateau")]
    | Annotated[WarmupConstantCooldown, Tag("wsd")],
    _tag("cosine"),
    BeforeValidator(_named),
]


@final
class Recipe(BaseModel):
    """Every number that decides a run; frozen, and JSON by dotted paths.

    >>> Recipe().replace("optimizer.learning_rate", 3e-4).optimizer.learning_rate
    0.0003
    """

    model_config = FROZEN

    model: Model = ModelChoice()
    loss: ChosenLoss = LossChoice()
    batch: BatchSize = BatchSize()
    optimizer: Optimizer = AdamW()
    schedule: Schedule = Cosine()
    augment: Augment = Augment()
    train: Train = Train()
    stop: Stop = Stop()
    save: Save = Save()

    @staticmethod
    def read(data: Mapping[str, object]) -> Recipe:
        """A recipe from nested mappings.

        Raises:
            RecipeError: all faults at once.
        """
        recipe = validate(Recipe, data)
        if isinstance(recipe, tuple):
            faults = [Fault(met=fault.met, legal=fault.legal) for fault in recipe]
            raise RecipeError(f"{len(faults)} fault{'s' * (len(faults) != 1)} in the recipe", faults=faults)
        return recipe

    def replace(self, path: str, value: object) -> Recipe:
        """This recipe with another value at a dotted path, validated like the whole.

        Raises:
            RecipeError: nothing reads that path, or the value is not legal there.
        """
        data: dict[str, Any] = self.model_dump(mode="json")
        if path.endswith(".name"):  # another kind has other parameters
            data[path.split(".", maxsplit=1)[0]] = {}
        place: dict[str, Any] = data
        *parents, last = path.split(".")
        for parent in parents:
            inner = place.get(parent)
            if not isinstance(inner, dict):
                faults = [Fault(met=f"{path}: unknown path", legal=nearest(path, self.paths()))]
                raise RecipeError("1 fault in the recipe", faults=faults)
            place = inner
        place[last] = value
        if path in {"batch.size", "batch.tokens"}:
            data["batch"]["tokens" if last == "size" else "size"] = None
        return Recipe.read(data)

    def paths(self) -> tuple[str, ...]:
        """All dotted paths, in the order of the file."""
        return tuple(_leaves(self.model_dump(mode="json"), ""))

    def __repr__(self) -> str:
        changed = self.model_dump(mode="json", exclude_defaults=True)
        return f"Recipe({', '.join(f'{key}={value!r}' for key, value in changed.items())})"


def _leaves(data: Mapping[str, Any], prefix: str) -> list[str]:
    paths: list[str] = []
    for key, value in data.items():
        paths += _leaves(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [f"{prefix}{key}"]
    return paths
