"""Parameters: putting, deleting, labelling. Reading is in `reading`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import names, policies, public, refusals
from awsim.services.ssm.operations.common import Operations
from awsim.services.ssm.operations.secure import SecureOperations
from awsim.services.ssm.parameter import (
    ADVANCED,
    DATA_TYPES,
    DEFAULT_KEY,
    IMAGE,
    INTELLIGENT,
    SECURE,
    STANDARD,
    STRING,
    Parameter,
    Version,
)
from awsim.services.ssm.policies import Policy
from awsim.state import Dict, SortedDict
from awsim.state.tags import tag_map

_IMAGE_ID = re.compile(r"ami-[a-z0-9]{8,17}\Z")
_QUOTAS = {STANDARD: "standard-parameters", ADVANCED: "advanced-parameters"}
_SIZES = {STANDARD: "standard-value-size", ADVANCED: "advanced-value-size"}


class ParameterOperations(SecureOperations, Operations):
    def setup(self) -> None:
        super().setup()
        self.parameters = SortedDict()  # name -> Parameter
        self.tiers = Dict({STANDARD: 0, ADVANCED: 0})  # how many there are

    # --- putting

    def put_parameter(
        self,
        Name: str,
        Value: str,
        Description: str | None = None,
        Type: str | None = None,
        KeyId: str | None = None,
        Overwrite: bool | None = None,
        AllowedPattern: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        Tier: str | None = None,
        Policies: str | None = None,
        DataType: str | None = None,
    ) -> dict[str, Any]:
        self._check_name(Name)
        _check_value(Value)
        if Overwrite and Tags:
            raise refusals.invalid(
                "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please "
                "remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
                "RemoveTagsFromResource."
            )
        known: Parameter | None = self.parameters.get(Name)
        if known is not None and not Overwrite:
            raise AWSError(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to "
                "true.",
            )
        version = self._version(known, Value, Type, Tier, Policies, DataType)
        version.description = _kept(Description, known, "description")
        version.pattern = self._pattern(_kept(AllowedPattern, known, "pattern"), Value)
        version.key = self._key_named(version.type, KeyId, known)
        parameter = known or Parameter(Name, self.arn(names.resource(Name)))
        if known is None:
            parameter.tags = parameter.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        else:
            self._check_room(known)
        if version.type == SECURE:
            self.seal(parameter.arn, version)
        self._move(None if known is None else known.latest.tier, version.tier)
        if version.data_type == IMAGE:
            # What the image is gets looked at afterwards: until then nothing has changed.
            self.later(
                self.limits.duration("image-validation"),
                "_put_image",
                parameter=parameter,
                version=version,
                caller=self.caller,
            )
        else:
            self._put(parameter, version)
        return {"Version": version.number, "Tier": version.tier}

    def _check_name(self, name: str) -> None:
        names.check_new(name)
        self.limits.check("hierarchy-levels", names.levels(name))
        self.limits.check("parameter-name-length", len(self.arn(names.resource(name))))

    def _version(
        self,
        known: Parameter | None,
        value: str,
        type: str | None,
        tier: str | None,
        policy: str | None,
        data_type: str | None,
    ) -> Version:
        """A new version with what was asked for, else with what the parameter has."""
        before = None if known is None else known.latest
        type = type or (None if before is None else before.type)
        if type is None:
            raise refusals.invalid("A parameter type is required when you create a parameter.")
        now, number = self.now, 1 if before is None else before.number + 1
        version = Version(number, type, value, now, self.caller.arn)
        version.data_type = data_type or ((before and before.data_type) if type == STRING else None) or "text"
        _check_data_type(version)
        if policy is not None:
            version.policies = policies.read(policy, self.limits["policies"])
        elif before is not None:
            version.policies = tuple(each._replace(status="Pending") for each in before.policies)
        version.tier = self._tier(tier, before, len(value.encode()), bool(version.policies))
        return version

    def _tier(self, asked: str | None, before: Version | None, size: int, policies: bool) -> str:
        """The tier that a value is to have; raises what does not fit into it."""
        wanted = asked or (before.tier if before is not None else self.setting("default-parameter-tier"))
        advanced = before is not None and before.tier == ADVANCED
        if wanted == INTELLIGENT:
            standard, most = self.limits["standard-value-size"], self.limits["standard-parameters"]
            full = before is None and most is not None and self.tiers[STANDARD] >= most
            wanted = (
                ADVANCED if advanced or policies or full or (standard is not None and size > standard) else STANDARD
            )
        if wanted == STANDARD and advanced:
            raise refusals.invalid(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
                "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced "
                "parameter and recreate it as a standard parameter."
            )
        if wanted == STANDARD and policies:
            raise refusals.invalid(
                "Parameter policies are supported for parameters in the advanced-parameter tier only. To add policies, "
                "upgrade the parameter to use the advanced-parameter tier."
            )
        self.limits.check(_SIZES[wanted], size)
        return wanted

    def _pattern(self, pattern: str | None, value: str) -> str | None:
        if not pattern:
            return None
        try:
            matches = re.search(pattern, value)
        except (re.error, RecursionError, OverflowError):
            raise AWSError(
                "InvalidAllowedPatternException", "The request does not meet the regular expression requirement."
            ) from None
        if matches is None:
            raise AWSError(
                "ParameterPatternMismatchException",
                f"Parameter value, cannot be validated against allowedPattern: {pattern}",
            )
        return pattern

    def _key_named(self, type: str, named: str | None, known: Parameter | None) -> str | None:
        if type != SECURE:
            if named is not None:
                raise refusals.invalid("KeyId is not required for non-SecureString type parameter.")
            return None
        return named or (known and known.latest.key) or DEFAULT_KEY

    def _full(self, parameter: Parameter) -> bool:
        most = self.limits["versions"]
        return most is not None and len(parameter.versions) >= most

    def _check_room(self, parameter: Parameter) -> None:
        """The oldest version goes when there are as many as there may be, unless it has a label."""
        oldest = parameter.oldest
        if self._full(parameter) and oldest.labels:
            raise AWSError(
                "ParameterMaxVersionLimitExceeded",
                f"You attempted to create a new version of {parameter.name} by calling the PutParameter API with the "
                f"overwrite flag. Version {oldest.number}, the oldest version, can't be deleted because it has a label "
                "associated with it. Move the label to another version of the parameter, and try again.",
            )

    def _move(self, before: str | None, after: str | None) -> None:
        """Count a parameter that comes, goes or changes its tier; raises ParameterLimitExceeded."""
        if before == after:
            return
        if after is not None:
            self.limits.quota(_QUOTAS[after], self.tiers[after])
            self.tiers[after] += 1
        if before is not None:
            self.tiers[before] -= 1
            self.limits.used(_QUOTAS[before], self.tiers[before])

    def _put(self, parameter: Parameter, version: Version) -> None:
        created = not parameter.versions
        if not created and self._full(parameter):
            del parameter.versions[parameter.oldest.number]
        parameter.add(version)
        self.parameters[parameter.name] = parameter
        self._wind(parameter)
        self._changed(parameter, version, "Create" if created else "Update")

    def _put_image(self, parameter: Parameter, version: Version, caller: Any) -> None:
        """An image's id counts once EC2 says to whoever put it that there is such an image. Where EC2 is not modelled,
        or the image is one of AWS's own parameters, it counts."""
        try:
            if not public.is_image(self.region, version.value):
                self.call("ec2", "DescribeImages", as_=caller, ImageIds=[version.value])
        except AWSError as error:
            if error.code != "NotImplemented":
                self._move(version.tier, parameter.latest.tier if parameter.versions else None)
                self._changed(
                    parameter,
                    version,
                    "Update" if parameter.versions else "Create",
                    exception="Unable to Describe Resource",
                    dataType=IMAGE,
                )
                return
        self._put(parameter, version)

    def _changed(self, parameter: Parameter, version: Version, operation: str, **more: str) -> None:
        detail = {"operation": operation, "name": parameter.name, "type": version.type, **more}
        if version.description:
            detail["description"] = version.description
        self.announce("Parameter Store Change", detail, [parameter.arn])

    # --- policies on the clock

    def _wind(self, parameter: Parameter) -> None:
        """Have the policies of the latest version do their work, and no others."""
        for job in parameter.jobs:
            self.cancel(job)
        version = parameter.latest
        expiry = next((each.seconds for each in version.policies if each.type == policies.EXPIRATION), None)
        jobs = []
        for index, policy in enumerate(version.policies):
            due = _due(policy, version.modified, expiry)
            if due is not None:
                work = {"parameter": parameter, "number": version.number, "index": index}
                jobs.append(self.at_time(max(due, self.now), "_apply_policy", **work))
        parameter.jobs = tuple(jobs)

    def _apply_policy(self, parameter: Parameter, number: int, index: int) -> None:
        version: Version | None = parameter.versions.get(number)
        if version is None or self.parameters.get(parameter.name) is not parameter:
            return
        done = list(version.policies)
        policy = done[index] = done[index]._replace(status="Finished")
        version.policies = tuple(done)
        detail = {
            "parameter-name": parameter.name,
            "parameter-type": version.type,
            "policy-type": policy.type,
            "policy-content": policy.text,
            "action-status": "Success",
        }
        self.announce("Parameter Store Policy Action", detail, [parameter.arn])
        if policy.type == policies.EXPIRATION:
            self._delete(parameter)

    # --- deleting

    def delete_parameter(self, Name: str) -> None:
        parameter: Parameter | None = self.parameters.get(Name)
        if parameter is None:
            raise refusals.not_found()
        self._delete(parameter)

    def delete_parameters(self, Names: Sequence[str]) -> dict[str, Any]:
        deleted, unknown = [], []
        for name in dict.fromkeys(Names):
            parameter: Parameter | None = self.parameters.get(name)
            if parameter is None:
                unknown.append(name)
            else:
                self._delete(parameter)
                deleted.append(name)
        return {"DeletedParameters": deleted, "InvalidParameters": unknown}

    def _delete(self, parameter: Parameter) -> None:
        for job in parameter.jobs:
            self.cancel(job)
        del self.parameters[parameter.name]
        self._move(parameter.latest.tier, None)
        self._changed(parameter, parameter.latest, "Delete")

    # --- labels

    def label_parameter_version(
        self, Name: str, Labels: Sequence[str], ParameterVersion: int | None = None
    ) -> dict[str, Any]:
        parameter, version = self._labelled(Name, ParameterVersion)
        longest = self.limits["label-length"]
        fitting = [label for label in Labels if names.label_fits(label, longest)]
        self.limits.check("labels", len({*version.labels, *fitting}))
        parameter.label(version, fitting)
        if fitting:
            self._changed(parameter, version, "LabelParameterVersion")
        unfit = [label for label in Labels if label not in fitting]
        return {"InvalidLabels": unfit, "ParameterVersion": version.number}

    def unlabel_parameter_version(self, Name: str, ParameterVersion: int, Labels: Sequence[str]) -> dict[str, Any]:
        _, version = self._labelled(Name, ParameterVersion)
        removed = [label for label in dict.fromkeys(Labels) if label in version.labels]
        version.labels = tuple(label for label in version.labels if label not in removed)
        return {"RemovedLabels": removed, "InvalidLabels": [label for label in Labels if label not in removed]}

    def _labelled(self, name: str, number: int | None) -> tuple[Parameter, Version]:
        parameter: Parameter | None = self.parameters.get(name)
        if parameter is None:
            raise refusals.not_found()
        version = parameter.latest if number is None else parameter.versions.get(number)
        if version is None:
            raise refusals.no_version(name, str(number))
        return parameter, version


def _check_value(value: str) -> None:
    if not value:
        raise refusals.constraint(value, "value", "Member must have length greater than or equal to 1")
    if "{{" in value:
        raise refusals.invalid('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.')


def _check_data_type(version: Version) -> None:
    if version.data_type not in DATA_TYPES:
        raise refusals.invalid(
            f"The following data type is not supported: {version.data_type} (Data type names are all lowercase.)"
        )
    if version.data_type == IMAGE and (version.type != STRING or not _IMAGE_ID.match(version.value)):
        raise refusals.invalid(
            f"The value {version.value} is not valid for a String parameter of the data type {IMAGE}: give the ID of "
            "an Amazon Machine Image in the form ami-12345abcdeEXAMPLE."
        )


def _kept(given: str | None, known: Parameter | None, attribute: str) -> str | None:
    """What was given, else what the parameter has."""
    if given is not None or known is None:
        return given
    kept: str | None = getattr(known.latest, attribute)
    return kept


def _due(policy: Policy, modified: float, expiry: float | None) -> float | None:
    """When a policy has work to do; never, for a notice of an expiry that there is none of."""
    if policy.type == policies.EXPIRATION:
        return policy.seconds
    if policy.type == policies.NOTICE:
        return None if expiry is None else expiry - policy.seconds
    return modified + policy.seconds
