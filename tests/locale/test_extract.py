"""Finding sentences in code, templates, YAML and the front end; keeping the catalogue in step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from safecare.locale import extract
from safecare.locale.extract import Sentence

ROOT = Path(__file__).resolve().parents[2]


def test_python_literals_choices_and_tables() -> None:
    source = """
WORDS = {"a": "Door forced", "b": ("Door held",)}
TITLE: str = "One title"
def f(x, kind):
    say("Plain {place}", place=1)
    say("Split " "sentence")
    say("Yes" if x else "No")
    say(WORDS[kind]); say(TITLE); say(WORDS.get(kind, "Other"))
    say(x)
    other("Not a sentence")
"""
    assert sorted(extract.python_sentences(source)) == sorted(
        ["Plain {place}", "Split sentence", "Yes", "No", *["Door forced", "Door held"] * 2, "One title", "Other"]
    )


def test_python_formatted_sentence_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1"):
        list(extract.python_sentences('say(f"Door {x}")'))


def test_yaml_keys() -> None:
    source = """
title: Close
  the door
title_of: {title: {en: House, fr: Maison}}
steps: [{role: guard, text: Go there}]
why: [One, Two]
id: not-a-sentence
"""
    assert sorted(extract.yaml_sentences(source, frozenset({"title", "text", "why"}))) == [
        "Close the door",
        "Go there",
        "One",
        "Two",
    ]


def test_jinja_calls() -> None:
    source = """<h1>{{ t("Sign in") }}</h1>{% if x %}{{ t('As {name}', name=x) }}{% endif %}{{ t(x.title) }}"""
    assert sorted(extract.jinja_sentences(source)) == ["As {name}", "Sign in"]
    with pytest.raises(ValueError, match="put together"):
        list(extract.jinja_sentences('{{ t("a" ~ x) }}'))


def test_web_calls() -> None:
    source = r"""<p>{t("It\u2019s \"on\"")} {t('One {n}', { n })}</p> const a = split("no"), b = x.t("no"); t(`Back`)"""
    assert list(extract.web_sentences(source)) == ['It’s "on"', "One {n}", "Back"]
    with pytest.raises(ValueError, match="line 2"):
        list(extract.web_sentences("\nt(`Hello ${name}`)"))


def test_merge_keeps_translations_drops_the_unused_and_changes_nothing_twice(tmp_path: Path) -> None:
    before = Catalog(locale="fr")
    before.add("Kept", "Gardé")
    before.add("Gone", "Parti")
    found = [Sentence("Kept", "src/b.py"), Sentence("New", "src/a.py")]
    path = tmp_path / "x.po"
    path.write_bytes(extract.dump(extract.merge(before, found)))
    again = extract.load(path, "fr")
    assert {str(one.id): str(one.string) for one in again if one.id} == {"Kept": "Gardé", "New": ""}
    assert extract.dump(extract.merge(again, found)) == path.read_bytes()
    assert ":1" not in path.read_text()


def test_faults_name_what_is_missing_untranslated_different_unused() -> None:
    catalogue = Catalog(locale="fr")
    catalogue.add("Empty", "")
    catalogue.add("Has {a}", "A {b}")
    catalogue.add("Unused", "Inutile")
    catalogue.add("Fine {a}", "Bien {a}")
    found = [Sentence(key, "f.py") for key in ("Missing", "Empty", "Has {a}", "Fine {a}")]
    told = "\n".join(extract.faults(catalogue, found))
    assert told.count("\n") == 3
    for word in ("not in the catalogue: 'Missing'", "not translated: 'Empty'", "other places", "not used any more"):
        assert word in told


def test_walks_a_repository(tmp_path: Path) -> None:
    files = {
        "src/safecare/a.py": 'say("From Python")',
        "src/safecare/bad.py": 'say(f"{x}")',
        "src/safecare/console/templates/a.jinja": '{{ t("From a page") }}',
        "src/safecare/decide/playbooks/a.yaml": "title: From YAML",
        "src/safecare/demo/a.yaml": "title: not looked at",
        "web/src/App.svelte": '{t("From the browser")}',
        "web/src/a.test.ts": 't("not looked at")',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found, problems = extract.sentences(tmp_path)
    assert [one.key for one in found] == ["From Python", "From YAML", "From a page", "From the browser"]
    assert [one.file for one in problems] == ["src/safecare/bad.py"]


@pytest.mark.slow
def test_script_checks(tmp_path: Path) -> None:
    (tmp_path / "script").mkdir()
    script = tmp_path / "script" / "texts"
    script.write_text((ROOT / "script" / "texts").read_text())
    (tmp_path / "src/safecare").mkdir(parents=True)
    (tmp_path / "src/safecare/a.py").write_text('say("Hello")')
    (tmp_path / "README.fr.md").write_text("C’est écrit.\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)

    assert run("--check").returncode == 1
    assert "1 not translated" in run().stdout
    assert "not translated: 'Hello'" in run("--check").stderr
    po = tmp_path / "src/safecare/locale/fr/LC_MESSAGES/safecare.po"
    po.write_text(po.read_text().replace('msgid "Hello"\nmsgstr ""', 'msgid "Hello"\nmsgstr "Bonjour"'))
    assert run("--check").returncode == 0
