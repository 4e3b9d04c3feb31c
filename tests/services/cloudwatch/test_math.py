"""GetMetricData: queries, expressions, searches, pages, labels."""

from datetime import timedelta

import pytest

from awsim.services.cloudwatch.math import parsing
from awsim.services.cloudwatch.math.series import MathError

pytestmark = pytest.mark.aws(at="2026-01-01T12:00:00")
NAMESPACE = "My/App"


def metric(id_, name="x", stat="Sum", period=60, dimensions=None, **more):
    listed = [{"Name": key, "Value": value} for key, value in (dimensions or {}).items()]
    of = {"Namespace": NAMESPACE, "MetricName": name, "Dimensions": listed}
    return {"Id": id_, "MetricStat": {"Metric": of, "Period": period, "Stat": stat}, **more}


@pytest.fixture
def read(aws, cloudwatch):
    """The results of queries over the ten minutes before 12:00, oldest first."""

    def run(*queries, **more):
        given = {
            "StartTime": aws.clock.now() - timedelta(minutes=10),
            "EndTime": aws.clock.now(),
            "ScanBy": "TimestampAscending",
            **more,
        }
        return cloudwatch.get_metric_data(MetricDataQueries=list(queries), **given)["MetricDataResults"]

    return run


@pytest.fixture
def fill(aws, put):
    """Values of a metric at 11:50, 11:51 …; None leaves a minute out."""

    def send(*values, name="x", **dimensions):
        for minute, value in enumerate(values):
            if value is not None:
                when = aws.clock.now() - timedelta(minutes=10 - minute)
                put(value, name, Timestamp=when, dimensions=dimensions)

    return send


@pytest.fixture
def computed(read, fill):
    """The values of an expression over m1 = 1 2 4 - 8 and m2 = 2 2 2 2 0."""

    def run(expression):
        fill(1, 2, 4, None, 8, name="x")
        fill(2, 2, 2, 2, 0, name="y")
        hidden = [metric("m1", "x", ReturnData=False), metric("m2", "y", ReturnData=False)]
        return [result["Values"] for result in read(*hidden, {"Id": "e", "Expression": expression})]

    return run


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("m1 + m2", [3, 4, 6, 8]),
        ("m1 / m2", [0.5, 1, 2]),
        ("-m1 + 2 * m2 ^ 2", [7, 6, 4, -8]),
        ("2 ^ 3 ^ 2 + 0 * m1", [512, 512, 512, 512]),
        ("(m1 > 2) AND (m2 == 2)", [0, 0, 1, 0]),
        ("m1 >= 2 || m2 == 0", [0, 1, 1, 1]),
        ("ABS(1 - m1)", [0, 1, 3, 7]),
        ("CEIL(m1 / 3)", [1, 1, 2, 3]),
        ("FLOOR(m1 / 3)", [0, 0, 1, 2]),
        ("SUM([m1, m2])", [3, 4, 6, 2, 8]),
        ("MAX([m1,m2]) - MIN([m1,m2])", [1, 0, 2, 0, 8]),
        ("m1 / SUM(m1) * 15", [1, 2, 4, 8]),
        ("m1 - AVG(METRICS())", [-0.5, 0, 1, 4]),
        ("SUM(METRICS('2'))", [2, 2, 2, 2, 0]),
        ("RUNNING_SUM(m1)", [1, 3, 7, 15]),
        ("DIFF(m1)", [1, 2, 4]),
        ("DIFF_TIME(m1)", [60, 60, 120]),
        ("RATE(m1) * 60", [1, 2, 2]),
        ("FILL(m1, 0)", [1, 2, 4, 0, 8, 0, 0, 0, 0, 0]),
        ("FILL(m1, REPEAT)", [1, 2, 4, 4, 8, 8, 8, 8, 8, 8]),
        ("FILL(m1, LINEAR)", [1, 2, 4, 6, 8]),
        ("IF(m1 > 2, m1, 0)", [0, 0, 4, 8]),
        ("IF(m1 > 2, m2)", [2, 0]),
        ("IF(METRIC_COUNT(METRICS()) == 2, m1, m2)", [1, 2, 4, 8]),
        ("PERIOD(m1) + 0 * m1", [60, 60, 60, 60]),
        ("DATAPOINT_COUNT(m1) + 0 * m1", [4, 4, 4, 4]),
        ("DATAPOINT_COUNT([m1, m2])", [2, 2, 2, 1, 2]),
        ("TIME_SERIES(7)", [7] * 10),
        ("MINUTE(m1)", [50, 51, 52, 54]),
        ("HOUR(m1) * 100 + DATE(m1) + MONTH(m1) + DAY(m1)", [1106] * 4),
        ("LOG10(m1 * 0 + 100)", [2, 2, 2, 2]),
        ("FIRST([m1, m2])", [1, 2, 4, 8]),
        ("LAST([m1, m2])", [2, 2, 2, 2, 0]),
        ("FIRST(SORT([m1, m2], MAX, ASC))", [2, 2, 2, 2, 0]),
        ("LAST(SLICE([m1, m2], 0, 1))", [1, 2, 4, 8]),
        ("STDDEV([m1, m2])", [0.5, 0, 1, 0, 4]),
    ],
)
def test_expressions(computed, expression, values):
    assert computed(expression) == [pytest.approx(values)]


def test_arrays_of_series(computed):
    assert computed("METRICS() * 10") == [[10, 20, 40, 80], [20, 20, 20, 20, 0]]
    assert len(computed("SORT(METRICS(), SUM, DESC, 1)")) == 1


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("m1 +", "Error in expression 'e': Unexpected end"),
        ("m1 + m9", "Error in expression 'e': Unrecognized metric or expression: m9"),
        ("NOTHING(m1)", "Error in expression 'e': Unknown function: NOTHING"),
        ("AVG(m1)", "does not return a time series"),
        ("[m1,m2] + [m1,m2]", "does not take two arrays"),
        ("e + 1", "depends on itself"),
        ("RATE(m1, 2)", "does not take 2 arguments"),
    ],
)
def test_expressions_that_are_refused(computed, refused, expression, message):
    with refused("ValidationError") as caught:
        computed(expression)
    assert message in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([metric("M1")], "MetricDataQueries.member.1.Id is invalid"),
        ([metric("m"), metric("m")], "not unique"),
        ([{"Id": "m"}], "must be specified"),
        ([metric("m", ReturnData=False)], "must return data"),
        ([metric("m", stat="Median")], "The value Median for parameter MetricDataQueries.member.1.MetricStat.Stat"),
        ([metric("m", period=45)], "any multiple of 60"),
        ([metric(f"m{number}") for number in range(501)], "greater than 500"),
    ],
)
def test_queries_that_are_refused(read, refused, queries, message):
    with refused("ValidationError") as caught:
        read(*queries)
    assert message in caught.value.response["Error"]["Message"]


def test_a_search(read, fill):
    fill(1, name="CPUUtilization", InstanceId="i-1")
    fill(2, name="CPUUtilization", InstanceId="i-2")
    fill(4, name="DiskReadOps", InstanceId="i-1")
    fill(8, name="CPUUtilization", InstanceId="i-1", AutoScalingGroupName="g")

    def found(text):
        return sorted(result["Values"][0] for result in read({"Id": "s", "Expression": f"SEARCH('{text}', 'Sum', 60)"}))

    assert found('{My/App,InstanceId} MetricName="CPUUtilization"') == [1, 2]
    assert found("{My/App,InstanceId} cpu") == [1, 2]
    assert found("cpu i-1") == [1, 8]
    assert found("{My/App,InstanceId} NOT cpu") == [4]
    assert found('{My/App,InstanceId} MetricName=("CPUUtilization" OR "DiskReadOps") InstanceId="i-1"') == [1, 4]
    (total,) = read({"Id": "s", "Expression": "SUM(SEARCH('{My/App,InstanceId} cpu', 'Sum', 60))"})
    assert total["Values"] == [3]


def test_metrics_insights(read, fill):
    fill(1, 1, name="calls", api="a", zone="1")
    fill(2, 4, name="calls", api="b", zone="1")
    fill(8, name="calls", api="b", zone="2")

    def rows(text):
        return [(result["Label"], result["Values"]) for result in read({"Id": "q", "Expression": text, "Period": 60})]

    assert rows('SELECT SUM(calls) FROM "My/App"') == [("q", [11, 5])]
    by_api = 'SELECT SUM(calls) FROM SCHEMA("My/App", api, zone) GROUP BY api ORDER BY SUM() DESC'
    assert rows(by_api) == [("b", [10, 4]), ("a", [1, 1])]
    assert rows(f"{by_api} LIMIT 1") == [("b", [10, 4])]
    assert rows("SELECT MAX(calls) FROM \"My/App\" WHERE zone != '2' AND api = 'b'") == [("q", [2, 4])]


def test_pages(aws, cloudwatch, fill):
    fill(1, 2, 3, name="x")
    fill(4, 5, name="y")
    asked = {
        "MetricDataQueries": [metric("a", "x"), metric("b", "y")],
        "StartTime": aws.clock.now() - timedelta(minutes=10),
        "EndTime": aws.clock.now(),
        "MaxDatapoints": 2,
    }
    first = cloudwatch.get_metric_data(**asked)
    (cut,) = first["MetricDataResults"]
    assert (cut["Id"], cut["Values"], cut["StatusCode"]) == ("a", [3, 2], "PartialData")
    second = cloudwatch.get_metric_data(**asked, NextToken=first["NextToken"])
    assert [(result["Id"], result["Values"]) for result in second["MetricDataResults"]] == [("a", [1]), ("b", [5])]
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        **{key: value for key, value in asked.items() if key != "MaxDatapoints"},
        PaginationConfig={"PageSize": 1},
    )
    values = [value for page in pages for result in page["MetricDataResults"] for value in result["Values"]]
    assert values == [3, 2, 1, 5, 4]
    with pytest.raises(cloudwatch.exceptions.InvalidNextToken):
        cloudwatch.get_metric_data(**asked, NextToken="mine")


def test_labels(read, fill):
    fill(1, 3, InstanceId="i-1")
    of = {"dimensions": {"InstanceId": "i-1"}}
    results = read(
        metric("a", **of),
        metric("b", Label="cpu", **of),
        metric("c", Label="${PROP('Dim.InstanceId')} ${LABEL} ${PROP('Stat')} ${AVG}/${MAX} ${LAST_TIME}", **of),
        {"Id": "d", "Expression": "a * 2", "Label": "sum ${SUM} in ${PROP('Region')}"},
        {"Id": "e", "Expression": "METRICS()", "Label": "all"},
        LabelOptions={"Timezone": "+0130"},
    )
    assert [result["Label"] for result in results[:4]] == [
        "x",
        "cpu",
        "i-1 x Sum 2/3 2026-01-01 13:21:00",
        "sum 8 in us-east-1",
    ]
    assert results[4]["Label"] == "all x"


def test_newest_first_by_default(aws, cloudwatch, fill):
    fill(1, 2, 3)
    (result,) = cloudwatch.get_metric_data(
        MetricDataQueries=[metric("m")], StartTime=aws.clock.now() - timedelta(minutes=10), EndTime=aws.clock.now()
    )["MetricDataResults"]
    assert result["Values"] == [3, 2, 1]
    assert result["StatusCode"] == "Complete"


@pytest.mark.parametrize("text", ["1 +", "((1)", "f(1", "'abc", "1 $ 2", "[m1", "AND"])
def test_broken_expressions(text):
    with pytest.raises(MathError):
        parsing.parse(text)


def test_what_an_expression_names():
    assert parsing.references("m1 + MAX([m2, e3]) - FILL(m1, REPEAT)") == {"m1", "m2", "e3", "REPEAT"}
    assert parsing.references("SUM(METRICS())") == {"*"}
