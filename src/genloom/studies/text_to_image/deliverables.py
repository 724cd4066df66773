"""The study: its items in the order of the report."""

from genloom.studies.iclevr.held_out import held_out
from genloom.studies.study import Study
from genloom.studies.text_to_image.counts import counts
from genloom.studies.text_to_image.exchanged import exchanged
from genloom.studies.text_to_image.explained import explained
from genloom.studies.text_to_image.listed import listed
from genloom.studies.text_to_image.options import SheetOptions
from genloom.studies.text_to_image.pictures import pictures
from genloom.studies.text_to_image.sheet import said
from genloom.studies.text_to_image.triples import triples

STUDY = Study(
    name="text-to-image",
    title="Where text-to-image models fail",
    summary="A pipeline of the kind of Stable Diffusion v1.5 draws a file of prompts, each of which tries one known "
            "way to fail, and lays its pictures out with the reasons and with room for the reader's own. What those "
            "pictures only show is counted on a model of our own, whose pictures have a judge: attributes exchanged, "
            "numbers of objects, combinations that were never seen.",
    data=said,
    deliverables=(pictures, explained, listed, exchanged, counts, triples, held_out),
    expected={"laptop": "about 10 minutes on 2 CPU cores, most of it training a small model without some pairs of "
                        "objects; where ddpm-iclevr does not come with genloom its training is added, 60 to 90 "
                        "minutes, and with --model the pictures, some minutes each at 30 steps",
              "gpu": "some hours on one GPU, most of it training; with --model seconds for each picture"},
    options=SheetOptions(),
)
