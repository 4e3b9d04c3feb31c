"""Every waiter and paginator that botocore defines for an operation awsim models, run to its end.

Driven from botocore's data: one that a newer botocore adds is asked for here, and one of an operation that awsim does
not model is left out.
"""

import io
import json
import time
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

boto3 = pytest.importorskip("boto3")
from botocore import xform_name  # noqa: E402
from botocore.exceptions import ClientError, DataNotFoundError, WaiterError  # noqa: E402
from botocore.session import get_session  # noqa: E402

from awsim.gateway.plan import plan_for  # noqa: E402

from . import compute, systems_manager  # noqa: E402

SERVICES = (
    "accessanalyzer",
    "application-autoscaling",
    "autoscaling",
    "cloudwatch",
    "cloudtrail",
    "codepipeline",
    "dynamodb",
    "ec2",
    "ecs",
    "es",
    "identitystore",
    "kafka",
    "kinesisvideo",
    "kms",
    "lambda",
    "logs",
    "mq",
    "organizations",
    "pipes",
    "ram",
    "s3",
    "schemas",
    "secretsmanager",
    "sqs",
    "ssm",
    "sso-admin",
    "sts",
)
TABLE = {
    "TableName": "orders",
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def data(service, kind):
    """What botocore's data say: name -> configuration, of modelled operations alone."""
    loader = get_session().get_component("data_loader")
    try:
        return loader.load_service_model(service, kind)
    except DataNotFoundError:
        return {}


def modelled(service, operation):
    try:
        plan_for(service, operation)
    except Exception as error:
        assert getattr(error, "code", "") == "NotImplemented", error
        return False
    return True


def waiters():
    for service in SERVICES:
        for name, configuration in data(service, "waiters-2").get("waiters", {}).items():
            if modelled(service, configuration["operation"]) and f"{service}:{name}" not in UNMADE:
                yield f"{service}:{name}"


def paginators():
    for service in SERVICES:
        for operation in data(service, "paginators-1").get("pagination", {}):
            if modelled(service, operation):
                yield f"{service}:{operation}"


# Waiters for what no modelled operation makes.
UNMADE = {"cloudwatch:LogAlarmExists"}


# --- waiters: what it waits for, what brings that about, and what does not

S3_OBJECT = {"Bucket": "reports", "Key": "a.txt"}


def _bucket(client):
    client.create_bucket(Bucket="reports")


def _object(client):
    _bucket(client)
    client.put_object(**S3_OBJECT, Body=b"hello")


def _table(client):
    client.create_table(**TABLE)


def _insights(client):
    _table(client)
    client.update_contributor_insights(TableName="orders", ContributorInsightsAction="ENABLE")


# Parameters that are known only once it is brought about.
EXPORT: dict[str, str] = {}
IMPORT: dict[str, str] = {}


def _export(client):
    _table(client)
    _bucket(boto3.client("s3"))
    client.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    arn = client.describe_table(TableName="orders")["Table"]["TableArn"]
    export = client.export_table_to_point_in_time(TableArn=arn, S3Bucket="reports")["ExportDescription"]
    EXPORT["ExportArn"] = export["ExportArn"]


def _import(client):
    _bucket(boto3.client("s3"))
    made = client.import_table(
        S3BucketSource={"S3Bucket": "reports"}, InputFormat="DYNAMODB_JSON", TableCreationParameters=TABLE
    )["ImportTableDescription"]
    IMPORT["ImportArn"] = made["ImportArn"]


def _destination(client):
    _table(client)
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="changes", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="changes")["StreamDescriptionSummary"]["StreamARN"]
    client.enable_kinesis_streaming_destination(TableName="orders", StreamArn=arn)


SCHEMA = {"RegistryName": "shop", "SchemaName": "shop@Order"}


def _schema(client, versions=1):
    client.create_registry(RegistryName="shop")
    for number in range(versions):
        content = f'{{"openapi": "3.0.{number}", "info": {{}}, "paths": {{}}}}'
        (client.update_schema if number else client.create_schema)(**SCHEMA, Type="OpenApi3", Content=content)
    return SCHEMA


def _binding(client):
    client.put_code_binding(**_schema(client), Language="Python36")


def _package():
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "")
    return {"ZipFile": package.getvalue()}


def _function(client, name="f", publish=False):
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role="arn:aws:iam::123456789012:role/app",
        Code=_package(),
        Publish=publish,
    )


def _versions_of_function(client, of_each=lambda client, version: None, count=7):
    _function(client)
    for number in range(count):
        client.update_function_configuration(FunctionName="f", Description=str(number))
        of_each(client, client.publish_version(FunctionName="f")["Version"])
    return {"FunctionName": "f"}


def _functions(client):
    for number in range(7):
        _function(client, f"f{number}")
    return {}


def _layers(client, name="layer-{}"):
    for number in range(7):
        client.publish_layer_version(LayerName=name.format(number), Content=_package())
    return {}


def _mappings(client):
    _function(client)
    for number in range(7):
        boto3.client("sqs").create_queue(QueueName=f"q{number}")
        arn = f"arn:aws:sqs:us-east-1:123456789012:q{number}"
        client.create_event_source_mapping(FunctionName="f", EventSourceArn=arn)
    return {"FunctionName": "f"}


FUNCTION = {"FunctionName": "f"}


def _alarm(client, name="high"):
    client.put_metric_alarm(
        AlarmName=name,
        Namespace="App",
        MetricName="x",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def _composite_alarm(client):
    _alarm(client)
    client.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(high)")


def _mute_rule(client, name="quiet"):
    client.put_alarm_mute_rule(Name=name, Rule={"Schedule": {"Expression": "cron(0 1 * * *)", "Duration": "PT1H"}})


# Name -> (parameters, makes it true, and whether a wait before that ends in vain).
WAITERS = {
    **compute.WAITERS,
    **systems_manager.WAITERS,
    "cloudwatch:AlarmExists": ({"AlarmNames": ["high"]}, _alarm, True),
    "cloudwatch:AlarmMuteRuleExists": ({"AlarmMuteRuleName": "quiet"}, _mute_rule, True),
    "cloudwatch:CompositeAlarmExists": ({"AlarmTypes": ["CompositeAlarm"]}, _composite_alarm, True),
    "lambda:FunctionActive": (FUNCTION, _function, False),
    "lambda:FunctionActiveV2": (FUNCTION, _function, False),
    "lambda:FunctionExists": (FUNCTION, _function, True),
    "lambda:FunctionUpdated": (FUNCTION, _function, False),
    "lambda:FunctionUpdatedV2": (FUNCTION, _function, False),
    "lambda:PublishedVersionActive": (
        {**FUNCTION, "Qualifier": "1"},
        lambda client: _function(client, publish=True),
        False,
    ),
    "schemas:CodeBindingExists": ({**SCHEMA, "Language": "Python36"}, _binding, False),
    "s3:BucketExists": ({"Bucket": "reports"}, _bucket, True),
    "s3:BucketNotExists": ({"Bucket": "reports"}, lambda client: None, False),
    "s3:ObjectExists": (S3_OBJECT, _object, True),
    "s3:ObjectNotExists": (S3_OBJECT, _bucket, False),
    "dynamodb:TableExists": ({"TableName": "orders"}, _table, True),
    "dynamodb:TableNotExists": ({"TableName": "orders"}, lambda client: None, False),
    "dynamodb:ContributorInsightsEnabled": ({"TableName": "orders"}, _insights, False),
    "dynamodb:ExportCompleted": (EXPORT, _export, False),
    "dynamodb:ImportCompleted": (IMPORT, _import, False),
    "dynamodb:KinesisStreamingDestinationActive": ({"TableName": "orders"}, _destination, False),
}

UNDO = {
    "s3:BucketNotExists": _bucket,
    "s3:ObjectNotExists": _object,
    "dynamodb:TableNotExists": _table,
}


def waiter(name):
    service, _, waiter_name = name.partition(":")
    client = boto3.client(service)
    assert name in WAITERS, f"say in WAITERS how {name} is brought about"
    return client, client.get_waiter(xform_name(waiter_name))


@pytest.mark.parametrize("name", list(waiters()))
def test_a_waiter_ends_when_it_is_so(aws, name):
    client, wait = waiter(name)
    params, bring_about, _ = WAITERS[name]
    bring_about(client)
    started = aws.clock.now()
    wait.wait(**params)
    assert (aws.clock.now() - started).total_seconds() < 60


@pytest.mark.parametrize("name", list(waiters()))
def test_a_waiter_gives_up(aws, name):
    """Its pauses pass on the Cloud's clock: minutes of them take no time."""
    client, wait = waiter(name)
    params, _, in_vain = WAITERS[name]
    if not in_vain:
        if name not in UNDO:
            pytest.skip("it cannot wait in vain")
        UNDO[name](client)
    started = aws.clock.now()
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        wait.wait(**params)
    waited = (aws.clock.now() - started).total_seconds()
    assert waited == pytest.approx(wait.config.delay * (wait.config.max_attempts - 1), abs=5)


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.parametrize("name", ["dynamodb:TableExists"])
def test_a_waiter_sees_the_work_of_aws_end(aws, name):
    client, wait = waiter(name)
    params, bring_about, _ = WAITERS[name]
    bring_about(client)
    assert client.describe_table(**params)["Table"]["TableStatus"] == "CREATING"
    wait.wait(**params)
    assert client.describe_table(**params)["Table"]["TableStatus"] == "ACTIVE"


# --- paginators: parameters and what there is to list; 7 results in pages of 3


def _objects(client):
    _bucket(client)
    for number in range(7):
        client.put_object(Bucket="reports", Key=f"{number}.txt", Body=b"x")
    return {"Bucket": "reports"}


def _versions(client):
    _bucket(client)
    client.put_bucket_versioning(Bucket="reports", VersioningConfiguration={"Status": "Enabled"})
    for number in range(5):
        client.put_object(Bucket="reports", Key=f"{number // 3}.txt", Body=b"x")
    for key in ("0.txt", "1.txt"):
        client.delete_object(Bucket="reports", Key=key)
    return {"Bucket": "reports"}


def _uploads(client):
    _bucket(client)
    for number in range(7):
        client.create_multipart_upload(Bucket="reports", Key=f"{number // 3}.bin")
    return {"Bucket": "reports"}


def _parts(client):
    _bucket(client)
    upload = {"Bucket": "reports", "Key": "big"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    for number in range(1, 8):
        client.upload_part(**upload, PartNumber=number, Body=b"x")
    return upload


def _buckets(client):
    for number in range(7):
        client.create_bucket(Bucket=f"bucket-{number}")
    return {}


def _seven(make, found=None):
    def of(client):
        for number in range(7):
            make(client, f"n{number}")
        return found or {}

    return of


def _measured(client, name):
    client.put_metric_data(Namespace="App", MetricData=[{"MetricName": name, "Value": 1}])


def _metric_data(client):
    now = datetime.now(UTC)
    queries = []
    for number in range(7):
        _measured(client, f"n{number}")
        stat = {"Metric": {"Namespace": "App", "MetricName": f"n{number}"}, "Period": 60, "Stat": "Sum"}
        queries.append({"Id": f"q{number}", "MetricStat": stat})
    start, end = now - timedelta(hours=1), now + timedelta(hours=1)
    return {"MetricDataQueries": queries, "StartTime": start, "EndTime": end}


def _queues(client):
    for number in range(7):
        client.create_queue(QueueName=f"queue-{number}")
    return {}


def _sources(client):
    dead = client.create_queue(QueueName="dead")["QueueUrl"]
    policy = '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 1}'
    for number in range(7):
        client.create_queue(QueueName=f"queue-{number}", Attributes={"RedrivePolicy": policy})
    return {"QueueUrl": dead}


def _tables(client):
    for number in range(7):
        client.create_table(**{**TABLE, "TableName": f"table-{number}"})
    return {}


def _items(client):
    _table(client)
    for number in range(7):
        client.put_item(TableName="orders", Item={"pk": {"S": "jane"}, "sk": {"N": str(number)}})
    return {"TableName": "orders"}


def _queried(client):
    return {
        **_items(client),
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": "jane"}},
    }


def _tags(client):
    table = client.create_table(**TABLE)["TableDescription"]["TableArn"]
    for start in (0, 10):
        tags = [{"Key": f"key-{start + number}", "Value": "value"} for number in range(10)]
        client.tag_resource(ResourceArn=table, Tags=tags)
    return {"ResourceArn": table}


SCALED = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
}


def _scaled(client, tables=("orders",)):
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    for name in tables:
        table = {**TABLE, "TableName": name, "BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
        boto3.client("dynamodb").create_table(**table)
        client.register_scalable_target(**{**SCALED, "ResourceId": f"table/{name}"}, MinCapacity=1, MaxCapacity=9)
    return {"ServiceNamespace": "dynamodb"}


def _scaling(client):
    params = _scaled(client)
    for number in range(2, 9):
        client.register_scalable_target(**SCALED, MinCapacity=number)
    return params


def _policies(client):
    params = _scaled(client, tuple(f"orders-{number}" for number in range(7)))
    metric = {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}
    for number in range(7):
        client.put_scaling_policy(
            **{**SCALED, "ResourceId": f"table/orders-{number}"},
            PolicyName="reads",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 70, "PredefinedMetricSpecification": metric},
        )
    return params


def _scheduled(client):
    params = _scaled(client)
    for number in range(7):
        client.put_scheduled_action(
            **SCALED,
            ScheduledActionName=f"a{number}",
            Schedule="rate(1 hour)",
            ScalableTargetAction={"MinCapacity": 1},
        )
    return params


def _backups(client):
    _table(client)
    for number in range(7):
        client.create_backup(TableName="orders", BackupName=f"backup-{number}")
    return {}


def _organization(client, *types):
    client.create_organization()
    root = client.list_roots()["Roots"][0]["Id"]
    for type in types:
        client.enable_policy_type(RootId=root, PolicyType=type)
    return root


def _accounts(client, number=6):
    root = _organization(client)
    for each in range(number):
        client.create_account(Email=f"a{each}@corp.example", AccountName=f"a{each}")
    return {"ParentId": root}


def _members(client, number):
    _accounts(client, number)
    return [account["Id"] for account in client.list_accounts()["Accounts"][1:]]


def _units(client, number=7):
    root = _organization(client)
    for each in range(number):
        client.create_organizational_unit(ParentId=root, Name=f"unit {each}")
    return {"ParentId": root}


def _invitations(client):
    for number in range(7):
        keys = {"aws_access_key_id": f"22222222222{number}", "aws_secret_access_key": "x"}
        other = boto3.client("organizations", **keys)
        other.create_organization()
        other.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": "123456789012"})
    return {}


def _invited(client):
    _organization(client)
    for number in range(7):
        client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": f"22222222222{number}"})
    return {}


def _tag_policies(client):
    root = _organization(client, "TAG_POLICY")
    for number in range(7):
        content = '{"tags": {"owner": {"tag_value": {"@@append": ["a"]}}}}'
        made = client.create_policy(Name=f"p{number}", Description="", Type="TAG_POLICY", Content=content)
        client.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=root)
    return {"TargetId": root, "Filter": "TAG_POLICY"}


def _trusted(client):
    _organization(client)
    for number in range(7):
        client.enable_aws_service_access(ServicePrincipal=f"service{number}.amazonaws.com")
    return {}


def _delegates(client):
    for number, account in enumerate(_members(client, 7)):
        service = {"ServicePrincipal": f"service{number}.amazonaws.com"}
        client.enable_aws_service_access(**service)
        client.register_delegated_administrator(AccountId=account, **service)
    return {}


def _delegated(client):
    (account,) = _members(client, 1)
    for number in range(7):
        service = {"ServicePrincipal": f"service{number}.amazonaws.com"}
        client.enable_aws_service_access(**service)
        client.register_delegated_administrator(AccountId=account, **service)
    return {"AccountId": account}


def _key(client, **more):
    return {"KeyId": client.create_key(**more)["KeyMetadata"]["KeyId"]}


def _keys(client):
    for _ in range(7):
        client.create_key()
    return {}


def _aliases(client):
    for number in range(7):
        client.create_alias(AliasName=f"alias/a{number}", TargetKeyId=_key(client)["KeyId"])
    return {}


def _secrets(client):
    for number in range(7):
        client.create_secret(Name=f"secret-{number}", SecretString="x")
    return {}


def _grants(client, **found):
    key = _key(client)
    role = "arn:aws:iam::222222222222:role/r"
    for _ in range(7):
        client.create_grant(**key, GranteePrincipal=role, RetiringPrincipal=role, Operations=["Decrypt"])
    return found or key


def _rotations(client):
    key = _key(client)
    for _ in range(7):
        client.rotate_key_on_demand(**key)
    return key


def _key_tags(client):
    return _key(client, Tags=[{"TagKey": f"key-{number}", "TagValue": "v"} for number in range(7)])


def _key_stores(client):
    for number in range(7):
        client.create_custom_key_store(
            CustomKeyStoreName=f"s{number}",
            CloudHsmClusterId=f"cluster-abcdefghij{'abcdefg'[number]}",
            TrustAnchorCertificate="x",
            KeyStorePassword="password",
        )
    return {}


def _tagged_root(client):
    root = _organization(client)
    client.tag_resource(ResourceId=root, Tags=[{"Key": f"key-{number}", "Value": "v"} for number in range(7)])
    return {"ResourceId": root}


def _pipes(client):
    arn = "arn:aws:sqs:us-east-1:123456789012:"
    role = "arn:aws:iam::123456789012:role/pipes"
    for number in range(7):
        client.create_pipe(
            Name=f"pipe-{number}", Source=f"{arn}in", Target=f"{arn}out", RoleArn=role, DesiredState="STOPPED"
        )
    return {}


def _registries(client):
    for number in range(7):
        client.create_registry(RegistryName=f"registry-{number}")
    return {"Scope": "LOCAL"}


LOGS = {"logGroupName": "app"}
ROLE_OF_LOGS = "arn:aws:iam::123456789012:role/logs"


def _log_groups(client):
    for number in range(7):
        client.create_log_group(logGroupName=f"app{number}")
    return {}


def _log_streams(client):
    client.create_log_group(**LOGS)
    for number in range(7):
        client.create_log_stream(**LOGS, logStreamName=f"web{number}")
    return LOGS


def _log_events(client):
    _log_streams(client)
    now = int(time.time() * 1000)
    for number in range(7):
        event = {"timestamp": now - number, "message": "x"}
        client.put_log_events(**LOGS, logStreamName=f"web{number}", logEvents=[event])
    return LOGS


def _metric_filters(client):
    client.create_log_group(**LOGS)
    metric = {"metricName": "errors", "metricNamespace": "App", "metricValue": "1"}
    for number in range(7):
        client.put_metric_filter(**LOGS, filterName=f"f{number}", filterPattern="ERROR", metricTransformations=[metric])
    return LOGS


def _kinesis_stream():
    boto3.client("kinesis").create_stream(StreamName="logs", ShardCount=1)
    return "arn:aws:kinesis:us-east-1:123456789012:stream/logs"


def _subscriptions(client):
    client.create_log_group(**LOGS)
    to = {"destinationArn": _kinesis_stream(), "roleArn": ROLE_OF_LOGS}
    for number in range(2):
        client.put_subscription_filter(**LOGS, filterName=f"f{number}", filterPattern="ERROR", **to)
    return LOGS


def _log_destinations(client):
    target = _kinesis_stream()
    for number in range(7):
        client.put_destination(destinationName=f"d{number}", targetArn=target, roleArn=ROLE_OF_LOGS)
    return {}


def _log_policies(client):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "logs:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for number in range(7):
        client.put_resource_policy(policyName=f"p{number}", policyDocument=text)
    return {}


def _log_queries(client):
    client.create_log_group(**LOGS)
    for _ in range(7):
        client.start_query(**LOGS, startTime=0, endTime=1, queryString="limit 1")
    return LOGS


def _queried_groups(client):
    _log_groups(client)
    names = [f"app{number}" for number in range(7)]
    query = client.start_query(logGroupNames=names, startTime=0, endTime=1, queryString="limit 1")
    return {"queryId": query["queryId"]}


def _detectors(client):
    client.create_log_group(**LOGS)
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:app"
    for _ in range(7):
        client.create_log_anomaly_detector(logGroupArnList=[arn])
    return {}


def _delivery_sources(client):
    for number in range(7):
        arn = f"arn:aws:sqs:us-east-1:123456789012:q{number}"
        client.put_delivery_source(name=f"q{number}", resourceArn=arn, logType="ACCESS")
    return {}


def _delivery_destinations(client):
    bucket = {"destinationResourceArn": "arn:aws:s3:::logs"}
    for number in range(7):
        client.put_delivery_destination(name=f"d{number}", deliveryDestinationConfiguration=bucket)
    return {}


def _deliveries(client):
    _delivery_sources(client)
    _delivery_destinations(client)
    for number in range(7):
        arn = f"arn:aws:logs:us-east-1:123456789012:delivery-destination:d{number}"
        client.create_delivery(deliverySourceName=f"q{number}", deliveryDestinationArn=arn)
    return {}


def _scheduled_queries(client):
    given = {"queryLanguage": "CWLI", "queryString": "limit 1", "scheduleExpression": "rate(1 hour)"}
    for number in range(7):
        client.create_scheduled_query(name=f"q{number}", **given, executionRoleArn=ROLE_OF_LOGS)
    return {}


def _history(client):
    _scheduled_queries(client)
    return {"identifier": "q0", "startTime": 0, "endTime": 1}


def _log_exports(client):
    _bucket(boto3.client("s3"))
    client.create_log_group(**LOGS)
    now = int(time.time() * 1000)
    for _ in range(7):
        client.create_export_task(**LOGS, fromTime=now - 1000, to=now + 1000, destination="reports")
    return {}


def _domain_upgrades(client):
    domain = {"DomainName": "old"}
    client.create_elasticsearch_domain(
        **domain, ElasticsearchVersion="6.8", EBSOptions={"EBSEnabled": True, "VolumeSize": 10}
    )
    for _ in range(7):
        client.upgrade_elasticsearch_domain(**domain, TargetVersion="7.10", PerformCheckOnly=True)
    return domain


def _schemas(client):
    client.create_registry(RegistryName="shop")
    for number in range(7):
        content = '{"openapi": "3.0.0", "info": {"title": "order"}, "paths": {}}'
        client.create_schema(RegistryName="shop", SchemaName=f"s{number}", Type="OpenApi3", Content=content)
    return {"RegistryName": "shop"}


def _discoverers(client):
    events = boto3.client("events")
    for number in range(7):
        bus = events.create_event_bus(Name=f"bus-{number}")["EventBusArn"]
        client.create_discoverer(SourceArn=bus)
    return {}


def _streams(client, edge=None):
    for number in range(7):
        client.create_stream(StreamName=f"stream-{number}", DataRetentionInHours=1)
        if edge is not None:
            client.start_edge_configuration_update(StreamName=f"stream-{number}", EdgeConfig=edge)
    return {}


def _edges(client):
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:camera-Ab12Cd"
    source = {"MediaUriSecretArn": secret, "MediaUriType": "RTSP_URI"}
    hub = {"HubDeviceArn": "arn:aws:iot:us-east-1:123456789012:thing/hub"}
    _streams(client, {**hub, "RecorderConfig": {"MediaSourceConfig": source}})
    return hub


def _channels(client):
    for number in range(7):
        client.create_signaling_channel(ChannelName=f"channel-{number}")
    return {}


def _mapped_stream(client):
    storage = {"Status": "ENABLED"}
    storage["StreamARN"] = client.create_stream(StreamName="kept", DataRetentionInHours=1)["StreamARN"]
    channel = client.create_signaling_channel(ChannelName="call")["ChannelARN"]
    client.update_media_storage_configuration(ChannelARN=channel, MediaStorageConfiguration=storage)
    return {"StreamName": "kept"}


def _kafka(client, name="orders", **more):
    """The ARN of a cluster in three zones, which is there by the next call."""
    group = {"InstanceType": "kafka.m5.large", "ClientSubnets": ["subnet-1", "subnet-2", "subnet-3"]}
    settings = {"BrokerNodeGroupInfo": group, "KafkaVersion": "3.9.x", "NumberOfBrokerNodes": 3, **more}
    return client.create_cluster(ClusterName=name, **settings)["ClusterArn"]


def _kafkas(client):
    for number in range(7):
        _kafka(client, f"cluster-{number}")
    return {}


def _rebooted(client):
    cluster = {"ClusterArn": _kafka(client)}
    for _ in range(7):
        client.reboot_broker(**cluster, BrokerIds=["1"])
    return cluster


def _configurations(client):
    for number in range(7):
        client.create_configuration(Name=f"c{number}", ServerProperties=b"")
    return {}


def _revisions(client):
    configuration = {"Arn": client.create_configuration(Name="c", ServerProperties=b"")["Arn"]}
    for _ in range(6):
        client.update_configuration(**configuration, ServerProperties=b"")
    return configuration


def _scram_secrets(client):
    cluster = {"ClusterArn": _kafka(client, ClientAuthentication={"Sasl": {"Scram": {"Enabled": True}}})}
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_{}-Ab12Cd"
    client.batch_associate_scram_secret(**cluster, SecretArnList=[secret.format(number) for number in range(7)])
    return cluster


def _iam_cluster(client, name="orders"):
    on = {"Sasl": {"Iam": {"Enabled": True}}}
    return _kafka(client, name, ClientAuthentication=on)


def _vpc_connections(client):
    cluster = {"ClusterArn": _iam_cluster(client)}
    version = client.describe_cluster(**cluster)["ClusterInfo"]["CurrentVersion"]
    private = {"VpcConnectivity": {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}}}
    client.update_connectivity(**cluster, CurrentVersion=version, ConnectivityInfo=private)
    network = {"ClientSubnets": ["subnet-1", "subnet-2", "subnet-3"], "SecurityGroups": ["sg-1"]}
    for number in range(7):
        client.create_vpc_connection(
            TargetClusterArn=cluster["ClusterArn"], Authentication="SASL_IAM", VpcId=f"vpc-{number}", **network
        )
    return cluster


def _replicators(client):
    ends = [_iam_cluster(client, name) for name in ("source", "target")]
    network = {"SubnetIds": ["subnet-1", "subnet-2"]}
    replication = {
        "SourceKafkaClusterArn": ends[0],
        "TargetKafkaClusterArn": ends[1],
        "TargetCompressionType": "NONE",
        "TopicReplication": {"TopicsToReplicate": [".*"]},
        "ConsumerGroupReplication": {"ConsumerGroupsToReplicate": [".*"]},
    }
    for number in range(7):
        client.create_replicator(
            ReplicatorName=f"r{number}",
            ServiceExecutionRoleArn="arn:aws:iam::123456789012:role/replication",
            KafkaClusters=[{"AmazonMskCluster": {"MskClusterArn": arn}, "VpcConfig": network} for arn in ends],
            ReplicationInfoList=[replication],
        )
    return {}


def _topics(client):
    cluster = {"ClusterArn": _kafka(client)}
    for number in range(7):
        client.create_topic(**cluster, TopicName=f"t{number}", PartitionCount=7, ReplicationFactor=1)
    return cluster


def _brokers(client):
    for number in range(7):
        client.create_broker(
            BrokerName=f"broker-{number}",
            EngineType="ACTIVEMQ",
            DeploymentMode="SINGLE_INSTANCE",
            HostInstanceType="mq.m5.large",
            PubliclyAccessible=False,
            Users=[{"Username": "admin", "Password": "correct-horse-battery"}],
        )
    return {}


def _center(client=None):
    """An instance of Identity Center that has permission sets, and the id of its store."""
    admin = boto3.client("sso-admin")
    instance = {"InstanceArn": admin.create_instance()["InstanceArn"]}
    admin.update_instance(**instance, PermissionSetsEnabled=True)
    return instance, admin.list_instances()["Instances"][0]["IdentityStoreId"]


def _store():
    return {"IdentityStoreId": _center()[1]}


def _person(store, number=0):
    name = {"UserName": f"user{number}", "DisplayName": "x", "Name": {"GivenName": "x", "FamilyName": "y"}}
    return boto3.client("identitystore").create_user(**store, **name)["UserId"]


def _people(client, store=None):
    store = store or _store()
    return store, [_person(store, number) for number in range(7)]


def _groups(client):
    store = _store()
    return store, [client.create_group(**store, DisplayName=f"g{number}")["GroupId"] for number in range(7)]


def _group_members(client):
    store, people = _people(client)
    group = {"GroupId": client.create_group(**store, DisplayName="all")["GroupId"]}
    for each in people:
        client.create_group_membership(**store, **group, MemberId={"UserId": each})
    return {**store, **group}


def _groups_of_member(client):
    store, groups = _groups(client)
    member = {"MemberId": {"UserId": _person(store)}}
    for each in groups:
        client.create_group_membership(**store, GroupId=each, **member)
    return {**store, **member}


def _permission_sets(client):
    instance, store = _center()
    made = [client.create_permission_set(**instance, Name=f"set{number}") for number in range(7)]
    return instance, {"IdentityStoreId": store}, [each["PermissionSet"]["PermissionSetArn"] for each in made]


def _target(permission_set, user):
    return {
        "TargetId": "123456789012",
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": permission_set,
        "PrincipalType": "USER",
        "PrincipalId": user,
    }


def _assigned(client, show, delete=False):
    """Seven permission sets for one user; `show` says what to ask with."""
    instance, store, sets = _permission_sets(client)
    user = _person(store)
    for each in sets:
        client.create_account_assignment(**instance, **_target(each, user))
        if delete:
            client.delete_account_assignment(**instance, **_target(each, user))
    return {**instance, **show(sets, user)}


def _assigned_people(client):
    instance, store, sets = _permission_sets(client)
    for user in _people(None, store)[1]:
        client.create_account_assignment(**instance, **_target(sets[0], user))
    return {**instance, "AccountId": "123456789012", "PermissionSetArn": sets[0]}


def _provisioned(client):
    params = _assigned(client, lambda sets, user: {"PermissionSetArn": sets[0]})
    for _ in range(7):
        client.provision_permission_set(**params, TargetType="ALL_PROVISIONED_ACCOUNTS")
    return {"InstanceArn": params["InstanceArn"]}


def _policies_of_set(client, managed):
    instance, _, sets = _permission_sets(client)
    which = {**instance, "PermissionSetArn": sets[0]}
    names = ("ReadOnlyAccess", "AdministratorAccess", "PowerUserAccess", "SecurityAudit", "IAMFullAccess")
    for name in (*names, "AmazonS3FullAccess", "AmazonSQSFullAccess"):
        if managed:
            arn = f"arn:aws:iam::aws:policy/{name}"
            client.attach_managed_policy_to_permission_set(**which, ManagedPolicyArn=arn)
        else:
            client.attach_customer_managed_policy_reference_to_permission_set(
                **which, CustomerManagedPolicyReference={"Name": name}
            )
    return which


def _applications(client):
    instance, store = _center()
    provider = {"ApplicationProviderArn": "arn:aws:sso::aws:applicationProvider/custom"}
    made = [client.create_application(**instance, **provider, Name=f"app{number}") for number in range(7)]
    return instance, {"IdentityStoreId": store}, [each["ApplicationArn"] for each in made]


def _application(client, prepare):
    _, store, (arn, *_) = _applications(client)
    prepare(client, {"ApplicationArn": arn}, store)
    return {"ApplicationArn": arn}


def _assignees(client, application, store):
    for user in _people(None, store)[1]:
        client.create_application_assignment(**application, PrincipalType="USER", PrincipalId=user)


def _scopes(client, application, store):
    for number in range(7):
        client.put_application_access_scope(**application, Scope=f"scope{number}")


def _grant(client, application, store):
    client.put_application_grant(**application, GrantType="refresh_token", Grant={"RefreshToken": {}})


def _method(client, application, store):
    method = {"Iam": {"ActorPolicy": {"Version": "2012-10-17"}}}
    client.put_application_authentication_method(
        **application, AuthenticationMethodType="IAM", AuthenticationMethod=method
    )


def _applications_of_person(client):
    instance, store, applications = _applications(client)
    who = {"PrincipalType": "USER", "PrincipalId": _person(store)}
    for arn in applications:
        client.create_application_assignment(ApplicationArn=arn, **who)
    return {**instance, **who}


def _issuers(client):
    instance, _ = _center()
    for number in range(7):
        issuer = {"IssuerUrl": f"https://idp{number}.example.com", "ClaimAttributePath": "email"}
        issuer |= {"IdentityStoreAttributePath": "emails.value", "JwksRetrievalOption": "OPEN_ID_DISCOVERY"}
        client.create_trusted_token_issuer(
            **instance,
            Name=f"idp{number}",
            TrustedTokenIssuerType="OIDC_JWT",
            TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": issuer},
        )
    return instance


def _tagged_instance(client):
    instance, _ = _center()
    tags = [{"Key": f"key-{number}", "Value": "x"} for number in range(7)]
    client.tag_resource(ResourceArn=instance["InstanceArn"], Tags=tags)
    return {"ResourceArn": instance["InstanceArn"]}


TRAILS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::trails", "arn:aws:s3:::trails/*"],
        }
    ],
}


def _pipeline(client, name="site"):
    stages = []
    for stage, action, kind, given, made in (
        ("Source", "Fetch", ("Source", "S3"), {"S3Bucket": "code", "S3ObjectKey": "app"}, [{"name": "App"}]),
        ("Check", "Ask", ("Approval", "Manual"), {}, []),
    ):
        named = {"category": kind[0], "owner": "AWS", "provider": kind[1], "version": "1"}
        one = {"name": action, "actionTypeId": named, "configuration": given, "outputArtifacts": made}
        stages.append({"name": stage, "actions": [one]})
    declared = {
        "name": name,
        "roleArn": "arn:aws:iam::123456789012:role/pipeline",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": stages,
    }
    client.create_pipeline(pipeline=declared, tags=[{"key": f"t{number}", "value": "v"} for number in range(7)])
    return {"pipelineName": name}


def _pipelines(client):
    for number in range(7):
        _pipeline(client, f"site{number}")
    return {}


def _pipeline_runs(client):
    made = _pipeline(client)
    for _ in range(6):
        client.start_pipeline_execution(name="site")
    return made


def _pipeline_webhooks(client):
    _pipeline(client)
    for number in range(7):
        webhook = {
            "name": f"push{number}",
            "targetPipeline": "site",
            "targetAction": "Fetch",
            "filters": [{"jsonPath": "$.ref"}],
            "authentication": "UNAUTHENTICATED",
            "authenticationConfiguration": {},
        }
        client.put_webhook(webhook=webhook)
    return {}


def _trail(client, name="all"):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="trails")
    s3.put_bucket_policy(Bucket="trails", Policy=json.dumps(TRAILS))
    return client.create_trail(Name=name, S3BucketName="trails")["TrailARN"]


def _trails(client):
    for number in range(5):
        _trail(client, f"trail{number}")
    return {}


def _insights(client):
    trail = _trail(client)
    client.put_insight_selectors(TrailName="all", InsightSelectors=[{"InsightType": "ApiCallRateInsight"}])
    client.start_logging(Name="all")
    for name in [f"t{number}" for number in range(7)]:
        client.add_tags(ResourceId=trail, TagsList=[{"Key": name, "Value": "v"}])
    return {"InsightSource": trail, "DataType": "InsightsEvents"}


def _imports(client, count=7):
    store = client.create_event_data_store(Name="lake")["EventDataStoreArn"]
    role = "arn:aws:iam::123456789012:role/import"
    source = {"S3LocationUri": "s3://none/AWSLogs/", "S3BucketRegion": "us-east-1", "S3BucketAccessRoleArn": role}
    for _ in range(count):
        made = client.start_import(Destinations=[store], ImportSource={"S3": source})["ImportId"]
    return {"ImportId": made}


GATEWAY = "arn:aws:ec2:us-east-1:123456789012:transit-gateway/tgw-{}"


def _share(client, **more):
    client.create_resource_share(name="net", **more)
    return {"resourceOwner": "SELF"}


def _shares(client, **more):
    for _ in range(7):
        _share(client, **more)
    return {"resourceOwner": "SELF"}


def _gateways(client):
    arns = [GATEWAY.format(number) for number in range(7)]
    return {**_share(client, resourceArns=arns), "resourceArns": arns}


def _shared_by_others(client):
    for number in range(7):
        keys = {"aws_access_key_id": f"22222222222{number}", "aws_secret_access_key": "x"}
        _share(boto3.client("ram", **keys), principals=["123456789012"])
    return {}


def _analyzer(client):
    return {"analyzerArn": client.create_analyzer(analyzerName="a", type="ACCOUNT")["arn"]}


def _open_queues(client):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for number in range(7):
        boto3.client("sqs").create_queue(QueueName=f"open-{number}", Attributes={"Policy": policy})
    return _analyzer(client)


def _finding(client):
    params = _open_queues(client)
    return {**params, "id": client.list_findings(**params)["findings"][0]["id"]}


def _previews(client, number=7, principals=1):
    params, arn = _analyzer(client), "arn:aws:sqs:us-east-1:123456789012:jobs"
    accounts = [f"22222222222{each}" for each in range(principals)]
    statement = {"Effect": "Allow", "Principal": {"AWS": accounts}, "Action": "sqs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for _ in range(number):
        made = client.create_access_preview(**params, configurations={arn: {"sqsQueue": {"queuePolicy": policy}}})
    return {**params, "accessPreviewId": made["id"]}


def _rules(client):
    _analyzer(client)
    for number in range(7):
        client.create_archive_rule(analyzerName="a", ruleName=f"r{number}", filter={"id": {"exists": True}})
    return {"analyzerName": "a"}


def _generations(client):
    for number in range(7):
        arn = f"arn:aws:iam::123456789012:role/r{number}"
        client.start_policy_generation(policyGenerationDetails={"principalArn": arn})
    return {}


def _bad_policy(client):
    actions = [f"s3:Nothing{number}" for number in range(7)]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return {
        "policyDocument": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        "policyType": "IDENTITY_POLICY",
    }


# Operation -> what makes the results and returns the parameters.
PAGINATORS = {
    "application-autoscaling:DescribeScalingPolicies": _policies,
    **compute.PAGINATORS,
    **systems_manager.PAGINATORS,
    "cloudwatch:DescribeAlarmHistory": _seven(_alarm),
    "cloudwatch:DescribeAlarms": _seven(_alarm),
    "cloudwatch:DescribeAnomalyDetectors": _seven(
        lambda client, name: client.put_anomaly_detector(Namespace="App", MetricName=name, Stat="Sum")
    ),
    "cloudwatch:GetMetricData": _metric_data,
    "cloudwatch:ListAlarmMuteRules": _seven(_mute_rule),
    "cloudwatch:ListDashboards": _seven(
        lambda client, name: client.put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}')
    ),
    "cloudwatch:ListMetrics": _seven(_measured),
    "application-autoscaling:DescribeScalableTargets": lambda client: _scaled(
        client, [f"orders-{number}" for number in range(7)]
    ),
    "application-autoscaling:DescribeScalingActivities": _scaling,
    "application-autoscaling:DescribeScheduledActions": _scheduled,
    "accessanalyzer:GetFindingV2": _finding,
    "accessanalyzer:ListAccessPreviewFindings": lambda client: _previews(client, 1, 7),
    "accessanalyzer:ListAccessPreviews": lambda client: {"analyzerArn": _previews(client)["analyzerArn"]},
    "accessanalyzer:ListAnalyzedResources": _open_queues,
    "accessanalyzer:ListAnalyzers": lambda client: _analyzer(client) and {},
    "accessanalyzer:ListArchiveRules": _rules,
    "accessanalyzer:ListFindings": _open_queues,
    "accessanalyzer:ListFindingsV2": _open_queues,
    "accessanalyzer:ListPolicyGenerations": _generations,
    "accessanalyzer:ValidatePolicy": _bad_policy,
    "es:DescribeReservedElasticsearchInstanceOfferings": lambda client: {},
    "es:DescribeReservedElasticsearchInstances": lambda client: {},
    "es:GetUpgradeHistory": _domain_upgrades,
    "es:ListElasticsearchInstanceTypes": lambda client: {"ElasticsearchVersion": "6.5"},
    "es:ListElasticsearchVersions": lambda client: {},
    "identitystore:ListGroupMemberships": _group_members,
    "identitystore:ListGroupMembershipsForMember": _groups_of_member,
    "identitystore:ListGroups": lambda client: _groups(client)[0],
    "identitystore:ListIdentityStores": lambda client: _store() and {},
    "identitystore:ListUsers": lambda client: _people(client)[0],
    "ram:GetResourcePolicies": lambda client: {"resourceArns": _gateways(client)["resourceArns"]},
    "ram:GetResourceShareAssociations": lambda client: _gateways(client) and {"associationType": "RESOURCE"},
    "ram:GetResourceShareInvitations": _shared_by_others,
    "ram:GetResourceShares": _shares,
    "ram:ListPrincipals": lambda client: _shares(client, principals=["222222222222"]),
    "ram:ListResources": _gateways,
    "ram:ListSourceAssociations": lambda client: _shares(client, sources=["222222222222"]) and {},
    "sso-admin:ListAccountAssignmentCreationStatus": lambda client: _assigned(client, lambda *_: {}),
    "sso-admin:ListAccountAssignmentDeletionStatus": lambda client: _assigned(client, lambda *_: {}, delete=True),
    "sso-admin:ListAccountAssignments": _assigned_people,
    "sso-admin:ListAccountAssignmentsForPrincipal": lambda client: _assigned(
        client, lambda _, user: {"PrincipalType": "USER", "PrincipalId": user}
    ),
    "sso-admin:ListAccountsForProvisionedPermissionSet": lambda client: _assigned(
        client, lambda sets, _: {"PermissionSetArn": sets[0]}
    ),
    "sso-admin:ListApplicationAccessScopes": lambda client: _application(client, _scopes),
    "sso-admin:ListApplicationAssignments": lambda client: _application(client, _assignees),
    "sso-admin:ListApplicationAssignmentsForPrincipal": _applications_of_person,
    "sso-admin:ListApplicationAuthenticationMethods": lambda client: _application(client, _method),
    "sso-admin:ListApplicationGrants": lambda client: _application(client, _grant),
    "sso-admin:ListApplicationProviders": lambda client: {},
    "sso-admin:ListApplications": lambda client: _applications(client)[0],
    "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet": lambda client: _policies_of_set(client, False),
    "sso-admin:ListInstances": lambda client: _center() and {},
    "sso-admin:ListManagedPoliciesInPermissionSet": lambda client: _policies_of_set(client, True),
    "sso-admin:ListPermissionSetProvisioningStatus": _provisioned,
    "sso-admin:ListPermissionSets": lambda client: _permission_sets(client)[0],
    "sso-admin:ListPermissionSetsProvisionedToAccount": lambda client: _assigned(
        client, lambda *_: {"AccountId": "123456789012"}
    ),
    "sso-admin:ListRegions": lambda client: _center()[0],
    "sso-admin:ListTagsForResource": _tagged_instance,
    "sso-admin:ListTrustedTokenIssuers": _issuers,
    "kafka:DescribeTopicPartitions": lambda client: {**_topics(client), "TopicName": "t0"},
    "kafka:ListClientVpcConnections": _vpc_connections,
    "kafka:ListClusterOperations": _rebooted,
    "kafka:ListClusterOperationsV2": _rebooted,
    "kafka:ListClusters": _kafkas,
    "kafka:ListClustersV2": _kafkas,
    "kafka:ListConfigurationRevisions": _revisions,
    "kafka:ListConfigurations": _configurations,
    "kafka:ListKafkaVersions": lambda client: {},
    "kafka:ListNodes": lambda client: {"ClusterArn": _kafka(client, NumberOfBrokerNodes=6)},
    "kafka:ListReplicators": _replicators,
    "kafka:ListScramSecrets": _scram_secrets,
    "kafka:ListTopics": _topics,
    "kafka:ListVpcConnections": lambda client: _vpc_connections(client) and {},
    "kinesisvideo:DescribeMappedResourceConfiguration": _mapped_stream,
    "kinesisvideo:ListEdgeAgentConfigurations": _edges,
    "kinesisvideo:ListSignalingChannels": _channels,
    "kinesisvideo:ListStreams": _streams,
    "kms:DescribeCustomKeyStores": _key_stores,
    "kms:ListAliases": _aliases,
    "kms:ListGrants": _grants,
    "kms:ListKeyPolicies": _key,
    "kms:ListKeyRotations": _rotations,
    "kms:ListKeys": _keys,
    "kms:ListResourceTags": _key_tags,
    "secretsmanager:ListSecrets": _secrets,
    "codepipeline:ListActionExecutions": _pipeline_runs,
    "codepipeline:ListActionTypes": lambda client: {"actionOwnerFilter": "ThirdParty"},
    "codepipeline:ListPipelineExecutions": _pipeline_runs,
    "codepipeline:ListPipelines": _pipelines,
    "codepipeline:ListTagsForResource": lambda client: (
        _pipeline(client) and {"resourceArn": "arn:aws:codepipeline:us-east-1:123456789012:site"}
    ),
    "codepipeline:ListWebhooks": _pipeline_webhooks,
    "cloudtrail:ListImportFailures": lambda client: _imports(client, 1),
    "cloudtrail:ListImports": lambda client: _imports(client) and {},
    "cloudtrail:ListInsightsData": _insights,
    "cloudtrail:ListPublicKeys": lambda client: {},
    "cloudtrail:ListTags": lambda client: {"ResourceIdList": [_trail(client)]},
    "cloudtrail:ListTrails": _trails,
    "cloudtrail:LookupEvents": lambda client: (
        _insights(client) and {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "AddTags"}]}
    ),
    "kms:ListRetirableGrants": lambda client: _grants(client, RetiringPrincipal="arn:aws:iam::222222222222:role/r"),
    "mq:ListBrokers": _brokers,
    "pipes:ListPipes": _pipes,
    "schemas:ListDiscoverers": _discoverers,
    "schemas:ListRegistries": _registries,
    "schemas:ListSchemaVersions": lambda client: _schema(client, 7),
    "schemas:ListSchemas": _schemas,
    "schemas:SearchSchemas": lambda client: {**_schemas(client), "Keywords": "order"},
    "organizations:ListAccounts": lambda client: _accounts(client) and {},
    "organizations:ListAccountsForParent": _accounts,
    "organizations:ListAccountsWithInvalidEffectivePolicy": lambda client: {
        "PolicyType": _tag_policies(client)["Filter"]
    },
    "organizations:ListAWSServiceAccessForOrganization": _trusted,
    "organizations:ListChildren": lambda client: {**_units(client), "ChildType": "ORGANIZATIONAL_UNIT"},
    "organizations:ListCreateAccountStatus": lambda client: _accounts(client, 7) and {},
    "organizations:ListDelegatedAdministrators": _delegates,
    "organizations:ListDelegatedServicesForAccount": _delegated,
    "organizations:ListEffectivePolicyValidationErrors": lambda client: {
        "PolicyType": _tag_policies(client)["Filter"],
        "AccountId": "123456789012",
    },
    "organizations:ListHandshakesForAccount": _invitations,
    "organizations:ListHandshakesForOrganization": _invited,
    "organizations:ListOrganizationalUnitsForParent": _units,
    "organizations:ListParents": lambda client: _organization(client) and {"ChildId": "123456789012"},
    "organizations:ListPolicies": lambda client: {"Filter": _tag_policies(client)["Filter"]},
    "organizations:ListPoliciesForTarget": _tag_policies,
    "organizations:ListRoots": lambda client: _organization(client) and {},
    "organizations:ListTagsForResource": _tagged_root,
    "organizations:ListTargetsForPolicy": lambda client: _units(client, 5) and {"PolicyId": "p-FullAWSAccess"},
    "s3:ListObjects": _objects,
    "s3:ListObjectsV2": _objects,
    "s3:ListObjectVersions": _versions,
    "s3:ListMultipartUploads": _uploads,
    "s3:ListParts": _parts,
    "s3:ListBuckets": _buckets,
    "sqs:ListQueues": _queues,
    "sqs:ListDeadLetterSourceQueues": _sources,
    "logs:DescribeDeliveries": _deliveries,
    "logs:DescribeDeliveryDestinations": _delivery_destinations,
    "logs:DescribeDeliverySources": _delivery_sources,
    "logs:DescribeDestinations": _log_destinations,
    "logs:DescribeExportTasks": _log_exports,
    "logs:DescribeLogGroups": _log_groups,
    "logs:DescribeLogStreams": _log_streams,
    "logs:DescribeMetricFilters": _metric_filters,
    "logs:DescribeQueries": _log_queries,
    "logs:DescribeResourcePolicies": _log_policies,
    "logs:DescribeSubscriptionFilters": _subscriptions,
    "logs:FilterLogEvents": _log_events,
    "logs:GetScheduledQueryHistory": _history,
    "logs:ListAnomalies": lambda client: {},
    "logs:ListLogAnomalyDetectors": _detectors,
    "logs:ListLogGroupsForQuery": _queried_groups,
    "logs:ListScheduledQueries": _scheduled_queries,
    "lambda:ListFunctions": _functions,
    "lambda:ListEventSourceMappings": _mappings,
    "lambda:ListAliases": lambda client: _versions_of_function(
        client,
        lambda client, version: client.create_alias(FunctionName="f", Name=f"a{version}", FunctionVersion=version),
    ),
    "lambda:ListVersionsByFunction": lambda client: _versions_of_function(client, count=6),  # and $LATEST
    "lambda:ListLayers": _layers,
    "lambda:ListLayerVersions": lambda client: {**_layers(client, "one"), "LayerName": "one"},
    "lambda:ListFunctionUrlConfigs": lambda client: _versions_of_function(
        client,
        lambda client, version: (
            client.create_alias(FunctionName="f", Name=f"a{version}", FunctionVersion=version),
            client.create_function_url_config(FunctionName="f", Qualifier=f"a{version}", AuthType="NONE"),
        ),
    ),
    "lambda:ListFunctionEventInvokeConfigs": lambda client: _versions_of_function(
        client,
        lambda client, version: client.put_function_event_invoke_config(
            FunctionName="f", Qualifier=version, MaximumRetryAttempts=1
        ),
    ),
    "lambda:ListProvisionedConcurrencyConfigs": lambda client: _versions_of_function(
        client,
        lambda client, version: client.put_provisioned_concurrency_config(
            FunctionName="f", Qualifier=version, ProvisionedConcurrentExecutions=1
        ),
    ),
    "dynamodb:ListTables": _tables,
    "dynamodb:Query": _queried,
    "dynamodb:Scan": _items,
    "dynamodb:ListTagsOfResource": _tags,
    "dynamodb:ListBackups": _backups,
}

# Pages of a size that the caller cannot choose: results, pages.
FIXED = {
    **compute.FIXED,
    **systems_manager.FIXED,
    "cloudwatch:ListDashboards": (7, 1),
    "cloudwatch:ListMetrics": (7, 1),
    "codepipeline:ListActionTypes": (1, 1),
    "cloudtrail:ListImportFailures": (1, 1),
    "cloudtrail:ListInsightsData": (1, 1),
    "cloudtrail:ListPublicKeys": (1, 1),
    "cloudtrail:ListTags": (1, 1),
    "cloudtrail:ListTrails": (5, 1),
    # As many as Kafka has versions, and a multiple of the zones.
    "es:DescribeReservedElasticsearchInstanceOfferings": (0, 1),
    "es:DescribeReservedElasticsearchInstances": (0, 1),
    "es:ListElasticsearchInstanceTypes": (43, 1),
    "es:ListElasticsearchVersions": (34, 1),
    "kafka:ListKafkaVersions": (32, 1),
    "kafka:ListNodes": (6, 1),
    "kinesisvideo:DescribeMappedResourceConfiguration": (1, 1),
    "accessanalyzer:GetFindingV2": (1, 1),
    "accessanalyzer:ListAnalyzers": (1, 1),
    "identitystore:ListIdentityStores": (1, 1),
    "kms:ListKeyPolicies": (1, 1),
    "logs:DescribeSubscriptionFilters": (2, 1),
    "logs:GetScheduledQueryHistory": (0, 1),  # none has run yet
    "logs:ListAnomalies": (0, 1),
    "logs:ListLogGroupsForQuery": (7, 1),  # pages have fifty at least
    "sso-admin:ListAccountsForProvisionedPermissionSet": (1, 1),
    "sso-admin:ListApplicationAuthenticationMethods": (1, 1),
    "sso-admin:ListApplicationGrants": (1, 1),
    "sso-admin:ListApplicationProviders": (2, 1),
    "sso-admin:ListInstances": (1, 1),
    "sso-admin:ListRegions": (1, 1),
    "sso-admin:ListTagsForResource": (7, 1),
    "dynamodb:ListTagsOfResource": (20, 1),
    "organizations:ListAccountsWithInvalidEffectivePolicy": (0, 1),
    "organizations:ListEffectivePolicyValidationErrors": (0, 1),
    "organizations:ListParents": (1, 1),
    "organizations:ListRoots": (1, 1),
    "organizations:ListTagsForResource": (7, 1),
}


def results(configuration, page):
    """How much of what a paginator collects is on a page."""
    keys = configuration["result_key"]
    for key in keys if isinstance(keys, list) else [keys]:
        value = page.get(key)
        if isinstance(value, list):
            yield from value


def least_page(client, operation, configuration):
    """Three, or the fewest that a page may have."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    key = configuration.get("limit_key")
    member = shape.members.get(key)
    return max(3, member.metadata.get("min", 0) if member is not None else 0)


@pytest.mark.parametrize("name", list(paginators()))
def test_a_paginator_finds_everything_once(aws, name):
    service, _, operation = name.partition(":")
    assert name in PAGINATORS, f"say in PAGINATORS what there is to list for {name}"
    configuration = data(service, "paginators-1")["pagination"][operation]
    client = boto3.client(service)
    params = PAGINATORS[name](client)
    paginator = client.get_paginator(xform_name(operation))
    whole = [result for page in paginator.paginate(**params) for result in results(configuration, page)]

    if name in FIXED:
        pages = list(paginator.paginate(**params))
        assert (len(whole), len(pages)) == FIXED[name]
        return
    assert len(whole) == 7

    size = least_page(client, operation, configuration)
    pages = list(paginator.paginate(**params, PaginationConfig={"PageSize": size}))
    found = [list(results(configuration, page)) for page in pages]
    sizes = [len(page) for page in found]
    assert sizes == [3, 3, 1] if size == 3 else [size, 7 - size]
    assert sorted(str(result) for page in found for result in page) == sorted(map(str, whole))

    # Stopped in the middle of a page, and taken up again where it stopped.
    first = paginator.paginate(**params, PaginationConfig={"PageSize": size, "MaxItems": size + 1}).build_full_result()
    token = first["NextToken"]
    resumed = {"PageSize": size, "StartingToken": token}
    again = paginator.paginate(**params, PaginationConfig=resumed).build_full_result()
    parts = [*results(configuration, first), *results(configuration, again)]
    assert sorted(map(str, parts)) == sorted(map(str, whole))


@pytest.mark.parametrize("name", list(paginators()))
def test_a_token_that_nobody_gave_out_is_refused(aws, name):
    """Tokens are opaque: one that was made up is an error of the service, or lists nothing twice."""
    service, _, operation = name.partition(":")
    configuration = data(service, "paginators-1")["pagination"][operation]
    token = configuration["input_token"]
    if not isinstance(token, str) or "Token" not in token:
        pytest.skip("it goes on after a name, not after a token")
    client = boto3.client(service)
    params = PAGINATORS[name](client)
    with pytest.raises(ClientError) as refused:
        getattr(client, xform_name(operation))(
            **params, **{token: "made-up"}, **({"MaxResults": 3} if service == "sqs" else {})
        )
    assert 400 <= refused.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500
