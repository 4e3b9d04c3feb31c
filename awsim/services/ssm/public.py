"""Parameters that AWS publishes: ids of images, and which Regions and services there are.

A choice of those that are documented; ids of images are made up, the same ones every time. What Regions and services
there are, and their long names, is what botocore's endpoint data say, under its names of endpoints.

Source: Systems Manager User Guide, "Discovering public parameters in Parameter Store", "Calling public parameters for
AWS services, Regions, endpoints, Availability Zones, local zones, and Wavelength Zones".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from awsim.services.ssm.names import PUBLIC
from awsim.wire.models import loader

SINCE = 1_735_689_600.0  # when all of them were last changed, for awsim: 2025-01-01
_AMAZON_LINUX = (
    "al2023-ami-kernel-6.1-arm64", "al2023-ami-kernel-6.1-x86_64", "al2023-ami-kernel-6.12-arm64",
    "al2023-ami-kernel-6.12-x86_64", "al2023-ami-kernel-default-arm64", "al2023-ami-kernel-default-x86_64",
    "al2023-ami-minimal-kernel-default-arm64", "al2023-ami-minimal-kernel-default-x86_64", "amzn-ami-hvm-x86_64-ebs",
    "amzn-ami-hvm-x86_64-gp2", "amzn2-ami-hvm-arm64-gp2", "amzn2-ami-hvm-x86_64-ebs", "amzn2-ami-hvm-x86_64-gp2",
    "amzn2-ami-kernel-5.10-hvm-arm64-gp2", "amzn2-ami-kernel-5.10-hvm-x86_64-ebs",
    "amzn2-ami-kernel-5.10-hvm-x86_64-gp2", "amzn2-ami-minimal-hvm-x86_64-ebs",
)  # fmt: skip
_WINDOWS = tuple(
    f"Windows_Server-{year}-English-{kind}-Base" for year in (2016, 2019, 2022, 2025) for kind in ("Core", "Full")
)
_ECS = ("amazon-linux-2", "amazon-linux-2/arm64", "amazon-linux-2023", "amazon-linux-2023/arm64")
_EKS = ("1.30", "1.31", "1.32", "1.33", "1.34")
_UBUNTU = ("20.04", "22.04", "24.04")


# Parameters whose image EC2 knows, by the name that it has there.
_AT_EC2 = {
    "ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64": "al2023-ami-2023.*-kernel-6.1-arm64",
    "ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64": "al2023-ami-2023.*-kernel-6.1-x86_64",
    "ami-amazon-linux-latest/al2023-ami-kernel-default-arm64": "al2023-ami-2023.*-kernel-6.1-arm64",
    "ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64": "al2023-ami-2023.*-kernel-6.1-x86_64",
    "ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2": "amzn2-ami-hvm-2.0.*-x86_64-gp2",
    "ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-arm64-gp2": "amzn2-ami-kernel-5.10-hvm-2.0.*-arm64-gp2",
    "ecs/optimized-ami/amazon-linux-2/recommended/image_id": "amzn2-ami-ecs-hvm-2.0.*-x86_64-ebs",
    **{f"ami-windows-latest/{name}": f"{name}-*" for name in _WINDOWS},
}


def name_at_ec2(name: str) -> str | None:
    """The name, with wildcards, that EC2 has for the image of a parameter; None where it is no such parameter."""
    return _AT_EC2.get(name.removeprefix(PUBLIC))


def value(region: str, name: str) -> str | None:
    """The value of a public parameter in a Region; None where there is none of that name."""
    return _all(region).get(name)


def under(region: str, path: str, *, recursive: bool) -> list[str]:
    """The names of those of a path."""
    start = f"{path.rstrip('/')}/"
    return [name for name in _all(region) if name.startswith(start) and (recursive or "/" not in name[len(start) :])]


def is_image(region: str, id: str) -> bool:
    """Whether an image is among those published."""
    return id in _image_ids(region)


@lru_cache(64)
def _image_ids(region: str) -> frozenset[str]:
    return frozenset(found for found in _all(region).values() if found.startswith("ami-"))


@lru_cache(64)
def _all(region: str) -> dict[str, str]:
    return {**_images(region), **_infrastructure()}


def _images(region: str) -> dict[str, str]:
    found = {}

    def image(name: str) -> str:
        digest = blake2b(f"{region}/{name}".encode(), digest_size=8).hexdigest()
        found[PUBLIC + name] = f"ami-0{digest}"
        return found[PUBLIC + name]

    for name in _AMAZON_LINUX:
        image(f"ami-amazon-linux-latest/{name}")
    for name in _WINDOWS:
        image(f"ami-windows-latest/{name}")
    for name in _ECS:
        system, stem = name.replace("-", " ").replace("/", " ").title(), f"ecs/optimized-ami/{name}/recommended"
        id = image(f"{stem}/image_id")
        about = {"image_id": id, "image_name": f"{system} ECS", "os": system, "schema_version": 1}
        found[PUBLIC + stem] = json.dumps(about, separators=(",", ":"))
    for version in _EKS:
        for architecture in ("arm64", "x86_64"):
            image(f"eks/optimized-ami/{version}/amazon-linux-2023/{architecture}/standard/recommended/image_id")
            image(f"bottlerocket/aws-k8s-{version}/{architecture}/latest/image_id")
    for version in _UBUNTU:
        for architecture in ("amd64", "arm64"):
            kind = "gp3" if version == "24.04" else "gp2"
            image(f"canonical/ubuntu/server/{version}/stable/current/{architecture}/hvm/ebs-{kind}/ami-id")
    return found


@lru_cache(1)
def _infrastructure() -> dict[str, str]:
    """/aws/service/global-infrastructure: the same in all Regions."""
    root = f"{PUBLIC}global-infrastructure"
    found: dict[str, str] = {}
    for partition in loader().load_data("endpoints")["partitions"]:
        name, regions = partition["partition"], partition["regions"]
        for region, about in regions.items():
            place = f"{root}/regions/{region}"
            found |= {
                place: region,
                f"{place}/longName": about["description"],
                f"{place}/partition": name,
                f"{place}/domain": partition["dnsSuffix"],
            }
        for service, region, host in _offered(partition):
            found |= {
                f"{root}/services/{service}": service,
                f"{root}/services/{service}/regions/{region}": region,
                f"{root}/regions/{region}/services/{service}": service,
                f"{root}/regions/{region}/services/{service}/endpoint": host,
            }
    return found


def _offered(partition: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(service, Region, host of its endpoint) of each service in each Region; global ones are everywhere."""
    usual = partition["defaults"]["hostname"]
    for full, about in partition["services"].items():
        service = full.removeprefix("api.")
        if "." in service:
            continue
        endpoints, form = about["endpoints"], about.get("defaults", {}).get("hostname", usual)
        everywhere = about.get("isRegionalized") is False
        for region in partition["regions"]:
            if everywhere or region in endpoints:
                where = endpoints.get(region) or endpoints.get(about.get("partitionEndpoint"), {})
                host = where.get("hostname") or form
                suffix = partition["dnsSuffix"]
                yield service, region, host.format(service=full, region=region, dnsSuffix=suffix)
