"""Covariances in hmmlearn's shapes, and as the engine's parameters."""

import numpy as np

TRAILING = {"full": 2, "tied": 2, "diag": 1, "spherical": 0}  # axes of one covariance


def structure(covariance_type):
    """The engine's name of it."""
    if covariance_type not in TRAILING:
        raise ValueError(f"covariance_type must be one of {', '.join(TRAILING)}, got {covariance_type!r}")
    return "diagonal" if covariance_type == "diag" else covariance_type


def check_covariances(values, covariance_type, leading):
    """Raises unless `values` holds covariances of that type, an array of shape `leading` of them."""
    structure(covariance_type)
    values = np.asarray(values)
    if values.ndim != len(leading) + TRAILING[covariance_type] or values.shape[:len(leading)] != leading:
        raise ValueError(f"'{covariance_type}' covars have the wrong shape {values.shape}")
    sound = (values > 0).all() if TRAILING[covariance_type] < 2 else (
        np.allclose(values, np.swapaxes(values, -1, -2)) and (np.linalg.eigvalsh(values) > 0).all())
    if not sound:
        raise ValueError(f"'{covariance_type}' covars must be symmetric, positive-definite")


def alike(whole, covariance_type, leading):
    """The covariance matrix `whole` as the nearest of that type, in an array of shape `leading`."""
    if TRAILING[covariance_type] == 2:
        return np.tile(whole, (*leading, 1, 1))
    if covariance_type == "diag":
        return np.tile(np.diag(whole), (*leading, 1))
    return np.full(leading, whole.trace() / len(whole))


def packed(values, covariance_type):
    """The engine's numbers: of matrices the lower triangle, row by row."""
    values = np.asarray(values)
    if TRAILING[covariance_type] == 2:
        rows, columns = np.tril_indices(values.shape[-1])
        values = values[..., rows, columns]
    return values.ravel()
