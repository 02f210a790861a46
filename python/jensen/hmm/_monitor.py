"""How a fit went, in hmmlearn's words."""


class Monitor:
    """How the last fit went, as hmmlearn's ConvergenceMonitor says it: history holds log-likelihoods."""

    def __init__(self, tol, n_iter, verbose):
        self.tol, self.n_iter, self.verbose = tol, n_iter, verbose
        self.history, self.iter, self.converged = [], 0, False

    def __repr__(self):
        return f"Monitor(converged={self.converged}, iter={self.iter}, history={self.history})"
