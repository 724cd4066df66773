"""Both items are whole; the eleventh word is the model's, and its row is right."""

from genloom.studies.alice.attention import chosen, first_block, last_block, looked
from genloom.studies.alice.sentences import prompts


def test_the_last_block_s_item_is_whole(tiny, check) -> None:
    answer = check(last_block, tiny, formula=True)
    assert {result.status for result in answer.results} == {"pass"}
    assert answer.figures[0].path == "figures/attention-2.png"
    assert chosen(tiny).text in answer.text[0]
    by_word, by_token = answer.tables
    assert by_word.rows[-1][0] == "sum"
    assert by_word.rows[-1][-1] == "1.0000"
    later = [row for row in by_token.rows if row[3] == "−∞"]
    assert len(later) == len(chosen(tiny).targets)
    assert all(row[4] == "0.0000" for row in later)


def test_the_first_block_s_item_is_whole(tiny, check) -> None:
    answer = check(first_block, tiny, formula=True)
    assert [figure.path for figure in answer.figures] == [f"figures/{name}.png" for name in ("attention-1", "heads",
                                                                                             "habits")]
    assert all(result.status != "fail" for result in answer.results)


def test_the_sentence_is_in_one_line_where_there_is_one(tiny) -> None:
    assert chosen(tiny) in prompts(tiny)
    assert "\n" not in chosen(tiny).text
    assert looked(tiny) is looked(tiny)
    assert looked(tiny).rank == 0
