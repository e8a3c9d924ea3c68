"""The recipe: every number that decides a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    model_validator,
)

from kilter.values.duration import Duration
from kilter.values.errors import Fault, RecipeError
from kilter.values.validation import nearest, validate


def _duration(given: object) -> Duration:
    if isinstance(given, Duration):
        return given
    if isinstance(given, str):
        return Duration.read(given)
    message = f"a duration has a unit, such as '{given}ep' (epochs) or '{given}st' (steps)"
    raise ValueError(message)


def _some(length: Duration) -> Duration:
    if length.amount > 0:
        return length
    message = "must be longer than nothing"
    raise ValueError(message)


def _countable(length: Duration) -> Duration:
    if not length.is_clock:
        return length
    message = (
        "intervals are in epochs ('1ep'), steps ('200st') or percent of the run ('5%'); a kill moves none of these"
    )
    raise ValueError(message)


Length: TypeAlias = Annotated[Duration, PlainValidator(_duration), PlainSerializer(str, return_type=str)]
Span: TypeAlias = Annotated[Length, AfterValidator(_some)]
Interval: TypeAlias = Annotated[Length, AfterValidator(_some), AfterValidator(_countable)]
# Strict: `patience: true` is a slip, not the number 1, and "12" is no number.
_FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


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
    Where several tasks are learnt and rows have the targets of some only, `sampling: tasks` makes batches of one task
    each, tasks drawn in proportion to rows^`sampling_exponent`.
    """

    model_config = _FROZEN

    size: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    accumulate: int = Field(default=1, ge=1)
    pool: int = Field(default=50, ge=1)  # batches' worth of rows that are sorted by length together
    workers: int = Field(default=0, ge=0)  # processes that prepare batches
    sampling: Literal["rows", "tasks"] = "rows"
    sampling_exponent: float = Field(default=1.0, ge=0, le=1)  # 1: every row once an epoch; 0: all tasks alike

    @model_validator(mode="after")
    def _one_of_two(self) -> BatchSize:
        if self.size is not None and self.tokens is not None:
            message = "size and tokens are both given; give one of them"
            raise ValueError(message)
        if self.size is None and self.tokens is None:
            object.__setattr__(self, "size", 64)
        return self


@final
class LossChoice(BaseModel):
    """What is made small; each task says which losses and which of these numbers it reads.

    `auto` is the usual loss of the task: cross-entropy of classes, squared error of amounts. A number that is not
    given has the default of the loss that reads it.
    """

    model_config = _FROZEN

    name: Literal[
        "auto",
        "cross_entropy",
        "binary_cross_entropy",
        "focal",
        "distillation",
        "squared",
        "absolute",
        "huber",
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


@final
class AdamW(BaseModel):
    """AdamW (Loshchilov and Hutter 2019): decay apart from the gradient, none on biases, norms and embeddings."""

    model_config = _FROZEN

    name: Literal["adamw"] = "adamw"
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    beta1: float = Field(default=0.9, ge=0, lt=1)
    beta2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0)


@final
class Sgd(BaseModel):
    """Stochastic gradient descent, with momentum."""

    model_config = _FROZEN

    name: Literal["sgd"] = "sgd"
    learning_rate: float = Field(default=0.1, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = False


@final
class Constant(BaseModel):
    """The same rate from the end of the warm-up on."""

    model_config = _FROZEN

    name: Literal["constant"] = "constant"
    warmup: Length = Duration(0, "st")


@final
class Cosine(BaseModel):
    """Linear warm-up, then half a cosine down to `floor` times the rate (Loshchilov and Hutter 2017)."""

    model_config = _FROZEN

    name: Literal["cosine"] = "cosine"
    warmup: Length = Duration(5, "%")
    floor: float = Field(default=0.0, ge=0, le=1)


@final
class WarmupConstantCooldown(BaseModel):
    """Linear warm-up, a constant rate, then a linear cooldown to `floor` times the rate."""

    model_config = _FROZEN

    name: Literal["wsd"] = "wsd"
    warmup: Length = Duration(5, "%")
    cooldown: Length = Duration(20, "%")
    floor: float = Field(default=0.0, ge=0, le=1)


@final
class Train(BaseModel):
    """How long, from which seed, and how often to look."""

    model_config = _FROZEN

    length: Span = Duration(10, "ep")
    seed: int = Field(default=0, ge=0)
    clip_norm: float | None = Field(default=1.0, gt=0)  # of the whole gradient (Pascanu et al. 2013)
    evaluate_every: Interval = Duration(1, "ep")
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    deterministic: bool = True


@final
class Stop(BaseModel):
    """When to stop early: after `patience` evaluations without an improvement of more than `minimum_difference`.

    With `hopeless`, also where a curve shows a failure, such as a loss that ends far above its start.
    """

    model_config = _FROZEN

    metric: str = "valid.loss"
    mode: Literal["min", "max"] = "min"
    patience: int | None = Field(default=None, ge=1)  # evaluations; None never stops for want of improvement
    minimum_difference: float = Field(default=0.0, ge=0)
    threshold: float | None = None  # stop when the metric is as good as this
    hopeless: bool = False  # whether a failure that the curves show at an evaluation ends the run as failed


@final
class Save(BaseModel):
    """Which checkpoints to keep: the best, the last, and so many more."""

    model_config = _FROZEN

    every: Interval = Duration(1, "ep")
    keep: int = Field(default=1, ge=1)  # most recent checkpoints, beside the best


@final
class Augment(BaseModel):
    """How training examples are varied; validation and test never are. Each is a function of (seed, epoch, row)."""

    model_config = _FROZEN

    token_dropout: float = Field(default=0.0, ge=0, lt=1)  # share of tokens replaced by the unknown token
    noise: float = Field(default=0.0, ge=0)  # standard deviation added to scaled numbers
    shift: int = Field(default=0, ge=0)  # pixels an image is moved at most, each way
    flip: bool = False  # whether every other image, drawn one by one, is mirrored left to right


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
    Annotated[AdamW, Tag("adamw")] | Annotated[Sgd, Tag("sgd")], _tag("adamw"), BeforeValidator(_named)
]
Schedule: TypeAlias = Annotated[
    Annotated[Constant, Tag("constant")]
    | Annotated[Cosine, Tag("cosine")]
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

    model_config = _FROZEN

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
