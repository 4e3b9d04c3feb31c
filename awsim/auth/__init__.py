"""Who calls: credentials, request signatures and, by and by, the policy language."""
