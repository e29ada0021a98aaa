#!/usr/bin/env bash
# r1 and its peers in turn, in one sitting, and the medians of both as a Markdown table.
#
#     benches/compare.sh MODEL_DIR VENV/bin/python [ROUNDS] [KIND...]
#
# A round runs each program once a kind (train, grpo, generate; grpo-lora, which needs peft); a program measures four times, of which the first
# one warms up and does not count. Every row goes to compare.jsonl in the current folder.
set -euo pipefail
model=${1:?usage: benches/compare.sh MODEL_DIR PYTHON [ROUNDS] [KIND...]}
python=${2:?usage: benches/compare.sh MODEL_DIR PYTHON [ROUNDS] [KIND...]}
rounds=${3:-2}
shift $(($# < 3 ? $# : 3))
kinds=("$@")
[ ${#kinds[@]} -gt 0 ] || kinds=(train grpo generate)
here=$(cd "$(dirname "$0")" && pwd)
out=compare.jsonl
times=4

cargo build --release --quiet --manifest-path "$here/../Cargo.toml" -p r1 --bench system
ours=$(cargo bench --manifest-path "$here/../Cargo.toml" -p r1 --bench system --no-run --message-format json 2>/dev/null |
    "$python" -c 'import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == "system": print(message["executable"])' | tail -1)

: >"$out"
for round in $(seq "$rounds"); do
    for kind in "${kinds[@]}"; do
        echo "round $round of $rounds: $kind" >&2
        "$ours" matmul >>"$out"
        "$ours" "$kind" "$model" $times >>"$out"
        "$python" "$here/peers.py" "$kind" "$model" $times 2>/dev/null | grep '^{"' >>"$out"
    done
done
"$ours" matmul >>"$out"

"$python" - "$out" $times <<'PY'
import collections, json, statistics, sys

rows = [json.loads(line) for line in open(sys.argv[1])]
times = int(sys.argv[2])
matmul = statistics.median(row["gflop_per_second"] for row in rows if row["what"] == "matmul")
print(f"matmul: median {matmul:.0f} GFLOP/s\n")
seen = collections.Counter()
groups = collections.defaultdict(list)
for row in rows:
    if row["what"] == "matmul":
        continue
    setting = (row["what"], row.get("batch"), row.get("length"))
    seen[setting, row["peer"]] += 1
    # The first time of each program and setting is its warm-up.
    if seen[setting, row["peer"]] % times != 1:
        groups[setting, "r1" if row["peer"] == "r1" else "peer"].append(row)
print("| what | r1 s | peer s | times faster | r1 GB | peer GB |\n|---|---|---|---|---|---|")
for setting in dict.fromkeys(setting for setting, _ in groups):
    middle = lambda side, key: statistics.median(row[key] for row in groups[setting, side])
    what = " ".join(str(part) for part in setting if part is not None)
    ours, theirs = middle("r1", "seconds"), middle("peer", "seconds")
    print(f"| {what} | {ours:.2f} | {theirs:.2f} | {theirs / ours:.2f} | {middle('r1', 'peak_rss_gb'):.2f} "
          f"| {middle('peer', 'peak_rss_gb'):.2f} |")
print()
for setting in dict.fromkeys(setting for setting, _ in groups):
    if setting[0] == "train":
        rate = statistics.median(row["gflop_per_second"] for row in groups[setting, "r1"])
        print(f"train {setting[1]}x{setting[2]}: {rate:.0f} GFLOP/s, {100 * rate / matmul:.0f} % of the product's rate")
    if setting[0].startswith("grpo"):
        parts = [row["parts"] for row in groups[setting, "r1"]]
        for part in ("rollout_seconds", "training_seconds"):
            print(f"{setting[0]}: {part} {statistics.median(row[part] for row in parts):.2f}")
PY
