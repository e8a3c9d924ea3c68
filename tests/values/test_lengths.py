import pytest
from pydantic import BaseModel, ValidationError

from kilter.values.duration import Duration
from kilter.values.lengths import FROZEN, Extent, Length, Period, Span, Steps


class Fields(BaseModel):
    model_config = FROZEN

    length: Length = Duration(0, "st")
    span: Span = Duration(1, "ep")
    extent: Extent = Duration(1, "ep")
    steps: Steps = Duration(0, "st")
    period: Period = Duration(1, "ep")


@pytest.mark.parametrize("field", ["length", "span", "extent", "steps", "period"])
def test_a_length_is_read_from_text_and_written_as_such(field):
    fields = Fields.model_validate({field: "2.5ep"})
    assert getattr(fields, field) == Duration(2.5, "ep")
    assert fields.model_dump(mode="json")[field] == "2.5ep"
    assert Fields.model_validate(fields.model_dump(mode="json")) == fields


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("length", 12, "a duration has a unit, such as '12ep'"),
        ("length", "12", "is no duration"),
        ("length", "12 eons", "is no duration"),
        ("span", "0ep", "longer than nothing"),
        ("extent", "0ep", "longer than nothing"),
        ("extent", "50%", "the run is what shares are taken of"),
        ("steps", "20min", "a rate is a function of the step"),
        ("period", "20min", "a rate is a function of the step"),
        ("period", "0st", "longer than nothing"),
    ],
)
def test_what_is_no_such_length_is_said(field, given, said):
    with pytest.raises(ValidationError, match=said):
        Fields.model_validate({field: given})


def test_nothing_and_the_clock_are_legal_where_they_mean_something():
    fields = Fields.model_validate({"length": "0min", "span": "20min", "steps": "0%"})
    assert (fields.length.is_clock, fields.span.seconds, fields.steps.amount) == (True, 1200, 0)
