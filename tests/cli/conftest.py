"""A small trained run, made once by the command line itself."""

from pathlib import Path

import pytest

from genloom.cli.entry import main

TINY = ["--data.count", "64", "--network.width", "8", "--network.depth", "2", "--sampling.steps", "4",
        "--evaluation.samples", "16", "--evaluation.seeds", "1", "--evaluation.permutations", "9",
        "--evaluation.loss-points", "64", "--engine.no-tensorboard"]


@pytest.fixture
def tiny() -> list[str]:
    """Flags that make any recipe of points small."""
    return TINY


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of ve-square-classes that is finished after 20 steps."""
    folder = tmp_path_factory.mktemp("trained") / "a run"
    assert main(["train", "ve-square-classes", "--out", str(folder), "--steps", "20", "--quiet", *TINY]) == 0
    return folder


@pytest.fixture
def run_copy(run_folder: Path, tmp_path: Path) -> Path:
    """A copy of that run, which a test may change."""
    import shutil

    return Path(shutil.copytree(run_folder, tmp_path / "copy"))
