from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import select, update

from safecare.store.accounts import Accounts
from safecare.store.credentials import Credentials
from safecare.store.database import Database
from safecare.store.devices import Devices
from safecare.store.keyring import MARK, Keyring, SealError
from safecare.store.schema import credential, device, sealed
from safecare.store.vault import UnknownKeyError, Vault
from safecare.testing.clock import FakeClock

pytest_plugins = ["store_fixtures"]

SECRET = b"twenty bytes of key!"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "seal.keys")


@pytest.fixture
def vault(database: Database, keyring: Keyring) -> Vault:
    return Vault(database, keyring, FakeClock())


def _people(database: Database, keyring: Keyring) -> tuple[str, Credentials, Devices]:
    clock = FakeClock()
    user = Accounts(database, clock).add("Ada", "guard")
    return user, Credentials(database, clock, keyring), Devices(database, clock, keyring)


def test_what_is_sealed_opens_in_its_place_only(keyring: Keyring, tmp_path: Path) -> None:
    found = keyring.seal("totp:a", SECRET)
    assert SECRET not in found
    assert keyring.open("totp:a", found) == SECRET
    assert Keyring(tmp_path / "seal.keys").open("totp:a", found) == SECRET
    for place, raw in (("totp:b", found), ("totp:a", SECRET), ("totp:a", found[:-4] + b"AAAA"), ("totp:a", MARK)):
        with pytest.raises(SealError):
            keyring.open(place, raw)


def test_key_file_is_for_its_owner_alone(keyring: Keyring, tmp_path: Path) -> None:
    keyring.seal("x", b"")
    assert stat.S_IMODE((tmp_path / "seal.keys").stat().st_mode) == 0o600
    keyring.add_key()
    assert stat.S_IMODE((tmp_path / "seal.keys").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if "seal" in one.name] == ["seal.keys"]


def test_another_process_takes_new_keys_up(keyring: Keyring, tmp_path: Path) -> None:
    other = Keyring(tmp_path / "seal.keys")
    old = other.seal("x", b"1")
    keyring.add_key()
    fresh = keyring.seal("x", b"2")
    assert other.open("x", fresh) == b"2"
    keyring.drop_old()
    with pytest.raises(SealError):
        other.open("x", old)


def test_a_broken_key_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "seal.keys"
    path.write_text("rubbish")
    with pytest.raises(SealError, match=r"seal\.keys"):
        Keyring(path).seal("x", b"")


def test_nothing_stands_openly_in_the_database(database: Database, keyring: Keyring, vault: Vault) -> None:
    user, credentials, devices = _people(database, keyring)
    credentials.add(user, "totp", "", SECRET)
    devices.add(user, "phone", "fr", "https://push.example/1", "k" * 87, "auth-of-the-phone-22ch")
    vault.put("mail", "password of the mail server")
    with database.reading() as connection:
        rows = [
            *connection.execute(select(credential)),
            *connection.execute(select(device)),
            *connection.execute(select(sealed)),
        ]
    written = repr(rows)
    for secret in ("twenty bytes", "auth-of-the-phone", "password of the"):
        assert secret not in written
    [way] = credentials.of(user)
    [phone] = devices.of(user)
    assert (way.secret, phone.auth, vault.get("mail")) == (
        SECRET,
        "auth-of-the-phone-22ch",
        "password of the mail server",
    )


def test_what_an_older_version_kept_is_sealed_once(database: Database, keyring: Keyring, vault: Vault) -> None:
    user, credentials, devices = _people(database, keyring)
    credentials.add(user, "totp", "", SECRET)
    credentials.add(user, "passkey", "", b"public key", id="p")
    devices.add(user, "phone", "fr", "https://push.example/1", "k" * 87, "auth")
    with database.writing() as connection:
        connection.execute(update(credential).where(credential.c.kind == "totp").values(secret=SECRET))
        connection.execute(update(device).values(auth="auth"))
    assert credentials.named("Ada", "totp") == []  # an open key is not taken for a sealed one
    assert vault.seal_old() == 2
    assert vault.seal_old() == 0
    assert credentials.named("Ada", "totp")[0].secret == SECRET
    assert credentials.find("p") is not None
    assert devices.of(user)[0].auth == "auth"


def test_rotation_keeps_everything_readable_and_makes_the_old_key_worthless(
    database: Database, keyring: Keyring, vault: Vault, tmp_path: Path
) -> None:
    user, credentials, devices = _people(database, keyring)
    credentials.add(user, "totp", "", SECRET)
    devices.add(user, "phone", "fr", "https://push.example/1", "k" * 87, "auth")
    vault.put("mail", "word")
    (tmp_path / "stolen.keys").write_bytes((tmp_path / "seal.keys").read_bytes())
    assert vault.rotate() == 3
    assert credentials.of(user)[0].secret == SECRET
    assert devices.of(user)[0].auth == "auth"
    assert vault.get("mail") == "word"
    with pytest.raises(SealError):
        Vault(database, Keyring(tmp_path / "stolen.keys"), FakeClock()).get("mail")


def test_rotation_stops_before_anything_is_lost(database: Database, vault: Vault, tmp_path: Path) -> None:
    vault.put("mail", "word")
    Vault(database, Keyring(tmp_path / "other.keys"), FakeClock()).put("chat", "other")
    with pytest.raises(SealError, match="key:chat"):
        vault.rotate()
    assert vault.get("mail") == "word"
    assert vault.remove("chat")
    assert not vault.remove("chat")
    assert vault.rotate() == 1


def test_settings_are_filled(vault: Vault) -> None:
    vault.put("mail", "word")
    table = {"server": {"user": "u", "password": "key:mail"}, "urls": {"guard": ["key:mail", "x"]}, "port": 25}
    assert vault.filled(table) == {
        "server": {"user": "u", "password": "word"},
        "urls": {"guard": ["word", "x"]},
        "port": 25,
    }
    with pytest.raises(UnknownKeyError, match="safecare keys set chat"):
        vault.filled("key:chat")


def test_a_key_file_elsewhere_is_never_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    beside = tmp_path / "data" / "seal.keys"
    sealed_here = Keyring.chosen("", beside).seal("x", b"1")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "away"))
    away = Keyring.chosen("$CREDENTIALS_DIRECTORY/seal.keys", beside)
    assert "is not there" in away.fault()
    with pytest.raises(SealError, match="is not there"):
        away.seal("x", b"1")
    assert not away.path.exists()
    (tmp_path / "away").mkdir()
    Keyring.chosen("", beside).copy(away.path)
    assert stat.S_IMODE(away.path.stat().st_mode) == 0o600
    assert away.fault() == ""
    beside.unlink()
    assert away.open("x", sealed_here) == b"1"
    with pytest.raises(FileExistsError):
        away.copy(away.path)
    assert [one.name for one in (tmp_path / "away").iterdir()] == ["seal.keys"]
    assert Keyring.chosen("other/seal.keys", beside).path == tmp_path / "data" / "other" / "seal.keys"
