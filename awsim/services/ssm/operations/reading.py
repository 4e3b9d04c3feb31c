"""Reading parameters: one, several, those of a path, their metadata and their history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from awsim.auth.credentials import administrator
from awsim.auth.policy import parse
from awsim.errors import AWSError
from awsim.service import ResourceSide
from awsim.services.ssm import filters, names, public, refusals
from awsim.services.ssm.names import Named
from awsim.services.ssm.operations.parameters import ParameterOperations
from awsim.services.ssm.parameter import SECURE, Parameter, Version
from awsim.state.pages import BadToken, number, position

Filters = Sequence[Mapping[str, Any]]
_REFERENCE = re.compile(r"\{\{\s*ssm:([\w./:-]+)\s*\}\}")
# Operations that reach parameters of other accounts which these share.
_SHARED = frozenset({"GetParameter", "GetParameters", "GetParameterHistory"})


class ReadingOperations(ParameterOperations):
    # --- values

    def get_parameter(self, Name: str, WithDecryption: bool | None = None) -> dict[str, Any]:
        self._meter("get-parameter")
        return {"Parameter": self._shown(Name, WithDecryption)}

    def get_parameters(self, Names: Sequence[str], WithDecryption: bool | None = None) -> dict[str, Any]:
        self._meter("get-parameters")
        found, unknown = [], []
        for name in dict.fromkeys(Names):
            try:
                found.append(self._shown(name, WithDecryption))
            except AWSError as error:
                if error.code not in ("ParameterNotFound", "ParameterVersionNotFound"):
                    raise
                unknown.append(name)
        return {"Parameters": found, "InvalidParameters": unknown}

    def get_parameters_by_path(
        self,
        Path: str,
        Recursive: bool | None = None,
        ParameterFilters: Filters = (),
        WithDecryption: bool | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        self._meter("get-parameters-by-path")
        names.check_path(Path)
        filters.check(ParameterFilters, filters.OF_VALUES)
        if Path.lower().startswith("/aws"):
            known = public.under(self.region, Path, recursive=bool(Recursive))
            return self._values(known, self._public, str, NextToken, MaxResults)
        label = next((str(each["Values"][0]) for each in ParameterFilters if each["Key"] == "Label"), None)
        fitting = (
            parameter
            for parameter in self._under(Path, self._begin_after(NextToken), recursive=bool(Recursive))
            if filters.match(parameter, ParameterFilters) and parameter.at(label) is not None
        )
        # One more than a page holds tells that there are more.
        found = list(islice(fitting, (MaxResults or self.limits["values-page-size"]) + 1))

        def shown(parameter: Parameter) -> dict[str, Any]:
            version = parameter.at(label)
            assert version is not None
            return self._value(parameter, version, None, WithDecryption)

        return self._values(found, shown, lambda parameter: parameter.name, NextToken, MaxResults)

    def _values(
        self, found: Iterable[Any], shown: Any, key: Callable[[Any], str], token: str | None, size: int | None
    ) -> dict[str, Any]:
        return self.page("Parameters", found, shown, key, token, size, "values-page-size")

    def _shown(self, given: str, decrypt: bool | None) -> dict[str, Any]:
        """A parameter as GetParameter has it. Raises ParameterNotFound, ParameterVersionNotFound."""
        named = names.read(given)
        if named.name.startswith(names.SECRETS):
            return self.secret(named.name, decrypt)
        if named.name.startswith(names.PUBLIC) or named.name.startswith(names.PUBLIC[1:]):
            return self._public(f"/{named.name.lstrip('/')}")
        home, parameter = self.located(named)
        version = parameter.at(named.selector)
        if version is None:
            assert named.selector is not None
            raise refusals.no_version(parameter.name, named.selector)
        shown: dict[str, Any] = home._value(parameter, version, named.selector, decrypt)
        return shown

    def _value(
        self, parameter: Parameter, version: Version, selector: str | None, decrypt: bool | None
    ) -> dict[str, Any]:
        return {
            "Name": parameter.name,
            "Type": version.type,
            "Value": self.opened(parameter.arn, version, decrypt),
            "Version": version.number,
            "Selector": None if selector is None else f":{selector}",
            "LastModifiedDate": version.modified,
            "ARN": parameter.arn,
            "DataType": version.data_type,
        }

    def _public(self, name: str) -> dict[str, Any]:
        """One of AWS's own."""
        found = public.value(self.region, name)
        if found is None:
            raise refusals.not_found()
        found = self._newest_image(name) or found
        return {
            "Name": name,
            "Type": "String",
            "Value": found,
            "Version": 1,
            "LastModifiedDate": public.SINCE,
            "ARN": self.arn(names.resource(name), account=""),
            "DataType": "aws:ec2:image" if found.startswith("ami-") else "text",
        }

    def _newest_image(self, name: str) -> str | None:
        """The image that EC2 has for one of AWS's parameters."""
        pattern = public.name_at_ec2(name)
        if pattern is None:
            return None
        wanted = [{"Name": "name", "Values": [pattern]}]
        try:
            found = self.call(
                "ec2", "DescribeImages", as_=administrator(self.account), Owners=["amazon"], Filters=wanted
            )
        except AWSError:
            return None
        newest: dict[str, Any] = max(found["Images"], key=lambda image: image["Name"], default={})
        id: str | None = newest.get("ImageId")
        return id

    def secret(self, name: str, decrypt: bool | None) -> dict[str, Any]:
        """A secret of Secrets Manager; for `references`."""
        raise NotImplementedError

    def with_parameters(self, text: str) -> str:
        """`{{ssm:name}}` stands for the value of a parameter, of one that is no secure string. Raises
        InvalidParameters."""

        def value(place: re.Match[str]) -> str:
            try:
                found = self._shown(place[1], decrypt=False)
            except AWSError:
                found = {"Type": SECURE}
            if found["Type"] == SECURE:
                raise AWSError("InvalidParameters", f"Parameter {place[1]} can't be resolved.")
            text: str = found["Value"]
            return text

        return _REFERENCE.sub(value, text)

    # --- look-ups

    def located(self, named: Named) -> tuple[Any, Parameter]:
        """The Systems Manager that has a parameter, and the parameter; one of another account for whom it is shared
        with. Raises ParameterNotFound."""
        if named.account in (None, self.account):
            return self, self.existing(named.name)
        arn = self.arn(names.resource(named.name), account=named.account)
        if self.request.operation not in _SHARED or named.region != self.region:
            raise refusals.not_found()
        if self.cloud.authorization is None and self.caller.service is None:
            from awsim.gateway.authorizer import check_strangers

            check_strangers(self.request, self.resource_policy(arn), arn.__eq__)
        home = self.at(account=named.account)
        return home, home.existing(named.name)

    def existing(self, name: str) -> Parameter:
        """The parameter of a name; what an ARN says of it has no first slash. Raises ParameterNotFound."""
        found = self.parameters.get(name) or (None if "/" in name else self._by_arn(name))
        if found is None:
            raise refusals.not_found()
        return found

    def _by_arn(self, name: str) -> Parameter | None:
        by_arn = self.request.params.get("Name", "")
        return self.parameters.get(f"/{name}") if str(by_arn).startswith("arn:") else None

    def _begin_after(self, token: str | None) -> str:
        """The name that a page of values begins after. Raises InvalidNextToken."""
        try:
            return position(token, "Parameters")
        except BadToken:
            raise refusals.bad_token() from None

    def _under(self, path: str, after: str, *, recursive: bool) -> Iterator[Parameter]:
        """The parameters of a path in order, those after a name; those whose names are no paths lie at the root."""
        stem = path.rstrip("/")
        start = f"{stem}/" if stem else ""
        end = f"{stem}0" if stem else None
        for name in self.parameters.irange(max(start, after), end, inclusive=(after < start, False)):
            if recursive or "/" not in name[len(start) :].lstrip("/" if not stem else ""):
                yield self.parameters[name]

    # --- metadata

    def describe_parameters(
        self,
        Filters: Filters = (),
        ParameterFilters: Filters = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Shared: bool | None = None,
    ) -> dict[str, Any]:
        if Filters and ParameterFilters:
            raise refusals.invalid("You can use either Filters or ParameterFilters in a single request.")
        filters.check(ParameterFilters, filters.OF_METADATA)
        wanted = ParameterFilters or filters.modernised(Filters)
        found = [
            parameter
            for parameter in (self._shared_with_us() if Shared else self.parameters.values())
            if filters.match(parameter, wanted)
        ]
        return self.page(
            "Parameters", found, Parameter.described, lambda parameter: parameter.arn, NextToken, MaxResults
        )

    def _shared_with_us(self) -> list[Parameter]:
        """Parameters that RAM has shared with this account."""
        if not self.cloud.has_service("ram", self.account, self.region):
            return []
        root = f"arn:{self.partition}:iam::{self.account}:root"
        resources = self.call(
            "ram", "ListResources", as_=root, resourceOwner="OTHER-ACCOUNTS", resourceType="ssm:Parameter"
        )["resources"]
        found = []
        for resource in resources:
            named = names.read(resource["arn"])
            home = self.at(account=named.account)
            parameter = home.parameters.get(named.name) or home.parameters.get(f"/{named.name}")
            if parameter is not None:
                found.append(parameter)
        return found

    def get_parameter_history(
        self,
        Name: str,
        WithDecryption: bool | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        home, parameter = self.located(names.read(Name))

        def shown(version: Version) -> dict[str, Any]:
            value = home.opened(parameter.arn, version, WithDecryption)
            return {"Name": parameter.name, **version.metadata(), "Value": value, "Labels": list(version.labels)}

        return self.page(
            "Parameters", parameter.history(), shown, lambda version: number(version.number), NextToken, MaxResults
        )

    # --- rates

    def _meter(self, operation: str) -> None:
        """Reads have a rate in common, or one each in an account that pays for a higher one."""
        if self.setting("high-throughput-enabled") == "true":
            self.limits.rate(f"{operation}-high", now=self.now)
        else:
            self.limits.rate("reads", now=self.now)

    # --- permissions

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner of a resource, and for parameters the policies with which it shares them."""
        parts = arn.split(":", 5)
        if len(parts) < 6 or parts[4] in ("", "aws"):
            return ResourceSide(None)
        owner, resource = parts[4], parts[5]
        if not resource.startswith("parameter/"):
            return ResourceSide(owner)
        home = self.at(account=owner, region=parts[3] or self.region)
        return ResourceSide(owner, tuple(parse(text, "resource") for text in home.policies_of(arn)))

    def policies_of(self, arn: str) -> list[str]:
        """The texts of a parameter's policies: its own, and those of RAM's shares."""
        parameter = self.parameter_at(arn)
        if parameter is None:
            return []
        texts = [text for _, text in parameter.policy_documents]
        if self.cloud.has_service("ram", self.account, self.region):
            root = f"arn:{self.partition}:iam::{self.account}:root"
            texts += self.call("ram", "GetResourcePolicies", as_=root, resourceArns=[arn])["policies"]
        return texts

    def parameter_at(self, arn: str) -> Parameter | None:
        """The parameter of this account with an ARN."""
        name = arn.partition(":parameter/")[2]
        found: Parameter | None = self.parameters.get(f"/{name}") or self.parameters.get(name)
        return found

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """Without what follows a parameter's name; with the place of what is tagged."""
        if name in ("parameter", "listed") and arn.count(":") > 5:
            start = arn.find(":parameter/")
            return arn if start < 0 else arn[: start + 1] + arn[start + 1 :].partition(":")[0]
        return arn
