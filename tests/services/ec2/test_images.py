"""Images, key pairs and instance types."""

import base64

import pytest

boto3 = pytest.importorskip("boto3")


def described(ec2, **given):
    return ec2.describe_images(**given)["Images"]


def filtered(ec2, **values):
    filters = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in values.items()]
    return described(ec2, Filters=filters)


# --- public images


@pytest.mark.rule("ec2-006", "ec2-007", "ec2-016", "ec2-018", "ec2-021", "ec2-022", "ec2-023", "ec2-024")
def test_public_images(ec2):
    linux = described(ec2, Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-*", "amzn2-ami-*"]}])
    assert linux and all(each["Public"] and "Platform" not in each for each in linux)
    ours = described(ec2, Owners=["amazon"])
    assert {each["PlatformDetails"] for each in ours} == {"Linux/UNIX", "Windows"}
    windows = filtered(ec2, platform="windows")
    assert {each["PlatformDetails"] for each in windows} == {"Windows"}
    (red,) = filtered(ec2, platform_details="Red Hat Enterprise Linux")
    assert red["Name"].startswith("RHEL-")
    for architecture in ("x86_64", "arm64"):
        assert {each["Architecture"] for each in filtered(ec2, architecture=architecture)} == {architecture}
    assert filtered(ec2, is_public="false") == [] != filtered(ec2, is_public="true")
    assert described(ec2, ExecutableUsers=["self"]) == [] != described(ec2, ExecutableUsers=["all"])
    assert {each["RootDeviceType"] for each in filtered(ec2, root_device_type="ebs")} == {"ebs"}
    assert {each["VirtualizationType"] for each in filtered(ec2, virtualization_type="hvm")} == {"hvm"}


@pytest.mark.rule("ec2-008", "ec2-016", "ec2-018")
def test_what_instances_show_of_their_image(ec2, launch):
    (windows, *_) = filtered(ec2, platform="windows")
    found = launch(ImageId=windows["ImageId"])
    assert (found["Platform"], found["PlatformDetails"]) == ("windows", "Windows")
    assert (found["RootDeviceType"], found["VirtualizationType"]) == ("ebs", "hvm")


# --- own images


@pytest.mark.aws(lifecycle="timed")
@pytest.mark.rule("ec2-010", "ec2-025")
def test_an_image_of_an_instance(aws, ec2, launch, refused):
    id_ = launch()["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id_])
    image = ec2.create_image(InstanceId=id_, Name="golden")["ImageId"]
    (pending,) = described(ec2, ImageIds=[image])
    assert pending["State"] == "pending"
    refused("InvalidAMIID.Unavailable", launch, ImageId=image)
    ec2.get_waiter("image_available").wait(ImageIds=[image])
    (found,) = described(ec2, ImageIds=[image])
    snapshot = found["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert snapshot in [each["SnapshotId"] for each in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]]
    assert found["Public"] is False
    permissions = ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")
    assert permissions["LaunchPermissions"] == []
    launch(ImageId=image)


@pytest.mark.rule("ec2-011", "ec2-012", "ec2-028")
def test_names_devices_and_ends_of_images(aws, ec2, launch, refused):
    data = {"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 1}}
    id_ = launch(BlockDeviceMappings=[data])["InstanceId"]
    without = [{"DeviceName": "/dev/sdb", "NoDevice": ""}]
    image = ec2.create_image(InstanceId=id_, Name="golden", BlockDeviceMappings=without)["ImageId"]
    (found,) = described(ec2, Owners=["self"])
    assert [each["DeviceName"] for each in found["BlockDeviceMappings"]] == ["/dev/xvda"]
    refused("InvalidAMIName.Duplicate", ec2.create_image, InstanceId=id_, Name="golden")
    running = launch(ImageId=image)["InstanceId"]
    ec2.deregister_image(ImageId=image)
    refused("InvalidAMIID.Unavailable", launch, ImageId=image)
    assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 1
    assert ec2.describe_instances(InstanceIds=[running])["Reservations"]
    aws.clock.advance(hours=2)
    refused("InvalidAMIID.NotFound", launch, ImageId=image)


@pytest.mark.rule("ec2-013", "ec2-031")
def test_an_image_of_a_snapshot(aws, ec2, launch, refused):
    key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8, Encrypted=True, KmsKeyId=key)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    image = ec2.register_image(
        Name="own", RootDeviceName="/dev/xvda", Architecture="x86_64", VirtualizationType="hvm",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}],
    )["ImageId"]  # fmt: skip
    told = refused("InvalidSnapshot.InUse", ec2.delete_snapshot, SnapshotId=snapshot)
    assert told == f"The snapshot {snapshot} is currently in use by {image}"
    ec2.delete_volume(VolumeId=volume)
    launch(ImageId=image)
    (root,) = ec2.describe_volumes()["Volumes"]
    assert (root["Encrypted"], root["KmsKeyId"], root["SnapshotId"]) == (True, key, snapshot)


@pytest.mark.rule("ec2-014", "ec2-015", "ec2-030")
def test_an_image_belongs_to_its_region(aws, ec2, launch, refused):
    image = ec2.create_image(InstanceId=launch()["InstanceId"], Name="golden")["ImageId"]
    abroad = boto3.client("ec2", region_name="eu-west-1")
    assert refused("InvalidAMIID.NotFound", abroad.describe_images, ImageIds=[image]) == (
        f"The image id '[{image}]' does not exist"
    )
    assert described(abroad, Owners=["self"]) == []
    copy = abroad.copy_image(SourceRegion="us-east-1", SourceImageId=image, Name="golden", Encrypted=True)["ImageId"]
    assert copy != image and described(ec2, ImageIds=[image])
    abroad.run_instances(ImageId=copy, InstanceType="t2.micro", MinCount=1, MaxCount=1)
    assert [each["Encrypted"] for each in abroad.describe_volumes()["Volumes"]] == [True]


@pytest.mark.rule("ec2-025", "ec2-026", "ec2-027")
def test_sharing(aws, ec2, launch, refused):
    image = ec2.create_image(InstanceId=launch()["InstanceId"], Name="golden")["ImageId"]
    ec2.describe_images()
    other = boto3.client("ec2", "us-east-1", aws_access_key_id="999999999999", aws_secret_access_key="x")
    third = boto3.client("ec2", "us-east-1", aws_access_key_id="888888888888", aws_secret_access_key="x")
    wanted = {"ImageId": image, "InstanceType": "t2.micro", "MinCount": 1, "MaxCount": 1}
    refused("InvalidAMIID.NotFound", other.run_instances, **wanted)
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": "999999999999"}]})
    assert [each["ImageId"] for each in described(other, ExecutableUsers=["self"])] == [image]
    other.run_instances(**wanted)
    refused("AuthFailure", other.deregister_image, ImageId=image)
    refused("InvalidAMIID.NotFound", third.run_instances, **wanted)
    everybody = {"ImageId": image, "LaunchPermission": {"Add": [{"Group": "all"}]}}
    refused("OperationNotPermitted", ec2.modify_image_attribute, **everybody)
    ec2.disable_image_block_public_access()
    ec2.modify_image_attribute(**everybody)
    assert described(ec2, ImageIds=[image])[0]["Public"] is True
    third.run_instances(**wanted)


# --- key pairs


@pytest.mark.rule("ec2-037", "ec2-038", "ec2-039")
def test_key_pairs(ec2, launch, refused):
    made = ec2.create_key_pair(KeyName="ann")
    assert made["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert len(made["KeyFingerprint"].split(":")) == 20
    (found,) = ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    assert "KeyMaterial" not in found and found["PublicKey"].startswith("ssh-rsa ")
    told = refused("InvalidKeyPair.Duplicate", ec2.create_key_pair, KeyName="ann")
    assert told.startswith("The keypair already exists")
    assert launch(KeyName="ann")["KeyName"] == "ann"
    imported = ec2.import_key_pair(KeyName="bob", PublicKeyMaterial=found["PublicKey"].encode())
    assert "KeyMaterial" not in imported and len(imported["KeyFingerprint"].split(":")) == 16
    refused("InvalidKey.Format", ec2.import_key_pair, KeyName="eve", PublicKeyMaterial=b"nonsense")
    ec2.delete_key_pair(KeyName="ann")
    refused("InvalidKeyPair.NotFound", ec2.describe_key_pairs, KeyNames=["ann"])


def test_private_keys_are_keys(ec2):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    for kind in ("rsa", "ed25519"):
        made = ec2.create_key_pair(KeyName=kind, KeyType=kind)
        if kind == "rsa":
            key = serialization.load_pem_private_key(made["KeyMaterial"].encode(), None)
        else:
            key = serialization.load_ssh_private_key(made["KeyMaterial"].encode() + b"\n", None)
        public = key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )  # fmt: skip
        (found,) = ec2.describe_key_pairs(KeyNames=[kind], IncludePublicKey=True)["KeyPairs"]
        assert found["PublicKey"].split()[:2] == public.decode().split()
        assert base64.b64decode(found["PublicKey"].split()[1])


# --- instance types


def types(ec2, *names):
    return {each["InstanceType"]: each for each in ec2.describe_instance_types(InstanceTypes=names)["InstanceTypes"]}


@pytest.mark.rule(
    "ec2-041", "ec2-042", "ec2-043", "ec2-044", "ec2-045", "ec2-046", "ec2-047", "ec2-050", "ec2-052", "ec2-053",
    "ec2-057", "ec2-062",
)  # fmt: skip
def test_types_differ(ec2, refused):
    found = types(
        ec2, "m5.large", "c5.large", "r5.large", "i3.large", "g4dn.xlarge", "hpc6a.48xlarge", "t2.micro"
    )  # fmt: skip
    assert len(found) == 7
    told = refused("InvalidInstanceType", ec2.describe_instance_types, InstanceTypes=["x"])
    assert told == "The following supplied instance types do not exist: [x]"
    sizes = {name: (each["VCpuInfo"]["DefaultVCpus"], each["MemoryInfo"]["SizeInMiB"]) for name, each in found.items()}
    assert sizes["t2.micro"] == (1, 1024)
    assert [sizes[f"{family}5.large"][1] for family in "rmc"] == [16384, 8192, 4096]
    for each in found.values():
        assert each["ProcessorInfo"]["SustainedClockSpeedInGhz"] > 1
        assert each["EbsInfo"]["EbsOptimizedSupport"] in ("default", "unsupported")
        assert each["NetworkInfo"]["MaximumNetworkInterfaces"] >= 2
    assert [name for name, each in found.items() if "GpuInfo" in each] == ["g4dn.xlarge"]
    assert found["i3.large"]["InstanceStorageInfo"]["TotalSizeInGB"] == 475
    assert found["m5.large"]["InstanceStorageSupported"] is False


@pytest.mark.parametrize(
    ("name", "has"),
    [
        pytest.param("a1.medium", None, marks=pytest.mark.rule("ec2-048")),
        pytest.param("t2.medium", None, marks=pytest.mark.rule("ec2-051")),
        pytest.param("x1.16xlarge", None, marks=pytest.mark.rule("ec2-054")),
        pytest.param("d2.xlarge", "InstanceStorageInfo", marks=pytest.mark.rule("ec2-055")),
        pytest.param("h1.2xlarge", "InstanceStorageInfo", marks=pytest.mark.rule("ec2-056")),
        pytest.param("f1.2xlarge", "FpgaInfo", marks=pytest.mark.rule("ec2-058")),
        pytest.param("inf1.xlarge", "InferenceAcceleratorInfo", marks=pytest.mark.rule("ec2-059")),
        pytest.param("p3.2xlarge", "GpuInfo", marks=pytest.mark.rule("ec2-060")),
        pytest.param("p2.xlarge", "GpuInfo", marks=pytest.mark.rule("ec2-061")),
        pytest.param("g3.4xlarge", "GpuInfo", marks=pytest.mark.rule("ec2-063")),
        pytest.param("g2.2xlarge", "GpuInfo", marks=pytest.mark.rule("ec2-064")),
    ],
)
def test_families(ec2, name, has):
    found = types(ec2, name)[name]
    assert has is None or found[has]


@pytest.mark.rule("ec2-049")
def test_an_image_has_the_architecture_of_the_type(ec2, launch, refused):
    assert types(ec2, "a1.medium")["a1.medium"]["ProcessorInfo"]["SupportedArchitectures"] == ["arm64"]
    told = refused("InvalidParameterValue", launch, InstanceType="a1.medium")
    assert told.startswith(
        "The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the "
        "specified AMI."
    )


@pytest.mark.aws(limits={"ec2.standard-vcpus": 100})
@pytest.mark.rule("ec2-065", "ec2-066", "ec2-067")
def test_burstable_types(ec2, launch):
    names = ("t2.micro", "t3.micro", "m5.large")
    found = types(ec2, *names)
    assert [found[name]["BurstablePerformanceSupported"] for name in names] == [True, True, False]
    old, new, plain = (launch(InstanceType=kind)["InstanceId"] for kind in names)

    def credits(*ids):
        listed = ec2.describe_instance_credit_specifications(InstanceIds=ids)["InstanceCreditSpecifications"]
        return [each["CpuCredits"] for each in listed]

    assert credits(old, new) == ["standard", "unlimited"]
    changes = [{"InstanceId": id_, "CpuCredits": "unlimited"} for id_ in (old, plain)]
    answer = ec2.modify_instance_credit_specification(InstanceCreditSpecifications=changes)
    assert [each["InstanceId"] for each in answer["UnsuccessfulInstanceCreditSpecifications"]] == [plain]
    assert credits(old) == ["unlimited"]


@pytest.mark.rule("ec2-282", "ec2-283", "ec2-286")
def test_local_disks(ec2, refused):
    storage = types(ec2, "i3.large")["i3.large"]["InstanceStorageInfo"]
    assert storage["Disks"] and storage["TotalSizeInGB"]
    refused("InvalidVolume.NotFound", ec2.detach_volume, VolumeId="vol-12345678")


def test_offerings(ec2):
    listed = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["t3.micro"]}]
    )["InstanceTypeOfferings"]
    assert [each["Location"] for each in listed] == [f"us-east-1{letter}" for letter in "abcdef"]
