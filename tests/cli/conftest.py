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


@pytest.fixture(scope="session")
def text_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of gpt-nano on a small text, finished after 20 steps; the text stands in text.txt beside it."""
    folder = tmp_path_factory.mktemp("language")
    lines = [f"The {who} {does} {what}.\n" for who in ("cat", "owl", "squirrel", "café owner") for does in
             ("sees", "holds", "wants") for what in ("a walnut", "the moon", "nothing")]
    (folder / "text.txt").write_text("".join(lines[k * 7 % len(lines)] for k in range(2000)), "utf-8")
    flags = ["--data.text", str(folder / "text.txt"), "--data.blocks", "2", "--tokenizer.vocabulary", "300",
             "--network.width", "16", "--network.blocks", "2", "--network.heads", "2", "--network.context", "12",
             "--generation.tokens", "20", "--evaluation.order", "3", "--evaluation.texts", "1", "--engine.batch-size",
             "8", "--engine.evaluate-every", "5", "--engine.no-tensorboard", "--quiet"]
    assert main(["train", "gpt-nano", "--out", str(folder / "a run"), "--steps", "20", *flags]) == 0
    return folder / "a run"
