"""Training data held in memory."""

from collections.abc import Mapping

from torch import Tensor

from genloom.errors import DataError
from genloom.training.method import Batch


class TensorSource:
    """Named tensors of equal length, indexed along their first dimension.

    >>> import torch
    >>> source = TensorSource({"x": torch.arange(6.0).reshape(3, 2)})
    >>> len(source), source.batch(torch.tensor([2]))["x"]
    (3, tensor([[4., 5.]]))

    Errors: `DataError` for no tensors, no samples, or unequal lengths.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        lengths = {name: len(tensor) for name, tensor in tensors.items()}
        if len(set(lengths.values())) != 1 or 0 in lengths.values():
            raise DataError(f"training data must be tensors of one length above 0; these have {lengths}")
        self._tensors = dict(tensors)
        self._length = next(iter(lengths.values()))

    def __len__(self) -> int:
        return self._length

    def batch(self, indices: Tensor) -> Batch:
        """The samples of these indices, shape (B,)."""
        return {name: tensor.index_select(0, indices.to(tensor.device)) for name, tensor in self._tensors.items()}
