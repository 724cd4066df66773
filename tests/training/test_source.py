import pytest
import torch

from genloom.errors import DataError
from genloom.training.source import TensorSource


def test_batches_are_rows_by_index():
    source = TensorSource({"x": torch.arange(10.0).reshape(5, 2), "label": torch.arange(5)})
    batch = source.batch(torch.tensor([4, 0]))
    assert batch["x"].tolist() == [[8, 9], [0, 1]]
    assert batch["label"].tolist() == [4, 0]
    assert len(source) == 5


@pytest.mark.parametrize("tensors", [{}, {"x": torch.zeros(0, 2)}, {"x": torch.zeros(3), "y": torch.zeros(4)}])
def test_unequal_or_empty_data_is_refused(tensors):
    with pytest.raises(DataError):
        TensorSource(tensors)
