"""The endpoint of a domain: who may ask, documents, searches, indices."""

import base64
import json

import boto3
import pytest
from botocore.credentials import Credentials

from .conftest import request, urllib3

ARN = "arn:aws:es:us-east-1:123456789012:domain/shop"
OTHER = Credentials("222222222222", "secret")
BOOKS = {
    "1": {"title": "The quick brown fox", "pages": 120, "tags": ["animal", "quick"], "at": "2026-01-01", "new": True},
    "2": {"title": "A lazy dog", "pages": 80, "tags": ["animal"], "at": "2026-02-01T12:00:00Z", "new": False},
    "3": {"title": "The fox and the dog, a fox again", "pages": 300, "author": {"name": "Ann"}},
}


def lines(*parts):
    return b"".join(json.dumps(part).encode() + b"\n" for part in parts)


@pytest.fixture
def books(ask):
    parts = [part for id, book in BOOKS.items() for part in ({"index": {"_index": "books", "_id": id}}, book)]
    status, answer = ask("POST", "/_bulk", lines(*parts))
    assert (status, answer["errors"]) == (200, False)
    return ask


def found(ask, query, **more):
    """Ids of hits, the best first."""
    status, answer = ask("POST", "/books/_search", {"query": query, **more})
    assert status == 200, answer
    return [hit["_id"] for hit in answer["hits"]["hits"]]


# --- who


def policy(**statement):
    allow = {"Effect": "Allow", "Action": "es:ESHttp*", "Resource": f"{ARN}/*", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def refusal(who, action):
    return {
        "Message": f"User: {who} is not authorized to perform: {action} because no resource-based policy allows the "
        f"{action} action"
    }


def test_the_journal_knows_requests(aws, ask):
    ask("PUT", "/books/_doc/1", {"a": 1})
    (call,) = aws.calls.of("opensearch:AskDomain")
    assert (call.parameters["Method"], call.parameters["Path"]) == ("PUT", "/books/_doc/1")
    statements = aws.calls.policy()["Statement"]
    assert {"Effect": "Allow", "Action": ["es:ESHttpPut"], "Resource": [f"{ARN}/books/_doc/1"]} in statements


def test_nobody_is_let_in_without_a_policy(ask):
    assert ask("GET", "/", keys=None) == (403, refusal("anonymous", "es:ESHttpGet"))
    assert ask("PUT", "/books", keys=None) == (403, refusal("anonymous", "es:ESHttpPut"))
    assert ask("HEAD", "/books")[0] == 404  # nothing was made


def test_an_address_is_let_in_by_a_policy(ask, search):
    def open_to(network):
        search.update_domain_config(
            DomainName="shop",
            AccessPolicies=policy(Principal={"AWS": "*"}, Condition={"IpAddress": {"aws:SourceIp": network}}),
        )

    open_to("127.0.0.0/8")
    assert ask("GET", "/", keys=None)[0] == 200
    open_to("192.0.2.0/24")
    assert ask("GET", "/", keys=None)[0] == 403


def test_a_policy_goes_by_indices_and_methods(ask, search):
    search.update_domain_config(
        DomainName="shop",
        AccessPolicies=policy(Principal={"AWS": "*"}, Action="es:ESHttpPut", Resource=f"{ARN}/logs/*"),
    )
    assert ask("PUT", "/logs/_doc/1", {"a": 1}, keys=None)[0] == 201
    assert ask("GET", "/logs/_doc/1", keys=None)[0] == 403
    assert ask("PUT", "/other/_doc/1", {"a": 1}, keys=None)[0] == 403


def test_another_account_needs_the_policy(ask, search):
    status, answer = ask("GET", "/", keys=OTHER)
    assert status == 403
    assert "is not authorized to perform: es:ESHttpGet" in answer["Message"]
    search.update_domain_config(
        DomainName="shop", AccessPolicies=policy(Principal={"AWS": "arn:aws:iam::222222222222:root"})
    )
    assert ask("GET", "/", keys=OTHER)[0] == 200


@pytest.mark.aws(authorization=True)
def test_identity_policies_decide_under_authorization(aws, search, ask):
    iam = boto3.client("iam", region_name="us-east-1")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    status, answer = ask("GET", "/", keys=ann)
    assert status == 403
    assert answer["Message"].endswith("because no identity-based policy allows the es:ESHttpGet action")
    statement = {"Effect": "Allow", "Action": "es:ESHttpGet", "Resource": f"{ARN}/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    assert ask("GET", "/", keys=ann)[0] == 200
    assert ask("PUT", "/books", keys=ann)[0] == 403


SECURED = {
    "ClusterConfig": {"InstanceType": "r6g.large.search"},
    "EncryptionAtRestOptions": {"Enabled": True},
    "NodeToNodeEncryptionOptions": {"Enabled": True},
    "DomainEndpointOptions": {"EnforceHTTPS": True},
    "AccessPolicies": policy(Principal={"AWS": "*"}),
}


def with_password(host, text):
    header = "Basic " + base64.b64encode(text.encode()).decode()
    return urllib3.PoolManager().request("GET", f"https://{host}/", headers={"Authorization": header}).status


def test_fine_grained_access_control_asks_for_the_master_user(make):
    master = {"MasterUserName": "admin", "MasterUserPassword": "Secret-123"}
    security = {"Enabled": True, "InternalUserDatabaseEnabled": True, "MasterUserOptions": master}
    there = make(**SECURED, AdvancedSecurityOptions=security)
    assert there["AdvancedSecurityOptions"] == {"Enabled": True, "InternalUserDatabaseEnabled": True}
    host = there["Endpoint"]
    assert request("GET", host, "/", keys=None) == (401, "Unauthorized")
    assert with_password(host, "admin:Secret-123") == 200
    assert with_password(host, "admin:wrong") == 401
    status, answer = request("GET", host, "/")
    assert (status, answer["error"]["type"]) == (403, "security_exception")


def test_a_master_user_can_be_one_of_iam(make):
    security = {"Enabled": True, "MasterUserOptions": {"MasterUserARN": "arn:aws:iam::123456789012:user/awsim"}}
    host = make(**SECURED, AdvancedSecurityOptions=security)["Endpoint"]
    assert request("GET", host, "/")[0] == 200
    assert request("GET", host, "/", keys=None)[0] == 401


@pytest.mark.aws(limits={"opensearch.http-payload-small": 100})
def test_a_request_has_a_largest_size(ask):
    status, answer = ask("PUT", "/books/_doc/1", {"text": "x" * 100})
    assert (status, answer) == (413, {"Message": "Request size exceeded 100 bytes"})


# --- documents


def test_the_life_of_a_document(ask):
    status, made = ask("PUT", "/books/_doc/1", {"title": "one"})
    assert (status, made["result"], made["_version"], made["_seq_no"]) == (201, "created", 1, 0)
    status, again = ask("PUT", "/books/_doc/1", {"title": "two"})
    assert (status, again["result"], again["_version"], again["_seq_no"]) == (200, "updated", 2, 1)
    status, there = ask("GET", "/books/_doc/1")
    assert (status, there["_source"], there["_version"]) == (200, {"title": "two"}, 2)
    assert ask("DELETE", "/books/_doc/1")[1]["result"] == "deleted"
    assert ask("GET", "/books/_doc/1") == (404, {"_index": "books", "_id": "1", "found": False})
    assert ask("DELETE", "/books/_doc/1")[0] == 404
    assert ask("PUT", "/books/_doc/1", {"title": "three"})[1]["_version"] == 5
    status, named = ask("POST", "/books/_doc", {"title": "four"})
    assert (status, len(named["_id"])) == (201, 20)


def test_writers_that_believe_something_else_are_refused(ask):
    ask("PUT", "/books/_create/1", {"a": 1})
    status, answer = ask("PUT", "/books/_create/1", {"a": 2})
    assert (status, answer["error"]["type"]) == (409, "version_conflict_engine_exception")
    assert answer["error"]["reason"] == "[1]: version conflict, document already exists (current version [1])"
    assert ask("PUT", "/books/_doc/1?if_seq_no=7&if_primary_term=1", {"a": 2})[0] == 409
    assert ask("GET", "/books/_doc/1")[1]["_source"] == {"a": 1}
    assert ask("PUT", "/books/_doc/1?if_seq_no=0&if_primary_term=1", {"a": 2})[0] == 200


def test_updates_merge(ask):
    ask("PUT", "/books/_doc/1", {"a": {"b": 1}, "c": 2})
    assert ask("POST", "/books/_update/1", {"doc": {"a": {"d": 3}}})[1]["result"] == "updated"
    assert ask("GET", "/books/_source/1") == (200, {"a": {"b": 1, "d": 3}, "c": 2})
    assert ask("POST", "/books/_update/1", {"doc": {"c": 2}})[1]["result"] == "noop"
    assert ask("POST", "/books/_update/2", {"doc": {"c": 2}})[1]["error"]["type"] == "document_missing_exception"
    assert ask("POST", "/books/_update/2", {"doc": {"c": 2}, "doc_as_upsert": True})[0] == 201


def test_a_bulk_request_does_what_it_can(ask):
    ask("PUT", "/books/_doc/1", {"n": 1})
    status, answer = ask(
        "POST",
        "/books/_bulk",
        lines({"index": {"_id": "2"}}, {"n": "x"}, {"create": {"_id": "1"}}, {"n": 2}, {"delete": {"_id": "1"}}),
    )
    assert (status, answer["errors"]) == (200, True)
    results = [(action, one["status"]) for item in answer["items"] for action, one in item.items()]
    assert results == [("index", 400), ("create", 409), ("delete", 200)]
    reason = "failed to parse field [n] of type [long] in document with id '2'. Preview of field's value: 'x'"
    assert answer["items"][0]["index"]["error"] == {"type": "mapper_parsing_exception", "reason": reason}
    status, answer = ask("POST", "/_bulk", b'{"index":{}}')
    assert (status, answer["error"]["reason"]) == (400, "The bulk request must be terminated by a newline [\\n]")


# --- searches


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"match_all": {}}, ["1", "2", "3"]),
        ({"match": {"title": "fox"}}, ["3", "1"]),
        ({"match": {"title": {"query": "quick fox", "operator": "and"}}}, ["1"]),
        ({"match": {"title": "cat"}}, []),
        ({"term": {"title": "Fox"}}, []),  # texts are in lower case
        ({"term": {"title.keyword": "A lazy dog"}}, ["2"]),
        ({"term": {"pages": 80}}, ["2"]),
        ({"term": {"new": True}}, ["1"]),
        ({"term": {"tags": "animal"}}, ["2", "1"]),
        ({"terms": {"pages": [80, 300]}}, ["2", "3"]),
        ({"range": {"pages": {"gte": 80, "lt": 300}}}, ["1", "2"]),
        ({"range": {"at": {"gte": "2026-01-15"}}}, ["2"]),
        ({"range": {"at": {"lte": "2026-02-01||-1d"}}}, ["1"]),
        ({"ids": {"values": ["3", "9"]}}, ["3"]),
        ({"exists": {"field": "author.name"}}, ["3"]),
        ({"prefix": {"title": "qui"}}, ["1"]),
        ({"bool": {"must": {"match": {"title": "dog"}}, "must_not": [{"match": {"title": "fox"}}]}}, ["2"]),
        ({"bool": {"filter": [{"term": {"author.name.keyword": "Ann"}}]}}, ["3"]),
        ({"bool": {"should": [{"term": {"pages": 80}}, {"term": {"pages": 120}}]}}, ["1", "2"]),
        ({"bool": {"must": [{"match_all": {}}], "should": [{"term": {"pages": 300}}]}}, ["3", "1", "2"]),
        ({"bool": {"should": [{"match": {"title": "fox"}}, {"match": {"title": "dog"}}],
                   "minimum_should_match": 2}}, ["3"]),
    ],
)  # fmt: skip
def test_a_query_finds(books, query, ids):
    assert found(books, query) == ids


def test_scores_are_those_of_one_shard(ask):
    for id, text in (("1", "fox"), ("2", "dog")):
        ask("PUT", f"/one/_doc/{id}", {"text": text})
    _, answer = ask("POST", "/one/_search", {"query": {"match": {"text": "fox"}}})
    assert answer["hits"]["max_score"] == pytest.approx(0.6931471)  # as OpenSearch says of the same two documents


def test_pages_and_orders(books):
    assert found(books, {"match_all": {}}, sort=[{"pages": "desc"}]) == ["3", "1", "2"]
    assert found(books, {"match_all": {}}, sort=[{"at": {"order": "asc"}}]) == ["1", "2", "3"]  # missing last
    assert found(books, {"match_all": {}}, sort=["pages"], size=1, **{"from": 1}) == ["1"]
    _, answer = books("GET", "/books/_search?size=1&sort=pages:desc&_source=title")
    (hit,) = answer["hits"]["hits"]
    assert (hit["_source"], hit["sort"], hit["_score"]) == ({"title": BOOKS["3"]["title"]}, [300], None)
    assert answer["hits"]["total"] == {"value": 3, "relation": "eq"}
    status, answer = books("POST", "/books/_search", {"from": 9_995})
    assert status == 400
    assert answer["error"]["reason"].startswith(
        "Result window is too large, from + size must be less than or equal to: [10000] but was [10005]."
    )
    status, answer = books("POST", "/books/_search", {"sort": ["title"]})
    assert (status, answer["error"]["type"]) == (400, "illegal_argument_exception")


def test_counts(books):
    assert books("GET", "/books/_count")[1]["count"] == 3
    assert books("POST", "/_count", {"query": {"match": {"title": "dog"}}})[1]["count"] == 2


def test_what_is_not_there_is_refused_by_name(books):
    for method, path, body, what in (
        ("POST", "/books/_search", {"query": {"fuzzy": {"title": "fix"}}}, "OpenSearch: the query fuzzy"),
        ("POST", "/books/_search", {"aggs": {}}, "OpenSearch: aggs in searches"),
        ("GET", "/_nodes/stats", None, "OpenSearch: GET /_nodes/stats"),
        ("POST", "/books/_update/1", {"script": "x"}, "OpenSearch: script in updates"),
    ):
        status, answer = books(method, path, body)
        assert (status, answer["error"]["reason"]) == (501, f"awsim does not model {what}")
    status, answer = books("POST", "/books/_search", {"query": {"nonsense": {}}})
    assert (status, answer["error"]["reason"]) == (400, "unknown query [nonsense]")


@pytest.mark.aws(consistency="eventual", at="2026-01-01")
def test_a_search_finds_what_was_refreshed(aws, ask):
    ask("PUT", "/books/_doc/1", {"a": 1})
    assert ask("GET", "/books/_doc/1")[0] == 200  # by its id at once
    assert ask("GET", "/books/_count")[1]["count"] == 0
    aws.clock.advance(seconds=1)
    assert ask("GET", "/books/_count")[1]["count"] == 1
    ask("DELETE", "/books/_doc/1")
    assert ask("GET", "/books/_count")[1]["count"] == 1
    ask("POST", "/books/_refresh")
    assert ask("GET", "/books/_count")[1]["count"] == 0
    ask("PUT", "/books/_doc/2?refresh=true", {"a": 1})
    assert ask("GET", "/books/_count")[1]["count"] == 1


# --- indices


def test_indices_and_mappings(ask):
    mappings = {"dynamic": "strict", "properties": {"n": {"type": "integer"}, "when": {"type": "date"}}}
    made = ask("PUT", "/books", {"settings": {"number_of_shards": 2}, "mappings": mappings})
    assert made == (200, {"acknowledged": True, "shards_acknowledged": True, "index": "books"})
    status, answer = ask("PUT", "/books")
    assert (status, answer["error"]["type"]) == (400, "resource_already_exists_exception")
    assert ask("HEAD", "/books") == (200, "")
    assert ask("GET", "/books/_mapping")[1] == {"books": {"mappings": mappings}}
    status, answer = ask("PUT", "/books/_doc/1", {"more": 1})
    assert answer["error"]["reason"] == (
        "mapping set to strict, dynamic introduction of [more] within [_doc] is not allowed"
    )
    assert ask("PUT", "/books/_doc/1", {"n": 2**31})[0] == 400
    assert ask("PUT", "/books/_mapping", {"properties": {"more": {"type": "keyword"}}})[0] == 200
    assert ask("PUT", "/books/_doc/1", {"more": "yes", "n": "7"})[0] == 201
    status, answer = ask("PUT", "/books/_mapping", {"properties": {"n": {"type": "keyword"}}})
    assert answer["error"]["reason"] == "mapper [n] cannot be changed from type [integer] to [keyword]"
    assert ask("GET", "/books")[1]["books"]["settings"]["index"]["number_of_shards"] == "2"
    status, answer = ask("PUT", "/Books")
    assert answer["error"]["reason"] == "Invalid index name [Books], must be lowercase"
    assert ask("DELETE", "/books") == (200, {"acknowledged": True})
    status, answer = ask("GET", "/books/_search")
    assert (status, answer["error"]["reason"]) == (404, "no such index [books]")


def test_cat_and_health(books):
    status, text = books("GET", "/_cat/indices?v&h=index,docs.count")
    assert (status, text) == (200, "index docs.count\nbooks 3         \n")
    assert books("GET", "/_cat/indices?format=json")[1][0]["docs.count"] == "3"
    assert books("GET", "/_cluster/health")[1]["status"] == "green"
    assert books("GET", "/")[1]["version"]["distribution"] == "opensearch"


def test_operations_on_indices(search, ask, refused):
    schema = {"mappings": {"properties": {"n": {"type": "long"}}}}
    assert search.create_index(DomainName="shop", IndexName="books", IndexSchema=schema)["Status"] == "CREATED"
    assert ask("GET", "/books/_mapping")[1]["books"] == schema
    assert search.get_index(DomainName="shop", IndexName="books")["IndexSchema"]["mappings"] == schema["mappings"]
    search.delete_index(DomainName="shop", IndexName="books")
    refused(
        search.get_index, "ResourceNotFoundException", "no such index [books]", DomainName="shop", IndexName="books"
    )


def test_documents_are_taken_back_by_snapshots(aws, ask):
    ask("PUT", "/books/_doc/1", {"a": 1})
    before = aws.snapshot()
    ask("PUT", "/books/_doc/1", {"a": 2})
    ask("PUT", "/books/_doc/2", {"b": 2})
    aws.restore(before)
    assert ask("GET", "/books/_source/1")[1] == {"a": 1}
    assert ask("GET", "/books/_count")[1]["count"] == 1
    assert "b" not in ask("GET", "/books/_mapping")[1]["books"]["mappings"]["properties"]


def test_a_deleted_domain_answers_no_more(search, ask):
    search.delete_domain(DomainName="shop")
    search.list_domain_names()
    assert ask("GET", "/") == (404, {"Message": "There is no domain at this endpoint."})
