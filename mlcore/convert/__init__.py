"""From a laboratory's data set to a clip store: signals cut to clips, and the answers that came with them.

Recordings are found and opened by `mlcore.datasets`; here they are cut (`session`, with `eeg`, `face`, `tracks`) and
given their answers (`answers`). A data set with answers of its own is one module such as `deap` (its TARGETS, and what
a trial says of them) and one line in `layouts`. What is no recording, such as votes, writes its shards itself
(`vote_store`).
"""
