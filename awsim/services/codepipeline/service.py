"""AWS CodePipeline (regional).

Sources: CodePipeline User Guide and API Reference. Third-party jobs, action types of partners, conditions of stages and
their rules are not modelled; actions of providers that awsim does not have fail and say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.codepipeline.records import Webhook
from awsim.services.codepipeline.working import Working


class CodePipeline(Working):
    """Pipelines, executions and jobs; webhooks, and the tags of all of them."""

    # --- webhooks

    def put_webhook(self, webhook: Mapping[str, Any], tags: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
        self.pipeline(webhook["targetPipeline"])
        self._check_authentication(webhook)
        for one in webhook["filters"]:
            if not one["jsonPath"].startswith("$"):
                raise self.error(
                    "InvalidWebhookFilterPatternException", f"The JSON path {one['jsonPath']} is not valid"
                )
        name = webhook["name"]
        known: Webhook | None = self.webhooks.get(name)
        if known is None:
            token = self.ids.hex("webhook", 64)
            url = f"https://{self.region}.webhooks.aws/trigger?t={token}&v=1"
            known = self.webhooks.add(Webhook(name, self.arn(f"webhook:{name}"), url, webhook))
        known.definition = webhook
        known.tags = self.tags_with(known.tags, tags)
        return {"webhook": known.described()}

    def _check_authentication(self, webhook: Mapping[str, Any]) -> None:
        given = webhook["authenticationConfiguration"]
        needed = {"GITHUB_HMAC": "SecretToken", "IP": "AllowedIPRange"}.get(webhook["authentication"])
        if (needed is not None and not given.get(needed)) or any(name != needed for name in given):
            raise self.error(
                "InvalidWebhookAuthenticationParametersException",
                f"The authentication {webhook['authentication']} takes {needed or 'no configuration'} and nothing else",
            )

    def list_webhooks(self, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        return self.page(
            "webhooks", self.webhooks, Webhook.described, lambda one: one.name, NextToken, MaxResults, "NextToken"
        )

    def delete_webhook(self, name: str) -> None:
        self.webhooks.pop(name, None)

    def register_webhook_with_third_party(self, webhookName: str | None = None) -> None:
        self._webhook(webhookName).registered = True

    def deregister_webhook_with_third_party(self, webhookName: str | None = None) -> None:
        self._webhook(webhookName).registered = False

    def _webhook(self, name: str | None) -> Webhook:
        found: Webhook | None = self.webhooks.get(name)
        if found is None:
            raise self.error("WebhookNotFoundException", f"The webhook '{name or ''}' could not be found")
        return found

    # --- tags

    def tag_resource(self, resourceArn: str, tags: Sequence[Mapping[str, str]]) -> None:
        resource = self._resource(resourceArn)
        resource.tags = self.tags_with(resource.tags, tags)

    def untag_resource(self, resourceArn: str, tagKeys: Sequence[str]) -> None:
        resource = self._resource(resourceArn)
        resource.tags = resource.tags.without(tagKeys)

    def list_tags_for_resource(
        self, resourceArn: str, nextToken: str | None = None, maxResults: int | None = None
    ) -> dict[str, Any]:
        tags = self._resource(resourceArn).tags.as_list("key", "value")
        return self.page("tags", tags, dict, lambda one: one["key"], nextToken, maxResults)

    def _resource(self, arn: str) -> Any:
        if not arn.startswith(f"arn:{self.partition}:codepipeline:"):
            raise self.error("InvalidArnException", f"The ARN {arn} is not valid")
        found = self.find(arn)
        if found is None:
            raise self.error("ResourceNotFoundException", f"The resource {arn} could not be found")
        return found


SERVICE = CodePipeline
