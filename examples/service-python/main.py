"""The service from Python, with nothing but its standard library: upload, train, predict, fetch the scored rows."""

import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("NOMALY_URL", "http://127.0.0.1:8080")
KEY = os.environ.get("NOMALY_KEY")
TRIES = 4


def ask(method, path, body=None, content_type="application/json"):
    """Sends one request. A change carries an idempotency key, so that the service makes a repeated one once."""
    headers = {"Idempotency-Key": str(uuid.uuid4())} if method != "GET" else {}
    if KEY:
        headers["X-API-Key"] = KEY
    if body is not None:
        headers["Content-Type"] = content_type
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    for attempt in range(TRIES):
        request = urllib.request.Request(URL + path, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or attempt == TRIES - 1:
                problem = json.load(error)
                sys.exit(f"{problem['code']}: {problem['detail']}")
            time.sleep(float(error.headers.get("Retry-After", 1)))


def upload(path):
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
    body = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    return json.loads(ask("POST", "/api/datasets", body, f"multipart/form-data; boundary={boundary}"))


cars = pathlib.Path(__file__).parents[2] / "fixtures" / "cars.csv"
dataset = upload(cars)
print(f"{dataset['n_samples']} rows in data set {dataset['id']}")

detector = json.loads(ask("POST", "/api/detectors", {"name": "cars", "contamination": 0.05}))
chosen = {"detector_id": detector["id"], "dataset_id": dataset["id"]}
trained = json.loads(ask("POST", "/api/detection/train", chosen))
print(f"model {trained['model_version']} trained in {trained['training_time_ms']:.0f} ms")

rows = json.loads(ask("GET", f"/api/datasets/{dataset['id']}/rows?limit=5"))["rows"]
answer = json.loads(ask("POST", "/api/detection/predict", {"detector_id": detector["id"], "data": rows}))
for row, scored in zip(rows, answer["predictions"]):
    print(f"{row['name']}: score {scored['anomaly_score']:.3f}, rank {scored['rank']:.3f}")

result = json.loads(ask("POST", "/api/detection/predict", chosen))["result_id"]
table = ask("GET", f"/api/results/{result}?format=csv").decode()
print(table.splitlines()[0])
