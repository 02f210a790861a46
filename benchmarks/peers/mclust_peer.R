# FOLDER n,d,K,STRUCTURE ITERATIONS...: the same task for mclust; reads and answers as peer.h.
suppressPackageStartupMessages(library(mclust))
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
shape <- strsplit(arguments[2], ",")[[1]]
n <- as.integer(shape[1]); d <- as.integer(shape[2]); K <- as.integer(shape[3])
full <- shape[4] == "full"
x <- matrix(readBin(file.path(folder, "data.bin"), "double", n * d), n, d, byrow = TRUE)
start <- readBin(file.path(folder, "start.bin"), "double", K + 2 * K * d)
means <- matrix(start[K + seq_len(K * d)], d, K)
variances <- matrix(start[K + K * d + seq_len(K * d)], d, K)
if (full) {
    model <- "VVV"
    factors <- array(apply(variances, 2, function(v) diag(sqrt(v), d)), c(d, d, K))
    variance <- list(modelName = model, d = d, G = K, cholsigma = factors)
} else {
    model <- "VVI"
    scale <- exp(colMeans(log(variances)))
    variance <- list(modelName = model, d = d, G = K, scale = scale, shape = sweep(variances, 2, scale, "/"))
}
parameters <- list(pro = start[seq_len(K)], mean = means, variance = variance)

runs <- sapply(as.integer(arguments[-(1:2)]), function(iterations) {
    control <- emControl(tol = 0, itmax = iterations)
    seconds <- system.time(fit <- em(data = x, modelName = model, parameters = parameters, control = control))[["elapsed"]]
    at_end <- estep(data = x, modelName = model, parameters = fit$parameters)$loglik
    sprintf('{"iterations": %d, "seconds": %.9g, "log_likelihood": %.17g}', iterations, seconds, at_end)
})
cat(sprintf('{"version": "%s", "runs": [%s]}\n', packageVersion("mclust"), paste(runs, collapse = ", ")))
