"""What ends, takes apart or releases whole profiles: one fold for each, beside the flags of addresses.

Each takes what a store found and gives `Changes`, as the fold of an upload does, but for profiles as a
whole: all their identifiers have to be looked up. Source: contract B 6.3 to B 6.6.
"""
