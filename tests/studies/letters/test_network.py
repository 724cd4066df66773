"""S4.19: the layers are those that were given, and σ · score is what they have to learn."""

import torch

from genloom.studies.letters.network import network, thin


def test_the_item_is_whole(tiny, check) -> None:
    check(network, tiny)


def test_layers_and_parameters_are_counted(tiny) -> None:
    answer = network.work(tiny)
    assert [result.status for result in answer.results[:2]] == ["pass", "pass"]
    assert len(answer.tables[0].rows) == 8
    assert answer.results[1].value == (3 * 16 + 16) + 6 * (16 * 16 + 16) + (2 * 16 + 2)


def test_thin_keeps_nearly_all_probability() -> None:
    share = torch.tensor([0.5, 0.5 - 1e-12, 1e-12]).double()
    points, kept, _ = thin(torch.zeros(3, 2), share, torch.zeros(3, 2))
    assert len(points) == 2
    assert abs(float(kept.sum()) - 1) < 1e-15
