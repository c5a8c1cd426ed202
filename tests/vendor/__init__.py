"""A stand-in for the vendor, written from its documents alone, and what may change about it."""
