"""Names of items in the texts and branches of merge requests and commits: which, and whether they close them. Pure.

Read are the closing words of GitLab, GitHub and Linear alike, in any case and with or without a colon, and lists behind
one (`Fixes #1, #2 and group/project#3`), as GitLab reads them. Names in code and in HTML comments, which are what
templates show, are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from worklake.integrations.text import without_closing


class How(StrEnum):
    """In which way something is named, the strongest first."""

    CLOSES = "closes"
    BRANCH = "branch"
    MENTIONS = "mentions"


class Name(NamedTuple):
    """A name as it stands in a text: `#12`, `group/project#12`, `ENG-12` or a URL."""

    how: How
    word: str


MOST_NAMES = 200
"""How many names of one text are taken."""
_LONGEST_TEXT = 200_000
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TICKS = re.compile(r"`+")
_NAME = re.compile(
    r"(?P<url>https?://[^\s<>\"`|\]\\^{}]+)"
    r"|(?<![\w/.&#-])(?P<path>[\w.-]+(?:/[\w.-]+)+)?#(?P<number>[0-9]{1,18})\b"
    r"|(?<![\w/.&#-])(?P<key>[A-Za-z][A-Za-z0-9_]{0,14}-[0-9]{1,9})(?![\w-]|\.\w)"
)
_CLOSING = re.compile(
    r"(?<!\w)(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?|complet(?:e[sd]?|ing))"
    r":?[ \t]+(?:(?:issues?|tasks?)[ \t]+)?[\[<(*_]*$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"[)>*_]*[ \t]*(?:,|&|,?[ \t]*and\b)?[ \t]*(?:issues?[ \t]+)?[\[<(*_]*", re.IGNORECASE)
_SAME_LINK = "]("
_IN_BRANCH = re.compile(r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9]{0,14}-[0-9]{1,9})(?![A-Za-z0-9])")
_NUMBER_FIRST = re.compile(r"(?:.*/)?([0-9]{1,18})[-_](?![0-9])")
"""A number that goes on as a version or a date does, as in `release/1-2-3`, is none of an issue."""
_REVERT_BRANCH, _REVERT_TITLE = "revert-", 'revert "'
_BEFORE = 60
"""How far before a name its closing word may begin."""


def names_in(*texts: str | None) -> list[Name]:
    """The names in Markdown texts, each once, with the strongest of the ways in which it is named there."""
    return _each_once(name for text in texts if text for name in _names(_without_code(text[:_LONGEST_TEXT])))


def names_in_branch(branch: str | None) -> list[Name]:
    """The names in the name of a branch: `kim/eng-12-fix-it`, or `12-fix-it` as GitLab calls one that it makes."""
    if not branch:
        return []
    first = _NUMBER_FIRST.match(branch)
    words = [f"#{first[1]}"] if first is not None else []
    words += [found.upper() for found in _IN_BRANCH.findall(branch)]
    return _each_once(Name(How.BRANCH, word) for word in words)


def is_revert(branch: str | None, title: str | None) -> bool:
    """Whether a branch or a title is what GitHub and GitLab make where a merge is taken back: the branches
    `revert-34-kim/eng-12-fix` and `revert-1a2b3c4d`, the title `Revert "Fix (closes #12)"`, as git calls such a commit.

    The names in it are those of what is taken back, which is done no more.
    """
    return (branch or "").lower().startswith(_REVERT_BRANCH) or (title or "").lower().startswith(_REVERT_TITLE)


def as_mentions(names: Iterable[Name]) -> list[Name]:
    """The same names, none of which is closed by being named."""
    return [name._replace(how=How.MENTIONS) for name in names]


def key_of_word(word: str, server: str, project: str) -> str:
    """The key, in small letters, that a name other than a URL stands for in a project of a server.

    `ENG-12` stands for itself: which tool it is of, only the keys that are known can tell.
    """
    path, hash_sign, number = word.rpartition("#")
    if not hash_sign:
        return word.lower()
    return f"{server}/{path or project}#{int(number)}".lower()


def _names(text: str) -> Iterator[Name]:
    end, how = 0, How.MENTIONS
    for found in _NAME.finditer(text):
        between = text[max(end, found.start() - _BEFORE) : found.start()]
        follows = end > 0 and end + len(between) == found.start()
        if _CLOSING.search(between):
            how = How.CLOSES
        elif not (follows and how is How.CLOSES and (between == _SAME_LINK or _GOES_ON.fullmatch(between))):
            how = How.MENTIONS
        word = without_closing(found["url"]) if found["url"] else found[0]
        end = found.start() + len(word)
        if found["key"] and how is not How.CLOSES and word != word.upper():
            continue  # a word in small letters is no key, unless it is said to be closed
        yield Name(how, word.upper() if found["key"] else word)


def _each_once(names: Iterable[Name]) -> list[Name]:
    found: dict[str, Name] = {}
    order = list(How)
    for name in names:
        known = found.get(name.word)
        if known is None and len(found) == MOST_NAMES:
            continue
        if known is None or order.index(name.how) < order.index(known.how):
            found[name.word] = name
    return list(found.values())


def _without_code(text: str) -> str:
    """The text without HTML comments, fenced code and code between backticks; of each a line or a space is left."""
    kept: list[str] = []
    fence: str | None = None
    for line in _COMMENT.sub(" ", text).split("\n"):
        mark = _FENCE.match(line)
        if fence is None and mark is not None:
            fence = mark[1]
        elif fence is not None:
            if mark is not None and mark[1].startswith(fence) and not line.strip(" \t\r`~"):
                fence = None
        else:
            kept.append(line)
    return "\n\n".join(_without_spans(part) for part in "\n".join(kept).split("\n\n"))


def _without_spans(text: str) -> str:
    """A paragraph without what stands between backticks, as many of them on either side."""
    runs = [(found.start(), found.end()) for found in _TICKS.finditer(text)]
    later: dict[int, list[int]] = {}
    for place in range(len(runs) - 1, -1, -1):
        later.setdefault(runs[place][1] - runs[place][0], []).append(place)
    kept, at, place = [], 0, 0
    while place < len(runs):
        start, end = runs[place]
        same = later[end - start]
        while same and same[-1] <= place:
            same.pop()
        if same:
            kept.append(text[at:start])
            place = same[-1]
            at = runs[place][1]
        place += 1
    return " ".join([*kept, text[at:]])
