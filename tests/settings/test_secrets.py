"""References to secrets are resolved at use, and what goes wrong is told without the secret."""

from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from worklake.errors import SettingsError
from worklake.settings.secrets import resolve


class MemoryKeyring(KeyringBackend):
    """A desktop keyring that holds one password."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return "from-keyring" if (service, username) == ("worklake", "linear") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def test_an_environment_variable_is_read_at_use(tmp_path: Path) -> None:
    assert resolve("env:TOKEN", tmp_path, {"TOKEN": "abc"}).get_secret_value() == "abc"


def test_a_file_is_relative_to_the_project_and_its_newline_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    assert resolve("file:token", tmp_path, {}).get_secret_value() == "abc"


def test_a_keyring_entry_is_read(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    try:
        assert resolve("keyring:worklake/linear", tmp_path, {}).get_secret_value() == "from-keyring"
        with pytest.raises(SettingsError, match="keyring set worklake motion"):
            resolve("keyring:worklake/motion", tmp_path, {})
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:MISSING", "environment variable MISSING is not set"),
        ("env:EMPTY", "environment variable EMPTY is not set"),
        ("file:missing", "missing cannot be read: No such file"),
        ("file:empty", "the secret file:empty is empty"),
        ("databricks:scope/key", "needs the package databricks-sdk, which is not installed"),
    ],
)
def test_a_missing_secret_is_told_with_its_reference(tmp_path: Path, reference: str, said: str) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match=said):
        resolve(reference, tmp_path, {"EMPTY": ""})


@pytest.mark.parametrize("value", ["glpat-secret\u201d", "glpat-\nsecret", "glpat-\x00secret"])
def test_a_secret_that_no_header_takes_is_told_without_showing_it(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match="has a character that no token has") as told:
        resolve("env:TOKEN", tmp_path, {"TOKEN": value})
    assert "secret\u201d" not in str(told.value)
    assert "glpat" not in str(told.value)


def test_a_line_break_after_a_token_does_not_count(tmp_path: Path) -> None:
    assert resolve("env:TOKEN", tmp_path, {"TOKEN": "abc\r\n"}).get_secret_value() == "abc"


def test_a_resolved_secret_does_not_show_itself(tmp_path: Path) -> None:
    secret = resolve("env:TOKEN", tmp_path, {"TOKEN": "abc"})
    assert "abc" not in f"{secret} {secret!r}"
