"""Finds providers through the entry-point group `worklake.integrations`, and opens sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from pydantic import SecretStr

from worklake.errors import SettingsError
from worklake.integrations.base import BaseIntegration
from worklake.integrations.http import CallMade, Http
from worklake.settings.models import SourceSettings

GROUP = "worklake.integrations"


class Providers(Mapping[str, type[BaseIntegration]]):
    """Every installed provider by name. Its package is imported when it is asked for, not before."""

    def __init__(self, found: Mapping[str, EntryPoint]) -> None:
        self._found = found

    def __getitem__(self, name: str) -> type[BaseIntegration]:
        """Raises `SettingsError` when the package that brings this provider cannot be used."""
        point = self._found[name]
        package = point.dist.name if point.dist else point.module
        try:
            provider = point.load()
        except Exception as error:
            raise SettingsError(
                f"the provider {name!r} of the package {package} cannot be loaded: {type(error).__name__}: {error};"
                f" mend or remove that package, or leave its sources out of conf/sources.yml"
            ) from error
        if not (isinstance(provider, type) and issubclass(provider, BaseIntegration)):
            raise SettingsError(
                f"the provider {name!r} of the package {package} is {provider!r}, not a subclass of BaseIntegration"
            )
        return provider

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, name: object) -> bool:
        return name in self._found


@cache
def providers() -> Mapping[str, type[BaseIntegration]]:
    """Every installed provider by name, loaded lazily; where two packages claim a name, ours has it."""
    found = sorted(entry_points(group=GROUP), key=lambda point: (point.module.startswith("worklake."), point.name))
    return Providers({point.name: point for point in found})


class SettingsModels(Mapping[str, type[SourceSettings]]):
    """Each provider's settings model by its name, loaded lazily: what `load_settings` asks for."""

    def __init__(self, known: Mapping[str, type[BaseIntegration]]) -> None:
        self._known = known

    def __getitem__(self, name: str) -> type[SourceSettings]:
        return self._known[name].settings_model

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, name: object) -> bool:
        return name in self._known


def settings_models() -> Mapping[str, type[SourceSettings]]:
    """The settings model of every installed provider."""
    return SettingsModels(providers())


def open_source(
    name: str, settings: SourceSettings, token: SecretStr, meter: Callable[[CallMade], None]
) -> BaseIntegration:
    """The source of this name, ready to be asked; reaches nothing yet. Raises `SettingsError`."""
    integration = providers()[settings.provider]
    http = Http(name, settings.base_url, token, integration.wire, meter=meter)
    return integration(name, settings, http)
