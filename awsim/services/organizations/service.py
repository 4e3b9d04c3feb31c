"""AWS Organizations (global)."""

from __future__ import annotations

from awsim.services.organizations.operations.tags import TagOperations


class Organizations(TagOperations):
    """AWS Organizations: accounts in a tree of units, and the policies that bind them.

    Operations are in `operations/`, thin, each module a class that inherits the one before. All organizations of a
    partition are in one instance, since an account may be invited by any of them; the caller's account decides which
    one is meant.

    An account of twelve digits needs not be made to exist: what is made here gets an id, an address, a place in the
    tree, and a role in IAM that trusts the management account. Of closed accounts nothing but their state is known:
    what they hold goes on working. Nobody is billed: a billing transfer says who would be. SCPs and RCPs bind under
    `authorization`, tag policies always, where they say that they are enforced; other policies are kept and merged, and
    nothing acts on them.
    """
