"""The operations of EC2 Auto Scaling, a module for each kind of thing."""
