"""PartiQL: ExecuteStatement, BatchExecuteStatement and ExecuteTransaction, with AWS's messages."""

from __future__ import annotations

import pytest

_NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "
_LEFTOVER = _NOT_WELL_FORMED + "Unexpected token after expression"
_NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"


@pytest.fixture
def run(client):
    """`run(statement, *parameters, **more)`: the Items of ExecuteStatement."""

    def run(statement, *parameters, **more):
        if parameters:
            more["Parameters"] = list(parameters)
        return client.execute_statement(Statement=statement, **more)["Items"]

    return run


@pytest.fixture
def music(make, client):
    """A table of artists and songs, with an index by genre."""
    make(
        "artist:S",
        "song:S",
        attributes=["genre:S"],
        name="music",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-genre",
                "KeySchema": [{"AttributeName": "genre", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["year"]},
            }
        ],
    )
    for artist, song, year in (("Abba", "Fernando", 1976), ("Abba", "Waterloo", 1974), ("Cher", "Believe", 1998)):
        client.put_item(
            TableName="music",
            Item={
                "artist": {"S": artist},
                "song": {"S": song},
                "year": {"N": str(year)},
                "genre": {"S": "pop"},
                "awards": {"L": [{"S": "gold"}, {"M": {"name": {"S": "grammy"}}}]},
                "tags": {"SS": ["a", "b"]},
            },
        )


def _songs(items):
    return [item["song"]["S"] for item in items]


@pytest.mark.parametrize(
    ("where", "songs"),
    [
        ("artist = 'Abba'", ["Fernando", "Waterloo"]),
        ("artist = 'Abba' AND song = 'Waterloo'", ["Waterloo"]),
        ("artist = 'Abba' AND begins_with(\"song\", 'W')", ["Waterloo"]),
        ("artist = 'Abba' AND song BETWEEN 'A' AND 'G'", ["Fernando"]),
        ("'Abba' = artist AND 'G' < song", ["Waterloo"]),
        ("artist = 'Abba' AND year > 1975", ["Fernando"]),
        ("artist = 'Abba' AND NOT year > 1975", ["Waterloo"]),
        ("artist = 'Abba' AND year <> 1974", ["Fernando"]),
        ("artist = 'Abba' AND year IN [1974, 1998]", ["Waterloo"]),
        ("artist = 'Abba' AND year NOT IN (1974)", ["Fernando"]),
        ("artist IN ['Cher', 'Abba']", ["Believe", "Fernando", "Waterloo"]),
        ("artist = 'Cher' OR artist = 'Abba' AND song = 'Waterloo'", ["Believe", "Waterloo"]),
        ("artist = 'Abba' AND (song = 'Waterloo' OR song = 'Fernando')", ["Fernando", "Waterloo"]),
        ("artist = 'Abba' AND contains(tags, 'a') AND size(awards) = 2", ["Fernando", "Waterloo"]),
        ("artist = 'Abba' AND attribute_type(year, 'S')", []),
        ("artist = 'Abba' AND country IS MISSING AND year IS NOT MISSING", ["Fernando", "Waterloo"]),
        ("artist = 'Abba' AND attribute_exists(awards[1].name)", ["Fernando", "Waterloo"]),
        ("artist = 'Abba' AND awards[1]['name'] = 'grammy' -- a comment", ["Fernando", "Waterloo"]),
        ("artist = 'nobody'", []),
    ],
)
def test_select(run, music, where, songs):
    assert _songs(run(f'SELECT * FROM "music" WHERE {where}')) == songs


def test_select_reads_what_the_where_clause_needs(client, run, music):
    def units(where, **more):
        answer = client.execute_statement(
            Statement=f"SELECT * FROM music{where}", ReturnConsumedCapacity="TOTAL", **more
        )
        return answer["ConsumedCapacity"]["CapacityUnits"]

    client.put_item(
        TableName="music", Item={"artist": {"S": "Large"}, "song": {"S": "x"}, "text": {"S": "x" * 100_000}}
    )
    assert units(" WHERE artist = 'Abba'") == 0.5
    assert units(" WHERE artist = 'Abba'", ConsistentRead=True) == 1
    assert units(" WHERE year = 1974") > 10, "a scan"
    assert len(run("select * from music")) == 4


def test_columns(run, music):
    first = "WHERE artist = 'Abba' AND song = 'Waterloo'"
    assert run(f"SELECT song, year FROM music {first}") == [{"song": {"S": "Waterloo"}, "year": {"N": "1974"}}]
    assert run(f"SELECT awards[1].name, nothing FROM music {first}") == [{"name": {"S": "grammy"}}]
    assert run(f"SELECT nothing FROM music {first}") == [{}]


def test_order(run, music, refused):
    assert _songs(run("SELECT * FROM music WHERE artist = 'Abba' ORDER BY song DESC")) == ["Waterloo", "Fernando"]
    both = run("SELECT * FROM music WHERE artist IN ['Abba', 'Cher'] ORDER BY artist DESC, song ASC")
    assert _songs(both) == ["Believe", "Fernando", "Waterloo"]
    with refused("ValidationException", "Must have WHERE clause in the statement when using ORDER BY clause."):
        run("SELECT * FROM music ORDER BY song")
    with refused(
        "ValidationException",
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
    ):
        run("SELECT * FROM music WHERE year = 1 ORDER BY song")
    with refused("ValidationException", starts="Variable reference year in ORDER BY clause"):
        run("SELECT * FROM music WHERE artist = 'Abba' ORDER BY year")


@pytest.mark.parametrize(
    "statement", ["SELECT * FROM music", "SELECT * FROM music WHERE artist IN ['Cher', 'nobody', 'Abba']"]
)
def test_pages(client, run, music, refused, statement):
    expected, found, more, pages = run(statement), [], {}, 0
    while True:
        pages += 1
        page = client.execute_statement(Statement=statement, Limit=1, **more)
        found += page["Items"]
        assert ("NextToken" in page) == ("LastEvaluatedKey" in page)
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
    assert found == expected
    assert pages == 4, "the third page ended at its limit"
    with refused("ValidationException", "Given NextToken was not given for this statement"):
        client.execute_statement(Statement=statement + " ", **more)
    with refused("ValidationException", "Given NextToken is not valid"):
        client.execute_statement(Statement=statement, NextToken="x")


def test_indexes(client, run, music, refused):
    found = run('SELECT * FROM "music"."by-genre" WHERE genre = \'pop\'')
    assert sorted(found[0]) == ["artist", "genre", "song", "year"]
    assert len(found) == 3
    refusals = {
        'SELECT * FROM "music"."none" WHERE genre = \'pop\'': "The table does not have the specified index",
        "SELECT * FROM \"music\".\"by-genre\" WHERE genre = 'pop' AND tags = 'x'": "One or more parameter values were "
        "invalid: Secondary index by-genre does not project one or more filter attributes: [tags]",
        'SELECT tags FROM "music"."by-genre" WHERE genre = \'pop\'': "One or more parameter values were invalid: "
        "Global secondary index by-genre does not project [tags]",
        "SELECT * FROM a.b.c": "A path may contain at most 2 components in the FROM clause",
        'SELECT * FROM "music".""': "Path component cannot be an empty string",
        'DELETE FROM "music"."by-genre" WHERE genre = \'x\'': "This operation is not supported on an index",
    }
    for statement, message in refusals.items():
        with refused("ValidationException", message):
            run(statement)
    with refused("ValidationException", "Strongly consistent read is not supported on Global Secondary Indexes"):
        run("SELECT * FROM music.\"by-genre\" WHERE genre = 'pop'", ConsistentRead=True)


def test_insert(client, make, run, contents, refused):
    make()
    statement = (
        "INSERT INTO things VALUE {'pk': ?, 'n': -1.50, 'flag': true, 'none': null, 'list': [1, 'a''b'], "
        "'map': {'x': ?}, 'bag': <<'a', 'b'>>}"
    )
    assert run(statement, {"S": "a"}, {"B": b"raw"}) == []
    item = {
        "pk": {"S": "a"}, "n": {"N": "-1.5"}, "flag": {"BOOL": True}, "none": {"NULL": True},
        "list": {"L": [{"N": "1"}, {"S": "a'b"}]}, "map": {"M": {"x": {"B": b"raw"}}}, "bag": {"SS": ["a", "b"]},
    }  # fmt: skip
    assert contents() == [item]
    with refused("DuplicateItemException", "Duplicate primary key exists in table"):
        run("INSERT INTO things VALUE {'pk': 'a'}")
    with refused("ValidationException", "One or more parameter values were invalid: Missing the key pk in the item"):
        run("INSERT INTO things VALUE {'n': 1}")
    with refused("ValidationException", "Number of parameters in request and statement don't match."):
        run("INSERT INTO things VALUE {'pk': ?}")
    with refused("ResourceNotFoundException", "Requested resource not found"):
        run("INSERT INTO nothing VALUE {'pk': 'a'}")
    assert contents() == [item]


@pytest.mark.parametrize(
    ("change", "attribute", "after"),
    [
        ("SET year = 1975", "year", {"N": "1975"}),
        ("SET year = year + 2 SET x = 1", "year", {"N": "1976"}),
        ("SET year = year - ?", "year", {"N": "1970"}),
        ("SET awards[0] = 'silver', x = 1", "awards", {"L": [{"S": "silver"}, {"M": {"name": {"S": "grammy"}}}]}),
        ("SET awards = list_append(awards, [1])", "awards",
         {"L": [{"S": "gold"}, {"M": {"name": {"S": "grammy"}}}, {"N": "1"}]}),
        ("SET tags = set_add(tags, <<'b', 'c'>>)", "tags", {"SS": ["a", "b", "c"]}),
        ("SET tags = SET_DELETE(tags, <<'b'>>)", "tags", {"SS": ["a"]}),
        ("REMOVE tags REMOVE year", "tags", None),
        ("SET genre = if_not_exists(genre, 'x')", "genre", {"S": "pop"}),
    ],
)  # fmt: skip
def test_update(run, music, change, attribute, after):
    parameters = [{"N": "4"}] if "?" in change else []
    (item,) = run(f"UPDATE music {change} WHERE artist = 'Abba' AND song = 'Waterloo' RETURNING ALL NEW *", *parameters)
    assert item.get(attribute) == after
    assert item["song"] == {"S": "Waterloo"}
    (read,) = run("SELECT * FROM music WHERE artist = 'Abba' AND song = 'Waterloo'")
    assert read == item


def test_update_is_no_upsert(client, make, run, contents, refused):
    make()
    with refused("ConditionalCheckFailedException", "The conditional request failed"):
        run("UPDATE things SET a = 1 WHERE pk = 'a'")
    run("INSERT INTO things VALUE {'pk': 'a', 'n': 1}")
    with refused("ConditionalCheckFailedException", "The conditional request failed") as refusal:
        run("UPDATE things SET n = 2 WHERE pk = 'a' AND n = 5", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert refusal.response["Item"] == {"pk": {"S": "a"}, "n": {"N": "1"}}
    with refused("ValidationException", "The document path provided in the update expression is invalid for update"):
        run("UPDATE things SET list[0] = 'x' WHERE pk = 'a'")
    run("FROM things WHERE pk = 'a' SET n = 3")
    assert contents() == [{"pk": {"S": "a"}, "n": {"N": "3"}}]


@pytest.mark.parametrize(
    ("change", "returning", "items"),
    [
        ("SET data = 'new'", "ALL OLD",
         [{"pk": {"S": "a"}, "data": {"S": "old"}, "l": {"L": [{"S": "x"}, {"S": "y"}]}}]),
        ("SET data = 'new'", "MODIFIED OLD", [{"data": {"S": "old"}}]),
        ("SET data = 'new'", "MODIFIED NEW", [{"data": {"S": "new"}}]),
        ("REMOVE data", "MODIFIED OLD", [{"data": {"S": "old"}}]),
        ("REMOVE data", "MODIFIED NEW", []),
        ("SET more = 'new'", "MODIFIED OLD", []),
        ("SET l[1] = 'z'", "MODIFIED NEW", [{"l": {"L": [{"S": "z"}]}}]),
        ("SET l[9] = 'z'", "MODIFIED NEW", []),
        ("REMOVE l[0]", "MODIFIED NEW", [{"l": {"L": [{"S": "y"}]}}]),
    ],
)  # fmt: skip
def test_returning(client, make, run, change, returning, items):
    make()
    run("INSERT INTO things VALUE {'pk': 'a', 'data': 'old', 'l': ['x', 'y']}")
    assert run(f"UPDATE things {change} WHERE pk = 'a' RETURNING {returning} *") == items


def test_delete(make, run, contents, refused):
    make()
    run("INSERT INTO things VALUE {'pk': 'a', 'n': 1}")
    with refused("ConditionalCheckFailedException", "The conditional request failed"):
        run("DELETE FROM things WHERE pk = 'a' AND n = 2")
    assert len(contents()) == 1
    assert run("DELETE FROM things WHERE pk = 'a' AND n = 1 RETURNING ALL OLD *") == [
        {"pk": {"S": "a"}, "n": {"N": "1"}}
    ]
    assert run("DELETE FROM things WHERE pk = 'a' AND n = 1 RETURNING ALL OLD *") == []
    assert contents() == []
    with refused(
        "ValidationException",
        "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
    ):
        run("DELETE FROM things WHERE pk = 'a' RETURNING ALL NEW *")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SLECT * FROM things", _NOT_WELL_FORMED + "Expected data manipulation"),
        ("UPDATE Payment-things SET a = 1 WHERE pk = 'x'", _NOT_WELL_FORMED + "Expected data manipulation"),
        ("SELECT * FROM things WHERE pk = 'x' foo", _LEFTOVER),
        ("SELECT * FROM things WHERE pk = 'x')", _LEFTOVER),
        ("INSERT INTO things VALUE {'pk': 'x'} foo", _LEFTOVER),
        ("INSERT INTO things t VALUE {'pk': 'x'}", _LEFTOVER),
        ("INSERT INTO things (pk) VALUES ('x')", _NOT_WELL_FORMED + "Unexpected keyword"),
        ("DELETE FROM things WHERE pk = 'x' ORDER BY pk", _LEFTOVER),
        ("SELECT * FROM things ORDER BY pk WHERE pk = 'x'", _LEFTOVER),
        ("FROM things SET c = 1 WHERE pk = 'x'", _LEFTOVER),
        ("FROM things SET c = 1", _NO_KEY),
        ("UPDATE things SET a = 1", _NO_KEY),
        ("DELETE FROM things WHERE n = 1", _NO_KEY),
        ("DELETE FROM things WHERE pk > 'x'", _NO_KEY),
        ("SELECT * FROM things WHERE pk = 1e2147483648", _NOT_WELL_FORMED),
        ("SELECT * FROM things WHERE pk = 1 # note", _NOT_WELL_FORMED),
        ("SELECT * FROM things WHERE pk = 1 /* note", _NOT_WELL_FORMED),
        ('SELECT * FROM "things', _NOT_WELL_FORMED),
        ("SELECT * FROM things t WHERE pk = 'x'", "Aliasing is not supported"),
        ("SELECT * FROM things AS t WHERE pk = 'x'", "Aliasing is not supported"),
        ("DELETE FROM things t WHERE pk = 'x'", "Aliasing is not supported"),
        ("SELECT * FROM things WHERE", _NOT_WELL_FORMED + "Unexpected term"),
        ("SELECT * FROM things WHERE;", _NOT_WELL_FORMED + "Unexpected term"),
        ("SELECT * FROM things WHERE NOT", _NOT_WELL_FORMED + "Unexpected term"),
        ("SELECT * FROM things WHERE (", _NOT_WELL_FORMED + "Unexpected term"),
        ("SELECT * FROM", _NOT_WELL_FORMED + "Unexpected term"),
        ("SELECT * FROM things WHERE ORDER BY pk", _NOT_WELL_FORMED + "Unexpected keyword"),
        ("SELECT * FROM things WHERE IS NULL", _NOT_WELL_FORMED + "Unexpected operator"),
        ("SELECT * FROM things WHERE pk = LIKE", _NOT_WELL_FORMED + "Unexpected operator"),
        ("SELECT * FROM things WHERE pk = 'a' AND x IS FOO", _NOT_WELL_FORMED + "Expected type name"),
        ("SELECT * FROM things WHERE pk = 'a' AND",
         _NOT_WELL_FORMED + "Missing right-hand side expression of infix operator"),
        ("DELETE FROM", _NOT_WELL_FORMED + "Expected identifier for simple path"),
        ("DELETE FROM WHERE pk = 'a'", _NOT_WELL_FORMED + "Expected identifier for simple path"),
        ("SELECT * FROM things LIMIT 1", "Unsupported clause: LIMIT at 1:22:5"),
        ("SELECT size(pk) FROM things", "Unexpected path component at 1:8:4"),
        ("SELECT * FROM things WHERE EXISTS(pk)", "Unrecognized function: exists at 1:28:6"),
        ("SELECT * FROM things WHERE pk = 1e126",
         "Number overflow. Attempting to store a number with magnitude larger than supported range under root"),
        ("INSERT INTO things VALUE {'pk': 'x', 'm': {'x': 1e-131}}",
         "Number underflow. Attempting to store a number with magnitude smaller than supported range under root.x"),
        ("INSERT INTO things VALUE {'pk': 'x', 'l': [1, 123456789012345678901234567890123456789]}",
         "Attempting to store more than 38 significant digits in a Number under root[1]"),
        ("SELECT * FROM things WHERE pk = 'x' AND n < true",
         "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"),
        ("SELECT * FROM things WHERE pk = 'x' AND attribute_exists('n')",
         "Operator or function requires a document path; operator or function: attribute_exists"),
        ("SELECT * FROM things WHERE pk = 'x' AND attribute_exists()", "Incorrect number of operands for operator or "
         "function; operator or function: attribute_exists, number of operands: 0"),
        ("UPDATE things SET t = set_add(ss, <<'x'>>) WHERE pk = 'x'",
         "The first argument to SET_ADD must equal the assignment value at 1:23:7"),
        ("UPDATE things SET ss = set_add(ss, ['x']) WHERE pk = 'x'",
         "The second argument to SET_ADD must be a value with type SET at 1:32:2"),
        ("UPDATE things SET ss = set_delete(ss) WHERE pk = 'x'",
         "SET_DELETE must have exactly two arguments at 1:24:10"),
        ("UPDATE things SET ss = set_add(ss, <<>>) WHERE pk = 'x'", "Empty bags are not supported"),
        ("UPDATE things SET ss = set_add(ss, <<'x', 'x'>>) WHERE pk = 'x'",
         "One or more parameter values were invalid: Input collection [x, x] contains duplicates."),
        ("INSERT INTO things VALUE {'pk': 'x', 'ss': set_add(<<'a'>>, <<'b'>>)}",
         "Unsupported data type: set_add under key root at 1:44:7"),
        ("EXISTS(SELECT * FROM things WHERE pk = 'x' AND n = 1)",
         "EXISTS can only be used in ExecuteTransaction write requests."),
        ("UPDATE things SET pk = 'y' WHERE pk = 'x'",
         "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"),
    ],
)  # fmt: skip
def test_refusals(make, run, contents, refused, statement, message):
    make()
    with refused("ValidationException", message):
        run(statement)
    assert contents() == []


def test_batches(client, make, contents, refused):
    make()
    batch = lambda *statements, **more: client.batch_execute_statement(  # noqa: E731
        Statements=[{"Statement": one} if isinstance(one, str) else one for one in statements], **more
    )
    answer = batch(
        "INSERT INTO things VALUE {'pk': 'a', 'n': 1}",
        "INSERT INTO things VALUE {'pk': 'a', 'n': 2}",
        "SLECT",
        "UPDATE things SET n = 5 WHERE pk = 'a' RETURNING ALL NEW *",
        "DELETE FROM nothing WHERE pk = 'a'",
        {"Statement": "DELETE FROM things WHERE pk = ? AND n = 9", "Parameters": [{"S": "a"}]},
    )
    codes = [response.get("Error", {}).get("Code") for response in answer["Responses"]]
    assert codes == [None, "DuplicateItem", "ValidationError", None, "ResourceNotFound", "ConditionalCheckFailed"]
    assert answer["Responses"][4] == {"Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}}
    assert answer["Responses"][3] == {"TableName": "things", "Item": {"pk": {"S": "a"}, "n": {"N": "5"}}}
    assert contents() == [{"pk": {"S": "a"}, "n": {"N": "5"}}]
    reads = batch(
        "SELECT * FROM things WHERE pk = 'a'",
        {"Statement": "SELECT n FROM things WHERE pk = 'a'", "ConsistentRead": True},
        "SELECT * FROM things WHERE pk = 'none'",
        "SELECT * FROM things WHERE n = 5",
        "SELECT * FROM things WHERE pk = 'a' AND n = 5",
        ReturnConsumedCapacity="TOTAL",
    )
    assert [response.get("Item") for response in reads["Responses"][:3]] == [
        {"pk": {"S": "a"}, "n": {"N": "5"}},
        {"n": {"N": "5"}},
        None,
    ]
    for response in reads["Responses"][3:]:
        assert response["Error"] == {
            "Code": "ValidationError",
            "Message": "Select statements within BatchExecuteStatement must specify the primary key in the where "
            "clause.",
        }
    assert reads["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 2.0}]
    with refused("ValidationException"):
        batch("SELECT * FROM things WHERE pk = 'a'", "DELETE FROM things WHERE pk = 'a'")
    with refused("ValidationException"):
        batch()


def test_transactions(client, make, contents, refused):
    make()
    run = lambda *statements, **more: client.execute_transaction(  # noqa: E731
        TransactStatements=[{"Statement": one} for one in statements], **more
    )
    run("INSERT INTO things VALUE {'pk': 'a', 'n': 1}", "INSERT INTO things VALUE {'pk': 'b', 'n': 1}")
    answer = run("SELECT * FROM things WHERE pk = 'a'", "SELECT n FROM things WHERE pk = 'x'")
    assert answer["Responses"] == [{"Item": {"pk": {"S": "a"}, "n": {"N": "1"}}}, {}]
    run(
        "EXISTS(SELECT * FROM things WHERE pk = 'a' AND n = 1)",
        "UPDATE things SET n = n + 1 WHERE pk = 'b'",
        ClientRequestToken="once",
    )
    run(
        "EXISTS(SELECT * FROM things WHERE pk = 'a' AND n = 1)",
        "UPDATE things SET n = n + 1 WHERE pk = 'b'",
        ClientRequestToken="once",
    )
    before = contents()
    assert {item["pk"]["S"]: item["n"]["N"] for item in before} == {"a": "1", "b": "2"}
    with refused(
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[DuplicateItem, ConditionalCheckFailed, None]",
    ) as refusal:
        run(
            "INSERT INTO things VALUE {'pk': 'a'}",
            "EXISTS(SELECT * FROM things WHERE pk = 'x' AND n IS MISSING)",
            "DELETE FROM things WHERE pk = 'b'",
        )
    assert refusal.response["CancellationReasons"][0]["Message"] == "Duplicate primary key exists in table"
    prefix = "Validation failed in TransactStatements[0]: "
    for statement, message in (
        ("SELECT * FROM things WHERE pk = 'a' AND n = 1",
         "Select statements within ExecuteTransaction must specify the primary key in the where clause."),
        ("EXISTS(SELECT * FROM things WHERE pk = 'a')",
         "EXISTS() must contain a single item read with additional condition"),
        ("UPDATE things SET n = 1 WHERE pk = 'a' RETURNING ALL NEW *",
         "RETURNING clause is not supported in ExecuteTransaction."),
        ("SELECT * FROM things WHERE", _NOT_WELL_FORMED + "Unexpected term"),
        ("SELECT * FROM things.idx WHERE pk = 'a'", "Reads on indices are not supported within transactions."),
    ):  # fmt: skip
        with refused("ValidationException", prefix + message):
            run(statement)
    assert contents() == before
