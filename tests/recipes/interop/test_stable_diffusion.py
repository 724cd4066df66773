"""Texts become pictures by diffusers' own pipeline, here a random one of the real classes."""

from importlib import util
from pathlib import Path
from typing import Any

import pytest
import torch

from genloom.errors import DataError, InputError, MissingExtra
from genloom.recipes.interop import stable_diffusion
from genloom.recipes.interop.stable_diffusion import Drawing, Loading, TextToImage, load, require
from genloom.recipes.interop.stable_diffusion_folder import Found, local

FEW = Drawing(steps=3)


@pytest.fixture(scope="module")
def found(pipeline_folder: Path) -> Found:
    return local(str(pipeline_folder))


@pytest.fixture(scope="module")
def model(found: Found) -> TextToImage:
    return load(found)


def test_a_folder_is_loaded_in_silence(found: Found, capfd: pytest.CaptureFixture[str]) -> None:
    load(found)
    assert capfd.readouterr() == ("", "")


def test_what_it_is(model: TextToImage) -> None:
    assert (model.size, model.checks, model.scheduler, model.dtype) == (16, False, "PNDMScheduler", "float32")
    assert set(model.parameters) == {"text_encoder", "unet", "vae"}
    assert min(model.parameters.values()) > 1000
    assert len(model.digest) == 64


def test_a_picture_depends_on_its_seed_and_not_on_its_batch(model: TextToImage) -> None:
    both = model.draw(["a red cube", "two cats"], [5, 6], FEW)
    alone = model.draw(["two cats"], [6], FEW)
    assert both.pictures.shape == (2, 3, 16, 16)
    assert both.pictures.dtype == torch.uint8
    assert int((both.pictures[1].int() - alone.pictures[0].int()).abs().max()) <= 1
    assert not torch.equal(model.draw(["two cats"], [7], FEW).pictures, alone.pictures)
    assert torch.equal(model.draw(["two cats"], [6], FEW).pictures, alone.pictures), "the scheduler keeps no state"
    assert not both.blanked.any()


def test_the_text_and_the_negative_prompt_are_heard(model: TextToImage) -> None:
    plain = model.draw(["a red cube"], [5], FEW).pictures
    assert not torch.equal(model.draw(["a blue sphere"], [5], FEW).pictures, plain)
    guided = Drawing(steps=3, negative_prompt="blue")
    assert not torch.equal(model.draw(["a red cube"], [5], guided).pictures, plain)
    free = [Drawing(steps=3, guidance=1.0, negative_prompt=words) for words in ("", "blue")]
    one, other = (model.draw(["a red cube"], [5], each).pictures for each in free)
    assert torch.equal(one, other), "without guidance no negative prompt is read"


def test_sizes_and_steps(model: TextToImage) -> None:
    done: list[int] = []
    made = model.draw(["a"], [1], Drawing(steps=3, size=32), done.append)
    assert made.pictures.shape[-2:] == (32, 32)
    assert done == [1, 2, 3, 4], "this scheduler takes one of its steps twice"
    with pytest.raises(InputError, match="a multiple of 2"):
        model.draw(["a"], [1], Drawing(steps=3, size=17))
    with pytest.raises(InputError, match="one for each of the prompts"):
        model.draw(["a", "b"], [1], FEW)


def test_what_is_cut_off_is_told(model: TextToImage) -> None:
    short = model.length("a red cube")
    assert (short.tokens, short.limit, short.cut) == (10, 24, "")
    long = model.length("one cup, and a red cube beside a ball")
    read = sum(len(word) for word in ["one", "cup", ",", "and", "a", "red", "cube", "beside"])
    assert (long.tokens, read) == (2 + read + len("aball"), 24)
    assert long.cut == "de a ball", "22 letters are read between the two marks"


def test_a_safety_checker_stays_on_and_what_it_blanks_is_told(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(found)
    pipeline: Any = model._pipeline

    def check(images: torch.Tensor, *_: Any) -> tuple[torch.Tensor, list[bool]]:
        images[0] = -1
        return images, [True, False]

    monkeypatch.setattr(pipeline, "run_safety_checker", check)
    made = model.draw(["a red cube", "two cats"], [5, 6], FEW)
    assert made.blanked.tolist() == [True, False]
    assert int(made.pictures[0].max()) == 0
    assert int(made.pictures[1].max()) > 0


@pytest.mark.parametrize("memory", ["sliced", "tiled"])
def test_less_memory_draws_the_same(memory: str, found: Found, model: TextToImage) -> None:
    lean = load(found, Loading(memory=memory))
    one, other = (each.draw(["a red cube"], [5], FEW).pictures for each in (model, lean))
    assert int((one.int() - other.int()).abs().max()) <= 1


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of numpy about diffusers' solver
def test_other_schedulers_start_at_the_noisiest_entry(found: Found) -> None:
    for name, kind in (("ddim", "DDIMScheduler"), ("dpmpp-2m", "DPMSolverMultistepScheduler")):
        model = load(found, Loading(scheduler=name))
        model.draw(["a"], [1], FEW)
        assert model.scheduler == kind
        assert int(model._pipeline.scheduler.timesteps[0]) == 999
        assert model.settings["beta_end"] == 0.012, "on the model's own table"


def test_other_numbers(found: Found, model: TextToImage) -> None:
    lean = load(found, Loading(dtype="bfloat16"))
    assert lean.dtype == "bfloat16"
    assert lean.digest != model.digest, "rounded weights are others"
    assert lean.draw(["a red cube"], [5], FEW).pictures.shape == (1, 3, 16, 16)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(("loading", "said"), [
    (Loading(device="cuda"), "no GPU"), (Loading(dtype="float16"), "on a CPU"),
    (Loading(memory="offload"), "nothing to offload to")])
def test_what_a_cpu_cannot_do(loading: Loading, said: str, found: Found) -> None:
    with pytest.raises(InputError, match=said):
        load(found, loading)


def test_offloading_needs_accelerate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stable_diffusion, "_has", lambda package: False)
    with pytest.raises(InputError, match="pip install accelerate"):
        stable_diffusion._require_memory("offload", "cuda")


def test_a_damaged_folder_is_one_line(pipeline_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(pipeline_folder, folder)
    (folder / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(DataError, match="diffusers cannot load it") as error:
        load(local(str(folder)))
    assert "\n" not in str(error.value)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real, hidden = util.find_spec, "diffusers"
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == hidden else real(name))
    with pytest.raises(MissingExtra, match=r"pip install 'genloom\[hub\]'"):
        require()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_in_half_precision(found: Found) -> None:
    model = load(found)
    assert (model.device, model.dtype) == ("cuda", "float16")
    assert model.draw(["a red cube"], [5], FEW).pictures.shape == (1, 3, 16, 16)
