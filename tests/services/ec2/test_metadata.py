"""A program on an instance: the metadata service, and the role that it finds there."""

import json
import urllib.error
import urllib.request
from datetime import datetime

import pytest

boto3 = pytest.importorskip("boto3")
from botocore.exceptions import ClientError, NoCredentialsError  # noqa: E402

from awsim.errors import AwsimError  # noqa: E402

ROOT = "http://169.254.169.254"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
WRITES = {"Effect": "Allow", "Action": ["s3:CreateBucket", "s3:PutObject"], "Resource": "*"}


def asked(path, method="GET", **headers):
    request = urllib.request.Request(ROOT + path, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def token(seconds="60"):
    return asked("/latest/api/token", "PUT", **{"X-aws-ec2-metadata-token-ttl-seconds": seconds})


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def role(aws):
    iam = boto3.client("iam")
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=document(TRUST))
    iam.put_role_policy(RoleName="app", PolicyName="writes", PolicyDocument=document(WRITES))
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="app")
    return "arn:aws:iam::123456789012:instance-profile/web"


@pytest.mark.aws(authorization=True)
@pytest.mark.rule("iam-051", "ec2-084", "ec2-091", "sts-020")
def test_a_program_acts_as_the_role_of_its_instance(aws, role, launch, instance, refused):
    id_ = launch(IamInstanceProfile={"Name": "web"})["InstanceId"]
    assert instance(id_)["IamInstanceProfile"]["Arn"] == role
    with aws.on_instance(id_):
        session = boto3.Session(region_name="us-east-1")
        found = session.get_credentials()
        assert found.method == "iam-role"
        assert found.access_key.startswith("ASIA") and found.token
        who = session.client("sts").get_caller_identity()["Arn"]
        assert who == f"arn:aws:sts::123456789012:assumed-role/app/{id_}"
        s3 = session.client("s3")
        s3.create_bucket(Bucket="made-on-the-instance")
        s3.put_object(Bucket="made-on-the-instance", Key="a", Body=b"")
        with pytest.raises(ClientError, match="not authorized"):
            s3.list_buckets()
    told = refused("InvalidParameterValue", launch, IamInstanceProfile={"Name": "none"})
    assert told == ("Value (none) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name")


def test_whose_a_program_is_ends_with_the_block(aws, role, launch, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    early = boto3.client("sts", region_name="us-east-1")
    own = boto3.client("sts", region_name="us-east-1", **aws.credentials("arn:aws:iam::123456789012:user/ann"))
    id_ = launch(IamInstanceProfile={"Arn": role})["InstanceId"]

    def arn(client):
        return client.get_caller_identity()["Arn"].rpartition(":")[2]

    with aws.on_instance(id_):
        late = boto3.client("sts", region_name="us-east-1")
        assert arn(early) == arn(late) == f"assumed-role/app/{id_}"
        assert arn(own) == "user/ann"
    assert arn(early) == "user/awsim"


def test_who_has_no_role_has_no_credentials(aws, launch):
    with aws.on_instance(launch()["InstanceId"]), pytest.raises(NoCredentialsError):
        boto3.client("sts", region_name="us-east-1").get_caller_identity()


@pytest.mark.aws(at="2026-01-01")
@pytest.mark.rule("sts-020", "sts-021")
def test_credentials_end_and_are_renewed(aws, role, launch):
    id_ = launch(IamInstanceProfile={"Arn": role})["InstanceId"]
    path = "/latest/meta-data/iam/security-credentials/app"
    with aws.on_instance(id_):
        first = json.loads(asked(path)[1])
        assert first["Code"] == "Success"
        ends = datetime.fromisoformat(first["Expiration"])
        assert (ends - aws.clock.now()).total_seconds() == 6 * 3600
        aws.clock.advance(hours=5)
        assert json.loads(asked(path)[1])["AccessKeyId"] == first["AccessKeyId"]
        client = boto3.client("sts", region_name="us-east-1")
        client.get_caller_identity()
        aws.clock.advance(minutes=58)
        second = json.loads(asked(path)[1])
        assert second["AccessKeyId"] != first["AccessKeyId"]
        aws.clock.advance(hours=7)
        client.get_caller_identity()
        keys = {
            "aws_access_key_id": first["AccessKeyId"],
            "aws_secret_access_key": first["SecretAccessKey"],
            "aws_session_token": first["Token"],
        }
        with pytest.raises(ClientError, match="expired"):
            boto3.client("sts", region_name="us-east-1", **keys).get_caller_identity()


@pytest.mark.rule("ec2-090", "ec2-092", "ec2-093", "ec2-094", "ec2-096", "ec2-097", "ec2-380")
def test_what_is_known_of_an_instance(aws, ec2, role, launch, instance):
    found = instance(launch(IamInstanceProfile={"Arn": role}, UserData="#!/bin/sh\n")["InstanceId"])
    assert found["MetadataOptions"]["State"] == "applied"
    assert found["MetadataOptions"]["HttpEndpoint"] == "enabled"
    with aws.on_instance(found["InstanceId"]):
        data = "/latest/meta-data"
        names = asked(f"{data}/")[1].split("\n")
        assert {"ami-id", "placement/", "iam/", "network/"} <= set(names)
        assert asked(f"{data}/ami-id") == (200, found["ImageId"])
        assert asked(f"{data}/placement/availability-zone") == (200, "us-east-1a")
        assert asked(f"{data}/public-ipv4") == (200, found["PublicIpAddress"])
        assert asked(f"{data}/iam/security-credentials/") == (200, "app")
        assert asked(f"{data}/iam/policy")[0] == 404
        assert asked("/latest/user-data") == (200, "#!/bin/sh\n")
        identity = json.loads(asked("/latest/dynamic/instance-identity/document")[1])
        assert (identity["instanceId"], identity["region"]) == (found["InstanceId"], "us-east-1")
        mac = asked(f"{data}/mac")[1]
        assert asked(f"{data}/network/interfaces/macs/{mac}/subnet-id") == (200, found["SubnetId"])
    bare = launch(NetworkInterfaces=[{"DeviceIndex": 0, "AssociatePublicIpAddress": False}])["InstanceId"]
    with aws.on_instance(bare):
        assert asked("/latest/meta-data/public-ipv4")[0] == 404
        assert asked("/latest/user-data")[0] == 404
        assert asked("/latest/meta-data/iam/security-credentials/")[0] == 404


@pytest.mark.aws(at="2026-01-01")
@pytest.mark.rule("ec2-090", "ec2-094")
def test_session_tokens(aws, ec2, launch):
    id_ = launch(MetadataOptions={"HttpTokens": "required"})["InstanceId"]
    with aws.on_instance(id_):
        assert asked("/latest/meta-data/")[0] == 401
        status, good = token()
        assert status == 200
        header = {"X-aws-ec2-metadata-token": good}
        assert asked("/latest/meta-data/instance-id", **header) == (200, id_)
        assert [token(seconds)[0] for seconds in ("0", "21600", "21601", "x")] == [400, 200, 400, 400]
        aws.clock.advance(seconds=61)
        assert asked("/latest/meta-data/instance-id", **header)[0] == 401
    ec2.modify_instance_metadata_options(InstanceId=id_, HttpTokens="optional")
    with aws.on_instance(id_):
        assert asked("/latest/meta-data/instance-id") == (200, id_)
    ec2.modify_instance_metadata_options(InstanceId=id_, HttpEndpoint="disabled")
    with aws.on_instance(id_):
        assert asked("/latest/meta-data/instance-id")[0] == 403


def test_tags_are_shown_if_asked_for(aws, ec2, launch):
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}]}]
    id_ = launch(TagSpecifications=tags)["InstanceId"]
    with aws.on_instance(id_):
        assert asked("/latest/meta-data/tags/instance/Name")[0] == 404
    ec2.modify_instance_metadata_options(InstanceId=id_, InstanceMetadataTags="enabled")
    with aws.on_instance(id_):
        assert asked("/latest/meta-data/tags/instance/Name") == (200, "web-1")


@pytest.mark.rule("ec2-085", "ec2-086")
def test_a_role_comes_and_goes_while_the_instance_runs(aws, ec2, role, launch, refused):
    id_ = launch()["InstanceId"]
    profile = {"Arn": role}
    made = ec2.associate_iam_instance_profile(IamInstanceProfile=profile, InstanceId=id_)
    association = made["IamInstanceProfileAssociation"]
    assert association["State"] == "associating"
    told = refused("IncorrectState", ec2.associate_iam_instance_profile, IamInstanceProfile=profile, InstanceId=id_)
    assert told == f"There is an existing association for instance {id_}"
    (shown,) = ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
    assert shown["State"] == "associated"
    with aws.on_instance(id_):
        assert asked("/latest/meta-data/iam/security-credentials/") == (200, "app")
    other = ec2.replace_iam_instance_profile_association(
        IamInstanceProfile=profile, AssociationId=association["AssociationId"]
    )["IamInstanceProfileAssociation"]["AssociationId"]
    assert other != association["AssociationId"]
    ec2.disassociate_iam_instance_profile(AssociationId=other)
    with aws.on_instance(id_):
        assert asked("/latest/meta-data/iam/security-credentials/")[0] == 404


def test_where_no_instance_runs(aws, ec2, launch):
    assert asked("/latest/meta-data/")[0] == 404
    with pytest.raises(AwsimError, match="there is no such instance"), aws.on_instance("i-1"):
        pass
    id_ = launch()["InstanceId"]
    ec2.stop_instances(InstanceIds=[id_])
    ec2.describe_instances()
    with pytest.raises(AwsimError, match="the instance is stopped"), aws.on_instance(id_):
        pass


@pytest.mark.aws(authorization=True)
def test_who_gives_an_instance_a_role_passes_it(aws, ec2, image, role, refused):
    iam = boto3.client("iam")
    iam.create_user(UserName="ann")
    ann = boto3.client("ec2", region_name="us-east-1", **aws.credentials("arn:aws:iam::123456789012:user/ann"))
    wanted = {
        "ImageId": image, "InstanceType": "t2.micro", "MinCount": 1, "MaxCount": 1,
        "IamInstanceProfile": {"Name": "web"},
    }  # fmt: skip
    runs = {"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"}
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document(runs))
    assert "iam:PassRole on resource: arn:aws:iam::123456789012:role/app" in refused(
        "UnauthorizedOperation", ann.run_instances, **wanted
    )
    passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/app"}
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document(runs, passes))
    ann.run_instances(**wanted)
