"""Access Analyzer: analyzers and their findings, checks of what policies grant, generated policies."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from awsim import mock_aws

ACCOUNT, OTHER = "123456789012", "222222222222"

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")


@pytest.fixture
def analyzer(aws):
    """The client with an analyzer's ARN filled in."""

    class Analyzer:
        client = boto3.client("accessanalyzer")
        arn = client.create_analyzer(analyzerName="outside", type="ACCOUNT")["arn"]

        def __getattr__(self, name):
            return lambda **params: getattr(self.client, name)(analyzerArn=self.arn, **params)

        def findings(self, **wanted):
            return self.list_findings(filter={key: {"eq": value} for key, value in wanted.items()})["findings"]

    return Analyzer()


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"]


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal, action, resource="*", **more):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}
    return {name: value for name, value in statement.items() if value is not None}


@pytest.fixture
def queue(aws):
    """queue(policy text) -> the ARN of a queue with that policy."""
    sqs = boto3.client("sqs")

    def queue(document, name="jobs"):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"

    return queue


# --- analyzers


def test_analyzers(aws):
    client = boto3.client("accessanalyzer")
    arn = client.create_analyzer(analyzerName="outside", type="ACCOUNT", tags={"team": "sec"})["arn"]
    assert arn == f"arn:aws:access-analyzer:us-east-1:{ACCOUNT}:analyzer/outside"
    shown = client.get_analyzer(analyzerName="outside")["analyzer"]
    assert (shown["type"], shown["status"], shown["tags"]) == ("ACCOUNT", "ACTIVE", {"team": "sec"})
    with pytest.raises(ClientError) as caught:
        client.create_analyzer(analyzerName="outside", type="ACCOUNT")
    assert caught.value.response["Error"]["Code"] == "ConflictException"
    assert (caught.value.response["resourceId"], caught.value.response["resourceType"]) == ("outside", "analyzer")
    assert refused(client.create_analyzer, analyzerName="two", type="ACCOUNT")[0] == "ServiceQuotaExceededException"
    assert refused(client.create_analyzer, analyzerName="org", type="ORGANIZATION")[0] == "ValidationException"
    assert refused(client.get_analyzer, analyzerName="nope") == (
        "ResourceNotFoundException",
        "Analyzer with name nope not found.",
    )
    client.tag_resource(resourceArn=arn, tags={"a": "1"})
    client.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1"}
    client.delete_analyzer(analyzerName="outside")
    assert client.list_analyzers()["analyzers"] == []


# --- access from outside


def test_a_queue_that_another_account_may_use(analyzer, queue):
    arn = queue(policy(allow({"AWS": f"arn:aws:iam::{OTHER}:root"}, "sqs:SendMessage")))
    (finding,) = analyzer.findings()
    assert (finding["resource"], finding["resourceType"]) == (arn, "AWS::SQS::Queue")
    assert finding["principal"] == {"AWS": OTHER}
    assert finding["action"] == ["sqs:SendMessage"]
    assert (finding["isPublic"], finding["status"], finding["condition"]) == (False, "ACTIVE", {})
    shown = analyzer.get_finding(id=finding["id"])["finding"]
    assert shown["principal"] == {"AWS": OTHER}
    details = analyzer.get_finding_v2(id=finding["id"])
    assert details["findingType"] == "ExternalAccess"
    assert details["findingDetails"][0]["externalAccessDetails"]["principal"] == {"AWS": OTHER}
    resource = analyzer.get_analyzed_resource(resourceArn=arn)["resource"]
    assert (resource["isPublic"], resource["actions"], resource["status"]) == (False, ["sqs:SendMessage"], "ACTIVE")


def test_a_finding_is_resolved_when_the_policy_goes(aws, analyzer, queue):
    queue(policy(allow("*", "sqs:SendMessage")))
    (finding,) = analyzer.findings()
    assert finding["isPublic"] is True
    aws.clock.advance(minutes=5)
    boto3.client("sqs").set_queue_attributes(
        QueueUrl=f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/jobs", Attributes={"Policy": ""}
    )
    (after,) = analyzer.findings()
    assert (after["id"], after["status"]) == (finding["id"], "RESOLVED")
    assert (after["updatedAt"] - finding["createdAt"]).total_seconds() == 300
    queue(policy(allow("*", "sqs:SendMessage")))
    (again,) = analyzer.findings()
    assert (again["id"], again["status"]) == (finding["id"], "ACTIVE")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (allow({"AWS": ACCOUNT}, "sqs:SendMessage"), False),
        (allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}, "sqs:SendMessage"), False),
        (allow({"Service": "sns.amazonaws.com"}, "sqs:SendMessage"), False),
        (allow({"AWS": f"arn:aws:iam::{OTHER}:role/app"}, "sqs:SendMessage"), True),
        (allow("*", "sqs:SendMessage", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), False),
        (allow("*", "sqs:SendMessage", Condition={"StringEquals": {"aws:SourceAccount": [ACCOUNT, OTHER]}}), True),
        (
            allow("*", "sqs:*", Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:*"}}),
            False,
        ),
        (allow("*", "sqs:SendMessage", Condition={"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}), True),
        ({**allow("*", "sqs:SendMessage"), "Effect": "Deny"}, False),
    ],
)
def test_whom_one_trusts(analyzer, queue, statement, found):
    queue(policy(statement))
    assert bool(analyzer.findings()) is found


def test_what_is_public(analyzer, queue):
    condition = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    queue(policy(allow("*", "sqs:SendMessage")), "open")
    queue(policy(allow("*", "sqs:SendMessage", Condition=condition)), "bound")
    shown = {each["resource"].rpartition(":")[2]: each["isPublic"] for each in analyzer.findings()}
    assert shown == {"open": True, "bound": False}
    (finding,) = analyzer.findings(isPublic=["false"])
    assert finding["condition"] == {"aws:sourceip": "203.0.113.0/24"}


def test_a_deny_takes_back(analyzer, queue):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    queue(policy(allow("*", "sqs:SendMessage"), deny))
    assert analyzer.findings() == []


def test_buckets_topics_and_roles(analyzer):
    s3, sns, iam = boto3.client("s3"), boto3.client("sns"), boto3.client("iam")
    s3.create_bucket(Bucket="reports")
    s3.delete_public_access_block(Bucket="reports")
    s3.put_bucket_policy(Bucket="reports", Policy=policy(allow("*", "s3:GetObject", "arn:aws:s3:::reports/*")))
    topic = sns.create_topic(Name="news")["TopicArn"]
    iam.create_role(
        RoleName="vendor",
        AssumeRolePolicyDocument=policy(
            allow(
                {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "sts:AssumeRole",
                None,
                Condition={"StringEquals": {"sts:ExternalId": "x"}},
            )
        ),
    )
    found = {each["resourceType"]: each for each in analyzer.findings()}
    assert set(found) == {"AWS::S3::Bucket", "AWS::IAM::Role"}
    assert found["AWS::S3::Bucket"]["sources"] == [{"type": "POLICY"}]
    assert found["AWS::S3::Bucket"]["isPublic"] is True
    assert found["AWS::IAM::Role"]["condition"] == {"sts:externalid": "x"}
    sns.add_permission(TopicArn=topic, Label="x", AWSAccountId=[OTHER], ActionName=["Publish"])
    (finding,) = analyzer.findings(resourceType=["AWS::SNS::Topic"])
    assert (finding["principal"], finding["action"]) == ({"AWS": OTHER}, ["sns:Publish"])
    s3.put_public_access_block(
        Bucket="reports",
        PublicAccessBlockConfiguration={"RestrictPublicBuckets": True, "IgnorePublicAcls": True},
    )
    (finding,) = analyzer.findings(resourceType=["AWS::S3::Bucket"])
    assert finding["status"] == "RESOLVED"
    types = {each["resourceType"] for each in analyzer.list_analyzed_resources()["analyzedResources"]}
    assert {"AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::IAM::Role"} <= types


@pytest.mark.aws(at="2026-03-01T00:00:00Z", lifecycle="timed")
def test_an_analysis_takes_its_time(aws, analyzer, queue):
    assert analyzer.findings() == []
    arn = queue(policy(allow("*", "sqs:SendMessage")))
    assert analyzer.findings() == []
    aws.clock.advance(minutes=30)
    assert len(analyzer.findings()) == 1
    boto3.client("sqs").delete_queue(QueueUrl=f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/jobs")
    assert analyzer.findings()[0]["status"] == "ACTIVE"
    analyzer.start_resource_scan(resourceArn=arn)
    assert analyzer.findings()[0]["status"] == "RESOLVED"


# --- archiving


def test_archive_rules(analyzer, queue):
    client = analyzer.client
    queue(policy(allow({"AWS": OTHER}, "sqs:SendMessage")), "one")
    (finding,) = analyzer.findings()
    rule = {"analyzerName": "outside", "ruleName": "trusted"}
    client.create_archive_rule(**rule, filter={"principal.AWS": {"eq": [OTHER]}})
    assert refused(client.create_archive_rule, **rule, filter={})[0] == "ConflictException"
    assert analyzer.get_finding(id=finding["id"])["finding"]["status"] == "ACTIVE"
    queue(policy(allow({"AWS": OTHER}, "sqs:SendMessage")), "two")
    assert len(analyzer.findings(status=["ARCHIVED"])) == 1
    analyzer.apply_archive_rule(ruleName="trusted")
    assert len(analyzer.findings(status=["ARCHIVED"])) == 2
    analyzer.update_findings(status="ACTIVE", ids=[finding["id"]])
    assert [each["id"] for each in analyzer.findings(status=["ACTIVE"])] == [finding["id"]]
    client.update_archive_rule(**rule, filter={"isPublic": {"eq": ["true"]}})
    assert client.get_archive_rule(**rule)["archiveRule"]["filter"] == {"isPublic": {"eq": ["true"]}}
    client.delete_archive_rule(**rule)
    assert client.list_archive_rules(analyzerName="outside")["archiveRules"] == []
    assert refused(client.get_archive_rule, **rule) == (
        "ResourceNotFoundException",
        "Archive rule with name trusted not found.",
    )
    assert refused(analyzer.update_findings, status="ACTIVE")[0] == "ValidationException"


def test_filters_sorting_and_pages(analyzer, queue):
    for name in ("b", "c", "a"):
        queue(policy(allow("*", "sqs:SendMessage")), name)
    ordered = analyzer.list_findings(sort={"attributeName": "resource", "orderBy": "DESC"})["findings"]
    assert [each["resource"][-1] for each in ordered] == ["c", "b", "a"]
    for criterion, count in (
        ({"contains": [f"{ACCOUNT}:a"]}, 1),
        ({"neq": [f"arn:aws:sqs:us-east-1:{ACCOUNT}:a"]}, 2),
        ({"exists": False}, 0),
    ):
        assert len(analyzer.list_findings(filter={"resource": criterion})["findings"]) == count
    for operation in ("list_findings", "list_findings_v2"):
        paginator = analyzer.client.get_paginator(operation)
        pages = list(paginator.paginate(analyzerArn=analyzer.arn, PaginationConfig={"PageSize": 2}))
        assert [len(page["findings"]) for page in pages] == [2, 1]


@pytest.mark.newer_botocore
def test_statistics(analyzer, queue):
    queue(policy(allow("*", "sqs:SendMessage")), "one")
    queue(policy(allow({"AWS": OTHER}, "sqs:SendMessage")), "two")
    (shown,) = analyzer.get_findings_statistics()["findingsStatistics"]
    shown = shown["externalAccessFindingsStatistics"]
    assert shown["totalActiveFindings"] == 2
    counts = shown["resourceTypeStatistics"]["AWS::SQS::Queue"]
    assert (counts["totalActivePublic"], counts["totalActiveCrossAccount"]) == (1, 1)


# --- previews


def test_access_previews(analyzer, queue):
    arn = queue(policy(allow({"AWS": OTHER}, "sqs:SendMessage")))

    def preview(document):
        configurations = {arn: {"sqsQueue": {"queuePolicy": document}}}
        identifier = analyzer.create_access_preview(configurations=configurations)["id"]
        shown = analyzer.get_access_preview(accessPreviewId=identifier)["accessPreview"]
        assert (shown["status"], shown["configurations"]) == ("COMPLETED", configurations)
        found = analyzer.list_access_preview_findings(accessPreviewId=identifier)["findings"]
        return {(each["changeType"], each["status"]) for each in found}

    assert preview(policy(allow({"AWS": OTHER}, "sqs:SendMessage"))) == {("UNCHANGED", "ACTIVE")}
    assert preview(policy(allow("*", "sqs:SendMessage"))) == {("NEW", "ACTIVE"), ("CHANGED", "RESOLVED")}
    assert preview(policy(allow({"AWS": ACCOUNT}, "sqs:SendMessage"))) == {("CHANGED", "RESOLVED")}
    assert len(analyzer.list_access_previews()["accessPreviews"]) == 3
    assert len(analyzer.findings()) == 1


# --- access that nobody uses


@pytest.mark.newer_botocore
def test_unused_access(aws):
    iam, client = boto3.client("iam"), boto3.client("accessanalyzer")
    trust = policy(allow({"AWS": ACCOUNT}, "sts:AssumeRole", None))
    iam.create_role(RoleName="idle", AssumeRolePolicyDocument=trust)
    busy = iam.create_role(RoleName="busy", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    iam.create_login_profile(UserName="bob", Password="Hunter2-hunter2")
    arn = client.create_analyzer(
        analyzerName="idle",
        type="ACCOUNT_UNUSED_ACCESS",
        configuration={"unusedAccess": {"unusedAccessAge": 30}},
    )["arn"]
    assert client.list_findings_v2(analyzerArn=arn)["findings"] == []
    aws.clock.advance(days=31)
    session = boto3.client("sts").assume_role(RoleArn=busy, RoleSessionName="work")["Credentials"]
    boto3.client(
        "sqs",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    ).list_queues()
    found = client.list_findings_v2(analyzerArn=arn)["findings"]
    told = {(each["findingType"], each["resource"].rpartition("/")[2]) for each in found}
    assert told == {
        ("UnusedIAMRole", "idle"),
        ("UnusedIAMUserAccessKey", "bob"),
        ("UnusedIAMUserPassword", "bob"),
    }
    (finding,) = [each for each in found if each["findingType"] == "UnusedIAMUserAccessKey"]
    details = client.get_finding_v2(analyzerArn=arn, id=finding["id"])["findingDetails"]
    assert details[0]["unusedIamUserAccessKeyDetails"]["accessKeyId"] == key
    assert refused(client.list_findings, analyzerArn=arn)[0] == "ValidationException"
    iam.delete_access_key(UserName="bob", AccessKeyId=key)
    found = client.list_findings_v2(analyzerArn=arn, filter={"status": {"eq": ["RESOLVED"]}})["findings"]
    assert [each["id"] for each in found] == [finding["id"]]


@pytest.mark.newer_botocore
@pytest.mark.parametrize("lifecycle", ["instant", "timed"])
def test_unused_permissions(lifecycle):
    with mock_aws(at="2026-03-01T00:00:00Z", lifecycle=lifecycle) as aws:
        iam, client = boto3.client("iam"), boto3.client("accessanalyzer")
        bob = iam.create_user(UserName="bob")["User"]["Arn"]
        statement = {"Effect": "Allow", "Action": ["sqs:*", "sns:*"], "Resource": "*"}
        iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(statement))
        aws.clock.advance(days=91)
        boto3.client("sqs", **aws.credentials(bob)).list_queues()
        arn = client.create_analyzer(analyzerName="idle", type="ACCOUNT_UNUSED_ACCESS")["arn"]
        client.list_findings_v2(analyzerArn=arn)
        aws.clock.advance(hours=1)
        (finding,) = client.list_findings_v2(analyzerArn=arn)["findings"]
        assert (finding["findingType"], finding["resource"]) == ("UnusedPermission", bob)
        details = client.get_finding_v2(analyzerArn=arn, id=finding["id"])["findingDetails"]
        assert [each["unusedPermissionDetails"]["serviceNamespace"] for each in details] == ["sns"]
        for _ in range(3):
            aws.clock.advance(hours=1)
            (same,) = client.list_findings_v2(analyzerArn=arn)["findings"]
            assert (same["id"], same["status"]) == (finding["id"], "ACTIVE")
        boto3.client("sns", **aws.credentials(bob)).list_topics()
        for _ in range(3):
            aws.clock.advance(hours=1)
            (finding,) = client.list_findings_v2(analyzerArn=arn)["findings"]
        assert finding["status"] == "RESOLVED"


# --- checks


def identity(*statements):
    return policy(*({"Effect": "Allow", "Resource": "*", **each} for each in statements))


@pytest.mark.newer_botocore
@pytest.mark.parametrize(
    ("document", "access", "result"),
    [
        (identity({"Action": "s3:Get*"}), {"actions": ["s3:GetObject"]}, "FAIL"),
        (identity({"Action": "s3:Get*"}), {"actions": ["s3:PutObject"]}, "PASS"),
        (identity({"Action": "S3:getobject"}), {"actions": ["s3:GetObject"]}, "FAIL"),
        (identity({"Action": "s3:GetObject"}), {"actions": ["s3:Get*"]}, "FAIL"),
        (identity({"NotAction": "s3:GetObject"}), {"actions": ["s3:GetObject"]}, "PASS"),
        (identity({"NotAction": "s3:GetObject"}), {"actions": ["s3:PutObject"]}, "FAIL"),
        (
            identity({"Action": "s3:*", "Resource": "arn:aws:s3:::a/*"}),
            {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::b/*"]},
            "PASS",
        ),
        (
            identity({"Action": "s3:*", "Resource": "arn:aws:s3:::a/*"}),
            {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::*/x"]},
            "FAIL",
        ),
        (identity({"Action": "s3:*", "Resource": "arn:aws:s3:::a/*"}), {"resources": ["arn:aws:s3:::a/b"]}, "FAIL"),
        (identity({"Action": "s3:*"}, {"Action": "s3:*", "Effect": "Deny"}), {"actions": ["s3:GetObject"]}, "PASS"),
        (
            identity({"Action": "s3:GetObject", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
            {"actions": ["s3:GetObject"]},
            "FAIL",
        ),
    ],
)
def test_access_not_granted(aws, document, access, result):
    client = boto3.client("accessanalyzer")
    answer = client.check_access_not_granted(policyDocument=document, access=[access], policyType="IDENTITY_POLICY")
    assert answer["result"] == result
    if result == "FAIL":
        assert answer["reasons"][0]["statementIndex"] == 0


GET, ALL = {"Action": "s3:GetObject"}, {"Action": "s3:*"}
BOUND = {"Action": "s3:GetObject", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
DENY = {"Action": "s3:DeleteBucket", "Effect": "Deny"}


@pytest.mark.newer_botocore
@pytest.mark.parametrize(
    ("new", "existing", "result"),
    [
        (identity(GET), identity(GET), "PASS"),
        (identity(GET), identity(ALL), "PASS"),
        (identity(ALL), identity(GET), "FAIL"),
        (identity({"Action": ["s3:GetObject", "s3:PutObject"]}), identity(GET), "FAIL"),
        (identity(BOUND), identity(GET), "PASS"),
        (identity(GET), identity(BOUND), "FAIL"),
        (identity({**GET, "Resource": "arn:aws:s3:::a/b"}), identity({**GET, "Resource": "arn:aws:s3:::a/*"}), "PASS"),
        (identity({**GET, "Resource": "arn:aws:s3:::a/*"}), identity({**GET, "Resource": "arn:aws:s3:::a/b"}), "FAIL"),
        (identity(ALL), identity(ALL, DENY), "FAIL"),
        (identity(ALL, DENY), identity(ALL), "PASS"),
        (identity(GET), identity(GET, DENY), "PASS"),
        (identity({"Action": "sqs:*"}, {"Action": "sqs:*", "Effect": "Deny"}), identity(GET), "PASS"),
        (identity({"NotAction": ["s3:*", "sqs:*"]}), identity({"NotAction": "s3:*"}), "PASS"),
        (identity({"NotAction": "s3:*"}), identity({"NotAction": ["s3:*", "sqs:*"]}), "FAIL"),
        (
            policy(allow({"AWS": OTHER}, "sqs:SendMessage")),
            policy(allow({"AWS": ACCOUNT}, "sqs:SendMessage")),
            "FAIL",
        ),
        (policy(allow({"AWS": OTHER}, "sqs:SendMessage")), policy(allow("*", "sqs:SendMessage")), "PASS"),
    ],
)
def test_no_new_access(aws, new, existing, result):
    kind = "RESOURCE_POLICY" if "Principal" in json.loads(new)["Statement"][0] else "IDENTITY_POLICY"
    answer = boto3.client("accessanalyzer").check_no_new_access(
        newPolicyDocument=new, existingPolicyDocument=existing, policyType=kind
    )
    assert answer["result"] == result
    same = "do not grant" if result == "PASS" else "grant"
    assert answer["message"] == f"The modified permissions {same} new access compared to your existing policy."


@pytest.mark.newer_botocore
@pytest.mark.parametrize(
    ("document", "kind", "result"),
    [
        (policy(allow("*", "sqs:SendMessage", Sid="open")), "AWS::SQS::Queue", "FAIL"),
        (policy(allow({"AWS": OTHER}, "sqs:SendMessage")), "AWS::SQS::Queue", "PASS"),
        (
            policy(allow("*", "sqs:SendMessage", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})),
            "AWS::SQS::Queue",
            "PASS",
        ),
        (
            policy(allow("*", "sqs:SendMessage", Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})),
            "AWS::SQS::Queue",
            "FAIL",
        ),
        (policy(allow("*", "sts:AssumeRole", None)), "AWS::IAM::AssumeRolePolicyDocument", "FAIL"),
    ],
)
def test_no_public_access(aws, document, kind, result):
    answer = boto3.client("accessanalyzer").check_no_public_access(policyDocument=document, resourceType=kind)
    assert answer["result"] == result
    if "open" in document:
        (reason,) = answer["reasons"]
        assert reason["description"] == "Public access granted in the following statement with sid: open."


@pytest.mark.newer_botocore
def test_what_cannot_be_checked(aws):
    client = boto3.client("accessanalyzer")
    assert (
        refused(client.check_no_public_access, policyDocument="{}", resourceType="AWS::SQS::Queue")[0]
        == "InvalidParameterException"
    )


# --- generated policies


def test_a_policy_of_what_was_done(aws):
    iam, client = boto3.client("iam"), boto3.client("accessanalyzer")
    iam.create_user(UserName="bob")
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    keys = aws.credentials(bob)
    sqs, s3 = boto3.client("sqs", **keys), boto3.client("s3", **keys)
    sqs.create_queue(QueueName="jobs")
    s3.create_bucket(Bucket="reports")
    s3.put_object(Bucket="reports", Key="a", Body=b"")
    boto3.client("sns").create_topic(Name="news")
    job = client.start_policy_generation(policyGenerationDetails={"principalArn": bob})["jobId"]
    answer = client.get_generated_policy(jobId=job)
    assert answer["jobDetails"]["status"] == "SUCCEEDED"
    result = answer["generatedPolicyResult"]
    assert result["properties"]["principalArn"] == bob
    (generated,) = result["generatedPolicies"]
    statements = json.loads(generated["policy"])["Statement"]
    assert [each["Action"] for each in statements] == [["s3:CreateBucket"], ["sqs:CreateQueue"]]
    (listed,) = client.list_policy_generations(principalArn=bob)["policyGenerations"]
    assert (listed["jobId"], listed["status"]) == (job, "SUCCEEDED")
    assert refused(client.get_generated_policy, jobId="00000000-0000-4000-8000-000000000000")[0] == (
        "ValidationException"
    )


@pytest.mark.aws(at="2026-03-01T00:00:00Z", lifecycle="timed")
def test_a_generation_takes_time_and_can_be_canceled(aws):
    client = boto3.client("accessanalyzer")
    start = {"policyGenerationDetails": {"principalArn": f"arn:aws:iam::{ACCOUNT}:role/app"}}
    job = client.start_policy_generation(**start)["jobId"]
    assert client.get_generated_policy(jobId=job)["jobDetails"]["status"] == "IN_PROGRESS"
    assert refused(client.start_policy_generation, **start)[0] == "ServiceQuotaExceededException"
    client.cancel_policy_generation(jobId=job)
    assert client.get_generated_policy(jobId=job)["jobDetails"]["status"] == "CANCELED"
    job = client.start_policy_generation(**start)["jobId"]
    aws.clock.advance(minutes=5)
    assert client.get_generated_policy(jobId=job)["jobDetails"]["status"] == "SUCCEEDED"


def test_snapshots(aws, analyzer, queue):
    before = aws.snapshot()
    queue(policy(allow("*", "sqs:SendMessage")))
    assert len(analyzer.findings()) == 1
    aws.restore(before)
    assert analyzer.findings() == []


def test_acls_of_buckets(analyzer):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="reports", ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket="reports")
    s3.put_bucket_acl(Bucket="reports", ACL="public-read")
    (finding,) = analyzer.findings()
    assert (finding["sources"], finding["isPublic"]) == ([{"type": "BUCKET_ACL"}], True)
    assert "s3:ListBucket" in finding["action"]


@pytest.mark.aws(at="2026-03-01T00:00:00Z", authorization=True)
def test_what_shuts_everybody_out_is_no_obstacle(analyzer, queue):
    """A queue that denies even its attributes is left out; the others are analyzed."""
    queue(policy(allow("*", "sqs:SendMessage")), "open")
    queue(policy({**allow("*", "sqs:*"), "Effect": "Deny"}), "shut")
    (finding,) = analyzer.findings()
    assert finding["resource"].endswith(":open")
