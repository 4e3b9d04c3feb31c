"""The operations of Systems Manager, by what they are about."""
