"""The errors Worklake raises, ordered by what can be done about them.

Every message says what happened, to which item, and what to do; none holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping


class WorklakeError(Exception):
    """Anything Worklake raises on purpose."""


class RetryableError(WorklakeError):
    """A passing fault: the network, a provider's 5xx, a spent quota. The next run takes it up again."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class LeftOutError(RetryableError):
    """Some items could not be completed, all others were. `reasons` are in words, by external id."""

    def __init__(self, message: str, reasons: Mapping[str, str]) -> None:
        super().__init__(message)
        self.reasons = reasons


class UnknownOutcomeError(WorklakeError):
    """A write was sent and its outcome is not known: the reply was lost, came too late, or was a fault of the server.

    It may have been done. Read what the item shows before anything else is done to it.
    """

    MAY_BE_DONE = " It may have been done: the next run looks before it writes again."

    @property
    def not_done(self) -> str:
        """What happened, in words, where the item was read since and shows that it was not done."""
        return (
            f"{str(self).removesuffix(self.MAY_BE_DONE)} The item shows that it was not done; the next run tries again."
        )


class AuthError(WorklakeError):
    """A provider does not accept the credentials. The source pauses until a person mends them."""


class AccessError(WorklakeError):
    """The credentials are good, but not for this project or item."""


class OutsideError(AccessError):
    """The item can be read, but lies where the settings do not look: `where`, in words."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where}: it is left as it is")


class NotFoundError(WorklakeError):
    """The item does not exist at the provider, or is hidden from us."""


class InvalidInputError(WorklakeError):
    """A provider refuses a value, or a caller gave one that cannot be used."""


class RefusedValueError(InvalidInputError):
    """A provider does not take a value. `fields` are the canonical fields it names; none where it does not say."""

    def __init__(self, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


class UnreadableError(WorklakeError):
    """A payload cannot be read. It goes to quarantine with this reason; nothing else stops."""


class StaleError(WorklakeError):
    """The item moved since it was planned."""


class SettingsError(WorklakeError):
    """The settings are wrong: the message names file, line or key, what was found and what is allowed."""


class LakeError(WorklakeError):
    """The lake cannot be reached, opened or written."""

    after_commits = False
    """Whether the run had committed something before."""


class LakeMissingError(LakeError):
    """There is no lake yet where the settings point."""


class CommitConflictError(LakeError):
    """Other writers kept committing first; after a bounded number of tries this write gave up. Nothing was written."""


class LeaseHeldError(LakeError):
    """Another run holds the lake: the message says who, since when and until when."""


class StoppedError(WorklakeError):
    """Stopped for a person: a brake, or a plan that needs a decision. So many items have to be allowed to go on."""

    def __init__(self, message: str, items: int) -> None:
        super().__init__(message)
        self.items = items
