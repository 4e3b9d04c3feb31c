"""The report of a pytest run, and the policy of what was called."""

import html.parser
import json
import textwrap

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim import Cloud
from awsim.report import Limit, Recorder, duration, lines, page

pytest_plugins = ["pytester"]

SUITE = """
    import boto3, pytest
    from botocore.exceptions import ClientError
    from awsim import mock_aws

    sqs = boto3.client("sqs", region_name="us-east-1")

    def test_waits(aws):
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)

    @pytest.mark.aws(limits={"sqs.message-size": 100})
    def test_sends(aws):
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x" * 90)
        with pytest.raises(ClientError):
            sqs.send_message(QueueUrl=url, MessageBody="x" * 101)

    @mock_aws
    class TestClass:
        @pytest.fixture(scope="class", autouse=True)
        def prepared(self):
            sqs.create_queue(QueueName="shared")

        def test_throttled(self):
            from awsim import intercept
            with intercept.active().faults.add("sqs:ListQueues", error="ThrottlingException", times=1):
                sqs.list_queues()

    def test_without_aws(): pass
"""


@pytest.fixture
def suite(pytester):
    def run(*arguments):
        pytester.makepyfile(textwrap.dedent(SUITE))
        without = [part for name in ("cacheprovider", "randomly", "hypothesispytest") for part in ("-p", f"no:{name}")]
        return pytester.runpytest_inprocess(*without, *arguments)

    return run


EXPECTED = [
    "*3 tests on AWS, 8 calls, 1 errors, 1 throttles, * virtual time skipped",
    "calls",
    "        3  sqs:CreateQueue",
    "        2  sqs:ListQueues",
    "        2  sqs:SendMessage",
    "        1  sqs:ReceiveMessage",
    "errors met",
    "        1  sqs:SendMessage InvalidParameterValue",
    "throttles met",
    "        1  sqs:ListQueues ThrottlingException",
    "limits, nearest first",
    "      90%  sqs.message-size  90 of 100 bytes",
    "slowest tests by virtual time",
    "     20 s  *::test_waits",
]


def test_nothing_is_said_unless_asked_for(suite):
    result = suite()
    result.assert_outcomes(passed=4)
    assert "tests on AWS" not in result.stdout.str()
    assert Cloud.observer is None


def test_the_summary(suite):
    result = suite("--awsim-report")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(EXPECTED)
    assert Cloud.observer is None


def test_the_summary_covers_all_workers(suite):
    pytest.importorskip("xdist")
    result = suite("--awsim-report=aws.html", "-n", "2")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(EXPECTED)
    result.stdout.fnmatch_lines(["the whole of it: *aws.html"])


class Reader(html.parser.HTMLParser):
    """The text of a page; fails on tags that are not closed and on anything that is fetched from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words = [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert not {"src", "href"} & {name for name, _ in attributes}
        assert tag != "script"
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())


def test_the_page_is_whole_and_alone(suite, pytester):
    suite("--awsim-report=reports/aws.html")
    text = (pytester.path / "reports" / "aws.html").read_text("utf-8")
    assert "http" not in text
    assert "@import" not in text
    words = Reader(text).words
    for heading in (
        "Calls by service", "Calls by operation", "Errors met", "Throttles met", "Limits, nearest first",
        "Slowest tests by virtual time skipped",
    ):  # fmt: skip
        assert heading in words
    assert words[words.index("sqs.message-size") + 1] == "90 of 100 bytes"
    assert words[words.index("sqs:SendMessage InvalidParameterValue") + 1] == "1"


def test_what_tests_are_called_is_text_and_nothing_else():
    recorder = Recorder()
    recorder.test = "test_it[<script>alert(1)</script>&]"
    recorder.jumped(5)
    text = page(recorder)
    assert "<script>" not in text
    assert recorder.test in Reader(text).words


def test_an_empty_run_has_a_page_and_a_summary_too():
    assert next(lines(Recorder())) == "0 tests on AWS, 0 calls, 0 errors, 0 throttles, 0 s virtual time skipped"
    assert Reader(page(Recorder())).words.count("none") == 6


def test_merging_keeps_the_nearest_limit_and_sums_the_rest():
    one, other = Recorder(), Recorder()
    for recorder, peak in ((one, 3.0), (other, 9.0)):
        recorder.test = "t"
        recorder.calls["sqs:SendMessage"] = 2
        recorder.errors["sqs:SendMessage", "X"] = 1
        recorder.tests.add("t")
        recorder.jumped(1.5)
        recorder._near(Limit("sqs.batch-entries", "1 us-east-1", peak, 10, "entries"))
    one.merge(json.loads(json.dumps(other.data())))
    assert one.calls == {"sqs:SendMessage": 4}
    assert one.errors == {("sqs:SendMessage", "X"): 2}
    assert [limit.peak for limit in one.nearest] == [9]
    assert one.slowest == [("t", 3.0)]
    assert one.tests == {"t"}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0251, "0.0251 s"),
        (59, "59 s"),
        (60, "1 min"),
        (250, "4 min 10 s"),
        (3_600, "1 h"),
        (90_000, "1 d 1 h"),
        (1_209_600, "14 d"),
    ],
)
def test_times_are_said_as_somebody_would(seconds, words):
    assert duration(seconds) == words


# --- aws.calls.policy()


def test_the_least_privilege_policy(aws):
    sqs = boto3.client("sqs", region_name="eu-west-1")
    s3 = boto3.client("s3", region_name="us-east-1")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    for _ in range(2):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.receive_message(QueueUrl=url)
    s3.create_bucket(Bucket="reports")
    s3.put_object(Bucket="reports", Key="a/b.csv", Body=b"x")
    with pytest.raises(ClientError):
        s3.get_object(Bucket="reports", Key="none")
    policy = aws.calls.policy()
    assert policy["Version"] == "2012-10-17"
    granted = {
        (action, resource)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    queue = "arn:aws:sqs:eu-west-1:123456789012:orders"
    assert granted >= {
        ("sqs:CreateQueue", queue),
        ("sqs:SendMessage", queue),
        ("sqs:ReceiveMessage", queue),
        ("s3:CreateBucket", "arn:aws:s3:::reports"),
        ("s3:PutObject", "arn:aws:s3:::reports/a/b.csv"),
        ("s3:GetObject", "arn:aws:s3:::reports/none"),
    }
    assert all(statement["Effect"] == "Allow" for statement in policy["Statement"])
    assert sum("sqs:SendMessage" in statement["Action"] for statement in policy["Statement"]) == 1
    json.dumps(policy)


def test_nothing_called_nothing_granted(aws):
    assert aws.calls.policy() == {"Version": "2012-10-17", "Statement": []}
