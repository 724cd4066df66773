"""How many kinds of things there are among samples, and whether each is as frequent as it should be."""

import math
from collections import Counter
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError


class Modes(NamedTuple):
    """How N samples fall into K classes beside what N independent draws would do, whose shares are q.

    counts         samples of each class, (K,)
    seen           classes with at least `least` of the samples that they should have, and with one at least
    expected_seen  the expectation of that for N draws, where `least` is 0; otherwise K
    divergence     KL(shares ‖ q) = Σ s log(s/q) in nats, 0 where all shares are right
    expected       its expectation for N draws: about (K − 1)/(2N), here exact
    chi2           Σ (n_k − N q_k)²/(N q_k)
    p_value        the chance of so large a χ² for N draws; sound where every N q_k is at least 5
    n              N
    """

    counts: Tensor
    seen: int
    expected_seen: float
    divergence: float
    expected: float
    chi2: float
    p_value: float
    n: int

    @property
    def shares(self) -> Tensor:
        """n_k/N, float64 (K,)."""
        return self.counts.double() / self.n


def modes(labels: Tensor, classes: int, reference: Tensor | None = None, *, least: float = 0.0) -> Modes:
    """The classes of samples (N,), beside a reference.

    classes     K
    reference   how often each class should occur, (K,), in any unit; all equally often by default
    least       a class counts as seen from this share of its due on, in [0, 1): 0.1 passes over the few samples of a
                dropped class that only a mistaken judge finds; with 0 one sample is enough

    >>> found = modes(torch.tensor([0, 0, 1, 1, 1, 1]), 3)
    >>> found.seen, round(found.divergence, 4), round(found.chi2, 4)
    (2, 0.4621, 4.0)

    Errors: `InputError` for no samples, labels that are no integers in [0, K), or a reference that is no share of each
    class.
    """
    from scipy import stats

    _check("labels", labels)
    if int(labels.max()) >= classes:
        raise InputError("labels", int(labels.max()), f"at most {classes - 1}, for {classes} classes")
    if not 0 <= least < 1:
        raise InputError("least", least, "in [0, 1)")
    due, n = _shares(reference, classes), len(labels)
    counts = torch.bincount(labels.long(), minlength=classes).cpu()
    shares = counts.double() / n
    chi2 = float(((counts - n * due).square() / (n * due)).sum())
    return Modes(
        counts=counts, seen=int((counts >= (least * n * due).clamp(min=1)).sum()),
        expected_seen=float(classes) if least else float((1 - (1 - due) ** n).sum()),
        divergence=float(torch.xlogy(shares, shares / due).sum()), expected=expected_divergence(due, n),
        chi2=chi2, p_value=float(stats.chi2.sf(chi2, classes - 1)) if classes > 1 else 1.0, n=n)


def expected_divergence(due: Tensor, n: int) -> float:
    """E KL(shares of n independent draws ‖ due) in nats: the floor of `divergence`.

        Σ_k E[(n_k/n) log(n_k/n)] − q_k log q_k,      n_k binomial with n and q_k

    It is (K − 1)/(2n) up to terms of 1/n².

    due   shares (K,), whose sum is 1
    """
    from scipy import stats

    counts = torch.arange(n + 1, dtype=torch.float64)
    terms = torch.xlogy(counts / n, counts / n)
    often = Counter(due.tolist())  # most references have few shares that differ
    total = 0.0
    for share, times in often.items():
        chances = torch.from_numpy(stats.binom.pmf(counts.numpy(), n, share))
        total += times * (float(chances @ terms) - share * math.log(share))
    return total


class Agreement(NamedTuple):
    """How far two labellings of N samples say the same.

    information   mutual information over the mean of both entropies, in [0, 1]: 1 where each is a function of the other
    matched       share of samples that agree when each label of the one is given its best partner of the other
    n             N
    """

    information: float
    matched: float
    n: int


def agreement(first: Tensor, second: Tensor) -> Agreement:
    """The agreement of two labellings (N,) whose names have nothing to do with each other. [Strehl & Ghosh 2002, Eq. 2]

    Errors: `InputError` for other shapes, or labels that are no integers of at least 0.
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics import normalized_mutual_info_score

    _check("first", first)
    _check("second", second)
    if len(first) != len(second):
        raise InputError("first, second", (len(first), len(second)), "as many labels of both")
    a, b = first.cpu().long(), second.cpu().long()
    table = torch.zeros(int(a.max()) + 1, int(b.max()) + 1, dtype=torch.long)
    table.index_put_((a, b), torch.ones_like(a), accumulate=True)
    rows, columns = linear_sum_assignment(table.numpy(), maximize=True)
    matched = int(table[torch.from_numpy(rows), torch.from_numpy(columns)].sum())
    return Agreement(float(normalized_mutual_info_score(a.numpy(), b.numpy())), matched / len(a), len(a))


def _check(name: str, labels: Tensor) -> None:
    """Refuse what is no labelling: a float would be cut to an integer, and −1 would count as the last class."""
    if labels.is_floating_point() or labels.is_complex():
        raise InputError(name, str(labels.dtype), "integers", "take the argmax of scores")
    if labels.ndim != 1 or len(labels) == 0:
        raise InputError(name, tuple(labels.shape), "of shape (N,), N ≥ 1")
    if int(labels.min()) < 0:
        raise InputError(name, int(labels.min()), "at least 0")


def _shares(reference: Tensor | None, classes: int) -> Tensor:
    if classes < 1:
        raise InputError("classes", classes, "at least 1")
    due = torch.ones(classes) if reference is None else reference
    due = due.detach().cpu().double()
    if due.shape != (classes,) or not bool((due > 0).all()) or not bool(due.isfinite().all()):
        raise InputError("reference", due.tolist()[:12], f"{classes} numbers above 0")
    return due / due.sum()
