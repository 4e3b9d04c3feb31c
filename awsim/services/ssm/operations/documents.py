"""Documents: creating, reading, versions, sharing. Those that Amazon owns are in `owned`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.ssm import content, owned, refusals
from awsim.services.ssm.document import Document, DocumentVersion
from awsim.services.ssm.operations.common import Operations
from awsim.state import Collection, Lifecycle
from awsim.state.pages import number
from awsim.state.tags import tag_map

_AMAZON = "Amazon"
_RESERVED = ("aws", "amazon", "amzn")
_NONE = "The specified document does not exist."
_KEYS = ("Name", "Owner", "PlatformTypes", "DocumentType", "SearchKeyword", "TargetType")


class DocumentOperations(Operations):
    documents = Collection("document", quota="documents")

    # --- making

    def create_document(
        self,
        Content: str,
        Name: str,
        Requires: Sequence[Mapping[str, Any]] = (),
        DisplayName: str | None = None,
        VersionName: str | None = None,
        DocumentType: str | None = None,
        DocumentFormat: str | None = None,
        TargetType: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        if Name.lower().startswith(_RESERVED):
            raise refusals.invalid(
                f"{Name} can't be the name of a document: names that begin with aws, amazon or amzn are reserved."
            )
        if Name in self.documents:
            raise AWSError("DocumentAlreadyExists", f"Document with same name {Name} already exists")
        kind = DocumentType or content.COMMAND
        document = Document(Name, self.arn(f"document/{Name}"), self.account, kind)
        version = self._new_version(document, Content, DocumentFormat, VersionName, DisplayName, TargetType, "Creating")
        document.tags = document.tags.with_(self, tag_map(Tags), invalid="ValidationException")
        document.requires = tuple(Requires)
        document.add(version)
        self.documents.add(document)
        return {"DocumentDescription": document.described(version)}

    def update_document(
        self,
        Content: str,
        Name: str,
        DisplayName: str | None = None,
        VersionName: str | None = None,
        DocumentVersion: str | None = None,
        DocumentFormat: str | None = None,
        TargetType: str | None = None,
    ) -> dict[str, Any]:
        document = self._own(Name)
        if DocumentVersion is not None and document.at(DocumentVersion) is not document.latest:
            raise AWSError("InvalidDocumentVersion", "The document version is not valid or does not exist.")
        version = self._new_version(document, Content, DocumentFormat, VersionName, DisplayName, TargetType, "Updating")
        if any(each.hash == version.hash for each in document.versions.values()):
            raise AWSError(
                "DuplicateDocumentContent",
                "The content of the association document matches another document. Change the content of the document "
                "and try again.",
            )
        if VersionName is not None and any(each.name == VersionName for each in document.versions.values()):
            raise AWSError(
                "DuplicateDocumentVersionName",
                "The version name has already been used in this document. Specify a different version name, and then "
                "try again.",
            )
        self.limits.quota("document-versions", len(document.versions), document.name)
        document.add(version)
        return {"DocumentDescription": document.described(version)}

    def _new_version(
        self,
        document: Document,
        text: str,
        form: str | None,
        name: str | None,
        display: str | None,
        target: str | None,
        state: str,
    ) -> DocumentVersion:
        self.limits.check("document-size", len(text.encode()))
        form = form or "JSON"
        if document.kind not in content.TYPES:
            raise refusals.constraint(document.kind, "documentType", "Member must satisfy enum value set")
        held = content.loaded(text, form)
        schema = content.check(document.kind, held)
        life = Lifecycle(self, [(state, "document-creation"), ("Active", None)])
        return DocumentVersion(
            document.created_versions + 1, text, form, held, schema, self.now, name, display, target, life
        )

    def update_document_default_version(self, Name: str, DocumentVersion: str) -> dict[str, Any]:
        document = self._own(Name)
        version = self.version_of(document, DocumentVersion)
        document.default = version.number
        return {
            "Description": {"Name": Name, "DefaultVersion": str(version.number), "DefaultVersionName": version.name}
        }

    def delete_document(
        self,
        Name: str,
        DocumentVersion: str | None = None,
        VersionName: str | None = None,
        Force: bool | None = None,
    ) -> None:
        document = self._own(Name)
        if document.shared:
            raise AWSError("InvalidDocumentOperation", "You must stop sharing the document before you can delete it.")
        if DocumentVersion is None and VersionName is None:
            self.check_unassociated(Name)
            self.documents.remove(Name)
            return
        version = self.version_of(document, DocumentVersion, VersionName)
        if version.number == document.default:
            raise AWSError("InvalidDocumentOperation", "Default version of the document can't be deleted.")
        del document.versions[version.number]
        self.limits.used("document-versions", len(document.versions), document.name)

    def check_unassociated(self, name: str) -> None:
        """Refuse to delete a document that associations use; see `associations`."""

    # --- reading

    def describe_document(
        self, Name: str, DocumentVersion: str | None = None, VersionName: str | None = None
    ) -> dict[str, Any]:
        document = self.document_at(Name)
        return {"Document": document.described(self.version_of(document, DocumentVersion, VersionName))}

    def get_document(
        self,
        Name: str,
        VersionName: str | None = None,
        DocumentVersion: str | None = None,
        DocumentFormat: str | None = None,
    ) -> dict[str, Any]:
        document = self.document_at(Name)
        version = self.version_of(document, DocumentVersion, VersionName)
        return {
            "Name": document.name,
            "CreatedDate": version.created,
            "DisplayName": version.display,
            "VersionName": version.name,
            "DocumentVersion": str(version.number),
            "Status": version.status,
            "Content": content.written(version.text, version.form, DocumentFormat),
            "DocumentType": document.kind,
            "DocumentFormat": DocumentFormat or version.form,
            "Requires": list(document.requires) or None,
        }

    def list_document_versions(
        self, Name: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        document = self.document_at(Name)
        return self.page(
            "DocumentVersions",
            document.versions.values(),
            document.listed_version,
            lambda version: number(-version.number + 10**9),
            NextToken,
            MaxResults,
        )

    def list_documents(
        self,
        DocumentFilterList: Sequence[Mapping[str, str]] = (),
        Filters: Sequence[Mapping[str, Any]] = (),
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        wanted = [(each["key"], [each["value"]]) for each in DocumentFilterList]
        wanted += [(each.get("Key", ""), list(each.get("Values") or ())) for each in Filters]
        for key, _ in wanted:
            if key not in _KEYS and not key.startswith("tag:"):
                raise AWSError("InvalidFilterKey", f"The specified key {key} isn't valid.")
        every = [*self.documents, *(owned.document(name, self.partition, self.region) for name in owned.names())]
        found = [each for each in every if all(self._fits(each, key, values) for key, values in wanted)]
        return self.page(
            "DocumentIdentifiers", found, Document.listed, lambda document: document.name, NextToken, MaxResults
        )

    def _fits(self, document: Document, key: str, values: Sequence[str]) -> bool:
        shown = document.listed()
        if key == "Owner":
            kinds = {_AMAZON: "Amazon", self.account: "Self"}
            return any(value in (document.owner, kinds.get(document.owner), "All") for value in values)
        if key in ("Name", "SearchKeyword"):
            return any(value.lower() in document.name.lower() for value in values) and (
                key != "Name" or any(document.name.startswith(value) for value in values)
            )
        if key == "PlatformTypes":
            return bool(set(values) & set(shown["PlatformTypes"]))
        if key.startswith("tag:"):
            return key[4:] in document.tags and (not values or document.tags[key[4:]] in values)
        return shown[key] in values

    # --- sharing

    def modify_document_permission(
        self,
        Name: str,
        PermissionType: str,
        AccountIdsToAdd: Sequence[str] = (),
        AccountIdsToRemove: Sequence[str] = (),
        SharedDocumentVersion: str | None = None,
    ) -> None:
        document = self._own(Name)
        accounts = [each.lower() if each.lower() == "all" else each for each in AccountIdsToAdd]
        shared = {each: version for each, version in document.shared.items() if each not in AccountIdsToRemove}
        shared |= dict.fromkeys(accounts, SharedDocumentVersion or "$DEFAULT")
        if len(shared) > len(document.shared):
            self.limits.quota("document-shares", len(document.shared), Name, adding=len(shared) - len(document.shared))
        document.shared = shared

    def describe_document_permission(
        self,
        Name: str,
        PermissionType: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        shared = self._own(Name).shared
        page = self.page("AccountIds", shared, str, str, NextToken, MaxResults)
        infos = [{"AccountId": each, "SharedDocumentVersion": shared[each]} for each in page["AccountIds"]]
        return {**page, "AccountSharingInfoList": infos}

    # --- look-ups

    def document_at(self, named: str) -> Document:
        """The document that a request names: one's own, Amazon's, or another account's by ARN that is shared.

        Raises InvalidDocument.
        """
        name = named.partition(":document/")[2] or named
        known: Document | None = self.documents.get(name)
        if named.startswith("arn:"):
            account = (named.split(":", 5) + [""] * 5)[4]
            if account not in ("", self.account):
                known = self._shared(account, name)
        found = known or owned.document(name, self.partition, self.region)
        if found is None:
            raise AWSError("InvalidDocument", _NONE)
        return found

    def _shared(self, account: str, name: str) -> Document | None:
        if not self.cloud.has_service("ssm", account, self.region):
            return None
        document: Document | None = self.at(account=account).documents.get(name)
        admitted = document is not None and ({"all", self.account} & set(document.shared))
        return document if admitted else None

    def version_of(self, document: Document, version: str | None, name: str | None = None) -> DocumentVersion:
        """Raises InvalidDocumentVersion."""
        found = document.at(version, name)
        if found is None:
            raise AWSError("InvalidDocumentVersion", "The document version is not valid or does not exist.")
        return found

    def _own(self, name: str) -> Document:
        """A document of this account. Raises InvalidDocument."""
        document: Document | None = self.documents.get(name)
        if document is None:
            if owned.document(name, self.partition, self.region) is not None:
                raise AWSError("InvalidDocumentOperation", f"Document {name} belongs to Amazon and can't be changed.")
            raise AWSError("InvalidDocument", _NONE)
        return document
