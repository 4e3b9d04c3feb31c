"""Instances: launched, described, stopped, started, terminated."""

import base64
import json
import re

import pytest

boto3 = pytest.importorskip("boto3")

ROOMY = pytest.mark.aws(limits={"ec2.standard-vcpus": 1000})


def state(instance):
    return instance["State"]["Name"]


@pytest.mark.rule("ec2-069", "ec2-070")
def test_a_launch_shows_what_was_asked_for(ec2, launch, instance, image, subnet, vpc):
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    made = launch(SubnetId=subnet, SecurityGroupIds=[group])
    assert made["State"] == {"Code": 0, "Name": "pending"}
    found = instance(made["InstanceId"])
    assert found["State"] == {"Code": 16, "Name": "running"}
    assert (found["ImageId"], found["InstanceType"], found["SubnetId"], found["VpcId"]) == (
        image, "t2.micro", subnet, vpc,
    )  # fmt: skip
    assert found["Placement"] == {"AvailabilityZone": "us-east-1a", "GroupName": "", "Tenancy": "default"}
    assert found["SecurityGroups"] == [{"GroupId": group, "GroupName": "web"}]
    assert [each["DeviceName"] for each in found["BlockDeviceMappings"]] == ["/dev/xvda"]
    assert "InstanceLifecycle" not in found


@pytest.mark.rule("ec2-151", "ec2-126", "ec2-123")
def test_what_a_launch_is_without_options(launch, instance):
    found = instance(launch()["InstanceId"])
    assert "InstanceLifecycle" not in found
    assert found["Placement"]["Tenancy"] == "default"
    assert found["Monitoring"] == {"State": "disabled"}


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("ec2-070", "ec2-104")
def test_states_take_their_time(aws, ec2, launch, instance):
    id_ = launch()["InstanceId"]
    assert state(instance(id_)) == "pending"
    aws.clock.advance(minutes=2)
    assert state(instance(id_)) == "running"
    ec2.stop_instances(InstanceIds=[id_])
    assert state(instance(id_)) == "stopping"
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id_])
    ec2.start_instances(InstanceIds=[id_])
    assert state(instance(id_)) == "pending"
    ec2.get_waiter("instance_running").wait(InstanceIds=[id_])
    ec2.terminate_instances(InstanceIds=[id_])
    assert state(instance(id_)) == "shutting-down"
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[id_])


@pytest.mark.rule("ec2-005", "ec2-071", "ec2-072", "ec2-039", "ec2-074")
def test_what_a_launch_names_exists(ec2, launch, refused, image):
    assert "does not exist" in refused("InvalidAMIID.NotFound", launch, ImageId="ami-12345678")
    refused("InvalidAMIID.Malformed", launch, ImageId="no-image")
    nothing = {"MinCount": 1, "MaxCount": 1}
    assert refused("MissingParameter", ec2.run_instances, **nothing) == "The request must contain the parameter ImageId"
    told = refused("InvalidParameterValue", launch, InstanceType="x9.tiny")
    assert told == "Invalid value 'x9.tiny' for InstanceType."
    assert refused("InvalidKeyPair.NotFound", launch, KeyName="x") == "The key pair 'x' does not exist"
    told = refused("InvalidSubnetID.NotFound", launch, SubnetId="subnet-12345678")
    assert told == "The subnet ID 'subnet-12345678' does not exist"
    made = launch()["InstanceId"]
    abroad = boto3.client("ec2", region_name="eu-west-1")
    told = refused("InvalidInstanceID.NotFound", abroad.describe_instances, InstanceIds=[made])
    assert told == f"The instance ID '{made}' does not exist"
    assert abroad.describe_instances()["Reservations"] == []
    refused("InvalidAMIID.NotFound", abroad.run_instances, ImageId=image, InstanceType="t2.micro", **nothing)
    assert len(ec2.describe_instances()["Reservations"]) == 1


def test_a_type_that_awsim_does_not_know_is_not_denied(launch, refused):
    assert "u7i-12tb.224xlarge" in refused("NotImplemented", launch, InstanceType="u7i-12tb.224xlarge")


@pytest.mark.rule("ec2-073")
def test_several_at_once(ec2, launch, refused):
    made = launch(MinCount=3, MaxCount=3)
    assert [each["AmiLaunchIndex"] for each in made] == [0, 1, 2]
    assert len(ec2.describe_instances()["Reservations"]) == 1
    refused("InvalidParameterCombination", launch, MinCount=3, MaxCount=2)
    refused("InvalidParameterValue", launch, MinCount=0, MaxCount=0)


@pytest.mark.rule("ec2-292")
def test_the_quota_of_virtual_cpus(aws, ec2, launch, refused):
    launch(MinCount=4, MaxCount=4)
    told = refused("VcpuLimitExceeded", launch, InstanceType="t3.micro")
    assert told.startswith("You have requested more vCPU capacity than your current vCPU limit of 5 allows")
    assert len(launch(MinCount=1, MaxCount=3).keys()) > 5  # one: as many as there is room for
    assert refused("VcpuLimitExceeded", launch, InstanceType="p3.2xlarge")
    aws.limits["ec2.standard-vcpus"] = 20
    launch(InstanceType="m5.large")


@pytest.mark.rule("ec2-293", "ec2-294")
@pytest.mark.aws(throttling=True, at="2026-01-01")
def test_calls_are_throttled(aws, refused):
    from botocore.config import Config

    once = boto3.client("ec2", region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}))
    for _ in range(100):
        once.describe_instances()
    assert refused("RequestLimitExceeded", once.describe_instances) == "Request limit exceeded."
    aws.clock.advance(seconds=2)
    once.describe_instances()


@pytest.mark.rule("ec2-075", "ec2-204", "ec2-108", "ec2-109", "ec2-110")
def test_volumes_of_an_instance(ec2, launch, instance, refused):
    kept = {"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 2, "VolumeType": "gp2", "DeleteOnTermination": False}}
    id_ = launch(BlockDeviceMappings=[kept])["InstanceId"]
    devices = {each["DeviceName"]: each["Ebs"] for each in instance(id_)["BlockDeviceMappings"]}
    assert {name: each["DeleteOnTermination"] for name, each in devices.items()} == {
        "/dev/xvda": True, "/dev/sdb": False,
    }  # fmt: skip
    extra = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    told = refused("InvalidParameterValue", ec2.attach_volume, VolumeId=extra, InstanceId=id_, Device="/dev/sdb")
    assert told == "Invalid value '/dev/sdb' for unixDevice. Attachment point /dev/sdb is already in use"
    ec2.attach_volume(VolumeId=extra, InstanceId=id_, Device="/dev/sdf")
    (volume,) = ec2.describe_volumes(VolumeIds=[extra])["Volumes"]
    assert volume["Attachments"][0]["DeleteOnTermination"] is False
    second, root = devices["/dev/sdb"]["VolumeId"], devices["/dev/xvda"]["VolumeId"]
    assert ec2.describe_volumes(VolumeIds=[second])["Volumes"][0]["Size"] == 2
    ec2.terminate_instances(InstanceIds=[id_])
    told = refused("InvalidVolume.NotFound", ec2.describe_volumes, VolumeIds=[root])
    assert told == f"The volume '{root}' does not exist."
    assert {each["VolumeId"]: each["State"] for each in ec2.describe_volumes()["Volumes"]} == {
        second: "available", extra: "available",
    }  # fmt: skip


@pytest.mark.rule("ec2-076", "ec2-077")
def test_root_volumes(ec2, launch, instance, refused):
    for ebs in ({"VolumeType": "gp2"}, {"VolumeType": "io1", "Iops": 100}, {"VolumeType": "standard"}):
        launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": ebs}])
    for kind in ("st1", "sc1"):
        root = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": kind, "VolumeSize": 125}}
        refused("InvalidParameterCombination", launch, BlockDeviceMappings=[root])
        launch(BlockDeviceMappings=[{**root, "DeviceName": "/dev/sdb"}])


@pytest.mark.rule("ec2-032")
def test_a_root_volume_may_be_encrypted_at_launch(ec2, launch):
    launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}])
    assert [each["Encrypted"] for each in ec2.describe_volumes()["Volumes"]] == [True]


@pytest.mark.rule("ec2-078")
def test_instances_are_found_by_tags(ec2, launch):
    tags = [{"Key": "Env", "Value": "prod"}]
    mine = launch(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])["InstanceId"]
    other = launch()["InstanceId"]

    def found(*filters):
        listed = ec2.describe_instances(Filters=[{"Name": name, "Values": values} for name, values in filters])
        return [each["InstanceId"] for one in listed["Reservations"] for each in one["Instances"]]

    assert found(("tag:Env", ["prod"])) == found(("tag-key", ["Env"])) == found(("tag:Env", ["pr*"])) == [mine]
    ec2.create_tags(Resources=[other], Tags=[{"Key": "Env", "Value": "test"}])
    assert found(("tag:Env", ["test", "prod"])) == [mine, other]
    assert found(("tag:Env", ["prod"]), ("instance-state-name", ["stopped"])) == []
    ec2.delete_tags(Resources=[mine], Tags=[{"Key": "Env", "Value": "wrong"}])
    assert found(("tag:Env", ["prod"])) == [mine]
    ec2.delete_tags(Resources=[mine], Tags=[{"Key": "Env"}])
    assert found(("tag:Env", ["prod"])) == []
    listed = ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["instance"]}])["Tags"]
    assert [(each["ResourceId"], each["Value"]) for each in listed] == [(other, "test")]


def test_tags_have_bounds(ec2, launch, refused):
    id_ = launch()["InstanceId"]
    many = [{"Key": str(number), "Value": ""} for number in range(51)]
    assert refused("TagLimitExceeded", ec2.create_tags, Resources=[id_], Tags=many)
    refused("InvalidParameterValue", ec2.create_tags, Resources=[id_], Tags=[{"Key": "aws:x", "Value": ""}])
    refused("InvalidParameterValue", ec2.create_tags, Resources=[id_], Tags=[{"Key": "k" * 129, "Value": ""}])
    refused("InvalidID", ec2.create_tags, Resources=["thing-1"], Tags=[{"Key": "k", "Value": ""}])
    assert ec2.describe_tags()["Tags"] == []


def test_filters_and_pages(ec2, launch, refused):
    made = [each["InstanceId"] for each in launch(MinCount=3, MaxCount=3)]
    assert "is invalid" in refused(
        "InvalidParameterValue", ec2.describe_instances, Filters=[{"Name": "colour", "Values": ["red"]}]
    )
    pages = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
    assert [each["InstanceId"] for page in pages for one in page["Reservations"] for each in one["Instances"]] == made
    refused("InvalidParameterCombination", ec2.describe_instances, InstanceIds=made, MaxResults=5)
    refused("InvalidParameterValue", ec2.describe_instances, NextToken="x")


@pytest.mark.rule("ec2-081", "ec2-082")
def test_user_data(ec2, launch, refused):
    script = "#!/bin/sh\necho hello\n"
    id_ = launch(UserData=script)["InstanceId"]

    def kept():
        told = ec2.describe_instance_attribute(InstanceId=id_, Attribute="userData")["UserData"]["Value"]
        return base64.b64decode(told).decode()

    assert kept() == script
    other = {"InstanceId": id_, "UserData": {"Value": b"other"}}
    refused("IncorrectInstanceState", ec2.modify_instance_attribute, **other)
    assert kept() == script
    ec2.stop_instances(InstanceIds=[id_])
    ec2.modify_instance_attribute(**other)
    assert kept() == "other"
    told = refused("InvalidParameterValue", launch, UserData="x" * 16385)
    assert told == "User data is limited to 16384 bytes"


@pytest.mark.rule("ec2-087", "ec2-088", "ec2-371", "ec2-372", "ec2-377")
@pytest.mark.parametrize(
    ("region", "private", "public"),
    [
        ("us-east-1", "ec2.internal", "compute-1.amazonaws.com"),
        ("eu-west-1", "eu-west-1.compute.internal", "eu-west-1.compute.amazonaws.com"),
    ],
)
def test_names_follow_addresses(aws, region, private, public):
    client = boto3.client("ec2", region_name=region)
    (image, *_) = client.describe_images(Filters=[{"Name": "name", "Values": ["amzn2-ami-hvm-*"]}])["Images"]
    made = client.run_instances(ImageId=image["ImageId"], InstanceType="t2.micro", MinCount=1, MaxCount=1)
    found = made["Instances"][0]
    assert found["PrivateDnsName"] == f"ip-{found['PrivateIpAddress'].replace('.', '-')}.{private}"
    address = found["PublicIpAddress"].replace(".", "-")
    assert found["PublicDnsName"] == f"ec2-{address}.{public}"


@pytest.mark.rule("ec2-089", "ec2-098", "ec2-100", "ec2-375", "ec2-376")
def test_stopped_and_started(ec2, launch, instance, refused):
    before = instance(launch()["InstanceId"])
    id_ = before["InstanceId"]
    ec2.reboot_instances(InstanceIds=[id_])
    assert {**instance(id_)} == before
    (changed,) = ec2.stop_instances(InstanceIds=[id_])["StoppingInstances"]
    assert (changed["PreviousState"]["Name"], changed["CurrentState"]["Name"]) == ("running", "stopping")
    stopped = instance(id_)
    assert state(stopped) == "stopped"
    assert stopped["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert "PublicIpAddress" not in stopped
    assert stopped["BlockDeviceMappings"] == before["BlockDeviceMappings"]
    assert ec2.describe_volumes()["Volumes"][0]["State"] == "in-use"
    ec2.start_instances(InstanceIds=[id_])
    after = instance(id_)
    assert (state(after), after["PrivateIpAddress"]) == ("running", before["PrivateIpAddress"])
    assert after["PublicIpAddress"] != before["PublicIpAddress"]


@pytest.mark.rule("ec2-099")
def test_the_type_changes_while_it_is_stopped(ec2, launch, instance, refused):
    id_ = launch()["InstanceId"]
    other = {"InstanceId": id_, "InstanceType": {"Value": "t2.large"}}
    told = refused("IncorrectInstanceState", ec2.modify_instance_attribute, **other)
    assert told == f"The instance '{id_}' is not in the 'stopped' state."
    ec2.stop_instances(InstanceIds=[id_])
    ec2.modify_instance_attribute(**other)
    ec2.start_instances(InstanceIds=[id_])
    assert instance(id_)["InstanceType"] == "t2.large"


@pytest.mark.rule("ec2-101", "ec2-102")
def test_what_a_shutdown_from_inside_does(aws, ec2, launch, instance, refused):
    id_ = launch()["InstanceId"]
    attribute = {"InstanceId": id_, "Attribute": "instanceInitiatedShutdownBehavior"}
    assert ec2.describe_instance_attribute(**attribute)["InstanceInitiatedShutdownBehavior"] == {"Value": "stop"}
    aws.service("ec2", None, "us-east-1").shut_down(id_)
    assert state(instance(id_)) in ("stopping", "stopped")
    other = launch(InstanceInitiatedShutdownBehavior="terminate")["InstanceId"]
    instance(other)
    aws.service("ec2", None, "us-east-1").shut_down(other)
    assert state(instance(other)) in ("shutting-down", "terminated")
    refused("InvalidParameterValue", launch, InstanceInitiatedShutdownBehavior="sleep")


@pytest.mark.rule("ec2-103", "ec2-104", "ec2-105")
def test_terminated(aws, ec2, launch, instance, refused):
    id_ = launch()["InstanceId"]
    (changed,) = ec2.terminate_instances(InstanceIds=[id_])["TerminatingInstances"]
    assert changed["CurrentState"] == {"Code": 32, "Name": "shutting-down"}
    assert changed["PreviousState"] == {"Code": 16, "Name": "running"}
    gone = instance(id_)
    assert state(gone) == "terminated"
    assert "SubnetId" not in gone and gone["NetworkInterfaces"] == []
    refused("IncorrectInstanceState", ec2.start_instances, InstanceIds=[id_])
    aws.clock.advance(minutes=61)
    refused("InvalidInstanceID.NotFound", ec2.describe_instances, InstanceIds=[id_])
    assert refused("InvalidInstanceID.Malformed", ec2.terminate_instances, InstanceIds=["x"]) == 'Invalid id: "x"'


@pytest.mark.rule("ec2-106", "ec2-107")
def test_termination_protection(ec2, launch, instance, refused):
    id_ = launch()["InstanceId"]
    asked = {"InstanceId": id_, "Attribute": "disableApiTermination"}
    assert ec2.describe_instance_attribute(**asked)["DisableApiTermination"] == {"Value": False}
    ec2.modify_instance_attribute(InstanceId=id_, DisableApiTermination={"Value": True})
    told = refused("OperationNotPermitted", ec2.terminate_instances, InstanceIds=[id_])
    assert told.startswith(f"The instance '{id_}' may not be terminated. Modify its 'disableApiTermination'")
    assert state(instance(id_)) == "running"
    ec2.modify_instance_attribute(InstanceId=id_, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[id_])


@ROOMY
@pytest.mark.rule("ec2-111", "ec2-112", "ec2-113", "ec2-115", "ec2-116", "ec2-118")
def test_hibernation(aws, ec2, launch, instance, refused):
    plain = launch()["InstanceId"]
    code = "UnsupportedHibernationConfiguration"
    refused(code, ec2.stop_instances, InstanceIds=[plain], Hibernate=True)
    wanted = {"HibernationOptions": {"Configured": True}, "InstanceType": "m5.large"}

    def root(**ebs):
        return {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": ebs}]}

    refused(code, launch, **wanted)
    refused(code, launch, **{**wanted, "InstanceType": "m5.xlarge"}, **root(Encrypted=True, VolumeSize=8))
    large = {**wanted, "InstanceType": "m5.16xlarge"}
    refused(code, launch, **large, **root(Encrypted=True, VolumeSize=500))
    id_ = launch(**wanted, **root(Encrypted=True, VolumeSize=20))["InstanceId"]
    ec2.stop_instances(InstanceIds=[id_], Hibernate=True)
    asleep = instance(id_)
    assert (state(asleep), asleep["StateReason"]["Code"]) == ("stopped", "Client.UserInitiatedHibernate")
    aws.clock.advance(days=61)
    ec2.start_instances(InstanceIds=[id_])
    assert state(instance(id_)) == "running"


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("ec2-119", "ec2-120", "ec2-121")
def test_status_checks(aws, ec2, launch):
    id_ = launch()["InstanceId"]
    assert ec2.describe_instance_status()["InstanceStatuses"] == []
    (all_,) = ec2.describe_instance_status(IncludeAllInstances=True)["InstanceStatuses"]
    assert all_["InstanceState"]["Name"] == "pending"

    def checks():
        (found,) = ec2.describe_instance_status(InstanceIds=[id_])["InstanceStatuses"]
        assert [each["Name"] for each in found["SystemStatus"]["Details"]] == ["reachability"]
        return found["SystemStatus"]["Status"], found["InstanceStatus"]["Status"]

    ec2.get_waiter("instance_running").wait(InstanceIds=[id_])
    assert checks() == ("initializing", "initializing")
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=[id_])
    assert checks() == ("ok", "ok")
    ec2.stop_instances(InstanceIds=[id_])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id_])
    ec2.start_instances(InstanceIds=[id_])
    ec2.get_waiter("instance_running").wait(InstanceIds=[id_])
    assert checks() == ("initializing", "initializing")


@pytest.mark.rule("ec2-125")
def test_monitoring(ec2, launch, instance):
    id_ = launch()["InstanceId"]
    (told,) = ec2.monitor_instances(InstanceIds=[id_])["InstanceMonitorings"]
    assert told["Monitoring"]["State"] == "pending"
    assert instance(id_)["Monitoring"]["State"] == "enabled"
    (told,) = ec2.unmonitor_instances(InstanceIds=[id_])["InstanceMonitorings"]
    assert told["Monitoring"]["State"] == "disabling"
    assert instance(id_)["Monitoring"]["State"] == "disabled"
    made = launch(Monitoring={"Enabled": True})
    assert made["Monitoring"]["State"] == "pending"
    assert instance(made["InstanceId"])["Monitoring"]["State"] == "enabled"


@pytest.mark.rule("ec2-127", "ec2-129")
@ROOMY
def test_dedicated_hardware(ec2, launch, instance):
    id_ = launch(InstanceType="m5.large", Placement={"Tenancy": "dedicated"})["InstanceId"]
    ec2.stop_instances(InstanceIds=[id_])
    ec2.start_instances(InstanceIds=[id_])
    found = instance(id_)
    assert (state(found), found["Placement"]["Tenancy"]) == ("running", "dedicated")


@pytest.mark.rule("ec2-289")
def test_source_destination_check(ec2, launch, instance):
    id_ = launch()["InstanceId"]
    assert instance(id_)["SourceDestCheck"] is True
    ec2.modify_instance_attribute(InstanceId=id_, SourceDestCheck={"Value": False})
    asked = {"InstanceId": id_, "Attribute": "sourceDestCheck"}
    assert ec2.describe_instance_attribute(**asked)["SourceDestCheck"] == {"Value": False}


@pytest.mark.rule("ec2-284")
def test_local_disks_are_mapped_at_launch(ec2, launch):
    launch(BlockDeviceMappings=[{"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"}])
    assert len(ec2.describe_volumes()["Volumes"]) == 1


@pytest.mark.rule("ec2-295", "ec2-296", "ec2-297")
def test_dry_runs(aws, ec2, launch, refused):
    told = refused("DryRunOperation", launch, DryRun=True)
    assert told == "Request would have succeeded, but DryRun flag is set."
    assert ec2.describe_instances()["Reservations"] == []
    assert ec2.describe_volumes()["Volumes"] == []
    refused("InvalidAMIID.NotFound", launch, DryRun=True, ImageId="ami-12345678")
    refused("DryRunOperation", ec2.describe_instances, DryRun=True)


@pytest.mark.aws(authorization=True)
@pytest.mark.rule("ec2-296", "ec2-297")
def test_a_dry_run_without_permission(aws, ec2, image, refused):
    boto3.client("iam").create_user(UserName="ann")
    ann = boto3.client("ec2", region_name="us-east-1", **aws.credentials("arn:aws:iam::123456789012:user/ann"))
    wanted = {"ImageId": image, "InstanceType": "t2.micro", "MinCount": 1, "MaxCount": 1}
    told = refused("UnauthorizedOperation", ann.run_instances, **wanted, DryRun=True)
    assert told.startswith("You are not authorized to perform this operation.")
    message = re.search(r"Encoded authorization failure message: (\S+)", told)[1]
    decoded = boto3.client("sts").decode_authorization_message(EncodedMessage=message)["DecodedMessage"]
    assert json.loads(decoded)["allowed"] is False


def test_a_client_token_launches_once(ec2, launch, refused):
    first = launch(ClientToken="once")["InstanceId"]
    assert launch(ClientToken="once")["InstanceId"] == first
    refused("IdempotentParameterMismatch", launch, ClientToken="once", InstanceType="t2.small")
    assert len(ec2.describe_instances()["Reservations"]) == 1


@pytest.mark.rule("ec2-270")
def test_without_its_key_an_instance_does_not_come_up(aws, ec2, launch, instance):
    kms = boto3.client("kms", region_name="us-east-1")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    ebs = {"Encrypted": True, "KmsKeyId": key}
    id_ = launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": ebs}])["InstanceId"]
    found = instance(id_)
    assert (state(found), found["StateReason"]["Code"]) == ("terminated", "Client.InternalError")
    lost = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, Encrypted=True, KmsKeyId=key)["VolumeId"]
    assert lost not in [each["VolumeId"] for each in ec2.describe_volumes()["Volumes"]]


def test_events_tell_of_every_state(aws, ec2, launch):
    events = boto3.client("events", region_name="us-east-1")
    sqs = boto3.client("sqs", region_name="us-east-1")
    queue = sqs.create_queue(QueueName="states")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:states"
    statement = {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": arn,
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    pattern = {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}
    events.put_rule(Name="states", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="states", Targets=[{"Id": "1", "Arn": arn}])
    id_ = launch()["InstanceId"]
    ec2.terminate_instances(InstanceIds=[id_])
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(each["Body"]) for each in messages]
    assert [each["detail"] for each in bodies] == [
        {"instance-id": id_, "state": name} for name in ("pending", "running", "shutting-down", "terminated")
    ]
    assert bodies[0]["resources"] == [f"arn:aws:ec2:us-east-1:123456789012:instance/{id_}"]


@pytest.mark.rule("ec2-122")
def test_an_alarm_recovers_or_stops_an_instance(aws, ec2, launch, instance):
    cloudwatch = boto3.client("cloudwatch", region_name="us-east-1")
    id_ = launch()["InstanceId"]
    before = instance(id_)

    def alarm(action):
        cloudwatch.put_metric_alarm(
            AlarmName=action, Namespace="AWS/EC2", MetricName="StatusCheckFailed_System", Statistic="Maximum",
            Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold",
            Dimensions=[{"Name": "InstanceId", "Value": id_}],
            AlarmActions=[f"arn:aws:automate:us-east-1:ec2:{action}"],
        )  # fmt: skip
        cloudwatch.set_alarm_state(AlarmName=action, StateValue="ALARM", StateReason="test")

    alarm("recover")
    assert instance(id_) == before
    alarm("stop")
    assert state(instance(id_)) == "stopped"
