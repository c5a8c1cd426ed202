"""A local fake of a paid, asynchronous image-to-video API."""

__version__ = "0.1.0"
