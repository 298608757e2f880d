"""The Pulumi CLI, the stack file, and the events of a preview."""
