"""The operations, by what they are about; each class inherits the one before."""
