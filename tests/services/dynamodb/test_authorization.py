"""Who may do what with tables, indexes, streams and items."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim import mock_aws

_TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/games"
_INDEX = f"{_TABLE}/index/by_score"
_OTHER = "222222222222"

pytestmark = pytest.mark.aws(authorization=True)


def _document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _allow(action, resource=_TABLE, **condition):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


@pytest.fixture
def games(aws):
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="games",
        KeySchema=[{"AttributeName": "player", "KeyType": "HASH"}, {"AttributeName": "game", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in (("player", "S"), ("game", "S"), ("score", "N"))
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_score",
                "KeySchema": [{"AttributeName": "score", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        Tags=[{"Key": "team", "Value": "fun"}],
    )
    for player in ("ann", "bob"):
        client.put_item(TableName="games", Item=_item(player))
    return client


def _key(player, game="chess"):
    return {"player": {"S": player}, "game": {"S": game}}


def _item(player, game="chess", score="7"):
    return {**_key(player, game), "score": {"N": score}, "secret": {"S": "x"}}


@pytest.fixture
def user(aws, games):
    """`user(*statements)`: the client of a user who has just these permissions."""

    def user(*statements, service="dynamodb"):
        iam = boto3.client("iam")
        name = f"user{len(iam.list_users()['Users'])}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=_document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return boto3.client(service, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])

    return user


def _denied(call, **parameters):
    """The action and the resource that AccessDeniedException names."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    error = answer["Error"]
    assert (error["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDeniedException", 400)
    _, _, rest = error["Message"].partition(" is not authorized to perform: ")
    action, _, resource = rest.partition(" on resource: ")
    return action, resource.split()[0]


@pytest.mark.rule("dynamodb-104")
def test_operations_on_tables_and_their_indexes(user, games):
    client = user(_allow("dynamodb:GetItem"), _allow("dynamodb:Query", _INDEX))
    assert client.get_item(TableName="games", Key=_key("ann"))["Item"]["secret"] == {"S": "x"}
    assert _denied(client.put_item, TableName="games", Item=_item("eve")) == ("dynamodb:PutItem", _TABLE)
    assert games.scan(TableName="games", Select="COUNT")["Count"] == 2
    by_player = {"KeyConditionExpression": "player = :p", "ExpressionAttributeValues": {":p": {"S": "ann"}}}
    by_score = {"KeyConditionExpression": "score = :s", "ExpressionAttributeValues": {":s": {"N": "7"}}}
    assert client.query(TableName="games", IndexName="by_score", **by_score)["Count"] == 2
    assert _denied(client.query, TableName="games", **by_player) == ("dynamodb:Query", _TABLE)
    assert _denied(client.scan, TableName="games", IndexName="by_score") == ("dynamodb:Scan", _INDEX)


def _own(*actions, **more):
    return _allow(list(actions), **{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ann"]}, **more})


@pytest.mark.rule("dynamodb-104")
def test_only_items_of_ones_own(user):
    """dynamodb:LeadingKeys, in every operation that names items."""
    client = user(
        _own(
            *(
                f"dynamodb:{action}"
                for action in (
                    "GetItem",
                    "PutItem",
                    "UpdateItem",
                    "DeleteItem",
                    "Query",
                    "BatchGetItem",
                    "BatchWriteItem",
                    "PartiQLSelect",
                    "PartiQLInsert",
                )
            )
        )
    )

    def batch_get(player):
        return client.batch_get_item(RequestItems={"games": {"Keys": [_key("ann"), _key(player, "go")]}})

    def batch_write(player):
        return client.batch_write_item(RequestItems={"games": [{"PutRequest": {"Item": _item(player, "go")}}]})

    def transact(player):
        return client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "games", "Item": _item("ann", "go")}},
                {"Delete": {"TableName": "games", "Key": _key(player, "whist")}},
            ]
        )

    def query(player):
        return client.query(
            TableName="games",
            KeyConditionExpression="#p = :p",
            ExpressionAttributeNames={"#p": "player"},
            ExpressionAttributeValues={":p": {"S": player}},
        )

    def legacy_query(player):
        condition = {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": player}]}
        return client.query(TableName="games", KeyConditions={"player": condition})

    calls = [
        lambda player: client.get_item(TableName="games", Key=_key(player)),
        lambda player: client.put_item(TableName="games", Item=_item(player)),
        lambda player: client.update_item(TableName="games", Key=_key(player)),
        lambda player: client.delete_item(TableName="games", Key=_key(player, "go")),
        query,
        legacy_query,
        batch_get,
        batch_write,
        transact,
        lambda player: client.execute_statement(Statement=f"SELECT * FROM games WHERE player = '{player}'"),
        lambda player: client.execute_statement(
            Statement="INSERT INTO games VALUE {'player': ?, 'game': 'whist'}", Parameters=[{"S": player}]
        ),
    ]
    for call in calls:
        call("ann")
        assert _denied(call, player="bob")[1] == _TABLE


@pytest.mark.rule("dynamodb-104")
def test_only_some_attributes(user):
    """dynamodb:Attributes names what a request names; dynamodb:Select keeps it from asking for all by naming none."""
    shown = ["player", "game", "score"]
    client = user(
        _allow(
            ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:PutItem"],
            **{
                "ForAllValues:StringEquals": {"dynamodb:Attributes": shown},
                "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES", "dynamodb:ReturnValues": "NONE"},
            },
        )
    )
    read = {"TableName": "games", "Key": _key("ann")}
    assert client.get_item(**read, ProjectionExpression="score")["Item"] == {"score": {"N": "7"}}
    assert client.get_item(**read, AttributesToGet=["score"])["Item"] == {"score": {"N": "7"}}
    _denied(client.get_item, **read)
    _denied(client.get_item, **read, ProjectionExpression="score, #s", ExpressionAttributeNames={"#s": "secret"})
    query = {
        "TableName": "games",
        "KeyConditionExpression": "player = :p",
        "ExpressionAttributeValues": {":p": {"S": "ann"}},
    }
    assert client.query(**query, ProjectionExpression="score")["Count"] == 1
    _denied(client.query, **query)
    _denied(
        client.query,
        TableName="games",
        ProjectionExpression="score",
        KeyConditionExpression="player = :p",
        FilterExpression="secret = :x",
        ExpressionAttributeValues={":p": {"S": "ann"}, ":x": {"S": "x"}},
    )
    values = {"ExpressionAttributeValues": {":n": {"N": "1"}}}
    client.update_item(**read, UpdateExpression="SET score = score + :n", **values)
    _denied(client.update_item, **read, UpdateExpression="SET score = secret")
    _denied(client.update_item, **read, UpdateExpression="SET score = :n", ReturnValues="ALL_NEW", **values)
    _denied(client.put_item, TableName="games", Item=_item("ann"))
    strict = user(_allow("dynamodb:GetItem", StringEquals={"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}))
    assert strict.get_item(**read, ProjectionExpression="score")["Item"].keys() == {"score"}
    _denied(strict.get_item, **read)


@pytest.mark.rule("dynamodb-104")
def test_transactions_apart_from_the_rest(user):
    inside = {"ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": ["TransactWriteItems"]}}
    client = user(_allow("dynamodb:PutItem", **inside))
    client.transact_write_items(TransactItems=[{"Put": {"TableName": "games", "Item": _item("eve")}}])
    assert _denied(client.put_item, TableName="games", Item=_item("eve")) == ("dynamodb:PutItem", _TABLE)


@pytest.mark.rule("dynamodb-104")
def test_full_scans_by_partiql(user):
    scans = {"Bool": {"dynamodb:FullTableScan": "true"}}
    deny = {"Effect": "Deny", "Action": "dynamodb:PartiQLSelect", "Resource": "*", "Condition": scans}
    client = user(_allow("dynamodb:PartiQLSelect", [_TABLE, _INDEX]), deny)
    assert len(client.execute_statement(Statement="SELECT * FROM games WHERE player = 'ann'")["Items"]) == 1
    assert len(client.execute_statement(Statement='SELECT * FROM "games"."by_score" WHERE score = 7')["Items"]) == 2
    for statement in ("SELECT * FROM games", "SELECT * FROM games WHERE secret = 'x'"):
        assert _denied(client.execute_statement, Statement=statement) == ("dynamodb:PartiQLSelect", _TABLE)
    assert _denied(client.execute_statement, Statement='SELECT * FROM "games"."by_score"')[1] == _INDEX


@pytest.mark.rule("dynamodb-104")
def test_tags_of_tables(user):
    tagged = {"StringEquals": {"aws:ResourceTag/team": "fun"}}
    client = user(_allow(["dynamodb:GetItem", "dynamodb:Query"], "*", **tagged))
    client.get_item(TableName="games", Key=_key("ann"))
    boto3.client("dynamodb").untag_resource(ResourceArn=_TABLE, TagKeys=["team"])
    assert _denied(client.get_item, TableName="games", Key=_key("ann")) == ("dynamodb:GetItem", _TABLE)


@pytest.mark.rule("dynamodb-104")
def test_streams(user, games):
    arn = games.describe_table(TableName="games")["Table"]["LatestStreamArn"]
    reading = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]
    assert _read(user(_allow(reading, arn), service="dynamodbstreams"), arn) == 2
    other = user(_allow(reading[:2], arn), service="dynamodbstreams")
    assert _denied(_read, client=other, arn=arn) == ("dynamodb:GetRecords", arn)


def _read(client, arn):
    """How many records a stream of one shard has."""
    (shard,) = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = client.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    return len(client.get_records(ShardIterator=iterator["ShardIterator"])["Records"])


@pytest.mark.rule("dynamodb-104")
@pytest.mark.parametrize("authorization", [False, True])
def test_tables_and_streams_of_other_accounts(authorization):
    """By the policy of the resource, with `authorization` and without."""
    with mock_aws(authorization=authorization) as aws:
        client = boto3.client("dynamodb")
        table = client.create_table(
            TableName="games",
            KeySchema=[{"AttributeName": "player", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "player", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )["TableDescription"]
        arn, stream = table["TableArn"], table["LatestStreamArn"]
        client.put_item(TableName="games", Item={"player": {"S": "ann"}})
        keys = aws.credentials(f"arn:aws:iam::{_OTHER}:root")
        theirs = {service: boto3.client(service, **keys) for service in ("dynamodb", "dynamodbstreams")}
        read = {"TableName": arn, "Key": {"player": {"S": "ann"}}}
        _denied(theirs["dynamodb"].get_item, **read)
        _denied(_read, client=theirs["dynamodbstreams"], arn=stream)
        lets = {"Effect": "Allow", "Principal": {"AWS": _OTHER}}
        own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ann"]}}
        let_in = {**lets, "Action": "dynamodb:GetItem", "Resource": arn, "Condition": own}
        client.put_resource_policy(ResourceArn=arn, Policy=_document(let_in))
        actions = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]
        client.put_resource_policy(
            ResourceArn=stream, Policy=_document({**lets, "Action": actions, "Resource": stream})
        )
        assert theirs["dynamodb"].get_item(**read)["Item"] == {"player": {"S": "ann"}}
        assert _denied(theirs["dynamodb"].get_item, TableName=arn, Key={"player": {"S": "bob"}})[1] == arn
        assert _denied(theirs["dynamodb"].put_item, TableName=arn, Item={"player": {"S": "ann"}})[1] == arn
        assert _read(theirs["dynamodbstreams"], stream) == 1
