"""What `up` would do to each environment, and what it would then cost: for a person who reviews a change."""
