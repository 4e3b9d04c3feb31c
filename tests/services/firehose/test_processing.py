"""What becomes of records on their way: functions, keys, delimiters, compressed logs, conversion."""

import base64
import gzip
import json

import pytest

from awsim.errors import AWSError
from awsim.services.firehose import extraction

ROLE = "arn:aws:iam::123456789012:role/app"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:transform"

pytestmark = pytest.mark.aws(at="2026-01-02T03:04:05")


def processors(*types):
    """processors(("Lambda", {"LambdaArn": "…"})) as the member of a destination."""
    return {
        "Enabled": True,
        "Processors": [
            {
                "Type": type,
                "Parameters": [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()],
            }
            for type, parameters in types
        ],
    }


def query(text):
    return ("MetadataExtraction", {"MetadataExtractionQuery": text, "JsonParsingEngine": "JQ-1.6"})


@pytest.fixture
def function(aws):
    """function(code) answers invocations; the list it returns gets their events. (Lambda's other half is not here.)"""

    def function(code):
        asked = []
        firehose = aws.service("firehose", None, None)
        call = firehose.call

        def invoke(service, operation, **parameters):
            if service != "lambda":
                return call(service, operation, **parameters)
            assert (operation, parameters["FunctionName"]) == ("Invoke", FUNCTION)
            assert (parameters["InvocationType"], parameters["as_"]) == ("RequestResponse", ROLE)
            event = json.loads(parameters["Payload"])
            asked.append(event)
            answer = code(event)
            if isinstance(answer, AWSError):
                raise answer
            return {"StatusCode": 200, "Payload": json.dumps(answer).encode()}

        firehose.call = invoke
        return asked

    return function


def failures(delivered):
    found = [
        {**json.loads(line), "key": key}
        for key, content in delivered().items()
        if "failed/" in key
        for line in content.splitlines()
    ]
    return [{**one, "rawData": base64.b64decode(one["rawData"])} for one in found]


# --- functions


@pytest.mark.rule("firehose-016")
def test_a_function_transforms_drops_and_fails_records(firehose, make, function, delivered):
    def code(event):
        records = []
        for record in event["records"]:
            data = base64.b64decode(record["data"])
            result = {b"drop": "Dropped", b"fail": "ProcessingFailed"}.get(data, "Ok")
            answer = {"recordId": record["recordId"], "result": result}
            if result == "Ok":
                answer["data"] = base64.b64encode(data.upper() + b"\n").decode()
            records.append(answer)
        return {"records": records}

    asked = function(code)
    make(interval=60, ProcessingConfiguration=processors(("Lambda", {"LambdaArn": FUNCTION})))
    data = [b"a" * 600_000, b"drop", b"fail", b"b" * 600_000]
    firehose.put_record_batch(DeliveryStreamName="clicks", Records=[{"Data": one} for one in data])
    # Batches of the buffer that a function has, a megabyte.
    assert [len(event["records"]) for event in asked] == [3, 1]
    assert set(asked[0]) == {"invocationId", "deliveryStreamArn", "region", "records"}
    assert set(asked[0]["records"][0]) == {"recordId", "approximateArrivalTimestamp", "data"}
    assert asked[0]["records"][0]["approximateArrivalTimestamp"] == 1_767_323_045_000
    (failed,) = failures(delivered)
    assert failed["key"].startswith("processing-failed/2026/01/02/03/clicks-1-")
    assert (failed["rawData"], failed["lambdaArn"]) == (b"fail", FUNCTION)
    assert failed["errorCode"] == "Lambda.ProcessingFailedStatus"
    (content,) = [content for key, content in delivered().items() if "failed/" not in key]
    assert content == b"A" * 600_000 + b"\n" + b"B" * 600_000 + b"\n"


@pytest.mark.rule("firehose-016")
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({}, "Lambda.FunctionError"),
        ("text", "Lambda.FunctionError"),
        ({"records": []}, "Lambda.MissingRecordId"),
        ({"records": [{"result": "Ok", "data": "eA=="}]}, "Lambda.MissingRecordId"),
    ],
)
def test_answers_of_functions_that_cannot_be_used(make, put, function, delivered, answer, code):
    asked = function(lambda event: answer)
    make(interval=0, ProcessingConfiguration=processors(("Lambda", {"LambdaArn": FUNCTION})))
    put(b"x")
    assert len(asked) == 1
    (failed,) = failures(delivered)
    assert (failed["errorCode"], failed["rawData"]) == (code, b"x")
    assert len(delivered()) == 1


def test_a_function_that_cannot_be_invoked_is_tried_three_times_more(make, put, function, delivered):
    asked = function(lambda event: AWSError("TooManyRequestsException", "Rate Exceeded.", status=429))
    make(interval=0, ProcessingConfiguration=processors(("Lambda", {"LambdaArn": FUNCTION})))
    put(b"x")
    assert len(asked) == 4
    (failed,) = failures(delivered)
    assert (failed["attemptsMade"], failed["errorCode"]) == (4, "TooManyRequestsException")
    assert failed["errorMessage"] == "Rate Exceeded."


def test_a_backup_holds_records_as_they_came(make, put, function, s3, delivered):
    function(lambda event: {"records": [{**one, "result": "Dropped"} for one in event["records"]]})
    s3.create_bucket(Bucket="raw")
    make(
        interval=0,
        ProcessingConfiguration=processors(("Lambda", {"LambdaArn": FUNCTION})),
        S3BackupMode="Enabled",
        S3BackupConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::raw"},
    )
    put(b"x")
    assert delivered() == {}
    assert list(delivered("raw").values()) == [b"x"]


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [("NumberOfRetries", ("0", "300"), ("-1", "301", "many")), ("BufferSizeInMBs", ("0.2", "3"), ("0.1", "3.1", "x"))],
)
def test_numbers_of_a_function(firehose, make, refused, parameter, good, bad):
    def named(value):
        return processors(("Lambda", {"LambdaArn": FUNCTION, parameter: value}))

    for value in bad:
        code, message = refused(make, ProcessingConfiguration=named(value))
        assert (code, message.startswith(f"{parameter} {value} is not valid.")) == ("InvalidArgumentException", True)
    for value in good:
        make(f"with-{value}", ProcessingConfiguration=named(value))


# --- partitions


DYNAMIC = {
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "ErrorOutputPrefix": "bad/!{firehose:error-output-type}/",
}
CUSTOMER = "customer=!{partitionKeyFromQuery:customer}/"


def test_records_lie_where_their_keys_say(aws, firehose, make, delivered):
    make(
        interval=60,
        size=64,
        Prefix=CUSTOMER + "y=!{partitionKeyFromQuery:y}/",
        ProcessingConfiguration=processors(
            ("AppendDelimiterToRecord", {"Delimiter": "\\n"}), query('{customer: .c.id, y: .t | strftime("%Y")}')
        ),
        **DYNAMIC,
    )
    records = [json.dumps({"c": {"id": n % 2}, "t": 1_565_382_027, "n": n}).encode() for n in range(4)]
    data = [*records, b"no JSON", b'{"c": {}, "t": 0}']
    firehose.put_record_batch(DeliveryStreamName="clicks", Records=[{"Data": one} for one in data])
    aws.clock.advance(minutes=1)
    found = {key.rpartition("/")[0]: content for key, content in delivered().items()}
    assert found.pop("bad/processing-failed").count(b"\n") == 2
    assert found == {
        "customer=0/y=2019": records[0] + b"\n" + records[2] + b"\n",
        "customer=1/y=2019": records[1] + b"\n" + records[3] + b"\n",
    }
    assert {one["errorCode"] for one in failures(delivered)} == {"DynamicPartitioning.MetadataExtractionFailed"}


@pytest.mark.aws(limits={"firehose.active-partitions": 2})
def test_no_more_partitions_than_allowed(aws, firehose, make, delivered):
    make(
        interval=60, size=64, Prefix=CUSTOMER, ProcessingConfiguration=processors(query("{customer}")), **DYNAMIC
    )  # fmt: skip
    data = [json.dumps({"customer": f"c{n}"}).encode() for n in range(3)]
    firehose.put_record_batch(DeliveryStreamName="clicks", Records=[{"Data": one} for one in data])
    aws.clock.advance(minutes=1)
    (failed,) = failures(delivered)
    assert failed["errorCode"] == "DynamicPartitioning.ActivePartitionsLimitExceeded"
    assert failed["rawData"] == b'{"customer": "c2"}'
    assert len(delivered()) == 3


def test_keys_can_come_from_a_function(aws, make, put, function, delivered):
    def code(event):
        (record,) = event["records"]
        keys = {"partitionKeys": {"kind": "click"}}
        return {"records": [{**record, "result": "Ok", "metadata": keys}]}

    function(code)
    make(
        interval=60,
        size=64,
        Prefix="!{partitionKeyFromLambda:kind}/",
        ProcessingConfiguration=processors(("Lambda", {"LambdaArn": FUNCTION})),
        **DYNAMIC,
    )
    put(b"x")
    aws.clock.advance(minutes=1)
    ((key, content),) = delivered().items()
    assert (key.partition("/")[0], content) == ("click", b"x")


def test_aggregated_records_are_taken_apart(aws, make, put, delivered):
    make(
        interval=60,
        size=64,
        Prefix=CUSTOMER,
        ProcessingConfiguration=processors(("RecordDeAggregation", {"SubRecordType": "JSON"}), query("{customer}")),
        **DYNAMIC,
    )
    put(b'{"customer": "a"}\n{"customer": "b"}{"customer": "a"}')
    put(b'[{"customer": "a"}]')
    aws.clock.advance(minutes=1)
    found = {key.rpartition("/")[0]: content for key, content in delivered().items()}
    assert found["customer=a"] == b'{"customer": "a"}{"customer": "a"}'
    assert found["customer=b"] == b'{"customer": "b"}'
    (failed,) = failures(delivered)
    assert failed["errorCode"] == "DynamicPartitioning.DeaggregationFailed"


def test_records_of_a_delimiter(make, put, delivered):
    delimiter = base64.b64encode(b"####").decode()
    make(
        interval=0,
        ProcessingConfiguration=processors(
            ("RecordDeAggregation", {"SubRecordType": "DELIMITED", "Delimiter": delimiter}),
            ("AppendDelimiterToRecord", {"Delimiter": "\\n"}),
        ),
    )
    put(b"a####b####")
    assert list(delivered().values()) == [b"a\nb\n"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 63}, "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled."),
        ({"Prefix": "p/"}, "Prefix must contain the partition keys when Dynamic Partitioning is enabled."),
        (
            {"ProcessingConfiguration": {"Enabled": False}},
            "A MetadataExtraction or Lambda processor is required when Dynamic Partitioning is enabled.",
        ),
        (
            {"DynamicPartitioningConfiguration": {"Enabled": False}},
            "Prefix contains the expression !{partitionKeyFromQuery:customer}, which is not valid.",
        ),
    ],
)
def test_partitioning_that_cannot_be(firehose, make, refused, change, message):
    settings = {
        "size": 64, "Prefix": CUSTOMER, "ProcessingConfiguration": processors(query("{customer}")), **DYNAMIC, **change
    }  # fmt: skip
    assert refused(make, **settings) == ("InvalidArgumentException", message)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


@pytest.mark.parametrize(
    ("text", "record", "found"),
    [
        ("{customer_id}", {"customer_id": "1"}, {"customer_id": "1"}),
        ('{a: .["x y"], b: .l[1], c: .l[-1]}', {"x y": True, "l": [1, 2, 3]}, {"a": "true", "b": "2", "c": "3"}),
        ('{"d-1": .type."device"}', {"type": {"device": "mobile"}}, {"d-1": "mobile"}),
        ('{h: .t | strftime("%Y-%m-%d/%H")}', {"t": 1_565_382_027}, {"h": "2019-08-09/20"}),
        ('{a: (.x // "none"), b: (.y + "!")}', {"y": "hi"}, {"a": "none", "b": "hi!"}),
        ("{a: .A|ascii_downcase, b: .n|tostring, c: .s|tonumber}", {"A": "X", "n": 1.5, "s": "7"},
         {"a": "x", "b": "1.5", "c": "7"}),
        ("{}", {"a": 1}, {}),
    ],
)  # fmt: skip
def test_queries(text, record, found):
    assert extraction.compiled(text)(json.dumps(record).encode()) == found


@pytest.mark.parametrize(
    ("text", "record"), [("{a: .b}", {}), ("{a: .b}", {"b": ""}), ("{a: .b}", {"b": {}}), ("{a: .b.c}", {"b": 1}),
                         ('{a: .b|strftime("%Y")}', {"b": "now"}), ("{a: .b|tonumber}", {"b": "x"})]
)  # fmt: skip
def test_records_that_have_no_key(text, record):
    with pytest.raises(extraction.Unreadable):
        extraction.compiled(text)(json.dumps(record).encode())


@pytest.mark.parametrize(
    "text", [".a", "{a: .b[]}", "{a: .b | test(1)}", "{a: .b", "{a: .b} | .a", "{a: §}", '{"\\q": .a}']
)
def test_queries_beyond_what_is_modelled_are_named(text):
    with pytest.raises(AWSError, match="awsim does not model firehose: the jq of the MetadataExtractionQuery"):
        extraction.compiled(text)


# --- logs and formats


def test_compressed_logs_are_unpacked(make, put, delivered):
    make(
        interval=0,
        ProcessingConfiguration=processors(
            ("Decompression", {"CompressionFormat": "GZIP"}),
            ("CloudWatchLogProcessing", {"DataMessageExtraction": "true"}),
        ),
    )
    logs = {"messageType": "DATA_MESSAGE", "logEvents": [{"message": "one"}, {"message": "two"}]}
    put(gzip.compress(json.dumps(logs).encode()))
    put(gzip.compress(b'{"messageType": "CONTROL_MESSAGE", "logEvents": []}'))
    assert list(delivered().values()) == [b"one\ntwo"]
    put(b"not compressed")
    (failed,) = failures(delivered)
    assert failed["errorCode"] == "Decompression.Failed"


@pytest.mark.rule("firehose-015")
def test_conversion_is_described_and_says_that_it_is_not_run(aws, firehose, make, put, refused, delivered):
    conversion = {
        "Enabled": True,
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
        "SchemaConfiguration": {"RoleARN": ROLE, "DatabaseName": "d", "TableName": "t"},
    }
    wrong = {"DataFormatConversionConfiguration": conversion}
    assert refused(make, size=64, CompressionFormat="GZIP", **wrong) == (
        "InvalidArgumentException",
        "CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.",
    )
    assert refused(make, size=63, **wrong)[1] == (
        "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled."
    )
    make(interval=60, size=64, **wrong)
    description = firehose.describe_delivery_stream(DeliveryStreamName="clicks")["DeliveryStreamDescription"]
    shown = description["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert shown["DataFormatConversionConfiguration"] == conversion
    put(b"{}")
    aws.clock.advance(minutes=1)
    (failed,) = failures(delivered)
    assert failed["key"].startswith("format-conversion-failed/")
    assert (failed["errorCode"], failed["rawData"]) == ("NotImplemented", b"{}")
