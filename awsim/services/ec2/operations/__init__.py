"""The operations of EC2, a module for each kind of resource."""
