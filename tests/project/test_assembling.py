import numpy as np
import pytest
import torch

from kilter.project.assembling import build_pipeline, clean, load_dataset, make_dataset, read_file
from kilter.project.reading import parse_project
from kilter.values.errors import DataError, RecipeError
from kilter.values.table import Kind, Table


@pytest.fixture
def folder(tmp_path):
    lines = [f"{i % 13 / 10},{'red' if i % 3 else 'blue'},{'ab'[i % 2]}" for i in range(120)]
    (tmp_path / "all.csv").write_text("\n".join(["n,colour,label", *lines]), "utf-8")
    return tmp_path


def project(folder, text="", task="classification"):
    base = f"task: {task}\ndata:\n  train: all.csv\n  target: label\n"
    return parse_project(base + text, path=folder / "kilter.yaml")


def faults(function, *arguments):
    with pytest.raises(RecipeError) as caught:
        function(*arguments)
    return [str(fault) for fault in caught.value.faults]


def test_files_become_a_data_set_with_its_splits(folder):
    dataset = load_dataset(project(folder))

    assert dataset.sizes == {"train": 96, "valid": 12, "test": 12}
    assert [(field.name, field.kind) for field in dataset.schema.inputs] == [
        ("n", Kind.NUMBER),
        ("colour", Kind.CATEGORY),
    ]
    assert dataset["test"].ids[0].startswith("all.csv:")


def test_what_was_put_aside_is_said(folder):
    _, said = clean(project(folder), load_dataset(project(folder)))

    assert said == "; valid (10%) and test (10%) put aside from train, in proportion to label"


def test_a_file_that_is_not_there_is_a_fault_of_the_data(folder):
    with pytest.raises(DataError, match=r"did you mean '.*all\.csv'"):
        load_dataset(parse_project("task: regression\ndata: {train: al.csv, target: n}", path=folder / "kilter.yaml"))


def test_classes_that_are_to_be_amounts_are_said_with_their_rows(folder):
    with pytest.raises(DataError, match=r"all\.csv:2 column 'label': 'a'"):
        load_dataset(project(folder, task="regression"))


def test_how_files_are_read_can_be_said(folder):
    (folder / "all.csv").write_text("n;label\n" + "1,5;ä\n2,5;b\n" * 20, "latin-1")
    given = project(folder, "  encoding: latin-1\n  separator: ';'\n  decimal: ','\n")
    rows = read_file(folder / "all.csv", given.file.data).table

    assert rows.columns["n"][0] == 1.5
    assert rows.columns["label"][0] == "ä"


@pytest.mark.parametrize(("key", "value"), [("separator", "';'"), ("decimal", "','"), ("encoding", "latin-1")])
def test_how_text_is_read_decides_nothing_without_text(folder, key, value):
    np.savez(folder / "all.npz", n=np.arange(40.0), label=np.arange(40) % 2)
    given = parse_project(
        f"task: classification\ndata:\n  train: all.npz\n  target: label\n  {key}: {value}\n",
        path=folder / "kilter.yaml",
    )

    assert faults(load_dataset, given) == [
        f"kilter.yaml:5:3 data.{key} decides nothing: no file is of that kind; leave it out."
    ]


def tables():
    """Rows 0 and 1 contradict each other, row 2 stands in test, too; the rest is alone."""
    train = Table(
        columns={
            "text": np.array(["same words", "same words", "also in test", *(f"row {i}" for i in range(9))], object),
            "label": np.array(["a", "b", "a", *("ab"[i % 2] for i in range(9))], object),
        },
        ids=tuple(f"train:{i}" for i in range(12)),
    )
    test = Table(
        columns={
            "text": np.array(["also in test", "same words", "fresh"], object),
            "label": np.array(["a", "a", "b"], object),
        },
        ids=("test:0", "test:1", "test:2"),
    )
    return {"train": train, "test": test}


def cleaned(folder, leave_out):
    given = parse_project(
        "task: classification\ndata:\n  train: train\n  test: test\n  target: label\n"
        f"  inputs: {{text: text}}\n  split: {{valid: 0}}\n  leave_out: {leave_out}\n",
        path=folder / "kilter.yaml",
    )
    return clean(given, make_dataset(given, tables()))


def test_contradictions_are_left_out_of_all_splits(folder):
    dataset, said = cleaned(folder, "contradictions")

    assert dataset["train"].ids == ("train:2", *(f"train:{i}" for i in range(3, 12)))
    assert dataset["test"].ids == ("test:0", "test:2")
    assert said == "; 3 left out (contradictions), which leaves train 10, test 2"


def test_overlap_is_left_out_of_training(folder):
    dataset, said = cleaned(folder, "overlap")

    assert dataset["train"].ids == tuple(f"train:{i}" for i in range(3, 12))
    assert len(dataset["test"]) == 3
    assert said == "; 3 left out (overlap), which leaves train 9, test 3"


def test_rows_without_a_target_are_left_out_where_it_is_said(folder):
    rows = tables()
    rows["train"].columns["label"][[1, 4]] = None
    given = parse_project(
        "task: classification\ndata: {train: train, test: test, target: label, leave_out: unlabelled,"
        " inputs: {text: text}, split: {valid: 0}}\n",
        path=folder / "kilter.yaml",
    )
    dataset, said = clean(given, make_dataset(given, rows))

    assert dataset["train"].ids == tuple(f"train:{i}" for i in range(12) if i not in (1, 4))
    assert said == "; 2 left out (unlabelled), which leaves train 10, test 3"
    assert set(build_pipeline(given, dataset)[0].splits) == {"train", "test"}


def test_nothing_is_left_out_unasked(folder):
    dataset, said = cleaned(folder, "[]")

    assert dataset.sizes == {"train": 12, "test": 3}
    assert said == ""


def test_a_split_that_would_be_empty_is_said(folder):
    rows = tables()
    rows["test"] = rows["test"].take([1])
    given = parse_project(
        "task: classification\ndata: {train: train, test: test, target: label, leave_out: contradictions,"
        " inputs: {text: text}, split: {valid: 0}}\n",
        path=folder / "kilter.yaml",
    )

    with pytest.raises(DataError, match="nothing is left of test"):
        clean(given, make_dataset(given, rows))


def build(folder, text=""):
    given = project(folder, text)
    return build_pipeline(given, load_dataset(given))


def test_a_pipeline_has_what_the_file_says_and_defaults_for_the_rest(folder):
    pipeline, preprocessing = build(folder, "model: {name: mlp, width: 8}\ntrain: {length: 3ep}\noptimizer: sgd\n")

    assert pipeline.task.labels == ("a", "b")
    assert {split: len(source) for split, source in pipeline.splits.items()} == {"train": 96, "valid": 12, "test": 12}
    assert pipeline.recipe.model.name == "mlp"
    assert pipeline.recipe.model.arguments["width"] == 8
    assert str(pipeline.recipe.train.length) == "3ep"
    assert pipeline.recipe.optimizer.name == "sgd"
    assert pipeline.recipe.stop.patience is not None
    assert preprocessing.inputs.numbers
    assert pipeline.make_model() is not None


def test_all_that_is_fitted_is_fitted_on_training_rows_alone(folder):
    given = project(folder)
    dataset = load_dataset(given)
    _, preprocessing = build_pipeline(given, dataset)
    tampered = {
        split: table
        if split == "train"
        else Table(columns={**table.columns, "n": table.columns["n"] * 1e6}, ids=table.ids)
        for split, table in dataset.splits.items()
    }
    other = type(dataset)(splits=tampered, schema=dataset.schema)

    assert build_pipeline(given, other)[1] == preprocessing


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model: mpl\n", "kilter.yaml:5:1 model.name = 'mpl': did you mean 'mlp'?"),
        (
            "model: {name: mlp, widht: 3}\n",
            "kilter.yaml:5:20 model.widht: unknown key; did you mean 'width'?",
        ),
        (
            "batch: {tokens: 500}\n",
            "kilter.yaml:5:9 batch.tokens decides nothing: it is for texts, and no input holds any",
        ),
        ("augment: {shift: 1}\n", "kilter.yaml:5:11 augment.shift decides nothing: it is for images"),
        ("preprocessing: {unit: word}\n", "kilter.yaml:5:17 preprocessing.unit decides nothing: it is for texts"),
        ("batch: {pool: 5}\n", "kilter.yaml:5:9 batch.pool decides nothing: it is for texts"),
        ("batch: {sampling: weighted}\n", "kilter.yaml:5:9 batch.sampling: weighted decides nothing: no column says"),
        ("augment: {mixup: .2}\n", "kilter.yaml:5:11 augment.mixup: it mixes numbers and images, and inputs hold"),
        ("augment: {synonym_share: .2}\n", "kilter.yaml:5:11 augment.synonym_share decides nothing"),
        ("augment: {synonyms: 'words:find'}\n", "kilter.yaml:5:11 augment.synonyms decides nothing: it is for texts"),
        (
            "loss: {class_weights: balanced}\nbatch: {sampling: balanced}\n",
            "kilter.yaml:5:8 loss.class_weights: balanced beside batch.sampling: balanced: either makes all classes",
        ),
    ],
)
def test_what_decides_nothing_is_a_fault_with_its_place(folder, text, said):
    given = project(folder, text)
    dataset = load_dataset(given)

    assert any(fault.startswith(said) for fault in faults(build_pipeline, given, dataset))


@pytest.mark.parametrize("key", ["evaluate_every: 5st", "show: 3"])
def test_looking_at_a_validation_split_that_is_not_there_is_a_fault(folder, key):
    text = f"task: classification\ndata: {{train: all.csv, target: label, split: {{valid: 0}}}}\ntrain: {{{key}}}\n"
    given = parse_project(text, path=folder / "kilter.yaml")

    said = f"kilter.yaml:3:9 train.{key.split(':')[0]} decides nothing: there is no validation split"
    assert any(fault.startswith(said) for fault in faults(build_pipeline, given, load_dataset(given)))


def test_what_decides_nothing_of_one_text_is_a_fault(folder):
    (folder / "words.txt").write_text("to be or not to be, that is the question. " * 80, "utf-8")
    given = parse_project(
        "task: generation\ndata: {train: words.txt, target: text}\naugment: {token_dropout: .1}\nbatch: {pool: 5}\n",
        path=folder / "kilter.yaml",
    )

    with pytest.raises(RecipeError) as caught:
        build_pipeline(given, load_dataset(given))
    assert "kilter.yaml:3:11 augment.token_dropout decides nothing" in str(caught.value)
    assert "kilter.yaml:4:9 batch.pool decides nothing" in str(caught.value)


def of_texts(folder, text):
    lines = [f"a {('good', 'fine', 'bad')[i % 3]} film,{'np'[i % 3 // 2]}" for i in range(120)]
    (folder / "texts.csv").write_text("\n".join(["text,label", *lines]), "utf-8")
    base = "task: classification\ndata: {train: texts.csv, target: label}\n"
    return parse_project(base + text, path=folder / "kilter.yaml")


def built(given):
    return build_pipeline(given, load_dataset(given))


def test_training_rows_alone_are_augmented_with_the_synonyms_of_a_persons_function(folder, monkeypatch):
    (folder / "thesaurus_of_films.py").write_text("find = {'good': ['fine'], 'fine': {'good', 'bad'}}.get\n", "utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    given = of_texts(
        folder,
        "preprocessing: {unit: word}\naugment: {synonyms: 'thesaurus_of_films:find', synonym_share: .5}\n",
    )

    pipeline, preprocessing = built(given)
    entries = preprocessing.tokens.entries
    changed = set()
    for split, source in pipeline.splits.items():
        rows = list(range(len(source)))
        plain, varied = source.plain(rows).inputs["tokens"], source.batch(rows, seed=0, epoch=0).inputs["tokens"]
        moved = (plain != varied).nonzero().tolist()
        changed |= {(split, entries[plain[at, to]], entries[varied[at, to]]) for at, to in moved}
    assert changed == {("train", "good", "fine"), ("train", "fine", "good"), ("train", "fine", "bad")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "augment: {token_swaps: .1}\n",
            "kilter.yaml:3:11 augment.token_swaps decides nothing: a bag of n-grams has no",
        ),
        (
            "augment: {synonyms: 'nowhere_at_all:find'}\n",
            "kilter.yaml:3:11 augment.synonyms = 'nowhere_at_all:find' cannot",
        ),
        ("augment: {synonyms: 'math:floor'}\n", "kilter.yaml:3:11 augment.synonyms with preprocessing.unit = 'ngrams'"),
    ],
)
def test_what_does_not_fit_texts_is_a_fault_with_its_place(folder, text, said):
    assert faults(built, of_texts(folder, text))[0].startswith(said)


def test_balanced_sampling_reaches_the_plan_of_training(folder):
    pipeline, _ = built(of_texts(folder, "batch: {size: 8, sampling: balanced, complete: true}\n"))

    source = pipeline.splits["train"]
    plan = source.plan(seed=0, epoch=0)
    counts = np.bincount(source.targets[[row for rows in plan for row in rows]])
    assert {len(rows) for rows in plan} == {8}
    assert abs(counts[0] - counts[1]) <= 2
    assert abs(np.subtract(*np.bincount(source.targets))) > 20


# --- weights to begin with


def test_a_model_begins_with_the_weights_that_are_named(folder):
    settings = "model: {name: mlp, width: 8}\n"
    plain = build_pipeline(project(folder, settings), load_dataset(project(folder, settings)))[0]
    theirs = plain.make_model()
    torch.save(theirs.state_dict(), folder / "theirs.pt")
    asked = project(folder, settings + "train: {weights: theirs.pt}\n")
    pipeline, _ = build_pipeline(asked, load_dataset(asked))
    assert pipeline.make_model.matched.complete
    made = pipeline.make_model()
    assert all(torch.equal(tensor, theirs.state_dict()[name]) for name, tensor in made.state_dict().items())


@pytest.mark.parametrize(
    ("written", "said"), [(None, "does not exist"), ({"other": torch.ones(1)}, "nothing of theirs.pt matches")]
)
def test_weights_that_cannot_be_had_are_said_with_their_place(folder, written, said):
    if written is not None:
        torch.save(written, folder / "theirs.pt")
    asked = project(folder, "train:\n  weights: theirs.pt\n")
    (fault,) = faults(build_pipeline, asked, load_dataset(asked))
    assert fault.startswith("kilter.yaml:6:")
    assert "train.weights = 'theirs.pt'" in fault
    assert said in fault
