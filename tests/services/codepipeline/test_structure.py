"""What a pipeline may look like."""

import pytest

pytestmark = pytest.mark.aws(at="2026-03-01T00:00:00Z")

ARTIFACTS = "arn:aws:codepipeline:us-east-1:123456789012:site"


@pytest.mark.rule("codepipeline-001")
def test_two_stages_and_sources_first(pipelines, declared, actions, refused):
    one = declared()
    assert refused(pipelines.create_pipeline, pipeline=one) == (
        "InvalidStructureException",
        "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline",
    )
    later = declared(Deploy=[{**actions["source"], "name": "Again", "outputArtifacts": [{"name": "Other"}]}])
    assert refused(pipelines.create_pipeline, pipeline=later)[0] == "InvalidStructureException"
    mixed = declared(Deploy=[actions["deploy"]])
    mixed["stages"][0]["actions"] = [actions["source"], actions["approval"]]
    assert refused(pipelines.create_pipeline, pipeline=mixed)[0] == "InvalidStructureException"
    assert pipelines.list_pipelines()["pipelines"] == []
    made = pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))["pipeline"]
    assert (made["version"], made["pipelineType"], made["executionMode"]) == (1, "V1", "SUPERSEDED")


@pytest.mark.rule("codepipeline-002")
def test_stages_are_added_and_actions_run_beside_each_other(pipelines, buckets, declared, actions, state):
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    make = actions["make"]
    first = make("One", "Deploy", "S3", {"BucketName": "site", "Extract": "false", "ObjectKey": "1"}, taken=["App"])
    second = make("Two", "Deploy", "S3", {"BucketName": "site", "Extract": "false", "ObjectKey": "2"}, taken=["App"])
    third = {**actions["approval"], "runOrder": 2}
    updated = pipelines.update_pipeline(pipeline=declared(Deploy=[actions["deploy"]], Both=[first, second, third]))
    assert updated["pipeline"]["version"] == 2
    known = pipelines.get_pipeline(name="site")
    assert known["metadata"]["pipelineArn"] == ARTIFACTS
    assert [one["runOrder"] for one in known["pipeline"]["stages"][2]["actions"]] == [1, 1, 2]
    pipelines.start_pipeline_execution(name="site")
    both = state()["Both"]
    assert (both["One"]["status"], both["Two"]["status"]) == ("Succeeded", "Succeeded")
    assert both["Ask"]["status"] == "InProgress"


@pytest.mark.rule("codepipeline-003")
def test_providers_are_of_a_list(pipelines, declared, actions, refused):
    offered = pipelines.list_action_types(actionOwnerFilter="AWS")["actionTypes"]
    sources = {one["id"]["provider"] for one in offered if one["id"]["category"] == "Source"}
    assert sources == {"S3", "CodeCommit", "ECR", "CodeStarSourceConnection"}
    unknown = declared(Deploy=[actions["deploy"]])
    unknown["stages"][0]["actions"] = [actions["make"]("Fetch", "Source", "Floppy", made=["App"])]
    assert refused(pipelines.create_pipeline, pipeline=unknown) == (
        "InvalidActionDeclarationException",
        "ActionType (Category: 'Source', Provider: 'Floppy', Owner: 'AWS', Version: '1') in action 'Fetch' is not "
        "available in region 'US_EAST_1'",
    )


SOURCES = {
    "CodeCommit": ("AWS", {"RepositoryName": "app", "BranchName": "main"}),
    "GitHub": ("ThirdParty", {"Owner": "me", "Repo": "app", "Branch": "main", "OAuthToken": "secret"}),
    "ECR": ("AWS", {"RepositoryName": "app"}),
    "S3": ("AWS", {"S3Bucket": "code", "S3ObjectKey": "app.zip"}),
}


@pytest.mark.rule("codepipeline-004", "codepipeline-005", "codepipeline-006", "codepipeline-007")
@pytest.mark.parametrize("provider", SOURCES)
def test_sources(pipelines, declared, actions, provider):
    owner, configuration = SOURCES[provider]
    pipeline = declared(Deploy=[actions["deploy"]])
    source = actions["make"]("Fetch", "Source", provider, configuration, owner=owner, made=["App"])
    pipeline["stages"][0]["actions"] = [source]
    pipelines.create_pipeline(pipeline=pipeline)
    known = pipelines.get_pipeline(name="site")["pipeline"]["stages"][0]["actions"][0]
    assert known["actionTypeId"]["provider"] == provider
    assert provider in {one["id"]["provider"] for one in pipelines.list_action_types()["actionTypes"]}


@pytest.mark.rule("codepipeline-008")
def test_artifacts_come_out_before_they_go_in(pipelines, declared, actions, refused):
    unmade = declared(Deploy=[{**actions["deploy"], "inputArtifacts": [{"name": "Nothing"}]}])
    code, message = refused(pipelines.create_pipeline, pipeline=unmade)
    assert code == "InvalidActionDeclarationException"
    assert "'Nothing' of action 'Publish' in stage 'Deploy' is not an output artifact" in message


def test_configuration_and_names(pipelines, declared, actions, refused):
    make = actions["make"]
    lacking = declared(Deploy=[make("Publish", "Deploy", "S3", {"BucketName": "site"}, taken=["App"])])
    assert refused(pipelines.create_pipeline, pipeline=lacking) == (
        "InvalidActionDeclarationException",
        "Action configuration for action 'Publish' is missing required configuration 'Extract'",
    )
    strange = make("Publish", "Deploy", "S3", {"BucketName": "site", "Extract": "true", "Color": "x"}, taken=["App"])
    _, message = refused(pipelines.create_pipeline, pipeline=declared(Deploy=[strange]))
    assert message == "Action configuration for action 'Publish' contains unknown configuration 'Color'"
    twice = declared(Source=[actions["deploy"]])
    assert refused(pipelines.create_pipeline, pipeline=twice)[0] == "InvalidStageDeclarationException"
    same = declared(Deploy=[actions["approval"], actions["approval"]])
    assert refused(pipelines.create_pipeline, pipeline=same)[0] == "InvalidActionDeclarationException"
    modern = declared(Deploy=[actions["deploy"]], executionMode="QUEUED")
    assert refused(pipelines.create_pipeline, pipeline=modern)[0] == "InvalidStructureException"
    many = declared(Deploy=[{**actions["approval"], "name": f"a{number}"} for number in range(50)])
    many["stages"] += [{"name": f"s{number}", "actions": [actions["approval"]]} for number in range(49)]
    assert refused(pipelines.create_pipeline, pipeline=many)[0] == "LimitExceededException"


def test_names_are_taken_once(pipelines, declared, actions, refused):
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]), tags=[{"key": "team", "value": "a"}])
    assert refused(pipelines.create_pipeline, pipeline=declared(Deploy=[actions["deploy"]])) == (
        "PipelineNameInUseException",
        "A pipeline with the name 'site' already exists in account '123456789012'",
    )
    assert pipelines.list_tags_for_resource(resourceArn=ARTIFACTS)["tags"] == [{"key": "team", "value": "a"}]
    pipelines.untag_resource(resourceArn=ARTIFACTS, tagKeys=["team"])
    pipelines.tag_resource(resourceArn=ARTIFACTS, tags=[{"key": "stage", "value": "prod"}])
    assert pipelines.list_tags_for_resource(resourceArn=ARTIFACTS)["tags"] == [{"key": "stage", "value": "prod"}]
    pipelines.delete_pipeline(name="site")
    pipelines.delete_pipeline(name="site")
    assert refused(pipelines.get_pipeline, name="site") == (
        "PipelineNotFoundException",
        "Account '123456789012' does not have a pipeline with name 'site'",
    )


def test_webhooks(pipelines, declared, actions, refused):
    pipelines.create_pipeline(pipeline=declared(Deploy=[actions["deploy"]]))
    webhook = {
        "name": "push",
        "targetPipeline": "site",
        "targetAction": "Fetch",
        "filters": [{"jsonPath": "$.ref", "matchEquals": "refs/heads/{Branch}"}],
        "authentication": "GITHUB_HMAC",
        "authenticationConfiguration": {"SecretToken": "secret"},
    }
    made = pipelines.put_webhook(webhook=webhook)["webhook"]
    assert made["url"].startswith("https://us-east-1.webhooks.aws/trigger?t=")
    open_ = {**webhook, "authenticationConfiguration": {}}
    code, _ = refused(pipelines.put_webhook, webhook=open_)
    assert code == "InvalidWebhookAuthenticationParametersException"
    assert [one["definition"]["name"] for one in pipelines.list_webhooks()["webhooks"]] == ["push"]
    pipelines.register_webhook_with_third_party(webhookName="push")
    pipelines.delete_webhook(name="push")
    assert refused(pipelines.register_webhook_with_third_party, webhookName="push")[0] == "WebhookNotFoundException"
