"""Readers, probes and writers of the files that laboratories bring and browsers play."""
