"""The weights of a `UNet` under the names of another library, by a table of places and a table of layers."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from genloom.errors import CheckpointError
from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape

Layers = Mapping[str, tuple[str, ...]]
"""Names of a block's layers: ours to theirs; where theirs are several, ours is all of them, one under the other."""

Places = Mapping[str, str]
"""Names of the blocks: ours to theirs."""

_LISTED = 3


def slots(shape: UNetShape) -> dict[str, torch.Size]:
    """Name and shape of each tensor of the `UNet` of that architecture, without making it."""
    with torch.device("meta"):
        return {name: tensor.shape for name, tensor in UNet(shape).state_dict().items()}


def names(key: str, places: Places, layers: Layers) -> tuple[str, ...]:
    """Their names of one of our tensors.

    >>> names("down.0.blocks.1.conv_1.weight", {"down.0.blocks.1": "down_blocks.0.resnets.1"}, {"conv_1": ("conv1",)})
    ('down_blocks.0.resnets.1.conv1.weight',)
    """
    module, _, leaf = key.rpartition(".")
    place, rest = module, ""
    while place not in places:
        place, _, last = place.rpartition(".")
        rest = f"{last}.{rest}" if rest else last
    return tuple(".".join(part for part in (places[place], layer, leaf) if part) for layer in layers[rest])


def ours(what: str, theirs: Mapping[str, Tensor], shape: UNetShape, places: Places,
         layers: Layers) -> dict[str, Tensor]:
    """Their weights as the state of our `UNet`: float32, each with storage of its own.

    what   the source, for messages

    Errors: `CheckpointError` for tensors that are missing, left over, or of another shape.
    """
    wanted = {key: names(key, places, layers) for key in slots(shape)}
    known = {name for several in wanted.values() for name in several}
    _same_names(what, theirs, known)
    return {key: _fitted(what, wanted[key], [theirs[name] for name in wanted[key]], size)
            for key, size in slots(shape).items()}


def theirs(state: Mapping[str, Tensor], places: Places, layers: Layers) -> dict[str, Tensor]:
    """The state of our `UNet` under their names; each tensor has storage of its own."""
    found = {}
    for key, tensor in state.items():
        several = names(key, places, layers)
        for name, part in zip(several, tensor.detach().chunk(len(several)), strict=True):
            found[name] = part.to("cpu", torch.float32, copy=True).contiguous()
    return found


def with_null_class(weights: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The weights with one more row, the mean of the others, in the table of classes that has that name."""
    table = weights.get(name)
    if table is None or table.ndim != 2 or not len(table):
        return dict(weights)  # what is wrong with it is told with the other shapes
    return {**weights, name: torch.cat([table, table.mean(dim=0, keepdim=True)])}


def whole(what: str, kind: str, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights that have our own names already: each in the precision of `wanted`, with storage of its own.

    kind     what they should be, for messages: "NaiveUnet"
    wanted   the state of the network, of which names, shapes and precisions alone are looked at

    Errors: `CheckpointError` for tensors that are missing, left over, or of another shape.
    """
    missing, unknown = set(wanted) - set(found), set(found) - set(wanted)
    if missing or unknown:
        raise CheckpointError(f"{what} is no {kind}: it lacks {listed(missing) or 'nothing'} and has "
                              f"{listed(unknown) or 'nothing'} beyond it")
    for name, slot in wanted.items():
        if found[name].shape != slot.shape:
            raise CheckpointError(f"{what}: {name} is {tuple(found[name].shape)} where {tuple(slot.shape)} belongs")
    return {name: found[name].to(slot.dtype, copy=True).contiguous() for name, slot in wanted.items()}


def listed(found: Iterable[str]) -> str:
    """The first few of many names."""
    all_of = sorted(found)
    return ", ".join(all_of[:_LISTED]) + (f" and {len(all_of) - _LISTED} more" if len(all_of) > _LISTED else "")


def _same_names(what: str, found: Iterable[str], known: Iterable[str]) -> None:
    missing, unknown = set(known) - set(found), set(found) - set(known)
    parts = [f"it lacks {listed(missing)}"] * bool(missing) + [f"it has {listed(unknown)} beyond it"] * bool(unknown)
    if parts:
        raise CheckpointError(f"{what} is not of the architecture that was stated: {'; '.join(parts)}")


def _fitted(what: str, names_of: tuple[str, ...], parts: list[Tensor], size: torch.Size) -> Tensor:
    """The parts, one under the other, as a tensor of that size; convolutions of one place are matrices."""
    for name, part in zip(names_of, parts, strict=True):
        if not part.is_floating_point() or not part.ndim or part.shape[0] * len(parts) != size[0]:
            _refuse_shape(what, name, part, size)
        if part.numel() * len(parts) != size.numel() or _bare(part.shape) != _bare((part.shape[0], *size[1:])):
            _refuse_shape(what, name, part, size)
    whole = torch.cat([part.reshape(part.shape[0], *size[1:]) for part in parts])
    return whole.to(torch.float32, copy=True).contiguous()


def _bare(size: Iterable[int]) -> tuple[int, ...]:
    """A shape without the 1s behind it."""
    bare = list(size)
    while len(bare) > 1 and bare[-1] == 1:
        bare.pop()
    return tuple(bare)


def _refuse_shape(what: str, name: str, found: Tensor, size: torch.Size) -> None:
    raise CheckpointError(f"{what}: {name} is {str(found.dtype).removeprefix('torch.')} {tuple(found.shape)}, which "
                          f"does not fit the {tuple(size)} of the architecture that was stated")
