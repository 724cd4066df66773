"""Pictures and the page of the attention lab."""

from pathlib import Path

import pytest

from genloom.nn.gpt import GPT, GPTShape
from genloom.recipes import show_attention
from genloom.recipes.attention_gpt import AttentionLook, look
from genloom.recipes.sentence_gpt import sentence
from genloom.report.provenance import read_provenance
from memorised import WORDS, WordTokenizer, untrained


def looked(gpt: GPT) -> AttentionLook:
    tokenizer = WordTokenizer()
    return look(gpt, tokenizer, sentence(gpt, tokenizer, [0], "I am a little squirrel holding a walnut"))


ONE = GPT(GPTShape(vocabulary=len(WORDS), context=32, width=16, blocks=1, heads=2)).eval()


@pytest.mark.parametrize("gpt", [untrained(), ONE])
def test_pictures_say_where_they_come_from_and_the_page_holds_them(gpt: GPT, tmp_path: Path) -> None:
    found = looked(gpt)
    blocks = (found.blocks[-1], found.blocks[0])[: len(found.blocks)]
    origin = {"command": "genloom attention x"}
    figures = [show_attention.painting(found, blocks, tmp_path / "a.png", origin),
               show_attention.evidence(found, tmp_path / "b.png", origin),
               show_attention.heads(found, blocks, tmp_path / "c.png", origin)]
    for figure in figures:
        assert read_provenance(tmp_path / figure.path)["command"] == "genloom attention x"
        assert figure.alt
    text = show_attention.write_page(found, blocks, tmp_path, (("model", "m"),), figures).read_text("utf-8")
    for word in found.words:
        assert f">{word.shown}</b>" in text
    assert text.count('class="painted"') == len(blocks)
    assert text.count("data:image/png") == 3


def test_the_deepest_word_is_the_one_with_the_largest_weight() -> None:
    found = looked(untrained())
    block = found.blocks[-1]
    *painted, target = show_attention.cells(found, block)
    assert target.share is None
    assert target.text == "walnut"
    depths = [cell.share or 0.0 for cell in painted]
    assert max(depths) == 1
    assert depths.index(1) == int(block.weights.argmax())
    assert show_attention.title(block, found).startswith("Block 2, the last: ")
