from kilter.values.plan import Plan


def test_it_says_its_length_and_its_rates():
    plan = Plan(
        rows=100,
        rows_an_epoch=90,
        batches=9,
        smallest=10,
        largest=10,
        tokens=None,
        accumulate=1,
        steps_per_epoch=9,
        steps=1800,
        epochs=200.0,
        length="200ep",
        schedule="cosine",
        at=(1, 900, 1800),
        rates=(0.001, 0.01, 0.0),
        marks=(),
    )
    assert plan.rows_a_step == 10
    assert repr(plan) == "Plan(1,800 steps, 9 an epoch, 10 rows a step; cosine, 0.001 to 0.01 to 0)"
