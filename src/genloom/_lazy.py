"""Public names of a package, resolved when they are first used, so that nobody pays for what is not used."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy(package: str, names: Mapping[str, str]) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """`__all__`, `__getattr__` and `__dir__` of a package whose public `names` map to the modules that hold them.

    >>> __all__, __getattr__, __dir__ = lazy("genloom.diffusion", {"ddim": "samplers.ddim"})
    """
    public = sorted(names)

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{names[name]}"), name)

    return public, get, lambda: public
