import numpy as np
import pytest
import torch

from kilter.data.augmentation import augmentation_faults, augmented
from kilter.data.image_variations import cut_out, flipped, rotated, shifted
from kilter.data.number_variations import with_noise
from kilter.data.preprocessing import Encoded
from kilter.data.ragged import Ragged
from kilter.data.text_variations import Synonyms, with_swaps, with_synonyms, without_tokens
from kilter.values.recipe import Augment

ROWS = [3, 1, 2]
KEY = {"seed": 5, "epoch": 1, "rows": ROWS}
SYNONYMS = Synonyms(ids=torch.arange(6, 40), starts=torch.tensor([0] * 5 + list(range(35))))
TEXTS = Ragged.of([[5, 6], [7], [8]])


def inputs():
    generator = torch.Generator().manual_seed(0)
    return {
        "tokens": torch.randint(5, 39, (3, 12), generator=generator),
        "mask": torch.ones(3, 12, dtype=torch.bool),
        "numbers": torch.randn(3, 4, generator=generator),
        "image": torch.randn(3, 1, 8, 8, generator=generator),
    }


def test_each_setting_varies_its_input_and_no_other():
    expected = {
        "token_dropout": lambda given: without_tokens(given["tokens"], share=0.5, **KEY),
        "token_swaps": lambda given: with_swaps(given["tokens"], share=0.5, **KEY),
        "noise": lambda given: with_noise(given["numbers"], deviation=0.5, **KEY),
        "rotate": lambda given: rotated(given["image"], degrees=45, **KEY),
        "shift": lambda given: shifted(given["image"], most=2, **KEY),
        "flip": lambda given: flipped(given["image"], **KEY),
        "cutout": lambda given: cut_out(given["image"], side=3, **KEY),
    }
    amounts = {"rotate": 45.0, "shift": 2, "flip": True, "cutout": 3}
    for name, vary in expected.items():
        made = augmented(inputs(), Augment(**{name: amounts.get(name, 0.5)}), None, **KEY)
        changed = [key for key, tensor in inputs().items() if not torch.equal(made[key], tensor)]
        assert len(changed) == 1
        assert torch.equal(made[changed[0]], vary(inputs()))


def test_synonyms_stand_in_at_their_share():
    made = augmented(inputs(), Augment(synonyms="words:find", synonym_share=0.4), SYNONYMS, **KEY)
    assert torch.equal(made["tokens"], with_synonyms(inputs()["tokens"], synonyms=SYNONYMS, share=0.4, **KEY))


def test_several_settings_of_one_input_follow_one_another():
    everything = Augment(token_dropout=0.3, token_swaps=0.5, synonyms="words:find", rotate=20, shift=1, cutout=2)
    made = augmented(inputs(), everything, SYNONYMS, **KEY)
    tokens = with_swaps(inputs()["tokens"], share=0.5, **KEY)
    tokens = with_synonyms(tokens, synonyms=SYNONYMS, share=0.1, **KEY)
    assert torch.equal(made["tokens"], without_tokens(tokens, share=0.3, **KEY))
    image = shifted(rotated(inputs()["image"], degrees=20, **KEY), most=1, **KEY)
    assert torch.equal(made["image"], cut_out(image, side=2, **KEY))


def test_nothing_is_varied_where_nothing_is_said():
    made = augmented(inputs(), Augment(), None, **KEY)
    assert all(torch.equal(made[name], tensor) for name, tensor in inputs().items())


def met(augment, *, each_token=False, **encoded):
    faults = augmentation_faults(augment, Encoded(rows=3, **encoded), each_token=each_token)
    return [f"{fault.met}: {fault.legal}" for fault in faults]


NUMBERS = np.zeros((3, 2), dtype=np.float32)
IMAGE = np.zeros((3, 1, 8, 6), dtype=np.float32)
CATEGORIES = np.zeros((3, 1), dtype=np.int64)


@pytest.mark.parametrize(
    ("name", "amount", "encoded"),
    [
        ("token_dropout", 0.1, {"numbers": NUMBERS}),
        ("token_swaps", 0.1, {"numbers": NUMBERS}),
        ("synonyms", "words:find", {"numbers": NUMBERS}),
        ("noise", 0.1, {"tokens": TEXTS}),
        ("shift", 1, {"tokens": TEXTS}),
        ("flip", True, {"numbers": NUMBERS}),
        ("rotate", 10.0, {"numbers": NUMBERS}),
        ("cutout", 2, {"numbers": NUMBERS}),
    ],
)
def test_what_no_input_holds_is_not_varied(name, amount, encoded):
    assert met(Augment(**{name: amount}), **encoded)[0].startswith(f"augment.{name} decides nothing: it is for ")
    rightly = {"tokens": TEXTS, "numbers": NUMBERS, "image": IMAGE}
    assert met(Augment(**{name: amount}), **rightly) == []


def test_a_share_of_no_synonyms_decides_nothing():
    assert met(Augment(synonym_share=0.3), tokens=TEXTS) == [
        "augment.synonym_share decides nothing: it is the share of tokens that `augment.synonyms` replaces"
    ]


def test_where_each_token_has_its_target_none_moves():
    augment = Augment(token_swaps=0.1, synonyms="words:find", token_dropout=0.1)
    found = met(augment, tokens=TEXTS, each_token=True)
    assert [fault.split(":", 1)[0] for fault in found] == ["augment.token_swaps", "augment.synonyms"]


@pytest.mark.parametrize("name", ["shift", "cutout"])
def test_what_is_as_large_as_the_image_is_refused(name):
    assert met(Augment(**{name: 5}), image=IMAGE) == []
    assert met(Augment(**{name: 6}), image=IMAGE) == [
        f"augment.{name} = 6: less than the smaller side of the images, 6 pixels"
    ]


def test_mixup_is_of_numbers_and_images():
    assert met(Augment(mixup=0.2), numbers=NUMBERS, image=IMAGE) == []
    assert met(Augment(mixup=0.2), numbers=NUMBERS, categories=CATEGORIES) == [
        "augment.mixup: it mixes numbers and images, and inputs hold categories"
    ]
    assert "inputs hold texts and categories" in met(Augment(mixup=0.2), tokens=TEXTS, categories=CATEGORIES)[0]
