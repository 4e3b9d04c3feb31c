"""SelectObjectContent: SQL over CSV, JSON and Parquet, answered as an event stream."""

import bz2
import gzip
import json
import sys

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim import mock_aws

PEOPLE = b'name,age,city\nann,30,Rome\nbob,41,Oslo\n"cy, jr",9,\n'
USE = {"CSV": {"FileHeaderInfo": "USE"}}
LINES = {"JSON": {"Type": "LINES"}}
DOCUMENT = {"JSON": {"Type": "DOCUMENT"}}
ROWS = b'{"id":1,"tags":["a","b"],"n":null}\n{"id":2.5,"at":{"x":"y"}}\n{"id":3}\n'

needs_duckdb = pytest.mark.skipif("not __import__('importlib.util').util.find_spec('duckdb')")


@pytest.fixture
def aws():
    """An account that used S3 Select before it was closed."""
    with mock_aws(limits={"s3.select-closed": 0}) as aws:
        yield aws


@pytest.fixture
def run(s3, bucket):
    """`run(expression, data, input, output)`: (payload, names of the events, details of Stats)."""

    def run(expression, data=PEOPLE, source=USE, target=None, **more):
        s3.put_object(Bucket=bucket, Key="k", Body=data)
        answer = s3.select_object_content(
            Bucket=bucket,
            Key="k",
            Expression=expression,
            ExpressionType="SQL",
            InputSerialization=source,
            OutputSerialization=target or {"CSV": {}},
            **more,
        )
        events = list(answer["Payload"])
        names = [next(iter(event)) for event in events]
        payload = b"".join(event["Records"]["Payload"] for event in events if "Records" in event)
        details = next(event["Stats"]["Details"] for event in events if "Stats" in event)
        return payload, names, details

    return run


@pytest.fixture
def select(run):
    return lambda *args, **more: run(*args, **more)[0]


# --- open or closed


@pytest.mark.rule("s3-166")
def test_select_is_closed_today():
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="reports")
        s3.put_object(Bucket="reports", Key="k", Body=PEOPLE)
        asked = {
            "Bucket": "reports",
            "Key": "k",
            "Expression": "SELECT * FROM S3Object",
            "ExpressionType": "SQL",
            "InputSerialization": USE,
            "OutputSerialization": {"CSV": {}},
        }
        with pytest.raises(ClientError) as caught:
            s3.select_object_content(**asked)
        response = caught.value.response
        assert response["Error"]["Code"] == "MethodNotAllowed"
        assert response["Error"]["Message"] == "The specified method is not allowed against this resource."
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 405


@pytest.mark.rule("s3-166")
@needs_duckdb
def test_select_was_open_before_july_2024():
    with mock_aws(as_of="2024-07-01"):
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="reports")
        s3.put_object(Bucket="reports", Key="k", Body=PEOPLE)
        answer = s3.select_object_content(
            Bucket="reports",
            Key="k",
            Expression="SELECT * FROM S3Object LIMIT 1",
            ExpressionType="SQL",
            InputSerialization=USE,
            OutputSerialization={"CSV": {}},
        )
        assert next(iter(answer["Payload"]))["Records"]["Payload"] == b"ann,30,Rome\n"


def test_without_duckdb_the_error_names_the_extra(run, monkeypatch):
    from awsim.services.s3.select import sql

    sql.duckdb.cache_clear()
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ClientError, match=r"pip install awsim\[sql\]") as caught:
        run("SELECT count(*) FROM S3Object")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    sql.duckdb.cache_clear()


# --- the stream


@pytest.mark.rule("s3-166")
def test_the_events_of_a_stream(run):
    payload, names, details = run("SELECT * FROM S3Object")
    assert payload == b'ann,30,Rome\nbob,41,Oslo\n"cy, jr",9,\n'
    assert names == ["Records", "Stats", "End"]
    assert details == {"BytesScanned": len(PEOPLE), "BytesProcessed": len(PEOPLE), "BytesReturned": len(payload)}


def test_progress_is_reported_when_asked_for(run):
    _, names, _ = run("SELECT * FROM S3Object", RequestProgress={"Enabled": True})
    assert names == ["Records", "Progress", "Stats", "End"]


@needs_duckdb
def test_nothing_found_is_no_record(run):
    payload, names, _ = run("SELECT * FROM S3Object WHERE name = 'zoe'")
    assert (payload, names) == (b"", ["Stats", "End"])


def test_large_answers_come_in_pieces(run):
    data = b"".join(b"%d,%s\n" % (n, b"x" * 90) for n in range(2000))
    payload, names, _ = run("SELECT * FROM S3Object", data, {"CSV": {}})
    assert payload == data
    assert names.count("Records") > 1


def test_aws_may_split_records_and_pause():
    with mock_aws(limits={"s3.select-closed": 0}, replay="s3.select-frames#1=1,s3.select-continues#1=1"):
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="reports")
        s3.put_object(Bucket="reports", Key="k", Body=PEOPLE)
        answer = s3.select_object_content(
            Bucket="reports",
            Key="k",
            Expression="SELECT * FROM S3Object",
            ExpressionType="SQL",
            InputSerialization=USE,
            OutputSerialization={"CSV": {}},
        )
        names = [next(iter(event)) for event in answer["Payload"]]
        assert names == ["Cont", "Records", "Records", "Stats", "End"]


# --- expressions


@pytest.mark.rule("s3-167")
@needs_duckdb
@pytest.mark.parametrize(
    "condition,found",
    [
        ("CAST(s.age AS INT) > 10", b"ann\nbob\n"),
        ("s.city = 'Oslo'", b"bob\n"),
        ("s.name LIKE 'c%' OR s.city IN ('Rome', 'Bern')", b'ann\n"cy, jr"\n'),
        ("NOT (s.city IS NULL) AND CHAR_LENGTH(s.city) = 4 AND s._2 <> '41'", b"ann\n"),
        ("CAST(s.age AS FLOAT) BETWEEN 30 AND 41.5", b"ann\nbob\n"),
        ("s.city = ''", b'"cy, jr"\n'),
    ],
)
def test_rows_are_filtered(select, condition, found):
    assert select(f"SELECT s.name FROM S3Object s WHERE {condition}") == found


@pytest.mark.rule("s3-168")
def test_columns_are_picked(select):
    assert select("SELECT s.city, s.name FROM S3Object s") == b'Rome,ann\nOslo,bob\n,"cy, jr"\n'
    assert select('SELECT "name" FROM S3Object LIMIT 1') == b"ann\n"
    assert select("SELECT _3, _1 FROM s3object LIMIT 1", source={"CSV": {"FileHeaderInfo": "IGNORE"}}) == b"Rome,ann\n"
    assert select("SELECT s._1 FROM S3Object AS s LIMIT 2", source={"CSV": {}}) == b"name\nann\n"


@needs_duckdb
def test_functions_and_aggregates(select):
    json_out = {"JSON": {}}
    assert select("SELECT COUNT(*) FROM S3Object") == b"3\n"
    assert json.loads(
        select("SELECT MAX(CAST(age AS INT)) AS oldest, AVG(CAST(age AS FLOAT)) FROM S3Object", target=json_out)
    ) == {"oldest": 41, "_2": 80 / 3}
    assert select("SELECT UPPER(name) || '!' FROM S3Object LIMIT 1") == b"ANN!\n"
    assert (
        select("SELECT SUBSTRING(name FROM 1 FOR 2), TRIM(LEADING 'b' FROM name) FROM S3Object WHERE _1 = 'bob'")
        == b"bo,ob\n"
    )
    assert select("SELECT COALESCE(NULLIF(city, ''), '-') FROM S3Object WHERE CAST(age AS INT) < 10") == b"-\n"
    assert select("SELECT CASE WHEN CAST(age AS INT) > 18 THEN 'a' ELSE 'm' END FROM S3Object") == b"a\na\nm\n"


@needs_duckdb
def test_times(select, aws):
    assert select("SELECT EXTRACT(YEAR FROM TO_TIMESTAMP('2020-02-01T10:00:00Z')) FROM S3Object LIMIT 1") == b"2020\n"
    assert (
        select("SELECT DATE_DIFF(day, TO_TIMESTAMP('2020-01-30'), TO_TIMESTAMP('2020-02-01')) FROM S3Object LIMIT 1")
        == b"2\n"
    )
    assert (
        select("SELECT TO_STRING(DATE_ADD(month, 1, TO_TIMESTAMP('2020-01-31')), 'y-M-dd') FROM S3Object LIMIT 1")
        == b"2020-2-29\n"
    )
    year = select("SELECT EXTRACT(YEAR FROM UTCNOW()) FROM S3Object LIMIT 1")
    assert int(year) == aws.clock.now().year


@needs_duckdb
def test_paths_into_json(select):
    assert select("SELECT s.id, s.tags[1] FROM S3Object s WHERE s.tags IS NOT MISSING", ROWS, LINES) == b"1,b\n"
    assert select("SELECT s.n FROM S3Object s", ROWS, LINES, {"JSON": {}}) == b'{"n":null}\n{}\n{}\n'
    assert select("SELECT d.at.x FROM S3Object d WHERE d.id > 2", ROWS, LINES) == b"y\n\n"
    assert select("SELECT t FROM S3Object[*].tags[*] t", ROWS, LINES, {"JSON": {}}) == b'{"t":"a"}\n{"t":"b"}\n'
    assert select("SELECT * FROM S3Object s LIMIT 1", ROWS, LINES, {"JSON": {}}) == ROWS.splitlines()[0] + b"\n"
    ids = b'{"rules":[{"id":"1"},{"if":2},{"id":"3"}]}'
    assert select("SELECT id FROM S3Object[*].rules[*].id", ids, LINES, {"JSON": {"RecordDelimiter": ","}}) == (
        b'{"id":"1"},{},{"id":"3"},'
    )
    document = json.dumps({"rules": [{"id": "1", "if": "x"}, {"id": "2"}]}, indent=2).encode()
    found = select("SELECT r.id FROM S3Object[*].rules[*] r WHERE r.\"if\" = 'x'", document, DOCUMENT, {"JSON": {}})
    assert found == b'{"id":"1"}\n'
    assert select("SELECT * FROM S3Object[*]", b'[{"a":1},{"a":2}]', DOCUMENT, {"JSON": {}}) == b'{"a":1}\n{"a":2}\n'


@needs_duckdb
def test_parquet(select, tmp_path):
    import duckdb

    path = tmp_path / "people.parquet"
    duckdb.sql(f"COPY (SELECT * FROM (VALUES ('ann', 30), ('bob', 41)) AS t(name, age)) TO '{path}'")
    data = path.read_bytes()
    found = select("SELECT p.name, p.age FROM S3Object p WHERE p.age > 35", data, {"Parquet": {}}, {"JSON": {}})
    assert found == b'{"name":"bob","age":41}\n'
    with pytest.raises(ClientError, match="ParquetParsingError"):
        select("SELECT * FROM S3Object", PEOPLE, {"Parquet": {}})


# --- serializations


def test_packed_objects(run):
    for kind, pack in (("GZIP", gzip.compress), ("BZIP2", bz2.compress)):
        packed = pack(PEOPLE)
        source = {**USE, "CompressionType": kind}
        payload, _, details = run("SELECT name FROM S3Object LIMIT 1", packed, source)
        assert payload == b"ann\n"
        assert (details["BytesScanned"], details["BytesProcessed"]) == (len(packed), len(PEOPLE))
        with pytest.raises(ClientError, match="InvalidCompressionFormat"):
            run("SELECT name FROM S3Object", PEOPLE, source)


def test_other_delimiters_and_quotes(select):
    source = {"CSV": {"FieldDelimiter": ";", "RecordDelimiter": "@", "QuoteCharacter": "'", "Comments": "#"}}
    data = b"#note@a;'b;''c'@d;e@"
    target = {"CSV": {"FieldDelimiter": "|", "RecordDelimiter": "\n", "QuoteFields": "ALWAYS"}}
    assert select("SELECT * FROM S3Object", data, source, target) == b'"a"|"b;\'c"\n"d"|"e"\n'
    escaped = {"CSV": {"QuoteEscapeCharacter": "\\"}}
    assert select("SELECT _1 FROM S3Object", b'"a\\"b",c\n', escaped, {"JSON": {}}) == b'{"_1":"a\\"b"}\n'
    across = {"CSV": {"AllowQuotedRecordDelimiter": True}}
    assert select("SELECT _2 FROM S3Object", b'1,"a\nb"\n', across, {"JSON": {"RecordDelimiter": ";"}}) == (
        b'{"_2":"a\\nb"};'
    )
    with pytest.raises(ClientError, match="CSVEscapingRecordDelimiter"):
        select("SELECT _2 FROM S3Object", b'1,"a\nb"\n', {"CSV": {}})


def test_records_that_begin_in_a_range(select):
    data = b"aaa\nbbb\nccc\nddd\n"
    for scan, found in (
        ({"Start": 4, "End": 9}, b"bbb\nccc\n"),
        ({"Start": 5}, b"ccc\nddd\n"),
        ({"End": 4}, b"ddd\n"),
    ):
        assert select("SELECT * FROM S3Object", data, {"CSV": {}}, ScanRange=scan) == found


# --- refusals


@pytest.mark.rule("s3-166")
@pytest.mark.parametrize(
    "expression,code",
    [
        ("SELECT", "ParseUnexpectedToken"),
        ("SELEC * FROM S3Object", "ParseUnexpectedToken"),
        ("SELECT * FROM other", "ParseUnexpectedToken"),
        ("SELECT * FROM S3Object ORDER BY name", "ParseUnexpectedToken"),
        ("SELECT * FROM S3Object LIMIT x", "ParseUnexpectedToken"),
        ("SELECT * FROM S3Object WHERE", "ParseUnexpectedToken"),
        ("SELECT name, * FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"),
        ("SELECT md5(name) FROM S3Object", "UnsupportedFunction"),
        ("SELECT CAST(name AS money) FROM S3Object", "InvalidDataType"),
        ("SELECT height FROM S3Object", "MissingHeaders"),
        ("SELECT ? FROM S3Object", "LexerInvalidChar"),
    ],
)
def test_bad_expressions(select, expression, code):
    with pytest.raises(ClientError) as caught:
        select(expression)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@needs_duckdb
def test_a_cast_that_fails(select):
    with pytest.raises(ClientError, match="CastFailed"):
        select("SELECT CAST(name AS INT) FROM S3Object")


def test_the_message_says_where(select, refused):
    with refused("ParseUnexpectedToken", 'Unexpected token found IDENTIFIER:"SELEC" at line 1, column 1.'):
        select("SELEC * FROM S3Object")


def test_bad_requests(s3, bucket, refused, run):
    s3.put_object(Bucket=bucket, Key="k", Body=PEOPLE)
    good = {
        "Bucket": bucket,
        "Key": "k",
        "Expression": "SELECT * FROM S3Object",
        "ExpressionType": "SQL",
        "InputSerialization": USE,
        "OutputSerialization": {"CSV": {}},
    }
    with refused("InvalidExpressionType", "The ExpressionType is invalid. Only SQL expressions are supported."):
        s3.select_object_content(**{**good, "ExpressionType": "SPARQL"})
    with refused("MissingRequiredParameter"):
        s3.select_object_content(**{**good, "InputSerialization": {}})
    with refused("ObjectSerializationConflict"):
        s3.select_object_content(**{**good, "InputSerialization": {**USE, **LINES}})
    with refused("ObjectSerializationConflict"):
        s3.select_object_content(**{**good, "OutputSerialization": {"CSV": {}, "JSON": {}}})
    with refused("NoSuchKey", "The specified key does not exist.", 404, Key="none"):
        s3.select_object_content(**{**good, "Key": "none"})
    with refused("ExpressionTooLong"):
        s3.select_object_content(**{**good, "Expression": good["Expression"] + " " * 262_144})
    with refused("JSONParsingError"):
        s3.select_object_content(**{**good, "InputSerialization": LINES})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 1_048_577)
    with refused("OverMaxRecordSize"):
        s3.select_object_content(**{**good, "InputSerialization": {"CSV": {}}})


def test_an_object_under_a_customers_key(s3, refused, aws):
    aws.limits["s3.customer-keys-blocked"] = 0
    s3.create_bucket(Bucket="keys")
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0" * 32}
    s3.put_object(Bucket="keys", Key="k", Body=PEOPLE, **key)
    asked = {
        "Bucket": "keys",
        "Key": "k",
        "Expression": "SELECT name FROM S3Object LIMIT 1",
        "ExpressionType": "SQL",
        "InputSerialization": USE,
        "OutputSerialization": {"CSV": {}},
    }
    answer = s3.select_object_content(**asked, **key)
    assert next(iter(answer["Payload"]))["Records"]["Payload"] == b"ann\n"
    with refused("InvalidRequest"):
        s3.select_object_content(**asked)


# --- from archives


def archived(s3, expression):
    s3.create_bucket(Bucket="archive")
    s3.create_bucket(Bucket="found")
    s3.put_object(Bucket="archive", Key="people.csv", Body=PEOPLE, StorageClass="GLACIER")
    answer = s3.restore_object(
        Bucket="archive",
        Key="people.csv",
        RestoreRequest={
            "Type": "SELECT",
            "Tier": "Expedited",
            "SelectParameters": {
                "Expression": expression,
                "ExpressionType": "SQL",
                "InputSerialization": USE,
                "OutputSerialization": {"CSV": {}},
            },
            "OutputLocation": {"S3": {"BucketName": "found", "Prefix": "out"}},
        },
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    return answer["RestoreOutputPath"]


def contents(s3, path):
    """What lies under a path: name below it -> bytes."""
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="found", Prefix=path)["Contents"]]
    return {key[len(path) + 1 :]: s3.get_object(Bucket="found", Key=key)["Body"].read() for key in keys}


@pytest.mark.rule("s3-169")
def test_an_archive_is_asked_while_it_is_restored():
    with mock_aws(limits={"s3.select-closed": 0}, lifecycle="timed") as aws:
        s3 = boto3.client("s3", region_name="us-east-1")
        path = archived(s3, "SELECT name FROM S3Object LIMIT 1")
        assert path.startswith("out/")
        assert list(contents(s3, path)) == ["job.txt"]
        aws.clock.advance(minutes=6)
        found = contents(s3, path)
        assert found["job.txt"] == b"SELECT name FROM S3Object LIMIT 1"
        result = next(name for name in found if name.startswith("results/"))
        assert found[result] == b"ann\n"
        assert found["result_manifest.txt"].decode() == f"{path}/{result}\n"
        with pytest.raises(ClientError, match="InvalidObjectState"):
            s3.get_object(Bucket="archive", Key="people.csv")


@pytest.mark.rule("s3-169")
def test_what_is_wrong_with_an_archive_is_written_too():
    with mock_aws(limits={"s3.select-closed": 0}):
        s3 = boto3.client("s3", region_name="us-east-1")
        path = archived(s3, "SELECT height FROM S3Object")
        found = contents(s3, path)
        problem = next(text for name, text in found.items() if name.startswith("errors/"))
        assert problem.startswith(b"MissingHeaders: ")
        assert "error_manifest.txt" in found


@pytest.mark.rule("s3-169")
def test_archives_are_not_asked_today():
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        with pytest.raises(ClientError, match="MethodNotAllowed"):
            archived(s3, "SELECT * FROM S3Object")
