"""A company with an organization: what its policies forbid, to whom, and what being a member opens."""

import json

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

MANAGEMENT = "123456789012"
OUTSIDER = "999999999999"


def refused(call, *arguments, **parameters):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def client(service, account, region="us-east-1"):
    """As the administrator of an account: a key of twelve digits is its own account."""
    return boto3.client(service, region_name=region, aws_access_key_id=account, aws_secret_access_key="x")


class Company:
    """An organization with a unit "workloads" and two accounts, one in it and one under the root."""

    def __init__(self, aws):
        self.aws = aws
        self.api = boto3.client("organizations", region_name="us-east-1")
        self.id = self.api.create_organization()["Organization"]["Id"]
        self.root = self.api.list_roots()["Roots"][0]["Id"]
        self.unit = self.api.create_organizational_unit(ParentId=self.root, Name="workloads")["OrganizationalUnit"][
            "Id"
        ]
        self.dev, self.audit = self.account("dev"), self.account("audit")
        self.api.move_account(AccountId=self.dev, SourceParentId=self.root, DestinationParentId=self.unit)
        for account in (MANAGEMENT, self.dev, self.audit, OUTSIDER):
            aws.credentials.seen(account, "x")

    def account(self, name):
        made = self.api.create_account(Email=f"{name}@corp.example", AccountName=name)["CreateAccountStatus"]
        return self.api.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"][
            "AccountId"
        ]

    def policy(self, *statements, on, type="SERVICE_CONTROL_POLICY", name="guardrail"):
        made = self.api.create_policy(Name=name, Description="", Type=type, Content=document(*statements))["Policy"]
        id = made["PolicySummary"]["Id"]
        self.api.attach_policy(PolicyId=id, TargetId=on)
        return made["PolicySummary"]


@pytest.fixture
def company(aws):
    return Company(aws)


authorized = pytest.mark.aws(authorization=True)

REGION_LOCK = {
    "Sid": "OnlyEurope",
    "Effect": "Deny",
    "NotAction": ["iam:*", "organizations:*", "route53:*", "sts:*", "support:*"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
}


@authorized
@pytest.mark.rule("organizations-008")
def test_a_region_lock_leaves_global_services_alone(company):
    lock = company.policy(REGION_LOCK, on=company.unit)
    client("sqs", company.dev, "eu-west-1").create_queue(QueueName="jobs")
    client("iam", company.dev).create_user(UserName="ann")  # IAM's region is us-east-1
    code, message = refused(client("dynamodb", company.dev, "us-east-1").list_tables)
    assert code == "AccessDeniedException"
    assert message == (
        f"User: arn:aws:iam::{company.dev}:user/awsim is not authorized to perform: dynamodb:ListTables on resource: * "
        f"with an explicit deny in a service control policy: {lock['Arn']}"
    ).replace(" on resource: *", "")
    # Those outside of the unit, and the management account wherever it is, are not bound.
    client("dynamodb", company.audit).list_tables()
    client("dynamodb", MANAGEMENT).list_tables()
    company.api.move_account(AccountId=company.dev, SourceParentId=company.unit, DestinationParentId=company.root)
    client("dynamodb", company.dev).list_tables()


@authorized
def test_the_management_account_is_bound_by_nothing(company):
    company.policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, on=company.root)
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="of-the-management")
    assert refused(client("s3", company.dev).create_bucket, Bucket="of-dev")[0] == "AccessDenied"
    assert refused(client("s3", company.audit).create_bucket, Bucket="of-audit")[0] == "AccessDenied"
    client("s3", OUTSIDER).create_bucket(Bucket="of-an-outsider")


@authorized
@pytest.mark.rule("organizations-007")
def test_what_no_service_control_policy_allows_is_denied(company):
    only = company.policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, on=company.unit)
    company.api.detach_policy(PolicyId="p-FullAWSAccess", TargetId=company.unit)
    client("s3", company.dev).create_bucket(Bucket="of-dev")
    code, message = refused(client("dynamodb", company.dev).list_tables)
    assert code == "AccessDeniedException"
    assert message.endswith("because no service control policy allows the dynamodb:ListTables action")
    code, message = refused(company.api.detach_policy, PolicyId=only["Id"], TargetId=company.unit)
    assert code == "ConstraintViolationException"
    company.api.attach_policy(PolicyId="p-FullAWSAccess", TargetId=company.unit)
    client("dynamodb", company.dev).list_tables()


@authorized
def test_root_and_roles_of_a_member_are_bound_and_services_are_not(company):
    company.policy({"Effect": "Deny", "Action": ["s3:*", "sqs:SendMessage"], "Resource": "*"}, on=company.unit)
    role = f"arn:aws:iam::{company.dev}:role/OrganizationAccountAccessRole"
    for who in (role, f"arn:aws:iam::{company.dev}:root"):
        with company.aws.acting_as(who):
            assert refused(boto3.client("s3", region_name="us-east-1").list_buckets)[0] == "AccessDenied"
            boto3.client("sqs", region_name="us-east-1").list_queues()


@authorized
def test_members_cannot_leave(company):
    guard = company.policy(
        {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}, on=company.root
    )
    company.aws.clock.advance(days=5)
    code, message = refused(client("organizations", company.dev).leave_organization)
    assert code == "AccessDeniedException"
    assert message.endswith(f"with an explicit deny in a service control policy: {guard['Arn']}")
    company.api.detach_policy(PolicyId=guard["Id"], TargetId=company.root)
    client("organizations", company.dev).leave_organization()
    assert [each["Name"] for each in company.api.list_accounts()["Accounts"]][1:] == ["audit"]


PERIMETER = {
    "Sid": "OnlyOurOwn",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
}


@authorized
@pytest.mark.newer_botocore
def test_a_resource_control_policy_keeps_outsiders_off_buckets(company):
    """A bucket that its owner opened to all is closed to whoever is no member, and no service of AWS."""
    s3 = client("s3", company.dev)
    s3.create_bucket(Bucket="open-bucket")
    s3.put_public_access_block(
        Bucket="open-bucket",
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
        ),
    )
    s3.put_object(Bucket="open-bucket", Key="k", Body=b"data")
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open-bucket/*"}
    s3.put_bucket_policy(Bucket="open-bucket", Policy=document(everyone))
    asked = {"Bucket": "open-bucket", "Key": "k"}
    client("s3", OUTSIDER).get_object(**asked)

    company.api.enable_policy_type(RootId=company.root, PolicyType="RESOURCE_CONTROL_POLICY")
    client("s3", OUTSIDER).get_object(**asked)  # RCPFullAWSAccess alone changes nothing
    company.policy(
        {
            **PERIMETER,
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": company.id},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        },
        on=company.root,
        type="RESOURCE_CONTROL_POLICY",
    )
    nobody = boto3.client("s3", region_name="us-east-1", config=Config(signature_version=UNSIGNED))
    for stranger in (client("s3", OUTSIDER), nobody):
        assert refused(stranger.get_object, **asked)[0] == "AccessDenied"
    assert client("s3", company.audit).get_object(**asked)["Body"].read() == b"data"
    assert client("s3", company.dev).get_object(**asked)["Body"].read() == b"data"
    # The management account's own buckets are no matter of it.
    management = boto3.client("s3", region_name="us-east-1")
    management.create_bucket(Bucket="main-bucket")
    management.put_object(Bucket="main-bucket", Key="k", Body=b"data")


def admitting(company, action, resource):
    """A policy for all members; `resource` is None for a role's, which names none."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": action,
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": company.id}},
    }
    return document(statement if resource is None else {**statement, "Resource": resource})


@pytest.mark.parametrize("mode", [False, pytest.param(True, marks=authorized)], ids=["open", "authorized"])
@pytest.mark.rule("iam-062")
def test_a_bucket_admits_members(company, mode):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="shared")
    s3.put_object(Bucket="shared", Key="k", Body=b"data")
    s3.put_bucket_policy(Bucket="shared", Policy=admitting(company, "s3:GetObject", "arn:aws:s3:::shared/*"))
    assert client("s3", company.dev).get_object(Bucket="shared", Key="k")["Body"].read() == b"data"
    assert refused(client("s3", OUTSIDER).get_object, Bucket="shared", Key="k")[0] == "AccessDenied"
    assert refused(client("s3", company.dev).put_object, Bucket="shared", Key="k", Body=b"")[0] == "AccessDenied"


@pytest.mark.parametrize("mode", [False, pytest.param(True, marks=authorized)], ids=["open", "authorized"])
def test_a_queue_admits_members(company, mode):
    sqs = boto3.client("sqs", region_name="us-east-1")
    arn = f"arn:aws:sqs:us-east-1:{MANAGEMENT}:jobs"
    url = sqs.create_queue(QueueName="jobs", Attributes={"Policy": admitting(company, "sqs:SendMessage", arn)})[
        "QueueUrl"
    ]
    client("sqs", company.dev).send_message(QueueUrl=url, MessageBody="hello")
    assert refused(client("sqs", OUTSIDER).send_message, QueueUrl=url, MessageBody="hello")[0].endswith("AccessDenied")
    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 1


@pytest.mark.parametrize("mode", [False, pytest.param(True, marks=authorized)], ids=["open", "authorized"])
def test_a_topic_admits_members(company, mode):
    sns = boto3.client("sns", region_name="us-east-1")
    arn = sns.create_topic(Name="news")["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=admitting(company, "sns:Publish", arn)
    )
    client("sns", company.audit).publish(TopicArn=arn, Message="hello")
    assert refused(client("sns", OUTSIDER).publish, TopicArn=arn, Message="hello")[0] == "AuthorizationError"


@pytest.mark.parametrize("mode", [False, pytest.param(True, marks=authorized)], ids=["open", "authorized"])
@pytest.mark.rule("events-019")
def test_a_bus_admits_members(company, mode):
    events, sqs = (boto3.client(name, region_name="us-east-1") for name in ("events", "sqs"))
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    inbox = f"arn:aws:sqs:us-east-1:{MANAGEMENT}:inbox"
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:*",
        "Resource": inbox,
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document(service)})
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": inbox}])
    events.put_permission(
        Action="events:PutEvents",
        StatementId="members",
        Principal="*",
        Condition={"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": company.id},
    )
    bus = events.describe_event_bus()["Arn"]
    entry = {"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": bus}
    assert client("events", company.dev).put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert refused(client("events", OUTSIDER).put_events, Entries=[entry])[0] == "AccessDeniedException"
    (message,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(message["Body"])["account"] == company.dev


@authorized
@pytest.mark.rule("sts-008", "organizations-001")
def test_the_management_account_reaches_accounts_that_it_made(company):
    role = f"arn:aws:iam::{company.dev}:role/OrganizationAccountAccessRole"
    keys = boto3.client("sts", region_name="us-east-1").assume_role(RoleArn=role, RoleSessionName="ops")["Credentials"]
    inside = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
        "region_name": "us-east-1",
    }
    assert boto3.client("sts", **inside).get_caller_identity()["Account"] == company.dev
    boto3.client("s3", **inside).create_bucket(Bucket="made-from-afar")
    code, _ = refused(client("sts", company.audit).assume_role, RoleArn=role, RoleSessionName="ops")
    assert code == "AccessDenied"


@authorized
def test_a_role_trusts_the_whole_organization(company):
    trust = admitting(company, "sts:AssumeRole", None)
    role = boto3.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    asked = {"RoleArn": role, "RoleSessionName": "story"}
    assert client("sts", company.dev).assume_role(**asked)["AssumedRoleUser"]
    assert refused(client("sts", OUTSIDER).assume_role, **asked)[0] == "AccessDenied"


@authorized
@pytest.mark.newer_botocore
def test_a_resource_control_policy_keeps_services_from_acting_for_outsiders(company):
    """The confused deputy: SNS may send to a queue for topics of the organization only (aws:SourceOrgID)."""
    company.api.enable_policy_type(RootId=company.root, PolicyType="RESOURCE_CONTROL_POLICY")
    sqs = client("sqs", company.dev)
    inbox = f"arn:aws:sqs:us-east-1:{company.dev}:inbox"
    anyone = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": inbox,
        },
        {"Effect": "Allow", "Principal": {"AWS": OUTSIDER}, "Action": "sqs:*", "Resource": inbox},
    ]
    url = sqs.create_queue(QueueName="inbox", Attributes={"Policy": document(*anyone)})["QueueUrl"]

    def heard():
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return sorted(json.loads(message["Body"])["Message"] for message in found)

    topics = {}
    for account in (company.audit, OUTSIDER):
        sns = client("sns", account)
        topics[account] = sns.create_topic(Name="news")["TopicArn"]
        sns.subscribe(TopicArn=topics[account], Protocol="sqs", Endpoint=inbox, ReturnSubscriptionArn=True)
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        asked = json.loads(message["Body"])
        if asked["Type"] == "SubscriptionConfirmation":
            owner = asked["TopicArn"].split(":")[4]
            client("sns", owner).confirm_subscription(TopicArn=asked["TopicArn"], Token=asked["Token"])

    def publish():
        for account, topic in topics.items():
            client("sns", account).publish(TopicArn=topic, Message="ours" if account == company.audit else "theirs")

    publish()
    assert heard() == ["ours", "theirs"]
    company.policy(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:SendMessage",
            "Resource": "*",
            "Condition": {
                "StringNotEqualsIfExists": {"aws:SourceOrgID": company.id},
                "Null": {"aws:SourceAccount": "false"},
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            },
        },
        on=company.unit,
        type="RESOURCE_CONTROL_POLICY",
    )
    publish()
    assert heard() == ["ours"]


@authorized
def test_units_are_told_apart_by_their_paths(company):
    sqs = boto3.client("sqs", region_name="us-east-1")
    arn = f"arn:aws:sqs:us-east-1:{MANAGEMENT}:jobs"
    of_the_unit = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{company.id}/{company.root}/{company.unit}/*"}}
    policy = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": of_the_unit,
    }
    url = sqs.create_queue(QueueName="jobs", Attributes={"Policy": document(policy)})["QueueUrl"]
    client("sqs", company.dev).send_message(QueueUrl=url, MessageBody="hello")
    assert refused(client("sqs", company.audit).send_message, QueueUrl=url, MessageBody="x")[0].endswith("AccessDenied")
    company.api.move_account(AccountId=company.audit, SourceParentId=company.root, DestinationParentId=company.unit)
    client("sqs", company.audit).send_message(QueueUrl=url, MessageBody="hello")


@authorized
def test_identities_may_touch_only_resources_of_the_organization(company):
    """A data perimeter on the side of the identities: aws:ResourceOrgID in a service control policy."""
    abroad = client("sqs", OUTSIDER)
    arn = f"arn:aws:sqs:us-east-1:{OUTSIDER}:drop"
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    url = abroad.create_queue(QueueName="drop", Attributes={"Policy": document(anyone)})["QueueUrl"]
    client("sqs", company.dev).send_message(QueueUrl=url, MessageBody="hello")
    condition = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
    company.policy({"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": condition}, on=company.root)
    code, message = refused(client("sqs", company.dev).send_message, QueueUrl=url, MessageBody="hello")
    assert code.endswith("AccessDenied")
    assert "service control policy" in message
    own = client("sqs", company.dev).create_queue(QueueName="own")["QueueUrl"]
    client("sqs", company.dev).send_message(QueueUrl=own, MessageBody="hello")


def test_without_authorization_guardrails_bind_nobody(company):
    company.policy({"Effect": "Deny", "Action": "*", "Resource": "*"}, on=company.root)
    client("s3", company.dev).create_bucket(Bucket="of-dev")


@authorized
def test_guardrails_go_back_with_a_snapshot(company):
    before = company.aws.snapshot()
    company.policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, on=company.root)
    assert refused(client("s3", company.dev).list_buckets)[0] == "AccessDenied"
    company.aws.restore(before)
    client("s3", company.dev).list_buckets()
    company.policy({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}, on=company.root)
    client("s3", company.dev).list_buckets()
    assert refused(client("sqs", company.dev).list_queues)[0] == "AccessDenied"


@pytest.mark.rule("organizations-009")
def test_a_tag_policy_is_enforced_where_it_says(company):
    company.api.enable_policy_type(RootId=company.root, PolicyType="TAG_POLICY")
    cost = {
        "tag_key": {"@@assign": "CostCenter"},
        "tag_value": {"@@assign": ["100", "2*"]},
        "enforced_for": {"@@assign": ["dynamodb:table", "sns:topic", "s3:bucket"]},
    }
    made = company.api.create_policy(
        Name="costs", Description="", Type="TAG_POLICY", Content=json.dumps({"tags": {"costcenter": cost}})
    )["Policy"]["PolicySummary"]
    company.api.attach_policy(PolicyId=made["Id"], TargetId=company.unit)
    effective = client("organizations", company.dev).describe_effective_policy(PolicyType="TAG_POLICY")[
        "EffectivePolicy"
    ]
    assert json.loads(effective["PolicyContent"]) == {
        "tags": {
            "costcenter": {
                "tag_key": "CostCenter",
                "tag_value": ["100", "2*"],
                "enforced_for": ["dynamodb:table", "sns:topic", "s3:bucket"],
            }
        }
    }
    table = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    dynamodb = client("dynamodb", company.dev)
    dynamodb.create_table(TableName="good", **table, Tags=[{"Key": "CostCenter", "Value": "200"}])
    dynamodb.create_table(TableName="untagged", **table, Tags=[{"Key": "other", "Value": "300"}])
    for tag in ({"Key": "CostCenter", "Value": "300"}, {"Key": "costcenter", "Value": "100"}):
        _, message = refused(dynamodb.create_table, TableName="bad", **table, Tags=[tag])
        assert (
            message == f"The tag policy does not allow the specified value for the following tag key: '{tag['Key']}'."
        )
    assert dynamodb.list_tables()["TableNames"] == ["good", "untagged"]
    sns = client("sns", company.dev)
    topic = sns.create_topic(Name="news")["TopicArn"]
    bad = [{"Key": "CostCenter", "Value": "1"}]
    assert refused(sns.tag_resource, ResourceArn=topic, Tags=bad)[0] == "TagPolicy"
    s3 = client("s3", company.dev)
    s3.create_bucket(Bucket="reports")
    for tags in (bad, [{"Key": "COSTCENTER", "Value": "100"}]):
        assert refused(s3.put_bucket_tagging, Bucket="reports", Tagging={"TagSet": tags})[0] == "TagPolicyViolation"
    assert refused(s3.get_bucket_tagging, Bucket="reports")[0] == "NoSuchTagSet"
    s3.put_object(Bucket="reports", Key="k", Tagging="CostCenter=1")
    # Where it is not enforced, and in accounts that it is not for, it only says what is meant.
    client("sqs", company.dev).create_queue(QueueName="q", tags={"CostCenter": "1"})
    client("dynamodb", company.audit).create_table(TableName="bad", **table, Tags=bad)
