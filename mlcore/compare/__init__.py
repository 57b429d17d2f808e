"""Ours, published methods and plain references under one contract, on the same folds of the same store."""
