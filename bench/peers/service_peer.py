"""The peer's service: FastAPI over PyOD, one worker, the same detectors and bodies. Prints the port it listens on."""

import socket

import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from pyod.models.iforest import IForest
from pyod.models.knn import KNN

MODELS = {"isolation-forest": lambda: IForest(n_estimators=100, max_samples=256, random_state=1, n_jobs=1), "knn": lambda: KNN(n_neighbors=5)}

app = FastAPI()
fitted = {}


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/train")
async def train(request: Request):
    body = await request.json()
    model = MODELS[body["algorithm"]]()
    model.fit(np.asarray(body["data"], dtype=np.float64))
    fitted[body["algorithm"]] = (model, np.sort(model.decision_scores_))
    return {"status": "trained"}


@app.post("/predict")
async def predict(request: Request):
    body = await request.json()
    model, training = fitted[body["detector_id"]]
    scores = model.decision_function(np.asarray(body["data"], dtype=np.float64))
    ranks = np.searchsorted(training, scores) / len(training)
    rows = zip(scores.tolist(), (scores > model.threshold_).tolist(), ranks.tolist())
    return {"predictions": [{"anomaly_score": s, "is_anomaly": a, "rank": r} for s, a, r in rows]}


if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(f"peer listens on {listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])
