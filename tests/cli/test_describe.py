"""`kilter describe`."""


def test_an_example_is_followed_in_words(kilter, small_file):
    ended = kilter("describe", small_file)

    assert ended.code == 0
    for part in ("As it was read", "Through the layers", "From logits", "(N)"):
        assert part in ended.out


def test_the_document_holds_the_passages(kilter, small_file):
    document = kilter("describe", small_file, "--json", "--split", "train", "--set", "train.seed=3").document

    assert document["command"] == "describe"
    assert document["walkthrough"]["split"] == "train"
    assert "seed 3" in document["walkthrough"]["weights"]
    assert document["walkthrough"]["passages"][0]["title"] == "As it was read"


def test_of_a_run_the_best_weights_answer(kilter, trained):
    document = kilter("describe", trained.path, "--json").document

    assert "the best weights of" in document["walkthrough"]["weights"]
    refused = kilter("describe", trained.path, "--set", "train.seed=3")
    assert refused.code == 2
    assert "nothing can be set" in refused.err


def test_no_such_row_is_wrong_usage(kilter, small_file):
    ended = kilter("describe", small_file, "--row", "t.csv:999999")

    assert ended.code == 2
    assert "t.csv:999999" in ended.err
