"""Arrays and tables of every make as matrices that the engine reads in place."""

import warnings

import numpy as np

from . import _core
from .exceptions import ArgumentError, DataError

__all__ = ["columns_of", "lengths_to_begins", "matrix", "seed_of", "table"]


def columns_of(X):
    """The names of the columns, where X has any and all of them are text; else None."""
    if isinstance(X, np.ndarray):
        return None
    names = getattr(X, "column_names", None)  # pyarrow
    if names is None:
        names = getattr(X, "columns", None)
    if names is None or callable(names):
        return None
    names = list(names)
    texts = sum(isinstance(name, str) for name in names)
    if 0 < texts < len(names):
        kinds = sorted({type(name).__name__ for name in names})
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your input has "
            f"{kinds} as feature name / column name types. If you want feature names to be stored and validated, you "
            "must convert them all to strings, by using X.columns = X.columns.astype(str) for example. Otherwise you "
            "can remove feature / column names from your input data, or convert them all to a non-string data type."
        )
    return names if texts else None


def _numbers(values):
    """An array of float32 or float64 that holds the same numbers, without a copy where that is possible."""
    if isinstance(values, np.ma.MaskedArray):
        values = values.astype(np.float64).filled(np.nan)
    if np.iscomplexobj(values):
        raise ValueError(f"Complex data not supported\n{values}\n")
    if values.dtype.kind == "O":
        missing = np.array([cell is None or type(cell).__name__ == "NAType" for cell in values.flat], dtype=bool)
        if missing.any():
            values = np.where(missing.reshape(values.shape), np.nan, values)
        return values.astype(np.float64)
    if values.dtype.kind in "USV":
        try:
            return values.astype(np.float64)
        except ValueError as error:
            raise ValueError(f"X holds text: {error}") from error
    if values.dtype.kind not in "fiub":
        raise TypeError(f"X holds {values.dtype}, which are no numbers")
    if values.dtype not in (np.float32, np.float64):
        return values.astype(np.float32 if values.dtype == np.float16 else np.float64)
    native = values.dtype.isnative and values.flags.aligned
    whole = all(stride % values.itemsize == 0 for stride in values.strides)
    return values if native and whole else np.array(values, dtype=values.dtype.newbyteorder("="), order="K")


def is_sparse(X):
    """Whether X is a sparse matrix of SciPy's, or like one."""
    return hasattr(X, "toarray") and hasattr(X, "nnz")


# Kinds of columns where a cell that is not stored is a count, or a category, of 0.
COUNTS = {"poisson", "binomial", "negative-binomial", "geometric", "zero-inflated-poisson", "bernoulli", "categorical",
          "multinomial"}


def dense_counts(X, kinds):
    """A sparse matrix of counts as an array, whose zeros the engine reads like other numbers; refuses other kinds."""
    if not is_sparse(X):
        return X
    others = sorted(set(kinds) - COUNTS)
    if others:
        raise TypeError(f"Sparse data was passed for X, but dense data is required for columns that are {', '.join(others)}: "
                        "a sparse matrix is taken for counts. Use '.toarray()' to convert to a dense array.")
    return X.toarray()


def from_stream(X):
    """What has an Arrow C stream and no other way to be read, as a table of pyarrow."""
    readable = any(hasattr(X, name) for name in ("__array__", "__array_interface__", "to_numpy", "__getitem__"))
    if not hasattr(X, "__arrow_c_stream__") or readable:
        return X
    import pyarrow

    return pyarrow.table(X)


def _array(X):
    if is_sparse(X):
        raise TypeError(
            "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense array."
        )
    if type(X).__module__.partition(".")[0] == "pyarrow":
        columns = [column.to_numpy(zero_copy_only=False) if hasattr(column, "chunks") is False else column.to_numpy()
                   for column in X.columns]
        return np.column_stack(columns) if columns else np.empty((X.num_rows, 0))
    if hasattr(X, "dtypes") and hasattr(X, "to_numpy"):  # pandas: its own missing values become NaN
        kinds = {getattr(kind, "kind", "O") for kind in X.dtypes}
        if kinds <= set("fiub") and not any(hasattr(kind, "na_value") for kind in X.dtypes):
            return X.to_numpy()
        try:
            return X.to_numpy(dtype=np.float64, na_value=np.nan)
        except TypeError:
            return X.to_numpy()
    return np.asarray(X)


def matrix(X, *, least_rows=1, name="X"):
    """X as a matrix of numbers in which NaN is a missing cell."""
    if isinstance(X, dict) and not hasattr(X, "toarray"):
        raise TypeError(f"{name} must be a matrix, got a dictionary: jensen.Mixture reads columns by name")
    values = _array(X)
    if values.ndim == 0:
        raise ValueError(f"Expected 2D array, got scalar array instead:\narray={values}.\n"
                         "Reshape your data either using array.reshape(-1, 1) if your data has a single feature or "
                         "array.reshape(1, -1) if it contains a single sample.")
    if values.ndim == 1:
        raise ValueError(f"Expected 2D array, got 1D array instead:\narray={values}.\n"
                         "Reshape your data either using array.reshape(-1, 1) if your data has a single feature or "
                         "array.reshape(1, -1) if it contains a single sample.")
    if values.ndim > 2:
        raise ValueError(f"Found array with dim {values.ndim}, while dim <= 2 is required.")
    values = _numbers(values)
    if values.shape[0] < least_rows:
        raise ValueError(f"Found array with {values.shape[0]} sample(s) (shape={values.shape}) while a minimum of "
                         f"{least_rows} is required.")
    if values.shape[1] < 1:
        raise ValueError(f"Found array with {values.shape[1]} feature(s) (shape={values.shape}) while a minimum of 1 "
                         "is required.")
    return values


def weights(sample_weight, rows):
    """One weight by row as float64, or None."""
    if sample_weight is None:
        return None
    values = np.asarray(sample_weight)
    if values.ndim == 0:
        return np.full(rows, float(values))
    values = np.ascontiguousarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {values.ndim}D array.")
    if values.shape[0] != rows:
        raise ValueError(f"sample_weight.shape == {values.shape}, expected {(rows,)}!")
    return values


def labels_of(labels, rows, states):
    """Known states as int32, −1 where unknown, or None."""
    if labels is None:
        return None
    values = np.asarray(labels)
    if values.shape != (rows,):
        raise ValueError(f"labels.shape == {values.shape}, expected {(rows,)}")
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), -1, values)
    whole = values.astype(np.int32)
    if not np.array_equal(whole, values):
        raise DataError("labels must be whole numbers, the states, or -1 where the state is unknown")
    return np.ascontiguousarray(whole)


def lengths_to_begins(lengths, rows):
    """Where sequences of so many rows begin, and the end."""
    if lengths is None:
        return np.array([0, rows], dtype=np.int64)
    values = np.asarray(lengths)
    if values.ndim != 1 or values.dtype.kind not in "iu" or (values < 1).any():
        raise ArgumentError("lengths: must be whole numbers ≥ 1, one for each sequence")
    if values.sum() != rows:
        raise ArgumentError(f"lengths: sum to {values.sum()}, but X has {rows} rows")
    return np.concatenate([[0], np.cumsum(values)]).astype(np.int64)


def table(values, names=None, **parts):
    """The engine's view of a matrix."""
    return _core.Table(values, names or [], **parts)


def check_feature_names(estimator, names, reset):
    """Keeps the names of the columns at a fit, and compares with them afterwards, in scikit-learn's words."""
    if reset:
        if names is not None:
            estimator.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
        return
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is None and names is None:
        return
    kind = type(estimator).__name__
    if fitted is None:
        warnings.warn(f"X has feature names, but {kind} was fitted without feature names", stacklevel=4)
        return
    if names is None:
        warnings.warn(f"X does not have valid feature names, but {kind} was fitted with feature names", stacklevel=4)
        return
    if list(fitted) == list(names):
        return
    message = "The feature names should match those that were passed during fit.\n"
    unseen, absent = sorted(set(names) - set(fitted)), sorted(set(fitted) - set(names))

    def listing(several):
        return "".join(f"- {name}\n" for name in several[:5]) + ("- ...\n" if len(several) > 5 else "")

    if unseen:
        message += "Feature names unseen at fit time:\n" + listing(unseen)
    if absent:
        message += "Feature names seen at fit time, yet now missing:\n" + listing(absent)
    if not unseen and not absent:
        message += "Feature names must be in the same order as they were in fit.\n"
    raise ValueError(message)


def seed_of(random_state):
    """A seed of the engine: the number itself, else one drawn as scikit-learn would draw."""
    if random_state is None or random_state is np.random:
        return int(np.random.randint(2**31 - 1))
    if isinstance(random_state, (int, np.integer)):
        if random_state < 0:
            raise ArgumentError(f"random_state: must be ≥ 0, got {random_state}")
        return int(random_state)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    raise ArgumentError(f"random_state: {random_state!r} cannot be used to seed a random number generator")
