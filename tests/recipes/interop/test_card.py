from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape
from genloom.recipes import serial
from genloom.recipes.images import Data, ImagesRecipe, Network
from genloom.recipes.interop.card import card
from genloom.recipes.process import Schedule
from genloom.report.results import Item, Page, Result, write_results
from genloom.training.checkpoint import Loaded
from genloom.training.run import RunFolder

RECIPE = ImagesRecipe(name="ddpm-cats", summary="cats", data=Data(source="cats64"))
LOADED = Loaded(1000, Path("run/checkpoints/1000"), "ab" * 32, True)


@pytest.fixture
def network() -> UNet:
    return UNet(UNetShape(size=16, width=16, multipliers=(1, 2), attention=(8,), groups=16))


def _card(recipe: ImagesRecipe, network: UNet, run: Path, name: str = "me/cats") -> str:
    return card(recipe, network, RunFolder(run), LOADED, name)


def test_its_heading_is_what_the_hub_reads(network: UNet, tmp_path: Path) -> None:
    _, heading, rest = _card(RECIPE, network, tmp_path).split("---\n", 2)
    assert yaml.safe_load(heading)["library_name"] == "diffusers"
    assert rest.lstrip().startswith("# ddpm-cats: cats")


def test_it_names_data_licence_weights_and_use(network: UNet, tmp_path: Path) -> None:
    said = _card(RECIPE, network, tmp_path)
    for needed in ("2,000 cat pictures", "Licence of the data: MIT (repository)", "exponential moving average",
                   "step 1,000", 'from_pretrained("me/cats")', "genloom import me/cats", "Nothing was measured yet",
                   f"{sum(p.numel() for p in network.parameters()):,} parameters"):
        assert needed in said
    assert "PATH" not in said


def test_a_folder_of_ones_own_has_no_licence_that_is_known(network: UNet, tmp_path: Path) -> None:
    said = _card(replace(RECIPE, data=Data(folder="my-cats", category="tabby")), network, tmp_path)
    assert "`my-cats`" in said
    assert "only the class `tabby`" in said
    assert "Its licence is not known to genloom" in said


def test_an_imported_model_says_that_its_data_are_not_known(network: UNet, tmp_path: Path) -> None:
    said = _card(replace(RECIPE, name="imported"), network, tmp_path)
    assert "what they were trained on is not known here" in said


@pytest.mark.parametrize(("digest", "said"), [
    ("ab" * 32, "Measured on these weights"), ("cd" * 32, "another checkpoint")])
def test_its_numbers_are_those_of_the_run_and_say_of_which_checkpoint(
        network: UNet, tmp_path: Path, digest: str, said: str) -> None:
    result = Result(name="FD-random | shapes", value=12.5, known=1.25, known_name="data against data", n=256)
    page = Page(title="t", kind="run", name="n", facts=(("checkpoint", f"step 1000, sha256 {digest[:16]}"),),
                items=(Item(number="1", title="Numbers", results=(result,)),))
    write_results(page, tmp_path / "results.json")
    text = _card(RECIPE, network, tmp_path)
    assert r"| FD-random \| shapes | 12.50 | 1.250 | data against data | 256 |" in text
    assert said in text


def test_a_model_with_classes_is_used_without_the_pipeline(tmp_path: Path) -> None:
    network = UNet(UNetShape(size=16, width=16, multipliers=(1, 2), attention=(8,), groups=16, classes=7))
    said = _card(RECIPE, network, tmp_path)
    assert 'class 0; 7 means "none"' in said
    assert "`DDPMPipeline` knows no classes" in said


def test_long_tables_are_left_to_the_recipe_file(network: UNet, tmp_path: Path) -> None:
    plain = _card(RECIPE, network, tmp_path)
    assert serial.to_yaml(RECIPE).rstrip() in plain
    long = replace(RECIPE, schedule=Schedule(kind="table", steps=3, betas=(0.123456, 0.2, 0.3)),
                   network=Network(details='{"width": 16}'))
    said = _card(long, network, tmp_path)
    assert "0.123456" not in said
    assert "which is left out here" in said
