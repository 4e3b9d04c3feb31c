"""Who may do what: policies decide, under `authorization=True` and between accounts."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim.auth.totp import STEP, code_at

OTHER = "222222222222"


def refused(call, *arguments, **parameters):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def keys_of(iam, user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def user_with(iam, name, *statements):
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
    return keys_of(iam, name)


def session_of(credentials):
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


@pytest.fixture
def iam(aws):
    return boto3.client("iam")


pytestmark = pytest.mark.aws(authorization=True)


def test_a_user_may_do_what_its_policy_says_and_nothing_else(aws, iam):
    queue = boto3.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    mine = boto3.client("sqs", **user_with(iam, "ann", allow("sqs:SendMessage")))
    mine.send_message(QueueUrl=queue, MessageBody="hello")
    code, message = refused(mine.receive_message, QueueUrl=queue)
    assert code == "AccessDenied"
    assert message.startswith(
        "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sqs:receivemessage on resource: "
        "arn:aws:sqs:us-east-1:123456789012:jobs because no identity-based policy allows the sqs:receivemessage action"
    )
    attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "1"


def test_a_least_privilege_role_that_lacks_one_action(aws, iam):
    table = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    boto3.client("dynamodb").create_table(TableName="orders", **table)
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}})
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    orders = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=document(allow("dynamodb:PutItem", orders)))
    assumed = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="w1")["Credentials"]
    worker = boto3.client("dynamodb", **session_of(assumed))
    worker.put_item(TableName="orders", Item={"id": {"S": "1"}})
    code, message = refused(worker.get_item, TableName="orders", Key={"id": {"S": "1"}})
    assert code == "AccessDeniedException"
    assert "arn:aws:sts::123456789012:assumed-role/worker/w1 is not authorized to perform: dynamodb:GetItem" in message
    session_policy = document(allow("dynamodb:GetItem", orders))
    narrowed = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="w2", Policy=session_policy)["Credentials"]
    code, _ = refused(
        boto3.client("dynamodb", **session_of(narrowed)).put_item, TableName="orders", Item={"id": {"S": "2"}}
    )
    assert code == "AccessDeniedException"


@pytest.mark.rule("sts-005")
def test_a_role_is_assumed_by_whom_it_trusts(aws, iam):
    trust = document({
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::123456789012:user/ann"},
    })  # fmt: skip
    ann, ben = user_with(iam, "ann"), user_with(iam, "ben", allow("sts:AssumeRole"))
    role = iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    assert boto3.client("sts", **ann).assume_role(RoleArn=role, RoleSessionName="ses")["Credentials"]
    code, message = refused(boto3.client("sts", **ben).assume_role, RoleArn=role, RoleSessionName="ses")
    assert code == "AccessDenied"
    assert message == (
        "User: arn:aws:iam::123456789012:user/ben is not authorized to perform: sts:AssumeRole on resource: " + role
    )
    missing = role.replace("deploy", "nobody")
    assert refused(boto3.client("sts", **ben).assume_role, RoleArn=missing, RoleSessionName="ses")[0] == "AccessDenied"


def test_a_boundary_never_grants_and_always_narrows(aws, iam):
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    keys = user_with(iam, "dev", allow(["s3:ListAllMyBuckets", "sqs:*"]))
    iam.put_user_permissions_boundary(UserName="dev", PermissionsBoundary=boundary)
    boto3.client("s3", **keys).list_buckets()
    code, message = refused(boto3.client("sqs", **keys).list_queues)
    assert code == "AccessDenied"
    assert "because no permissions boundary allows the sqs:listqueues action" in message


def test_a_bucket_of_another_account_needs_both_sides(aws, iam):
    theirs = boto3.client("s3", aws_access_key_id=OTHER, aws_secret_access_key="x")
    theirs.create_bucket(Bucket="their-bucket")
    theirs.put_object(Bucket="their-bucket", Key="k", Body=b"data")
    reader = boto3.client("s3", **user_with(iam, "reader", allow("s3:GetObject", "arn:aws:s3:::their-bucket/*")))
    stranger = boto3.client("s3", **user_with(iam, "stranger"))
    assert refused(reader.get_object, Bucket="their-bucket", Key="k")[0] == "AccessDenied"
    theirs.put_bucket_policy(
        Bucket="their-bucket",
        Policy=document(
            allow("s3:GetObject", "arn:aws:s3:::their-bucket/*", Principal={"AWS": "arn:aws:iam::123456789012:root"})
        ),
    )
    assert reader.get_object(Bucket="their-bucket", Key="k")["Body"].read() == b"data"
    assert refused(stranger.get_object, Bucket="their-bucket", Key="k")[0] == "AccessDenied"
    assert refused(reader.put_object, Bucket="their-bucket", Key="k", Body=b"")[0] == "AccessDenied"


def test_tags_decide(aws, iam):
    """ABAC: who has the tag of the queue's region may use it."""
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    blue, red = (user_with(iam, name, allow("sqs:*", Condition=condition)) for name in ("blue", "red"))
    iam.tag_user(UserName="blue", Tags=[{"Key": "team", "Value": "blue"}])
    boto3.client("sqs", **blue).list_queues()
    assert refused(boto3.client("sqs", **red).list_queues)[0] == "AccessDenied"


@pytest.mark.rule("sts-002")
def test_credentials_are_checked(aws, iam):
    keys = user_with(iam, "ann", allow("*"))
    boto3.client("sts", **keys).get_caller_identity()
    wrong = {**keys, "aws_secret_access_key": "wrong"}
    assert refused(boto3.client("sts", **wrong).get_caller_identity)[0] == "SignatureDoesNotMatch"
    assert refused(boto3.client("dynamodb", **wrong).list_tables)[0] == "InvalidSignatureException"
    iam.update_access_key(UserName="ann", AccessKeyId=keys["aws_access_key_id"], Status="Inactive")
    assert refused(boto3.client("sts", **keys).get_caller_identity)[0] == "InvalidClientTokenId"
    assert refused(boto3.client("s3", **keys).list_buckets)[0] == "InvalidAccessKeyId"
    assert refused(boto3.client("dynamodb", **keys).list_tables)[0] == "UnrecognizedClientException"


def test_acting_as(aws, iam):
    iam.create_user(UserName="ann")
    client = boto3.client("sqs")
    with aws.acting_as("arn:aws:iam::123456789012:user/ann"):
        assert refused(client.list_queues)[0] == "AccessDenied"
    client.list_queues()


@pytest.mark.aws(authorization=False, seed=1)
def test_without_authorization_strangers_still_need_the_resources_policy(aws):
    mine, theirs = boto3.client("s3"), boto3.client("s3", aws_access_key_id=OTHER, aws_secret_access_key="x")
    mine.create_bucket(Bucket="shared")
    mine.put_object(Bucket="shared", Key="public/a", Body=b"a")
    mine.put_object(Bucket="shared", Key="private/b", Body=b"b")
    assert refused(theirs.get_object, Bucket="shared", Key="public/a")[0] == "AccessDenied"
    mine.put_bucket_policy(
        Bucket="shared",
        Policy=document(allow("s3:GetObject", "arn:aws:s3:::shared/public/*", Principal={"AWS": OTHER})),
    )
    assert theirs.get_object(Bucket="shared", Key="public/a")["Body"].read() == b"a"
    assert refused(theirs.get_object, Bucket="shared", Key="private/b")[0] == "AccessDenied"
    theirs.create_bucket(Bucket="copies")
    theirs.copy_object(Bucket="copies", Key="a", CopySource="shared/public/a")
    assert refused(theirs.copy_object, Bucket="copies", Key="b", CopySource="shared/private/b")[0] == "AccessDenied"


def test_attributes_decide_tags_of_the_request_of_the_resource_and_of_the_principal(aws, iam):
    by_team = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    only_team = {
        "StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    mine = boto3.client(
        "sqs",
        **user_with(
            iam,
            "ann",
            allow(["sqs:CreateQueue", "sqs:TagQueue"], Condition=only_team),
            allow("sqs:SendMessage", Condition=by_team),
        ),
    )
    iam.tag_user(UserName="ann", Tags=[{"Key": "team", "Value": "red"}])
    assert refused(mine.create_queue, QueueName="untagged")[0] == "AccessDenied"
    assert refused(mine.create_queue, QueueName="blue", tags={"team": "blue"})[0] == "AccessDenied"
    assert refused(mine.create_queue, QueueName="more", tags={"team": "red", "cost": "1"})[0] == "AccessDenied"
    queue = mine.create_queue(QueueName="red", tags={"team": "red"})["QueueUrl"]
    mine.send_message(QueueUrl=queue, MessageBody="hello")
    other = boto3.client("sqs").create_queue(QueueName="blue", tags={"team": "blue"})["QueueUrl"]
    assert refused(mine.send_message, QueueUrl=other, MessageBody="hello")[0] == "AccessDenied"
    assert not boto3.client("sqs").receive_message(QueueUrl=other).get("Messages")


@pytest.mark.rule("sts-018")
@pytest.mark.aws(authorization=True, at="2026-01-01")
def test_only_a_session_with_mfa_may_delete(aws, iam):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="ledger")
    s3.put_object(Bucket="ledger", Key="2026", Body=b"total")
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    keys = user_with(iam, "ann", allow("s3:GetObject"), allow("s3:DeleteObject", Condition=with_mfa))
    phone = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial, seed = phone["SerialNumber"], phone["Base32StringSeed"]

    def shown(later=0):
        return code_at(seed, int(aws.clock.time()) // STEP + later)

    iam.enable_mfa_device(
        UserName="ann", SerialNumber=serial, AuthenticationCode1=shown(-1), AuthenticationCode2=shown()
    )
    aws.clock.advance(minutes=1)
    plain = boto3.client("s3", **keys)
    assert refused(plain.delete_object, Bucket="ledger", Key="2026")[0] == "AccessDenied"
    sts = boto3.client("sts", **keys)
    without = boto3.client("s3", **session_of(sts.get_session_token()["Credentials"]))
    assert refused(without.delete_object, Bucket="ledger", Key="2026")[0] == "AccessDenied"
    code, message = refused(sts.get_session_token, SerialNumber=serial, TokenCode=shown(-9))
    assert code == "AccessDenied"
    assert message == "MultiFactorAuthentication failed with invalid MFA one time pass code."
    assert plain.get_object(Bucket="ledger", Key="2026")["Body"].read() == b"total"
    session = sts.get_session_token(SerialNumber=serial, TokenCode=shown())["Credentials"]
    boto3.client("s3", **session_of(session)).delete_object(Bucket="ledger", Key="2026")
    assert "Contents" not in s3.list_objects_v2(Bucket="ledger")


def test_a_service_is_no_deputy_of_strangers(aws, iam):
    """The queue lets SNS in for its owner's topic: somebody else's topic cannot use SNS to get at it."""
    sqs, mine = boto3.client("sqs"), boto3.client("sns")
    theirs = boto3.client("sns", aws_access_key_id=OTHER, aws_secret_access_key="x")
    topics = {client: client.create_topic(Name="orders")["TopicArn"] for client in (mine, theirs)}
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:orders"

    def open_to_sns(**condition):
        statement = allow("sqs:SendMessage", arn, Principal={"Service": "sns.amazonaws.com"}, **condition)
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document(statement)})

    def received():
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [message["Body"] for message in found]

    raw = {"RawMessageDelivery": "true"}
    for client, topic in topics.items():
        client.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw, ReturnSubscriptionArn=True)
    (token,) = [json.loads(body)["Token"] for body in received()] or [None]
    if token is not None:
        theirs.confirm_subscription(TopicArn=topics[theirs], Token=token)
    open_to_sns()
    for client, topic in topics.items():
        client.publish(TopicArn=topic, Message=f"from {'me' if client is mine else 'them'}")
    assert "from me" in received()
    open_to_sns(Condition={"ArnEquals": {"aws:SourceArn": topics[mine]}})
    for client, topic in topics.items():
        client.publish(TopicArn=topic, Message=f"from {'me' if client is mine else 'them'}")
    assert received() == ["from me"]
    open_to_sns(Condition={"StringEquals": {"aws:SourceAccount": OTHER}})
    mine.publish(TopicArn=topics[mine], Message="from me")
    assert received() == []


def test_a_developer_makes_roles_within_a_boundary_only(aws, iam):
    """Delegation: what the developer's roles may do is bounded by what the developer has to put on them."""
    boundary = iam.create_policy(PolicyName="workloads", PolicyDocument=document(allow(["s3:*", "sqs:*"])))
    boundary_arn = boundary["Policy"]["Arn"]
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary_arn}}
    keys = user_with(
        iam,
        "dev",
        allow(["iam:CreateRole", "iam:PutRolePolicy"], Condition=bounded),
        allow("sts:AssumeRole"),
    )
    dev = boto3.client("iam", **keys)
    trust = document(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::123456789012:user/dev"}}
    )
    assert refused(dev.create_role, RoleName="app", AssumeRolePolicyDocument=trust)[0] == "AccessDenied"
    role = dev.create_role(RoleName="app", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary_arn)["Role"]
    dev.put_role_policy(RoleName="app", PolicyName="all", PolicyDocument=document(allow("*")))
    assert refused(dev.delete_role_permissions_boundary, RoleName="app")[0] == "AccessDenied"
    session = boto3.client("sts", **keys).assume_role(RoleArn=role["Arn"], RoleSessionName="app")["Credentials"]
    boto3.client("sqs", **session_of(session)).list_queues()
    assert refused(boto3.client("iam", **session_of(session)).list_users)[0] == "AccessDenied"


def test_paths_part_what_teams_may_administer(aws, iam):
    """Whoever may manage users and policies under /red/ gets at nothing elsewhere, by whatever name they ask."""
    account = "arn:aws:iam::123456789012"
    red = [f"{account}:{kind}/red/*" for kind in ("user", "policy", "role", "group")]
    dev = boto3.client("iam", **user_with(iam, "lead", allow("iam:*", red)))
    iam.create_user(UserName="ben", Path="/blue/")
    iam.create_user(UserName="ann", Path="/red/")
    assert dev.get_user(UserName="ann")["User"]["Arn"] == f"{account}:user/red/ann"
    assert dev.create_user(UserName="eve", Path="/red/")["User"]["Path"] == "/red/"
    assert refused(dev.create_user, UserName="mallory")[0] == "AccessDenied"
    code, message = refused(dev.delete_user, UserName="ben")
    assert (code, f"on resource: {account}:user/blue/ben because" in message) == ("AccessDenied", True)
    # A user can neither be taken out of the path nor in: both the old and the new name count.
    assert refused(dev.update_user, UserName="eve", NewPath="/blue/")[0] == "AccessDenied"
    dev.update_user(UserName="eve", NewUserName="eva")
    assert sorted(user["Arn"].rpartition(":")[2] for user in iam.list_users(PathPrefix="/red/")["Users"]) == [
        "user/red/ann", "user/red/eva",
    ]  # fmt: skip
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"{account}:root"}})
    iam.create_role(RoleName="app", Path="/red/", AssumeRolePolicyDocument=trust)
    dev.put_role_policy(RoleName="app", PolicyName="own", PolicyDocument=document(allow("sqs:*")))
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust)
    assert refused(dev.put_role_policy, RoleName="web", PolicyName="own", PolicyDocument=document(allow("*")))
    assert iam.list_role_policies(RoleName="web")["PolicyNames"] == []
    # Sessions of a role with a path: its permissions count, its path is no part of their names.
    session = boto3.client("sts").assume_role(RoleArn=f"{account}:role/red/app", RoleSessionName="one")["Credentials"]
    boto3.client("sqs", **session_of(session)).list_queues()
    wrong = boto3.client("sts", **user_with(iam, "any", allow("sts:AssumeRole")))
    assert refused(wrong.assume_role, RoleArn=f"{account}:role/app", RoleSessionName="one")[0] == "AccessDenied"


def test_an_administrator_of_tagged_users_and_no_others(aws, iam):
    tagged = {"StringEquals": {"iam:ResourceTag/team": "red"}}
    own = {"StringEquals": {"aws:RequestTag/team": "red"}}
    lead = user_with(iam, "lead", allow("iam:DeleteUser", Condition=tagged), allow("iam:TagUser", Condition=own))
    client = boto3.client("iam", **lead)
    iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "red"}])
    iam.create_user(UserName="ben", Tags=[{"Key": "team", "Value": "blue"}])
    assert refused(client.delete_user, UserName="ben")[0] == "AccessDenied"
    assert refused(client.tag_user, UserName="ben", Tags=[{"Key": "team", "Value": "blue"}])[0] == "AccessDenied"
    client.delete_user(UserName="ann")
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["ben", "lead"]


def test_only_some_policies_may_be_attached(aws, iam):
    reads = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    keys = user_with(
        iam, "lead", allow("iam:AttachUserPolicy", Condition={"ArnEquals": {"iam:PolicyARN": reads}})
    )  # fmt: skip
    iam.create_user(UserName="ann")
    lead = boto3.client("iam", **keys)
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert refused(lead.attach_user_policy, UserName="ann", PolicyArn=admin)[0] == "AccessDenied"
    lead.attach_user_policy(UserName="ann", PolicyArn=reads)
    assert [each["PolicyArn"] for each in iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"]] == [
        reads
    ]


def test_a_role_is_handed_to_the_service_it_is_for(aws, iam):
    """iam:PassRole: who sets up a service with a role needs to be allowed to hand it to that service."""
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "events.amazonaws.com"}})
    tags = [{"Key": "team", "Value": "red"}]
    for name in ("deliver", "admin"):
        more = {"Tags": tags} if name == "deliver" else {}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)
    role = "arn:aws:iam::123456789012:role/deliver"
    to_events = {"StringEquals": {"iam:PassedToService": "events.amazonaws.com", "aws:ResourceTag/team": "red"}}
    to_others = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    for user, condition in (("ann", to_events), ("ben", to_others)):
        keys = user_with(iam, user, allow("events:*"), allow("iam:PassRole", Condition=condition))
        events = boto3.client("events", **keys)
        events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
        target = {"Id": "1", "Arn": "arn:aws:events:us-east-1:123456789012:event-bus/other", "RoleArn": role}
        if user == "ann":
            events.put_targets(Rule="all", Targets=[target])
            other = {**target, "RoleArn": role.replace("deliver", "admin")}
            assert refused(events.put_targets, Rule="all", Targets=[other])[0] == "AccessDeniedException"
        else:
            code, message = refused(events.put_targets, Rule="all", Targets=[target])
            assert code == "AccessDeniedException"
            assert f"user/ben is not authorized to perform: iam:PassRole on resource: {role} because" in message
    kept = boto3.client("events").list_targets_by_rule(Rule="all")["Targets"]
    assert [each["RoleArn"] for each in kept] == [role]


@pytest.mark.rule("iam-071")
def test_a_role_works_with_the_services_that_it_trusts(aws, iam):
    def trusts(service, **condition):
        principal = {"Service": f"{service}.amazonaws.com"}
        return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **condition})

    def trust(*given, **condition):
        iam.update_assume_role_policy(RoleName="deliver", PolicyDocument=trusts(*given, **condition))

    role = iam.create_role(RoleName="deliver", AssumeRolePolicyDocument=trusts("ec2"))["Role"]["Arn"]
    iam.put_role_policy(RoleName="deliver", PolicyName="own", PolicyDocument=document(allow("sqs:SendMessage")))
    sqs, scheduler, events = (boto3.client(service) for service in ("sqs", "scheduler", "events"))
    queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    target = {"Arn": "arn:aws:sqs:us-east-1:123456789012:jobs", "RoleArn": role}
    nightly = {"Name": "nightly", "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    code, message = refused(scheduler.create_schedule, **nightly, Target=target)
    assert code == "ValidationException"
    assert message == "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    assert scheduler.list_schedules()["Schedules"] == []
    # For this account's schedules and nobody else's.
    group = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/default"
    mine = {"StringEquals": {"aws:SourceAccount": "123456789012"}, "ArnEquals": {"aws:SourceArn": group}}
    trust("scheduler", Condition={"StringEquals": {"aws:SourceAccount": OTHER}})
    assert refused(scheduler.create_schedule, **nightly, Target=target)[0] == "ValidationException"
    trust("scheduler", Condition=mine)
    scheduler.create_schedule(**nightly, Target=target)

    def received():
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for each in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return ["Scheduled Event" in each["Body"] for each in found]

    # Whoever no longer trusts the service gets nothing done by it; EventBridge does not ask until it delivers.
    events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="all", Targets=[{"Id": "1", **target}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
    assert received() == [True]
    aws.clock.advance(hours=1)
    assert received() == [True]
    trust("events")
    events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
    assert received() == [False]
    aws.clock.advance(hours=1)
    assert received() == []


def test_a_key_for_use_through_a_service_only(aws, iam):
    """Forward access sessions: S3 asks KMS as its caller, whose policy tells direct calls from those."""
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="sealed")
    through = {"Bool": {"aws:ViaAWSService": "true"}, "StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}
    keys = user_with(
        iam, "ann", allow("s3:*"), allow(["kms:GenerateDataKey", "kms:Decrypt"], key, Condition=through)
    )  # fmt: skip
    mine, kms = boto3.client("s3", **keys), boto3.client("kms", **keys)
    sealed = {"Bucket": "sealed", "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    mine.put_object(**sealed, Body=b"data")
    assert mine.get_object(Bucket="sealed", Key="k")["Body"].read() == b"data"
    assert refused(kms.generate_data_key, KeyId=key, KeySpec="AES_256")[0] == "AccessDeniedException"
    other = boto3.client("s3", **user_with(iam, "ben", allow("s3:*")))
    code, message = refused(other.get_object, Bucket="sealed", Key="k")
    assert code == "AccessDenied"
    assert "user/ben is not authorized to perform: kms:Decrypt on " in message
    # Whom a policy keeps out of services that call on somebody's behalf may still ask for itself.
    never = {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}
    by_s3 = {"ForAnyValue:StringEquals": {"aws:CalledVia": "s3.amazonaws.com"}}
    policy = document({**never, "Condition": by_s3}, allow(["s3:*", "kms:GenerateDataKey"]))
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=policy)
    kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert refused(mine.put_object, **sealed, Body=b"data")[0] == "AccessDenied"
