from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from kilter.values.validation import nearest, validate

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Round(BaseModel):
    model_config = STRICT
    name: Literal["round"] = "round"
    radius: float = Field(default=1.0, gt=0, lt=10)


class Flat(BaseModel):
    model_config = STRICT
    name: Literal["flat"] = "flat"
    width: int = Field(default=1, ge=1, le=5)


def tag(given):
    return str(given.get("name", "round")) if isinstance(given, dict) else "round"


class Whole(BaseModel):
    model_config = STRICT
    title: str
    shape: Annotated[Annotated[Round, Tag("round")] | Annotated[Flat, Tag("flat")], Discriminator(tag)] = Round()
    colour: Literal["red", "green"] = "red"
    open: bool = False
    numbers: list[int] = []
    flat: Flat = Flat()
    kept: Annotated[int, Field(ge=1)] | Literal["all"] = 1


def said(data):
    return [(fault.dotted, f"{fault.met}: {fault.legal}") for fault in validate(Whole, {"title": "t", **data})]


def test_what_is_right_is_the_model():
    assert validate(Whole, {"title": "t", "shape": {"name": "flat", "width": 2}}).shape == Flat(width=2)


@pytest.mark.parametrize(
    ("data", "path", "sentence"),
    [
        ({"colur": "red"}, "colur", "colur: unknown key; did you mean 'colour'?"),
        ({"zzz": 1}, "zzz", "zzz: unknown key; legal are colour, flat, kept, numbers, open, shape, title"),
        ({"radius": 2.0}, "radius", "radius: unknown key; did you mean 'shape.radius'?"),
        ({"shape_radius": 2.0}, "shape_radius", "shape_radius: unknown key; did you mean 'shape.radius'?"),
        ({"shape": {"radios": 1.0}}, "shape.radios", "shape.radios: unknown key; did you mean 'radius'?"),
        (
            {"shape": {"width": 1}},
            "shape.width",
            "shape.width: unknown key; it belongs to 'flat'; give shape.name: flat, or leave it out",
        ),
        ({"shape": {"name": "flt"}}, "shape.name", "shape.name = 'flt': did you mean 'flat'?"),
        ({"shape": {"name": "cubic"}}, "shape.name", "shape.name = 'cubic': legal are flat, round"),
        ({"colour": "gren"}, "colour", "colour = 'gren': did you mean 'green'?"),
        ({"colour": 3}, "colour", "colour = 3: legal are red, green"),
        ({"open": 1}, "open", "open = 1: must be true or false"),
        ({"title": None}, "title", "title = null: must be text"),
        ({"numbers": "1"}, "numbers", "numbers = '1': must be a list"),
        ({"numbers": [1, True]}, "numbers.1", "numbers.1 = true: must be a whole number"),
        ({"flat": 3}, "flat", "flat = 3: must be a section with keys of name, width"),
        ({"flat": {"width": 0}}, "flat.width", "flat.width = 0: must be 1 or more"),
        ({"kept": 0}, "kept", "kept = 0: must be 1 or more, or all"),
        ({"kept": "none"}, "kept", "kept = 'none': must be a whole number, or all"),
        ({"flat": {"width": 6}}, "flat.width", "flat.width = 6: must be 5 or less"),
        ({"shape": {"radius": 0.0}}, "shape.radius", "shape.radius = 0.0: must be more than 0.0"),
        ({"shape": {"radius": 10.0}}, "shape.radius", "shape.radius = 10.0: must be less than 10.0"),
        ({"shape": {"radius": float("inf")}}, "shape.radius", "shape.radius = inf: must be a finite number"),
    ],
)
def test_a_fault_says_where_what_and_what_is_legal(data, path, sentence):
    assert said(data) == [(path, sentence)]


def test_what_is_missing_is_said():
    assert [(fault.dotted, fault.met) for fault in validate(Whole, {})] == [("title", "title is missing")]


def test_all_faults_come_at_once():
    assert len(said({"open": 1, "colour": "x", "shape": {"radius": -1.0, "width": 1}, "more": 1})) == 5


def test_a_long_value_is_shortened():
    assert len(said({"open": "x" * 500})[0][1]) < 120


@pytest.mark.parametrize(
    ("word", "legal", "hint"),
    [
        ("lr", ["learning_rate", "lower"], "did you mean 'learning_rate'?"),
        ("wd", ["width", "weight_decay"], "did you mean 'weight_decay'?"),
        ("q", ["query", "a"], "legal are a, query"),
    ],
)
def test_initials_are_understood(word, legal, hint):
    assert nearest(word, legal) == hint
