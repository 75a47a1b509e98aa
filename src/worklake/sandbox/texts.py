"""Words and Markdown from which the seeded world makes its names, titles, descriptions and comments."""

from __future__ import annotations

from random import Random

FIRST_NAMES = (
    "Kim", "Zoë", "Jonas", "Aylin", "Mateo", "Priya", "Łukasz", "Hana", "Olu", "Greta", "Søren", "Inés",
    "Tom", "Mei", "Farid", "Nora", "Jürgen", "Amara", "Viktor", "Leila",
)  # fmt: skip
LAST_NAMES = (
    "Berger", "O'Neill", "Kowalski", "Nakamura", "Silva", "Öztürk", "Martin", "Okafor", "Lindqvist", "Iyer",
    "García", "Novák", "Schmidt", "Dubois", "Haddad", "Moreau", "Chen", "Rossi", "Petrova",
)  # fmt: skip

PROJECTS = (
    ("Web", "web", "The customer-facing web application."),
    ("API", "api", "Public REST and GraphQL interfaces."),
    ("Mobile", "mobile", "Apps for iOS and Android."),
    ("Data Platform", "data-platform", "Pipelines, warehouse and reports."),
    ("Infrastructure", "infrastructure", "Clusters, networks and delivery."),
    ("Billing", "billing", "Invoices, plans and payments."),
)
LABELS = (
    "bug", "feature", "chore", "docs", "security", "performance", "ux", "accessibility", "customer request",
    "tech debt", "team::platform", "team::product", "good first issue", "übersetzung",
)  # fmt: skip
MILESTONES = ("Groundwork", "Beta", "1.0", "Hardening", "Autumn release", "Q1 goals")

VERBS = ("Fix", "Add", "Remove", "Document", "Speed up", "Rework", "Test", "Investigate", "Replace", "Simplify", "Log",
         "Migrate")  # fmt: skip
THINGS = (
    "login with SSO", "password reset mail", "CSV export", "the search index", "invoice numbering", "dark mode",
    "rate limiting", "webhook retries", "the release pipeline", "session expiry", "avatar upload", "the audit log",
    "pagination", "time zone handling", "error messages", "the onboarding tour", "cache invalidation", "PDF rendering",
    "push notifications", "the permissions page", "data retention", "feature flags", "deep links", "the health check",
    "locale fallback", "bulk edit", "keyboard navigation", "token rotation", "the sidebar", "nightly backups",
)  # fmt: skip
PLACES = (
    "", "", "on Safari", "for new accounts", "in the admin area", "behind the proxy", "after an upgrade",
    "for guests", "on slow networks", "in the EU region", "with more than 1,000 rows", "when offline",
    "under load", "on small screens", "for C++ clients", "— phase 2", "& the old API", "in <iframe>",
    '("quick win")', "🚀",
)  # fmt: skip

_OPENINGS = (
    "Reported by support last week; happens for about one user in twenty.",
    "We promised this to the pilot customers, so it should land before the next milestone.",
    "Follow-up of the incident review.\n\nThe log shows `TimeoutError` twice an hour.",
    "As a user I want this to work without reading the manual.",
    "Größere Kunden fragen danach, z. B. für Berichte über mehrere Jahre. 日本語でも。",
    "Small but annoying 😕 — see the numbers below.",
)
_BODIES = (
    "## Steps\n\n1. Sign in as an ordinary user\n2. Open **Settings**\n3. Press _Save_ twice\n\n"
    "Expected: one entry. Found: two.",
    "- [x] agree on the wording\n- [ ] implement\n- [ ] write a test\n  - [ ] slow network\n- [ ] tell support",
    "```python\nfor row in rows:\n    if row.due and row.due < today:\n        notify(row.owner)\n```",
    "| case | before | after |\n|---|---:|---:|\n| cold | 1.9 s | 0.4 s |\n| warm | 0.3 s | 0.1 s |",
    "> It worked until Tuesday.\n\nRelated reading: [the guide](https://docs.example.com/guide?a=1&b=2#top).",
    "* keep the old address working\n* no new dependency\n* `GET /v2/things/{id}` answers 410 afterwards",
    "```sh\n# a path, not an action\n/usr/bin/env report --since 2026-01-01 > out.csv\n```",
    "The limit is 5 < x <= 10 & *must not* be a literal `*`; see path C:\\temp\\new_file_name.txt.",
)
_CLOSINGS = (
    "cc @{0}",
    "@{0} could you have a look? Thanks :tada:",
    "Estimate is a guess 🤷. Ask @{0} about the details.",
    "---\nOut of scope: everything that is not written here.",
)
_COMMENTS = (
    "Can reproduce on staging.",
    "I'd rather do this after the release, what do you think @{0}?",
    "Done in the branch, needs a review.\n\n- tests are green\n- docs updated",
    "Same as `ERR_4711`? The trace looks alike:\n\n```\nKeyError: 'due'\n```",
    "Danke! 👍",
    "Moved by a week, waiting for @{0}.",
)


def person_name(position: int) -> str:
    """The name of the person at a zero-based position; 380 differ before one comes back."""
    return f"{FIRST_NAMES[position % len(FIRST_NAMES)]} {LAST_NAMES[position % len(LAST_NAMES)]}"


def title(rng: Random) -> str:
    """A title of a few words."""
    draw = rng.random
    verb = VERBS[int(draw() * len(VERBS))]
    thing = THINGS[int(draw() * len(THINGS))]
    place = PLACES[int(draw() * len(PLACES))]
    return f"{verb} {thing} {place}".rstrip()


def description(rng: Random, usernames: list[str]) -> str:
    """Markdown of up to five paragraphs, often empty, at times with CRLF line ends."""
    draw = rng.random
    length = draw()
    if length < 0.12:
        return ""
    parts = [_OPENINGS[int(draw() * len(_OPENINGS))]]
    if length > 0.35:
        parts.append(_BODIES[int(draw() * len(_BODIES))])
    if length > 0.8:
        parts.append(_BODIES[int(draw() * len(_BODIES))])
    if length > 0.6:
        mentioned = usernames[int(draw() * len(usernames))]
        parts.append(_CLOSINGS[int(draw() * len(_CLOSINGS))].format(mentioned))
    text = "\n\n".join(parts)
    return text.replace("\n", "\r\n") if draw() < 0.06 else text


def comment(rng: Random, usernames: list[str]) -> str:
    """The Markdown of one comment."""
    mentioned = usernames[int(rng.random() * len(usernames))]
    return _COMMENTS[int(rng.random() * len(_COMMENTS))].format(mentioned)
