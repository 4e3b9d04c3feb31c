"""The instance metadata service, as a program on an instance sees it.

Sources: EC2 User Guide, "Use instance metadata to manage your EC2 instance", "Instance metadata categories", "Use the
Instance Metadata Service to access instance metadata".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from awsim.auth.credentials import IssuedKey, Keys, Session
from awsim.errors import AWSError
from awsim.services.ec2.instance import Instance
from awsim.services.ec2.interfaces import Interface
from awsim.services.ec2.operations.tags import TagOperations
from awsim.state import Dict
from awsim.wire.http import Request, Response

_TTL = "X-aws-ec2-metadata-token-ttl-seconds"
_TOKEN = "X-aws-ec2-metadata-token"
_VERSIONS = ("1.0", "2007-01-19", "2014-11-05", "2018-09-24", "2021-01-03", "2024-04-11", "latest")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
Tree = Mapping[str, Any]


class MetadataOperations(TagOperations):
    def setup(self) -> None:
        super().setup()
        self.metadata_tokens: dict[str, tuple[str, float]] = Dict()  # token -> (instance, until when it is good)

    def metadata(self, instance_id: str, request: Request) -> Response:
        """What 169.254.169.254 answers on an instance; no operation of AWS's API."""
        instance = self.instances.get(instance_id)
        if instance is None or instance.state not in ("pending", "running"):
            return _text(404, "Not Found")
        options = instance.metadata
        if options["HttpEndpoint"] != "enabled":
            return _text(403, "Forbidden")
        version, _, path = request.path.lstrip("/").partition("/")
        if request.method == "PUT" and path.strip("/") == "api/token":
            return self._token(instance, request)
        if request.method not in ("GET", "HEAD"):
            return _text(405, "Method Not Allowed")
        token = request.headers.get(_TOKEN)
        if not self._is_good(instance, token):
            return _text(401, "Unauthorized")
        if not version:
            return _text(200, "\n".join(_VERSIONS))
        if version not in _VERSIONS:
            return _text(404, "Not Found")
        return self._found(instance, path, "2.0" if token else "1.0")

    def _token(self, instance: Instance, request: Request) -> Response:
        """IMDSv2: a session begins."""
        if request.headers.get("X-Forwarded-For"):
            return _text(403, "Forbidden")
        text = request.headers.get(_TTL) or ""
        row = self.limits.row("metadata-token")
        most = self.limits["metadata-token"]
        if not text.isdecimal() or int(text) < (row.minimum or 0) or (most is not None and int(text) > most):
            return _text(400, "Bad Request")
        token = self.ids.text("metadata-token", 54, _ALPHABET) + "=="
        self.metadata_tokens[token] = (instance.id, self.clock.time() + int(text))
        return _text(200, token, {_TTL: text})

    def _is_good(self, instance: Instance, token: str | None) -> bool:
        if token is None:
            return instance.metadata["HttpTokens"] == "optional"
        owner, ends = self.metadata_tokens.get(token, ("", 0.0))
        return owner == instance.id and self.clock.time() < ends

    def _found(self, instance: Instance, path: str, way: str) -> Response:
        """A leaf of the tree of metadata, or the names in a branch: those that have more below end in a slash."""
        node: Any = self._tree(instance, way)
        for name in path.strip("/").split("/") if path.strip("/") else ():
            node = node.get(name) if isinstance(node, Mapping) else None
            if callable(node):
                node = node()
            if node is None:
                return _text(404, "Not Found")
        if not isinstance(node, Mapping):
            return _text(200, node)
        names = [
            f"{name}/" if isinstance(value, Mapping) else name for name, value in node.items() if value is not None
        ]
        return _text(200, "\n".join(sorted(names)))

    # --- the tree

    def _tree(self, instance: Instance, way: str) -> Tree:
        script = base64.b64decode(instance.user_data).decode("utf-8", "replace") if instance.user_data else None
        identity = json.dumps(self._identity(instance), indent=2)
        return {
            "dynamic": {"instance-identity": {"document": identity}},
            "meta-data": self._meta_data(instance, way),
            "user-data": script,
        }

    def _identity(self, instance: Instance) -> dict[str, Any]:
        interfaces = self.interfaces_of(instance.id)
        return {
            "accountId": self.account,
            "architecture": instance.image.architecture,
            "availabilityZone": instance.zone,
            "billingProducts": None,
            "devpayProductCodes": None,
            "marketplaceProductCodes": None,
            "imageId": instance.image.id,
            "instanceId": instance.id,
            "instanceType": instance.type_name,
            "kernelId": None,
            "pendingTime": _stamp(instance.launched),
            "privateIp": interfaces[0].primary if interfaces else None,
            "ramdiskId": None,
            "region": self.region,
            "version": "2017-09-30",
        }

    def _meta_data(self, instance: Instance, way: str) -> Tree:
        interfaces = self.interfaces_of(instance.id)
        primary = interfaces[0]
        public = primary.public
        private_name = instance.private_name(primary)
        key = self.key_pairs.find(lambda pair: pair.name == instance.key_name)
        zone_id = instance.subnet.zone_id
        return {
            "ami-id": instance.image.id,
            "ami-launch-index": str(instance.launch_index),
            "ami-manifest-path": "(unknown)",
            "block-device-mapping": self._devices(instance),
            "hostname": private_name,
            "iam": self._iam(instance, way),
            "instance-action": "none",
            "instance-id": instance.id,
            "instance-life-cycle": "on-demand",
            "instance-type": instance.type_name,
            "local-hostname": private_name,
            "local-ipv4": primary.primary,
            "mac": primary.mac,
            "network": {"interfaces": {"macs": {each.mac: self._interface(each) for each in interfaces}}},
            "placement": {
                "availability-zone": instance.zone,
                "availability-zone-id": zone_id,
                "region": self.region,
            },
            "profile": "default-hvm",
            "public-hostname": (primary.public_name(public.address) or None) if public is not None else None,
            "public-ipv4": public.address if public is not None else None,
            "public-keys": {"0": {"openssh-key": key.public}} if key is not None else None,
            "reservation-id": instance.reservation,
            "security-groups": "\n".join(group.name for group in primary.groups),
            "services": {"domain": self.suffix, "partition": self.partition},
            "tags": {"instance": dict(instance.tags)}
            if instance.metadata["InstanceMetadataTags"] == "enabled" and instance.tags
            else None,
        }

    def _devices(self, instance: Instance) -> Tree:
        root = instance.image.root
        others = sorted(self.mounts(instance) - {root})
        named = {f"ebs{number}": device.removeprefix("/dev/") for number, device in enumerate(others, 1)}
        local = {name: device.removeprefix("/dev/") for device, name in instance.virtual}
        return {"ami": root.removeprefix("/dev/"), "root": root, **named, **local}

    def _interface(self, interface: Interface) -> Tree:
        attachment = interface.attachment
        public = interface.public
        return {
            "device-number": str(attachment.place if attachment is not None else 0),
            "interface-id": interface.id,
            "local-hostname": interface.name_of(interface.primary),
            "local-ipv4s": "\n".join(interface.addresses),
            "mac": interface.mac,
            "owner-id": interface.owner,
            "public-ipv4s": public.address if public is not None else None,
            "security-group-ids": "\n".join(group.id for group in interface.groups),
            "security-groups": "\n".join(group.name for group in interface.groups),
            "subnet-id": interface.subnet.id,
            "subnet-ipv4-cidr-block": interface.subnet.cidr,
            "vpc-id": interface.subnet.vpc.id,
            "vpc-ipv4-cidr-block": interface.subnet.vpc.cidr,
            "vpc-ipv4-cidr-blocks": "\n".join(interface.subnet.vpc.blocks.values()),
        }

    # --- the role

    def _iam(self, instance: Instance, way: str) -> Tree | None:
        if instance.profile is None:
            return None
        info = {
            "Code": "Success",
            "LastUpdated": _stamp(self.clock.time()),
            "InstanceProfileArn": instance.profile["Arn"],
            "InstanceProfileId": instance.profile["Id"],
        }
        role = self._role_of(instance)
        if role is None:
            info["Code"] = "InstanceProfileNotFound"
            return {"info": json.dumps(info, indent=2)}
        document = lambda: json.dumps(self._credentials_document(instance, role, way), indent=2)  # noqa: E731
        return {"info": json.dumps(info, indent=2), "security-credentials": {role["RoleName"]: document}}

    def _role_of(self, instance: Instance) -> Mapping[str, Any] | None:
        """The role that the profile of an instance holds now."""
        if instance.profile is None:
            return None
        return self.role_in(instance.profile["Arn"].rpartition("/")[2], instance.profile["Id"])

    def _credentials_document(self, instance: Instance, role: Mapping[str, Any], way: str) -> dict[str, Any]:
        try:
            key = self._role_key(instance, role, way)
        except AWSError:
            return {
                "Code": "AssumeRoleUnauthorizedAccess",
                "Message": f"EC2 cannot assume the role {role['RoleName']}. Please see documentation at "
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc.",
                "LastUpdated": _stamp(self.clock.time()),
            }
        session = key.caller.session
        return {
            "Code": "Success",
            "LastUpdated": _stamp(session.issued if session is not None else 0),
            "Type": "AWS-HMAC",
            "AccessKeyId": key.access_key,
            "SecretAccessKey": key.secret,
            "Token": key.session_token,
            "Expiration": _stamp(key.expires or 0),
        }

    def _role_key(self, instance: Instance, role: Mapping[str, Any], way: str) -> IssuedKey:
        """The key that the instance has now; a new one well before that ends. Raises where the role does not trust
        EC2."""
        now = self.clock.time()
        kept = instance.metadata_role
        if kept is not None and kept[0] == role["Arn"] and now < kept[2] - self.limits["instance-credentials-renewal"]:
            known = self.cloud.credentials.issued(kept[1])
            if known is not None:
                return known
        if self.cloud.authorization is not None:
            self.cloud.authorization.check_trust(self, role["Arn"], None)
        expires = int(now) + self.limits["instance-credentials"]
        where = {"ec2:RoleDelivery": way, "ec2:SourceInstanceArn": self.arn(f"instance/{instance.id}")}
        session = Session(now, expires, role["Arn"], context=where)
        arn = f"arn:{self.partition}:sts::{self.account}:assumed-role/{role['RoleName']}/{instance.id}"
        user = f"{role['RoleId']}:{instance.id}"
        key = self.cloud.credentials.issue("assumed-role", self.account, arn, user, self.ids, session=session)
        instance.metadata_role = (role["Arn"], key.access_key, expires)
        return key

    def role_keys(self, instance_id: str) -> Keys | None:
        """The keys of an instance's role, for a client that looks nothing up itself; None where it has none."""
        instance = self.instances.get(instance_id)
        if instance is None or instance.state not in ("pending", "running"):
            return None
        role = self._role_of(instance)
        try:
            return None if role is None else self._role_key(instance, role, "2.0").keys
        except AWSError:
            return None


def _text(status: int, body: str, headers: Mapping[str, str] | None = None) -> Response:
    data = body.encode()
    return Response(
        status,
        {"Content-Type": "text/plain", "Content-Length": str(len(data)), "Server": "EC2ws", **(headers or {})},
        data,
    )


def _stamp(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
