import io
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest

from genloom.errors import InputError, Interrupted, RunInUse, UnknownName
from genloom.recipes import pretrained
from genloom.recipes.gpt import gpt_nano
from genloom.recipes.points import ve_square
from genloom.recipes.serial import to_yaml
from genloom.report.figures import canvas
from genloom.report.results import Result, read_results
from genloom.report.verdict import headline
from genloom.studies.runner import Options, run_study
from genloom.studies.study import Answer, Deliverable, Study
from genloom.training import lock
from genloom.training.screen import Screen

CALLS = []


def number(context):
    CALLS.append("S1")
    figure = context.figure(canvas(2, 2)[0], "one", caption="c", alt="a")
    return Answer(text=[f"seed {context.seed}"], figures=[figure],
                  results=[Result(name="x", value=1.0, known=1.0, status="pass")])


def bug(context):
    CALLS.append("S2")
    raise KeyError("nothing\nthere")


def refuse(context):
    CALLS.append("S3")
    raise InputError("beta", 2.0, "in (0, 1)")


def skip(context):
    CALLS.append("S4")
    return Answer(missing="needs a GPU")


def stop(context):
    raise Interrupted("stopped and saved", 2)


def make(*works):
    return Study(name="toy", title="Toy study", summary="s", data="toy data, made up", expected={"laptop": "1 s"},
                 deliverables=tuple(Deliverable(f"S{k}", f"Title {k}", "", work) for k, work in enumerate(works, 1)))


@pytest.fixture(autouse=True)
def _no_calls_yet():
    CALLS.clear()


@pytest.fixture
def go(tmp_path):
    def do(study, **options):
        stream = io.StringIO()
        outcome = run_study(study, tmp_path / "out", Options(**options), screen=Screen("plain", stream))
        return outcome, stream.getvalue()

    return do


def statuses(outcome):
    return [item.status for item in outcome.page.items]


def test_a_study_may_count_its_numbers_in_its_own_words(go):
    outcome, _ = go(replace(make(number), counted="checks hold"))
    assert headline(outcome.page) == "1 of 1 checks hold."


def test_a_whole_study_ends_with_a_page(go):
    outcome, said = go(make(number, number))
    assert (statuses(outcome), outcome.page.complete, outcome.exit_code) == (["done", "done"], True, 0)
    assert outcome.report.name == "report.html"
    assert read_results(outcome.report.parent / "results.json") == outcome.page
    assert outcome.page.facts[0] == ("data", "toy data, made up")
    assert "expected time  1 s" in said
    assert "[1/2] S1 Title 1  ✓ agrees" in said


def test_one_failure_leaves_the_others_and_is_unmistakable(go):
    outcome, said = go(make(number, bug, refuse, skip))
    assert statuses(outcome) == ["done", "failed", "failed", "missing"]
    assert (outcome.page.complete, outcome.exit_code) == (False, 1)
    assert outcome.page.items[2].reason == "beta = 2.0: must be in (0, 1)"
    assert "KeyError" in outcome.page.items[1].reason
    assert "in bug" in (outcome.report.parent / "items" / "S2.error.txt").read_text()
    assert "2 of 4 items failed: S2 Title 2, S3 Title 3." in outcome.report.read_text()
    assert "S3 Title 3  ■ failed: beta = 2.0" in said


def test_a_second_run_takes_what_is_done_and_tries_the_rest_again(go):
    first, _ = go(make(number, bug))
    second, said = go(make(number, bug))
    assert ",".join(CALLS) == "S1,S2,S2"
    assert first.page.items[0] == second.page.items[0]
    assert "1 of 2 items are taken from before" in said


def test_another_seed_does_it_anew(go):
    go(make(number))
    outcome, _ = go(make(number), seed=1)
    assert outcome.page.items[0].text == ("seed 1",)


def test_fresh_does_it_anew(go):
    go(make(number))
    go(make(number), fresh=True)
    assert CALLS == ["S1", "S1"]


def test_only_does_what_was_asked_and_says_what_was_not(go):
    outcome, _ = go(make(number, bug, skip), only=["S1"])
    assert CALLS == ["S1"]
    assert statuses(outcome) == ["done", "missing", "missing"]
    assert (outcome.page.complete, outcome.exit_code) == (False, 0)
    assert "`genloom study toy --only S2` does it" in outcome.page.items[1].reason


def test_only_shows_what_was_done_before(go):
    go(make(number, skip), only=["S1"])
    outcome, _ = go(make(number, number), only=["S2"])
    assert statuses(outcome) == ["done", "done"]


def test_an_interruption_writes_the_page_of_what_is_done_and_goes_on_up(go, tmp_path):
    with pytest.raises(Interrupted):
        go(make(number, stop, number))
    page = read_results(tmp_path / "out" / "results.json")
    assert [item.status for item in page.items] == ["done", "missing", "missing"]
    assert page.notice.startswith("This study was stopped;")
    assert not page.complete


def test_a_killed_study_does_not_leave_an_older_whole_page(go, tmp_path):
    go(make(number))

    def look(context):
        page = read_results(context.folder / "results.json")
        assert not page.complete
        assert "is being run" in page.notice
        return Answer()

    outcome, _ = go(make(look))
    assert outcome.page.complete, outcome.page.items


def test_a_differing_number_is_a_finding_and_not_a_failure(go):
    outcome, _ = go(make(lambda context: Answer(results=[Result(name="x", value=2.0, known=1.0, status="fail")])))
    assert (outcome.exit_code, outcome.page.complete) == (0, True)


def test_mistakes_come_before_anything_is_written(go, tmp_path):
    for options in ({"only": ["S9"]}, {"tier": "huge"}):
        with pytest.raises(UnknownName):
            go(make(number), **options)
    with pytest.raises(UnknownName, match="did you mean 'square'"):
        run_study("squar", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_process_per_folder(go, tmp_path):
    (tmp_path / "out").mkdir()
    with lock.hold(tmp_path / "out" / ".lock"), pytest.raises(RunInUse):
        go(make(number))


def test_runs_are_shared_between_items_and_the_second_run_trains_nothing(go, recipe, monkeypatch):
    def trains(context):
        run = context.run(recipe, "base")
        return Answer(text=[run.loaded.digest])

    study = make(trains, trains)
    first, said = go(study)
    assert statuses(first) == ["done", "done"]
    assert said.count("training base") == 1
    monkeypatch.setattr("genloom.studies.context.fit", None)
    second, _ = go(study, fresh=True)
    assert statuses(second) == ["done", "done"]
    assert first.page.items[0].text == second.page.items[0].text == first.page.items[1].text


def test_a_process_that_ran_a_study_ends_cleanly(tmp_path):
    code = ("from pathlib import Path; from genloom.studies.runner import run_study\n"
            "from genloom.studies.study import Answer, Deliverable, Study\n"
            "from genloom.report.figures import canvas\n"
            "def work(c):\n    f, (a,) = canvas(); a.plot([1, 2])\n"
            "    return Answer(figures=[c.figure(f, 'f', caption='c', alt='a')])\n"
            "only = Deliverable('S1', 't', '', work)\n"
            "study = Study(name='t', title='t', summary='', data='', deliverables=(only,))\n"
            f"assert run_study(study, Path({str(tmp_path)!r})).page.complete")
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_page_says_what_came_with_genloom(go, known_names):
    """Also where the item is taken from before; trained anew, it is not said."""
    def draws(context):
        CALLS.append("S1")
        found = context.shipped(pretrained.load("small-gan").recipe, "small-gan")
        return Answer(text=[f"It {found.origin}."])

    study = make(draws)
    for _ in range(2):
        outcome, _ = go(study)
        assert dict(outcome.page.facts)["models"].startswith("small-gan comes with genloom, trained by this recipe in ")
    assert CALLS == ["S1"]
    outcome, _ = go(study, fresh=True)
    assert "comes with genloom" in outcome.page.items[0].text[0], "done anew is not trained anew"
    outcome, _ = go(study, train=True)
    assert "models" not in dict(outcome.page.facts)
    assert outcome.page.items[0].text == ("It trained here.",)


@dataclass(frozen=True)
class Own:
    text: str = "usual"


def tell(context):
    CALLS.append(context.options.text)
    return Answer(text=[context.options.text])


def test_what_a_study_alone_is_asked_for_reaches_its_items(go):
    study = replace(make(tell), options=Own(), data=lambda context: f"the text {context.options.text}")
    page = go(study)[0].page
    assert page.items[0].text == ("usual",)
    assert dict(page.facts)["data"] == "the text usual"
    assert go(study, own=Own("mine"))[0].page.items[0].text == ("mine",), "another answer, not the one that was kept"
    assert go(study, own=Own("mine"))[0].page.items[0].text == ("mine",)
    assert CALLS == ["usual", "mine"]
    missing = go(replace(study, deliverables=(*study.deliverables, make(number, tell).deliverables[1])),
                 own=Own("mine"), only=["S1"])[0].page.items[1]
    assert "`genloom study toy --text mine --only S2`" in missing.reason


def test_data_that_are_not_there_are_said_before_a_folder_is_made(go, tmp_path):
    def data(context):
        raise InputError("data.text", "x", "a text")

    with pytest.raises(InputError, match=r"data\.text"):
        go(replace(make(number), data=data))
    assert not (tmp_path / "out").exists()


def test_a_run_is_used_as_its_family_is(go, tmp_path):
    for name, recipe in (("a points", ve_square()), ("gpt", gpt_nano())):
        folder = tmp_path / "out" / "runs" / name
        folder.mkdir(parents=True)
        (folder / "recipe.yaml").write_text(to_yaml(recipe), "utf-8")
    (tmp_path / "out" / "runs" / "zero").mkdir()
    first, second = go(make(number))[0].page.next_commands
    assert first == f"genloom sample '{tmp_path}/out/runs/a points' --count 1000 --seed 1"
    assert second.startswith(f"genloom sample {tmp_path}/out/runs/gpt --prompt")
