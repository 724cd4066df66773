"""What the packages say is public is there, and costs nothing until it is used."""

import subprocess
import sys

import pytest

import genloom.diffusion
import genloom.diffusion.samplers


@pytest.mark.parametrize("package", [genloom.diffusion, genloom.diffusion.samplers])
def test_every_public_name_resolves(package: object) -> None:
    names = package.__all__  # type: ignore[attr-defined]
    assert names == sorted(names)
    for name in names:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        package.nonsense  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, genloom.diffusion, genloom.diffusion.samplers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
