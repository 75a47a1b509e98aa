"""Notes of issues and merge requests, and the discussions that they form."""

from __future__ import annotations

from collections.abc import Iterable

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply, no_content
from worklake.sandbox.gitlab.entities import MAINTAINER, Issue, Note, Noteable
from worklake.sandbox.gitlab.errors import ApiError, forbidden, invalid_field, not_found, not_served
from worklake.sandbox.gitlab.issue_params import checked_text, may_set_history
from worklake.sandbox.gitlab.merge_request_edits import run_commands
from worklake.sandbox.gitlab.paging import paged
from worklake.sandbox.gitlab.quick_actions import Outcome
from worklake.sandbox.gitlab.rendering import Json
from worklake.sandbox.gitlab.routes.issues import check_unmodified


def _visible(call: Call, on: Noteable) -> list[Note]:
    return [note for note in call.store.notes_of(on) if not note.internal or call.user.role >= 20]


def _list(call: Call) -> Reply:
    on = call.noteable()
    column = call.query.text("order_by", ("created_at", "updated_at")) or "created_at"
    kind = call.query.text("activity_filter", ("all_notes", "only_comments", "only_activity")) or "all_notes"
    notes = [note for note in _visible(call, on) if kind == "all_notes" or note.system == (kind == "only_activity")]
    descending = call.query.text("sort", ("asc", "desc")) != "asc"
    notes.sort(key=lambda note: (getattr(note, column), note.id), reverse=descending)
    return paged(call, notes, lambda note: call.show.note(note, on))


def _read(call: Call) -> Reply:
    on = call.noteable()
    return json_reply(call.show.note(_note(call, on), on))


def _create(call: Call) -> Reply:
    return _write(call, call.noteable())


def _write(call: Call, on: Noteable, discussion: list[Note] | None = None) -> Reply:
    """Run the text's quick actions, then keep what is left of it as a note; nothing left is 202."""
    call.site.limits.use("note_create", call.user)
    text = checked_text("note", call.body.required("body")) or ""
    if not text.strip():
        raise ApiError(400, {"message": '400 Bad request - Note {:note=>["can\'t be blank"]}'})
    for name in ("position", "commit_id"):
        if call.body.values.get(name) is not None:
            raise not_served(f"the {name} of notes")
    at = call.body.moment("created_at") if may_set_history(call.user) else None
    outcome = _run_commands(call, on, text)
    if outcome.commands and not outcome.text.strip():
        summary = [f"Executed /{name}." for name in outcome.commands]
        changes = dict.fromkeys(outcome.commands, True)
        return json_reply({"commands_changes": changes, "summary": summary}, 202)
    internal = call.body.boolean("internal") or call.body.boolean("confidential") or False
    note = call.site.editor.add_note(on, call.user, outcome.text, internal=internal, at=at)
    if discussion is not None:
        for one in (note, *discussion):
            one.threaded, one.discussion_id = True, discussion[0].discussion_id
        discussion[0].updated_at = note.created_at
    if isinstance(on, Issue):
        call.site.editor.touch(on)
    else:
        on.updated_at = call.site.clock()
    call.site.events.note(note, on, call.user, "create")
    return json_reply(call.show.note(note, on), 201)


def _run_commands(call: Call, on: Noteable, text: str) -> Outcome:
    if isinstance(on, Issue):
        return call.site.editor.run_commands(on, text, call.user)
    return run_commands(call.site, on, text, call.user)


def _edit(call: Call) -> Reply:
    on = call.noteable()
    note = _own_note(call, on)
    text = checked_text("note", call.body.required("body")) or ""
    if not text.strip():
        raise invalid_field("note", "can't be blank")
    outcome = _run_commands(call, on, text)
    if outcome.commands and not outcome.text.strip():
        call.store.notes_of(on).remove(note)
        on.user_notes_count -= 1
        call.store.rendered.pop(on.id, None)
        return json_reply({"commands_changes": dict.fromkeys(outcome.commands, True)}, 202)
    note.body, note.updated_at = outcome.text, call.site.clock()
    call.site.events.note(note, on, call.user, "update")
    return json_reply(call.show.note(note, on))


def _delete(call: Call) -> Reply:
    on = call.noteable()
    note = _own_note(call, on)
    check_unmodified(call, note.updated_at)
    call.store.notes_of(on).remove(note)
    on.user_notes_count -= 1
    if isinstance(on, Issue):
        call.store.rendered.pop(on.id, None)
    return no_content()


def _note(call: Call, on: Noteable) -> Note:
    number = call.number("note_id")
    found = next((note for note in _visible(call, on) if note.id == number), None)
    if found is None:
        raise not_found("Note")
    return found


def _own_note(call: Call, on: Noteable) -> Note:
    note = _note(call, on)
    if note.system or (note.author_id != call.user.id and call.user.role < MAINTAINER):
        raise forbidden()
    return note


def _list_discussions(call: Call) -> Reply:
    on = call.noteable()
    threads: dict[str, list[Note]] = {}
    for note in _visible(call, on):
        threads.setdefault(note.discussion_id, []).append(note)
    return paged(call, list(threads.values()), lambda notes: _discussion_json(call, on, notes))


def _read_discussion(call: Call) -> Reply:
    on = call.noteable()
    return json_reply(_discussion_json(call, on, _discussion(call, on)))


def _create_discussion(call: Call) -> Reply:
    on = call.noteable()
    reply = _write(call, on)
    if reply.status == 202:
        return reply
    note = call.store.notes_of(on)[-1]
    note.threaded = True
    return json_reply(_discussion_json(call, on, [note]), 201)


def _reply_to_discussion(call: Call) -> Reply:
    on = call.noteable()
    return _write(call, on, _discussion(call, on))


def _discussion(call: Call, on: Noteable) -> list[Note]:
    wanted = call.part("discussion_id")
    notes = [note for note in _visible(call, on) if note.discussion_id == wanted]
    if not notes:
        raise not_found("Discussion")
    return notes


def _discussion_json(call: Call, on: Noteable, notes: Iterable[Note]) -> Json:
    listed = list(notes)
    shown = [call.show.note(note, on) for note in listed]
    single = not any(note.threaded for note in listed)
    return {"id": listed[0].discussion_id, "individual_note": single, "notes": shown}


def _routes(path: str) -> tuple[Route, ...]:
    return (
        Route("GET", f"{path}/notes", _list),
        Route("POST", f"{path}/notes", _create),
        Route("GET", f"{path}/notes/:note_id", _read),
        Route("PUT", f"{path}/notes/:note_id", _edit),
        Route("DELETE", f"{path}/notes/:note_id", _delete),
        Route("GET", f"{path}/discussions", _list_discussions),
        Route("POST", f"{path}/discussions", _create_discussion),
        Route("GET", f"{path}/discussions/:discussion_id", _read_discussion),
        Route("POST", f"{path}/discussions/:discussion_id/notes", _reply_to_discussion),
        Route("PUT", f"{path}/discussions/:discussion_id/notes/:note_id", _edit),
        Route("DELETE", f"{path}/discussions/:discussion_id/notes/:note_id", _delete),
    )


ROUTES = (*_routes("/projects/:id/issues/:iid"), *_routes("/projects/:id/merge_requests/:iid"))
