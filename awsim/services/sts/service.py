"""AWS Security Token Service: who calls, and temporary credentials.

Without authorization no trust policy is asked: any well-formed role can be assumed by whoever has credentials, in any
account. A role that IAM holds has its own id and MaxSessionDuration; one that nobody made is good for 12 hours. MFA
devices that are enabled in IAM have to show their codes. Identity providers that IAM does not hold are taken as they
are named, unless calls are authorized; so are managed policies. The signatures of identity tokens are not checked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from awsim.auth.credentials import Caller, IssuedKey, Session, named_id
from awsim.auth.policy import Principal, decoded
from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.sts import outbound, providers
from awsim.services.sts.policies import fault_in, packed_size
from awsim.services.sts.tokens import Identity, Rejected, read_saml, read_web_identity
from awsim.state import Dict

_ARN = re.compile(r"arn:([^:]+):([^:]+):([^:]*):([^:]*):(.+)")
_ROOT_TASKS = frozenset(
    {
        "IAMAuditRootUserCredentials",
        "IAMCreateRootUserPassword",
        "IAMDeleteRootUserCredentials",
        "S3UnlockBucketPolicy",
        "SQSUnlockQueuePolicy",
    }
)
_TAG_CONFLICT = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
    "calling session."
)


@dataclass(frozen=True, slots=True)
class _Arn:
    text: str
    partition: str
    service: str
    account: str
    resource: str

    @property
    def kind(self) -> str:
        return self.resource.partition("/")[0]

    @property
    def name(self) -> str:
        """The last part: a role's path is no part of its sessions' names."""
        return self.resource.rpartition("/")[2]


class STS(Service):
    """AWS Security Token Service. Credentials are of the account, whatever region's endpoint issued them."""

    name = "sts"
    scope = "account"
    anonymous = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
    validation_error = "ValidationError"

    def setup(self) -> None:
        self.signing_keys: Dict = Dict()  # of outbound tokens: algorithm -> ARN of a key

    def get_caller_identity(self) -> dict[str, Any]:
        caller = self.cloud.current.caller
        return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}

    def get_access_key_info(self, AccessKeyId: str) -> dict[str, Any]:
        return {"Account": self.cloud.credentials.account_of(AccessKeyId)}

    def decode_authorization_message(self, EncodedMessage: str) -> dict[str, Any]:
        found = decoded(EncodedMessage)
        if found is None:
            raise self.error("InvalidAuthorizationMessageException")
        return {"DecodedMessage": json.dumps(found, separators=(",", ":"))}

    # --- roles

    def assume_role(
        self,
        RoleArn: str,
        RoleSessionName: str,
        PolicyArns: Sequence[Mapping[str, str]] = (),
        Policy: str | None = None,
        DurationSeconds: int | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        TransitiveTagKeys: Sequence[str] = (),
        ExternalId: str | None = None,
        SerialNumber: str | None = None,
        TokenCode: str | None = None,
        SourceIdentity: str | None = None,
        MinimumSessionTokenSize: int = 0,
    ) -> dict[str, Any]:
        caller = self.caller
        role = self._arn(RoleArn)
        chained = caller.type == "assumed-role"
        if chained and DurationSeconds is not None:
            self.limits.check("chained-role-session", DurationSeconds)
        policies = self._policies(Policy, PolicyArns)
        tags, transitive = self._tags(Tags, TransitiveTagKeys, caller)
        packed = self._packed(Policy, policies, self._own_tags(Tags))
        if caller.type == "root":
            raise self.error("AccessDenied", "Roles may not be assumed by root accounts.")
        if not self._is_role(role) or caller.type == "federated-user":
            raise self._not_authorized(caller, "AssumeRole", role)
        earlier = caller.session
        source = earlier.source_identity if earlier else None
        if source is not None and SourceIdentity not in (None, source):
            raise self._not_authorized(caller, "SetSourceIdentity", role)
        source = SourceIdentity or source
        mfa = self._mfa(SerialNumber, TokenCode)
        key = self._role_session(
            role,
            RoleSessionName,
            DurationSeconds,
            MinimumSessionTokenSize,
            policy=Policy,
            policy_arns=policies,
            tags=tags,
            transitive=transitive,
            source_identity=source,
            mfa=mfa,
            depth=earlier.depth + 1 if chained and earlier else 0,
            context={"sts:ExternalId": ExternalId} if ExternalId else None,
        )
        return {**self._assumed(key), "PackedPolicySize": packed, "SourceIdentity": source}

    def assume_role_with_web_identity(
        self,
        RoleArn: str,
        RoleSessionName: str,
        WebIdentityToken: str,
        ProviderId: str | None = None,
        PolicyArns: Sequence[Mapping[str, str]] = (),
        Policy: str | None = None,
        DurationSeconds: int | None = None,
        MinimumSessionTokenSize: int = 0,
    ) -> dict[str, Any]:
        role = self._arn(RoleArn)
        policies = self._policies(Policy, PolicyArns)
        try:
            identity = read_web_identity(WebIdentityToken, ProviderId, self.clock.time())
        except Rejected as rejected:
            raise self.error(rejected.code, rejected.message) from None
        if not self._is_role(role):
            raise self.error("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
        tags, transitive = self._told(identity)
        packed = self._packed(Policy, policies, tags)
        host = identity.issuer.removeprefix("https://")
        provider = providers.web_provider(self, role.account, host, identity.audience)
        told = {f"{host}:sub": identity.subject, f"{host}:aud": identity.audience}
        self._trusted(role, provider, identity, {**told, "sts:RoleSessionName": RoleSessionName})
        key = self._role_session(
            role,
            RoleSessionName,
            DurationSeconds,
            MinimumSessionTokenSize,
            policy=Policy,
            policy_arns=policies,
            tags=tags,
            transitive=transitive,
            source_identity=identity.source_identity,
            federated=provider,
            context=told,
        )
        return {
            **self._assumed(key),
            "SubjectFromWebIdentityToken": identity.subject,
            "PackedPolicySize": packed,
            "Provider": identity.issuer,
            "Audience": identity.audience,
            "SourceIdentity": identity.source_identity,
        }

    def assume_role_with_saml(
        self,
        RoleArn: str,
        PrincipalArn: str,
        SAMLAssertion: str,
        PolicyArns: Sequence[Mapping[str, str]] = (),
        Policy: str | None = None,
        DurationSeconds: int | None = None,
        MinimumSessionTokenSize: int = 0,
    ) -> dict[str, Any]:
        role, provider = self._arn(RoleArn), self._arn(PrincipalArn)
        policies = self._policies(Policy, PolicyArns)
        try:
            identity = read_saml(SAMLAssertion)
        except Rejected as rejected:
            raise self.error(rejected.code, rejected.message) from None
        self._still_good(identity)
        if not self._is_role(role) or (role.text, provider.text) not in identity.roles:
            raise self.error("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
        providers.check_saml(self, role.account, provider.text, identity.issuer)
        tags, transitive = self._told(identity)
        packed = self._packed(Policy, policies, tags)
        qualifier = hashlib.sha1(f"{identity.issuer}{provider.account}/{provider.name}".encode())
        told = {
            "saml:sub": identity.subject,
            "saml:sub_type": identity.subject_type,
            "saml:iss": identity.issuer,
            "saml:aud": identity.audience,
            "saml:namequalifier": base64.b64encode(qualifier.digest()).decode(),
        }
        name = identity.session_name or ""
        self._trusted(role, provider.text, identity, {**told, "sts:RoleSessionName": name})
        key = self._role_session(
            role,
            name,
            DurationSeconds,
            MinimumSessionTokenSize,
            ends=identity.session_ends,
            policy=Policy,
            policy_arns=policies,
            tags=tags,
            transitive=transitive,
            source_identity=identity.source_identity,
            federated=provider.text,
            context=told,
        )
        return {
            **self._assumed(key),
            "PackedPolicySize": packed,
            "Subject": identity.subject,
            "SubjectType": identity.subject_type,
            "Issuer": identity.issuer,
            "Audience": identity.audience,
            "NameQualifier": told["saml:namequalifier"],
            "SourceIdentity": identity.source_identity,
        }

    def assume_root(
        self,
        TargetPrincipal: str,
        TaskPolicyArn: Mapping[str, str],
        DurationSeconds: int | None = None,
        MinimumSessionTokenSize: int = 0,
    ) -> dict[str, Any]:
        """Of a member of the caller's organization, whose management account or delegated administrator the caller has
        to be in. Unless calls are authorized, any account may do it to one that is in no organization of its."""
        caller = self.caller
        account = TargetPrincipal
        if not re.fullmatch(r"\d{12}", account):
            target = self._arn(TargetPrincipal)
            if target.service != "iam" or target.resource != "root":
                raise self._invalid(TargetPrincipal)
            account = target.account
        task = self._arn(TaskPolicyArn.get("arn", ""))
        if task.resource.removeprefix("policy/root-task/") not in _ROOT_TASKS or task.account != "aws":
            raise self._invalid(task.text)
        arn = f"arn:{self.partition}:sts::{account}:assumed-root"
        root = self._arn(f"arn:{self.partition}:iam::{account}:root")
        if caller.type in ("root", "federated-user"):
            raise self._not_authorized(caller, "AssumeRoot", root)
        may = None
        if self.cloud.organizations(self.partition) is not None:
            iam: Any = self.cloud.service("iam", caller.account, self.region)
            may = iam.may_assume_root(account)
        if may is False or (may is None and self.cloud.authorization is not None):
            raise self._not_authorized(caller, "AssumeRoot", root)
        default = self.limits["root-task-session-default"]
        session = self._session(
            default if DurationSeconds is None else DurationSeconds,
            policy_arns=(task.text,),
            source_identity=caller.session.source_identity if caller.session else None,
        )
        key = self._issue("root", account, arn, account, session, MinimumSessionTokenSize)
        return {**self._credentials(key), "SourceIdentity": session.source_identity}

    # --- users

    def get_session_token(
        self,
        DurationSeconds: int | None = None,
        SerialNumber: str | None = None,
        TokenCode: str | None = None,
        MinimumSessionTokenSize: int = 0,
    ) -> dict[str, Any]:
        caller = self._long_term_caller("GetSessionToken")
        session = self._session(self._user_duration(DurationSeconds), mfa=self._mfa(SerialNumber, TokenCode))
        key = self._issue(caller.type, caller.account, caller.arn, caller.user_id, session, MinimumSessionTokenSize)
        return self._credentials(key)

    def get_federation_token(
        self,
        Name: str,
        Policy: str | None = None,
        PolicyArns: Sequence[Mapping[str, str]] = (),
        DurationSeconds: int | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        MinimumSessionTokenSize: int = 0,
    ) -> dict[str, Any]:
        caller = self._long_term_caller("GetFederationToken")
        policies = self._policies(Policy, PolicyArns)
        tags, _ = self._tags(Tags, (), caller)
        packed = self._packed(Policy, policies, tags)
        arn = f"arn:{self.partition}:sts::{caller.account}:federated-user/{Name}"
        user_id = f"{caller.account}:{Name}"
        seconds = self._user_duration(DurationSeconds)
        session = self._session(seconds, policy=Policy, policy_arns=policies, tags=tags, parent=caller.arn)
        key = self._issue("federated-user", caller.account, arn, user_id, session, MinimumSessionTokenSize)
        return {
            **self._credentials(key),
            "FederatedUser": {"FederatedUserId": user_id, "Arn": arn},
            "PackedPolicySize": packed or 0,
        }

    # --- identities elsewhere

    def get_web_identity_token(
        self,
        Audience: Sequence[str],
        SigningAlgorithm: str,
        DurationSeconds: int | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        caller = self.caller
        if SigningAlgorithm not in outbound.ALGORITHMS:
            raise self._invalid(SigningAlgorithm)
        self._check_tags([tag["Key"] for tag in Tags], ())
        try:
            enabled = self.call("iam", "GetOutboundWebIdentityFederationInfo", account_=caller.account)
        except AWSError:
            raise self.error("OutboundWebIdentityFederationDisabledException") from None
        now = int(self.clock.time())
        expires = now + (self.limits["web-identity-token-default"] if DurationSeconds is None else DurationSeconds)
        if caller.session is not None and expires > caller.session.expires:
            raise self.error("SessionDurationEscalationException")
        place = self.cloud.organization_of(caller.account, self.partition)
        about = {
            "aws_account": caller.account,
            "source_region": self.request.region,
            "org_id": place and place[0],
            "ou_path": place and place[1],
            "principal_tags": self._principal_tags(caller),
            "request_tags": self._own_tags(Tags),
        }
        claims = {
            "iss": enabled["IssuerIdentifier"],
            "aud": Audience[0] if len(Audience) == 1 else list(Audience),
            "sub": Principal.of(caller).policy_arn,
            "iat": now,
            "exp": expires,
            "jti": self.ids.uuid("jti"),
            "https://sts.amazonaws.com/": {name: value for name, value in about.items() if value},
        }
        key = self.signing_keys.get(SigningAlgorithm)
        if key is None:
            key = self.signing_keys[SigningAlgorithm] = outbound.new_key(self, SigningAlgorithm)
        return {
            "WebIdentityToken": outbound.signed(self, key, SigningAlgorithm, claims),
            "Expiration": datetime.fromtimestamp(expires, UTC),
        }

    def _principal_tags(self, caller: Caller) -> dict[str, str]:
        """Those of the user or role, and the session's on top."""
        name = Principal.of(caller).policy_arn.rpartition("/")[2]
        try:
            if caller.type == "user":
                found = self.call("iam", "GetUser", account_=caller.account, UserName=name)["User"]
            elif caller.type == "assumed-role":
                found = self.call("iam", "GetRole", account_=caller.account, RoleName=name)["Role"]
            else:
                found = {}
        except AWSError:
            found = {}
        return {**self._own_tags(found.get("Tags") or ()), **caller.tags}

    # --- checks

    def _trusted(self, role: _Arn, provider: str, identity: Identity, keys: Mapping[str, str]) -> None:
        """Under authorization the role's trust policy has to let in whom a provider vouches for."""
        policies = self.cloud.authorization
        if policies is None:
            return
        asked = [f"sts:{self.request.operation}"]
        tagged: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in identity.tags.items()}
        if identity.tags:
            asked.append("sts:TagSession")
            tagged["aws:TagKeys"] = list(identity.tags)
        if identity.transitive:
            tagged["sts:TransitiveTagKeys"] = list(identity.transitive)
        if identity.source_identity:
            asked.append("sts:SetSourceIdentity")
            tagged["sts:SourceIdentity"] = identity.source_identity
        refusal = policies.federated(self.request, asked, role.text, provider, {**keys, **tagged})
        if refusal is not None:
            raise self.error("AccessDenied", f"Not authorized to perform {asked[0]}")

    def _arn(self, text: str) -> _Arn:
        match = _ARN.fullmatch(text)
        if match is None:
            raise self._invalid(text)
        partition, service, _, account, resource = match.groups()
        return _Arn(text, partition, service, account, resource)

    def _is_role(self, arn: _Arn) -> bool:
        return (
            arn.partition == self.partition
            and arn.service == "iam"
            and arn.kind == "role"
            and bool(arn.name)
            and re.fullmatch(r"\d{12}", arn.account) is not None
        )

    def _known(self, role: _Arn) -> dict[str, Any] | None:
        """The role as IAM holds it; None for one that nobody made, which can be assumed as long as there is no
        authorization. What is just made may not be known here yet."""
        if not self.cloud.has_service("iam", role.account, self.region):
            return None
        try:
            found = self.call("iam", "GetRole", account_=role.account, RoleName=role.name)["Role"]
        except AWSError:
            return None
        if found["Arn"] != role.text:
            return None
        lag = self.cloud.limits.for_service("iam", role.account, self.region).lag("propagation")
        what = f"did not know yet of the role {role.name}, just created"
        if (
            lag
            and self.clock.time() < found["CreateDate"] + lag
            and self.choose("iam.propagation", (False, True), 0.2, what)
        ):
            raise self._not_authorized(self.caller, self.request.operation, role)
        return found

    def _invalid(self, value: str) -> Exception:
        return self.error("ValidationError", f"{value} is invalid")

    def _not_authorized(self, caller: Caller, operation: str, resource: _Arn) -> Exception:
        return self.error(
            "AccessDenied",
            f"User: {caller.arn} is not authorized to perform: sts:{operation} on resource: {resource.text}",
        )

    def _long_term_caller(self, operation: str) -> Caller:
        caller = self.caller
        if caller.session is not None or caller.type not in ("user", "root"):
            raise self.error("AccessDenied", f"Cannot call {operation} with session credentials")
        return caller

    def _mfa(self, serial: str | None, code: str | None) -> bool:
        """Whether the session is one with MFA. Devices that IAM does not know of are good for any code."""
        if (serial is None) != (code is None):
            raise self.error(
                "AccessDenied",
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            )
        if serial is None or code is None:
            return False
        passed = self.cloud.credentials.signs_in(self.caller.arn, serial, code)
        if passed is None:
            raise self.error(
                "AccessDenied",
                "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number "
                "is valid and associated with this user.",
            )
        if not passed:
            raise self.error("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
        return True

    def _policies(self, policy: str | None, descriptors: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
        """The ARNs of managed session policies, once they and the inline policy are found fit."""
        arns = tuple(self._arn(descriptor.get("arn", "")).text for descriptor in descriptors)
        self.limits.check("session-policy", len(policy or "") + sum(map(len, arns)), given=policy or "")
        if policy is not None and (fault := fault_in(policy)) is not None:
            raise self.error("MalformedPolicyDocument", fault)
        return arns

    def _packed(self, policy: str | None, arns: Sequence[str], tags: Mapping[str, str]) -> int | None:
        """Percent of the space for policies and tags that is taken; None where there is nothing to pack."""
        size = packed_size(policy, arns, tags)
        allowed = self.limits["packed-policy"]
        if not size or allowed is None:
            return None
        percent = ceil(size * 100 / allowed)
        self.limits.check("packed-policy", size, percent=percent)
        return percent

    @staticmethod
    def _own_tags(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in tags}

    def _tags(
        self, tags: Sequence[Mapping[str, str]], transitive: Sequence[str], caller: Caller
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """The session's tags and which of them go on, with those that the calling session hands down."""
        own = self._own_tags(tags)
        self._check_tags([tag["Key"] for tag in tags], transitive)
        earlier = caller.session
        inherited = {}
        if earlier is not None and earlier.tags:
            inherited = {key: earlier.tags[key] for key in earlier.transitive if key in earlier.tags}
        if {key.lower() for key in inherited} & {key.lower() for key in own}:
            raise self.error("InvalidParameterValue", _TAG_CONFLICT)
        return {**inherited, **own}, (*inherited, *transitive)

    def _told(self, identity: Identity) -> tuple[dict[str, str], tuple[str, ...]]:
        """The session tags that an identity provider passed."""
        self._check_tags(list(identity.tags), identity.transitive)
        return dict(identity.tags), identity.transitive

    def _check_tags(self, keys: Sequence[str], transitive: Sequence[str]) -> None:
        if any(key.lower().startswith("aws:") for key in keys):
            raise self.error("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for system use.")
        folded = [key.lower() for key in keys]
        if len(set(folded)) < len(folded):
            raise self.error(
                "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        if not {key.lower() for key in transitive} <= set(folded):
            raise self.error(
                "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."
            )

    def _still_good(self, identity: Identity) -> None:
        now, window = self.clock.time(), self.limits["saml-redemption"]
        late = identity.not_after is not None and now >= identity.not_after
        if window is not None and identity.issued is not None:
            late = late or now > identity.issued + window
        if late:
            raise self.limits.error("saml-redemption")

    # --- sessions

    def _user_duration(self, asked: int | None) -> float:
        if self.caller.type == "root":
            longest = self.limits["account-owner-session"]
            return longest if asked is None else min(asked, longest)
        return self.limits["user-session-default"] if asked is None else asked

    def _session(self, seconds: float, *, ends: float | None = None, **more: Any) -> Session:
        now = self.clock.time()
        expires = int(now) + seconds  # Expiration is told in whole seconds
        return Session(now, expires if ends is None else min(expires, ends), **more)

    def _role_session(
        self, role: _Arn, name: str, seconds: int | None, token_size: int, *, ends: float | None = None, **more: Any
    ) -> IssuedKey:
        known = self._known(role)
        if known is not None and seconds is not None and seconds > known["MaxSessionDuration"]:
            raise self.error(
                "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            )
        default = self.limits["role-session-default"]
        session = self._session(default if seconds is None else seconds, ends=ends, role_arn=role.text, **more)
        arn = f"arn:{self.partition}:sts::{role.account}:assumed-role/{role.name}/{name}"
        role_id = known["RoleId"] if known is not None else named_id("AROA", role.account, f"role/{role.name}")
        user_id = f"{role_id}:{name}"
        return self._issue("assumed-role", role.account, arn, user_id, session, token_size)

    def _issue(self, kind: str, account: str, arn: str, user_id: str, session: Session, token_size: int) -> IssuedKey:
        return self.cloud.credentials.issue(
            kind, account, arn, user_id, self.ids, session=session, token_size=token_size
        )

    def _assumed(self, key: IssuedKey) -> dict[str, Any]:
        caller = key.caller
        return {**self._credentials(key), "AssumedRoleUser": {"AssumedRoleId": caller.user_id, "Arn": caller.arn}}

    def _credentials(self, key: IssuedKey) -> dict[str, Any]:
        size = len(key.session_token or "")
        largest = self.limits["session-token"]
        return {
            "Credentials": {
                "AccessKeyId": key.access_key,
                "SecretAccessKey": key.secret,
                "SessionToken": key.session_token,
                "Expiration": datetime.fromtimestamp(key.expires or 0, UTC),
            },
            "SessionTokenSize": size,
            "SessionTokenUtilization": ceil(size * 100 / largest) if largest else None,
        }
