"""The REST API: requests, by method and path, and what the cluster answers.

Routes are a table; each handler gets the `Ask` and the parts of the path that its route leaves open.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from awsim.services.opensearch.engine import writing
from awsim.services.opensearch.engine.asking import Answer, Ask
from awsim.services.opensearch.engine.problems import Problem, bad, not_modelled
from awsim.services.opensearch.engine.searching import count, search


def answer(ask: Ask) -> Answer:
    """What the cluster answers; refusals too."""
    try:
        return _answer(ask)
    except Problem as problem:
        return Answer(problem.status, problem.body())
    except RecursionError:
        return Answer(400, Problem(400, "x_content_parse_exception", "the request is nested too deeply").body())


def _answer(ask: Ask) -> Answer:
    parts = [unquote(part) for part in ask.path.strip("/").split("/")]
    method = "GET" if ask.method == "HEAD" else ask.method
    for methods, pattern, handler in _ROUTES:
        found = _fits(pattern, parts)
        if found is not None and method in methods:
            result = handler(ask, *found)
            return Answer(result.status, "") if ask.method == "HEAD" else result
    raise not_modelled(f"OpenSearch: {ask.method} /{'/'.join(parts)}")


def _fits(pattern: tuple[str | None, ...], parts: list[str]) -> list[str] | None:
    """What stands in the open places of a route; None where a path is not of it. Names of resources have no
    underscore at the front, but for the ids of documents and `_all`."""
    if len(pattern) != len(parts):
        return None
    found = []
    for place, (wanted, part) in enumerate(zip(pattern, parts, strict=True)):
        if wanted is None:
            if not part or (place == 0 and part.startswith("_") and part != "_all"):
                return None
            found.append(part)
        elif wanted != part:
            return None
    return found


# --- the cluster


def _root(ask: Ask) -> Answer:
    return Answer(200, {**ask.about, "tagline": "The OpenSearch Project: https://opensearch.org/"})


def _health(ask: Ask, name: str = "") -> Answer:
    indices = ask.cluster.named(name)
    shards = sum(int(index.settings["number_of_shards"]) for index in indices)
    nodes = 1
    told = {
        "cluster_name": ask.about["cluster_name"],
        "status": "green",
        "timed_out": False,
        "number_of_nodes": nodes,
        "number_of_data_nodes": nodes,
        "discovered_master": True,
        "discovered_cluster_manager": True,
        "active_primary_shards": shards,
        "active_shards": shards,
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
        "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": 0,
        "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": 100.0,
    }
    return Answer(200, told)


_COLUMNS = (
    "health",
    "status",
    "index",
    "uuid",
    "pri",
    "rep",
    "docs.count",
    "docs.deleted",
    "store.size",
    "pri.store.size",
)


def _cat_indices(ask: Ask, name: str = "") -> Answer:
    rows = []
    for index in ask.cluster.named(name):
        size = f"{sum(len(json.dumps(one.source)) for one in index.documents.values() if one.source is not None)}b"
        deleted = len(index.documents) - index.count
        values = (
            "green", "open", index.name, index.uuid, index.settings["number_of_shards"],
            index.settings["number_of_replicas"], str(index.count), str(deleted), size, size,
        )  # fmt: skip
        rows.append(dict(zip(_COLUMNS, values, strict=True)))
    wanted = ask.query.get("h")
    columns = wanted.split(",") if wanted else list(_COLUMNS)
    rows = [{name: row.get(name, "") for name in columns} for row in rows]
    if ask.query.get("format") == "json":
        return Answer(200, rows)
    if ask.flag("v") or ask.query.get("v") == "":
        rows.insert(0, {name: name for name in columns})
    widths = {name: max((len(row[name]) for row in rows), default=0) for name in columns}
    lines = [" ".join(row[name].ljust(widths[name]) for name in columns) for row in rows]
    return Answer(200, "".join(f"{line}\n" for line in lines))


# --- indices


def _create_index(ask: Ask, name: str) -> Answer:
    body = ask.json({})
    for part in body:
        if part not in ("settings", "mappings", "aliases"):
            raise Problem(400, "parse_exception", f"unknown key [{part}] for create index")
    if body.get("aliases"):
        raise not_modelled("OpenSearch: aliases")
    settings, mappings = body.get("settings") or {}, body.get("mappings") or {}
    if not isinstance(settings, Mapping) or not isinstance(mappings, Mapping):
        raise Problem(400, "parse_exception", "key [mappings] and key [settings] must be objects")
    inner = settings.get("index")
    flat = {**settings, **(inner if isinstance(inner, Mapping) else {})}
    flat = {key.removeprefix("index."): value for key, value in flat.items() if key != "index"}
    for key in ("number_of_shards", "number_of_replicas"):
        if key in flat:
            flat[key] = _whole(key, flat[key], 1 if key == "number_of_shards" else 0)
    ask.cluster.create(name, ask.make_id(), ask.now, flat, mappings)
    return Answer(200, {"acknowledged": True, "shards_acknowledged": True, "index": name})


def _whole(name: str, value: Any, least: int) -> str:
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise bad(f"Failed to parse value [{value}] for setting [index.{name}]") from None
    if number < least:
        raise bad(f"Failed to parse value [{number}] for setting [index.{name}] must be >= {least}")
    return str(number)


def _delete_index(ask: Ask, name: str) -> Answer:
    for index in ask.cluster.named(name):
        del ask.cluster.indices[index.name]
    return Answer(200, {"acknowledged": True})


def _show_index(ask: Ask, name: str) -> Answer:
    shown = {}
    for index in ask.cluster.named(name):
        settings = {
            **index.settings,
            "creation_date": str(round(index.created * 1000)),
            "uuid": index.uuid,
            "provided_name": index.name,
        }
        shown[index.name] = {"aliases": {}, "mappings": index.mapping, "settings": {"index": settings}}
    return Answer(200, shown)


def _mappings(ask: Ask, name: str = "") -> Answer:
    return Answer(200, {index.name: {"mappings": index.mapping} for index in ask.cluster.named(name)})


def _put_mapping(ask: Ask, name: str) -> Answer:
    body = ask.json()
    more = {key: value for key, value in body.items() if key != "properties"}
    for index in ask.cluster.named(name):
        index.map(body.get("properties") or {}, **more)
    return Answer(200, {"acknowledged": True})


def _refresh(ask: Ask, name: str = "") -> Answer:
    indices = ask.cluster.named(name)
    for index in indices:
        index.refresh()
    shards = sum(
        int(one.settings["number_of_shards"]) * (1 + int(one.settings["number_of_replicas"])) for one in indices
    )
    return Answer(200, {"_shards": {"total": shards, "successful": shards, "failed": 0}})


# --- searches


def _search(ask: Ask, name: str = "") -> Answer:
    body = dict(ask.json({}))
    for option in ("size", "from"):
        if option in ask.query:
            body[option] = ask.query[option]
    if "sort" in ask.query:
        body["sort"] = ask.query["sort"].split(",")
    if "_source" in ask.query:
        wanted = ask.query["_source"]
        body["_source"] = {"true": True, "false": False}.get(wanted, wanted.split(","))
    if "q" in ask.query:
        raise not_modelled("OpenSearch: the query parameter q")
    if "scroll" in ask.query:
        raise not_modelled("OpenSearch: scrolling")
    return Answer(200, search(ask.cluster.named(name), body, ask.now, ask.interval, ask.window))


def _counted(ask: Ask, name: str = "") -> Answer:
    indices = ask.cluster.named(name)
    body = ask.json({})
    if set(body) - {"query"}:
        raise Problem(400, "parsing_exception", f"request does not support [{sorted(set(body) - {'query'})[0]}]")
    found = count(indices, body.get("query"), ask.now, ask.interval)
    shards = sum(int(index.settings["number_of_shards"]) for index in indices)
    return Answer(200, {"count": found, "_shards": {"total": shards, "successful": shards, "skipped": 0, "failed": 0}})


_ROUTES: tuple[tuple[str, tuple[str | None, ...], Callable[..., Answer]], ...] = (
    ("GET", ("",), _root),
    ("GET", ("_cluster", "health"), _health),
    ("GET", ("_cluster", "health", None), _health),
    ("GET", ("_cat", "indices"), _cat_indices),
    ("GET", ("_cat", "indices", None), _cat_indices),
    ("GET POST", ("_search",), _search),
    ("GET POST", (None, "_search"), _search),
    ("GET POST", ("_count",), _counted),
    ("GET POST", (None, "_count"), _counted),
    ("POST PUT", ("_bulk",), writing.bulk),
    ("POST PUT", (None, "_bulk"), writing.bulk),
    ("GET POST", ("_refresh",), _refresh),
    ("GET POST", (None, "_refresh"), _refresh),
    ("GET", ("_mapping",), _mappings),
    ("GET", (None, "_mapping"), _mappings),
    ("GET", (None, "_mappings"), _mappings),
    ("PUT POST", (None, "_mapping"), _put_mapping),
    ("PUT POST", (None, "_mappings"), _put_mapping),
    ("PUT POST", (None, "_doc", None), writing.put_document),
    ("POST", (None, "_doc"), writing.add_document),
    ("GET", (None, "_doc", None), writing.get_document),
    ("DELETE", (None, "_doc", None), writing.delete_document),
    ("PUT POST", (None, "_create", None), writing.create_document),
    ("POST", (None, "_update", None), writing.update_document),
    ("GET", (None, "_source", None), writing.get_source),
    ("PUT", (None,), _create_index),
    ("GET", (None,), _show_index),
    ("DELETE", (None,), _delete_index),
)  # fmt: skip
