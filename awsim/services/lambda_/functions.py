"""Operations on functions: creating, updating, listing, deleting them, their versions, aliases and tags.

Source: Lambda API Reference; Developer Guide, "Lambda function states".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.lambda_ import names, packages, settings
from awsim.services.lambda_.base import Base
from awsim.services.lambda_.function import ACTIVE, PENDING, Alias, Code, Function, Version
from awsim.services.lambda_.names import LATEST
from awsim.services.lambda_.refusals import conflict, invalid, missing, no_function
from awsim.state import Lifecycle, Tags

_ROUTED = "lambda.alias-routing"


class Functions(Base):
    """Functions."""

    def create_function(
        self,
        FunctionName: str,
        Role: str,
        Code: Mapping[str, Any],
        Runtime: str | None = None,
        Handler: str | None = None,
        Description: str | None = None,
        Timeout: int | None = None,
        MemorySize: int | None = None,
        Publish: bool = False,
        PackageType: str | None = None,
        DeadLetterConfig: Mapping[str, str] | None = None,
        Environment: Mapping[str, Any] | None = None,
        KMSKeyArn: str | None = None,
        TracingConfig: Mapping[str, str] | None = None,
        Tags: Mapping[str, str] | None = None,
        Layers: Sequence[str] | None = None,
        ImageConfig: Mapping[str, Any] | None = None,
        Architectures: Sequence[str] | None = None,
        EphemeralStorage: Mapping[str, int] | None = None,
        SnapStart: Mapping[str, str] | None = None,
        LoggingConfig: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        address = names.read(FunctionName)
        self._check_here(address)
        self.limits.check("name-length", len(address.name), name=address.name)
        settings.check_runtime(Runtime)
        given = {
            "Role": Role,
            "Runtime": Runtime,
            "Handler": Handler,
            "Description": Description,
            "Timeout": Timeout,
            "MemorySize": MemorySize,
            "PackageType": PackageType,
            "DeadLetterConfig": DeadLetterConfig,
            "Environment": Environment,
            "KMSKeyArn": KMSKeyArn,
            "TracingConfig": TracingConfig,
            "Layers": self.layers_at(Layers),
            "ImageConfig": ImageConfig,
            "Architectures": Architectures,
            "EphemeralStorage": EphemeralStorage,
            "SnapStart": SnapStart,
            "LoggingConfig": LoggingConfig,
        }
        made = settings.begun(given, address.name, self.limits)
        self.check_role(Role)
        function = Function(address.name, self.arn(f"function:{address.name}"), self.ids.uuid("function"))
        function.tags = function.tags.with_(self, Tags or {}, invalid="InvalidParameterValueException")
        if address.name in self.functions:
            raise conflict(f"Function already exist: {address.name}")
        code = self._code(Code, made)
        self.check_dead_letters(made, function)
        version = function.latest = Version(function, LATEST, code, made, self.clock.time())
        version.revision = self.new_revision()
        version.lifecycle = Lifecycle(self, [(PENDING, "function-creation"), (ACTIVE, None)])
        self.functions.add(function)
        if Publish:
            version = self._publish(function, "")
        return version.described(qualified=Publish)

    def _code(self, given: Mapping[str, Any], made: Mapping[str, Any]) -> Code:
        """A deployment package, checked."""
        if given.get("SourceKMSKeyArn"):
            self.not_modelled("Code.SourceKMSKeyArn")
        if given.get("S3ObjectStorageMode") not in (None, "COPY"):
            self.not_modelled(f"Code.S3ObjectStorageMode {given['S3ObjectStorageMode']}")
        if given.get("ImageUri"):
            if made["PackageType"] != "Image":
                raise invalid("Please provide a deployment package: PackageType Zip does not go with an image.")
            uri = given["ImageUri"]
            return Code(packages.digest(uri.encode()), 0, image=uri)
        if made["PackageType"] == "Image":
            raise invalid("Please provide ImageUri when updating a function with packageType Image.")
        data = self.package(given)
        size = packages.unzipped_size(data) + sum(layer["CodeSize"] for layer in made.get("Layers") or ())
        self.limits.check("unzipped-size", size)
        held = sum(
            version.code.size
            for function in self.functions
            for version in (function.latest, *function.versions.values())
        )
        self.limits.quota("code-storage", held, adding=len(data))
        return Code(packages.digest(data), len(data), data=data)

    def package(self, given: Mapping[str, Any]) -> bytes:
        if given.get("ZipFile") is not None:
            data: bytes = given["ZipFile"]
            self.limits.check("zip-size", len(data))
            return data
        if not given.get("S3Bucket") or not given.get("S3Key"):
            raise invalid("Please provide a source for function code.")
        version = {"VersionId": given["S3ObjectVersion"]} if given.get("S3ObjectVersion") else {}
        try:
            answer = self.call(
                "s3", "GetObject", as_=self.caller, Bucket=given["S3Bucket"], Key=given["S3Key"], **version
            )
        except AWSError as error:
            message = f"S3 Error Code: {error.code}. S3 Error Message: {error.message}"
            raise invalid(f"Error occurred while GetObject. {message}") from None
        body = answer["Body"]
        return body if isinstance(body, bytes) else body.read() if hasattr(body, "read") else b"".join(body)

    def get_function(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        found = self.target(FunctionName, Qualifier)
        function, code = found.function, found.version.code
        where: dict[str, Any]
        if code.image is not None:
            where = {"RepositoryType": "ECR", "ImageUri": code.image, "ResolvedImageUri": code.image}
        else:
            host = f"awslambda-{self.region}-tasks.s3.{self.region}.amazonaws.com"
            path = f"snapshots/{self.account}/{function.name}-{function.id}"
            where = {"RepositoryType": "S3", "Location": f"https://{host}/{path}"}
        shown = {"Configuration": self._described(found), "Code": where, "Tags": function.tags.as_dict() or None}
        if function.reserved is not None:
            shown["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
        return shown

    def get_function_configuration(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        return self._described(self.target(FunctionName, Qualifier))

    def _described(self, found: Any) -> dict[str, Any]:
        shown: dict[str, Any] = found.version.described(qualified=False)
        shown["FunctionArn"] = found.arn
        return shown

    def list_functions(
        self, FunctionVersion: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        found = [function.latest for function in self.functions]
        if FunctionVersion == "ALL":
            found += [version for function in self.functions for version in function.versions.values()]
        all = FunctionVersion == "ALL"
        return self.page(
            "Functions",
            found,
            lambda version: version.described(qualified=all),
            lambda version: f"{version.function.name}:{version.number}",
            Marker,
            MaxItems,
        )

    def update_function_code(
        self,
        FunctionName: str,
        ZipFile: bytes | None = None,
        S3Bucket: str | None = None,
        S3Key: str | None = None,
        S3ObjectVersion: str | None = None,
        ImageUri: str | None = None,
        Architectures: Sequence[str] | None = None,
        Publish: bool = False,
        DryRun: bool = False,
        RevisionId: str | None = None,
    ) -> dict[str, Any]:
        function = self._changeable(FunctionName, RevisionId)
        version = function.latest
        given = {
            "ZipFile": ZipFile,
            "S3Bucket": S3Bucket,
            "S3Key": S3Key,
            "S3ObjectVersion": S3ObjectVersion,
            "ImageUri": ImageUri,
        }
        code = self._code(given, version.settings)
        if DryRun:
            shown = version.described(qualified=False)
            return {**shown, "CodeSha256": code.sha256, "CodeSize": code.size}
        version.code = code
        if Architectures:
            version.settings = {**version.settings, "Architectures": Architectures}
        self.touched(version)
        if Publish:
            version = self._publish(function, "")
        return version.described(qualified=Publish)

    def update_function_configuration(
        self,
        FunctionName: str,
        Role: str | None = None,
        Handler: str | None = None,
        Description: str | None = None,
        Timeout: int | None = None,
        MemorySize: int | None = None,
        Environment: Mapping[str, Any] | None = None,
        Runtime: str | None = None,
        DeadLetterConfig: Mapping[str, str] | None = None,
        KMSKeyArn: str | None = None,
        TracingConfig: Mapping[str, str] | None = None,
        RevisionId: str | None = None,
        Layers: Sequence[str] | None = None,
        ImageConfig: Mapping[str, Any] | None = None,
        EphemeralStorage: Mapping[str, int] | None = None,
        SnapStart: Mapping[str, str] | None = None,
        LoggingConfig: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        settings.check_runtime(Runtime)
        function = self._changeable(FunctionName, RevisionId)
        given = {
            "Role": Role,
            "Runtime": Runtime,
            "Handler": Handler,
            "Description": Description,
            "Timeout": Timeout,
            "MemorySize": MemorySize,
            "DeadLetterConfig": DeadLetterConfig,
            "Environment": Environment,
            "KMSKeyArn": KMSKeyArn,
            "TracingConfig": TracingConfig,
            "Layers": self.layers_at(Layers),
            "ImageConfig": ImageConfig,
            "EphemeralStorage": EphemeralStorage,
            "SnapStart": SnapStart,
            "LoggingConfig": LoggingConfig,
        }
        version = function.latest
        after = settings.changed(version.settings, given, self.limits)
        if Role is not None:
            self.check_role(Role)
        if version.code.data is not None:
            size = packages.unzipped_size(version.code.data) + sum(
                layer["CodeSize"] for layer in after.get("Layers") or ()
            )
            self.limits.check("unzipped-size", size)
        if DeadLetterConfig is not None:
            self.check_dead_letters(after, function)
        version.settings = after
        self.touched(version)
        return version.described(qualified=False)

    def _changeable(self, text: str, revision: str | None) -> Function:
        """A function whose $LATEST can be changed now."""
        function, qualifier = self.function_at(text)
        if qualifier not in (None, LATEST):
            raise invalid(f"Function versions and aliases cannot be updated: {function.qualified(qualifier)}")
        self.check_revision(revision, function.latest.revision)
        self.check_idle(function)
        return function

    def check_idle(self, function: Function) -> None:
        """Refuse while AWS is still at work on a function."""
        version = function.latest
        if version.state == PENDING:
            raise conflict(
                "The operation cannot be performed at this time. The function is currently in the following state: "
                "Pending"
            )
        if version.update is not None and version.update.state == "InProgress":
            raise conflict(
                f"The operation cannot be performed at this time. An update is in progress for resource: {function.arn}"
            )

    def delete_function(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        address = names.read(FunctionName, Qualifier)
        function, _ = self.function_at(FunctionName)
        qualifier = address.qualifier
        if qualifier is None:
            self.functions.remove(function.name)
            return {"StatusCode": 204}
        if qualifier == LATEST:
            raise invalid("$LATEST version cannot be deleted without deleting the function.")
        version = function.version(qualifier)
        if version is None:
            raise no_function(function.qualified(qualifier))
        pointing = [alias for alias in function.aliases.values() if qualifier in (alias.version, *alias.weights)]
        if pointing:
            named = ", ".join(alias.name for alias in pointing)
            raise conflict(f"Unable to delete version because the following aliases reference it: [{named}]")
        del function.versions[qualifier]
        return {"StatusCode": 204}

    # --- versions

    def publish_version(
        self,
        FunctionName: str,
        CodeSha256: str | None = None,
        Description: str | None = None,
        RevisionId: str | None = None,
    ) -> dict[str, Any]:
        function = self.whole_function(FunctionName)
        self.check_revision(RevisionId, function.latest.revision)
        if CodeSha256 is not None and CodeSha256 != function.latest.code.sha256:
            raise invalid(
                f"CodeSHA256 ({CodeSha256}) is different from current CodeSHA256 in $LATEST "
                f"({function.latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST."
            )
        self.check_idle(function)
        return self._publish(function, Description or "").described(qualified=True)

    def _publish(self, function: Function, description: str) -> Version:
        """A picture of $LATEST; the last one where nothing has changed since."""
        latest = function.latest
        last: Version | None = function.versions.get(str(function.published))
        if last is not None and (last.code, last.published_from) == (latest.code, latest.revision):
            return last
        function.published += 1
        number = str(function.published)
        config = {**latest.settings, "Description": description or latest.settings["Description"]}
        version = Version(function, number, latest.code, config, self.clock.time())
        version.revision = self.new_revision()
        version.published_from = latest.revision
        version.lifecycle = Lifecycle(self, [(PENDING, "function-creation"), (ACTIVE, None)])
        function.versions[number] = version
        return version

    def list_versions_by_function(
        self, FunctionName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        function = self.whole_function(FunctionName)
        return self.page(
            "Versions",
            [function.latest, *function.versions.values()],
            lambda version: version.described(qualified=True),
            lambda version: version.number if version.number == LATEST else version.number.zfill(12),
            Marker,
            MaxItems,
        )

    # --- aliases

    def create_alias(
        self,
        FunctionName: str,
        Name: str,
        FunctionVersion: str,
        Description: str | None = None,
        RoutingConfig: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        function = self.whole_function(FunctionName)
        arn = function.qualified(Name)
        if Name in function.aliases:
            raise conflict(f"Alias already exists: {arn}")
        weights = self._weights(function, FunctionVersion, RoutingConfig)
        alias = Alias(Name, arn, FunctionVersion, Description or "", weights)
        alias.revision = self.new_revision()
        function.aliases[Name] = alias
        return alias.described()

    def _weights(self, function: Function, version: str, routing: Mapping[str, Any] | None) -> Mapping[str, float]:
        """Shares of the traffic that other versions get; refuses versions that are none."""
        weights: dict[str, float] = dict((routing or {}).get("AdditionalVersionWeights") or {})
        for number in (version, *weights):
            if function.version(number) is None:
                raise no_function(function.qualified(number))
        if not weights:
            return {}
        if version == LATEST or LATEST in weights:
            raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
        if len(weights) > 1:
            raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
        if version in weights:
            raise invalid(
                f"Invalid function version {version}. Function version {version} is already included in routing "
                "configuration."
            )
        return weights

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:
        return self._alias(self.whole_function(FunctionName), Name).described()

    def update_alias(
        self,
        FunctionName: str,
        Name: str,
        FunctionVersion: str | None = None,
        Description: str | None = None,
        RoutingConfig: Mapping[str, Any] | None = None,
        RevisionId: str | None = None,
    ) -> dict[str, Any]:
        function = self.whole_function(FunctionName)
        alias = self._alias(function, Name)
        self.check_revision(RevisionId, alias.revision)
        version = FunctionVersion or alias.version
        routing = RoutingConfig if RoutingConfig is not None else {"AdditionalVersionWeights": alias.weights}
        weights = self._weights(function, version, routing)
        alias.version, alias.weights = version, weights
        if Description is not None:
            alias.description = Description
        alias.revision = self.new_revision()
        return alias.described()

    def delete_alias(self, FunctionName: str, Name: str) -> None:
        function = self.whole_function(FunctionName)
        function.aliases.pop(Name, None)
        for kept in (function.policies, function.urls, function.events, function.provisioned):
            kept.pop(Name, None)

    def list_aliases(
        self,
        FunctionName: str,
        FunctionVersion: str | None = None,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> dict[str, Any]:
        function = self.whole_function(FunctionName)
        found = [alias for alias in function.aliases.values() if FunctionVersion in (None, alias.version)]
        return self.page("Aliases", found, Alias.described, lambda alias: alias.name, Marker, MaxItems)

    def _alias(self, function: Function, name: str) -> Alias:
        found: Alias | None = function.aliases.get(name)
        if found is None:
            raise missing(f"Cannot find alias arn: {function.qualified(name)}")
        return found

    def routed(self, alias: Alias, function: Function) -> Version:
        """The version that one invocation of an alias runs."""
        number = alias.version
        for other, weight in alias.weights.items():
            what = f"routed an invocation of {alias.name} to version {other}"
            number = self.choose(_ROUTED, (number, other), weight, what)
        version = function.version(number)
        if version is None:
            raise no_function(function.qualified(number))
        return version

    # --- tags

    def tag_resource(self, Resource: str, Tags: Mapping[str, str]) -> None:
        record = self._tagged(Resource)
        record.tags = record.tags.with_(self, Tags, invalid="InvalidParameterValueException")

    def untag_resource(self, Resource: str, TagKeys: Sequence[str]) -> None:
        record = self._tagged(Resource)
        record.tags = record.tags.without(TagKeys)

    def list_tags(self, Resource: str) -> dict[str, Any]:
        tags: Tags = self._tagged(Resource).tags
        return {"Tags": tags.as_dict()}

    def _tagged(self, arn: str) -> Any:
        parts = arn.split(":")
        if len(parts) > 6 and parts[5] == "event-source-mapping":
            return self.mapping_at(parts[6])
        function, qualifier = self.function_at(arn)
        if qualifier is not None:
            raise invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
        return function
