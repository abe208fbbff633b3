#!/bin/sh
# Upload a file, train a detector, ask it about one row, score the whole file, and fetch the scored rows as CSV.
#   sh examples/service-curl/main.sh > scored.csv
# If the service requires keys, set NOMALY_KEY=... as well.
set -eu
cd "$(dirname "$0")/../.."
url=${NOMALY_URL:-http://127.0.0.1:8080}

# Sends one request; an error ends the script and prints the service's message.
ask() {
  curl --silent --show-error --fail-with-body -H "X-API-Key: ${NOMALY_KEY:-}" "$@" || { echo "not done: curl $*" >&2; exit 1; }
}
# Extracts one text field from a JSON answer.
text() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"; }

dataset=$(ask -F file=@fixtures/cars.csv "$url/api/datasets" | text id)
echo "data set $dataset" >&2

detector=$(ask "$url/api/detectors" -H 'Content-Type: application/json' \
  -d '{"name": "cars", "algorithm_name": "isolation-forest", "contamination": 0.05}' | text id)
echo "detector $detector" >&2

ask "$url/api/detection/train" -H 'Content-Type: application/json' \
  -d "{\"detector_id\": \"$detector\", \"dataset_id\": \"$dataset\"}" >&2
echo >&2

# A heavy car with a small engine.
ask "$url/api/detection/predict" -H 'Content-Type: application/json' -d @- >&2 <<JSON
{
  "detector_id": "$detector",
  "data": [{ "miles_per_gallon": 40, "cylinders": 4, "displacement": 90, "horsepower": 60, "weight_lbs": 5000,
             "seconds_to_60": 12, "model_year": 1975, "origin": "USA" }],
  "explain": true
}
JSON
echo >&2

# The service stores the scores of a data set: the answer has the result's id.
result=$(ask "$url/api/detection/predict" -H 'Content-Type: application/json' \
  -d "{\"detector_id\": \"$detector\", \"dataset_id\": \"$dataset\"}" | text result_id)
ask "$url/api/results/$result?format=csv"
