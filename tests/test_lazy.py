"""Public names of packages: each is what its module holds, whatever was imported before."""

import pkgutil
from importlib import import_module

import pytest

import genloom

PACKAGES = [found.name for found in pkgutil.walk_packages(genloom.__path__, "genloom.") if found.ispkg]


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "genloom.studies"])  # its `study` is both
def test_no_public_name_is_that_of_a_module_which_would_take_its_place(package: str) -> None:
    module = import_module(package)
    inside = {found.name for found in pkgutil.iter_modules(module.__path__)}
    assert not inside & set(getattr(module, "__all__", ()))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there(package: str) -> None:
    module = import_module(package)
    for name in getattr(module, "__all__", ()):
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing_of_this_name'"):
        _ = module.nothing_of_this_name
