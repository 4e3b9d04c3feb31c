"""Operations on resource-based policies of functions, and what an execution role may do.

Source: Lambda API Reference, AddPermission; Developer Guide, "Viewing resource-based IAM policies in Lambda".
"""

from __future__ import annotations

from typing import Any

from awsim.auth.credentials import administrator
from awsim.auth.policy import PolicyError, parse
from awsim.services.lambda_ import names, permissions
from awsim.services.lambda_.base import Base
from awsim.services.lambda_.function import Function
from awsim.services.lambda_.names import LATEST
from awsim.services.lambda_.permissions import Policy
from awsim.services.lambda_.refusals import changed, conflict, invalid, missing, no_function

_NO_POLICY = "No policy is associated with the given resource."


class Access(Base):
    """Who may use a function."""

    def add_permission(
        self,
        FunctionName: str,
        StatementId: str,
        Action: str,
        Principal: str,
        SourceArn: str | None = None,
        FunctionUrlAuthType: str | None = None,
        InvokedViaFunctionUrl: bool | None = None,
        SourceAccount: str | None = None,
        EventSourceToken: str | None = None,
        Qualifier: str | None = None,
        RevisionId: str | None = None,
        PrincipalOrgID: str | None = None,
    ) -> dict[str, Any]:
        function, qualifier = self._owned(FunctionName, Qualifier)
        if qualifier == LATEST:
            raise invalid("We currently do not support adding policies for $LATEST.")
        policy: Policy | None = function.policies.get(qualifier)
        if RevisionId is not None and (policy is None or policy.revision != RevisionId):
            raise changed()
        statements = policy.statements if policy is not None else ()
        if any(one["Sid"] == StatementId for one in statements):
            raise conflict(
                f"The statement id ({StatementId}) provided already exists. Please provide a new statement id, or "
                "remove the existing statement."
            )
        if FunctionUrlAuthType is not None and Action != "lambda:InvokeFunctionUrl":
            raise invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
        made = permissions.statement(
            StatementId,
            function.qualified(qualifier),
            Action,
            permissions.principal(Principal, self.partition),
            source_arn=SourceArn,
            source_account=SourceAccount,
            organization=PrincipalOrgID,
            token=EventSourceToken,
            url_auth=FunctionUrlAuthType,
            through_url=InvokedViaFunctionUrl,
        )
        text = permissions.written((*statements, made))
        self.limits.check("policy-size", len(text.encode()))
        try:
            parse(text, "resource")
        except PolicyError:
            message = "The provided principal was invalid. Please check the principal and try again."
            raise invalid(message) from None
        function.policies[qualifier] = Policy((*statements, made), self.new_revision())
        return {"Statement": permissions.one(made)}

    def remove_permission(
        self, FunctionName: str, StatementId: str, Qualifier: str | None = None, RevisionId: str | None = None
    ) -> None:
        function, qualifier = self._owned(FunctionName, Qualifier)
        policy: Policy | None = function.policies.get(qualifier)
        if policy is None:
            raise missing(_NO_POLICY)
        self.check_revision(RevisionId, policy.revision)
        kept = tuple(one for one in policy.statements if one["Sid"] != StatementId)
        if len(kept) == len(policy.statements):
            raise missing(f"Statement {StatementId} is not found in resource policy.")
        if kept:
            function.policies[qualifier] = Policy(kept, self.new_revision())
        else:
            del function.policies[qualifier]

    def get_policy(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        function, qualifier = self._owned(FunctionName, Qualifier)
        policy: Policy | None = function.policies.get(qualifier)
        if policy is None:
            raise missing()
        return {"Policy": permissions.written(policy.statements), "RevisionId": policy.revision}

    def _owned(self, text: str, qualifier: str | None) -> tuple[Function, str]:
        """A function and the version or alias of it that is asked for, "" for none."""
        asked = names.read(text, qualifier).qualifier
        function, _ = self.function_at(text)
        if asked is not None and not function.has(asked):
            raise no_function(function.qualified(asked))
        return function, asked or ""

    def role_may(self, role: str, action: str, arn: str) -> bool:
        """Whether the policies of an execution role allow something; without `authorization` they are not asked."""
        if self.cloud.authorization is None:
            return True
        account = role.split(":")[4]
        answer = self.call(
            "iam",
            "SimulatePrincipalPolicy",
            as_=administrator(account),
            account_=account,
            PolicySourceArn=role,
            ActionNames=[action],
            ResourceArns=[arn],
        )
        return all(one["EvalDecision"] == "allowed" for one in answer["EvaluationResults"])

    def check_dead_letters(self, made: Any, function: Function) -> None:
        """Refuse a dead-letter target that the function's role may not send to."""
        target = (made.get("DeadLetterConfig") or {}).get("TargetArn")
        if target is None:
            return
        action, on = ("SendMessage", "SQS") if target.split(":")[2] == "sqs" else ("Publish", "SNS")
        if not self.role_may(made["Role"], f"{on.lower()}:{action}", target):
            raise invalid(f"The provided execution role does not have permissions to call {action} on {on}")
