#!/usr/bin/env python3
"""Makes blocks.json: blocks of every format with the values that two other programs give for them.

    python3 -m venv venv && venv/bin/pip install gguf==0.19.0 numpy xllamacpp
    venv/bin/python crates/r1-quant/tests/golden/make.py

`decoded` holds blocks of random bytes (random scales of moderate size, one of them subnormal) and their values by the
gguf package. `encoded` holds values and the blocks that llama.cpp's `ggml_quantize_chunk` makes of them. Blocks and
values are hexadecimal; a value is the bits of an f32, little-endian.
"""
import ctypes, importlib.util, json, os
import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from gguf.quants import dequantize

NAMES = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
# Where the f16 scales stand in a block.
SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
ENCODED = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"]


def decoded(name, rng):
    kind = Type[name]
    length, size = GGML_QUANT_SIZES[kind]
    count = {1: 64, 32: 6, 256: 2}[length]
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    if length == 1:
        blocks = rng.normal(0, 3, count).astype(np.float32)
        blocks = blocks.astype(np.float16).view(np.uint8) if name == "F16" else (
            blocks.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
        blocks = blocks.reshape(count, size)
    for number, block in enumerate(blocks):
        for offset in SCALES.get(name, []):
            scale = np.float16(rng.normal(0, 0.02) if number else 3e-6)
            block[offset:offset + 2] = np.frombuffer(scale.tobytes(), np.uint8)
    values = dequantize(blocks.reshape(1, -1), kind).astype(np.float32)
    return dict(type=name, blocks=blocks.tobytes().hex(), values=values.tobytes().hex())


def encoded(name, values, library):
    length, size = GGML_QUANT_SIZES[Type[name]]
    out = ctypes.create_string_buffer(values.size // length * size)
    source = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    library.ggml_quantize_chunk(int(Type[name]), source, out, ctypes.c_int64(0), ctypes.c_int64(1),
                                ctypes.c_int64(values.size), None)
    return dict(type=name, values=values.tobytes().hex(), blocks=out.raw.hex())


def main():
    rng = np.random.default_rng(14)
    folder = importlib.util.find_spec("xllamacpp").submodule_search_locations[0]
    library = ctypes.CDLL(next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".so")))
    values = rng.normal(0, 0.03, 512).astype(np.float32)
    values[256:] = np.exp(rng.normal(-4, 1, 256)).astype(np.float32)
    values[300:332] = 0
    here = os.path.dirname(os.path.abspath(__file__))
    rows = {"decoded": [decoded(name, rng) for name in NAMES],
            "encoded": [encoded(name, values, library) for name in ENCODED]}
    with open(os.path.join(here, "blocks.json"), "w") as file:
        parts = (f'"{key}": [\n' + ",\n".join(json.dumps(row) for row in rows[key]) + "\n]" for key in rows)
        file.write("{" + ",\n".join(parts) + "}\n")


if __name__ == "__main__":
    main()
