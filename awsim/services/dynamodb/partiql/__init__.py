"""PartiQL as DynamoDB has it: SELECT, INSERT, UPDATE, DELETE and EXISTS.

`parse(text)` gives a cached `Statement` with parameters unresolved; `Bound(statement, parameters, limits)` resolves it
for one request into the same conditions, updates and values that expressions make.
"""

from __future__ import annotations

from awsim.services.dynamodb.partiql.binding import Bound
from awsim.services.dynamodb.partiql.parser import Statement, parse

__all__ = ["Bound", "Statement", "parse"]
