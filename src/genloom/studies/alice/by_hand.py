"""A row of attention by hand: queries and keys as they leave their layer, and NumPy for all that follows."""

import numpy as np
import torch
from torch import Tensor, nn

from genloom.nn.gpt import GPT, Block


def queries_and_keys(gpt: GPT, tokens: Tensor, block: int) -> tuple[np.ndarray, np.ndarray]:
    """(H, L, d) each of one block, in a plain pass over tokens (L,); places are not turned into them."""
    chosen = gpt.blocks[block]
    assert isinstance(chosen, Block)
    attention, kept = chosen.attention, list[Tensor]()

    def keep(module: nn.Module, given: object, out: Tensor) -> None:
        kept.append(out)

    hook = attention.qkv.register_forward_hook(keep)
    try:
        with torch.no_grad():
            gpt(tokens[None].to(gpt.token_table.weight.device))
    finally:
        hook.remove()
    parts = kept[0][0].double().cpu().numpy().reshape(len(tokens), 3, attention.heads, -1).transpose(1, 2, 0, 3)
    return parts[0], parts[1]


def row_by_hand(gpt: GPT, tokens: Tensor, place: int, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores and weights of a row, (H, L) each, from the queries and keys of a plain pass, in NumPy alone."""
    query, key = queries_and_keys(gpt, tokens, block)
    scores = np.einsum("hd,hld->hl", query[:, place], key) / np.sqrt(query.shape[-1])
    raised = np.exp(scores - scores[:, : place + 1].max(1, keepdims=True))
    raised[:, place + 1 :] = 0
    return scores, raised / raised.sum(1, keepdims=True)
