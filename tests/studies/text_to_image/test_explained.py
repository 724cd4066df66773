"""S0.30: a card for each prompt, and a form that is filled in and read again without any drawing."""

from genloom.studies.text_to_image.explained import CARDS, explained, write_form
from genloom.studies.text_to_image.prompts import curated, read_prompts
from genloom.studies.text_to_image.sheet import MISSING, drawings


def test_without_a_model_it_says_what_to_do(bare) -> None:
    assert explained.work(bare).missing == MISSING


def test_the_item_is_complete(sheet_context, check) -> None:
    answer = check(explained, sheet_context, least=300)
    assert len(answer.figures) == 3
    assert "Nobody counts." in answer.figures[0].caption
    assert "It is not read to its end." in answer.figures[1].caption
    by_name = {each.name: each for each in answer.results}
    assert by_name["prompts with an explanation"].value == 2
    assert by_name["of these, in the reader's own words"].value == 1
    assert by_name["cards on the page"].status == "pass"
    assert any("Of 2 prompts that a reader has judged, 1 fail; 1 wait" in text for text in answer.text)


def test_the_page_has_blank_fields_where_nothing_is_written(sheet_context) -> None:
    explained.work(sheet_context)
    html = (sheet_context.folder / CARDS).read_text("utf-8")
    assert html.count("<textarea") == 3, "an explanation of the first, a verdict and an explanation of the last"
    assert html.count("data:image/png") == 3
    assert "and never “" in html


def test_a_form_is_filled_in_and_no_picture_is_drawn_again(sheet_context, again) -> None:
    answer = explained.work(sheet_context)
    form = write_form(read_prompts(sheet_context.folder / next(sheet_context.folder.glob("prompts-*.yaml")).name),
                      sheet_context.folder)
    assert f"--prompts {form}" in " ".join(answer.text)
    assert f"--out {sheet_context.folder}" in " ".join(answer.text)
    filled = form.read_text("utf-8").replace("explanation: ''", "explanation: 'So it is.'")
    form.write_text(filled, "utf-8")
    later = again(prompts=str(form))
    second = explained.work(later)
    assert not any(each.fresh for each in drawings(later).pictures)
    assert "So it is." in second.figures[0].caption
    assert form.read_text("utf-8") == filled, "what a person wrote is never written over"


def test_single_pictures_stand_as_they_are(again) -> None:
    answer = explained.work(again(pictures=1))
    assert all(figure.path.startswith("pictures/") for figure in answer.figures)


def test_the_form_of_the_curated_prompts_can_be_read(tmp_path) -> None:
    assert read_prompts(write_form(curated(), tmp_path)) == curated()
