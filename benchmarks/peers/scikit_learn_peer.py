import warnings

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

from peer import answer, read_task

warnings.simplefilter("ignore")
task = read_task()
full = task.structure == "full"


def prepare(iterations):
    return GaussianMixture(
        len(task.weights), covariance_type="full" if full else "diag", tol=0, reg_covar=0, max_iter=iterations,
        weights_init=task.weights, means_init=task.means,
        precisions_init=np.linalg.inv(task.covariances) if full else 1 / task.covariances, init_params="random",
        random_state=0)


def fit(model):
    model.fit(task.x)


answer(task, sklearn.__version__, prepare, fit, lambda model: model.score(task.x) * len(task.x))
