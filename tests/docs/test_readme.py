"""The README's own commands are run, in its order, in an empty folder."""

import os
import re
import shlex
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text("utf-8")
LONG = ("genloom study",)


def blocks(language: str = "") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def commands() -> list[str]:
    """The lines that start with genloom, without comments."""
    lines = [line.partition("#")[0].strip() for block in blocks() for line in block.splitlines()]
    return [line for line in lines if line.startswith("genloom ")]


def run(line: str, folder: Path) -> None:
    words = shlex.split(line)[1:]
    done = subprocess.run([sys.executable, "-m", "genloom", *words], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def pictures(folder: Path) -> None:
    from PIL import Image

    folder.mkdir()
    for k in range(40):
        Image.linear_gradient("L").resize((24, 24)).rotate(9 * k).convert("RGB").save(folder / f"{k}.png")


def own_files(folder: Path) -> None:
    """A text, a table and an implementation of attention, as a reader may have them."""
    lines = [f"{k} men and {k + 1} cats went to town {k % 7} on a {('grey', 'bright', 'cold')[k % 3]} day.\n"
             for k in range(2000)]
    (folder / "my.txt").write_text("".join(lines), "utf-8")
    start = datetime(2024, 1, 1)
    rows = [f"{start + timedelta(hours=k)},{k % 24 + k * k % 7 / 7:.3f},{(k + 6) % 24}" for k in range(1500)]
    (folder / "my.csv").write_text("\n".join(["time,load,heat", *rows]) + "\n", "utf-8")
    (folder / "my_attention.py").write_text(
        "def attention(q, k, v, mask=None):\n"
        "    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5\n"
        "    if mask is not None:\n"
        "        scores = scores.masked_fill(~mask, float('-inf'))\n"
        "    return scores.softmax(-1) @ v\n", "utf-8")


def test_short_commands_run_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("x,y\n" + "".join(f"{i % 20 / 10},{i // 20 / 10}\n" for i in range(400)))
    pictures(tmp_path / "pictures")
    own_files(tmp_path)
    short = [line for line in commands() if not line.startswith(LONG)]
    assert len(short) >= 5
    for line in short:
        if line.startswith("genloom train") and "--steps" not in line:
            line += " --steps 20" if "images" in line or "gpt" in line else " --steps 100"
        run(line, tmp_path)


@pytest.mark.slow
def test_long_commands_run(tmp_path: Path) -> None:
    long = [line for line in commands() if line.startswith(LONG)]
    assert long
    for line in long:
        run(line, tmp_path)


def test_the_library_example_runs() -> None:
    (example,) = blocks("python")
    names: dict[str, object] = {}
    exec(example, names)
    points = names["points"]
    assert getattr(points, "shape", None) == (1000, 2)


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make ([\w-]+)", TEXT, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_linked_files_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target
