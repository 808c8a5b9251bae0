"""The folded network once more, as runtimes compute it faster: the same function, fewer operations.

Each rewrite takes a part's place under its own call. `info` counts the network as written; what is
run is counted after `rewritten`.
"""
