"""The estate on one page: what there is, whether it is as declared, how it is released, what it costs."""
