"""Key pairs of the asymmetric key specs, in plain Python: what they sign, decrypt and derive any library understands.

Made for tests: nothing here takes constant time or hides a secret.
"""
