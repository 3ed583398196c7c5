"""Motion that belongs to nobody who is known is hidden: in stills and clips, with a network and without."""

from __future__ import annotations

import cv2
import numpy as np

from safecare.sources.camera.messages import View
from safecare.sources.camera.vision.parts import Box, Image, Picture
from safecare.sources.camera.vision.still import Hidden, pixelated, still
from safecare.sources.camera.vision.strangers import MOST, strangers
from safecare.sources.camera.vision.watch import Watch

SIZE = (320, 180)


def moving(*boxes: tuple[int, int, int, int]) -> Image:
    mask: Image = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for left, top, width, height in boxes:
        mask[top : top + height, left : left + width] = 1
    return mask


def test_what_moves_beside_a_known_person_is_a_stranger_and_the_person_is_none() -> None:
    known = Box(100, 60, 20, 50)
    [one] = strangers(moving((96, 56, 28, 58), (200, 60, 20, 50)), [known], SIZE)
    assert (one.x, one.y, one.width, one.height) == (200, 60, 20, 50)


def test_of_two_who_move_as_one_the_unknown_is_a_stranger() -> None:
    [one] = strangers(moving((96, 56, 70, 58)), [Box(100, 60, 20, 50)], SIZE)
    assert one.x > 120
    assert one.x + one.width == 166


def test_noise_is_nobody_and_a_storm_is_all_of_the_picture() -> None:
    assert strangers(moving((10, 10, 5, 9)), [], SIZE) == []
    storm = moving(*[(20 * (n % 16), 20 * (n // 16), 10, 10) for n in range(MOST + 20)])
    assert strangers(storm, [], SIZE) == [Box(0, 0, 320, 180)]


def test_while_nothing_is_known_all_of_the_picture_may_be_somebody() -> None:
    assert strangers(None, [Box(100, 60, 20, 50)], SIZE) == [Box(0, 0, 320, 180)]


def test_all_of_a_stranger_is_pixelated_and_nothing_beside() -> None:
    chequers: Image = (np.indices((180, 320)).sum(0) // 2 % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    hidden = pixelated(chequers, [], [Box(100, 40, 40, 80)])
    assert hidden[40:120, 100:140].std() < 40
    assert hidden[40:120, 200:240].std() > 100


def test_a_still_of_somebody_who_moves_and_is_not_found_shows_no_head() -> None:
    rng = np.random.default_rng(4)
    wall = rng.integers(60, 120, (180, 320, 3), np.uint8)
    watch = Watch(View(fps=5.0))
    head: Image = (np.indices((12, 12)).sum(0) // 2 % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    for number in range(120):  # a head alone above a counter, smaller than anybody who is told, moves about
        picture: Image = wall.copy()
        left = 150 + 4 * (number % 10)
        if number >= 100:
            picture[100:112, left : left + 12] = head
        watch.look(Picture(picture, 1.0, lambda picture=picture: picture), number / 5)  # type: ignore[misc]
    shown = cv2.imdecode(
        np.frombuffer(still(picture, Hidden(watch.people, watch.strangers)), np.uint8), cv2.IMREAD_COLOR
    )
    assert shown is not None
    assert shown[102:110, left + 2 : left + 10, 1].std() < 60
