"""The reader's own Python file: it is run, and something of it is taken by name."""

import contextlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from genloom.errors import InputError, UnknownName

if TYPE_CHECKING:
    from torch import nn


def split(text: str) -> tuple[Path, str] | None:
    """FILE.py:NAME in its two parts; None for anything else.

    >>> split("models/mine.py:Net")
    (PosixPath('models/mine.py'), 'Net')
    """
    path, colon, name = text.rpartition(":")
    return (Path(path).expanduser(), name) if colon and path.endswith(".py") else None


def load(path: Path) -> ModuleType:
    """The file as a module, found beside what it imports from its own folder.

    Errors: `InputError` where there is no such file, or it raises something.
    """
    if not path.is_file():
        raise InputError("FILE", str(path), "a Python file", "pass FILE.py:NAME")
    spec = importlib.util.spec_from_file_location(f"_own_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError("FILE", str(path), "a Python file, whose name ends in .py")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)  # as `python FILE` has it
    sys.modules[module.__name__] = module  # dataclasses of the file look themselves up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise InputError("FILE", str(path), "a Python file that can be imported",
                         f"it raises {type(error).__name__}: {_short(error)}") from error
    finally:
        with contextlib.suppress(ValueError):  # the file may have taken it away itself
            sys.path.remove(folder)
        del sys.modules[module.__name__]
    return module


def named(module: ModuleType, name: str) -> Any:
    """What a module calls by a name.

    Errors: `UnknownName`, with the nearest name that it has.
    """
    if not hasattr(module, name):
        raise UnknownName("NAME", name, [each for each in vars(module) if not each.startswith("_")])
    return getattr(module, name)


def make_model(found: Any, sizes: Mapping[str, int]) -> "nn.Module":
    """A module as it is, or what a class or a function makes of those sizes that it has arguments for.

    Errors: `InputError` where that raises something, or is no module.
    """
    from torch import nn

    if isinstance(found, nn.Module):
        return found
    if callable(found):
        try:
            wanted = inspect.signature(found).parameters
            found = found(**{name: size for name, size in sizes.items() if name in wanted})
        except (Exception, SystemExit) as error:
            raise InputError("NAME", getattr(found, "__name__", type(found).__name__),
                             f"callable without arguments, or with some of {', '.join(sizes)}",
                             f"it raises {type(error).__name__}: {_short(error)}") from error
    if not isinstance(found, nn.Module):
        raise InputError("NAME", type(found).__name__, "a torch.nn.Module, or a class or function that makes one")
    return found


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
