"""What the package says is public is there, and costs nothing until it is used."""

import subprocess
import sys

import pytest

from genloom.forecasting import attention


def test_every_public_name_resolves() -> None:
    assert attention.__all__ == sorted(attention.__all__)
    for name in attention.__all__:
        assert getattr(attention, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        attention.nonsense  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, genloom.forecasting.attention; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
