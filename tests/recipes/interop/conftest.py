"""Makes `other_models` importable; small models of other libraries; no hub."""

import sys
from pathlib import Path

import pytest

from genloom.recipes.interop.imported import Asked

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def asked() -> Asked:
    """Nothing that the files do not say."""
    return Asked()


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A folder of diffusers with a small model of 100 steps."""
    from other_models import SMALL, diffusers_unet, write_folder

    return write_folder(tmp_path / "pipeline", diffusers_unet(**SMALL), {"num_train_timesteps": 100})


@pytest.fixture(autouse=True)
def quiet_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches the hub."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
