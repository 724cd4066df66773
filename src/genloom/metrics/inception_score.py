"""The Inception score: how sure a classifier is of each picture, and how many classes all of them fill.

    exp E_x KL(p(y|x) ‖ p(y)) = exp(H(y) − H(y|x)),      from 1 to the number of classes K

[Salimans et al. 2016, §4; Barratt & Sharma 2018 on what it misses: it never looks at real pictures, and one picture of
each class scores best]
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.features import as_features


class InceptionScore(NamedTuple):
    """The mean over splits, and the standard deviation over them (correction 0, as papers print it).

    splits   number of parts
    n        number of pictures
    """

    value: float
    spread: float
    splits: int
    n: int


def inception_score(logits: Tensor, *, splits: int = 10) -> InceptionScore:
    """The score of pictures with these logits (N, K), in `splits` parts of neighbouring pictures.

    The score of a part grows with its size, since p(y) of few pictures is uneven: only numbers of the same N and splits
    compare.

    Errors: `InputError` for splits outside 1 … N, another shape, or a number that is not finite.
    """
    rows = as_features("logits", logits, least=1)
    if not 1 <= splits <= len(rows):
        raise InputError("splits", splits, f"from 1 to {len(rows)}, the number of pictures", "10 is usual")
    each = torch.stack([_score(part.log_softmax(1)) for part in torch.tensor_split(rows, splits)])
    return InceptionScore(float(each.mean()), float(each.std(correction=0)), splits, len(rows))


def _score(log_p: Tensor) -> Tensor:
    marginal = log_p.logsumexp(0) - math.log(len(log_p))
    # log_p is −∞ nowhere: log_softmax of finite numbers is finite
    return (log_p.exp() * (log_p - marginal)).sum(1).mean().exp()
