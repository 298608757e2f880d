"""The estate on one page: what exists, whether it is as declared, how it is released, what it costs."""
