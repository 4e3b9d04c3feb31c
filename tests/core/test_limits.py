"""The limits table at work: the seven kinds, overrides and their scopes, dates, buckets, use, and undo."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from awsim.errors import AWSError, AwsimError
from awsim.limits import Limits, Tables, bounds_for, load, rates_for
from awsim.limits.buckets import Levels
from awsim.state import History
from awsim.state.undo import current

ACCOUNT, OTHER = "123456789012", "210987654321"
EAST, WEST = "us-east-1", "eu-west-1"
NOW = 1_767_225_600.0  # seconds since the epoch as tests freeze them

QUEUE = """
[message-size]
kind = "limit"
value = 1_048_576
unit = "bytes"
applies = ["SendMessage.MessageBody", "SendMessageBatch.Entries[].MessageBody"]
error = "InvalidParameterValue"
message = "Message must be shorter than {value} bytes, not {measured}: {reason}"
was = [{ until = 2010-01-01, value = 8_192 }, { until = 2025-08-04, value = 262_144 }]
source = "guide"

[batch-size]
kind = "limit"
value = 10
unit = "entries"
applies = ["*Batch.Entries"]
minimum = 1
error = "TooManyEntriesInBatchRequest"
source = "guide"

[url-length]
kind = "limit"
value = 2_048
unit = "characters"
applies = ["*.QueueUrl"]
error = "InvalidAddress"
source = "guide"

[queues]
kind = "quota"
value = 2
unit = "queues"
error = "OverLimit"
message = "{measured} queues are more than {value}."
quota_code = "L-0123ABCD"
quota_name = "Queues per Region"
adjustable = true
source = "guide"

[keys]
kind = "quota"
value = 2
unit = "keys"
per = "account"
global = true
error = "OverLimit"
status = 403
source = "guide"

[subscribers]
kind = "quota"
value = 3
unit = "subscribers"
per = "queue"
error = "OverLimit"
message = "{key} has {used} of {value}."
source = "guide"

[fifo-send]
kind = "rate"
value = 300
burst = 300
per = "queue"
error = "ThrottlingException"
message = "Rate of {value} exceeded by {key}"
source = "guide"

[group-send]
kind = "rate"
value = 10
per = "message-group"
error = "GroupThrottled"
source = "guide"

[describe-calls]
kind = "rate"
value = 20
burst = 100
operations = ["Get*", "List*"]
except = ["ListQueues"]
error = "RequestLimitExceeded"
message = "Request limit exceeded in {operation}."
status = 503
source = "guide"

[list-queues-calls]
kind = "rate"
value = 1
per = "operation"
operations = ["ListQueues", "CreateQueue"]
error = "RequestLimitExceeded"
source = "guide"

[account-calls]
kind = "rate"
value = 1000
burst = 3
per = "account"
operations = ["Tag*"]
error = "AccountThrottled"
source = "guide"

[read-lag]
kind = "lag"
value = 0.5
source = "guide"

[name-reuse]
kind = "duration"
value = 60
unit = "seconds"
error = "QueueDeletedRecently"
message = "You must wait {value} seconds."
source = "guide"

[deduplication]
kind = "interval"
value = 300
unit = "seconds"
source = "guide"

[visibility-timeout]
kind = "default"
value = 30
unit = "seconds"
source = "guide"

[encryption]
kind = "default"
value = "SSE-SQS"
source = "guide"

[smallest-exponent]
kind = "limit"
value = -130
unit = "digits"
error = "ValidationException"
source = "guide"

[redrives]
kind = "quota"
value = 100
unit = "tasks"
since = 2023-06-05
until = 2024-06-05
was = [{ until = 2023-09-01, value = 50 }]
error = "OverLimit"
source = "guide"
"""

OTHERS = """
[addresses]
kind = "quota"
value = 5
unit = "addresses"
error = "AddressLimitExceeded"
source = "guide"
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("limits")
    (folder / "queue.toml").write_text(QUEUE)
    (folder / "compute.toml").write_text(OTHERS)
    return Tables(folder)


@pytest.fixture
def make(tables: Tables):
    def limits(overrides=None, as_of=None, **modes) -> Limits:
        return Limits(overrides, as_of, tables=tables, **modes)

    return limits


@pytest.fixture
def limits(make) -> Limits:
    return make()


def refused(call, *arguments, **fields) -> AWSError:
    with pytest.raises(AWSError) as caught:
        call(*arguments, **fields)
    return caught.value


# -- the table


def test_rows_hold_what_the_file_says(tables):
    row = tables.load("queue")["message-size"]
    assert (row.service, row.name, row.kind, row.value, row.unit) == (
        "queue",
        "message-size",
        "limit",
        1048576,
        "bytes",
    )
    assert row.was == ((date(2010, 1, 1), 8192), (date(2025, 8, 4), 262144))
    assert row.full_name == "queue.message-size"
    queues = tables.load("queue")["queues"]
    assert (queues.quota_code, queues.quota_name, queues.adjustable, queues.global_) == (
        "L-0123ABCD",
        "Queues per Region",
        True,
        False,
    )
    assert (queues.per, tables.load("queue")["keys"].per, tables.load("queue")["keys"].global_) == (
        "account-region",
        "account",
        True,
    )


def test_a_file_is_read_once(tables):
    assert tables.load("queue") is tables.load("queue")
    assert tables.services() == ["compute", "queue"]


def test_import_reads_nothing():
    program = """import sys, awsim.limits
print([name for name in ("tomllib", "difflib", "awsim.limits.reading") if name in sys.modules])"""
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_the_shipped_table():
    assert load("sqs")["message-size"].at(date(2025, 8, 3)) == 262144
    assert load("sqs")["message-size"].at(date(2025, 8, 4)) == 1048576
    assert [row.name for row in bounds_for("sqs", "SendMessage").get("MessageBody", ())] == ["message-size"]
    assert rates_for("sqs", "NoSuchOperation") == ()


def test_bounds_by_operation_and_member(tables):
    def names(operation):
        return {member: [row.name for row in rows] for member, rows in tables.bounds_for("queue", operation).items()}

    assert names("SendMessage") == {"MessageBody": ["message-size"], "QueueUrl": ["url-length"]}
    assert names("SendMessageBatch") == {
        "Entries[].MessageBody": ["message-size"],
        "Entries": ["batch-size"],
        "QueueUrl": ["url-length"],
    }
    assert names("ListQueues") == {"QueueUrl": ["url-length"]}
    assert tables.bounds_for("queue", "SendMessage") is tables.bounds_for("queue", "SendMessage")
    assert tables.bounds_for("no-table", "SendMessage") == {}
    assert tables.load("queue")["batch-size"].minimum == 1


def test_rates_by_operation(tables):
    def names(operation):
        return [row.name for row in tables.rates_for("queue", operation)]

    assert names("GetQueueUrl") == ["describe-calls"]
    assert names("ListQueues") == ["list-queues-calls"]
    assert names("SendMessage") == []
    assert tables.rates_for("no-table", "SendMessage") == ()


# -- kinds and modes


@pytest.mark.parametrize("on", [False, True])
def test_rates_lags_and_durations_hold_in_their_mode_only(make, on):
    for mode, name in (("rates", "fifo-send"), ("lags", "read-lag"), ("durations", "name-reuse")):
        limits = make(**{mode: on})
        assert limits.active(f"queue.{name}") is on
        others = {"fifo-send", "read-lag", "name-reuse"} - {name}
        assert not any(limits.active(f"queue.{other}") for other in others)
    limits = make(lags=on, durations=on)
    service = limits.for_service("queue", ACCOUNT, EAST)
    assert service.lag("read-lag") == (0.5 if on else 0)
    assert service.duration("name-reuse") == (60 if on else 0)
    assert limits["queue.name-reuse"] == service["name-reuse"] == 60


def test_all_other_kinds_always_hold(limits):
    for name in ("message-size", "queues", "deduplication", "visibility-timeout"):
        assert limits.active(f"queue.{name}")
    service = limits.for_service("queue", ACCOUNT, EAST)
    assert (service["deduplication"], service.get("visibility-timeout"), service["encryption"]) == (300, 30, "SSE-SQS")


def test_an_override_switches_a_row_on_whatever_the_mode(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    assert (service.lag("read-lag"), service.duration("name-reuse")) == (0, 0)
    limits["queue.read-lag"] = 5
    limits["queue.name-reuse"] = 7
    limits["queue.fifo-send"] = 1
    assert (service.lag("read-lag"), service.duration("name-reuse")) == (5, 7)
    service.rate("fifo-send", "jobs", now=NOW)
    assert refused(service.rate, "fifo-send", "jobs", now=NOW).code == "ThrottlingException"
    assert limits.active("queue.fifo-send")
    assert not limits.active("queue.group-send")


def test_none_lifts(make):
    limits = make(
        {"queue.message-size": None, "queue.queues": None, "queue.fifo-send": None, "queue.name-reuse": None},
        rates=True,
        durations=True,
    )
    service = limits.for_service("queue", ACCOUNT, EAST)
    assert service["message-size"] is None
    assert limits["queue.message-size"] is None
    service.check("message-size", 10**9)
    service.quota("queues", 10**9)
    service.rate("fifo-send", "jobs", 10**9, now=NOW)
    assert service.duration("name-reuse") == 0
    assert not limits.active("queue.message-size")
    assert not limits.active("queue.fifo-send")


def test_check_refuses_beyond_the_value_only(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    service.check("message-size", 1048576)
    error = refused(service.check, "message-size", 1048577, reason="too long")
    assert (error.code, error.status) == ("InvalidParameterValue", None)
    assert error.message == "Message must be shorter than 1048576 bytes, not 1048577: too long"


def test_messages_stand_fields_that_are_not_given_and_whole_floats(limits):
    limits["queue.message-size"] = 1024.0
    service = limits.for_service("queue", ACCOUNT, EAST)
    assert refused(service.check, "message-size", 1025.5).message == (
        "Message must be shorter than 1024 bytes, not 1025.5: {reason}"
    )


def test_error_is_the_rows_own(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    assert str(service.error("name-reuse")) == "QueueDeletedRecently: You must wait 60 seconds."
    assert service.error("keys").status == 403
    with pytest.raises(AwsimError, match=r"queue\.deduplication has no error"):
        service.error("deduplication")


def test_quota_refuses_the_one_too_many(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    service.quota("queues", 0)
    service.quota("queues", 1)
    error = refused(service.quota, "queues", 2)
    assert str(error) == "OverLimit: 3 queues are more than 2."
    error = refused(service.quota, "queues", 1, adding=2)
    assert str(error) == "OverLimit: 3 queues are more than 2."
    error = refused(service.quota, "subscribers", 3, "jobs")
    assert error.message == "jobs has 3 of 3."


def test_lowering_below_use_refuses_only_the_next(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    service.quota("queues", 1)
    limits["queue.queues"] = 1
    assert refused(service.quota, "queues", 2).code == "OverLimit"
    (usage,) = limits.usage()
    assert (usage.used, usage.allowed, usage.headroom) == (2, 1, 0)
    service.quota("queues", 0)


def test_a_limit_may_lie_below_zero(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    assert service["smallest-exponent"] == -130
    limits["queue.smallest-exponent"] = -5
    assert service["smallest-exponent"] == -5


# -- dates


@pytest.mark.parametrize(
    ("as_of", "value"),
    [
        (date(2009, 12, 31), 8192),
        (date(2010, 1, 1), 262144),
        ("2025-08-03", 262144),
        (datetime(2025, 8, 4, 12), 1048576),
        (None, 1048576),
    ],
)
def test_as_of_picks_the_value_of_the_day(make, as_of, value):
    limits = make(as_of=as_of)
    assert limits["queue.message-size"] == value
    limits.for_service("queue", ACCOUNT, EAST).check("message-size", value)
    assert refused(limits.for_service("queue", ACCOUNT, EAST).check, "message-size", value + 1)


@pytest.mark.parametrize(
    ("as_of", "value"),
    [
        ("2023-06-04", None),
        ("2023-06-05", 50),
        ("2023-09-01", 100),
        ("2024-06-04", 100),
        ("2024-06-05", None),
        (None, None),
    ],
)
def test_a_row_exists_from_since_until_until(make, as_of, value):
    assert make(as_of=as_of)["queue.redrives"] == value


def test_an_override_wins_over_the_date(make):
    assert make({"queue.redrives": 7}, "2020-01-01")["queue.redrives"] == 7


@pytest.mark.parametrize("as_of", ["yesterday", 2024])
def test_a_wrong_date_is_an_error_of_awsim(make, as_of):
    with pytest.raises(AwsimError, match="2024-01-31"):
        make(as_of=as_of)


# -- overrides and scopes


def test_assignment_takes_hold_at_once_and_can_be_taken_back(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    assert service["message-size"] == 1048576
    limits["queue.message-size"] = 1024
    assert service["message-size"] == limits["queue.message-size"] == 1024
    limits["queue.message-size"] = 2048
    assert service["message-size"] == 2048
    del limits["queue.message-size"]
    assert service["message-size"] == 1048576
    with pytest.raises(AwsimError, match="overridden are: none"):
        del limits["queue.message-size"]


def test_the_narrower_scope_wins(limits):
    limits.of(ACCOUNT, EAST)["queue.queues"] = 10
    limits.of(ACCOUNT)["queue.queues"] = 20
    limits.of(region=EAST)["queue.queues"] = 30
    limits["queue.queues"] = 40
    values = {
        (account, region): limits.for_service("queue", account, region)["queues"]
        for account in (ACCOUNT, OTHER)
        for region in (EAST, WEST)
    }
    assert values == {(ACCOUNT, EAST): 10, (ACCOUNT, WEST): 20, (OTHER, EAST): 30, (OTHER, WEST): 40}
    assert limits.of(ACCOUNT, EAST)["queue.queues"] == 10
    assert limits.of(ACCOUNT).of(region=EAST)["queue.queues"] == 10
    assert limits.of(ACCOUNT)["queue.queues"] == 20
    assert limits["queue.queues"] == 40
    del limits.of(ACCOUNT, EAST)["queue.queues"]
    assert limits.of(ACCOUNT, EAST)["queue.queues"] == 20


def test_an_override_of_one_scope_switches_on_nothing_elsewhere(limits):
    limits.of(ACCOUNT, EAST)["queue.name-reuse"] = 5
    assert limits.for_service("queue", ACCOUNT, EAST).duration("name-reuse") == 5
    assert limits.for_service("queue", OTHER, EAST).duration("name-reuse") == 0
    assert limits.of(ACCOUNT, EAST).active("queue.name-reuse")
    assert not limits.active("queue.name-reuse")


@pytest.mark.parametrize("order", [1, -1])
def test_in_one_mapping_the_narrower_name_wins_in_any_order(make, order):
    overrides = [("*", None), ("queue.*", None), ("queue.*-send", 9), ("queue.fifo-send", 8), ("queue.queues", 7)]
    limits = make(dict(overrides[::order]))
    names = ("queues", "message-size", "group-send", "fifo-send")
    assert [limits[f"queue.{name}"] for name in names] == [7, None, 9, 8]


def test_assigning_again_and_again_keeps_one_override(limits):
    for number in range(100):
        limits["queue.queues"] = number
    assert len(limits._settings.overrides) == 1


def test_of_assignments_the_last_wins(limits):
    limits["queue.queues"] = 7
    limits["queue.*"] = None
    assert limits["queue.queues"] is None
    limits["queue.queues"] = 8
    assert limits["queue.queues"] == 8


def test_a_pattern_lifts_bounds_but_not_what_services_work_with(make):
    limits = make({"*": None}, rates=True, lags=True, durations=True)
    service = limits.for_service("queue", ACCOUNT, EAST)
    lifted = {"message-size", "queues", "fifo-send", "read-lag", "name-reuse"}
    assert all(service[name] is None for name in lifted)
    assert (service["deduplication"], service["visibility-timeout"]) == (300, 30)
    assert limits["compute.addresses"] is None
    assert make({"compute.*": None})["queue.queues"] == 2


def test_a_pattern_sets_rows_of_one_kind(limits):
    limits["queue.*-send"] = 5
    assert (limits["queue.fifo-send"], limits["queue.group-send"]) == (5, 5)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("queue.mesage-size", 1, 'did you mean "queue.message-size"'),
        ("queu.message-size", 1, 'no limits table for "queu": did you mean "queue"'),
        ("message-size", 1, 'did you mean "queue.message-size"'),
        ("queue.url", 1, 'did you mean "queue.url-length"'),
        ("queue.mesage-*", None, 'no limit matches "queue.mesage-*"'),
        ("queu.*", None, 'did you mean "queue"'),
        (7, 1, 'as in "sqs.message-size"'),
        ("queue.message-size", -1, "is negative; assign a number of bytes, as in 1048576, or None to lift it"),
        ("queue.message-size", "1 MB", "is no number; assign a number of bytes"),
        ("queue.message-size", True, "is no number"),
        ("queue.message-size", float("nan"), "is not finite"),
        ("queue.message-size", float("inf"), "is not finite"),
        ("queue.encryption", 5, "is no string; assign a string like 'SSE-SQS'"),
        ("queue.visibility-timeout", None, "cannot be lifted: assign a value"),
        ("queue.deduplication", None, "cannot be lifted: assign a value (0 for no time)"),
        ("queue.*", 5, "assign None to lift them, or a number to the rows one by one"),
    ],
)
def test_a_wrong_override_says_what_to_write(make, limits, name, value, says):
    for attempt in (lambda: make({name: value}), lambda: limits.__setitem__(name, value)):
        with pytest.raises(AwsimError) as caught:
            attempt()
        assert says in str(caught.value)
    assert limits["queue.message-size"] == 1048576


def test_overrides_are_a_mapping(make):
    with pytest.raises(AwsimError, match="limits are a mapping"):
        make([("queue.queues", 1)])


def test_unknown_names_in_services(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    calls = (
        lambda: service["mesage-size"],
        lambda: service.check("mesage-size", 1),
        lambda: service.quota("mesage-size", 1),
        lambda: service.used("mesage-size", 1),
        lambda: service.rate("mesage-size", now=NOW),
        lambda: service.duration("mesage-size"),
        lambda: service.row("mesage-size"),
        lambda: service.error("mesage-size"),
        lambda: limits["queue.mesage-size"],
        lambda: limits.row("queue.mesage-size"),
    )
    for call in calls:
        with pytest.raises(AwsimError, match=r'no limit "queue\.mesage-size": did you mean "queue\.message-size"'):
            call()


def test_a_service_without_a_table_is_not_throttled_but_has_no_limits(make):
    service = make(rates=True).for_service("nothing", ACCOUNT, EAST)
    service.throttle("DescribeInstances", now=NOW)
    with pytest.raises(AwsimError, match='no limits table for "nothing"'):
        service["anything"]


# -- rates


@pytest.fixture
def throttled(make):
    return make(rates=True).for_service("queue", ACCOUNT, EAST)


def passes(service, name, key, amount=1, *, now, at_most=100_000) -> int:
    """How many calls pass at one time before one is refused."""
    for count in range(at_most):
        try:
            service.rate(name, key, amount, now=now)
        except AWSError:
            return count
    return at_most


def test_a_bucket_holds_its_burst_and_refills_continuously(throttled):
    assert passes(throttled, "fifo-send", "jobs", now=NOW) == 300
    assert passes(throttled, "fifo-send", "jobs", now=NOW + 1 / 600) == 0
    assert passes(throttled, "fifo-send", "jobs", now=NOW + 1 / 300) == 1
    assert passes(throttled, "fifo-send", "jobs", now=NOW + 0.5) == 149
    assert passes(throttled, "fifo-send", "jobs", now=NOW + 3600) == 300
    error = refused(throttled.rate, "fifo-send", "jobs", now=NOW + 3600)
    assert str(error) == "ThrottlingException: Rate of 300 exceeded by jobs"


def test_each_key_and_each_scope_has_its_bucket(make):
    limits = make(rates=True)
    east, west = (limits.for_service("queue", ACCOUNT, region) for region in (EAST, WEST))
    assert passes(east, "group-send", "a", now=NOW) == 10
    assert passes(east, "group-send", "b", now=NOW) == 10
    assert passes(west, "group-send", "a", now=NOW) == 10


def test_amounts_weigh(throttled):
    assert passes(throttled, "group-send", "a", 4, now=NOW) == 2
    assert passes(throttled, "group-send", "a", 2, now=NOW) == 1
    throttled.rate("group-send", "b", 0.5, now=NOW)
    assert passes(throttled, "group-send", "b", now=NOW) == 9


def test_an_amount_above_the_burst_needs_a_full_bucket_and_leaves_it_in_debt(throttled):
    throttled.rate("group-send", "a", 25, now=NOW)
    assert throttled.retry_after("group-send", "a", now=NOW) == pytest.approx(1.6, abs=1e-4)
    assert passes(throttled, "group-send", "a", now=NOW + 1.5) == 0
    assert passes(throttled, "group-send", "a", now=NOW + 1.6) == 1
    assert refused(throttled.rate, "group-send", "a", 25, now=NOW + 1.7)


def test_a_refusal_takes_nothing(throttled):
    throttled.rate("group-send", "a", 8, now=NOW)
    assert refused(throttled.rate, "group-send", "a", 3, now=NOW)
    throttled.rate("group-send", "a", 2, now=NOW)


def test_retry_after_is_when_it_passes(throttled):
    assert throttled.retry_after("fifo-send", "jobs", now=NOW) == 0
    assert passes(throttled, "fifo-send", "jobs", now=NOW) == 300
    for amount in (1, 7, 299):
        wait = throttled.retry_after("fifo-send", "jobs", amount, now=NOW)
        assert wait == pytest.approx(amount / 300, abs=2e-6)
    throttled.rate("fifo-send", "jobs", 7, now=NOW + throttled.retry_after("fifo-send", "jobs", 7, now=NOW))


def test_retry_after_where_nothing_holds_or_nothing_ever_passes(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    assert service.retry_after("fifo-send", "jobs", now=NOW) == 0
    limits["queue.fifo-send"] = 0
    assert refused(service.rate, "fifo-send", "jobs", now=NOW)
    assert refused(service.rate, "fifo-send", "jobs", now=NOW + 10**6)
    assert service.retry_after("fifo-send", "jobs", now=NOW) == float("inf")


def test_several_buckets_are_taken_from_together_or_not_at_all(throttled):
    both = [("fifo-send", "jobs", 1), ("group-send", "jobs/a", 6)]
    throttled.rates(both, now=NOW)
    assert refused(throttled.rates, both, now=NOW).code == "GroupThrottled"
    assert passes(throttled, "fifo-send", "jobs", now=NOW) == 299
    assert refused(throttled.rates, both[::-1], now=NOW).code == "GroupThrottled"
    assert passes(throttled, "group-send", "jobs/a", now=NOW) == 4


def test_the_same_bucket_twice_in_one_use_counts_twice(throttled):
    assert refused(throttled.rates, [("group-send", "a", 6), ("group-send", "a", 6)], now=NOW).code == "GroupThrottled"
    throttled.rates([("group-send", "a", 5), ("group-send", "a", 5)], now=NOW)
    assert passes(throttled, "group-send", "a", now=NOW) == 0


def test_overriding_a_rate_scales_its_burst(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    limits["queue.describe-calls"] = 2
    assert passes(service, "describe-calls", "", now=NOW) == 10
    limits["queue.describe-calls"] = 0.01
    assert passes(service, "describe-calls", "x", now=NOW) == 1


def test_the_callers_own_capacity_replaces_the_rows_unless_overridden(make):
    limits = make(rates=True)
    service = limits.for_service("queue", ACCOUNT, EAST)

    def count(key, **capacity):
        for passed in range(1000):
            try:
                service.rate("group-send", key, now=NOW, **capacity)
            except AWSError as error:
                return passed, error
        raise AssertionError

    assert count("table", value=2, burst=50)[0] == 50
    assert service.retry_after("group-send", "table", now=NOW, value=2, burst=50) == pytest.approx(0.5, abs=1e-4)
    assert count("other", value=5)[0] == 5
    limits["queue.group-send"] = 3
    assert count("third", value=2, burst=50)[0] == 3


def test_api_rates_by_operation(make):
    limits = make(rates=True)
    service = limits.for_service("queue", ACCOUNT, EAST)
    for number in range(100):
        service.throttle("GetQueueUrl" if number % 2 else "ListQueueTags", now=NOW)
    error = refused(service.throttle, "GetQueueAttributes", now=NOW)
    assert (error.code, error.message, error.status) == (
        "RequestLimitExceeded",
        "Request limit exceeded in GetQueueAttributes.",
        503,
    )
    service.throttle("ListQueues", now=NOW)
    service.throttle("CreateQueue", now=NOW)  # a bucket for each operation
    assert refused(service.throttle, "ListQueues", now=NOW)
    service.throttle("SendMessage", now=NOW)
    service.throttle("GetQueueUrl", now=NOW + 0.05)


def test_api_rates_are_off_without_throttling(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    for _ in range(200):
        service.throttle("ListQueues", now=NOW)
    assert limits.usage() == []


def test_a_rate_per_account_is_shared_by_its_regions(make):
    limits = make(rates=True)
    for region in (EAST, WEST, EAST):
        limits.for_service("queue", ACCOUNT, region).throttle("TagQueue", now=NOW)
    assert refused(limits.for_service("queue", ACCOUNT, WEST).throttle, "TagQueue", now=NOW).code == "AccountThrottled"
    limits.for_service("queue", OTHER, WEST).throttle("TagQueue", now=NOW)


def test_full_buckets_are_thrown_away():
    levels = Levels()
    for number in range(100_000):
        levels.put(f"group {number}", 9, 10, 10, NOW + number)
    assert len(levels) <= 4096
    for number in range(10_000):
        levels.put(f"busy {number}", 0, 10, 10, NOW + 100_000)
    assert levels.tokens("busy 0", 10, 10, NOW + 100_000) == 0


def test_a_rate_is_asked_of_a_rate_row_only(make):
    service = make(durations=True).for_service("queue", ACCOUNT, EAST)
    with pytest.raises(AwsimError, match="of kind duration, not a rate"):
        service.rate("name-reuse", now=NOW)


# -- use


def test_usage_of_what_was_touched(make):
    limits = make(rates=True)
    assert limits.usage() == []
    east, west = (limits.for_service("queue", ACCOUNT, region) for region in (EAST, WEST))
    east.check("message-size", 1000)
    east.check("message-size", 5000)
    east.check("message-size", 10)
    east.quota("queues", 0)
    east.quota("queues", 1)
    west.quota("queues", 0)
    east.quota("subscribers", 0, "jobs")
    west.quota("keys", 0)
    east.rate("group-send", "a", 4, now=NOW)
    east.rate("group-send", "a", 4, now=NOW + 0.2)
    shown = {(usage.name, usage.scope): (usage.used, usage.allowed, usage.headroom) for usage in limits.usage()}
    assert shown == {
        ("queue.group-send", f"{ACCOUNT} {EAST} a"): (6, 10, 4),
        ("queue.keys", ACCOUNT): (1, 2, 1),
        ("queue.message-size", f"{ACCOUNT} {EAST}"): (5000, 1048576, 1043576),
        ("queue.queues", f"{ACCOUNT} {EAST}"): (2, 2, 0),
        ("queue.queues", f"{ACCOUNT} {WEST}"): (1, 2, 1),
        ("queue.subscribers", f"{ACCOUNT} {EAST} jobs"): (1, 3, 2),
    }
    assert [(usage.name, usage.scope) for usage in limits.usage()] == sorted(shown)
    assert {usage.name for usage in limits.of(ACCOUNT, WEST).usage()} == {"queue.queues", "queue.keys"}
    assert limits.of(OTHER).usage() == []


def test_usage_goes_down_again_and_remembers_its_peak(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    service.quota("queues", 1)
    service.used("queues", 1)
    (usage,) = limits.usage()
    assert (usage.used, usage.peak, usage.headroom, usage.kind, usage.unit) == (1, 2, 1, "quota", "queues")


def test_what_was_only_refused_was_touched_too(limits):
    service = limits.for_service("queue", ACCOUNT, EAST)
    refused(service.check, "message-size", 10**7)
    refused(service.quota, "queues", 2)
    limits["queue.queues"] = None
    size, queues = limits.usage()
    assert (size.name, size.used, size.headroom) == ("queue.message-size", 0, 1048576)
    assert (queues.used, queues.allowed, queues.headroom) == (2, None, None)


# -- undo


@pytest.fixture
def history():
    yield History()
    current.log = None


def test_a_restore_brings_overrides_buckets_and_use_back(make, history):
    limits = make(rates=True)
    service = limits.for_service("queue", ACCOUNT, EAST)
    service.check("message-size", 100)
    limits["queue.queues"] = 5
    mark = history.mark()
    current.log = history.log
    limits["queue.queues"] = 6
    limits["queue.message-size"] = 50
    limits.for_service("queue", ACCOUNT, WEST).quota("queues", 0)
    limits.for_service("queue", ACCOUNT, WEST).check("url-length", 7)
    assert passes(service, "group-send", "a", now=NOW) == 10
    assert refused(service.check, "message-size", 51)
    assert service["queues"] == 6
    history.restore(mark)
    current.log = history.log
    assert (service["queues"], service["message-size"]) == (5, 1048576)
    assert [(usage.name, usage.used) for usage in limits.usage()] == [("queue.message-size", 100)]
    # The same number of changes as before the restore, but others: nothing of then is still in force.
    limits["queue.queues"] = 9
    limits["queue.message-size"] = 70
    assert (service["queues"], service["message-size"]) == (9, 70)
    assert passes(service, "group-send", "a", now=NOW) == 10


def test_overrides_are_changed_inside_the_guard(tables):
    entered = []

    class Guard:
        def __enter__(self):
            entered.append(limits["queue.queues"])

        def __exit__(self, *exception):
            entered.append(limits["queue.queues"])

    limits = Limits(tables=tables, guard=Guard)
    limits["queue.queues"] = 9
    assert entered == [2, 9]
    del limits["queue.queues"]
    assert entered == [2, 9, 9, 2]


# -- what a file may hold

ROW = {"kind": '"limit"', "value": "1", "unit": '"bytes"', "error": '"E"', "source": '"guide"'}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"valeu": "1"}, '`valeu` is no key of a row; did you mean "value"?'),
        ({"value": None}, "`value` is missing"),
        ({"kind": None}, "`kind` is missing"),
        ({"source": None}, "`source` is missing"),
        ({"unit": None}, "`unit` is missing"),
        ({"error": None}, "`error` is missing: what does AWS answer beyond this limit?"),
        ({"kind": '"limt"'}, 'is none of limit, quota, rate, lag, duration, interval, default; did you mean "limit"?'),
        ({"kind": "1"}, "is none of limit"),
        ({"value": '"1 MB"'}, "is no number; write a number"),
        ({"value": "true"}, "is no number"),
        ({"value": "nan"}, "is not finite"),
        ({"value": "[1]"}, "is no number"),
        ({"kind": '"quota"', "value": "-1"}, "is negative"),
        ({"unit": '"byte"'}, 'write "bytes"'),
        ({"unit": '""'}, 'what is counted, as in "bytes"'),
        ({"kind": '"duration"', "unit": '"minutes"'}, 'write "seconds" and the value of this duration in seconds'),
        ({"kind": '"rate"', "unit": '"requests per second"'}, "a rate is always per second"),
        ({"kind": '"rate"', "unit": '"requests"', "burst": "0"}, "1 or more"),
        ({"kind": '"rate"', "unit": '"requests"', "burst": '"big"'}, "write a number"),
        ({"burst": "5"}, "`burst` belongs to rows of kind rate, not to a limit"),
        ({"per": '"queue"'}, "`per` belongs to rows of kind quota or rate"),
        ({"kind": '"quota"', "per": '"Queue Name"'}, '"account-region" or the parent'),
        ({"kind": '"quota"', "applies": '["A.B"]'}, "`applies` belongs to rows of kind limit"),
        ({"applies": '["MessageBody"]'}, "SendMessage.MessageBody"),
        ({"applies": '"A.B"'}, "write a list of strings"),
        ({"applies": "[]"}, "write a list of strings"),
        ({"minimum": "2"}, "`minimum` is above `value`"),
        ({"kind": '"rate"', "unit": '"requests"', "operations": '["A"]', "per": '"queue"'}, 'not "queue"'),
        ({"kind": '"rate"', "unit": '"requests"', "except": '["A"]'}, "`operations`, which is missing"),
        ({"status": "200"}, "an HTTP status from 400 to 599"),
        ({"message": '"{value"'}, "`message` does not format"),
        ({"message": '"[a-z]{1,3}"'}, "braces of the text itself are doubled"),
        ({"kind": '"lag"', "unit": '"seconds"', "error": None, "message": '"x"'}, "need the `error`"),
        ({"was": "[]"}, "oldest first"),
        ({"was": '[{ until = "2020-01-01", value = 1 }]'}, "oldest first"),
        ({"was": "[{ until = 2020-01-01 }]"}, "oldest first"),
        ({"was": '[{ until = 2020-01-01, value = "8 KB" }]'}, "is no number"),
        ({"was": "[{ until = 2020-01-01, value = 1 }, { until = 2019-01-01, value = 2 }]"}, "dates ascend"),
        ({"since": '"2020-01-01"'}, "a date, as in 2025-08-04, without quotes"),
        ({"since": "2020-01-01", "until": "2020-01-01"}, "`since` must be before `until`"),
        ({"quota_code": '"L-1"'}, "a code of Service Quotas"),
        ({"adjustable": '"yes"'}, "write true or false"),
    ],
)
def test_a_malformed_row_says_where_and_what_to_write(tmp_path: Path, changes, says):
    keys = {key: value for key, value in {**ROW, **changes}.items() if value is not None}
    (tmp_path / "queue.toml").write_text("[size]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items()))
    with pytest.raises(AwsimError) as caught:
        Tables(tmp_path).load("queue")
    assert str(caught.value).startswith("queue.toml [size]: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[size", "queue.toml is not valid TOML"),
        ("size = 1", "`size` stands outside of a row"),
        ("[Message_Size]\nkind = 'limit'", "is no name: lower-case words joined by dashes"),
    ],
)
def test_a_malformed_file(tmp_path: Path, text, says):
    (tmp_path / "queue.toml").write_text(text)
    with pytest.raises(AwsimError) as caught:
        Limits(tables=Tables(tmp_path))["queue.size"]
    assert says in str(caught.value)


def test_the_row_that_the_malformed_ones_are_made_of_is_well_formed(tmp_path: Path):
    (tmp_path / "queue.toml").write_text("[size]\n" + "\n".join(f"{key} = {value}" for key, value in ROW.items()))
    assert Tables(tmp_path).load("queue")["size"].value == 1


def test_a_rate_that_is_overridden_holds_though_rates_are_off():
    from awsim.cloud import Cloud
    from awsim.errors import AWSError

    cloud = Cloud()
    datum = {"Namespace": "shop", "MetricData": [{"MetricName": "orders", "Value": 1}]}
    for _ in range(3):
        cloud.call("cloudwatch", "PutMetricData", **datum)
    cloud.limits["cloudwatch.put-metric-data-rate"] = 1
    with pytest.raises(AWSError) as caught:
        for _ in range(3):
            cloud.call("cloudwatch", "PutMetricData", **datum)
    assert caught.value.code == "Throttling"
