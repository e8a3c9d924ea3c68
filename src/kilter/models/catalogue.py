"""Models by name: kilter's own, and a person's as `package.module:callable`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

from kilter.models.arguments import Build, defaults_of, faults_in, unlisted
from kilter.models.bag import Bag
from kilter.models.cnn import Cnn
from kilter.models.encoder_decoder import EncoderDecoder
from kilter.models.fttransformer import FtTransformer
from kilter.models.initialisation import Initialisation, initialise
from kilter.models.language_recurrent import LanguageRecurrent
from kilter.models.language_transformer import LanguageTransformer
from kilter.models.mlp import Mlp
from kilter.models.own import own_builder
from kilter.models.pairs import Pairs
from kilter.models.recurrent import Recurrent
from kilter.models.siamese import Siamese
from kilter.models.tagger import Tagger
from kilter.models.textcnn import TextCnn
from kilter.models.transformer import Transformer
from kilter.values.errors import Fault, RecipeError
from kilter.values.recipe import ModelChoice
from kilter.values.task import Form
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from torch import nn

    from kilter.values.inputs import Inputs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A model of the catalogue.

    Attributes:
        build: called with inputs and outputs, and with `form` where its parameters name it; its other keyword-only
            parameters are the model's arguments, each with an annotation and a default.
        forms: what it can answer.
        reads: what it is for, one of these inputs at least.
        beside: columns that it reads as well, if there are any.
        ordered: whether it reads tokens in their order, which a bag of n-grams has lost.
        texts: columns of text that it needs at least.
    """

    build: Build
    forms: tuple[Form, ...] = (Form.ROW,)
    reads: tuple[str, ...] = ("tokens",)
    beside: tuple[str, ...] = ("numbers", "categories")
    ordered: bool = False
    texts: int = 0


MODELS: Final[Mapping[str, Listing]] = MappingProxyType(
    {
        "bag": Listing(build=Bag),
        "cnn": Listing(build=Cnn, reads=("image",)),
        "encoder-decoder": Listing(build=EncoderDecoder, forms=(Form.TEXT,), beside=(), ordered=True),
        "fttransformer": Listing(build=FtTransformer, reads=("numbers", "categories")),
        "gru": Listing(build=partial(Recurrent, cell="gru"), ordered=True),
        "lm-gru": Listing(build=partial(LanguageRecurrent, cell="gru"), forms=(Form.NEXT,), beside=(), ordered=True),
        "lm-lstm": Listing(build=partial(LanguageRecurrent, cell="lstm"), forms=(Form.NEXT,), beside=(), ordered=True),
        "lm-transformer": Listing(build=LanguageTransformer, forms=(Form.NEXT,), beside=(), ordered=True),
        "lstm": Listing(build=partial(Recurrent, cell="lstm"), ordered=True),
        "mlp": Listing(build=Mlp, reads=("numbers", "categories", "image")),
        "pairs": Listing(build=Pairs, ordered=True, texts=2),
        "siamese": Listing(build=Siamese, forms=(Form.MATCH,), beside=()),
        "tagger": Listing(build=Tagger, forms=(Form.TOKEN,), beside=(), ordered=True),
        "textcnn": Listing(build=TextCnn, ordered=True),
        "transformer": Listing(build=Transformer, forms=(Form.ROW, Form.TOKEN), ordered=True),
    }
)
"""Every model by name."""

_PREFERRED: Final[Mapping[Form, tuple[str, ...]]] = MappingProxyType(
    {
        Form.ROW: ("pairs", "cnn", "textcnn", "bag", "mlp"),
        Form.TOKEN: ("tagger",),
        Form.NEXT: ("lm-lstm",),
        Form.TEXT: ("encoder-decoder",),
        Form.MATCH: ("siamese",),
    }
)
"""What `auto` takes: the first of these that can read all of the inputs, else the first of the others that can."""

_AIDS: Final = frozenset({"mask", "segments", "characters", "answers", "answers_mask"})
"""Inputs that come with others; a model that does not read them misses nothing that a person gave."""

_OF_ALL: Final = MappingProxyType({"initialisation": (Initialisation, "auto")})
"""Arguments that every model takes."""


def resolve(choice: ModelChoice, inputs: Inputs, form: Form = Form.ROW) -> ModelChoice:
    """The choice with `auto` turned into a name, and every argument written out.

    Raises:
        RecipeError: a name or an argument that nobody reads, a value that is not legal, or a model that cannot take
            these inputs or give such answers.
    """
    name = _suited(inputs, form) if choice.name == "auto" else choice.name
    if ":" in name:
        return ModelChoice(name=name, **choice.arguments)
    if name not in MODELS:
        legal = f"{nearest(name, MODELS)}; one's own is 'package.module:callable'"
        raise RecipeError(f"model.name = {name!r}", legal=legal)
    listing = MODELS[name]
    faults = [*_unfit(name, inputs, form), *faults_in(listing.build, choice.arguments, beside=_OF_ALL)]
    if faults:
        raise RecipeError(f"{len(faults)} fault{'s' * (len(faults) != 1)} in the choice of a model", faults=faults)
    defaults = {**defaults_of(listing.build), **{key: default for key, (_, default) in _OF_ALL.items()}}
    return ModelChoice(name=name, **{**defaults, **choice.arguments})


def make_factory(choice: ModelChoice, inputs: Inputs, outputs: int, form: Form = Form.ROW) -> Callable[[], nn.Module]:
    """A function that makes a fresh model, its weights drawn from the global random state.

    Raises:
        RecipeError: as `resolve`; or a person's own callable that cannot be found or called.
    """
    resolved = resolve(choice, inputs, form)
    own = ":" in resolved.name
    arguments: dict[str, Any] = {key: unlisted(value) for key, value in resolved.arguments.items()}
    how = None if own else arguments.pop("initialisation")
    if own:
        build = own_builder(resolved, inputs, outputs, form)
    else:
        build = partial(MODELS[resolved.name].build, inputs, outputs)
        if "form" in inspect.signature(build).parameters:
            build = partial(build, form=form)

    def factory() -> nn.Module:
        model = build(**arguments)
        if how is not None:
            initialise(model, how)
        return model

    try:
        factory()
    except Exception as error:  # a person's own may raise anything
        raise RecipeError(
            f"model {resolved.name!r} cannot be made with {resolved.arguments}: {type(error).__name__}: {error}",
            remedy="look at the arguments under `model:`",
        ) from error
    return factory


def _suited(inputs: Inputs, form: Form) -> str:
    """The model that `auto` stands for."""
    listed = dict.fromkeys([*_PREFERRED[form], *MODELS])
    fitting = [name for name in listed if name in MODELS and not _unfit(name, inputs, form)]
    if not fitting:
        raise RecipeError(
            f"model.name = 'auto' finds no model that reads {', '.join(inputs.names)} and answers {_SAID[form]}",
            legal=_answering(form),
            remedy="ignore some of the columns, or bring a model: 'package.module:callable'",
        )
    return fitting[0]


_SAID: Final = MappingProxyType(
    {
        Form.ROW: "once for each row",
        Form.TOKEN: "once for each token",
        Form.NEXT: "with what follows each token",
        Form.TEXT: "with a text",
        Form.MATCH: "with a place for each of two texts",
    }
)


def _answering(form: Form) -> str:
    names = [name for name, listing in MODELS.items() if form in listing.forms]
    return f"so answer {', '.join(names)}" if names else "none of kilter's own answers so"


def _unfit(name: str, inputs: Inputs, form: Form) -> list[Fault]:
    """Why a model cannot be taken for these inputs and such answers."""
    listing, met = MODELS[name], f"model.name = {name!r}"
    faults: list[Fault] = []
    if form not in listing.forms:
        answers = " or ".join(_SAID[each] for each in listing.forms)
        said = f"it answers {answers}, and the task needs answers {_SAID[form]}; {_answering(form)}"
        faults.append(Fault(met=met, legal=said))
    if not set(listing.reads) & set(inputs.names):
        faults.append(Fault(met=met, legal=f"it reads {' or '.join(listing.reads)}, and the data have none"))
    unread = [each for each in inputs.names if each not in {*listing.reads, *listing.beside, *_AIDS}]
    if unread:
        said = f"it does not read {', '.join(unread)}"
        faults.append(Fault(met=met, legal=said, remedy="ignore those columns, or bring a model"))
    if inputs.texts < listing.texts:
        said = f"it compares {listing.texts} texts, and the data have {inputs.texts or int(inputs.vocabulary > 0)}"
        faults.append(Fault(met=met, legal=said))
    if listing.ordered and not inputs.ordered:
        said = "it reads tokens in their order, and a bag of n-grams has none"
        faults.append(Fault(met=met, legal=said, remedy="use `preprocessing.unit: word`, or `bag`"))
    return faults
