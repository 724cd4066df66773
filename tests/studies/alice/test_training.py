"""The item is whole, and says what the numbers do."""

from genloom.studies.alice.training import training
from genloom.studies.alice.work import model


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(training, tiny, formula=True)
    names = [result.name for result in answer.results]
    assert len(names) == len(set(names))
    beside = {result.name: result.known_name for result in answer.results}
    assert any(name.startswith("Kneser") or "after the training text" in name for name in beside.values())
    assert f"{model(tiny).gpt.parameters_count:,}".replace(",", "\u202f") in answer.text[0]
    assert answer.text[-1].startswith("    "), "what it wrote stands as it is"
    seeds = next(result for result in answer.results if result.name.endswith("mean over seeds"))
    assert seeds.seeds == (3, 4)
    assert seeds.interval is not None
