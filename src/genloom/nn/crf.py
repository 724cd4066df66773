"""A linear-chain conditional random field: the score of each tag and of each pair of neighbours, over all sequences."""

import torch
from torch import Tensor, nn

from genloom.errors import InputError


class CRF(nn.Module):
    """p(t | a) = exp(score(a, t)) / Z(a) over all V^N sequences t of N tags, where a (B, N, V) scores tags at places.

        score(a, t) = start[t_1] + Σ_n a[n, t_n] + Σ_{n>1} T[t_{n−1}, t_n] + end[t_N]

    Z, the probability of a tag at a place and the best sequence each take one pass along the chain, N V² steps, in
    logarithms. Weights start at 0, where tags do not know of one another and p is the product of softmaxes. A weight of
    −∞ forbids what it belongs to. [Lafferty et al. 2001, section 3; Rabiner 1989, section III]

    Where `lengths` (B,) is given, sequence b is its first `lengths[b]` ≥ 1 places, and what stands behind them counts
    for nothing.

    tags   number of tags V

    Errors: `InputError` for less than one tag; in each function for scores of another V, or lengths outside 1 … N.
    """

    def __init__(self, tags: int) -> None:
        super().__init__()
        if tags < 1:
            raise InputError("tags", tags, "at least 1")
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        self.start = nn.Parameter(torch.zeros(tags))
        self.end = nn.Parameter(torch.zeros(tags))

    def score(self, scores: Tensor, tags: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The score of one sequence of tags (B, N) each, (B,)."""
        there = self._there(scores, lengths)
        tags = tags.where(there, 0)  # behind the end anything may stand, also what is no tag
        own = scores.gather(2, tags[..., None])[..., 0].where(there, 0).sum(1)
        steps = self.transitions[tags[:, :-1], tags[:, 1:]].where(there[:, 1:], 0).sum(1)
        last = tags.gather(1, there.sum(1, keepdim=True) - 1)[:, 0]
        total: Tensor = self.start[tags[:, 0]] + own + steps + self.end[last]
        return total

    def log_partition(self, scores: Tensor, lengths: Tensor | None = None) -> Tensor:
        """log Z, (B,): the sum over all sequences by the forward algorithm."""
        forward = self._forward(scores, self._there(scores, lengths))
        return (forward[-1] + self.end).logsumexp(1)

    def log_prob(self, scores: Tensor, tags: Tensor, lengths: Tensor | None = None) -> Tensor:
        """log p(t | a) in nats, (B,); minus its mean is the loss that a tagger is trained by."""
        return self.score(scores, tags, lengths) - self.log_partition(scores, lengths)

    def marginals(self, scores: Tensor, lengths: Tensor | None = None) -> Tensor:
        """p(t_n = v | a) of each place and tag, (B, N, V), by the forward and the backward algorithm; behind the end of
        a sequence, of its last tag.

        It is the gradient of log Z by the scores.
        """
        there = self._there(scores, lengths)
        forward = self._forward(scores, there)
        backward = [self.end.expand(len(scores), -1)]
        for n in range(scores.shape[1] - 1, 0, -1):
            after = (self.transitions + (scores[:, n] + backward[-1])[:, None, :]).logsumexp(2)
            backward.append(after.where(there[:, n, None], self.end))
        both = torch.stack(forward, 1) + torch.stack(backward[::-1], 1)
        return both.softmax(2)

    @torch.no_grad()
    def best(self, scores: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The most probable sequence of tags, (B, N) int64, by Viterbi's algorithm; behind its end, its last tag.

        [Viterbi 1967; Forney 1973]
        """
        there = self._there(scores, lengths)
        best, came = self.start + scores[:, 0], list[Tensor]()
        stay = torch.arange(scores.shape[2], device=scores.device)
        for n in range(1, scores.shape[1]):
            found, before = (best[:, :, None] + self.transitions).max(1)
            best = (found + scores[:, n]).where(there[:, n, None], best)
            came.append(before.where(there[:, n, None], stay))
        path = [(best + self.end).argmax(1)]
        for before in reversed(came):
            path.append(before.gather(1, path[-1][:, None])[:, 0])
        return torch.stack(path[::-1], 1)

    def _forward(self, scores: Tensor, there: Tensor) -> list[Tensor]:
        """For each place the logarithm of the sum over all that leads to each of its tags, N times (B, V)."""
        found = [self.start + scores[:, 0]]
        for n in range(1, scores.shape[1]):
            here = (found[-1][:, :, None] + self.transitions).logsumexp(1) + scores[:, n]
            found.append(here.where(there[:, n, None], found[-1]))
        return found

    def _there(self, scores: Tensor, lengths: Tensor | None) -> Tensor:
        if scores.ndim != 3 or scores.shape[1] < 1 or scores.shape[2] != len(self.start):
            raise InputError("scores", tuple(scores.shape), f"(B, N, {len(self.start)}) with N at least 1")
        return places(scores, lengths)


def places(scores: Tensor, lengths: Tensor | None) -> Tensor:
    """Which places (B, N) of scores (B, N, …) belong to their sequence, bool; all of them where there are no lengths.

    >>> places(torch.zeros(2, 3, 1), torch.tensor([1, 3])).int().tolist()
    [[1, 0, 0], [1, 1, 1]]

    Errors: `InputError` for lengths that are not one for each sequence, from 1 to N.
    """
    batch, count = scores.shape[:2]
    at = torch.arange(count, device=scores.device)
    if lengths is None:
        return torch.ones(batch, count, dtype=torch.bool, device=scores.device)
    if lengths.shape != (batch,) or bool((lengths < 1).any()) or bool((lengths > count).any()):
        raise InputError("lengths", lengths.tolist(), f"{batch} numbers from 1 to {count}, one for each sequence")
    return at < lengths[:, None]
