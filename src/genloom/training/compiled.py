"""Blocks of networks compiled by torch where it can: what a network repeats is compiled once for all of it."""

import importlib.util
import os
import shutil
from collections.abc import Iterable, Iterator

from torch import nn

from genloom.training.options import Engine

_COMPILERS = ("c++", "g++", "clang++", "cl")


def obstacle(device: str) -> str:
    """Why nothing can be compiled for this kind of device, "cpu", "cuda" or "mps"; empty where it can.

    A CPU needs a C++ compiler (`CXX` names one), a GPU the package triton.
    """
    if device == "cpu":
        named = os.environ.get("CXX")
        found = any(shutil.which(each) for each in ((named,) if named else _COMPILERS))
        return "" if found else "there is no C++ compiler"
    if device == "cuda":
        return "" if importlib.util.find_spec("triton") else "there is no package triton"
    return f"torch compiles nothing well for {device}"


def compiles(engine: Engine, device: str) -> bool:
    """Whether training is to compile, and can."""
    return engine.compile and not obstacle(device)


def compile_blocks(networks: Iterable[nn.Module]) -> None:
    """Compile, at their first call, the modules that stand in an `nn.ModuleList`; names of weights stay as they are.

    Blocks alike are one program, which is why they are compiled and not the whole: ten seconds instead of a minute.
    Copies of a network are not compiled, nor do checkpoints know of it; `release` takes it back.
    """
    for network in networks:
        for block in blocks(network):
            block.compile()


def release(networks: Iterable[nn.Module]) -> None:
    """Networks as they were: what is drawn after training comes in other sizes, each of which would compile anew."""
    for network in networks:
        for block in blocks(network):
            block._compiled_call_impl = None


def blocks(network: nn.Module) -> Iterator[nn.Module]:
    """The outermost modules that stand in lists and compute something themselves."""
    for child in network.children():
        if isinstance(network, nn.ModuleList) and not isinstance(child, nn.ModuleList):
            yield child
        else:
            yield from blocks(child)
