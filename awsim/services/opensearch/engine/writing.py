"""Documents by their ids, one at a time and in bulk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.opensearch.engine.asking import Answer, Ask, read_object
from awsim.services.opensearch.engine.index import Document, Index
from awsim.services.opensearch.engine.problems import Problem, bad, no_index, not_modelled
from awsim.services.opensearch.engine.searching import filtered


def _target(ask: Ask, name: str) -> Index:
    """The index that a document is written to; made for the first one."""
    found: Index | None = ask.cluster.indices.get(name)
    return found if found is not None else ask.cluster.create(name, ask.make_id(), ask.now, {}, {})


def _written(ask: Ask, index: Index, id: str, document: Document, result: str) -> dict[str, Any]:
    if ask.query.get("refresh") in ("", "true", "wait_for"):
        index.refresh()
    return {
        "_index": index.name,
        "_id": id,
        "_version": document.version,
        "result": result,
        "_shards": {"total": 2, "successful": 2, "failed": 0},
        "_seq_no": document.number,
        "_primary_term": 1,
    }


def put_document(ask: Ask, name: str, id: str) -> Answer:
    return _index(ask, name, id, ask.json(), ask.query.get("op_type") == "create", _expected(ask.query))


def create_document(ask: Ask, name: str, id: str) -> Answer:
    return _index(ask, name, id, ask.json(), True, {})


def add_document(ask: Ask, name: str) -> Answer:
    return _index(ask, name, ask.make_id(), ask.json(), False, {})


def _index(ask: Ask, name: str, id: str, source: Any, create: bool, expected: Mapping[str, int]) -> Answer:
    if len(id.encode(errors="replace")) > 512:
        size = len(id.encode(errors="replace"))
        raise bad(f"id [{id}] is too long, must be no longer than 512 bytes but was: {size}")
    index = _target(ask, name)
    index.check(id, expected, create=create)
    result = "created" if index.get(id) is None else "updated"
    document = index.put(id, source, ask.now)
    return Answer(201 if result == "created" else 200, _written(ask, index, id, document, result))


def _expected(given: Mapping[str, Any]) -> dict[str, int]:
    """What a writer believes of a document: its sequence number and primary term."""
    found = {name: given[name] for name in ("if_seq_no", "if_primary_term") if name in given}
    if found and len(found) < 2:
        raise bad("ifSeqNo and ifPrimaryTerm must be set together")
    try:
        return {name: int(value) for name, value in found.items()}
    except (TypeError, ValueError):
        raise bad("Failed to parse [if_seq_no]") from None


def get_document(ask: Ask, name: str, id: str) -> Answer:
    index = ask.cluster.index(name)
    found = index.get(id)
    if found is None:
        return Answer(404, {"_index": name, "_id": id, "found": False})
    wanted = ask.query.get("_source")
    shown = {
        "_index": name,
        "_id": id,
        "_version": found.version,
        "_seq_no": found.number,
        "_primary_term": 1,
        "found": True,
    }
    if wanted != "false":
        shown["_source"] = filtered(found.source, True if wanted in (None, "true") else wanted.split(","))
    return Answer(200, shown)


def get_source(ask: Ask, name: str, id: str) -> Answer:
    found = ask.cluster.index(name).get(id)
    if found is None:
        raise Problem(404, "resource_not_found_exception", f"Document not found [{name}]/[{id}]")
    return Answer(200, found.source)


def delete_document(ask: Ask, name: str, id: str) -> Answer:
    index = ask.cluster.index(name)
    index.check(id, _expected(ask.query))
    found = index.get(id) is not None
    document = index.delete(id, ask.now)
    shown = _written(ask, index, id, document, "deleted" if found else "not_found")
    return Answer(200 if found else 404, shown)


def update_document(ask: Ask, name: str, id: str) -> Answer:
    return _update(ask, name, id, ask.json(), _expected(ask.query))


def _update(ask: Ask, name: str, id: str, body: Mapping[str, Any], expected: Mapping[str, int]) -> Answer:
    for part in body:
        if part not in ("doc", "upsert", "doc_as_upsert", "detect_noop"):
            raise not_modelled(f"OpenSearch: {part} in updates")
    if not isinstance(body.get("doc"), Mapping):
        raise Problem(400, "action_request_validation_exception", "Validation Failed: 1: script or doc is missing;")
    upsert = body["doc"] if body.get("doc_as_upsert") else body.get("upsert")
    index = _target(ask, name) if upsert is not None else ask.cluster.index(name)
    index.check(id, expected)
    found = index.get(id)
    if found is None:
        if upsert is None:
            more = {"index": name, "shard": "0", "index_uuid": index.uuid}
            raise Problem(404, "document_missing_exception", f"[{id}]: document missing", **more)
        return Answer(201, _written(ask, index, id, index.put(id, upsert, ask.now), "created"))
    assert found.source is not None
    source = _merged(found.source, body["doc"])
    if source == found.source and body.get("detect_noop", True):
        return Answer(200, _written(ask, index, id, found, "noop"))
    return Answer(200, _written(ask, index, id, index.put(id, source, ask.now), "updated"))


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for name, value in new.items():
        known = result.get(name)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        result[name] = _merged(known, value) if both else value  # type: ignore[arg-type]
    return result


# --- bulk

_ACTIONS = ("index", "create", "update", "delete")


def bulk(ask: Ask, name: str | None = None) -> Answer:
    """Actions one after the other; one that fails does not keep the others from being done."""
    if not ask.body.endswith(b"\n"):
        raise bad("The bulk request must be terminated by a newline [\\n]")
    lines = iter(ask.body.splitlines())
    items = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        action, given = _action(line, number)
        source = None
        if action != "delete":
            source = next(lines, None)
            if source is None:
                raise bad("The bulk request must be terminated by a newline [\\n]")
        items.append({action: _done(ask, action, given, name, source)})
    if not items:
        told = "Validation Failed: 1: no requests added;"
        raise Problem(400, "action_request_validation_exception", told)
    failed = any("error" in result for item in items for result in item.values())
    return Answer(200, {"took": 1, "errors": failed, "items": items})


def _action(line: bytes, number: int) -> tuple[str, Mapping[str, Any]]:
    try:
        found = read_object(line)
    except Problem:
        found = {}
    if len(found) != 1:
        raise bad(f"Malformed action/metadata line [{number}], expected START_OBJECT but found [VALUE_STRING]")
    ((action, given),) = found.items()
    if action not in _ACTIONS or not isinstance(given, Mapping):
        expected = ", ".join(sorted(_ACTIONS))
        raise bad(f"Malformed action/metadata line [{number}], expected one of [{expected}] but found [{action}]")
    return action, given


def _done(ask: Ask, action: str, given: Mapping[str, Any], name: str | None, line: bytes | None) -> dict[str, Any]:
    target = str(given.get("_index") or name or "")
    id = str(given["_id"]) if given.get("_id") is not None else ""
    try:
        if not target:
            raise Problem(400, "action_request_validation_exception", "Validation Failed: 1: index is missing;")
        result = _one(ask, action, given, target, id or (ask.make_id() if action in ("index", "create") else ""), line)
    except Problem as problem:
        return {"_index": target, "_id": id or None, "status": problem.status, "error": problem.cause()}
    return {**result.body, "status": result.status}


def _one(ask: Ask, action: str, given: Mapping[str, Any], name: str, id: str, line: bytes | None) -> Answer:
    if not id:
        raise Problem(400, "action_request_validation_exception", "Validation Failed: 1: id is missing;")
    expected = _expected(given)
    if action == "delete":
        index = ask.cluster.indices.get(name)
        if index is None:
            raise no_index(name)
        return delete_document(
            ask._replace(query={**ask.query, **{key: str(one) for key, one in expected.items()}}), name, id
        )
    source = read_object(line or b"")
    if action == "update":
        return _update(ask, name, id, source, expected)
    return _index(ask, name, id, source, action == "create", expected)
