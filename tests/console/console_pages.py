"""Plain pages as tests look at them."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """What the tests look at in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def check_basics(page: Page, language: str) -> None:
    """WCAG 2.2: language of page, title, one main heading, a label for each field, nothing scripted."""
    assert page.all("html") == [{"lang": language}]
    assert len(page.all("title")) == 1
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    labelled = {label["for"] for label in page.all("label")}
    for field in page.all("input"):
        assert field.get("type") == "hidden" or field["id"] in labelled
    assert all("alt" in image for image in page.all("img"))
    assert all(cell.get("scope") for cell in page.all("th"))
    assert all((one["src"] or "").startswith("/plain/") for one in page.all("script"))  # the passkey button
    assert not [
        attributes
        for _, attributes in page.tags
        if any(name.startswith("on") or name == "style" for name in attributes)
    ]
