"""Logs Insights: the query language, the life of a query, saved queries."""

import json

import pytest

from tests.services.logs.conftest import ACCOUNT, GROUP

APP = {"logGroupName": "app"}


@pytest.fixture
def ask(aws, logs, now):
    """ask("stats count(*)") -> its results as dictionaries without @ptr."""

    def ask(query, **more):
        more = more or APP
        started = logs.start_query(
            startTime=now() // 1000 - 86_400, endTime=now() // 1000 + 86_400, queryString=query, **more
        )
        answer = logs.get_query_results(queryId=started["queryId"])
        assert answer["status"] == "Complete"
        rows = [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
        for row in rows:
            row.pop("@ptr", None)
        return rows

    return ask


@pytest.fixture
def shop(put):
    """Six orders, a second apart, the oldest first."""
    for number in range(6):
        level, user = ("ERROR", "ann") if number % 2 else ("INFO", "bob")
        order = {"level": level, "ms": number * 10, "user": {"name": user, "tags": ["a", str(number)]}}
        put("app", f"s{number % 2}", json.dumps(order), ago=6 - number)


@pytest.mark.rule("logs-015")
@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_the_life_of_a_query(aws, logs, put, now, refused):
    put("app", "web", "one", "two")
    between = {"startTime": now() // 1000, "endTime": now() // 1000}
    id = logs.start_query(**APP, **between, queryString="fields @message")["queryId"]
    seen = []
    for _ in range(3):
        answer = logs.get_query_results(queryId=id)
        seen.append((answer["status"], len(answer["results"])))
        aws.clock.advance(seconds=2)
    assert seen == [("Scheduled", 0), ("Running", 0), ("Complete", 2)]
    answer = logs.get_query_results(queryId=id)
    assert answer["statistics"]["recordsMatched"] == answer["statistics"]["recordsScanned"] == 2
    assert answer["statistics"]["bytesScanned"] == 58

    stopped = logs.start_query(**APP, **between, queryString="limit 1")["queryId"]
    assert logs.stop_query(queryId=stopped)["success"] is True
    assert logs.get_query_results(queryId=stopped)["status"] == "Cancelled"
    assert refused(logs.stop_query, queryId=stopped)[0] == "InvalidParameterException"
    found = logs.describe_queries(logGroupName="app", status="Complete")["queries"]
    assert [each["queryId"] for each in found] == [id]
    aws.clock.advance(seconds=8 * 86_400)
    assert refused(logs.get_query_results, queryId=id)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("fields @timestamp | count()", "unexpected symbol found count at line 1 and position 20"),
        ("fields @message\n| filter level =", "unexpected symbol found the end of the query at line 2 and position 16"),
        ("stats count(* by level", "unexpected symbol found by at line 1 and position 14"),
        ("fields nothing(@message)", "unexpected symbol found nothing at line 1 and position 7"),
        ('parse @message "* *" as a', "unexpected symbol found * * at line 1 and position 15"),
        ("limit x", "unexpected symbol found x at line 1 and position 6"),
    ],
)
def test_what_is_no_query(logs, put, now, refused, query, message):
    put("app", "web", "x")
    asked = {**APP, "startTime": 0, "endTime": now(), "queryString": query}
    assert refused(logs.start_query, **asked) == ("MalformedQueryException", message)
    assert logs.describe_queries()["queries"] == []


@pytest.mark.aws(at="2026-01-01")
def test_fields_filter_sort_limit(shop, ask):
    query = 'fields @timestamp, user.name, user.tags.1 | filter level = "ERROR" | sort ms desc | limit 2'
    assert ask(query) == [
        {"@timestamp": "2025-12-31 23:59:59.000", "user.name": "ann", "user.tags.1": "5"},
        {"@timestamp": "2025-12-31 23:59:57.000", "user.name": "ann", "user.tags.1": "3"},
    ]
    (row,) = ask("filter ms = 10 | fields @logStream, @log, @message")
    assert (row["@logStream"], row["@log"]) == ("s1", f"{ACCOUNT}:app") and '"ms": 10' in row["@message"]
    assert [row["@message"][:10] for row in ask("limit 1")] == ['{"level": ']


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ms > 20 and ms <= 40", [30, 40]),
        ("ms < 10 or ms >= 50", [0, 50]),
        ("not (level = 'INFO')", [10, 30, 50]),
        ("level != 'INFO'", [10, 30, 50]),
        ("ms in [0, 30]", [0, 30]),
        ("ms not in [0, 30] and ms < 30", [10, 20]),
        ("user.name like 'an'", [10, 30, 50]),
        ("user.name not like /^a/", [0, 20, 40]),
        ("@message like /(?i)error/", [10, 30, 50]),
        ("user.name =~ /b$/ and ms % 20 = 0", [0, 20, 40]),
        ("ispresent(user.name) and not ispresent(other) and ms = 0", [0]),
        ("other = 1 or other != 1", []),
        ("other not like 'x' or other not in [1]", []),
        ("ms * 2 + 10 = 50", [20]),
        ("2 ^ 3 * 10 - 30 = ms", [50]),
    ],
)
def test_conditions(shop, ask, condition, expected):
    assert [int(row["ms"]) for row in ask(f"filter {condition} | fields ms | sort ms asc")] == expected


@pytest.mark.aws(at="2026-01-01")
def test_stats(shop, ask):
    assert ask("stats count(*) as n, avg(ms), sum(ms) / count(*) as mean by level | sort level") == [
        {"level": "ERROR", "n": "3", "avg(ms)": "30", "mean": "30"},
        {"level": "INFO", "n": "3", "avg(ms)": "20", "mean": "20"},
    ]
    assert ask("stats min(ms), max(ms), pct(ms, 50), count_distinct(level), stddev(ms)") == [
        {"min(ms)": "0", "max(ms)": "50", "pct(ms, 50)": "20", "count_distinct(level)": "2", "stddev(ms)": "17.0783"}
    ]
    assert ask("stats earliest(ms) as e, latest(ms) as l, sortsFirst(level) as f, count(other) as c") == [
        {"e": "0", "l": "50", "f": "ERROR", "c": "0"}
    ]
    assert ask("stats count(*) as n by bin(2s) | sort n desc, `bin(2s)`")[0] == {
        "bin(2s)": "2025-12-31 23:59:54.000",
        "n": "2",
    }
    assert ask("stats pct(ms, 90) as p, median(ms) as m") == [{"p": "50", "m": "25"}]
    # What came out of one is counted again by the next.
    assert ask("stats count(*) as n by level | stats max(n) as most") == [{"most": "3"}]
    assert ask("filter ms > 100 | stats count(*)") == []


def test_parse_and_functions(put, ask):
    put("app", "web", "user=ann, method:Put, latency := 12", "something else")
    row = {"@user": "ann", "@method": "Put", "@latency": "12"}
    query = 'parse @message "user=*, method:*, latency := *" as @user, @method, @latency'
    assert ask(f"{query} | filter @latency > 10 | display @user, @method, @latency") == [row]
    regex = r"parse @message /user=(?<name>\w+), method:(?<verb>\w+)/"
    made = "concat(name, '-', toupper(verb)) as who, strlen(name) as long, substr(name, 1) as rest"
    row = {"who": "ann-PUT", "long": "3", "rest": "nn"}
    assert ask(f"{regex} | filter ispresent(name) | display {made}") == [row]
    assert ask(f"{regex} | filter ispresent(name) | fields {made}") == [{**row, "name": "ann", "verb": "Put"}]
    more = "coalesce(none, 'x') as c, isIpv4InSubnet('10.0.0.7', '10.0.0.0/24') as ip, greatest(1, 2.5) as g"
    assert ask(f"fields {more}, if(1 > 2, 'a', 'b') as i, trim('xyhixy', 'xy') as t | limit 1") == [
        {"c": "x", "ip": "1", "g": "2.5", "i": "b", "t": "hi"}
    ]


def test_dedup_and_comments(shop, ask):
    rows = ask("fields level, ms\n# | filter ms = 0\n| sort ms desc\n| dedup level")
    assert rows == [{"level": "ERROR", "ms": "50"}, {"level": "INFO", "ms": "40"}]


@pytest.mark.rule("logs-016")
def test_flow_logs_have_fields(put, ask):
    lines = [
        f"2 {ACCOUNT} eni-1a2b3c4d 10.0.0.{number} 10.0.1.1 443 4915{number} 6 10 840 1700000000 1700000060 {action} OK"
        for number, action in ((1, "ACCEPT"), (2, "REJECT"))
    ]
    put("flows", "eni-1a2b3c4d-all", *lines)
    found = ask("filter action='REJECT' | fields srcAddr, dstPort, bytes", logGroupName="flows")
    assert found == [{"srcAddr": "10.0.0.2", "dstPort": "49152", "bytes": "840"}]


def test_reports_of_functions_have_fields(put, ask):
    id = "12345678-1234-1234-1234-123456789012"
    memory = "Memory Size: 128 MB\tMax Memory Used: 36 MB\t"
    report = f"REPORT RequestId: {id}\tDuration: 12.50 ms\tBilled Duration: 13 ms\t{memory}"
    put("app", "f", f"START RequestId: {id} Version: $LATEST\n", report)
    query = 'filter @type = "REPORT" | fields @requestId, @duration, @billedDuration, @memorySize / 1000 / 1000 as mb'
    assert ask(query) == [{"@requestId": id, "@duration": "12.5", "@billedDuration": "13", "mb": "128"}]


def test_several_groups(put, ask, logs, refused):
    put("a", "s", "one", ago=2)
    put("b", "s", "two", ago=1)
    rows = ask("fields @message, @log", logGroupIdentifiers=["a", f"{GROUP}b"])
    assert [row["@message"] for row in rows] == ["two", "one"]
    asked = {"startTime": 0, "endTime": 1, "queryString": "limit 1"}
    assert refused(logs.start_query, **asked, logGroupName="a", logGroupNames=["b"])[0] == "InvalidParameterException"
    assert refused(logs.start_query, **asked, logGroupName="none")[0] == "ResourceNotFoundException"
    assert refused(logs.start_query, **asked, logGroupNames=["a"] * 51)[0] == "InvalidParameterException"


@pytest.mark.aws(lifecycle="timed", limits={"logs.running-queries": 1})
def test_queries_at_a_time(aws, logs, put, refused):
    put("app", "web", "x")
    asked = {**APP, "startTime": 0, "endTime": 1, "queryString": "limit 1"}
    logs.start_query(**asked)
    assert refused(logs.start_query, **asked) == (
        "LimitExceededException",
        "Account maximum query concurrency limit of [1] reached.",
    )
    aws.clock.advance(seconds=10)
    logs.start_query(**asked)


def test_pages_of_results(logs, put, now):
    put("app", "web", *map(str, range(5)))
    asked = {"startTime": 0, "endTime": now() // 1000 + 1, "queryString": "fields @message"}
    id = logs.start_query(**APP, **asked)["queryId"]
    page = logs.get_query_results(queryId=id, maxItems=3)
    rest = logs.get_query_results(queryId=id, maxItems=3, nextToken=page["nextToken"])
    assert (len(page["results"]), len(rest["results"]), "nextToken" in rest) == (3, 2, False)
    pointer = {cell["field"]: cell["value"] for cell in page["results"][0]}["@ptr"]
    record = logs.get_log_record(logRecordPointer=pointer)["logRecord"]
    assert record["@message"] in "01234" and record["@logStream"] == "web"


def test_fields_of_a_group(logs, shop, put):
    put("app", "s0", "plain")
    found = {each["name"]: each["percent"] for each in logs.get_log_group_fields(**APP)["logGroupFields"]}
    assert found["@message"] == 100 and found["level"] == 86 and "user.name" in found


@pytest.mark.rule("logs-017")
def test_saved_queries(logs, refused):
    id = logs.put_query_definition(name="errors", queryString="filter level = 'ERROR'", logGroupNames=["app"])[
        "queryDefinitionId"
    ]
    logs.put_query_definition(name="other", queryString="limit 1")
    (saved,) = logs.describe_query_definitions(queryDefinitionNamePrefix="err")["queryDefinitions"]
    assert (saved["queryDefinitionId"], saved["logGroupNames"]) == (id, ["app"])
    logs.put_query_definition(name="errors", queryString="limit 2", queryDefinitionId=id)
    (saved,) = logs.describe_query_definitions(queryDefinitionNamePrefix="err")["queryDefinitions"]
    assert saved["queryString"] == "limit 2" and saved["logGroupNames"] == []
    assert logs.delete_query_definition(queryDefinitionId=id)["success"] is True
    assert refused(logs.delete_query_definition, queryDefinitionId=id)[0] == "ResourceNotFoundException"


@pytest.mark.rule("logs-017")
def test_queries_are_shown_on_dashboards(client):
    widget = {"type": "log", "properties": {"query": "SOURCE 'app' | limit 1", "region": "us-east-1", "view": "table"}}
    body = json.dumps({"widgets": [{**widget, "x": 0, "y": 0, "width": 6, "height": 6}]})
    client("cloudwatch").put_dashboard(DashboardName="shop", DashboardBody=body)


# --- lookup tables, scheduled queries


@pytest.mark.newer_botocore
def test_rows_are_enriched_from_a_lookup_table(logs, put, ask, refused):
    table = {"lookupTableName": "codes", "tableBody": "code,text\n404,missing\n500,broken\n"}
    arn = logs.create_lookup_table(**table)["lookupTableArn"]
    put("app", "web", '{"status": 404}', '{"status": 200}')
    rows = ask("fields status | lookup codes code as status output text as meaning | display status, meaning")
    assert sorted(rows, key=len) == [{"status": "200"}, {"status": "404", "meaning": "missing"}]
    assert refused(logs.create_lookup_table, **table)[0] == "ResourceAlreadyExistsException"
    (shown,) = logs.describe_lookup_tables()["lookupTables"]
    assert (shown["tableFields"], shown["recordsCount"]) == (["code", "text"], 2)
    logs.update_lookup_table(lookupTableArn=arn, tableBody="code,text\n")
    assert logs.get_lookup_table(lookupTableArn=arn)["tableBody"] == "code,text\n"
    assert refused(logs.update_lookup_table, lookupTableArn=arn, tableBody="a,a\n")[0] == "InvalidParameterException"
    logs.delete_lookup_table(lookupTableArn=arn)
    assert refused(logs.get_lookup_table, lookupTableArn=arn)[0] == "ResourceNotFoundException"


def test_lists_are_unnested(put, ask):
    put("app", "web", '{"order": 1, "lines": [{"sku": "a"}, {"sku": "b"}]}')
    query = "fields jsonParse(@message) as doc | unnest doc.lines into line | display order, line.sku"
    assert ask(query) == [{"order": "1", "line.sku": "a"}, {"order": "1", "line.sku": "b"}]


@pytest.mark.newer_botocore
@pytest.mark.aws(at="2026-01-01")
def test_a_query_on_a_schedule(aws, client, logs, put, now, refused):
    client("s3").create_bucket(Bucket="results")
    role = f"arn:aws:iam::{ACCOUNT}:role/app"
    given = {
        "queryLanguage": "CWLI",
        "queryString": "stats count(*) as n",
        "logGroupIdentifiers": ["app"],
        "scheduleExpression": "cron(0 * * * ? *)",
        "startTimeOffset": 3600,
        "executionRoleArn": role,
        "destinationConfiguration": {
            "s3Configuration": {"destinationIdentifier": "s3://results/daily", "roleArn": role}
        },
    }
    for wrong in ({"queryString": "nothing"}, {"scheduleExpression": "x"}):
        assert refused(logs.create_scheduled_query, **{**given, **wrong}, name="hourly")[0] == "ValidationException"
    arn = logs.create_scheduled_query(**given, name="hourly")["scheduledQueryArn"]
    put("app", "web", "one", "two")
    start = now() // 1000
    aws.clock.advance(hours=2, minutes=1)
    history = lambda: logs.get_scheduled_query_history(  # noqa: E731
        identifier="hourly", startTime=start, endTime=now() // 1000
    )["triggerHistory"]
    assert [run["executionStatus"] for run in history()] == ["Complete", "Complete"]
    first = history()[-1]
    assert first["triggeredTimestamp"] == (start + 3600) * 1000
    place = first["destinations"][0]["processedIdentifier"].removeprefix("s3://results/")
    assert json.load(client("s3").get_object(Bucket="results", Key=place)["Body"]) == [{"n": "2"}]
    assert logs.get_scheduled_query(identifier=arn)["lastExecutionStatus"] == "Complete"
    assert logs.update_scheduled_query(identifier=arn, **given, state="DISABLED")["state"] == "DISABLED"
    aws.clock.advance(hours=2)
    assert len(history()) == 2
    logs.delete_scheduled_query(identifier="hourly")
    assert logs.list_scheduled_queries()["scheduledQueries"] == []
    assert refused(logs.get_scheduled_query, identifier=arn)[0] == "ResourceNotFoundException"
