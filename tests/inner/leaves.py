"""A client that submits a job and leaves at once, without waiting for an answer."""

import os
import socket
from urllib.parse import urlsplit

PLACE = urlsplit(os.environ["MODELLIX_BASE_URL"])
BODY = b'{"image": "https://example.com/mountain.jpg"}'
HEAD = (
    "POST /api/v1/kling/kling-v1-i2v HTTP/1.1",
    f"Host: {PLACE.netloc}",
    f"Authorization: Bearer {os.environ['MODELLIX_API_KEY']}",
    f"Content-Length: {len(BODY)}",
)
with socket.create_connection((PLACE.hostname, PLACE.port)) as connection:
    connection.sendall("\r\n".join([*HEAD, "", ""]).encode() + BODY)
