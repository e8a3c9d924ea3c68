import pytest
import torch

from kilter.models.siamese import Siamese
from kilter.values.inputs import Inputs
from kilter.values.task import Form

from .conftest import texts

SIZES = Inputs(vocabulary=40, longest=12, answers=40)


def both(*, padding=0, seed=0):
    left, right = texts(seed=seed, padding=padding), texts(seed=seed + 10, padding=2 * padding)
    return {**left, "answers": right["tokens"], "answers_mask": right["mask"]}


@pytest.fixture(params=["bag", "recurrent"])
def model(request, made):
    return made("siamese", SIZES, 16, form=Form.MATCH, encoder=request.param)


def test_both_sides_go_through_the_same_weights(model):
    given = both()
    turned = {
        "tokens": given["answers"],
        "mask": given["answers_mask"],
        "answers": given["tokens"],
        "answers_mask": given["mask"],
    }
    places, others = model(**given), model(**turned)

    assert set(places) == {"left", "right"}
    assert places["left"].shape == (6, 16)
    torch.testing.assert_close(places["left"], others["right"])


def test_padding_does_not_count(model):
    places, padded = model(**both()), model(**both(padding=5))

    for side, place in places.items():
        torch.testing.assert_close(padded[side], place, rtol=1e-4, atol=1e-5)


def test_places_lie_on_the_unit_sphere_unless_they_are_not_to(made, model):
    assert model(**both())["left"].norm(dim=1).tolist() == pytest.approx([1.0] * 6)

    free = made("siamese", SIZES, 16, form=Form.MATCH, normalised=False)
    lengths = free(**both())["left"].norm(dim=1)
    assert lengths.std() > 0


def test_empty_texts_have_finite_places_and_gradients(model):
    given = both()
    given["mask"][2] = False
    places = model(**given)
    places["left"].sum().backward()

    assert torch.isfinite(places["left"]).all()
    assert all(p.grad is None or bool(torch.isfinite(p.grad).all()) for p in model.parameters())


def test_every_parameter_learns(model):
    places = model.train()(**both())
    (places["left"] * places["right"]).sum().backward()

    assert all(p.grad is not None and bool(p.grad.any()) for p in model.parameters())


def test_the_bag_is_the_weighed_sum_of_its_tokens():
    model = Siamese(SIZES, 4, normalised=False).eval()
    with torch.no_grad():
        model.encoder.loudness.normal_()
    given = both()
    ids = given["tokens"][0][given["mask"][0]]
    loud = model.encoder.loudness[ids].exp()
    expected = (loud / loud.norm()) @ model.encoder.votes.weight[ids]

    torch.testing.assert_close(model(**given)["left"][0], expected)
