"""What the commands read and write at the vendors, and what people call the objects there.

The accounts themselves are in `components.accounts`, because the program uses them too.
"""
