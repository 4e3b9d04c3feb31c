"""Who may do what in a bucket: its policy, access control lists, public access, who owns an object, who pays.

Sources: S3 User Guide, "How Amazon S3 authorizes a request", "Controlling ownership of objects", "Blocking public
access to your Amazon S3 storage", "Using Requester Pays buckets", "Required permissions for Amazon S3 API operations".

Under `authorization=True` the gateway judges a call before S3 sees it and asks here for the resource's side
(`resource_side`). Without it only other accounts and anonymous callers are judged, when an operation comes to its
bucket (`admit`); so is a bucket's own account where another owns the object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import Caller
from awsim.errors import AWSError
from awsim.lazily import lazily
from awsim.service import ResourceSide, Service
from awsim.services.s3 import acl
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.versions import Version
from awsim.state import Dict

if TYPE_CHECKING:
    from awsim.auth.policy import Policy
    from awsim.gateway.call import Call
    from awsim.services.s3 import condition_keys, policies
else:
    condition_keys = lazily("awsim.services.s3.condition_keys")
    policies = lazily("awsim.services.s3.policies")

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_NOTHING_BLOCKED = dict.fromkeys(BLOCKS, False)
# Operations that only the account that owns a bucket can do: others are told that there is no such method.
_OWNERS_OWN = frozenset(("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"))


@lru_cache(512)
def parsed(text: str, denials: bool) -> tuple[Any, ...]:
    """The policy in a text, or what it denies."""
    from awsim.auth.policy import parse

    if denials:
        document = json.loads(text)
        statements = [each for each in policies.statements(document) if each["Effect"] == "Deny"]
        if not statements:
            return ()
        text = json.dumps({**document, "Statement": statements})
    return (parse(text, "resource"),)


@lru_cache(512)
def is_public(text: str) -> bool:
    return policies.is_public(json.loads(text))


class Permissions(Service):
    """Below all of S3's operations."""

    # What no model has is judged as the reads and writes that it does.
    itemised = frozenset(("DeleteObjects", "PostObject", "OptionsObject", "WebsiteObject"))

    def setup(self) -> None:
        super().setup()
        self.account_blocks = Dict()  # account -> public access block of all its buckets

    # --- the resource's side

    def resource_side(self, action: str, arn: str) -> ResourceSide:
        """Owner, policy and lists of a bucket or of an object in it, for one action."""
        start = f"arn:{self.partition}:s3:::"
        if not arn.startswith(start):
            return self.resource_policy(arn)
        if self.cloud.current.operation in ("CreateBucket", "ListBuckets"):
            # What is to be made belongs to nobody yet, and the list of buckets to whoever asks.
            return ResourceSide(None)
        bucket, key = self.place(arn)
        if bucket is None:
            # That it is missing is said to whoever asks.
            raise self.no_such_bucket(arn[len(start) :].partition("/")[0])  # type: ignore[attr-defined]
        return self.side(bucket, action, key)

    def place(self, arn: str) -> tuple[Bucket | None, str]:
        """The bucket and the key of an ARN."""
        name, _, key = arn.rpartition(":::")[2].partition("/")
        return self.buckets.get(name), key  # type: ignore[attr-defined]

    def side(self, bucket: Bucket, action: str, key: str = "") -> ResourceSide:
        """What the owner says of an action on a bucket, or on an object in it."""
        owner, version = bucket.account, None
        if action == "s3:PutObjectAcl" and self.caller.service is not None:
            # AWS's own services hand what they write to the bucket's owner; the policies that AWS documents for logs
            # and reports let them put objects, and no more.
            return ResourceSide(owner)
        disabled = bucket.acls_disabled
        if key and action in acl.ABOUT_VERSIONS:
            version = self.meant(bucket, key)
            if version is not None and not disabled and action in acl.OF_OBJECT_OWNERS:
                owner = version.owner
        text = bucket.settings.get("policy")
        said: tuple[Any, ...] = ()
        if text:
            # An object of another account is not the bucket owner's to open, and what is public counts for nobody
            # outside where that is restricted; to close it still counts.
            said = parsed(text, owner != bucket.account or self._is_restricted(bucket, text))
        if key and version is None and action == "s3:GetObject":
            # Nothing there: whoever may list is told so, whether or not it could read.
            granted = self.may_list(bucket, key)
        else:
            granted = not disabled and self._is_granted(bucket, owner, version, action)
        through = self.cloud.current.through
        if through is not None and not granted:
            granted = through.lets_in(self.cloud.current, action, bucket, key)
        return ResourceSide(owner, said, granted=granted)

    def source_of(self, copy_source: Any) -> tuple[str, str, str | None]:
        """(bucket, key, version id) that a copy names as its source."""
        raise NotImplementedError

    def meant(self, bucket: Bucket, key: str) -> Version | None:
        """The version that a call reads or changes at `key`."""
        params = self.cloud.current.params
        source = params.get("CopySource")
        if source is not None:
            name, source_key, id = self.source_of(source)
            if (name, source_key) != (bucket.name, key):
                id = None
        else:
            id = params.get("VersionId")
        found = bucket.find(key, id) if id else bucket.current(key)
        return None if found is None or found.is_marker else found

    def _is_restricted(self, bucket: Bucket, text: str) -> bool:
        """Whether a public policy opens a bucket to its own account and AWS's services only, and the caller is none."""
        caller = self.caller
        if caller.account == bucket.account or caller.service is not None:
            return False
        return bool(self.public_access(bucket)["RestrictPublicBuckets"]) and is_public(text)

    def _is_granted(self, bucket: Bucket, owner: str, version: Version | None, action: str) -> bool:
        """Whether a list lets the caller in."""
        on_bucket, on_object = acl.OF_BUCKETS.get(action), acl.OF_OBJECTS.get(action)
        caller = self.caller
        if on_bucket is None and on_object is None:
            return action in acl.OF_INITIATORS and self._has_begun(bucket, caller)
        ignored = bool(self.public_access(bucket)["IgnorePublicAcls"])
        of_bucket = bucket.settings.get("acl") or acl.default(bucket.account)
        if on_bucket is not None:
            if not acl.gives(of_bucket, on_bucket, caller, owner, ignored):
                return False
            # Whoever may write may not delete what others own.
            return action != "s3:DeleteObject" or version is None or version.owner == caller.account
        if action.startswith("s3:Put") and self.cloud.current.operation in acl.WRITES:
            # The list of an object that is being written is its writer's.
            return acl.gives(of_bucket, "WRITE", caller, bucket.account, ignored)
        if version is None or on_object is None:
            return False
        return acl.gives(self.list_of(bucket, version), on_object, caller, owner, ignored)

    def _has_begun(self, bucket: Bucket, caller: Caller) -> bool:
        """Whether the caller began the upload that a call is about: it may see and end it."""
        upload = bucket.upload_ids.get(self.cloud.current.params.get("UploadId") or "")
        return upload is not None and upload.principal == caller.arn and not caller.is_anonymous

    # --- public access

    def public_access(self, bucket: Bucket) -> Mapping[str, bool]:
        """What of public access is blocked: by the bucket's own settings or its account's, whichever blocks more."""
        own = bucket.settings.get("public-access-block") or _NOTHING_BLOCKED
        above = self.account_block(bucket.account)
        return own if above is None else {name: bool(own.get(name) or above.get(name)) for name in BLOCKS}

    def account_block(self, account: str) -> Mapping[str, bool] | None:
        """The public access block of a whole account (s3control sets it), None where there is none."""
        return self.account_blocks.get(account)

    def block_account(self, account: str, block: Mapping[str, bool] | None) -> None:
        """Set or take away the public access block of a whole account."""
        if block is None:
            self.account_blocks.pop(account, None)
        else:
            self.account_blocks[account] = block

    def prevented(self, bucket: Bucket, action: str, resource: str, what: str, setting: str) -> AWSError:
        """The refusal of something public; `what`: "ACLs" or "policies"."""
        caller = self.caller
        if caller.account != bucket.account or caller.is_anonymous:
            return self.error("AccessDenied", "Access Denied")
        return self.error(
            "AccessDenied",
            f'User: {caller.arn} is not authorized to perform: {action} on resource: "{resource}" because public '
            f"{what} are prevented by the {setting} setting in S3 Block Public Access.",
        )

    # --- owners and lists

    def owner_of(self, bucket: Bucket, canned: str | None = None) -> str:
        """The account that owns a new object; `canned` is the list that its writer asks for."""
        writer = self.caller.account or acl.ANONYMOUS
        if writer == bucket.account:
            return writer
        ownership = bucket.ownership
        if ownership == "ObjectWriter" or (
            ownership == "BucketOwnerPreferred" and canned != "bucket-owner-full-control"
        ):
            return writer
        return bucket.account

    def owner_shown(self, bucket: Bucket, version: Version) -> str:
        """The account that owns a version: the bucket's, whoever wrote it, where lists are disabled."""
        return bucket.account if bucket.acls_disabled else version.owner

    def list_of(self, bucket: Bucket, version: Version) -> acl.Grants:
        """The access control list of a version."""
        if bucket.acls_disabled:
            return acl.default(bucket.account)
        return version.acl if version.acl is not None else acl.default(version.owner)

    # --- judging

    def admit(self, bucket: Bucket) -> None:
        """Refuse a caller what neither the bucket's policy nor a list lets it do."""
        call = self.cloud.current
        caller = call.caller
        strange = caller.account != bucket.account or caller.is_anonymous
        # Under `authorization` this has been decided before.
        if self.cloud.authorization is None and (
            strange or (not bucket.acls_disabled and self._meets_others(bucket, call.params))
        ):
            self._judge(bucket, strange)
        if strange and caller.service is None:
            self._judge_stranger(bucket, caller)

    def _meets_others(self, bucket: Bucket, params: Mapping[str, Any]) -> bool:
        """Whether a call of the bucket's own account is about an object of another."""
        keys = [params.get("Key")]
        source = params.get("CopySource")
        if source is not None:
            keys.append(self.source_of(source)[1])
        found = (self.meant(bucket, key) for key in keys if key)
        return any(version is not None and version.owner != bucket.account for version in found)

    def _judge(self, bucket: Bucket, strange: bool) -> None:
        from awsim.gateway.authorizer import denial, judged

        call = self.cloud.current
        if call.operation in self.itemised:
            return
        asked = False
        start = f"arn:{self.partition}:s3:::{bucket.name}"
        from awsim.auth.actions import authorizations_for

        needed = authorizations_for(
            "s3", call.operation, call.params, bucket.account, call.region or "", self.partition
        )
        for action, resource, keys in needed:
            if resource != start and not resource.startswith(start + "/"):
                continue
            asked = True
            if not strange and self.side(bucket, action, resource[len(start) + 1 :]).account == bucket.account:
                continue
            decision = judged(call, action, resource, keys)
            if decision is not None and not decision.allowed:
                raise denial(call, decision)
        if strange and not asked:
            # What no permission is known for, no policy can have granted.
            raise self.error("AccessDenied", "Access Denied")

    def _judge_stranger(self, bucket: Bucket, caller: Caller) -> None:
        call = self.cloud.current
        if self._has_payer(bucket) and (caller.is_anonymous or not self.pays):
            raise self.error("AccessDenied", "Access Denied")
        if call.operation in _OWNERS_OWN:
            raise self.error(
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
                Method=call.http.method if call.http is not None else "",
                ResourceType="BUCKETPOLICY",
            )

    def is_own(self, bucket: Bucket) -> bool:
        """Whether the caller may do all with a bucket, as one of its account of whom nobody asks for permission."""
        caller = self.caller
        return self.cloud.authorization is None and caller.account == bucket.account and not caller.is_anonymous

    def permit(self, bucket: Bucket, action: str, key: str = "", keys: Mapping[str, Any] | None = None) -> None:
        """Refuse the caller a further action, on a bucket or an object in it, that policies do not let it do."""
        if self.is_own(bucket):
            return
        from awsim.gateway.authorizer import denial, judged

        call = self.cloud.current
        if call.through is not None:
            call.through.judge(call, action, bucket, key, keys)
        arn = f"arn:{self.partition}:s3:::{bucket.name}"
        decision = judged(call, action, f"{arn}/{key}" if key else arn, keys)
        if decision is not None and not decision.allowed:
            raise denial(self.cloud.current, decision)

    def may_list(self, bucket: Bucket, key: str) -> bool:
        """Whether the caller may see which keys there are."""
        from awsim.gateway.authorizer import judged

        arn = f"arn:{self.partition}:s3:::{bucket.name}"
        decision = judged(self.cloud.current, "s3:ListBucket", arn, {"s3:prefix": key})
        return decision is None or decision.allowed

    def charge(self, bucket: Bucket, call: Call) -> None:
        """Say in an answer that who asked pays for it."""
        if call.result is None or call.caller.account == bucket.account or call.caller.service is not None:
            return
        shape = call.plan.model.output_shape if call.plan.model is not None else None
        if shape is not None and "RequestCharged" in shape.members and self._has_payer(bucket):
            call.result = {**call.result, "RequestCharged": "requester"}

    def _has_payer(self, bucket: Bucket) -> bool:
        return bucket.settings.get("payer") == "Requester"

    @property
    def pays(self) -> bool:
        """Whether the caller says that it pays for the request."""
        call = self.cloud.current
        said = call.params.get("RequestPayer")
        if said is None and call.http is not None and call.http.query_string:
            said = next((value for name, value in call.http.query if name.lower() == "x-amz-request-payer"), None)
        return said == "requester"

    def check_principals(self, policy: Policy) -> None:
        """Refuse a policy that names users or roles which do not exist."""
        from awsim.gateway.authorizer import is_known

        for kind, value in policy.principals:
            if kind == "AWS" and not is_known(self.cloud, value, self.caller.account):
                raise policies.unknown_principal(value)

    # --- condition keys

    def condition_value(self, key: str, resource: str) -> Any:
        return condition_keys.value(self, key, resource)
