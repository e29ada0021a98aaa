#!/usr/bin/env python3
"""Makes the small GGUF files of this folder with the gguf package, and values.json with what they hold.

    python3 -m venv venv && venv/bin/pip install gguf==0.19.0 numpy
    venv/bin/python crates/r1-gguf/tests/golden/make.py

`every.gguf` has a value of every type and tensors of some formats; `split-0000N-of-00003.gguf` has the same tensors in
three parts.
"""
import json, os
import numpy as np
from gguf import GGMLQuantizationType as Type, GGUFValueType as Value, GGUFWriter
from gguf.quants import dequantize, quantize

HERE = os.path.dirname(os.path.abspath(__file__))
FORMATS = {"f32": Type.F32, "f16": Type.F16, "bf16": Type.BF16, "q4_0": Type.Q4_0, "q5_1": Type.Q5_1, "q8_0": Type.Q8_0}


def fill(writer):
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -100)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4000000000)
    writer.add_int32("test.i32", -2000000000)
    writer.add_float32("test.f32", 1e-6)
    writer.add_uint64("test.u64", 1 << 60)
    writer.add_key_value("test.i64", -(1 << 60), Value.INT64)
    writer.add_float64("test.f64", 0.1)
    writer.add_bool("test.yes", True)
    writer.add_string("test.text", "Grüße, 世界")
    writer.add_array("test.texts", ["a", "", "ß"])
    writer.add_array("test.numbers", [1, -2, 3])
    writer.add_array("test.floats", [0.5, -0.25])
    writer.add_array("test.flags", [True, False])


def main():
    rng = np.random.default_rng(3)
    values = {}
    split = GGUFWriter(os.path.join(HERE, "split"), "test", split_max_tensors=2)
    every = GGUFWriter(os.path.join(HERE, "every.gguf"), "test")
    fill(every)
    for name, kind in FORMATS.items():
        shape = (2, 3, 32) if name == "f32" else (3, 64)
        numbers = rng.normal(0, 1, shape).astype(np.float32)
        data = quantize(numbers, kind)
        for writer in (every, split):
            writer.add_tensor(name, data, raw_dtype=kind)
        values[name] = dict(shape=list(shape), values=dequantize(data, kind).astype(np.float32).ravel().tolist())
    for writer in (every, split):
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    with open(os.path.join(HERE, "values.json"), "w") as file:
        file.write("{" + ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in values.items()) + "}\n")


if __name__ == "__main__":
    main()
