"""Brokers: made, described, rebooted, changed and deleted; zones that are out; data replication."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ADMIN = {"Username": "admin", "Password": "correct-horse-battery"}
NEW = {
    "BrokerName": "x",
    "EngineType": "ACTIVEMQ",
    "DeploymentMode": "SINGLE_INSTANCE",
    "HostInstanceType": "mq.m5.large",
    "PubliclyAccessible": False,
    "Users": [ADMIN],
}


def gone(id):
    return ("NotFoundException", f"Can't find requested broker [{id}]. Make sure your broker exists.", "broker-id")


@pytest.mark.rule("mq-001", "mq-004")
def test_the_life_of_a_broker(aws, mq, active, refused):
    id = active(Tags={"team": "a"}, SecurityGroups=["sg-1"], SubnetIds=["subnet-1"])
    assert id.startswith("b-")
    described = mq.describe_broker(BrokerId=id)
    assert described["BrokerArn"] == f"arn:aws:mq:us-east-1:123456789012:broker:orders:{id}"
    assert described["BrokerState"] == "RUNNING"
    assert described["Created"] == aws.clock.now()
    assert described["EngineType"] == "ActiveMQ"
    assert described["EngineVersion"] == "5.19.1"
    assert described["AuthenticationStrategy"] == "simple"
    assert described["StorageType"] == "efs"
    assert described["AutoMinorVersionUpgrade"] is True
    assert described["EncryptionOptions"] == {"UseAwsOwnedKey": True}
    assert described["SubnetIds"] == ["subnet-1"]
    assert described["SecurityGroups"] == ["sg-1"]
    assert described["Tags"] == {"team": "a"}
    assert described["Users"] == [{"Username": "admin"}]
    assert described["Logs"]["GeneralLogGroup"] == f"/aws/amazonmq/broker/{id}/general"
    assert described["MaintenanceWindowStartTime"]["TimeZone"] == "UTC"
    assert described["Configurations"]["Current"]["Revision"] == 1
    assert "Pending" not in described["Configurations"]
    (instance,) = described["BrokerInstances"]
    host = f"{id}-1.mq.us-east-1.amazonaws.com"
    assert instance["ConsoleURL"] == f"https://{host}:8162"
    assert instance["Endpoints"] == [
        f"ssl://{host}:61617",
        f"amqp+ssl://{host}:5671",
        f"stomp+ssl://{host}:61614",
        f"mqtt+ssl://{host}:8883",
        f"wss://{host}:61619",
    ]
    (listed,) = mq.list_brokers()["BrokerSummaries"]
    assert (listed["BrokerId"], listed["BrokerState"], listed["EngineType"]) == (id, "RUNNING", "ActiveMQ")
    exists = refused(mq.create_broker, **{**NEW, "BrokerName": "orders"})
    assert exists == ("ConflictException", "Broker with name [orders] already exists.", "brokerName")
    assert mq.delete_broker(BrokerId=id)["BrokerId"] == id
    assert refused(mq.describe_broker, BrokerId=id) == gone(id)
    assert refused(mq.delete_broker, BrokerId=id) == gone(id)
    assert mq.list_brokers()["BrokerSummaries"] == []


@pytest.mark.rule("mq-001")
@pytest.mark.aws(lifecycle="timed")
def test_a_broker_takes_its_time(aws, mq, active, refused):
    id = active()
    during = mq.describe_broker(BrokerId=id)
    assert during["BrokerState"] == "CREATION_IN_PROGRESS"
    assert during["BrokerInstances"] == []
    assert during["Configurations"]["Pending"]["Revision"] == 1
    assert "Current" not in during["Configurations"]
    busy = f"Broker [{id}] is in state [CREATION_IN_PROGRESS]. Make sure your broker is running."
    assert refused(mq.delete_broker, BrokerId=id) == ("BadRequestException", busy, "broker-id")
    assert refused(mq.reboot_broker, BrokerId=id)[1] == busy
    aws.clock.advance(minutes=15)
    assert mq.describe_broker(BrokerId=id)["BrokerState"] == "RUNNING"
    assert mq.list_brokers()["BrokerSummaries"][0]["BrokerState"] == "RUNNING"
    mq.delete_broker(BrokerId=id)
    assert mq.describe_broker(BrokerId=id)["BrokerState"] == "DELETION_IN_PROGRESS"
    aws.clock.advance(minutes=5)
    assert refused(mq.describe_broker, BrokerId=id) == gone(id)


@pytest.mark.rule("mq-002", "mq-004")
def test_engines(mq, active, rabbit, refused):
    kinds = mq.describe_broker_engine_types()["BrokerEngineTypes"]
    versions = {each["EngineType"]: [one["Name"] for one in each["EngineVersions"]] for each in kinds}
    assert versions == {"ACTIVEMQ": ["5.19", "5.18"], "RABBITMQ": ["4.2", "3.13"]}
    (only,) = mq.describe_broker_engine_types(EngineType="RABBITMQ")["BrokerEngineTypes"]
    assert only["EngineType"] == "RABBITMQ"
    id = rabbit(EngineVersion="3.13")
    described = mq.describe_broker(BrokerId=id)
    assert (described["EngineType"], described["EngineVersion"]) == ("RabbitMQ", "3.13.7")
    assert described["StorageType"] == "ebs"
    assert described["Users"] == []
    host = f"{id}.mq.us-east-1.amazonaws.com"
    assert described["BrokerInstances"] == [{"ConsoleURL": f"https://{host}", "Endpoints": [f"amqps://{host}:5671"]}]
    assert mq.describe_broker(BrokerId=active("case", EngineType="ActiveMQ"))["EngineType"] == "ActiveMQ"
    refusal = refused(mq.create_broker, **{**NEW, "EngineType": "IBMMQ"})
    message = "Broker engine type [IBMMQ] is invalid. Valid values: [ACTIVEMQ, RABBITMQ]."
    assert refusal == ("BadRequestException", message, "engineType")
    refusal = refused(mq.create_broker, **NEW, EngineVersion="5.18.4")
    message = "Broker engine version [5.18.4] is invalid for broker engine type [ACTIVEMQ]. Valid values: [5.19, 5.18]."
    assert refusal == ("BadRequestException", message, "engineVersion")
    refusal = refused(mq.create_broker, **{**NEW, "EngineType": "RabbitMQ"}, AutoMinorVersionUpgrade=False)
    message = "Brokers on [RabbitMQ] version [4.2] must have [autoMinorVersionUpgrade] set to [true]."
    assert refusal == ("BadRequestException", message, "autoMinorVersionUpgrade")


@pytest.mark.rule("mq-003")
@pytest.mark.aws(lifecycle="timed")
def test_instance_types_and_reboots(aws, mq, active, refused):
    without = {name: value for name, value in NEW.items() if name != "HostInstanceType"}
    with pytest.raises(ParamValidationError, match="HostInstanceType"):
        mq.create_broker(**without)
    refusal = refused(mq.create_broker, **{**NEW, "HostInstanceType": "mq.m7g.large"})
    assert refusal[0] == "BadRequestException"
    assert refusal[1].startswith(
        "Broker host instance type [mq.m7g.large] is invalid for broker engine type [ACTIVEMQ]."
    )
    assert refusal[2] == "hostInstanceType"
    options = mq.describe_broker_instance_options(HostInstanceType="mq.m5.large")["BrokerInstanceOptions"]
    shown = {(each["EngineType"], each["StorageType"]): each["SupportedDeploymentModes"] for each in options}
    assert shown == {
        ("ACTIVEMQ", "EFS"): ["SINGLE_INSTANCE", "ACTIVE_STANDBY_MULTI_AZ"],
        ("ACTIVEMQ", "EBS"): ["SINGLE_INSTANCE"],
        ("RABBITMQ", "EBS"): ["SINGLE_INSTANCE", "CLUSTER_MULTI_AZ"],
    }
    assert [zone["Name"] for zone in options[0]["AvailabilityZones"]] == ["us-east-1a", "us-east-1b", "us-east-1c"]
    id = active()
    aws.clock.advance(minutes=15)
    mq.reboot_broker(BrokerId=id)
    assert mq.describe_broker(BrokerId=id)["BrokerState"] == "REBOOT_IN_PROGRESS"
    assert refused(mq.reboot_broker, BrokerId=id)[0] == "BadRequestException"
    aws.clock.advance(minutes=5)
    assert mq.describe_broker(BrokerId=id)["BrokerState"] == "RUNNING"


@pytest.mark.rule("mq-005")
def test_deployment_modes(mq, active, rabbit, refused):
    two = ["subnet-1", "subnet-2"]
    id = active(DeploymentMode="ACTIVE_STANDBY_MULTI_AZ", SubnetIds=two)
    described = mq.describe_broker(BrokerId=id)
    hosts = [each["ConsoleURL"] for each in described["BrokerInstances"]]
    assert hosts == [f"https://{id}-{number}.mq.us-east-1.amazonaws.com:8162" for number in (1, 2)]
    assert len({each["IpAddress"] for each in described["BrokerInstances"]}) == 2
    assert described["SubnetIds"] == two
    assert described["StorageType"] == "efs"
    cluster = mq.describe_broker(BrokerId=rabbit(DeploymentMode="CLUSTER_MULTI_AZ"))
    assert len(cluster["BrokerInstances"]) == 1
    assert len(cluster["SubnetIds"]) == 3
    wrong = {**NEW, "DeploymentMode": "CLUSTER_MULTI_AZ"}
    message = (
        "Broker deployment mode [CLUSTER_MULTI_AZ] is invalid for broker engine type [ACTIVEMQ]. Valid values: "
        "[SINGLE_INSTANCE, ACTIVE_STANDBY_MULTI_AZ]."
    )
    assert refused(mq.create_broker, **wrong) == ("BadRequestException", message, "deploymentMode")
    wrong = {**NEW, "EngineType": "RABBITMQ", "DeploymentMode": "ACTIVE_STANDBY_MULTI_AZ"}
    assert refused(mq.create_broker, **wrong)[2] == "deploymentMode"
    for mode, subnets, count in (("SINGLE_INSTANCE", two, 1), ("ACTIVE_STANDBY_MULTI_AZ", two[:1], 2)):
        refusal = refused(mq.create_broker, **{**NEW, "DeploymentMode": mode, "SubnetIds": subnets})
        message = f"Broker deployment mode [{mode}] requires exactly [{count}] subnets."
        assert refusal == ("BadRequestException", message, "subnetIds")
    standby = {**NEW, "DeploymentMode": "ACTIVE_STANDBY_MULTI_AZ", "StorageType": "EBS"}
    assert refused(mq.create_broker, **standby)[2] == "deploymentMode"


@pytest.mark.parametrize(
    ("change", "attribute"),
    [
        ({"BrokerName": "a b"}, "brokerName"),
        ({"HostInstanceType": "mq.t3.micro", "StorageType": "EBS"}, "storageType"),
        ({"EngineType": "RABBITMQ", "StorageType": "EFS"}, "storageType"),
        (
            {"EngineType": "RABBITMQ", "HostInstanceType": "mq.t3.micro", "DeploymentMode": "CLUSTER_MULTI_AZ"},
            "deploymentMode",
        ),
        ({"EngineType": "RABBITMQ", "PubliclyAccessible": True, "SubnetIds": ["subnet-1"]}, "subnetIds"),
        ({"EngineType": "RABBITMQ", "Logs": {"Audit": True}}, "audit"),
        ({"EngineType": "RABBITMQ", "AuthenticationStrategy": "LDAP"}, "authenticationStrategy"),
        ({"AuthenticationStrategy": "LDAP"}, "ldapServerMetadata"),
        ({"Users": []}, "users"),
        ({"Users": [ADMIN, ADMIN]}, "users"),
        ({"EngineType": "RABBITMQ", "Users": [ADMIN, {**ADMIN, "Username": "jane"}]}, "users"),
        ({"EngineType": "RABBITMQ", "Users": [{**ADMIN, "Username": "guest"}]}, "username"),
        ({"Users": [{**ADMIN, "Password": "short"}]}, "password"),
        ({"Users": [{**ADMIN, "Password": "aaaaaaaaaaab"}]}, "password"),
        ({"Users": [{**ADMIN, "Password": "correct,horse,battery"}]}, "password"),
        ({"Users": [{**ADMIN, "Username": "x"}]}, "username"),
        ({"EncryptionOptions": {"UseAwsOwnedKey": True, "KmsKeyId": "k"}}, "encryptionOptions"),
        ({"Configuration": {"Id": "c-1"}}, "configuration"),
        ({"MaintenanceWindowStartTime": {"DayOfWeek": "SOMEDAY", "TimeOfDay": "01:00"}}, "dayOfWeek"),
        ({"MaintenanceWindowStartTime": {"DayOfWeek": "SUNDAY", "TimeOfDay": "25:00"}}, "timeOfDay"),
        ({"MaintenanceWindowStartTime": {"DayOfWeek": "SUNDAY", "TimeOfDay": "01:00", "TimeZone": "x"}}, "timeZone"),
    ],
)
def test_what_no_broker_can_be(mq, refused, change, attribute):
    code, _, found = refused(mq.create_broker, **{**NEW, **change})
    assert code in ("BadRequestException", "NotFoundException")
    assert found == attribute
    assert mq.list_brokers()["BrokerSummaries"] == []
    assert mq.list_configurations()["Configurations"] == []


def test_the_key_must_be_usable(mq, active, refused):
    key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    options = {"UseAwsOwnedKey": False, "KmsKeyId": key}
    assert mq.describe_broker(BrokerId=active(EncryptionOptions=options))["EncryptionOptions"] == options
    refusal = refused(mq.create_broker, **NEW, EncryptionOptions={**options, "KmsKeyId": key + "x"})
    assert (refusal[0], refusal[2]) == ("BadRequestException", "kmsKeyId")


@pytest.mark.aws(limits={"mq.brokers": 1})
def test_quota(mq, active, refused):
    id = active()
    over = "The number of brokers in the Region would exceed the limit of 1."
    assert refused(mq.create_broker, **NEW)[:2] == ("BadRequestException", over)
    mq.delete_broker(BrokerId=id)
    active()


@pytest.mark.aws(throttling=True)
def test_rates(aws, mq, refused):
    once = boto3.session.Config(retries={"total_max_attempts": 1})
    client = boto3.client("mq", region_name="us-east-1", config=once)
    for _ in range(100):
        client.list_brokers()
    with pytest.raises(ClientError, match="TooManyRequestsException") as caught:
        client.list_brokers()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    aws.clock.advance(seconds=1)
    client.list_brokers()


def test_a_request_that_is_repeated(mq, refused):
    first = mq.create_broker(**NEW, CreatorRequestId="one")
    again = mq.create_broker(**NEW, CreatorRequestId="one")
    assert again["BrokerId"] == first["BrokerId"]
    assert len(mq.list_brokers()["BrokerSummaries"]) == 1
    other = refused(mq.create_broker, **{**NEW, "BrokerName": "y"}, CreatorRequestId="one")
    assert other[0] == "ConflictException"


# --- changes


def test_changes_wait_for_a_reboot(mq, active, refused):
    id = active(EngineVersion="5.18", SecurityGroups=["sg-1"])
    answer = mq.update_broker(
        BrokerId=id,
        EngineVersion="5.19",
        HostInstanceType="mq.m5.xlarge",
        Logs={"General": True},
        SecurityGroups=["sg-1"],
    )
    assert (answer["EngineVersion"], answer["HostInstanceType"]) == ("5.19.1", "mq.m5.xlarge")
    waiting = mq.describe_broker(BrokerId=id)
    assert waiting["BrokerState"] == "RUNNING"
    assert (waiting["EngineVersion"], waiting["PendingEngineVersion"]) == ("5.18.4", "5.19.1")
    assert (waiting["HostInstanceType"], waiting["PendingHostInstanceType"]) == ("mq.m5.large", "mq.m5.xlarge")
    assert waiting["Logs"]["General"] is False
    assert waiting["Logs"]["Pending"] == {"General": True, "Audit": False}
    assert "PendingSecurityGroups" not in waiting
    mq.reboot_broker(BrokerId=id)
    after = mq.describe_broker(BrokerId=id)
    assert (after["EngineVersion"], after["HostInstanceType"]) == ("5.19.1", "mq.m5.xlarge")
    assert after["Logs"]["General"] is True
    assert not [name for name in after if name.startswith("Pending")]
    down = refused(mq.update_broker, BrokerId=id, EngineVersion="5.18")
    assert down[0] == "BadRequestException"
    assert down[2] == "engineVersion"
    assert refused(mq.update_broker, BrokerId=id, AutoMinorVersionUpgrade=False)[2] == "autoMinorVersionUpgrade"
    assert refused(mq.update_broker, BrokerId=id, HostInstanceType="mq.x")[2] == "hostInstanceType"
    mq.update_broker(BrokerId=id, HostInstanceType="mq.m5.large")
    mq.update_broker(BrokerId=id, HostInstanceType="mq.m5.xlarge")
    assert "PendingHostInstanceType" not in mq.describe_broker(BrokerId=id)


def test_changes_take_effect_in_the_window(aws, mq, active):
    """2026-03-01 is a Sunday; New York is five hours behind UTC then."""
    window = {"DayOfWeek": "TUESDAY", "TimeOfDay": "22:30", "TimeZone": "America/New_York"}
    id = active(MaintenanceWindowStartTime=window)
    assert mq.describe_broker(BrokerId=id)["MaintenanceWindowStartTime"] == window
    mq.update_broker(BrokerId=id, HostInstanceType="mq.m5.xlarge")
    aws.clock.advance_to("2026-03-04T03:29:59Z")
    assert mq.describe_broker(BrokerId=id)["HostInstanceType"] == "mq.m5.large"
    aws.clock.advance(seconds=1)
    assert mq.describe_broker(BrokerId=id)["HostInstanceType"] == "mq.m5.xlarge"
    mq.update_broker(BrokerId=id, HostInstanceType="mq.m5.2xlarge")
    sooner = {"DayOfWeek": "WEDNESDAY", "TimeOfDay": "04:00"}
    mq.update_broker(BrokerId=id, MaintenanceWindowStartTime=sooner)
    aws.clock.advance_to("2026-03-04T04:00:00Z")
    assert mq.describe_broker(BrokerId=id)["HostInstanceType"] == "mq.m5.2xlarge"


@pytest.mark.aws(lifecycle="timed")
def test_a_window_reboots_the_broker(aws, mq, active):
    window = {"DayOfWeek": "SUNDAY", "TimeOfDay": "02:00", "TimeZone": "UTC"}
    id = active(MaintenanceWindowStartTime=window)
    aws.clock.advance(minutes=15)
    mq.create_user(BrokerId=id, Username="jane", Password="correct-horse-battery")
    aws.clock.advance_to("2026-03-01T02:01:00Z")
    assert mq.describe_broker(BrokerId=id)["BrokerState"] == "REBOOT_IN_PROGRESS"
    aws.clock.advance(minutes=5)
    described = mq.describe_broker(BrokerId=id)
    assert described["BrokerState"] == "RUNNING"
    assert described["Users"] == [{"Username": "admin"}, {"Username": "jane"}]


def test_ldap(mq, active):
    metadata = {
        "Hosts": ["ldap.example.com"],
        "RoleBase": "ou=roles",
        "RoleSearchMatching": "(member={0})",
        "ServiceAccountPassword": "correct-horse-battery",
        "ServiceAccountUsername": "cn=admin",
        "UserBase": "ou=users",
        "UserSearchMatching": "(uid={0})",
    }
    id = active(AuthenticationStrategy="LDAP", LdapServerMetadata=metadata, Users=[])
    described = mq.describe_broker(BrokerId=id)
    assert described["AuthenticationStrategy"] == "ldap"
    shown = {name: value for name, value in metadata.items() if name != "ServiceAccountPassword"}
    assert described["LdapServerMetadata"] == shown


# --- zones that are out


def test_a_single_instance_is_gone_with_its_zone(aws, mq, active, refused):
    here, there = active("here", SubnetIds=["subnet-1"]), active("there", SubnetIds=["subnet-2"])

    def states():
        return {each["BrokerName"]: each["BrokerState"] for each in mq.list_brokers()["BrokerSummaries"]}

    with aws.faults.outage(zone="us-east-1a"):
        assert states() == {"here": "REBOOT_IN_PROGRESS", "there": "RUNNING"}
        assert mq.describe_broker(BrokerId=here)["BrokerState"] == "REBOOT_IN_PROGRESS"
        for call in (mq.reboot_broker, mq.delete_broker, mq.update_broker):
            assert refused(call, BrokerId=here)[0] == "BadRequestException"
        mq.reboot_broker(BrokerId=there)
    assert states() == {"here": "RUNNING", "there": "RUNNING"}
    mq.delete_broker(BrokerId=here)


def test_brokers_of_several_zones_go_on(aws, mq, active, rabbit):
    standby = active("standby", DeploymentMode="ACTIVE_STANDBY_MULTI_AZ", SubnetIds=["subnet-1", "subnet-2"])
    cluster = rabbit("cluster", DeploymentMode="CLUSTER_MULTI_AZ")

    def states():
        return [mq.describe_broker(BrokerId=id)["BrokerState"] for id in (standby, cluster)]

    with aws.faults.outage(zone="us-east-1a"):
        assert states() == ["RUNNING", "RUNNING"]
        with aws.faults.outage(zone="us-east-1c"):
            assert states() == ["RUNNING", "REBOOT_IN_PROGRESS"]
        with aws.faults.outage(zone="us-east-1b"):
            assert states() == ["REBOOT_IN_PROGRESS", "REBOOT_IN_PROGRESS"]
    assert states() == ["RUNNING", "RUNNING"]


def test_maintenance_waits_for_the_zone(aws, mq, active):
    window = {"DayOfWeek": "MONDAY", "TimeOfDay": "00:00", "TimeZone": "UTC"}
    id = active(MaintenanceWindowStartTime=window, SubnetIds=["subnet-1"])
    mq.update_broker(BrokerId=id, HostInstanceType="mq.m5.xlarge")
    with aws.faults.outage(zone="us-east-1a"):
        aws.clock.advance(days=2)
    assert mq.describe_broker(BrokerId=id)["HostInstanceType"] == "mq.m5.large"
    aws.clock.advance(days=7)
    assert mq.describe_broker(BrokerId=id)["HostInstanceType"] == "mq.m5.xlarge"


# --- data replication


def test_data_replication(aws, mq, active, refused):
    there = boto3.client("mq", region_name="eu-west-1")
    replication = {"DataReplicationMode": "CRDR"}
    users = [ADMIN, {"Username": "copy", "Password": "correct-horse-battery", "ReplicationUser": True}]
    primary = active(Users=users)
    arn = mq.describe_broker(BrokerId=primary)["BrokerArn"]
    plain = mq.describe_broker(BrokerId=active("plain"))["BrokerArn"]
    attribute = "dataReplicationPrimaryBrokerArn"
    assert refused(there.create_broker, **NEW, **replication)[2] == attribute
    assert refused(there.create_broker, **NEW, **replication, DataReplicationPrimaryBrokerArn=plain)[2] == attribute
    assert refused(mq.create_broker, **NEW, **replication, DataReplicationPrimaryBrokerArn=arn)[2] == attribute
    replica = there.create_broker(**NEW, **replication, DataReplicationPrimaryBrokerArn=arn)["BrokerId"]

    def sides():
        found = [mq.describe_broker(BrokerId=primary), there.describe_broker(BrokerId=replica)]
        return [(each["BrokerState"], each["DataReplicationMetadata"]["DataReplicationRole"]) for each in found]

    assert sides() == [("RUNNING", "PRIMARY"), ("REPLICA", "REPLICA")]
    counterpart = mq.describe_broker(BrokerId=primary)["DataReplicationMetadata"]["DataReplicationCounterpart"]
    assert counterpart == {"BrokerId": replica, "Region": "eu-west-1"}
    assert refused(mq.promote, BrokerId=primary, Mode="SWITCHOVER")[1] == f"Broker [{primary}] is no replica broker."
    with aws.faults.outage(zone="us-east-1a"):
        assert refused(there.promote, BrokerId=replica, Mode="SWITCHOVER")[2] == "mode"
    there.promote(BrokerId=replica, Mode="SWITCHOVER")
    assert sides() == [("REPLICA", "REPLICA"), ("RUNNING", "PRIMARY")]
    with aws.faults.outage(zone="eu-west-1a"):
        mq.promote(BrokerId=primary, Mode="FAILOVER")
    assert sides() == [("RUNNING", "PRIMARY"), ("REPLICA", "REPLICA")]
    assert refused(mq.delete_broker, BrokerId=primary)[0] == "BadRequestException"
    mq.update_broker(BrokerId=primary, DataReplicationMode="NONE")
    assert mq.describe_broker(BrokerId=primary)["PendingDataReplicationMode"] == "NONE"
    mq.reboot_broker(BrokerId=primary)
    assert "DataReplicationMetadata" not in mq.describe_broker(BrokerId=primary)
    assert there.describe_broker(BrokerId=replica)["BrokerState"] == "RUNNING"
    mq.delete_broker(BrokerId=primary)
    there.delete_broker(BrokerId=replica)


# --- tags and permissions


def test_tags(mq, active, refused):
    arn = mq.describe_broker(BrokerId=active(Tags={"team": "a"}))["BrokerArn"]
    mq.create_tags(ResourceArn=arn, Tags={"env": "test"})
    mq.delete_tags(ResourceArn=arn, TagKeys=["team", "other"])
    assert mq.list_tags(ResourceArn=arn)["Tags"] == {"env": "test"}
    configuration = mq.create_configuration(EngineType="ACTIVEMQ", Name="c", Tags={"team": "b"})["Arn"]
    assert mq.list_tags(ResourceArn=configuration)["Tags"] == {"team": "b"}
    assert refused(mq.list_tags, ResourceArn=arn + "x")[0] == "NotFoundException"
    many = {f"k{number}": "v" for number in range(50)}
    assert refused(mq.create_tags, ResourceArn=arn, Tags=many)[1] == "A resource can have at most 50 tags."


@pytest.mark.aws(authorization=True)
def test_permissions(aws, mq, active):
    iam = boto3.client("iam")
    iam.create_user(UserName="jane")
    orders, events = active(), active("events")
    arn = mq.describe_broker(BrokerId=orders)["BrokerArn"]
    statement = {"Effect": "Allow", "Action": ["mq:DescribeBroker", "mq:CreateUser"], "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="jane", PolicyName="p", PolicyDocument=document)
    with aws.acting_as("arn:aws:iam::123456789012:user/jane"):
        assert mq.describe_broker(BrokerId=orders)["BrokerName"] == "orders"
        mq.create_user(BrokerId=orders, Username="joe", Password="correct-horse-battery")
        for call, params in ((mq.describe_broker, {"BrokerId": events}), (mq.reboot_broker, {"BrokerId": orders})):
            with pytest.raises(ClientError, match="not authorized"):
                call(**params)


def test_snapshots(aws, mq, active, refused):
    id = active()
    snapshot = aws.snapshot()
    mq.update_broker(BrokerId=id, HostInstanceType="mq.m5.xlarge")
    mq.reboot_broker(BrokerId=id)
    mq.delete_broker(BrokerId=id)
    aws.restore(snapshot)
    assert mq.describe_broker(BrokerId=id)["HostInstanceType"] == "mq.m5.large"


@pytest.mark.newer_botocore
def test_shared_resources_are_not_modelled(mq, active, refused):
    assert refused(mq.describe_shared_resources, BrokerId=active())[0] == "NotImplemented"
