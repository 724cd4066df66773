"""Keys and values are held in their order, in room that is made once."""

import pytest
import torch

from genloom.errors import InputError
from genloom.nn.gpt import GPTShape
from genloom.nn.key_values import KeyValues

SHAPE = GPTShape(vocabulary=5, width=12, heads=3, blocks=2)


def some(count: int, batch: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(batch, 3, count, 4), torch.randn(batch, 3, count, 4)


def filled(*counts: int, length: int = 8) -> tuple[KeyValues, list[tuple[torch.Tensor, torch.Tensor]]]:
    past, parts = KeyValues(SHAPE, 2, length), [some(count) for count in counts]
    for keys, values in parts:
        for block in range(2):
            past.append(block, keys + block, values + block)
        past.advance(keys.shape[2])
    return past, parts


def test_what_was_appended_comes_back_in_order() -> None:
    past, parts = filled(3, 1)
    assert (past.length, past.room, past.batch) == (4, 4, 2)
    last = some(2)
    for block in range(2):
        found = past.append(block, last[0] + block, last[1] + block)
        for i in range(2):
            assert torch.equal(found[i], torch.cat([part[i] for part in (*parts, last)], 2) + block)
    assert past.length == 4


def test_the_room_is_made_once() -> None:
    past, _ = filled(2)
    first = past.append(0, *some(1))[0].data_ptr()
    past.advance(1)
    assert past.append(0, *some(1))[0].data_ptr() == first


def test_the_next_place_is_behind_what_is_held_in_every_block() -> None:
    past, parts = filled(2, 1)
    new, held = past.next_place()
    assert [tensor.shape for tensor in new] == [(2, 3, 1, 4)] * 4
    for block in range(2):
        for i in range(2):
            new[2 * block + i].fill_(7.0 + i)
            before = torch.cat([part[i] for part in parts], 2) + block
            assert torch.equal(held[2 * block + i][:, :, :3], before)
            assert bool((held[2 * block + i][:, :, 3] == 7.0 + i).all())
    past.advance(5)
    with pytest.raises(InputError, match="tokens = 1: must be at most 0"):
        past.next_place()


def test_gradients_go_through_the_tokens_of_one_pass() -> None:
    past, x = KeyValues(SHAPE, 2, 8), torch.ones(2, 3, 1, 4, requires_grad=True)
    total = torch.zeros(())
    for block in range(2):
        keys, values = past.append(block, x, 2 * x)
        total = total + (keys * values).sum()  # 2 x², twice
    total.backward()  # type: ignore[no-untyped-call] # torch gives no type
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.full_like(x, 8.0))


def test_more_than_there_is_room_for_is_refused_and_nothing_is_written() -> None:
    past, parts = filled(6)
    with pytest.raises(InputError, match="tokens = 3: must be at most 2, the room behind the 6 that are held"):
        past.append(0, *some(3))
    with pytest.raises(InputError, match="at most 2"):
        past.advance(3)
    assert past.length == 6
    found, _ = past.append(0, *some(2))
    assert torch.equal(found[:, :, :6], parts[0][0])


def test_tokens_can_be_forgotten() -> None:
    past, parts = filled(3, 2)
    past.reset(3)
    more = some(1)
    assert torch.equal(past.append(0, *more)[0], torch.cat((parts[0][0], more[0]), 2))
    past.reset()
    assert (past.length, past.room) == (0, 8)
    with pytest.raises(InputError, match="length = 1: must be from 0 to 0"):
        past.reset(1)


def test_rows_that_go_on_are_chosen() -> None:
    past, parts = filled(2)
    past.keep(torch.tensor([1, 1, 0]))
    assert past.batch == 3
    found, _ = past.append(0, *some(1, batch=3))
    assert torch.equal(found[:, :, :2], parts[0][0][[1, 1, 0]])
    past.keep(torch.tensor([False, False, True]))
    assert torch.equal(past.append(0, *some(1, batch=1))[0][:, :, :2], parts[0][0][:1])


def test_another_batch_is_refused() -> None:
    with pytest.raises(InputError, match="batch = 3: must be 2, as the keys and values that are held"):
        filled(1)[0].append(0, *some(1, batch=3))


@pytest.mark.parametrize(("batch", "length", "message"), [(0, 3, "batch = 0"), (1, 0, "length = 0")])
def test_no_room_at_all_is_refused(batch: int, length: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        KeyValues(SHAPE, batch, length)


def test_the_precision_is_chosen() -> None:
    past = KeyValues(SHAPE, 1, 2, dtype=torch.bfloat16)
    assert past.append(0, *some(1, batch=1))[0].dtype == torch.bfloat16
