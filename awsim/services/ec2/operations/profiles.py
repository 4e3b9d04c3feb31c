"""Instance profiles on instances. Source: EC2 User Guide, "IAM roles for Amazon EC2"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.auth.credentials import administrator
from awsim.errors import AWSError
from awsim.services.ec2.filters import Filters
from awsim.services.ec2.instance import Instance
from awsim.services.ec2.kinds import Kept, Kind, Resource
from awsim.services.ec2.operations.attributes import AttributeOperations

_FILTERS = {"instance-id": "InstanceId", "state": "State"}


class ProfileAssociation(Resource):
    kind = Kind(
        "iam-instance-profile-association", "iip-assoc", "InvalidAssociationID.NotFound",
        "An invalid association-id of '{id}' was given", "InvalidAssociationID.Malformed",
    )  # fmt: skip

    def __init__(
        self, id_: str, owner: str, created: float, instance: Instance, profile: Mapping[str, str], state: str
    ) -> None:
        super().__init__(id_, owner, created)
        self.instance = instance
        self.profile = profile
        self.state = state

    def described(self) -> dict[str, Any]:
        return {
            "AssociationId": self.id,
            "InstanceId": self.instance.id,
            "IamInstanceProfile": dict(self.profile),
            "State": self.state,
        }


class ProfileOperations(AttributeOperations):
    profiles = Kept(ProfileAssociation)

    def associate_iam_instance_profile(self, IamInstanceProfile: Mapping[str, str], InstanceId: str) -> dict[str, Any]:
        instance = self.instances[InstanceId]
        profile = self.profile_named(IamInstanceProfile)
        if instance.state not in ("running", "stopped", "pending", "stopping"):
            raise AWSError(
                "IncorrectInstanceState", f"The instance '{instance.id}' is not in a valid state for this operation."
            )
        if self._of(instance) is not None:
            raise AWSError("IncorrectState", f"There is an existing association for instance {instance.id}")
        return {"IamInstanceProfileAssociation": self._associate(instance, profile, "associating").described()}

    def replace_iam_instance_profile_association(
        self, IamInstanceProfile: Mapping[str, str], AssociationId: str
    ) -> dict[str, Any]:
        association = self._association(AssociationId)
        profile = self.profile_named(IamInstanceProfile)
        self._end(association)
        made = self._associate(association.instance, profile, "associating")
        return {"IamInstanceProfileAssociation": made.described()}

    def disassociate_iam_instance_profile(self, AssociationId: str) -> dict[str, Any]:
        association = self._association(AssociationId)
        association.state = "disassociating"
        answer = association.described()
        self._end(association)
        return {"IamInstanceProfileAssociation": answer}

    def describe_iam_instance_profile_associations(
        self,
        AssociationIds: Sequence[str] = (),
        Filters: Filters = (),
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        for instance in self.instances:
            self._of(instance)
        chosen = [self._association(id_) for id_ in AssociationIds] if AssociationIds else list(self.profiles)
        chosen = [each for each in chosen if each.instance.alive]
        return self.listing("IamInstanceProfileAssociations", chosen, Filters, _FILTERS, NextToken, MaxResults)

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """Who gives an instance a profile passes the role that is in it."""
        if name != "role-of-profile":
            return super().resource_arn(name, arn, params)
        given = params.get("IamInstanceProfile") or {}
        wanted = given.get("Name") or (given.get("Arn") or "").rpartition("/")[2]
        role = self.role_in(wanted)
        return arn if role is None else str(role["Arn"])

    # --- parts

    def role_in(self, profile: str, id_: str | None = None) -> Mapping[str, Any] | None:
        """The role that an instance profile (of that id, if one is given) holds now, as IAM shows it."""
        try:
            found = self.call(
                "iam", "GetInstanceProfile", as_=administrator(self.account), InstanceProfileName=profile or "-"
            )["InstanceProfile"]
        except AWSError:
            return None
        if id_ not in (None, found["InstanceProfileId"]) or not found["Roles"]:
            return None
        role: Mapping[str, Any] = found["Roles"][0]
        return role

    def _association(self, id_: str) -> ProfileAssociation:
        found = self.profiles.get(id_)
        if found is None:
            raise AWSError(ProfileAssociation.kind.code, f"An invalid association-id of '{id_}' was given")
        return found

    def _of(self, instance: Instance) -> ProfileAssociation | None:
        """The association of an instance; one that was launched with a profile has one too."""
        found = self.profiles.find(lambda each: each.instance is instance)
        if found is None and instance.profile is not None and instance.alive:
            found = self._associate(instance, instance.profile, "associated")
        return found

    def _associate(self, instance: Instance, profile: Mapping[str, str], state: str) -> ProfileAssociation:
        id_ = self.profiles.new_id()
        made = self.profiles.add(ProfileAssociation(id_, self.account, self.clock.time(), instance, profile, state))
        instance.profile = profile
        instance.metadata_role = None
        if state == "associating":
            self.later(0, "_profile_settled", association=id_)
        return made

    def _profile_settled(self, association: str) -> None:
        found = self.profiles.get(association)
        if found is not None and found.state == "associating":
            found.state = "associated"

    def _end(self, association: ProfileAssociation) -> None:
        association.instance.profile = None
        association.instance.metadata_role = None
        self.profiles.remove(association.id)
