"""What the services that route events share: event patterns, and AWS's schedule expressions."""
