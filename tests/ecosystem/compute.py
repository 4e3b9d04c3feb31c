"""What EC2, Auto Scaling and ECS have to wait for and to list: for test_waiters_and_paginators."""

from datetime import UTC, datetime, timedelta

import boto3

from awsim.intercept import active

SEVEN = {"Filters": [{"Name": "tag-key", "Values": ["seven"]}]}
TAG = [{"Key": "seven", "Value": ""}]
NAMES: dict[str, list[str]] = {}  # parameters of waiters, filled in by what makes the resource
FARGATE = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
GROUP = {"AutoScalingGroupName": "web"}


def ids(parameter):
    """A list that stands for the ids of what is waited for."""
    return {parameter: NAMES.setdefault(parameter, [])}


def _known(parameter, id_):
    NAMES.setdefault(parameter, [])[:] = [id_]


def _tagged(kind):
    return [{"ResourceType": kind, "Tags": TAG}]


def roomy():
    for name in (
        "standard-vcpus",
        "vpcs",
        "internet-gateways",
        "transit-gateways",
        "elastic-ips",
        "nat-gateways-per-zone",
    ):
        active().limits[f"ec2.{name}"] = 1000


def image(ec2):
    found = ec2.describe_images(Filters=[{"Name": "name", "Values": ["amzn2-ami-hvm-*"]}])["Images"]
    return found[0]["ImageId"]


def launch(ec2, count=1, kind="t2.micro", **more):
    roomy()
    made = ec2.run_instances(
        ImageId=image(ec2), InstanceType=kind, MinCount=count, MaxCount=count, TagSpecifications=_tagged("instance"),
        **more,
    )["Instances"]  # fmt: skip
    return [each["InstanceId"] for each in made]


# --- waiters of EC2


def _instance(ec2):
    (id_,) = launch(ec2)
    _known("InstanceIds", id_)


def _stopped(ec2):
    _instance(ec2)
    ec2.stop_instances(**ids("InstanceIds"))


def _terminated(ec2):
    _instance(ec2)
    ec2.terminate_instances(**ids("InstanceIds"))


def _volume(ec2):
    _known("VolumeIds", ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"])


def _mounted(ec2):
    _volume(ec2)
    (id_,) = launch(ec2)
    ec2.attach_volume(VolumeId=NAMES["VolumeIds"][0], InstanceId=id_, Device="/dev/sdf")


def _deleted_volume(ec2):
    _volume(ec2)
    ec2.delete_volume(VolumeId=NAMES["VolumeIds"][0])


def _snapshot(ec2):
    _volume(ec2)
    _known("SnapshotIds", ec2.create_snapshot(VolumeId=NAMES["VolumeIds"][0])["SnapshotId"])


def _own_image(ec2):
    _instance(ec2)
    _known("ImageIds", ec2.create_image(InstanceId=NAMES["InstanceIds"][0], Name="own")["ImageId"])


def _vpc(ec2):
    roomy()
    _known("VpcIds", ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def _subnet(ec2, number=0):
    _vpc(ec2)
    made = ec2.create_subnet(VpcId=NAMES["VpcIds"][0], CidrBlock=f"10.0.{number}.0/24")["Subnet"]
    _known("SubnetIds", made["SubnetId"])


def _gateway(ec2):
    _known("InternetGatewayIds", ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])


def _interface(ec2):
    _subnet(ec2)
    made = ec2.create_network_interface(SubnetId=NAMES["SubnetIds"][0])["NetworkInterface"]
    _known("NetworkInterfaceIds", made["NetworkInterfaceId"])


def _nat(ec2, number=0):
    if not number:
        _subnet(ec2)
    made = ec2.create_nat_gateway(
        SubnetId=NAMES["SubnetIds"][0], ConnectivityType="private", TagSpecifications=_tagged("natgateway")
    )["NatGateway"]
    _known("NatGatewayIds", made["NatGatewayId"])


def _deleted_nat(ec2):
    _nat(ec2)
    ec2.delete_nat_gateway(NatGatewayId=NAMES["NatGatewayIds"][0])


def _peering(ec2, number=0):
    roomy()
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{2 * number + side}.0.0/16")["Vpc"]["VpcId"] for side in (0, 1)]
    made = ec2.create_vpc_peering_connection(
        VpcId=vpcs[0], PeerVpcId=vpcs[1], TagSpecifications=_tagged("vpc-peering-connection")
    )["VpcPeeringConnection"]
    _known("VpcPeeringConnectionIds", made["VpcPeeringConnectionId"])


def _deleted_peering(ec2):
    _peering(ec2)
    ec2.describe_vpcs()
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=NAMES["VpcPeeringConnectionIds"][0])


def _security_group(ec2):
    made = ec2.create_security_group(GroupName="web", Description="web")
    _known("GroupIds", made["GroupId"])


def _key(ec2):
    ec2.create_key_pair(KeyName="ann")


# --- ECS


def network():
    found = boto3.client("ec2").describe_subnets()["Subnets"]
    return {"awsvpcConfiguration": {"subnets": [found[0]["SubnetId"]]}}


def _definition(ecs, family="web"):
    return ecs.register_task_definition(
        family=family, containerDefinitions=[{"name": "app", "image": "nginx"}], **FARGATE
    )  # fmt: skip


def _cluster(ecs):
    active().limits["ecs.fargate-vcpus"] = 1000
    ecs.create_cluster(clusterName="web")
    _definition(ecs)


def _task(ecs, count=1):
    _cluster(ecs)
    made = ecs.run_task(
        cluster="web", taskDefinition="web", launchType="FARGATE", count=count, networkConfiguration=network()
    )["tasks"]
    _known("tasks", made[0]["taskArn"])


def _stopped_task(ecs):
    _task(ecs)
    ecs.stop_task(cluster="web", task=NAMES["tasks"][0])


def _service(ecs, name="site", count=1):
    ecs.create_service(
        cluster="web", serviceName=name, taskDefinition="web", desiredCount=count, launchType="FARGATE",
        networkConfiguration=network(),
    )  # fmt: skip


def _stable(ecs):
    _cluster(ecs)
    _service(ecs)


def _inactive(ecs):
    _stable(ecs)
    ecs.delete_service(cluster="web", service="site", force=True)


_SITE = {"cluster": "web", "services": ["site"]}
_TASKS = {"cluster": "web", **ids("tasks")}

WAITERS = {
    "ec2:InstanceExists": (ids("InstanceIds"), _instance, False),
    "ec2:InstanceRunning": (ids("InstanceIds"), _instance, False),
    "ec2:InstanceStatusOk": (ids("InstanceIds"), _instance, False),
    "ec2:SystemStatusOk": (ids("InstanceIds"), _instance, False),
    "ec2:InstanceStopped": (ids("InstanceIds"), _stopped, False),
    "ec2:InstanceTerminated": (ids("InstanceIds"), _terminated, False),
    "ec2:ImageExists": (ids("ImageIds"), _own_image, False),
    "ec2:ImageAvailable": (ids("ImageIds"), _own_image, False),
    "ec2:InternetGatewayExists": (ids("InternetGatewayIds"), _gateway, False),
    "ec2:KeyPairExists": ({"KeyNames": ["ann"]}, _key, True),
    "ec2:NetworkInterfaceAvailable": (ids("NetworkInterfaceIds"), _interface, False),
    "ec2:SnapshotCompleted": (ids("SnapshotIds"), _snapshot, False),
    "ec2:SecurityGroupExists": (ids("GroupIds"), _security_group, False),
    "ec2:SubnetAvailable": (ids("SubnetIds"), _subnet, False),
    "ec2:VolumeAvailable": (ids("VolumeIds"), _volume, False),
    "ec2:VolumeDeleted": (ids("VolumeIds"), _deleted_volume, False),
    "ec2:VolumeInUse": (ids("VolumeIds"), _mounted, False),
    "ec2:VpcAvailable": (ids("VpcIds"), _vpc, False),
    "ec2:VpcExists": (ids("VpcIds"), _vpc, False),
    "ec2:NatGatewayAvailable": (ids("NatGatewayIds"), _nat, False),
    "ec2:NatGatewayDeleted": (ids("NatGatewayIds"), _deleted_nat, False),
    "ec2:VpcPeeringConnectionExists": (ids("VpcPeeringConnectionIds"), _peering, False),
    "ec2:VpcPeeringConnectionDeleted": (ids("VpcPeeringConnectionIds"), _deleted_peering, False),
    "ecs:ServicesInactive": (_SITE, _inactive, False),
    "ecs:ServicesStable": (_SITE, _stable, False),
    "ecs:TasksRunning": (_TASKS, _task, False),
    "ecs:TasksStopped": (_TASKS, _stopped_task, False),
}


# --- paginators: seven of each, those of EC2 with a tag


def seven(make, found=None):
    def of(client):
        roomy()
        for number in range(7):
            make(client, number)
        return SEVEN if found is None else found

    return of


def _instances(ec2):
    # Seven reservations: pages have whole ones.
    for _ in range(7):
        launch(ec2)
    return SEVEN


def _at_once(ec2):
    launch(ec2, 7)
    return {}


def _associations(ec2):
    iam = boto3.client("iam")
    iam.create_instance_profile(InstanceProfileName="web")
    launch(ec2, 7, IamInstanceProfile={"Name": "web"})
    return {}


def _vpc_of(ec2):
    _vpc(ec2)
    return NAMES["VpcIds"][0]


def _in_vpc(make):
    def of(ec2):
        vpc = _vpc_of(ec2)
        for number in range(7):
            make(ec2, vpc, number)
        return SEVEN

    return of


def _rules(ec2):
    _security_group(ec2)
    group = NAMES["GroupIds"][0]
    ranges = [{"CidrIp": f"10.{number}.0.0/16"} for number in range(6)]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": ranges}]
    )
    return {"Filters": [{"Name": "group-id", "Values": [group]}]}  # and the one outbound


def _snapshots(ec2):
    _volume(ec2)
    for _ in range(7):
        ec2.create_snapshot(VolumeId=NAMES["VolumeIds"][0], TagSpecifications=_tagged("snapshot"))
    return SEVEN


def _tags(ec2):
    launch(ec2, 7)
    return {"Filters": [{"Name": "key", "Values": ["seven"]}]}


def _make_volume(ec2, number):
    return ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=_tagged("volume"))["VolumeId"]


def _modified(ec2):
    for number in range(7):
        ec2.modify_volume(VolumeId=_make_volume(ec2, number), Size=2)
    return {}


def _interfaces(ec2):
    _subnet(ec2)
    for _ in range(7):
        ec2.create_network_interface(
            SubnetId=NAMES["SubnetIds"][0], TagSpecifications=_tagged("network-interface")
        )  # fmt: skip
    return SEVEN


def _template(ec2, number):
    ec2.create_launch_template(
        LaunchTemplateName=f"web-{number}", LaunchTemplateData={"ImageId": image(ec2), "InstanceType": "t2.micro"},
        TagSpecifications=_tagged("launch-template"),
    )  # fmt: skip


def _versions(ec2):
    _template(ec2, 0)
    for _ in range(6):
        ec2.create_launch_template_version(
            LaunchTemplateName="web-0", LaunchTemplateData={"InstanceType": "t2.micro"}
        )  # fmt: skip
    return {"LaunchTemplateName": "web-0"}


def _hub(ec2, number=0):
    return ec2.create_transit_gateway(TagSpecifications=_tagged("transit-gateway"))["TransitGateway"]


def _attachments(ec2):
    roomy()
    hub = _hub(ec2)["TransitGatewayId"]
    for number in range(7):
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.0.0/24")["Subnet"]["SubnetId"]
        ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=hub, VpcId=vpc, SubnetIds=[subnet])
    return {}


def _images(ec2):
    _instance(ec2)
    for number in range(7):
        ec2.create_image(InstanceId=NAMES["InstanceIds"][0], Name=f"own-{number}")
    return {"Owners": ["self"]}


def _types(ec2):
    return {"Filters": [{"Name": "instance-type", "Values": ["t3.*"]}]}


def _groups(client, count=7):
    roomy()
    ec2 = boto3.client("ec2")
    _template(ec2, 0)
    for number in range(count):
        client.create_auto_scaling_group(
            AutoScalingGroupName=f"web-{number}" if count > 1 else "web", MinSize=0 if count > 1 else 7, MaxSize=7,
            AvailabilityZones=["us-east-1a"], LaunchTemplate={"LaunchTemplateName": "web-0"},
            Tags=[{"Key": "seven", "Value": "", "PropagateAtLaunch": False}],
        )  # fmt: skip
    return {}


def _group(client):
    _groups(client, 1)
    return {}


def _of_group(make, found=None):
    def of(client):
        _group(client)
        for number in range(7):
            make(client, number)
        return GROUP if found is None else found

    return of


def _configurations(client):
    active().limits["autoscaling.launch-configurations-closed"] = 0
    given = {"ImageId": image(boto3.client("ec2")), "InstanceType": "t2.micro"}
    for number in range(7):
        client.create_launch_configuration(LaunchConfigurationName=f"web-{number}", **given)
    return {}


def _told(client, number):
    topic = boto3.client("sns").create_topic(Name=f"t{number}")["TopicArn"]
    client.put_notification_configuration(
        TopicARN=topic, NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"], **GROUP
    )  # fmt: skip


def _policy(client, number):
    client.put_scaling_policy(
        PolicyName=f"p{number}", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1, **GROUP
    )  # fmt: skip


def _scheduled(client, number):
    start = datetime.now(UTC) + timedelta(days=1 + number)
    client.put_scheduled_update_group_action(ScheduledActionName=f"s{number}", StartTime=start, MinSize=1, **GROUP)


def _warm(client):
    _group(client)
    client.put_warm_pool(**GROUP)
    return GROUP


def _tasks(ecs):
    _task(ecs, 7)
    return {"cluster": "web"}


def _services(ecs):
    _cluster(ecs)
    for number in range(7):
        _service(ecs, f"site-{number}", 0)
    return {"cluster": "web"}


def _no_machines(ecs):
    _cluster(ecs)
    return {"cluster": "web"}


PAGINATORS = {
    "ec2:DescribeRouteTables": _in_vpc(
        lambda ec2, vpc, number: ec2.create_route_table(VpcId=vpc, TagSpecifications=_tagged("route-table"))
    ),
    "ec2:DescribeIamInstanceProfileAssociations": _associations,
    "ec2:DescribeInstanceStatus": _at_once,
    "ec2:DescribeInstances": _instances,
    "ec2:DescribeSecurityGroups": seven(
        lambda ec2, number: ec2.create_security_group(
            GroupName=f"web-{number}", Description="web", TagSpecifications=_tagged("security-group")
        )
    ),
    "ec2:DescribeSnapshots": _snapshots,
    "ec2:DescribeTags": _tags,
    "ec2:DescribeVolumeStatus": seven(_make_volume, {}),
    "ec2:DescribeVolumes": seven(_make_volume),
    "ec2:DescribeNetworkInterfaces": _interfaces,
    "ec2:DescribeInstanceCreditSpecifications": lambda ec2: launch(ec2, 7, "t3.micro") and {},
    "ec2:DescribeLaunchTemplateVersions": _versions,
    "ec2:DescribeLaunchTemplates": seven(_template),
    "ec2:DescribeTransitGatewayAttachments": _attachments,
    "ec2:DescribeTransitGatewayVpcAttachments": _attachments,
    "ec2:DescribeTransitGateways": seven(_hub),
    "ec2:DescribeVolumesModifications": _modified,
    "ec2:DescribeInternetGateways": seven(
        lambda ec2, number: ec2.create_internet_gateway(TagSpecifications=_tagged("internet-gateway"))
    ),
    "ec2:DescribeNetworkAcls": _in_vpc(
        lambda ec2, vpc, number: ec2.create_network_acl(VpcId=vpc, TagSpecifications=_tagged("network-acl"))
    ),
    "ec2:DescribeVpcs": seven(
        lambda ec2, number: ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16", TagSpecifications=_tagged("vpc"))
    ),
    "ec2:DescribeNatGateways": seven(_nat, {"Filter": SEVEN["Filters"]}),
    "ec2:DescribeVpcPeeringConnections": seven(_peering),
    "ec2:DescribeDhcpOptions": lambda ec2: {},
    "ec2:DescribeSubnets": _in_vpc(
        lambda ec2, vpc, number: ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", TagSpecifications=_tagged("subnet")
        )
    ),
    "ec2:DescribeInstanceTypeOfferings": _types,
    "ec2:DescribeInstanceTypes": _types,
    "ec2:DescribeSecurityGroupRules": _rules,
    "ec2:DescribeImages": _images,
    "autoscaling:DescribeAutoScalingGroups": _groups,
    "autoscaling:DescribeAutoScalingInstances": _group,
    "autoscaling:DescribeLaunchConfigurations": _configurations,
    "autoscaling:DescribeNotificationConfigurations": _of_group(_told, {}),
    "autoscaling:DescribePolicies": _of_group(_policy),
    "autoscaling:DescribeScalingActivities": _group,
    "autoscaling:DescribeScheduledActions": _of_group(_scheduled),
    "autoscaling:DescribeTags": _groups,
    "autoscaling:DescribeWarmPool": _warm,
    "ecs:ListClusters": seven(lambda ecs, number: ecs.create_cluster(clusterName=f"c{number}"), {}),
    "ecs:ListContainerInstances": _no_machines,
    "ecs:ListTaskDefinitions": seven(lambda ecs, number: _definition(ecs), {}),
    "ecs:ListTaskDefinitionFamilies": seven(lambda ecs, number: _definition(ecs, f"f{number}"), {}),
    "ecs:ListTasks": _tasks,
    "ecs:ListServices": _services,
}

# What has not seven: results and pages.
FIXED = {
    "ec2:DescribeDhcpOptions": (1, 1),
    "autoscaling:DescribeWarmPool": (0, 1),
    "ecs:ListContainerInstances": (0, 1),
}
