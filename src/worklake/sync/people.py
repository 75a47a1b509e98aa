"""Who an account belongs to. Accounts match by e-mail address, then by `people.yml`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from worklake.integrations.views import PersonView
from worklake.model.ids import PersonId
from worklake.settings.models import People


@dataclass(frozen=True, slots=True)
class Directory:
    """`people.yml`, ready to be asked: person ids by (source or provider, e-mail address or account name)."""

    by_account: Mapping[tuple[str, str], PersonId]

    @classmethod
    def of(cls, people: People) -> Directory:
        """The directory of these settings. A person's id is the first e-mail address given, else the name."""
        by_account = {}
        for person in people.people:
            addresses = [value.lower() for value in person.accounts.values() if "@" in value]
            known_as = PersonId(addresses[0] if addresses else person.name)
            for place, value in person.accounts.items():
                by_account[place, value.lower()] = known_as
        return cls(by_account)

    def person_id(self, view: PersonView, source: str, provider: str, external_id: str) -> PersonId:
        """Whose account this is: by `people.yml`, by e-mail address, else a person of the source's own."""
        shown = [value.lower() for value in (view.email, view.username) if value]
        for place in (source, provider):
            for value in shown:
                if (place, value) in self.by_account:
                    return self.by_account[place, value]
        if view.email:
            return PersonId(view.email.lower())
        return PersonId(f"{view.username or external_id}@{source}")

    def fingerprint(self) -> str:
        """Changes when `people.yml` does."""
        return ";".join(f"{place}={value}={person}" for (place, value), person in sorted(self.by_account.items()))
