"""How a network is told what to make: one class, or a set of labels."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from genloom.errors import InputError


class Context(NamedTuple):
    """What cross-attention looks at: tokens (L, D), the same for all samples, and who may see which, (B, L) bool."""

    tokens: Tensor
    seen: Tensor


class ClassEmbedding(nn.Module):
    """One vector for each class, and one more, the last, for "no class": int64 (B,) → (B, width)."""

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.classes = classes
        self.table = nn.Embedding(classes + 1, width)

    def forward(self, labels: Tensor | None) -> Tensor:
        """The vectors of labels in 0 … classes; None is one row, (1, width), of no class.

        Errors: `InputError` for labels that are not whole numbers.
        """
        if labels is None:
            return self.table.weight[self.classes :]
        if labels.dtype not in (torch.int64, torch.int32) or labels.ndim != 1:
            raise InputError("labels", f"{labels.dtype} {tuple(labels.shape)}", "class numbers, int64 of shape (B,)",
                             "a set of labels needs a network with network.label_set")
        return cast(Tensor, self.table(labels))


class LabelSetEmbedding(nn.Module):
    """The sum of the vectors of a set's labels, float multi-hot (B, labels) → (B, width); an empty set has its own.

        e(y) = Σ_k y_k e_k,   e(0) = e_∅
    """

    def __init__(self, labels: int, width: int) -> None:
        super().__init__()
        self.labels = labels
        self.table = nn.Embedding(labels + 1, width)

    def forward(self, labels: Tensor | None) -> Tensor:
        """The vectors of the sets; None is one row, (1, width), of the empty set."""
        whole = self._with_null(labels)
        return whole.to(self.table.weight.dtype) @ self.table.weight

    def context(self, labels: Tensor | None) -> Context:
        """A token for each label, of which a sample sees those of its set; it sees the last one if the set is empty."""
        return Context(self.table.weight, self._with_null(labels) > 0)

    def tokens(self, labels: Tensor | None, most: int) -> Tensor:
        """A vector for each label of a set, and that of the empty set where a set has fewer: (B or 1, `most`, width).

        Errors: `InputError` for a set of more labels.
        """
        if labels is None:
            return self.table.weight[self.labels :].expand(1, most, -1)
        present = self._with_null(labels)[:, : self.labels] > 0
        if int(present.sum(1).max()) > most:
            raise InputError("labels", int(present.sum(1).max()), f"at most {most} labels in a set, as in training")
        found, order = present.to(torch.uint8).topk(most, dim=1)
        return cast(Tensor, self.table(torch.where(found > 0, order, self.labels)))

    def _with_null(self, labels: Tensor | None) -> Tensor:
        """(B, labels + 1): the sets, and a last column that is 1 where a set is empty.

        Errors: `InputError` for another shape.
        """
        if labels is None:
            labels = self.table.weight.new_zeros(1, self.labels)
        if labels.ndim != 2 or labels.shape[1] != self.labels:
            raise InputError("labels", f"shape {tuple(labels.shape)}", f"multi-hot of shape (B, {self.labels})",
                             "give 1 for each label of the set and 0 for the others")
        empty = (labels == 0).all(dim=1, keepdim=True)
        return torch.cat((labels, empty.to(labels.dtype)), dim=1)
