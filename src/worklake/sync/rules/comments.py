"""Comments: what a copy says, whether it says it already, and what is due. Pure.

A comment belongs to the source in which a person wrote it. In every other source that holds the task it stands once,
as a copy that names its author and says where it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson

from worklake.model.heart_rows import Operation, PlannedStep
from worklake.model.ids import digest
from worklake.model.rows import LinkState
from worklake.sync.rules.state import Conflict, ConflictKind, ItemKey
from worklake.sync.rules.values import loosely_same

COMMENT = "comment"
"""The field that a step, a write, a change or a conflict over a comment names."""
KEPT_PAIRS = 4
NOBODY = "Somebody"
_LONGEST_NAME = 80
_HEADER = re.compile(r"\*\*[^*\n]+\*\* wrote in [^\n]*:(?:\n+|\Z)")
_GUARD = "\u2060"
"""A word joiner: nothing shows, and no tool takes what follows the @ for a name."""
_MENTION = re.compile(r"(?<![\w`])@(?=\w)")
_FENCE = re.compile(r"^(`{3,}|~{3,})[^`]*$")
_KEPT = re.compile(r"(?<!`)(`+)(?!`)[^`\n]+(?<!`)\1(?!`)|https?://\S+")
"""Code and addresses in a line: nobody is called in them, and they would not be the same with a guard."""
_MARKS = re.compile(r"[\\*_`~\[\]<>()@#!|\s]+")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CommentLink:
    """A comment as it stands in one source.

    `item` is the external id of the task's item that it stands on, `author` that of an account there, `person` whose
    account it is. Where `is_born`, a person wrote it there; else it is our copy. `body` is what it showed when it was
    last looked at, without markers, and `adjusted` what it stood for when it showed something, as pairs of digests:
    the text of the comment, what the copy showed. `merges` counts how often `body` has moved; what was pulled in a
    batch before `batch` was read before the comment was last looked at. A copy that is `deleted` was deleted by us,
    one that is `missing` by somebody else. `answers` is the external id of the comment that it answers. An
    `internal` one stays where it was written.
    """

    source: str
    external_id: str
    comment_id: str
    task_id: str
    item: str
    body: str
    is_born: bool = True
    author: str | None = None
    person: str | None = None
    state: LinkState = LinkState.LINKED
    adjusted: tuple[tuple[str, str], ...] = ()
    merges: int = 0
    markers: tuple[str, ...] = ()
    url: str | None = None
    answers: str | None = None
    internal: bool = False
    created_at: datetime | None = None
    revision: datetime | None = None
    batch: int = 0
    record_hash: str = ""

    @property
    def key(self) -> ItemKey:
        """What identifies it."""
        return ItemKey(self.source, self.external_id)

    @property
    def place(self) -> ItemKey:
        """The comment in this source: what conflicts over it name as their item."""
        return ItemKey(self.source, self.comment_id)


def copy_at(links: Iterable[CommentLink], place: ItemKey) -> CommentLink | None:
    """How a comment stands in a source, by the source and the comment's id. One that we deleted and made anew has two
    links there: what stands goes before what somebody deleted, and that before what we deleted.
    """
    ranks = {LinkState.DELETED: 2, LinkState.MISSING: 1}
    there = [link for link in links if link.place == place]
    return min(there, key=lambda link: ranks.get(link.state, 0), default=None)


NameOf = Callable[[str, str | None], str]
"""The name of an account, by its source and external id."""


def normal(text: str) -> str:
    """The one form in which equal texts are equal: plain line ends, nothing at the end, no guards."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace(f"@{_GUARD}", "@").rstrip()


def same_text(one: str, other: str) -> bool:
    """Whether two texts of comments are equal."""
    return one == other or normal(one) == normal(other)


def copy_text(author: str, source: str, url: str | None, answered: str | None, body: str) -> str:
    """What the copy of a comment says: who wrote it and where, in answer to whom, and the text.

    Names after an @ reach nobody: who wrote them meant people of another tool.
    """
    where = f"[{source}]({url})" if url and not re.search(r"[\s()]", url) else source
    told = f" in answer to {shown_name(answered)}" if answered else ""
    return f"**{shown_name(author)}** wrote in {where}{told}:\n\n{_guarded(body)}"


def shown_name(name: str | None) -> str:
    """A person's name as it can stand in Markdown without doing anything there."""
    return _MARKS.sub(" ", name or "").strip()[:_LONGEST_NAME].strip() or NOBODY


def said(text: str) -> str | None:
    """What a copy says after the line that names its author; None where it has no such line."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    header = _HEADER.match(plain)
    return None if header is None else normal(plain[header.end() :])


def says_the_same(one: str, other: str) -> bool:
    """Whether two texts of copies stand for the same comment text. The line that names the author is no matter: the
    address in it moves with the title of the item that it leads to.
    """
    if same_text(one, other):
        return True
    text = said(one)
    return text is not None and text == said(other)


def says(copy: CommentLink, body: str) -> bool:
    """Whether a copy stands for this text already, as its source shows it."""
    return (fingerprint(body), fingerprint(copy.body)) in copy.adjusted or said(copy.body) == normal(body)


def fingerprint(text: str) -> str:
    """Stands for a text in pairs."""
    return digest(normal(text))


def answered(copy: CommentLink, body: str, shown: str) -> CommentLink:
    """The copy once its source has answered that it shows this, which stands for `body`."""
    pair = (fingerprint(body), fingerprint(shown))
    others = [one for one in copy.adjusted if one != pair]
    return replace(copy, body=shown, adjusted=(*others[1 - KEPT_PAIRS :], pair), merges=copy.merges + 1)


def is_made_of(sent: str, shown: str) -> bool:
    """Whether a comment shows what its provider could have made of what was sent."""
    return same_text(sent, shown) or loosely_same("description", normal(sent), normal(shown))


def copied_by(
    source: str, external_id: str, markers: Iterable[str], links: Iterable[CommentLink], made: Mapping[str, str]
) -> str | None:
    """The comment of which an unknown item of this source is our copy: one of another source that has none here yet.

    Its marker tells, or the id that we would have given it (`made`, comments by that id).
    """
    known = list(links)
    here = {
        link.comment_id
        for link in known
        if link.source == source and link.external_id != external_id and link.state is not LinkState.DELETED
    }
    candidates = {link.comment_id for link in known if link.is_born and link.source != source} - here
    named = [*markers, made.get(external_id)]
    return next((one for one in named if one is not None and one in candidates), None)


def comment_steps(
    task_id: str,
    links: Sequence[CommentLink],
    places: Mapping[str, Sequence[str]],
    name_of: NameOf,
    conflicts: Collection[Conflict] = (),
    unsure: Collection[tuple[str, str]] = (),
) -> list[PlannedStep]:
    """What is due for the comments on a task, in the order in which they were written.

    `places` has the items of each source that take comments, none where one is yet to be made; new copies go to the
    first. Comments in `unsure`, by source and id, are left as they are.
    """
    by_key = {link.key: link for link in links}
    by_comment: dict[str, list[CommentLink]] = {}
    for link in links:
        by_comment.setdefault(link.comment_id, []).append(link)
    origins = {comment: _origin(found) for comment, found in by_comment.items()}
    born = [one for one in origins.values() if one is not None and one.state is LinkState.LINKED and not one.internal]
    born.sort(key=lambda one: (one.created_at or _LONG_AGO, one.comment_id))
    steps: list[PlannedStep] = []
    for origin in born:
        text = copy_text(
            name_of(origin.source, origin.author), origin.source, origin.url,
            _answered_name(origin, by_key, origins, name_of), origin.body,
        )  # fmt: skip
        for source in sorted(places.keys() - {origin.source}):
            place = ItemKey(source, origin.comment_id)
            copy, held = copy_at(by_comment[origin.comment_id], place), _is_held(place, text, conflicts)
            if (source, origin.comment_id) not in unsure and not held:
                steps += _due(task_id, origin, copy, source, places[source], text)
    return steps


def _origin(links: Iterable[CommentLink]) -> CommentLink | None:
    return next((link for link in links if link.is_born), None)


def _answered_name(
    origin: CommentLink,
    by_key: Mapping[ItemKey, CommentLink],
    origins: Mapping[str, CommentLink | None],
    name_of: NameOf,
) -> str | None:
    above = by_key.get(ItemKey(origin.source, origin.answers)) if origin.answers else None
    first = origins.get(above.comment_id) if above is not None else None
    return name_of(first.source, first.author) if first is not None else None


def _is_held(place: ItemKey, text: str, conflicts: Iterable[Conflict]) -> bool:
    """Whether a person has to decide first: it was undone there, or its provider refused just this."""
    return any(
        one.open
        and one.field == COMMENT
        and one.at_item == place
        and (one.kind is ConflictKind.UNDONE or one.value is None or says_the_same(str(one.value), text))
        for one in conflicts
    )


def _due(
    task_id: str, origin: CommentLink, copy: CommentLink | None, source: str, items: Sequence[str], text: str
) -> Iterator[PlannedStep]:
    if copy is None or copy.state is LinkState.DELETED:
        why, item = f"a comment written in {origin.source}", items[0] if items else None
        yield comment_step(Operation.CREATE, task_id, origin.comment_id, source, item, text, None, why)
    elif copy.state is LinkState.LINKED and copy.item in items and not says(copy, origin.body):
        why = f"what stands in {origin.source} is what counts" if copy.adjusted else f"written in {origin.source}"
        yield comment_step(Operation.UPDATE, task_id, origin.comment_id, source, copy.item, text, copy.body, why)


def comment_step(
    operation: Operation,
    task_id: str,
    comment_id: str,
    source: str,
    item: str | None,
    text: str | None,
    before: str | None,
    why: str,
) -> PlannedStep:
    """A step for one comment, with the id that follows from what it does, whether its item is made already or not."""
    parts = orjson.dumps([operation, text, before]).decode()
    return PlannedStep(
        step_id="step_" + digest(task_id, source, comment_id, parts),
        task_id=task_id,
        source=source,
        external_id=item,
        operation=operation,
        fields={COMMENT: text},
        expected={} if operation is Operation.CREATE else {COMMENT: before},
        expected_revision=None,
        why=why,
        comment_id=comment_id,
    )


def _guarded(body: str) -> str:
    """The text in which no @ is followed by a name, but for code, where nobody is called."""
    if "@" not in body:
        return body
    lines = body.split("\n")
    number, hopeless = 0, dict[str, int]()
    while number < len(lines):
        end = _end_of_code(lines, number, hopeless)
        if end is None:
            lines[number] = _guarded_line(lines[number])
        number = number + 1 if end is None else end + 1
    return "\n".join(lines)


def _end_of_code(lines: Sequence[str], start: int, hopeless: dict[str, int]) -> int | None:
    """The line that closes the code which begins here, if any; `hopeless` keeps fence lengths that nothing closes."""
    opening = _FENCE.match(lines[start].rstrip("\r"))
    if opening is None:
        return None
    letter, length = opening[1][0], len(opening[1])
    if length >= hopeless.get(letter, length + 1):
        return None
    for number in range(start + 1, len(lines)):
        bare = lines[number].strip()
        if len(bare) >= length and set(bare) == {letter}:
            return number
    hopeless[letter] = length
    return None


def _guarded_line(line: str) -> str:
    parts, place = [], 0
    for kept in _KEPT.finditer(line):
        parts += [_MENTION.sub(f"@{_GUARD}", line[place : kept.start()]), kept[0]]
        place = kept.end()
    return "".join([*parts, _MENTION.sub(f"@{_GUARD}", line[place:])])
