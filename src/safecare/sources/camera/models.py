"""Model files: which there are, what each one is, and whether it still is what it was.

A model is a file and a card beside it (``<name>.yaml``): SHA-256, family, input, labels, licence, origin. Models live
in two folders: what the installation brought (``share/safecare/models`` of the Python environment), and the site's own
(``models`` of the data folder), which stands first. The platform works without any: then people are blobs of motion.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from safecare.model.layout import laid_out

MAX_BYTES = 256 * 1024 * 1024
"""Largest model file in bytes; chosen: two cores run no larger one in time."""
MAX_CARD = 64 * 1024
"""Largest card in bytes. Chosen: a card has under 1 kB."""
NONE = "none"
"""Name that stands for no model: blobs of motion."""


Purpose = Literal["people", "pose", "special"]


class ModelError(ValueError):
    """A model that can't be used; the text says which file, and why."""


class ModelCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model file is. Sizes in pixels; `threshold`: score with the best balance of misses and false boxes."""

    name: str
    file: str
    sha256: str
    family: Literal["yolox", "centernet", "movenet"]
    width: int
    height: int
    labels: tuple[str, ...]
    licence: str
    origin: str
    threshold: float
    tells: tuple[str, ...] = ()
    """Labels of a special model that give an alert of their own; empty for one that finds people, or their posture."""
    preference: int = 0
    """Of several models that could be used the one with the highest number is."""

    @property
    def purpose(self) -> Purpose:
        """What it is for: finding people, telling how somebody's body lies, or seeing what it alone has a name for."""
        if self.tells:
            return "special"
        return "pose" if self.family == "movenet" else "people"

    @property
    def person(self) -> int:
        """Place of people among the labels."""
        return self.labels.index("person")

    def __post_init__(self) -> None:
        """Refuse what can't be (`ValueError`)."""
        if not self.tells and "person" not in self.labels:
            raise ValueError("labels must name person, or tells those that give an alert")
        if self.tells and (self.family == "movenet" or not set(self.tells) <= set(self.labels)):
            raise ValueError("tells must be among the labels of a model that finds things")
        if not 0.0 < self.threshold < 1.0:
            raise ValueError("threshold must lie between 0 and 1")
        if not (32 <= self.width <= 2048 and 32 <= self.height <= 2048):
            raise ValueError("width and height must lie between 32 and 2048")
        if Path(self.file).name != self.file:
            raise ValueError("file must be a name without folders")


class Model(msgspec.Struct, frozen=True):
    """A card, and the file in which it stands."""

    card: ModelCard
    card_path: Path

    @property
    def path(self) -> Path:
        """The model file."""
        return self.card_path.with_name(self.card.file)

    def read(self) -> bytes:
        """Return the model file's bytes, checked against the card. Raises `ModelError`."""
        try:
            if self.path.stat().st_size > MAX_BYTES:
                raise ModelError(f"{self.path}: larger than {MAX_BYTES} bytes")
            raw = self.path.read_bytes()
        except OSError as error:
            raise ModelError(f"{self.path}: {error.strerror}") from error
        found = hashlib.sha256(raw).hexdigest()
        if found != self.card.sha256:
            raise ModelError(f"{self.path}: its SHA-256 is {found}, the card says {self.card.sha256}")
        return raw


def installed_folder() -> Path:
    """Return the folder of models that came with the installation."""
    return Path(sys.prefix) / "share" / "safecare" / "models"


def read_card(path: Path) -> Model:
    """Read one card. Raises `ModelError`."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_CARD + 1)
        if len(raw) > MAX_CARD:
            raise ModelError(f"{path}: larger than {MAX_CARD} bytes")
        card = msgspec.convert(yaml.safe_load(raw), laid_out(ModelCard))
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, msgspec.ValidationError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: {error}") from error
    return Model(card, path)


def models(folders: Sequence[Path]) -> Iterator[Model | ModelError]:
    """Yield the models of `folders`, in this order, and what is wrong with those that can't be read."""
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            try:
                yield read_card(path)
            except ModelError as error:
                yield error


def choose(name: str, folders: Sequence[Path], purpose: Purpose = "people") -> Model | None:
    """Return the model for `purpose` called `name`; for an empty one the best that stands there whole, if there is one.

    Raises `ModelError` if the one that is named is not there.
    """
    if name == NONE:
        return None
    found = [one for one in models(folders) if isinstance(one, Model) and one.card.purpose == purpose]
    if name:
        named = next((one for one in found if one.card.name == name), None)
        if named is None:
            raise ModelError(f"no model is called {name}; there are: {', '.join(_names(found)) or 'none'}")
        return named
    usable = [one for one in found if one.path.is_file()]
    return max(usable, key=lambda one: one.card.preference, default=None)


def add(model: Path, card: dict[str, Any], folder: Path) -> Model:
    """Copy the file `model` into `folder` under the card `card` (its hash is filled in). Raises `ModelError`."""
    try:
        if model.stat().st_size > MAX_BYTES:
            raise ModelError(f"{model}: larger than {MAX_BYTES} bytes")
        raw = model.read_bytes()
    except OSError as error:
        raise ModelError(f"{model}: {error.strerror}") from error
    filled = {"file": model.name, **card, "sha256": hashlib.sha256(raw).hexdigest()}
    try:
        made = msgspec.convert(filled, laid_out(ModelCard))
    except (msgspec.ValidationError, ValueError) as error:
        raise ModelError(f"card of {model}: {error}") from error
    folder.mkdir(parents=True, exist_ok=True)
    found = Model(made, folder / f"{made.name}.yaml")
    found.path.write_bytes(raw)
    found.card_path.write_text(yaml.safe_dump(msgspec.to_builtins(made), sort_keys=False), "utf-8")
    return found


def _names(found: Sequence[Model]) -> list[str]:
    return [one.card.name for one in found]
