"""Linear's rate limits: leaky buckets that refill all the time, one for requests and one for complexity points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

HOUR = 3600.0
MINUTE = 60.0


@dataclass(slots=True)
class Bucket:
    """A leaky bucket: `used` leaks away at `allowed` per `seconds`."""

    allowed: int
    seconds: float
    at: datetime
    used: float = 0.0

    def leak(self, now: datetime) -> None:
        """Let flow out what the time since the last look lets out."""
        passed = max((now - self.at).total_seconds(), 0.0)
        self.used = max(self.used - passed * self.allowed / self.seconds, 0.0)
        self.at = now

    def fits(self, amount: float) -> bool:
        """Whether `amount` more still fits."""
        return self.used + amount <= self.allowed

    @property
    def remaining(self) -> int:
        """How much still fits."""
        return max(int(self.allowed - self.used), 0)

    @property
    def reset(self) -> int:
        """When the bucket will be wholly free again, in epoch milliseconds."""
        return int((self.at.timestamp() + self.used / self.allowed * self.seconds) * 1000)


@dataclass(slots=True)
class Limits:
    """The buckets of one caller."""

    kind: str
    requests: Bucket
    complexity: Bucket
    search: Bucket

    def leak(self, now: datetime) -> None:
        """Bring all buckets to `now`."""
        for bucket in (self.requests, self.complexity, self.search):
            bucket.leak(now)


_ALLOWED = {"apiKey": (2500, 3_000_000), "oauthApp": (5000, 2_000_000), "ip": (600, 100_000)}


def limits_for(kind: str, now: datetime, quota_scale: float) -> Limits:
    """Fresh buckets for a caller by `apiKey`, `oauthApp` or (without a token) `ip`."""
    requests, complexity = _ALLOWED[kind]

    def bucket(allowed: int, seconds: float) -> Bucket:
        return Bucket(max(int(allowed * quota_scale), 1), seconds, now)

    return Limits(kind, bucket(requests, HOUR), bucket(complexity, HOUR), bucket(30, MINUTE))


def headers(limits: Limits, complexity: int, *, searching: bool) -> dict[str, str]:
    """The headers that every answer carries."""
    found = {"X-Complexity": str(complexity)}
    for name, bucket in (("Requests", limits.requests), ("Complexity", limits.complexity)):
        found |= _bucket_headers(f"X-RateLimit-{name}", bucket)
    if searching:
        found |= _bucket_headers("X-RateLimit-Endpoint-Requests", limits.search)
        found["X-RateLimit-Endpoint-Name"] = "searchIssues"
    return found


def _bucket_headers(prefix: str, bucket: Bucket) -> dict[str, str]:
    return {
        f"{prefix}-Limit": str(bucket.allowed),
        f"{prefix}-Remaining": str(bucket.remaining),
        f"{prefix}-Reset": str(bucket.reset),
    }
