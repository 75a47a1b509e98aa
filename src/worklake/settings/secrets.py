"""References to secrets. The settings hold only these; the value is fetched where it is used, and nowhere kept."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from worklake.errors import SettingsError

FORMS = "env:NAME, keyring:SERVICE/NAME, databricks:SCOPE/KEY or file:PATH"
"""How a secret can be referred to, in words."""


def _is_reference(text: str) -> str:
    scheme, _, rest = text.partition(":")
    if scheme not in _READERS or not rest:
        raise ValueError(f"a secret is never written here: give a reference to it, {FORMS}")
    if scheme in ("keyring", "databricks") and not all(rest.partition("/")[::2]):
        raise ValueError(f"{scheme}: takes two names with a slash between, as in {FORMS}")
    return text


SecretRef = Annotated[str, AfterValidator(_is_reference)]
"""`env:NAME`, `keyring:SERVICE/NAME`, `databricks:SCOPE/KEY` or `file:PATH`."""


def _from_env(rest: str, folder: Path, environ: Mapping[str, str]) -> str:
    if not environ.get(rest):
        raise SettingsError(f"the environment variable {rest} is not set; export it with the token as its value")
    return environ[rest]


def _from_file(rest: str, folder: Path, environ: Mapping[str, str]) -> str:
    path = folder / Path(rest).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"the secret file {path} cannot be read: {error.strerror}; write the token into it"
        ) from error
    except UnicodeDecodeError:
        raise SettingsError(f"the secret file {path} is not text; write the token into it") from None


def _from_keyring(rest: str, folder: Path, environ: Mapping[str, str]) -> str:
    import keyring
    from keyring.errors import KeyringError

    service, _, name = rest.partition("/")
    try:
        value = keyring.get_password(service, name)
    except KeyringError as error:
        raise SettingsError(f"the keyring cannot be read for {service}/{name}: {error}") from error
    if not value:
        raise SettingsError(f"the keyring holds nothing for {service}/{name}; run: keyring set {service} {name}")
    return value


def _from_databricks(rest: str, folder: Path, environ: Mapping[str, str]) -> str:
    """Through the workspace's API, which answers jobs, notebooks and other machines alike, each as who it is there."""
    try:
        from databricks.sdk import WorkspaceClient
        from databricks.sdk.errors import DatabricksError, NotFound, PermissionDenied
    except ImportError:
        raise SettingsError(
            f"databricks:{rest} needs the package databricks-sdk, which is not installed; install it"
        ) from None
    scope, _, key = rest.partition("/")
    try:
        value = WorkspaceClient().secrets.get_secret(scope, key).value
    except NotFound:
        raise SettingsError(
            f"Databricks has no secret {scope}/{key}; run: databricks secrets put-secret {scope} {key}"
        ) from None
    except PermissionDenied:
        raise SettingsError(
            f"Databricks does not let you read the secret {scope}/{key}; whoever manages the scope runs:"
            f" databricks secrets put-acl {scope} PRINCIPAL READ"
        ) from None
    except (DatabricksError, OSError, ValueError) as error:  # ValueError: no credentials to ask with
        raise SettingsError(
            f"Databricks gave no secret {scope}/{key}: {type(error).__name__}; see that you are logged in to the"
            " workspace, as with: databricks auth login"
        ) from error
    return _decoded(value or "", f"{scope}/{key}")


def _decoded(value: str, name: str) -> str:
    try:
        return b64decode(value, validate=True).decode()
    except ValueError:
        raise SettingsError(f"the Databricks secret {name} is not text; put the token there") from None


_READERS: Mapping[str, Callable[[str, Path, Mapping[str, str]], str]] = {
    "env": _from_env,
    "file": _from_file,
    "keyring": _from_keyring,
    "databricks": _from_databricks,
}


def resolve(reference: str, folder: Path, environ: Mapping[str, str] | None = None) -> SecretStr:
    """The secret behind a reference; `file:` paths are relative to the project folder.

    Raises `SettingsError` that names the reference and the mend, never a value.
    """
    scheme, _, rest = reference.partition(":")
    value = _READERS[scheme](rest, folder, os.environ if environ is None else environ).strip()
    if not value:
        raise SettingsError(f"the secret {reference} is empty; put the token there")
    if not (value.isascii() and value.isprintable()):
        raise SettingsError(
            f"the secret {reference} has a character that no token has, such as a line break or a curly quote; put the"
            " token there as it is"
        )
    return SecretStr(value)
