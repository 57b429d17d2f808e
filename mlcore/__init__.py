"""The learning core: recordings in, clips, models, uncertainty and rankings out; knows nothing of web or queue."""

__version__ = "0.1.0"
