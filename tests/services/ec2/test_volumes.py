"""EBS: volumes of every type, attached, changed, encrypted; snapshots."""

import pytest

boto3 = pytest.importorskip("boto3")

ZONE = {"AvailabilityZone": "us-east-1a"}


@pytest.fixture
def volume(ec2):
    def volume(**given):
        return ec2.create_volume(**{**ZONE, "Size": 8, **given})

    return volume


def shown(ec2, id_):
    return ec2.describe_volumes(VolumeIds=[id_])["Volumes"][0]


@pytest.mark.parametrize(
    ("kind", "least", "most", "more"),
    [
        pytest.param("gp2", 1, 16384, {}, marks=pytest.mark.rule("ec2-212", "ec2-213")),
        pytest.param("gp3", 1, 65536, {}, marks=pytest.mark.rule("ec2-214", "ec2-215")),
        pytest.param("io1", 4, 16384, {"Iops": 100}, marks=pytest.mark.rule("ec2-216", "ec2-217")),
        pytest.param("io2", 4, 65536, {"Iops": 100}, marks=pytest.mark.rule("ec2-218", "ec2-219")),
        pytest.param("st1", 125, 16384, {}, marks=pytest.mark.rule("ec2-220", "ec2-221")),
        pytest.param("sc1", 125, 16384, {}, marks=pytest.mark.rule("ec2-222", "ec2-223")),
    ],
)
def test_sizes(ec2, volume, launch, refused, kind, least, most, more):
    for size in (least, most):
        made = volume(VolumeType=kind, Size=size, **more)
        assert shown(ec2, made["VolumeId"])["Size"] == size
    for size in (least - 1, most + 1):
        refused("InvalidParameterValue", volume, VolumeType=kind, Size=size, **more)
        ebs = {"VolumeType": kind, "VolumeSize": size, **more}
        refused("InvalidParameterValue", launch, BlockDeviceMappings=[{"DeviceName": "/dev/sdb", "Ebs": ebs}])
    refused("InvalidParameterValue", ec2.modify_volume, VolumeId=made["VolumeId"], Size=most + 1)
    assert len(ec2.describe_volumes()["Volumes"]) == 2


@pytest.mark.aws(as_of="2025-01-01")
def test_sizes_of_earlier_days(volume, refused):
    volume(VolumeType="gp3", Size=16384)
    refused("InvalidParameterValue", volume, VolumeType="gp3", Size=16385)


@pytest.mark.rule("ec2-224", "ec2-226", "ec2-227", "ec2-228")
@pytest.mark.parametrize(
    ("size", "iops"), [(500, 1500), (10, 100), (6000, 16000), (10000, 16000), (5333, 15999), (5334, 16000)]
)
def test_iops_of_gp2_follow_from_its_size(volume, size, iops):
    assert volume(VolumeType="gp2", Size=size)["Iops"] == iops


@pytest.mark.rule("ec2-225", "ec2-230", "ec2-231", "ec2-232", "ec2-233", "ec2-234", "ec2-235", "ec2-243", "ec2-244")
def test_provisioning(ec2, volume, refused):
    combination, value = "InvalidParameterCombination", "InvalidParameterValue"
    told = refused(combination, volume, VolumeType="gp2", Iops=100)
    assert told == "The parameter iops is not supported for gp2 volumes."
    plain = volume(VolumeType="gp3", Size=1)
    assert (plain["Iops"], plain["Throughput"]) == (3000, 125)
    refused(value, volume, VolumeType="gp3", Iops=2999)
    told = refused(value, volume, VolumeType="gp3", Size=1000, Iops=80001)
    assert told == "Volume iops of 80001 is too high; maximum is 80000."
    told = refused(value, volume, VolumeType="gp3", Size=8, Iops=6000)
    assert told == "Iops to volume size ratio of 750.000000 is too high; maximum is 500"
    refused(value, volume, VolumeType="gp3", Throughput=124)
    refused(value, volume, VolumeType="gp3", Size=1000, Iops=80000, Throughput=2001)
    refused(value, volume, VolumeType="gp3", Throughput=751)
    told = refused(combination, volume, VolumeType="gp2", Throughput=125)
    assert told == "throughput can only be specified for volumeType gp3."
    made = volume(VolumeType="gp3", Size=100, Iops=6000, Throughput=500)
    ec2.modify_volume(VolumeId=made["VolumeId"], Throughput=600)
    after = shown(ec2, made["VolumeId"])
    assert (after["Size"], after["Iops"], after["Throughput"]) == (100, 6000, 600)
    for kind in ("st1", "sc1"):
        told = refused(combination, volume, VolumeType=kind, Size=125, Iops=100)
        assert told == f"The parameter iops is not supported for {kind} volumes."
        refused(combination, volume, VolumeType=kind, Size=125, Throughput=100)
        found = shown(ec2, volume(VolumeType=kind, Size=125)["VolumeId"])
        assert "Iops" not in found and "Throughput" not in found


@pytest.mark.rule("ec2-207", "ec2-208", "ec2-236", "ec2-237", "ec2-238", "ec2-239", "ec2-240", "ec2-241", "ec2-242")
def test_provisioned_iops(volume, refused):
    told = refused("InvalidParameterCombination", volume, VolumeType="io1")
    assert told == "The parameter iops must be specified for io1 volumes."
    value = "InvalidParameterValue"
    assert refused(value, volume, VolumeType="io1", Iops=99) == "Volume iops of 99 is too low; minimum is 100."
    assert volume(VolumeType="io1", Size=2000, Iops=64000)["Iops"] == 64000
    told = refused(value, volume, VolumeType="io1", Size=2000, Iops=64001)
    assert told == "Volume iops of 64001 is too high; maximum is 64000."
    assert [volume(VolumeType="io1", Size=10, Iops=iops)["Iops"] for iops in (500, 200)] == [500, 200]
    assert "maximum is 50" in refused(value, volume, VolumeType="io1", Size=10, Iops=501)
    volume(VolumeType="io2", Size=500, Iops=256000)
    volume(VolumeType="io2", Size=500, Iops=210000)
    refused(value, volume, VolumeType="io2", Size=500, Iops=256001)
    refused(value, volume, VolumeType="io2", Size=500, Iops=310000)
    volume(VolumeType="io2", Size=4, Iops=4000)
    refused(value, volume, VolumeType="io2", Size=4, Iops=4001)


@pytest.mark.rule("ec2-199", "ec2-200", "ec2-201", "ec2-202", "ec2-203", "ec2-205", "ec2-206")
def test_attached_and_detached(ec2, volume, launch, refused):
    one, two = (each["InstanceId"] for each in launch(MinCount=2, MaxCount=2))
    elsewhere = launch(Placement={"AvailabilityZone": "us-east-1b"})["InstanceId"]
    made = volume()
    id_ = made["VolumeId"]
    assert (made["State"], made["SnapshotId"], made["AvailabilityZone"]) == ("creating", "", "us-east-1a")
    assert shown(ec2, id_)["State"] == "available"
    refused("MissingParameter", ec2.create_volume, **ZONE)
    told = refused(
        "InvalidVolume.ZoneMismatch", ec2.attach_volume, VolumeId=id_, InstanceId=elsewhere, Device="/dev/sdf"
    )
    assert told == f"The volume '{id_}' is not in the same availability zone as instance '{elsewhere}'"
    attached = ec2.attach_volume(VolumeId=id_, InstanceId=one, Device="/dev/sdf")
    assert attached["State"] == "attaching"
    found = shown(ec2, id_)
    assert (found["State"], found["Attachments"][0]["State"]) == ("in-use", "attached")
    told = refused("VolumeInUse", ec2.attach_volume, VolumeId=id_, InstanceId=two, Device="/dev/sdf")
    assert told == f"{id_} is already attached to an instance"
    refused("VolumeInUse", ec2.delete_volume, VolumeId=id_)
    ec2.detach_volume(VolumeId=id_)
    assert shown(ec2, id_)["State"] == "available"
    ec2.attach_volume(VolumeId=id_, InstanceId=two, Device="/dev/sdf")
    ec2.detach_volume(VolumeId=id_)
    ec2.delete_volume(VolumeId=id_)
    refused("InvalidVolume.NotFound", ec2.describe_volumes, VolumeIds=[id_])


@pytest.mark.rule("ec2-209", "ec2-210", "ec2-211")
@pytest.mark.aws(limits={"ec2.standard-vcpus": 100})
def test_multi_attach(ec2, volume, launch, refused):
    for kind in ("gp2", "gp3", "st1", "sc1"):
        refused("InvalidParameterCombination", volume, VolumeType=kind, Size=125, MultiAttachEnabled=True)
    id_ = volume(VolumeType="io2", Size=8, Iops=100, MultiAttachEnabled=True)["VolumeId"]
    machines = [each["InstanceId"] for each in launch(MinCount=17, MaxCount=17)]
    for machine in machines[:16]:
        ec2.attach_volume(VolumeId=id_, InstanceId=machine, Device="/dev/sdf")
    assert len(shown(ec2, id_)["Attachments"]) == 16
    refused("AttachmentLimitExceeded", ec2.attach_volume, VolumeId=id_, InstanceId=machines[16], Device="/dev/sdf")
    assert len(shown(ec2, id_)["Attachments"]) == 16


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("ec2-245", "ec2-246", "ec2-247", "ec2-248", "ec2-249")
def test_modified(aws, ec2, volume, refused):
    id_ = volume(VolumeType="gp2")["VolumeId"]
    aws.clock.advance(minutes=1)
    refused("InvalidParameterValue", ec2.modify_volume, VolumeId=id_, Size=7)
    refused("InvalidParameterCombination", ec2.modify_volume, VolumeId=id_, Iops=100)
    change = ec2.modify_volume(VolumeId=id_, Size=20, VolumeType="gp3")["VolumeModification"]
    assert (change["ModificationState"], change["OriginalSize"], change["TargetSize"]) == ("modifying", 8, 20)
    refused("IncorrectModificationState", ec2.modify_volume, VolumeId=id_, Size=30)

    def now():
        return ec2.describe_volumes_modifications(VolumeIds=[id_])["VolumesModifications"][0]["ModificationState"]

    aws.clock.advance(seconds=10)
    assert now() == "optimizing"
    aws.clock.advance(hours=2)
    assert now() == "completed"
    ec2.modify_volume(VolumeId=id_, Throughput=250)
    assert shown(ec2, id_)["Throughput"] == 250
    io1 = volume(VolumeType="io1", Iops=100)["VolumeId"]
    ec2.modify_volume(VolumeId=io1, Iops=200)
    magnetic = volume(VolumeType="standard")["VolumeId"]
    ec2.modify_volume(VolumeId=magnetic, VolumeType="gp2")


@pytest.mark.rule("ec2-250", "ec2-252", "ec2-253", "ec2-254", "ec2-258", "ec2-260", "ec2-261", "ec2-262")
def test_snapshots(ec2, volume, launch, refused):
    root = launch()["InstanceId"]
    (in_use,) = ec2.describe_volumes()["Volumes"]
    ec2.create_snapshot(VolumeId=in_use["VolumeId"])
    assert shown(ec2, in_use["VolumeId"])["State"] == "in-use"
    id_ = volume()["VolumeId"]
    made = ec2.create_snapshot(VolumeId=id_, Description="before")
    assert (made["State"], made["VolumeSize"], made["Description"]) == ("pending", 8, "before")
    ec2.modify_volume(VolumeId=id_, Size=10)
    ec2.delete_volume(VolumeId=id_)
    (kept,) = ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])["Snapshots"]
    assert (kept["State"], kept["Progress"], kept["VolumeSize"]) == ("completed", "100%", 8)
    copy = volume(SnapshotId=made["SnapshotId"], AvailabilityZone="us-east-1b", VolumeType="io1", Iops=100)
    assert (copy["Size"], copy["SnapshotId"]) == (8, made["SnapshotId"])
    volume(SnapshotId=made["SnapshotId"], Size=9)
    refused("InvalidParameterValue", volume, SnapshotId=made["SnapshotId"], Size=7)
    several = ec2.create_snapshots(InstanceSpecification={"InstanceId": root})["Snapshots"]
    assert [each["VolumeId"] for each in several] == [in_use["VolumeId"]]


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("ec2-251")
def test_a_snapshot_takes_its_time(aws, ec2, volume, refused):
    id_ = volume()["VolumeId"]
    ec2.get_waiter("volume_available").wait(VolumeIds=[id_])
    made = ec2.create_snapshot(VolumeId=id_)["SnapshotId"]
    refused("IncorrectState", volume, SnapshotId=made)
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[made])
    volume(SnapshotId=made)


@pytest.mark.rule("ec2-263", "ec2-264")
def test_copied_and_shared(aws, ec2, volume, refused):
    made = ec2.create_snapshot(VolumeId=volume()["VolumeId"])["SnapshotId"]
    abroad = boto3.client("ec2", region_name="eu-west-1")
    refused("InvalidSnapshot.NotFound", abroad.describe_snapshots, SnapshotIds=[made])
    copy = abroad.copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=made)["SnapshotId"]
    assert abroad.describe_snapshots(SnapshotIds=[copy])["Snapshots"][0]["State"] == "completed"
    other = boto3.client("ec2", "us-east-1", aws_access_key_id="999999999999", aws_secret_access_key="x")
    refused("InvalidSnapshot.NotFound", other.create_volume, **ZONE, SnapshotId=made)
    permission = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": ["999999999999"]}
    ec2.modify_snapshot_attribute(SnapshotId=made, **permission)
    other.create_volume(**ZONE, SnapshotId=made)


@pytest.mark.rule("ec2-266", "ec2-267", "ec2-268", "ec2-269", "ec2-271", "ec2-272", "ec2-273", "ec2-274")
def test_encryption(aws, ec2, volume, refused):
    kms = boto3.client("kms", region_name="us-east-1")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    plain = volume()
    assert plain["Encrypted"] is False
    default = volume(Encrypted=True)
    own = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"]
    assert (default["Encrypted"], default["KmsKeyId"]) == (True, own)
    named = volume(Encrypted=True, KmsKeyId=key)
    assert named["KmsKeyId"] == key
    told = refused("InvalidParameterDependency", volume, KmsKeyId=key)
    assert told == "The parameter KmsKeyId requires the parameter Encrypted to be set."
    sealed = ec2.create_snapshot(VolumeId=named["VolumeId"])
    assert (sealed["Encrypted"], sealed["KmsKeyId"]) == (True, key)
    again = volume(SnapshotId=sealed["SnapshotId"])
    assert (again["Encrypted"], again["KmsKeyId"]) == (True, key)
    refused("InvalidParameterValue", volume, SnapshotId=sealed["SnapshotId"], Encrypted=False)
    open_ = ec2.create_snapshot(VolumeId=plain["VolumeId"])
    assert open_["Encrypted"] is False
    assert volume(SnapshotId=open_["SnapshotId"], Encrypted=True)["Encrypted"] is True
    ec2.enable_ebs_encryption_by_default()
    assert volume()["Encrypted"] is True


@pytest.mark.rule("ec2-275", "ec2-276", "ec2-277", "ec2-278", "ec2-279")
def test_encrypted_copies(aws, ec2, volume, refused):
    abroad = boto3.client("ec2", region_name="eu-west-1")
    there = boto3.client("kms", region_name="eu-west-1").create_key()["KeyMetadata"]["Arn"]
    here = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    plain = ec2.create_snapshot(VolumeId=volume()["VolumeId"])["SnapshotId"]
    ec2.describe_snapshots()

    def copied(client, **given):
        id_ = client.copy_snapshot(SourceRegion="us-east-1", **given)["SnapshotId"]
        return client.describe_snapshots(SnapshotIds=[id_])["Snapshots"][0]

    sealed = copied(ec2, SourceSnapshotId=plain, Encrypted=True, KmsKeyId=here)
    assert (sealed["Encrypted"], sealed["KmsKeyId"]) == (True, here)
    assert ec2.create_volume(**ZONE, SnapshotId=sealed["SnapshotId"])["Encrypted"] is True
    source = {"SourceSnapshotId": sealed["SnapshotId"]}
    assert copied(ec2, **source)["Encrypted"] is True
    told = refused("InvalidParameterValue", ec2.copy_snapshot, SourceRegion="us-east-1", Encrypted=False, **source)
    assert told == "The parameter encrypted=false is invalid"
    moved = copied(abroad, **source, Encrypted=True, KmsKeyId=there)
    assert moved["KmsKeyId"] == there
    restored = abroad.create_volume(AvailabilityZone="eu-west-1a", SnapshotId=moved["SnapshotId"])
    assert (restored["Encrypted"], restored["KmsKeyId"]) == (True, there)
    assert copied(abroad, **source, Encrypted=True, KmsKeyId=here)["State"] == "error"
    shared = {"Attribute": "createVolumePermission", "OperationType": "add"}
    default = copied(ec2, SourceSnapshotId=plain, Encrypted=True)["SnapshotId"]
    told = refused(
        "OperationNotPermitted", ec2.modify_snapshot_attribute, SnapshotId=default, UserIds=["999999999999"], **shared
    )
    assert told == "Encrypted snapshots with EBS default key cannot be shared"
    ec2.modify_snapshot_attribute(SnapshotId=sealed["SnapshotId"], UserIds=["999999999999"], **shared)
    refused(
        "OperationNotPermitted",
        ec2.modify_snapshot_attribute,
        SnapshotId=sealed["SnapshotId"],
        GroupNames=["all"],
        **shared,
    )
