"""What is known of the machine."""

import json

import torch

from genloom import machine


def test_the_environment_is_plain_data() -> None:
    about = machine.environment()
    assert json.loads(json.dumps(about)) == about
    assert about["packages"]["torch"] == torch.__version__
    assert machine.processor()


def test_preparing_sets_the_threads_and_keeps_results() -> None:
    before, x = torch.get_num_threads(), torch.linspace(0, 1, 1000)
    expected = x.sin().sum()
    machine.prepare(1)
    assert torch.get_num_threads() == 1
    assert torch.equal(x.sin().sum(), expected)
    machine.prepare(before)
    torch.set_flush_denormal(False)


def test_peak_memory_is_positive() -> None:
    assert machine.memory_mb() > 10


def test_threads_come_back():
    before = torch.get_num_threads()
    with machine.threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    with machine.threads(0):
        assert torch.get_num_threads() == before
