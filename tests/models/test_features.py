import numpy as np

from kilter.models.features import Codes, Features
from kilter.values.table import Field, Kind, Schema, Table


def table(**columns):
    size = len(next(iter(columns.values())))
    return Table(columns=columns, ids=tuple(f"r:{row}" for row in range(size)))


def schema(**kinds):
    inputs = tuple(Field(name=name, kind=kind) for name, kind in kinds.items())
    return Schema(inputs=inputs, target="y", target_kind=Kind.CATEGORY)


def words(*values):
    return np.array(values, dtype=object)


def test_all_kinds_side_by_side_whatever_is_missing():
    kinds = schema(text=Kind.TEXT, size=Kind.NUMBER, colour=Kind.CATEGORY)
    train = table(
        text=words("a b", "a b c", None, "c d"),
        size=np.array([1.0, np.nan, 3.0, np.inf]),
        colour=words("red", "red", None, "blue"),
    )
    features = Features(kinds).fit(train)
    new = table(text=words("z"), size=np.array([1e300]), colour=words("green"))
    given, unseen = features.transform(train), features.transform(new)
    assert given.shape == (4, unseen.shape[1])
    assert np.isfinite(given.toarray()).all()
    assert np.isfinite(unseen.toarray()).all()


def test_numbers_are_scaled_by_the_training_rows_alone():
    features = Features(schema(size=Kind.NUMBER)).fit(table(size=np.array([0.0, 2.0, 4.0])))
    given = features.transform(table(size=np.array([2.0, 4.0])))
    np.testing.assert_allclose(given[:, 0], [0.0, np.sqrt(1.5)])


def test_pixels_lie_between_0_and_1():
    images = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4) * 8
    given = Features(schema(image=Kind.IMAGE)).fit(table(image=images)).transform(table(image=images))
    assert given.shape == (2, 16)
    assert given.max() <= 1.0


def test_codes_for_trees():
    kinds = schema(size=Kind.NUMBER, colour=Kind.CATEGORY)
    codes = Codes(kinds).fit(table(size=np.array([1.0, 2.0]), colour=words("red", "blue")))
    given = codes.transform(table(size=np.array([3.0, 4.0, 5.0]), colour=words("blue", "green", None)))
    np.testing.assert_array_equal(given, [[3, 1], [4, np.nan], [5, np.nan]])
    assert codes.codes == [False, True]


def test_numbers_alone_have_no_codes():
    assert Codes(schema(size=Kind.NUMBER)).codes is None


def test_two_texts_are_also_compared():
    kinds = schema(a=Kind.TEXT, b=Kind.TEXT)
    train = table(a=words("a man", "a man", None), b=words("a dog", "a man", "a dog"))
    compared = Features(kinds).fit(train).transform(train)
    apart = [
        Features(schema(x=Kind.TEXT)).fit(table(x=train.columns[n])).transform(table(x=train.columns[n])) for n in "ab"
    ]
    assert compared.shape[1] > sum(part.shape[1] for part in apart)
    assert (compared[0] != compared[1]).nnz


def test_words_that_were_cut_already_are_texts():
    column = np.empty(2, dtype=object)
    column[:] = [("a", "man"), ("a", "dog")]
    cut = Features(schema(x=Kind.TOKENS)).fit(table(x=column)).transform(table(x=column))
    whole = words("a man", "a dog")
    text = Features(schema(x=Kind.TEXT)).fit(table(x=whole)).transform(table(x=whole))
    np.testing.assert_array_equal(cut.toarray(), text.toarray())


def test_texts_that_share_no_word_are_no_fault():
    given = Features(schema(x=Kind.TEXT)).fit(table(x=words("one", "two"))).transform(table(x=words("one", None)))
    assert given.shape[0] == 2
    assert not given[1].toarray().any()
