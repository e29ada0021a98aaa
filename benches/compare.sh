#!/usr/bin/env bash
# r1 and its peers in turn, in one sitting, and the medians of both as a Markdown table.
#
#     benches/compare.sh MODEL_DIR VENV/bin/python [ROUNDS] [KIND...]
#
# A round runs each program once a kind (train, grpo, generate); a program measures twice and only the second
# time counts, because the first one warms up. Every row goes to compare.jsonl in the current folder.
set -euo pipefail
model=${1:?usage: benches/compare.sh MODEL_DIR PYTHON [ROUNDS] [KIND...]}
python=${2:?usage: benches/compare.sh MODEL_DIR PYTHON [ROUNDS] [KIND...]}
rounds=${3:-2}
shift $(($# < 3 ? $# : 3))
kinds=("$@")
[ ${#kinds[@]} -gt 0 ] || kinds=(train grpo generate)
here=$(cd "$(dirname "$0")" && pwd)
out=compare.jsonl

cargo build --release --quiet --manifest-path "$here/../Cargo.toml" -p r1 --bench system
ours=$(cargo bench --manifest-path "$here/../Cargo.toml" -p r1 --bench system --no-run --message-format json 2>/dev/null |
    "$python" -c 'import json, sys
for line in sys.stdin:
    path = json.loads(line).get("executable")
    if path: print(path)' | tail -1)

: >"$out"
"$ours" matmul >>"$out"
for round in $(seq "$rounds"); do
    for kind in "${kinds[@]}"; do
        echo "round $round of $rounds: $kind" >&2
        "$ours" "$kind" "$model" 2 >>"$out"
        "$python" "$here/peers.py" "$kind" "$model" 2 2>/dev/null | grep '^{"' >>"$out"
    done
done
"$ours" matmul >>"$out"

"$python" - "$out" <<'PY'
import collections, json, statistics, sys

rows = [json.loads(line) for line in open(sys.argv[1])]
matmul = [row["gflop_per_second"] for row in rows if row["what"] == "matmul"]
print(f"matmul: median {statistics.median(matmul):.0f}, best {max(matmul):.0f} GFLOP/s\n")
seen = collections.Counter()
groups = collections.defaultdict(list)
for row in rows:
    if row["what"] == "matmul":
        continue
    setting = (row["what"], row.get("batch"), row.get("length"))
    seen[setting, row["peer"]] += 1
    # A program measures each setting twice; the first time is its warm-up.
    if seen[setting, row["peer"]] % 2 == 0:
        groups[setting, "r1" if row["peer"] == "r1" else "peer"].append(row)
print("| what | r1 s | peer s | times faster | r1 GB | peer GB |\n|---|---|---|---|---|---|")
for setting in dict.fromkeys(setting for setting, _ in groups):
    middle = lambda side, key: statistics.median(row[key] for row in groups[setting, side])
    what = " ".join(str(part) for part in setting if part is not None)
    ours, theirs = middle("r1", "seconds"), middle("peer", "seconds")
    print(f"| {what} | {ours:.2f} | {theirs:.2f} | {theirs / ours:.2f} | {middle('r1', 'peak_rss_gb'):.2f} "
          f"| {middle('peer', 'peak_rss_gb'):.2f} |")
PY
