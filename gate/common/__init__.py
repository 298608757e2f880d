"""What every part of `gate` may use: errors, redaction, budgets, notifications, text."""
