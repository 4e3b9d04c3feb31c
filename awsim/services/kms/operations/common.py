"""What all operations of KMS stand on: the keys, how a request names one, who may use it, and pages."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from awsim.auth.policy import PolicyError, Principal, parse
from awsim.errors import AWSError
from awsim.gateway.validate import Violation
from awsim.service import ResourceSide, Service
from awsim.services.kms import ciphertext, policies, refusals
from awsim.services.kms.alias import Alias
from awsim.services.kms.grant import names_of
from awsim.services.kms.key import Family, Key, Material
from awsim.services.kms.specs import ENCRYPT_DECRYPT, SPECS, SYMMETRIC
from awsim.state import Collection, Dict, Lifecycle

# Operations that a key can be named by an alias for, and that other accounts can be admitted to.
# Source: KMS API Reference, "KeyId" and "Cross-account use" of each.
CRYPTOGRAPHIC = frozenset(
    (
        "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext", "GenerateMac", "VerifyMac", "Sign", "Verify", "DeriveSharedSecret",
    )
)  # fmt: skip
_BY_ALIAS = CRYPTOGRAPHIC | {"DescribeKey", "GetPublicKey"}
_ACROSS = _BY_ALIAS | {"CreateGrant", "ListGrants", "RetireGrant", "RevokeGrant", "GetKeyRotationStatus"}
# What may be done with an AWS managed key outside of the service it is for.
_METADATA = re.compile("Describe|Get(?!PublicKey|Parameters)|List|RevokeGrant")
_ARN = re.compile(r"arn:([\w-]+):kms:([a-z0-9-]+):(\d{12}):((?:key|alias)/.+)")
_ALIAS = re.compile(r"alias/[a-zA-Z0-9:/_-]+")
_MANAGED = "alias/aws/"
_DAY = 86_400
# The parameter that names each resource of `awsim/auth/actions/operations/kms.toml`.
_NAMED_BY = {"key": "KeyId", "destination": "DestinationKeyId", "source": "SourceKeyId", "target": "TargetKeyId"}
# Members whose values no message shows.
_SECRET = frozenset(("plaintext", "message", "keyStorePassword"))


class Operations(Service):
    """State and look-ups of the KMS of one account in one Region."""

    name = "kms"
    scope = "region"

    keys = Collection("key", key="id")
    aliases = Collection("alias", key="name")
    stores = Collection(
        "custom key store",
        key="id",
        quota="custom-key-stores",
        missing=("CustomKeyStoreNotFoundException", "Custom key store {key} does not exist."),
    )

    def setup(self) -> None:
        self.managed = Dict()  # id -> those of the keys that AWS manages

    def violation(self, violations: Any) -> AWSError:
        hidden = [
            Violation(each.path, None, each.kind, each.constraint) if each.path in _SECRET else each
            for each in violations
        ]
        error = super().violation(hidden)
        for each in violations:
            if each.path in _SECRET and each.value is not None:
                error.message = error.message.replace(f"Value null at '{each.path}'", f"Value at '{each.path}'")
        return error

    @property
    def now(self) -> float:
        return self.clock.time()

    # --- naming keys

    def key_named(self, named: str, *states: str) -> Key:
        """The key that a request names, if the caller may have it, and it is in one of the states (if any are given).

        Raises NotFoundException, InvalidArnException, AccessDeniedException, DisabledException and
        KMSInvalidStateException.
        """
        operation = self.request.operation
        if operation not in _BY_ALIAS and ":alias/" in f":{named}":
            raise refusals.not_found(f"Invalid keyId '{named}'")
        key = self.existing(named)
        self.admit(key)
        if states:
            self.permit(key, *states)
        return key

    def existing(self, named: str) -> Key:
        """The key with an id, an ARN or an alias, whosever it is; raises what is wrong with the name."""
        arn = self.full_name(named)
        _, _, _, region, account, resource = arn.split(":", 5)
        if region != self.region:
            raise refusals.not_found(f"Invalid arn {region}")
        owner = self._owner(account)
        if resource.startswith("alias/"):
            key = owner.behind(resource) if owner is not None else None
            if key is None:
                raise refusals.no_alias(arn)
            return key
        found: Key | None = owner.keys.get(resource.removeprefix("key/")) if owner is not None else None
        if found is None:
            raise refusals.no_key(arn)
        return found

    def full_name(self, named: str) -> str:
        """The ARN of what a request calls a key: by id, ARN, alias or ARN of an alias."""
        if named.startswith("arn:"):
            whole = _ARN.fullmatch(named)
            if whole is None or whole[1] != self.partition:
                raise AWSError("InvalidArnException", f"Invalid arn {named}")
            return named
        if named.startswith("alias/"):
            if not _ALIAS.fullmatch(named):
                raise refusals.not_found(f"Invalid keyId '{named}'")
            return self.arn(named)
        if not ciphertext.is_key_id(named):
            raise refusals.not_found(f"Invalid keyId '{named}'")
        return self.arn(f"key/{named}")

    def find(self, named: str) -> Key | None:
        """As `existing`, None where there is none."""
        try:
            return self.existing(named)
        except AWSError:
            return None

    def behind(self, name: str) -> Key | None:
        """The key behind an alias; that of a service is made when the service, or DescribeKey, first asks for it."""
        alias: Alias | None = self.aliases.get(name)
        if alias is None and name.startswith(_MANAGED):
            service = name.removeprefix(_MANAGED)
            call = self.request
            by_service = call.outer is not None and call.outer.service == service
            if by_service or (call.operation == "DescribeKey" and service in _SERVICES):
                return self._manage(service)
        return None if alias is None else self.keys.get(alias.target)

    def _manage(self, service: str) -> Key:
        """The AWS managed key of a service."""
        key = self.new_key(policies.managed(self.partition, self.account, self.region, service))
        key.manager = "AWS"
        key.service = service
        key.description = (
            f"Default key that protects my {_NAMES.get(service, service)} data when no other key is defined"
        )
        self.keys.add(key)
        self.managed[key.id] = key
        self.add_alias(f"{_MANAGED}{service}", key)
        key.family.schedule(self.now, self.limits["managed-rotation-period"])
        self.wind(key.family)
        return key

    # --- making keys

    def new_key(
        self,
        policy: str,
        spec: str = SYMMETRIC,
        usage: str = ENCRYPT_DECRYPT,
        origin: str = "AWS_KMS",
        *,
        multi_region: bool = False,
    ) -> Key:
        """A key that is not yet among the others."""
        id = f"mrk-{self.ids.hex('multi-region-key', 32)}" if multi_region else self.ids.uuid("key")
        family = Family(id, SPECS[spec], usage, origin, multi_region=multi_region, primary=self.region)
        if origin != "EXTERNAL":
            family.materials.append(self.new_material(family))
        arn = self.arn(f"key/{id}")
        return Key(family, arn=arn, account=self.account, region=self.region, created=self.now, policy=policy)

    def new_material(self, family: Family) -> Material:
        if family.spec.paired:
            return Material(self.ids.hex("material-id", 64), self.new_pair(family.spec.name))
        secret = self.ids.bytes("material", family.spec.size)
        return Material(family.material_id(secret), secret)

    def new_pair(self, spec: str) -> Any:
        from awsim.services.kms import pairs

        home = f"{self.cloud.seed}/{self.account}/{self.region}".encode()
        start = int.from_bytes(blake2b(home, digest_size=4).digest())
        return pairs.make(spec, start + self.ids.next(f"pair-{spec}"), self.ids.bytes("pair", 72))

    def add_alias(self, name: str, key: Key) -> None:
        alias = key.aliases[name] = Alias(name, self.arn(name), key.id, self.now)
        self.aliases.add(alias)

    # --- who may

    def admit(self, key: Key) -> None:
        """Refuse what other accounts may not do at all, what their key's policy does not let them do, and what AWS
        keeps to itself. Under `authorization` the gateway has judged the rest."""
        call = self.request
        caller = call.caller
        if key.manager == "AWS" and not self._for_service(key):
            raise refusals.denied(caller.arn, f"kms:{call.operation}", key.arn)
        if key.account == self.account:
            return
        if call.operation not in _ACROSS:
            raise refusals.denied(caller.arn, f"kms:{call.operation}", key.arn)
        if self.cloud.authorization is None and caller.service is None:
            from awsim.gateway.authorizer import check_strangers

            side = self.resource_side(f"kms:{self._action_on(key)}", key.arn)
            check_strangers(call, side, key.arn.__eq__)

    def _for_service(self, key: Key) -> bool:
        """Whether a call about an AWS managed key comes by way of its service, or only looks."""
        call = self.request
        return _METADATA.match(call.operation) is not None or (
            call.outer is not None and call.outer.service == key.service
        )

    def _action_on(self, key: Key) -> str:
        """The action that the operation in progress is on one of its keys."""
        operation = self.request.operation
        if operation != "ReEncrypt":
            return operation
        named = self.find(self.request.params["DestinationKeyId"])
        return "ReEncryptTo" if named is key else "ReEncryptFrom"

    def permit(self, key: Key, *states: str) -> None:
        """Refuse a key that is in none of the states."""
        state = key.state(self.now)
        if state not in states:
            raise refusals.bad_state(key.arn, state)

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner and the policy of a key. One that does not exist has the default policy, so that nobody learns of
        that who may not use keys."""
        whole = _ARN.fullmatch(arn)
        if whole is None or whole[4].startswith("alias/"):
            return ResourceSide(whole[3] if whole else None)
        account = whole[3]
        key = self._at_arn(arn)
        text = key.policy if key is not None else policies.default(self.partition, account)
        return ResourceSide(account, (parse(text, "resource"),), mandatory=True)

    def resource_side(self, action: str, arn: str) -> ResourceSide:
        side = self.resource_policy(arn)
        key = self._at_arn(arn)
        if key is None or not key.grants or not self._granted(key, action.partition(":")[2]):
            return side
        return ResourceSide(side.account, side.policies, mandatory=True, granted=True)

    def _granted(self, key: Key, action: str) -> bool:
        call = self.request
        who = Principal.of(call.caller)
        if action == "RetireGrant":
            grant = self.grant_meant()
            return grant is not None and grant.retired_by(who)
        tokens = frozenset(call.params.get("GrantTokens") or ())
        context = self.context_of(action)
        return any(
            grant.admits(who, action, context, call.source_arn, tokens, self.now)
            for grant in key.granted_to(names_of(who))
        )

    def grant_meant(self) -> Any:
        """The grant that RetireGrant is about, None where there is none."""
        return None

    def context_of(self, action: str) -> Mapping[str, str] | None:
        """The encryption context of a request, as far as it is about one action."""
        params = self.request.params
        name = {"ReEncryptFrom": "SourceEncryptionContext", "ReEncryptTo": "DestinationEncryptionContext"}.get(action)
        found: Mapping[str, str] | None = params.get(name or "EncryptionContext")
        return found

    def _at_arn(self, arn: str) -> Key | None:
        """The key of an ARN, in whichever account and Region."""
        whole = _ARN.fullmatch(arn)
        if whole is None or not self.cloud.has_service("kms", whole[3], whole[2]):
            return None
        found: Key | None = self.at(account=whole[3], region=whole[2]).keys.get(whole[4].removeprefix("key/"))
        return found

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        parameter = _NAMED_BY.get(name)
        if parameter is None:
            return arn
        named = params.get(parameter)
        if named is not None:
            key = self.find(named)
        elif "CiphertextBlob" in params:
            key = self.key_of(params["CiphertextBlob"])
        else:
            key = self.key_of_grant(params)
        return arn if key is None else key.arn

    def key_of(self, blob: bytes) -> Key | None:
        """The key that a ciphertext says it is of, in this Region."""
        try:
            read = ciphertext.unpack(blob)
        except ValueError:
            return None
        return self.key_behind(read)

    def key_behind(self, read: ciphertext.Blob) -> Key | None:
        """As `key_of`, of a ciphertext taken apart."""
        owner = self._owner(read.account)
        found: Key | None = None if owner is None else owner.keys.get(read.key)
        return found

    def _owner(self, account: str) -> Operations | None:
        """The KMS of an account in this Region; None where nobody has used it, so that it has no keys."""
        if account == self.account:
            return self
        owner: Operations | None = (
            self.at(account=account) if self.cloud.has_service("kms", account, self.region) else None
        )
        return owner

    def key_of_grant(self, params: Mapping[str, Any]) -> Key | None:
        """The key of the grant token that a request names instead of a key."""
        return None

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        key = self._at_arn(arn)
        return None if key is None else key.tags

    def condition_value(self, key: str, resource: str) -> Any:
        from awsim.services.kms.condition_keys import value

        return value(self, key, self._at_arn(resource))

    def checked_policy(self, text: str, key_arn: str, *, bypass: bool | None) -> str:
        """A key policy that can be read and that leaves its setter able to change it again, unless told otherwise."""
        from awsim.services.kms.lockout import check

        try:
            policy = parse(text, "resource")
        except PolicyError as error:
            raise AWSError("MalformedPolicyDocumentException", str(error)) from None
        check(self, policy, key_arn, bypass=bool(bypass))
        return text

    # --- rotation

    def wind(self, family: Family) -> None:
        """Have automatic rotation come when it is due."""
        if family.job is not None:
            self.cancel(family.job)
            family.job = None
        if family.due is not None:
            family.job = self.at_time(family.due, "_rotate_by_itself", key=family.id)

    def _rotate_by_itself(self, key: str) -> None:
        """A key is due: rotate it, or as soon as it is enabled again."""
        found: Key | None = self.keys.get(key)
        period = None if found is None else found.family.period
        if found is None or period is None:
            return
        family = found.family
        family.job = None
        if found.state(self.now) == "Enabled":
            family.rotate(self.new_material(family), self.now, "AUTOMATIC")
        else:
            family.overdue = True
        family.due = self.now + period * _DAY
        self.wind(family)

    def catch_up(self, key: Key) -> None:
        """Rotate a key that was due while it was not enabled."""
        family = key.family
        if family.overdue and family.period is not None and key.state(self.now) == "Enabled":
            family.overdue = False
            family.rotate(self.new_material(family), self.now, "AUTOMATIC")

    # --- pages and answers

    def page(
        self,
        member: str,
        records: Iterable[Any],
        order: Callable[[Any], str],
        shown: Callable[[Any], Any],
        limit: int | None,
        marker: str | None,
        default: str = "page-size",
    ) -> dict[str, Any]:
        """A page of records in order of their keys; a marker is the last key shown."""
        ordered = sorted(records, key=order)
        if marker is not None:
            try:
                last = b64decode(marker, validate=True).decode()
            except ValueError:
                raise AWSError("InvalidMarkerException", f"Invalid marker: {marker}") from None
            ordered = ordered[bisect_right(ordered, last, key=order) :]
        size = limit or self.limits[default]
        page: dict[str, Any] = {member: [shown(record) for record in ordered[:size]], "Truncated": False}
        if len(ordered) > size:
            page["Truncated"] = True
            page["NextMarker"] = b64encode(order(ordered[size - 1]).encode()).decode()
        return page

    def changing(self, key: Key, state: str, duration: str) -> None:
        """Have a key in a state for as long as a row of the table says."""
        key.lifecycle = Lifecycle(self, [(state, duration), ("Enabled", None)])

    def dry_run(self, asked: bool | None) -> None:
        if asked:
            raise self.error("DryRunOperationException")


# Services with an AWS managed key that DescribeKey brings about. Source: KMS Developer Guide, "AWS managed keys".
_SERVICES = frozenset(
    (
        "acm", "backup", "codecommit", "dynamodb", "ebs", "elasticfilesystem", "es", "fsx", "glue", "kinesis",
        "kinesisvideo", "lambda", "lightsail", "mq", "rds", "redshift", "s3", "secretsmanager", "sns", "sqs", "ssm",
        "workspaces", "xray",
    )
)  # fmt: skip
_NAMES = {"s3": "S3", "dynamodb": "DynamoDB", "sqs": "SQS", "sns": "SNS", "kinesis": "Kinesis"}
