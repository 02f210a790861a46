"""The same numbers in every layout, type and container."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jensen
from jensen import _columns, _core, _data

START = dict(weights_init=[0.5, 0.5], means_init=[[-1.0, 0, 0], [1, 0, 0]], precisions_init=[np.eye(3)] * 2, max_iter=3,
             tol=0)


def fitted(X, **parts):
    return jensen.GaussianMixture(2, **START).fit(X, **parts)


def layouts(X, draw):
    """X in a memory layout drawn at random."""
    X = np.asarray(X, order=draw(st.sampled_from("CF")))
    if draw(st.booleans()):  # every other row and column of a larger array
        larger = np.full((2 * X.shape[0], 2 * X.shape[1]), 99, dtype=X.dtype)
        larger[::2, ::2] = X
        X = larger[::2, ::2]
    if draw(st.booleans()):
        X = X[::-1][::-1] if draw(st.booleans()) else np.ascontiguousarray(X[::-1])[::-1]
    if draw(st.booleans()):
        X = np.ascontiguousarray(X[:, ::-1])[:, ::-1]
    if draw(st.booleans()):
        X = X.astype(X.dtype.newbyteorder())
    if draw(st.booleans()):  # at an odd address
        bytes_ = np.empty(X.nbytes + 1, dtype=np.uint8)[1:]
        unaligned = bytes_.view(X.dtype).reshape(X.shape)
        unaligned[...] = X
        X = unaligned
    X.flags.writeable = draw(st.booleans()) and X.flags.writeable
    return X


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_every_layout_gives_the_same_bits(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 5)))
    X = rng.normal(size=(data.draw(st.integers(3, 40)), 3)).astype(data.draw(st.sampled_from([np.float32, np.float64])))
    if data.draw(st.booleans()):
        X[rng.random(X.shape) < 0.1] = np.nan
        X[:, np.isnan(X).all(axis=0)] = 1
        X[0] = [0, 1, 2]
        X[1] = [3, 1.5, 0]
    expected = fitted(np.ascontiguousarray(X, dtype=np.float64))
    other = layouts(X, data.draw)
    before = other.copy()
    mixture = fitted(other)
    np.testing.assert_array_equal(mixture.means_, expected.means_)
    np.testing.assert_array_equal(mixture.score_samples(other), expected.score_samples(X))
    np.testing.assert_array_equal(other, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_are_not_copied(dtype):
    X = np.ones((4, 3), dtype=dtype)
    for view in (X, np.asfortranarray(X), X[::2], X[:, ::-1]):
        assert np.shares_memory(_data.matrix(view), view)


def test_a_table_keeps_its_array_alive():
    table = _core.Table(np.ones((1000, 3)))
    filler = [np.zeros((1000, 3)) for _ in range(10)]
    assert table.rows == 1000
    model = _core.gaussian_mixture(np.ones(1), np.ones((1, 3)), np.eye(3)[None], "full", ["a", "b", "c"])
    np.testing.assert_allclose(model.score(table, 1), -1.5 * np.log(2 * np.pi))
    assert len(filler) == 10


@pytest.mark.filterwarnings("ignore")
def test_containers():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3))
    X[5, 1] = np.nan
    expected = fitted(X).means_
    np.testing.assert_array_equal(fitted(X.tolist()).means_, expected)
    np.testing.assert_array_equal(fitted(np.ma.masked_invalid(X)).means_, expected)
    holes = X.astype(object)
    holes[5, 1] = None
    np.testing.assert_array_equal(fitted(holes).means_, expected)
    np.testing.assert_array_equal(fitted(np.round(X[:5]).astype(np.int8)).means_, fitted(np.round(X[:5])).means_)


@pytest.mark.filterwarnings("ignore")
def test_pandas():
    pandas = pytest.importorskip("pandas")
    X = np.random.default_rng(0).normal(size=(30, 3))
    X[5, 1] = np.nan
    expected = fitted(X).means_
    for frame in (
        pandas.DataFrame(X, columns=list("abc")),
        pandas.DataFrame(X, columns=list("abc")).convert_dtypes(),
        pandas.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": pandas.array(X[:, 2], dtype="Float64")}),
    ):
        mixture = fitted(frame)
        np.testing.assert_array_equal(mixture.means_, expected)
        assert mixture.feature_names_in_.tolist() == ["a", "b", "c"]


@pytest.mark.filterwarnings("ignore")
def test_polars_and_pyarrow():
    X = np.random.default_rng(0).normal(size=(30, 3))
    expected = fitted(X).means_
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]})
    np.testing.assert_array_equal(fitted(frame).means_, expected)
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]})
    mixture = fitted(table)
    np.testing.assert_array_equal(mixture.means_, expected)
    assert mixture.feature_names_in_.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    "X, message",
    [
        ([1.0, 2.0], "Reshape your data"),
        (3.0, "Expected 2D array"),
        (np.ones((2, 2, 2)), "dim 3"),
        (np.ones((0, 2)), "0 sample"),
        (np.ones((3, 0)), "0 feature"),
        (np.ones((3, 2), dtype=complex), "Complex data not supported"),
        ([["a", "b"], ["c", "d"]], "text"),
    ],
)
def test_what_is_no_matrix_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        jensen.GaussianMixture().fit(X)


def test_types_that_are_no_numbers_are_refused():
    with pytest.raises(TypeError, match="datetime64"):
        jensen.GaussianMixture().fit(np.zeros((3, 2), dtype="datetime64[s]"))
    with pytest.raises(TypeError, match="dictionary"):
        jensen.GaussianMixture().fit({"a": [1, 2]})
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="Sparse"):
        jensen.GaussianMixture().fit(sparse.eye(3).tocsr())


def test_wrong_shapes_beside_the_data(faithful):
    mixture = jensen.GaussianMixture(2)
    with pytest.raises(ValueError, match="sample_weight"):
        mixture.fit(faithful, sample_weight=[1, 2])
    with pytest.raises(ValueError, match="labels"):
        mixture.fit(faithful, labels=[1, 2])
    with pytest.raises(ValueError, match="whole numbers"):
        mixture.fit(faithful, labels=np.full(len(faithful), 0.5))
    with pytest.raises(ValueError, match="expecting 2 features"):
        mixture.set_params(random_state=0).fit(faithful).predict(np.ones((2, 3)))


class Stream:
    """Nothing but an Arrow C stream, that can be read once."""

    def __init__(self, table):
        self._stream = table.__arrow_c_stream__()

    def __arrow_c_stream__(self, requested_schema=None):
        stream, self._stream = self._stream, None
        return stream


@pytest.mark.filterwarnings("ignore")
def test_arrow_streams_in_chunks():
    pyarrow = pytest.importorskip("pyarrow")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    X[5, 1] = np.nan
    cuts = [0, 7, 7, 30, 40]

    def table(names="abc"):
        return pyarrow.table({name: pyarrow.chunked_array(
            [pyarrow.array(X[first:last, j], from_pandas=True) for first, last in zip(cuts, cuts[1:])],
            type=pyarrow.float64()) for j, name in enumerate(names)})

    expected = fitted(X)
    mixture = fitted(Stream(table()))
    assert mixture.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(mixture.means_, expected.means_)
    np.testing.assert_array_equal(mixture.score_samples(Stream(table())), expected.score_samples(X))
    own = jensen.Mixture("gaussian", 2, random_state=0, n_init=1)
    np.testing.assert_array_equal(own.fit(Stream(table())).parameters_["value"],
                                  own.fit(table()).parameters_["value"])
    chain = jensen.HiddenMarkov(n_components=1).fit(Stream(table()))
    np.testing.assert_array_equal(chain.means_, jensen.HiddenMarkov(n_components=1).fit(X).means_)


def test_sparse_counts():
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.repeat([[0.1, 3, 0.2], [4, 0.2, 0.1]], 60, axis=0))
    for kind in ("poisson", {("x1", "x2", "x3"): "multinomial"}):
        options = dict(n_components=2, random_state=0, n_init=2)
        for form in (sparse.csr_matrix, sparse.coo_array, sparse.csc_array):
            mixture = jensen.Mixture(kind, **options).fit(form(counts))
            np.testing.assert_array_equal(mixture.parameters_["value"],
                                          jensen.Mixture(kind, **options).fit(counts).parameters_["value"])
            np.testing.assert_array_equal(mixture.predict(form(counts)), mixture.predict(counts))
    chain = jensen.HiddenMarkov("poisson", n_components=2, random_state=0, n_init=1).fit(sparse.csr_matrix(counts))
    assert chain.score(sparse.csr_matrix(counts)) == chain.score(counts)
    for model in (jensen.GaussianMixture(), jensen.Mixture("gaussian"), jensen.HiddenMarkov()):
        with pytest.raises(TypeError, match="[Ss]parse"):
            model.fit(sparse.csr_matrix(counts))


KINDS = ["gaussian", "poisson", "categorical", "bernoulli"]


def column_of(kind, rng, rows):
    """Cells of that kind, a few of them missing."""
    values = {"gaussian": lambda: rng.normal(size=rows).tolist(), "poisson": lambda: rng.poisson(3, rows).tolist(),
              "categorical": lambda: rng.choice(["red", "green", "ünder"], rows).tolist(),
              "bernoulli": lambda: rng.choice(["yes", "no"], rows).tolist()}[kind]()
    return [None if gone else value for value, gone in zip(values, rng.random(rows) < 0.15)]


def test_a_name_that_ends_like_a_binary_columns_is_not_one():
    cells = {"a": ["red", "green", "blue"], "ba": ["yes", "no", "yes"]}
    _, _, levels, _, _ = _columns.read({"a": "categorical", "ba": "bernoulli"}, cells)
    assert levels == {"a": ["blue", "green", "red"], "ba": ["no", "yes"]}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text("ab c=:,()+é", min_size=1, max_size=5).map(str.strip).filter(bool),
                          st.sampled_from(KINDS)), min_size=1, max_size=4, unique_by=lambda one: one[0]),
       st.integers(0, 2**31 - 1), st.integers(4, 30))
def test_any_schema_reads_the_same_from_any_table(schema, seed, rows):
    pandas, polars, pyarrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    rng = np.random.default_rng(seed)
    cells = {name: column_of(kind, rng, rows) for name, kind in schema}
    for name, kind in schema:  # each kind has to be seen
        cells[name][:3] = {"gaussian": [0.0, 1.5, -1], "poisson": [0, 1, 2], "categorical": ["red", "green", "red"],
                           "bernoulli": ["yes", "no", "yes"]}[kind]
    tables = [cells, pandas.DataFrame(cells), polars.DataFrame(cells, strict=False), pyarrow.table(cells)]
    read = [_columns.read(dict(schema), table) for table in tables]
    text, names, levels, values, _ = read[0]
    assert names == list(cells)
    for j, name in enumerate(names):
        for i, cell in enumerate(cells[name]):
            if cell is None:
                assert np.isnan(values[i, j])
            else:
                assert (levels[name][int(values[i, j])] if levels.get(name) else values[i, j]) == cell
    for other in read[1:]:
        assert other[:3] == (text, names, levels)
        np.testing.assert_array_equal(other[3], values)
