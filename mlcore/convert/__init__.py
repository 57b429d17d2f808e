"""From a laboratory's data set to a clip store: signals cut to clips, and the answers that came with them."""
