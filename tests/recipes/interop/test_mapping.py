import pytest
import torch

from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape
from genloom.recipes.interop import diffusers_unet, guided_diffusion, mapping

SHAPES = [
    UNetShape(size=16, width=16, multipliers=(1, 2), attention=(8,), groups=16),
    UNetShape(size=16, width=16, multipliers=(1, 2, 2), attention=(16, 4), groups=16, resample="residual", classes=3),
    UNetShape(size=16, width=16, multipliers=(1,), attention=(0,), groups=16, middle_attention=False),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_slots_are_those_of_the_network(shape: UNetShape) -> None:
    assert mapping.slots(shape) == {name: tensor.shape for name, tensor in UNet(shape).state_dict().items()}


@pytest.mark.parametrize("library", [diffusers_unet, guided_diffusion])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_two_tensors_get_one_name(shape: UNetShape, library: object) -> None:
    places, layers = library.places(shape), library._LAYERS  # type: ignore[attr-defined]
    given = [name for key in mapping.slots(shape) for name in mapping.names(key, places, layers)]
    assert len(given) == len(set(given))


def test_a_convolution_of_one_place_is_a_matrix() -> None:
    shape = SHAPES[0]
    state = UNet(shape).state_dict()
    places, layers = guided_diffusion.places(shape), guided_diffusion._LAYERS
    there = mapping.theirs(state, places, layers)
    folded = {name: tensor[..., None] if ".qkv.weight" in name or "proj_out.weight" in name else tensor
              for name, tensor in there.items()}
    back = mapping.ours("it", folded, shape, places, layers)
    assert all(torch.equal(back[key], state[key]) for key in state)


def test_half_precision_becomes_float32_and_nothing_is_shared() -> None:
    shape = SHAPES[0]
    places, layers = diffusers_unet.places(shape), diffusers_unet._LAYERS
    there = {name: tensor.half() for name, tensor in
             mapping.theirs(UNet(shape).state_dict(), places, layers).items()}
    back = mapping.ours("it", there, shape, places, layers)
    assert all(tensor.dtype == torch.float32 and tensor.is_contiguous() for tensor in back.values())
    pointers = [tensor.untyped_storage().data_ptr() for tensor in back.values()]
    assert len(set(pointers)) == len(pointers)


def test_a_table_of_classes_gets_its_mean_as_one_more_row() -> None:
    table = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    assert mapping.with_null_class({"t": table}, "t")["t"].tolist() == [[1, 2], [3, 6], [2, 4]]
    assert mapping.with_null_class({"t": table[0]}, "t")["t"].tolist() == [1, 2]
    assert mapping.with_null_class({}, "t") == {}


def test_many_names_are_told_by_the_first_few() -> None:
    assert mapping.listed("dcba") == "a, b, c and 1 more"
    assert mapping.listed("a") == "a"
