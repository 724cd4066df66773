"""The learning rate as a pure function of the step, so that there is nothing to save."""

import math

from genloom.training.options import Optimizer


def rate(optimizer: Optimizer, step: int, steps: int) -> float:
    """Learning rate of step `step` (the first is 0) of `steps`.

    A linear rise to `lr` over the first `warmup` steps, then lr · (f + (1 − f) · g(p)), where f is `final`, p goes from
    0 at the end of the warm-up to 1 at the last step, and g is 1 (constant), 1 − p (linear) or (1 + cos πp)/2 (cosine).

    >>> [rate(Optimizer(lr=1.0, schedule="linear", warmup=2, final=0.5), step, 5) for step in range(5)]
    [0.5, 1.0, 1.0, 0.75, 0.5]
    """
    if step < optimizer.warmup:
        return optimizer.lr * (step + 1) / optimizer.warmup
    if optimizer.schedule == "constant":
        return optimizer.lr
    progress = min(1.0, (step - optimizer.warmup) / max(1, steps - 1 - optimizer.warmup))
    shape = 1 - progress if optimizer.schedule == "linear" else (1 + math.cos(math.pi * progress)) / 2
    return optimizer.lr * (optimizer.final + (1 - optimizer.final) * shape)
