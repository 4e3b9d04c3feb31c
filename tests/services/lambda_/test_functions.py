"""Functions, versions, aliases, tags, layers: the control plane."""

import json

import pytest

from tests.services.lambda_.conftest import ACCOUNT, REGION, ROLE, zipped

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
INVALID = "InvalidParameterValueException"


@pytest.mark.rule("lambda-001", "lambda-008", "lambda-012", "lambda-015", "lambda-027", "lambda-114")
def test_a_function_begins_pending_with_the_defaults(make, functions):
    made = make()
    assert (made["State"], made["FunctionArn"], made["Version"]) == ("Pending", ARN, "$LATEST")
    shown = functions.get_function(FunctionName="f")
    now = shown["Configuration"]
    assert (now["State"], now["MemorySize"], now["Timeout"]) == ("Active", 128, 3)
    assert (now["EphemeralStorage"], now["TracingConfig"]) == ({"Size": 512}, {"Mode": "PassThrough"})
    assert shown["Code"]["RepositoryType"] == "S3"
    assert [one["FunctionName"] for one in functions.list_functions()["Functions"]] == ["f"]


@pytest.mark.aws(lifecycle="timed", at="2026-01-01")
def test_creation_and_updates_take_time(aws, make, functions, refused):
    make(code=lambda event, context: 1)
    pending = "The function is currently in the following state: Pending"
    code, message = refused(functions.invoke, FunctionName="f")
    assert (code, pending in message) == ("ResourceConflictException", True)
    code, message = refused(functions.update_function_configuration, FunctionName="f", Timeout=5)
    assert (code, pending in message) == ("ResourceConflictException", True)
    functions.get_waiter("function_active_v2").wait(FunctionName="f")
    changed = functions.update_function_configuration(FunctionName="f", Timeout=5)
    assert changed["LastUpdateStatus"] == "InProgress"
    code, message = refused(functions.update_function_code, FunctionName="f", ZipFile=zipped(app="y = 2"))
    assert (code, f"An update is in progress for resource: {ARN}" in message) == ("ResourceConflictException", True)
    functions.get_waiter("function_updated_v2").wait(FunctionName="f")
    assert functions.get_function_configuration(FunctionName="f")["Timeout"] == 5


@pytest.mark.rule("lambda-002")
def test_a_name_is_used_once(make, functions, refused):
    make()
    code = {"ZipFile": zipped(app="x = 1")}
    given = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "a.b", "Role": ROLE, "Code": code}
    assert refused(functions.create_function, **given) == (
        "ResourceConflictException",
        "Function already exist: f",
    )


@pytest.mark.rule("lambda-003")
def test_runtime_and_handler(make, functions, refused):
    create = lambda **more: make("g", **more)  # noqa: E731
    code, message = refused(create, Runtime="python9")
    assert (code, message.startswith("Value python9 at 'runtime' failed to satisfy constraint")) == (INVALID, True)
    code, message = refused(create, Runtime="go1.x")
    assert (code, "go1.x is no longer supported" in message) == (INVALID, True)
    missing = "Runtime and Handler are mandatory parameters for functions created with deployment packages."
    given = {"FunctionName": "g", "Role": ROLE, "Code": {"ZipFile": zipped(app="x = 1")}}
    assert refused(functions.create_function, Runtime="python3.12", **given) == (INVALID, missing)
    assert functions.list_functions()["Functions"] == []


@pytest.mark.rule("lambda-004")
def test_code_from_s3(client, make, functions, refused):
    s3 = client("s3")
    s3.create_bucket(Bucket="packages")
    where = {"S3Bucket": "packages", "S3Key": "app.zip"}
    gone = (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."
    )
    assert refused(make, Code=where) == (INVALID, gone)
    data = zipped(app="x = 1")
    s3.put_object(Bucket="packages", Key="app.zip", Body=data)
    made = make(Code=where)
    assert made["CodeSize"] == len(data)
    changed = functions.update_function_code(FunctionName="f", ZipFile=data)
    assert changed["CodeSha256"] == made["CodeSha256"]
    assert functions.update_function_code(FunctionName="f", ZipFile=zipped(app="y"))["CodeSha256"] != made["CodeSha256"]


def test_what_is_no_zip(make, refused):
    message = "Could not unzip uploaded file. Please check your file, then try to upload again."
    assert refused(make, Code={"ZipFile": b"no zip"}) == (INVALID, message)


@pytest.mark.rule("lambda-024")
@pytest.mark.aws(limits={"lambda.unzipped-size": 3})
def test_unzipped_size(make, refused):
    make("small", Code={"ZipFile": zipped(app="x=1")})
    big = {"ZipFile": zipped(app="x = 1")}
    assert refused(make, Code=big) == (INVALID, "Unzipped size must be smaller than 3 bytes")


@pytest.mark.rule("lambda-023")
@pytest.mark.aws(limits={"lambda.zip-size": 10})
def test_zip_size(make, refused):
    assert refused(make)[0] == "RequestEntityTooLargeException"


@pytest.mark.rule("lambda-007")
def test_tags(make, functions):
    make(Tags={"team": "a"})
    functions.tag_resource(Resource=ARN, Tags={"stage": "prod"})
    assert functions.list_tags(Resource=ARN)["Tags"] == {"team": "a", "stage": "prod"}
    functions.untag_resource(Resource=ARN, TagKeys=["team"])
    assert functions.get_function(FunctionName="f")["Tags"] == {"stage": "prod"}


@pytest.mark.rule("lambda-009", "lambda-010", "lambda-011", "lambda-013", "lambda-016", "lambda-017")
def test_bounds_of_memory_time_and_storage(aws, make, refused):
    made = make(MemorySize=129, Timeout=900, EphemeralStorage={"Size": 10240})
    assert (made["MemorySize"], made["Timeout"], made["EphemeralStorage"]["Size"]) == (129, 900, 10240)
    word = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have value "
    create = lambda **more: make("g", **more)  # noqa: E731
    for more, value, at, most in (
        ({"MemorySize": 10241}, 10241, "memorySize", 10240),
        ({"Timeout": 901}, 901, "timeout", 900),
        ({"EphemeralStorage": {"Size": 10241}}, 10241, "ephemeralStorage.size", 10240),
    ):
        message = f"{word.format(value, at)}less than or equal to {most}"
        assert refused(create, **more) == ("ValidationException", message)
    aws.call("lambda", "GetFunction", FunctionName="f")
    for more in ({"MemorySize": 127}, {"EphemeralStorage": {"Size": 511}}):
        with pytest.raises(Exception, match="127|511"):
            aws.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", **more)


@pytest.mark.rule("lambda-020")
def test_reserved_variables(make, refused):
    code, message = refused(make, Environment={"Variables": {"AWS_REGION": "x", "MINE": "y"}})
    assert code == INVALID
    assert message.endswith("Reserved keys used in this request: AWS_REGION")


@pytest.mark.rule("lambda-021")
def test_size_of_all_variables(make, functions, refused):
    fits = {"KEY": "x" * (4096 - len('{"KEY":""}'))}
    make(Environment={"Variables": fits})
    more = {"Variables": {"KEY": fits["KEY"] + "x"}}
    code, message = refused(functions.update_function_configuration, FunctionName="f", Environment=more)
    assert (code, "exceeded the 4KB limit" in message) == (INVALID, True)
    assert functions.get_function_configuration(FunctionName="f")["Environment"]["Variables"] == fits


def test_images_take_no_runtime(functions, refused):
    given = {"FunctionName": "f", "Role": ROLE, "PackageType": "Image", "Code": {"ImageUri": "1.dkr.ecr/app:1"}}
    assert functions.create_function(**given)["PackageType"] == "Image"
    message = "Please don't provide Runtime, Handler or Layer when the PackageType is set as Image."
    given["FunctionName"] = "g"
    assert refused(functions.create_function, Runtime="python3.12", **given) == (INVALID, message)


@pytest.mark.rule("lambda-028", "lambda-029")
def test_versions_are_pictures(aws, make, functions, refused):
    make(code=lambda event, context: "latest")
    first = functions.publish_version(FunctionName="f")
    assert (first["Version"], first["FunctionArn"]) == ("1", f"{ARN}:1")
    assert functions.publish_version(FunctionName="f")["Version"] == "1"
    functions.update_function_code(FunctionName="f", ZipFile=zipped(app="y = 2"))
    assert functions.publish_version(FunctionName="f")["Version"] == "2"
    assert functions.get_function(FunctionName="f:1")["Configuration"]["CodeSha256"] == first["CodeSha256"]
    assert refused(functions.update_function_configuration, FunctionName=f"{ARN}:1", Timeout=5)[0] == INVALID
    aws.functions["f:1"] = lambda event, context: context.function_version
    answer = functions.invoke(FunctionName="f", Qualifier="1")
    assert (json.load(answer["Payload"]), answer["ExecutedVersion"]) == ("1", "1")
    functions.delete_function(FunctionName="f", Qualifier="1")
    listed = functions.list_versions_by_function(FunctionName="f")["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "2"]
    missing = ("ResourceNotFoundException", f"Function not found: {ARN}:1")
    assert refused(functions.get_function, FunctionName="f", Qualifier="1") == missing


@pytest.mark.rule("lambda-030", "lambda-031")
def test_aliases(make, functions, refused):
    make(code=lambda event, context: context.invoked_function_arn)
    functions.publish_version(FunctionName="f")
    functions.update_function_configuration(FunctionName="f", Timeout=5)
    functions.publish_version(FunctionName="f")
    made = functions.create_alias(FunctionName="f", Name="prod", FunctionVersion="1")
    assert made["AliasArn"] == f"{ARN}:prod"
    answer = functions.invoke(FunctionName="f", Qualifier="prod")
    assert (json.load(answer["Payload"]), answer["ExecutedVersion"]) == (f"{ARN}:prod", "1")
    functions.update_alias(FunctionName="f", Name="prod", FunctionVersion="2")
    assert functions.invoke(FunctionName="f:prod")["ExecutedVersion"] == "2"
    gone = ("ResourceNotFoundException", f"Function not found: {ARN}:9")
    assert refused(functions.update_alias, FunctionName="f", Name="prod", FunctionVersion="9") == gone
    routing = {"AdditionalVersionWeights": {"1": 0.05}}
    shown = functions.update_alias(FunctionName="f", Name="prod", RoutingConfig=routing)
    assert shown["RoutingConfig"] == routing
    mixed = "$LATEST is not supported for an alias pointing to more than 1 version"
    create = {"FunctionName": "f", "Name": "x", "FunctionVersion": "$LATEST", "RoutingConfig": routing}
    assert refused(functions.create_alias, **create) == (INVALID, mixed)
    listed = functions.list_aliases(FunctionName="f")["Aliases"]
    assert [one["Name"] for one in listed] == ["prod"]
    functions.delete_alias(FunctionName="f", Name="prod")
    assert refused(functions.get_alias, FunctionName="f", Name="prod") == (
        "ResourceNotFoundException",
        f"Cannot find alias arn: {ARN}:prod",
    )


@pytest.mark.rule("lambda-031")
@pytest.mark.aws(replay="lambda.alias-routing#2=1")
def test_an_alias_divides_traffic(make, functions):
    make(code=lambda event, context: None)
    functions.publish_version(FunctionName="f")
    functions.update_function_configuration(FunctionName="f", Timeout=5)
    functions.publish_version(FunctionName="f")
    routing = {"AdditionalVersionWeights": {"2": 0.05}}
    functions.create_alias(FunctionName="f", Name="prod", FunctionVersion="1", RoutingConfig=routing)
    ran = [functions.invoke(FunctionName="f:prod")["ExecutedVersion"] for _ in range(3)]
    assert ran == ["1", "2", "1"]


@pytest.mark.rule("lambda-025", "lambda-026")
def test_layers(make, functions, refused):
    publish = lambda name: functions.publish_layer_version(  # noqa: E731
        LayerName=name, Content={"ZipFile": zipped(lib="z = 3")}, CompatibleRuntimes=["python3.12"]
    )
    first, second = publish("common"), publish("common")
    assert first["LayerVersionArn"].endswith(":layer:common:1")
    assert (second["Version"], second["LayerArn"]) == (2, first["LayerArn"])
    arn = first["LayerVersionArn"]
    for name in ("f", "g"):
        assert [layer["Arn"] for layer in make(name, Layers=[arn])["Layers"]] == [arn]
    unknown = arn.rpartition(":")[0] + ":9"
    assert refused(make, name="h", Layers=[unknown]) == (INVALID, f"Layer version {unknown} does not exist.")
    six = [publish(f"l{number}")["LayerVersionArn"] for number in range(6)]
    assert refused(make, name="h", Layers=six) == (INVALID, "Cannot reference more than 5 layers.")
    assert make("h", Layers=six[:5])["Layers"][4]["Arn"] == six[4]
    versions = functions.list_layer_versions(LayerName="common")["LayerVersions"]
    assert [one["Version"] for one in versions] == [2, 1]
    functions.delete_layer_version(LayerName="common", VersionNumber=2)
    newest = {one["LayerName"]: one["LatestMatchingVersion"]["Version"] for one in functions.list_layers()["Layers"]}
    assert newest["common"] == 1


@pytest.mark.rule("lambda-056")
def test_provisioned_concurrency(make, functions, refused):
    make()
    functions.publish_version(FunctionName="f")
    made = functions.put_provisioned_concurrency_config(
        FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=5
    )
    assert made["Status"] == "IN_PROGRESS"
    now = functions.get_provisioned_concurrency_config(FunctionName="f", Qualifier="1")
    assert (now["Status"], now["AvailableProvisionedConcurrentExecutions"]) == ("READY", 5)
    put = {"FunctionName": "f", "Qualifier": "$LATEST", "ProvisionedConcurrentExecutions": 5}
    assert refused(functions.put_provisioned_concurrency_config, **put)[0] == INVALID


def test_reserved_concurrency_leaves_a_hundred(make, functions, refused):
    make()
    put = lambda number: functions.put_function_concurrency(  # noqa: E731
        FunctionName="f", ReservedConcurrentExecutions=number
    )
    put(900)
    message = (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        "its minimum value of [100]."
    )
    assert refused(put, number=901) == (INVALID, message)
    assert functions.get_function_concurrency(FunctionName="f")["ReservedConcurrentExecutions"] == 900
    limits = functions.get_account_settings()["AccountLimit"]
    assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (1000, 100)


@pytest.mark.rule("lambda-059")
def test_permissions(make, functions, refused):
    make()
    given = {"FunctionName": "f", "StatementId": "s3", "Action": "lambda:InvokeFunction"}
    more = {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::b", "SourceAccount": ACCOUNT}
    made = json.loads(functions.add_permission(**given, **more)["Statement"])
    assert made == {
        "Sid": "s3",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"},
        },
    }
    policy = json.loads(functions.get_policy(FunctionName="f")["Policy"])
    assert (policy["Id"], policy["Statement"]) == ("default", [made])
    assert refused(functions.add_permission, **given, **more)[0] == "ResourceConflictException"
    functions.remove_permission(FunctionName="f", StatementId="s3")
    gone = ("ResourceNotFoundException", "The resource you requested does not exist.")
    assert refused(functions.get_policy, FunctionName="f") == gone


@pytest.mark.rule("lambda-059")
def test_another_account_needs_the_functions_policy(make, client, functions, refused):
    make(code=lambda event, context: "ran")
    other = client("lambda", aws_access_key_id="210987654321", aws_secret_access_key="x")
    assert refused(other.invoke, FunctionName=ARN)[0] == "AccessDeniedException"
    functions.add_permission(
        FunctionName="f", StatementId="other", Action="lambda:InvokeFunction", Principal="210987654321"
    )
    assert json.load(other.invoke(FunctionName=ARN)["Payload"]) == "ran"
    assert refused(other.delete_function, FunctionName=ARN)[0] == "AccessDeniedException"


def test_revisions(make, functions, refused):
    revision = make()["RevisionId"]
    functions.update_function_configuration(FunctionName="f", Timeout=4, RevisionId=revision)
    given = {"FunctionName": "f", "Timeout": 5, "RevisionId": revision}
    assert refused(functions.update_function_configuration, **given)[0] == "PreconditionFailedException"


def test_what_is_not_there(functions, refused):
    missing = ("ResourceNotFoundException", f"Function not found: {ARN}")
    for call in (functions.get_function, functions.invoke, functions.delete_function, functions.get_policy):
        assert refused(call, FunctionName="f") == missing


@pytest.mark.rule("lambda-044")
def test_dead_letters_go_to_queues_and_topics(make, refused):
    target = {"TargetArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"}
    assert refused(make, DeadLetterConfig=target)[0] == INVALID
