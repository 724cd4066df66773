"""Checkpoints that come with genloom: found in a checkout and in an installed package, and never half."""

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genloom.errors import CheckpointError, InputError, UnknownName
from genloom.recipes import pretrained
from genloom.recipes.build_classifiers import make_classifier
from genloom.recipes.classifiers import ClassifierRecipe, Network, digit_classifier
from genloom.recipes.images_parts import make_data
from genloom.recipes.judge_evaluator import ENOUGH
from genloom.recipes.known import Known
from genloom.recipes.label_lists import not_the_guide
from genloom.recipes.trained_evaluator import load_evaluator
from genloom.training.state import network_tensors

ROOT = Path(__file__).parents[2]


def tiny() -> ClassifierRecipe:
    return replace(digit_classifier(), network=Network(width=4, multipliers=(1, 2)))


def written(folder: Path) -> pretrained.Pretrained:
    tensors = network_tensors({"classifier": make_classifier(tiny(), 3)})
    return pretrained.write(folder, tiny(), tensors, ["a", "ä", "c"], "# A card\n")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = written(tmp_path / "deep" / "name")
    assert found == pretrained.read(tmp_path / "deep" / "name")._replace(tensors=found.tensors)
    assert (found.name, found.recipe, found.class_names) == ("name", tiny(), ("a", "ä", "c"))
    expected = network_tensors({"classifier": make_classifier(tiny(), 3)})
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in expected.items())
    assert (tmp_path / "deep" / "name" / "README.md").read_text("utf-8") == "# A card\n"


def test_half_precision_halves_the_file_and_is_read_as_float32(tmp_path: Path) -> None:
    weights = {"a/w": torch.randn(1000, generator=torch.Generator().manual_seed(0)), "a/n": torch.tensor(7)}
    whole = pretrained.write(tmp_path / "whole", tiny(), weights, [], "")
    half = pretrained.write(tmp_path / "half", tiny(), weights, [], "", storage="float16")
    sizes = [(each.folder / pretrained.MODEL).stat().st_size for each in (whole, half)]
    assert 1950 < sizes[0] - sizes[1] < 2050
    assert half.tensors["a/w"].dtype == torch.float32
    assert torch.equal(half.tensors["a/n"], weights["a/n"])
    torch.testing.assert_close(half.tensors["a/w"], weights["a/w"], rtol=2**-11, atol=1e-7)
    with pytest.raises(InputError, match="65504"):
        pretrained.write(tmp_path / "large", tiny(), {"a/w": torch.tensor([1e6])}, [], "", storage="float16")


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    folder = written(tmp_path / "name").folder
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 2):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
            with pytest.raises(CheckpointError):
                pretrained.read(folder)
        file.write_bytes(whole[:-3])
        with pytest.raises(CheckpointError):
            pretrained.read(folder)
        file.write_bytes(whole)
    pretrained.read(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        pretrained.read(folder)


def test_a_name_with_a_typo_gets_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "roots", lambda: [tmp_path])
    assert pretrained.names() == ()
    written(tmp_path / "one-thing")
    (tmp_path / "half").mkdir()
    assert pretrained.names() == ("one-thing",)
    assert pretrained.load("one-thing").folder == tmp_path / "one-thing"
    for name in ("one-thin", "../one-thing", "half"):
        with pytest.raises(UnknownName, match="one-thing"):
            pretrained.load(name)


def test_a_model_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"12\.0 MiB\).*at most 8,388,608 bytes \(8 MiB\).*float16 or int8"):
        pretrained.write(tmp_path / "large", tiny(), {"x": torch.zeros(3 << 20)}, [], "")
    with pytest.raises(InputError, match=r"10\.0 MiB\).*; store it as int8, or train a smaller"):
        pretrained.write(tmp_path / "large", tiny(), {"x": torch.zeros(5 << 20)}, [], "", storage="float16")
    assert not (tmp_path / "large").exists()


def test_each_that_is_shipped_is_whole_small_and_has_a_card() -> None:
    shipped = pretrained.names()
    assert {"digit-classifier", "digit-classifier-noisy"} <= set(shipped)
    for name in shipped:
        found = pretrained.load(name)
        assert (found.folder / "model.safetensors").stat().st_size <= pretrained.LIMIT
        card = (found.folder / "README.md").read_text("utf-8")
        for word in ("Data", "Licence", "Seed", "Command", "accuracy"):
            assert word in card, (name, word)


def test_what_draws_is_stored_with_what_it_knows_and_its_logs(tmp_path: Path) -> None:
    known = Known(class_names=("a", "b"), labels=(0, 1), sets=False, most=0, mean=0.5, variance=0.25, description="d",
                  digest="e")
    logs = {"metrics.jsonl": b'{"step": 1}\n', "timing.jsonl": b'{"step": 7, "seconds": 90.5}\n'}
    tensors = network_tensors({"classifier": make_classifier(tiny(), 2)})
    found = pretrained.write(tmp_path / "a", tiny(), tensors, ["a", "b"], "", known=known, logs=logs)
    assert (found.known, found.step, found.seconds) == (known, 7, 90.5)
    assert (found.folder / "metrics.jsonl").read_bytes() == logs["metrics.jsonl"]
    again = pretrained.write(tmp_path / "a", tiny(), tensors, ["a", "b"], "")
    assert (again.known, again.step) == (None, 0)
    assert not (found.folder / "metrics.jsonl").exists(), "what is replaced leaves nothing behind"


def test_names_can_be_those_of_a_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "roots", lambda: [tmp_path])
    written(tmp_path / "one")
    assert pretrained.names(["classifier"]) == ("one",)
    assert pretrained.names(["gan", "images"]) == ()


def test_each_has_a_summary_and_a_damaged_one_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "roots", lambda: [tmp_path])
    written(tmp_path / "one")
    (written(tmp_path / "two").folder / "recipe.yaml").write_text("format: 9")
    assert pretrained.summaries() == {"one": tiny().summary, "two": "its recipe cannot be read"}


def test_names_need_no_torch() -> None:
    code = ("import sys; from genloom.recipes import pretrained; assert 'digit-classifier' in pretrained.names()\n"
            "assert 'digit-classifier' in pretrained.names(['classifier'])\n"
            "pretrained.summaries()\nsys.exit('torch' in sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_other_types_are_not_halved(tmp_path: Path) -> None:
    weights = {"a/w": torch.rand(3, dtype=torch.float64), "a/n": torch.tensor([2**40])}
    found = pretrained.write(tmp_path / "half", tiny(), weights, [], "", storage="float16")
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in weights.items())


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["evaluator-iclevr-a", "evaluator-iclevr-b"])
def test_the_evaluators_name_nearly_all_labels_of_pictures_that_they_never_saw(name: str) -> None:
    """In half precision too, whose answers are those of the card to two in a thousand."""
    found, judge = pretrained.load(name), load_evaluator(name)
    kept = make_data(found.recipe.data).kept
    assert kept.labels is not None
    accuracy = judge.accuracy(kept.pictures, kept.labels).micro.value
    assert accuracy >= ENOUGH
    card = (found.folder / "README.md").read_text("utf-8")
    said = card.partition("| label accuracy on kept-back pictures | ")[2].partition(" ")[0]
    assert accuracy == pytest.approx(float(said), abs=0.002)


def test_the_evaluators_are_two() -> None:
    guide, judge = load_evaluator("evaluator-iclevr-a"), load_evaluator("evaluator-iclevr-b")
    assert guide.recipe.engine.seed != judge.recipe.engine.seed
    assert replace(guide.recipe, engine=judge.recipe.engine) == judge.recipe
    not_the_guide(judge, guide)


@pytest.mark.slow
def test_a_wheel_carries_them(tmp_path: Path) -> None:
    """Built as pip builds it, unpacked, and asked from a folder that is no checkout."""
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w",
                    str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("genloom-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = ("import genloom, pathlib; from genloom.recipes import pretrained\n"
            f"assert pathlib.Path(genloom.__file__).is_relative_to({str(tmp_path)!r})\n"
            "print(pretrained.load('digit-classifier').folder)")
    run = subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True, text=True,
                         env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"})
    assert Path(run.stdout.strip()).is_relative_to(tmp_path)
