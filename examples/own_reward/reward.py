# Right, and not by guessing: half a point for at least two worked lines.
import json, sys

for line in sys.stdin:
    request = json.loads(line)
    completion = request["completion"]
    right = completion["answer"] == request["problem"]["reference"]["text"]
    worked = completion["reasoning"].count("=") >= 2
    print(json.dumps({"score": float(right) + 0.5 * worked}))
