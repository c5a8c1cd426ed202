"""Submits a job, and then does nothing more, for ever: for tests of certify."""

import json
import os
import time
from urllib.request import Request, urlopen

PATH = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = json.dumps({"image": "https://example.com/mountain.jpg"}).encode()
KEY = {"Authorization": f"Bearer {os.environ['MODELLIX_API_KEY']}"}
with urlopen(Request(os.environ["MODELLIX_BASE_URL"] + PATH, JOB, KEY)) as reply:
    reply.read()
while True:
    time.sleep(60)
