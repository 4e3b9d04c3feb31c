"""Data protection, account policies, transformers, indexes."""

import gzip
import json

import pytest

from tests.services.logs.conftest import ACCOUNT, GROUP, REGION, messages

ROLE = f"arn:aws:iam::{ACCOUNT}:role/logs"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/lines"
EMAIL = "arn:aws:dataprotection::aws:data-identifier/EmailAddress"


def protection(*identifiers, findings=None, custom=()):
    return json.dumps(
        {
            "Name": "protect",
            "Version": "2021-06-01",
            "Configuration": {"CustomDataIdentifier": list(custom)},
            "Statement": [
                {"DataIdentifier": identifiers, "Operation": {"Audit": {"FindingsDestination": findings or {}}}},
                {"DataIdentifier": identifiers, "Operation": {"Deidentify": {"MaskConfig": {}}}},
            ],
        }
    )


@pytest.fixture
def group(logs):
    logs.create_log_group(logGroupName="app")


def test_sensitive_data_is_masked_from_then_on(logs, put, group, refused):
    put("app", "web", "before: ann@example.com")
    logs.put_data_protection_policy(logGroupIdentifier="app", policyDocument=protection(EMAIL))
    put("app", "web", "from ann@example.com to bob@example.com")
    seen = ["before: ann@example.com", "from *************** to ***************"]
    assert messages(logs.get_log_events(logGroupName="app", logStreamName="web")) == seen
    assert messages(logs.filter_log_events(logGroupName="app")) == seen
    clear = messages(logs.filter_log_events(logGroupName="app", unmask=True))
    assert clear[1] == "from ann@example.com to bob@example.com"
    assert logs.describe_log_groups()["logGroups"][0]["dataProtectionStatus"] == "ACTIVATED"
    document = logs.get_data_protection_policy(logGroupIdentifier="app")["policyDocument"]
    assert json.loads(document)["Name"] == "protect"
    logs.delete_data_protection_policy(logGroupIdentifier="app")
    put("app", "web", "after: ann@example.com")
    assert messages(logs.filter_log_events(logGroupName="app"))[-1] == "after: ann@example.com"
    assert logs.describe_log_groups()["logGroups"][0]["dataProtectionStatus"] == "DELETED"
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier="app")
    assert refused(logs.delete_data_protection_policy, logGroupIdentifier="app")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("identifier", "message", "shown"),
    [
        ("CreditCardNumber", "card 4111 1111 1111 1111.", "card *******************."),
        ("CreditCardNumber", "card 4111 1111 1111 1112.", "card 4111 1111 1111 1112."),
        ("IpAddress", "from 10.0.0.1 v1.2.3.4.5", "from ******** v1.2.3.4.5"),
        ("Ssn-US", "ssn 123-45-6789", "ssn ***********"),
        ("AwsSecretKey", f"secret_access_key={'a' * 40}", f"secret_access_key={'*' * 40}"),
        ("Name", "ann", "ann"),
    ],
)
def test_managed_identifiers(logs, put, group, identifier, message, shown):
    arn = EMAIL.replace("EmailAddress", identifier)
    logs.put_data_protection_policy(logGroupIdentifier="app", policyDocument=protection(arn))
    put("app", "web", message)
    assert messages(logs.filter_log_events(logGroupName="app")) == [shown]


def test_identifiers_of_ones_own_and_findings(logs, put, group):
    logs.create_log_group(logGroupName="findings")
    custom = [{"Name": "Employee", "Regex": "E-\\d{4}"}]
    findings = {"CloudWatchLogs": {"LogGroup": "findings"}}
    document = protection("Employee", EMAIL, findings=findings, custom=custom)
    logs.put_data_protection_policy(logGroupIdentifier="app", policyDocument=document)
    put("app", "web", "E-1234 a@b.de", "nothing")
    assert messages(logs.filter_log_events(logGroupName="app")) == ["****** ******", "nothing"]
    (found,) = map(json.loads, messages(logs.filter_log_events(logGroupName="findings")))
    assert found["resourceArn"] == f"{GROUP}app:*"
    assert found["dataIdentifiers"] == [
        {"name": "Employee", "count": 1, "detections": [{"start": 0, "end": 6}]},
        {"name": "EmailAddress", "count": 1, "detections": [{"start": 7, "end": 13}]},
    ]


@pytest.mark.parametrize(
    "document",
    [
        protection(EMAIL).replace(EMAIL, EMAIL[:-1] + "x", 1),
        "{",
        "{}",
        '{"Version": "2021-06-01", "Statement": []}',
        protection("arn:aws:x"),
        protection("Unknown"),
    ],
)
def test_what_is_no_data_protection_policy(logs, group, refused, document):
    given = {"logGroupIdentifier": "app", "policyDocument": document}
    assert refused(logs.put_data_protection_policy, **given)[0] == "InvalidParameterException"
    assert "dataProtectionStatus" not in logs.describe_log_groups()["logGroups"][0]


@pytest.mark.aws(authorization=True)
def test_unmasking_needs_permission(aws, client, logs, put, group, refused):
    logs.put_data_protection_policy(logGroupIdentifier="app", policyDocument=protection(EMAIL))
    put("app", "web", "ann@example.com")
    iam = client("iam")
    iam.create_user(UserName="ann")
    allow = {"Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=text)
    ann = client("logs", **aws.credentials(f"arn:aws:iam::{ACCOUNT}:user/ann"))
    assert messages(ann.filter_log_events(logGroupName="app")) == ["*" * 15]
    assert refused(ann.filter_log_events, logGroupName="app", unmask=True)[0] == "AccessDeniedException"


# --- account policies


@pytest.fixture
def account_policy(logs):
    def account_policy(kind, document, name="policy", **more):
        text = document if isinstance(document, str) else json.dumps(document)
        return logs.put_account_policy(policyName=name, policyType=kind, policyDocument=text, **more)["accountPolicy"]

    return account_policy


def test_the_account_protects_all_groups(logs, put, account_policy, refused):
    put("app", "web", "x")
    made = account_policy("DATA_PROTECTION_POLICY", protection(EMAIL))
    assert (made["accountId"], made["scope"]) == (ACCOUNT, "ALL")
    put("app", "web", "ann@example.com")
    assert messages(logs.filter_log_events(logGroupName="app"))[1] == "*" * 15
    assert logs.describe_log_groups()["logGroups"][0]["inheritedProperties"] == ["ACCOUNT_DATA_PROTECTION"]
    second = {"policyName": "b", "policyType": "DATA_PROTECTION_POLICY", "policyDocument": protection(EMAIL)}
    assert refused(logs.put_account_policy, **second)[0] == "LimitExceededException"
    logs.delete_account_policy(policyName="policy", policyType="DATA_PROTECTION_POLICY")
    assert logs.describe_account_policies(policyType="DATA_PROTECTION_POLICY")["accountPolicies"] == []


def test_the_account_subscribes_to_its_groups(client, put, account_policy):
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="lines", ShardCount=1)
    document = {"DestinationArn": STREAM, "RoleArn": ROLE, "FilterPattern": "ERROR"}
    account_policy("SUBSCRIPTION_FILTER_POLICY", document, selectionCriteria='LogGroupName NOT IN ["quiet"]')
    put("app", "web", "ERROR one", "fine")
    put("quiet", "web", "ERROR two")
    shard = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(StreamName="lines", **shard)["ShardIterator"]
    records = [
        json.loads(gzip.decompress(each["Data"])) for each in kinesis.get_records(ShardIterator=iterator)["Records"]
    ]
    assert [each["message"] for record in records[1:] for each in record["logEvents"]] == ["ERROR one"]
    assert records[1]["subscriptionFilters"] == ["policy"]


@pytest.mark.newer_botocore
def test_indexes(logs, group, account_policy, refused):
    account_policy("FIELD_INDEX_POLICY", {"Fields": ["requestId"]}, selectionCriteria='LogGroupNamePrefix IN ["ap"]')
    policy = lambda: logs.describe_index_policies(logGroupIdentifiers=["app"])["indexPolicies"][0]  # noqa: E731
    assert (policy()["source"], policy()["policyName"]) == ("ACCOUNT", "policy")
    logs.put_index_policy(logGroupIdentifier="app", policyDocument='{"Fields": ["user", "order"]}')
    assert policy()["source"] == "LOG_GROUP"
    found = logs.describe_field_indexes(logGroupIdentifiers=["app"], indexCategories=["CUSTOM"])["fieldIndexes"]
    assert [each["fieldIndexName"] for each in found] == ["order", "user"]
    logs.delete_index_policy(logGroupIdentifier="app")
    assert policy()["source"] == "ACCOUNT"
    bad = {"logGroupIdentifier": "app", "policyDocument": '{"Fields": "x"}'}
    assert refused(logs.put_index_policy, **bad)[0] == "InvalidParameterException"


# --- transformers


@pytest.fixture
def made(logs):
    """made(message, processors) -> the document that they make of it."""

    def made(message, *processors):
        answer = logs.test_transformer(transformerConfig=list(processors), logEventMessages=[message])
        (one,) = answer["transformedLogs"]
        assert (one["eventNumber"], one["eventMessage"]) == (1, message)
        return json.loads(one["transformedEventMessage"])

    return made


JSON = {"parseJSON": {}}


@pytest.mark.parametrize(
    ("message", "processors", "document"),
    [
        ('{"a": {"b": 1}}', [JSON], {"a": {"b": 1}}),
        ("a=1&b=2", [{"parseKeyValue": {"destination": "kv"}}], {"kv": {"a": "1", "b": "2"}}),
        (
            '{"a": 1, "q": "a=2"}',
            [JSON, {"parseKeyValue": {"source": "q"}}],
            {"a": 1, "q": "a=2"},
        ),
        (
            '{"a": 1, "q": "a=2"}',
            [JSON, {"parseKeyValue": {"source": "q", "overwriteIfExists": True}}],
            {"a": "2", "q": "a=2"},
        ),
        (
            "'Akua Mansa':28:'New York: USA'",
            [{"csv": {"delimiter": ":", "quoteCharacter": "'", "columns": ["name", "age"]}}],
            {"name": "Akua Mansa", "age": "28", "column_3": "New York: USA"},
        ),
        (
            "10.0.0.1 GET 42",
            [{"grok": {"match": "%{IP:client} %{WORD:verb} %{NUMBER:bytes:int}"}}],
            {"client": "10.0.0.1", "verb": "GET", "bytes": 42},
        ),
        (
            '{"a": "1", "b": " X "}',
            [
                JSON,
                {"addKeys": {"entries": [{"key": "c.d", "value": "v"}]}},
                {"copyValue": {"entries": [{"source": "a", "target": "e"}]}},
                {"renameKeys": {"entries": [{"key": "a", "renameTo": "f"}]}},
                {"trimString": {"withKeys": ["b"]}},
                {"lowerCaseString": {"withKeys": ["b"]}},
                {"typeConverter": {"entries": [{"key": "e", "type": "integer"}]}},
            ],
            {"b": "x", "c": {"d": "v"}, "e": 1, "f": "1"},
        ),
        (
            '{"s": "a,b", "t": "x-1", "gone": 1}',
            [
                JSON,
                {"splitString": {"entries": [{"source": "s", "delimiter": ","}]}},
                {"substituteString": {"entries": [{"source": "t", "from": "x-(\\d)", "to": "y$1"}]}},
                {"deleteKeys": {"withKeys": ["gone"]}},
            ],
            {"s": ["a", "b"], "t": "y1"},
        ),
        (
            '{"l": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]}',
            [
                JSON,
                {
                    "listToMap": {
                        "source": "l",
                        "key": "k",
                        "valueKey": "v",
                        "target": "m",
                        "flatten": True,
                        "flattenedElement": "first",
                    }
                },
                {"moveKeys": {"entries": [{"source": "m", "target": "n"}]}},
            ],
            {"l": [{"k": "a", "v": 1}, {"k": "b", "v": 2}], "n": {"a": 1, "b": 2}},
        ),
        (
            '{"at": "29/Dec/2024 10:00:00 +0100"}',
            [
                JSON,
                {
                    "dateTimeConverter": {
                        "source": "at",
                        "target": "time",
                        "matchPatterns": ["dd/MMM/yyyy HH:mm:ss Z"],
                        "targetFormat": "yyyy-MM-dd'T'HH:mm:ss",
                    }
                },
            ],
            {"at": "29/Dec/2024 10:00:00 +0100", "time": "2024-12-29T09:00:00"},
        ),
    ],
)
def test_processors(made, message, processors, document):
    assert made(message, *processors) == document


def test_transformed_events_are_what_queries_and_filters_see(client, logs, put, group, now, refused):
    wrong = [{"addKeys": {"entries": [{"key": "a", "value": "b"}]}}]
    given = {"logGroupIdentifier": "app", "transformerConfig": wrong}
    assert refused(logs.put_transformer, **given)[0] == "InvalidParameterException"
    config = [{"parseKeyValue": {"fieldDelimiter": " "}}]
    logs.put_transformer(logGroupIdentifier="app", transformerConfig=config)
    assert logs.get_transformer(logGroupIdentifier="app")["transformerConfig"] == config
    put("app", "web", "level=ERROR ms=5")
    assert messages(logs.filter_log_events(logGroupName="app")) == ["level=ERROR ms=5"]  # the original
    query = logs.start_query(
        logGroupName="app", startTime=0, endTime=now() // 1000 + 60, queryString="filter ms > 4 | fields level"
    )
    (row,) = logs.get_query_results(queryId=query["queryId"])["results"]
    assert row[0] == {"field": "level", "value": "ERROR"}
    logs.delete_transformer(logGroupIdentifier="app")
    assert "transformerConfig" not in logs.get_transformer(logGroupIdentifier="app")


def test_an_account_transforms(logs, put, account_policy, now):
    account_policy("TRANSFORMER_POLICY", [JSON, {"addKeys": {"entries": [{"key": "team", "value": "a"}]}}])
    put("app", "web", '{"n": 1}')
    query = logs.start_query(logGroupName="app", startTime=0, endTime=now() // 1000 + 60, queryString="fields team, n")
    (row,) = logs.get_query_results(queryId=query["queryId"])["results"]
    assert [cell["value"] for cell in row[:2]] == ["a", "1"]
