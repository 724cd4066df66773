"""A small GPT whose weights are wide enough that its laws are far from uniform."""

from typing import Any

import torch

from genloom.nn.gpt import GPT, GPTShape


def tiny_gpt(seed: int = 0, **shape: Any) -> GPT:
    usual = {"vocabulary": 11, "context": 8, "width": 16, "blocks": 2, "heads": 2}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = GPT(GPTShape(**usual | shape)).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(8.0 if parameter.ndim > 1 else 1.0)
    return network
