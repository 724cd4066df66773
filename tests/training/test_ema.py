import torch
from torch import nn

from genloom.training.ema import Average, decay_at, evaluation_copy


def test_average_is_the_recursion_in_closed_form():
    network = nn.Linear(3, 2).double()
    average = Average({"net": network}, 0.9)
    expected = network.weight.detach().clone()
    for step in range(30):
        with torch.no_grad():
            network.weight.add_(torch.randn(2, 3, dtype=torch.float64))
        average.update(step)
        decay = decay_at(0.9, step)
        expected = decay * expected + (1 - decay) * network.weight.detach()
    torch.testing.assert_close(average.networks["net"].weight.detach(), expected, rtol=1e-12, atol=1e-12)


def test_buffers_are_copied_even_where_a_module_replaced_them():
    network = nn.BatchNorm1d(2)
    average = Average({"net": network}, 0.9)
    network(torch.randn(8, 2))
    network.running_var = torch.full((2,), 7.0)
    average.update(0)
    copy = average.networks["net"]
    assert torch.equal(copy.running_mean, network.running_mean)
    assert copy.running_var.tolist() == [7.0, 7.0]
    assert copy.num_batches_tracked == 1


def test_the_trained_network_is_never_touched():
    network = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    before = {key: value.clone() for key, value in network.state_dict().items()}
    average = Average({"net": network}, 0.5)
    average.update(0)
    copy = evaluation_copy(average.networks)["net"]
    copy.double()
    assert not copy.training
    assert network.training
    assert average.networks["net"][0].weight.dtype == torch.float32
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert all(p.requires_grad for p in network.parameters())
    assert not any(p.requires_grad for p in average.networks["net"].parameters())
