import pytest
import torch

from kilter.engine.forwarding import forward
from kilter.testing.killing import EVALUATION
from kilter.testing.trainee import main, make_pipeline
from kilter.tracking.fitting import CHECKPOINTS
from kilter.training.checkpoints import newest
from kilter.training.fit import itinerary_of


def test_it_has_all_that_makes_going_on_hard():
    pipeline = make_pipeline(workers=2)
    recipe, train = pipeline.recipe, pipeline.splits["train"]
    rows = next(itinerary_of(pipeline).legs()).window[0]
    assert recipe.batch.accumulate == 2
    assert recipe.batch.workers == 2
    assert recipe.stop.patience
    plain = train.plain(rows).inputs["numbers"]
    first, other = (train.batch(rows, seed=7, epoch=epoch).inputs["numbers"] for epoch in (0, 1))
    assert not torch.equal(plain, first)
    assert not torch.equal(first, other)
    model = pipeline.make_model().train()
    assert not torch.equal(model(plain), model(plain))
    assert dict(model.named_buffers())


@pytest.mark.parametrize("data", ["table", "texts"])
def test_data_as_files_have_them_are_augmented(data):
    augment = {"table": {"noise": 0.1, "mixup": 0.4}, "texts": {"token_dropout": 0.3, "token_swaps": 0.3}}[data]
    pipeline = make_pipeline(data=data, dropout=0.0, settings={"augment": augment, "batch": {"accumulate": 3}})
    assert pipeline.recipe.batch.accumulate == 3
    assert pipeline.recipe.batch.size == 16
    train, model = pipeline.splits["train"], pipeline.make_model().train()
    plain, varied = train.plain(range(16)), train.batch(range(16), seed=7, epoch=0)
    name = "numbers" if data == "table" else "tokens"
    assert not torch.equal(plain.inputs[name], varied.inputs[name][:16])
    outputs = forward(pipeline, model, plain)
    assert outputs.shape == (16, 3)
    assert torch.equal(outputs, forward(pipeline, model, plain))  # nothing is dropped out


def test_it_shows_when_it_evaluates(tmp_path):
    pipeline = make_pipeline(folder=tmp_path)
    model, batch = pipeline.make_model(), pipeline.splits["valid"].plain(range(4))
    forward(pipeline, model.eval(), batch)
    assert (tmp_path / EVALUATION).exists()
    forward(pipeline, model.train(), batch)
    assert not (tmp_path / EVALUATION).exists()


def test_it_trains_goes_on_and_says_how_it_ended(tmp_path):
    threads = torch.get_num_threads()
    try:
        assert main([str(tmp_path), "--length", "7st"]) == 0
        assert newest(tmp_path / CHECKPOINTS).step == 7
        assert main([str(tmp_path), "--length", "9st"]) == 0
        assert newest(tmp_path / CHECKPOINTS).step == 9
        assert main([str(tmp_path / "other"), "--length", "1min"]) == 2  # its schedule needs to know its length
    finally:
        torch.set_num_threads(threads)
