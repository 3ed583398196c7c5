from __future__ import annotations

import pytest

from safecare import cli


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--help"], ["help"]):
        cli.main(words)
        shown = capsys.readouterr().out
        assert all(name in shown for name in cli.COMMANDS)


def test_a_word_that_is_no_command_ends_with_2_and_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["frobnicate", "all"])
    assert end.value.code == 2
    assert "no command is called frobnicate" in capsys.readouterr().err


def test_commands_of_several_words(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.COMMANDS, "detect smoke", ("safecare.cli.hospital", "Smoke."))
    cli.main(["detect"])
    shown = capsys.readouterr().out
    assert "detect smoke" in shown
    assert "invite" not in shown
    with pytest.raises(SystemExit) as end:
        cli.main(["detect", "nothing"])
    assert end.value.code == 2
    assert "no command is called detect nothing" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        cli.main(["detect", "smoke", "--help"])
    assert end.value.code == 0
    assert "safecare detect smoke" in capsys.readouterr().out
