"""What is asked for: a recipe with its flags, and all that is wrong with them."""

from pathlib import Path

import pytest

from genloom.cli.asked import asked
from genloom.errors import DataError, InputError, InputErrors, UnknownName
from genloom.recipes import recipe, to_yaml
from genloom.recipes.fields import differences


def test_flags_change_the_recipe_and_nothing_else() -> None:
    wanted = asked(["ve-square", "--steps", "5", "--seed", "3", "--network.width", "64", "--engine.no-tensorboard",
                    "--out", "a"])
    changed = {name: mine for name, mine, _ in differences(wanted.recipe, wanted.base)}
    assert changed == {"engine.steps": 5, "engine.seed": 3, "network.width": 64, "engine.tensorboard": False}
    assert wanted.base == recipe("ve-square")
    assert wanted.options.out == Path("a")


def test_the_recipe_may_come_after_the_flags() -> None:
    assert asked(["--steps", "5", "ve-square"]).recipe.engine.steps == 5


@pytest.mark.parametrize("words", ["ve-square --tier gpu", "ve-square --tier=gpu", "--tier gpu ve-square"])
def test_tiers(words: str) -> None:
    assert asked(words.split()).recipe == recipe("ve-square", "gpu")


def test_a_recipe_file(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(to_yaml(recipe("score-letters")), encoding="utf-8")
    assert asked([str(path)]).recipe == recipe("score-letters")
    assert asked([str(path), "--steps", "3"]).recipe.engine.steps == 3
    with pytest.raises(InputError, match="left out with a recipe file"):
        asked([str(path), "--tier", "gpu"])
    with pytest.raises(DataError, match="cannot be read as a recipe"):
        asked([str(tmp_path / "none.yaml")])
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DataError, match="cannot be read as a recipe"):
        asked([str(path)])


@pytest.mark.parametrize(("words", "error", "said"), [
    ("", InputError, "RECIPE = None.*try `genloom train ve-square`"),
    ("ve-sqare", UnknownName, "did you mean 've-square'"),
    ("ve-square --tier gp", InputError, "did you mean 'gpu'"),
    ("ve-square --steps 0", InputError, r"engine.steps = 0: must be .*; pass --engine.steps 3000"),
    ("ve-square --steps 5 --engine.steps 6", InputError, "given once: --engine.steps is the same"),
    ("ve-square --precision 16", InputError, "one of auto, 32, bf16-mixed"),
    ("ve-square --name other", InputError, "flag = '--name'"),
    ("ve-square --engine.steps 0 --optimizer.lr -1 --stpes 3 --network.depth x", InputErrors, "4 problems"),
    ("ve-square --data.pattern file", InputError, "pass --data.path FILE"),
])
def test_mistakes(words: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        asked(words.split())
    assert "\n" not in str(caught.value)


def test_help_without_a_recipe_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        asked(["--help"])
    said = capsys.readouterr().out
    assert "genloom train ve-square" in said
    assert "--data-root PATH" in said


def test_help_of_a_recipe_is_grouped_and_shows_its_own_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        asked(["score-letters", "--help"])
    said = capsys.readouterr().out
    assert said.index("engine options") > said.index("network options") > said.index("data options")
    assert "(default: langevin)" in " ".join(said.replace("│", " ").split())


def test_a_forecaster_has_shorter_flags_for_its_file_and_its_windows() -> None:
    wanted = asked(["forecaster", "--csv", "my.csv", "--horizon=24", "--lookback", "96"])
    changed = {name: mine for name, mine, _ in differences(wanted.recipe, wanted.base)}
    assert changed == {"data.csv": "my.csv", "window.horizon": 24, "window.lookback": 96}
    with pytest.raises(InputError, match="given once"):
        asked(["forecaster", "--horizon", "24", "--window.horizon", "48"])
    with pytest.raises(InputError, match="--horizon"):
        asked(["ve-square", "--horizon", "24"])
