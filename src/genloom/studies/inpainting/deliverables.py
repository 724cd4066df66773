"""The study: its items in the order of the report."""

from genloom.studies import at_hand
from genloom.studies.inpainting.game import game
from genloom.studies.inpainting.lacks import lacks
from genloom.studies.inpainting.squared import squared_error
from genloom.studies.study import Study

STUDY = Study(
    name="inpainting",
    title="Completing pictures: by the mean, by a game, and by sampling",
    summary="A U-Net is shown a picture with a part hidden and learns to fill it in, by the squared error alone and "
            "with a discriminator; a diffusion model that never saw a mask does the same by resampling and by "
            "guidance. All of them on the same masks, and on pictures of doors whose hidden part has a known "
            "distribution.",
    data=lambda context: at_hand.cats(context.data_root).said + "; and doors, 16 pictures of 8 × 8 with known chances",
    deliverables=(squared_error, game, lacks),
    expected={"laptop": "about 15 minutes on 2 CPU cores", "gpu": "some 40 minutes on one GPU"},
)
