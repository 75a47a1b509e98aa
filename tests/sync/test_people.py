"""Accounts match by e-mail address, then by people.yml."""

from worklake.integrations.views import PersonView
from worklake.settings.models import People
from worklake.sync.people import Directory

SETTINGS = People.model_validate(
    {
        "people": [
            {"name": "Kim", "linear": "Kim@x.example", "gitlab": "kim-k"},
            {"name": "Sam Lee", "gitlab-web": "sam"},
        ]
    }
)


def person_of(source: str, provider: str, *, email: str | None = None, username: str | None = None) -> str:
    return Directory.of(SETTINGS).person_id(PersonView("Shown", username, email, True), source, provider, "17")


def test_an_address_is_the_person_whatever_its_case() -> None:
    assert person_of("linear", "linear", email="Ann@X.example") == "ann@x.example"


def test_people_yml_joins_an_account_name_with_an_address() -> None:
    assert person_of("gitlab", "gitlab", username="kim-k") == "kim@x.example"
    assert person_of("linear", "linear", email="kim@x.example") == "kim@x.example"


def test_an_entry_for_a_source_counts_for_that_source_alone() -> None:
    assert person_of("gitlab-web", "gitlab", username="sam") == "Sam Lee"
    assert person_of("gitlab-api", "gitlab", username="sam") == "sam@gitlab-api"


def test_an_account_without_address_or_entry_is_a_person_of_its_source() -> None:
    assert person_of("gitlab", "gitlab", username="zoe") == "zoe@gitlab"
    assert person_of("gitlab", "gitlab") == "17@gitlab"


def test_the_fingerprint_changes_with_the_entries() -> None:
    assert Directory.of(SETTINGS).fingerprint() != Directory.of(People()).fingerprint()
