# Runs assertions. The functions they call live in another cage, behind descriptors 3 and 4; the
# outcome goes to 5. No line of the submission is in this process.
import builtins, json, os


class Gone(BaseException):
    pass


class CandidateError(Exception):
    pass


def encode(x):
    t = type(x)
    if x is None or t is bool or t is str:
        return x
    if t is int:
        return ["i", hex(x)]
    if t is float:
        return ["f", repr(x)]
    if t in (list, tuple, set, frozenset):
        kind = "l" if t is list else "t" if t is tuple else "s"
        return [kind, [encode(item) for item in x]]
    if t is dict:
        return ["d", [[encode(k), encode(v)] for k, v in x.items()]]
    if t is bytes:
        return ["b", x.hex()]
    if t is complex:
        return ["c", [repr(x.real), repr(x.imag)]]
    raise TypeError("arguments must be plain data")


def decode(x):
    if x is None or type(x) in (bool, str):
        return x
    kind, body = x
    if kind == "i":
        return int(body, 16)
    if kind == "f":
        return float(body)
    if kind in ("l", "t", "s"):
        items = [decode(item) for item in body]
        return items if kind == "l" else tuple(items) if kind == "t" else set(items)
    if kind == "d":
        return {decode(k): decode(v) for k, v in body}
    if kind == "b":
        return bytes.fromhex(body)
    if kind == "c":
        return complex(float(body[0]), float(body[1]))
    raise ValueError("no plain data")


raised = []
rest = b""


def ask(name, args):
    global rest
    nonce = os.urandom(16).hex()
    data = json.dumps({"n": nonce, "f": name, "a": [encode(a) for a in args]}).encode() + b"\n"
    try:
        while data:
            data = data[os.write(4, data):]
    except OSError:
        raise Gone("the program has ended")
    pieces = [rest]
    while b"\n" not in pieces[-1]:
        chunk = os.read(3, 1 << 16)
        if not chunk or sum(map(len, pieces)) > 1 << 24:
            raise Gone("the program has ended")
        pieces.append(chunk)
    line, rest = b"".join(pieces).split(b"\n", 1)
    try:
        record = json.loads(line)
        fresh = record["n"] == nonce
        failed = "e" in record
        value = None if failed else decode(record["r"])
    except Exception:
        raise Gone("the program wrote no record")
    if not fresh:
        raise Gone("the program wrote a record of its own")
    if failed:
        kind = getattr(builtins, str(record["e"]), None)
        known = isinstance(kind, type) and issubclass(kind, Exception)
        # Ends a loop over map() or zip() as if there were nothing more to assert.
        known = known and not issubclass(kind, (StopIteration, StopAsyncIteration))
        try:
            error = (kind if known else CandidateError)(str(record.get("m", "")))
        except Exception:
            error = CandidateError(str(record["e"]))
        raised.append(error)
        raise error
    return value


def proxy(name):
    def call(*args):
        return ask(name, args)

    call.__name__ = name
    return call


def outcome():
    space = {"__name__": "test"}
    try:
        with open("setup.py", encoding="utf-8") as file:
            exec(compile(file.read(), "setup.py", "exec"), space)
        with open("test.py", encoding="utf-8") as file:
            code = compile(file.read(), "test.py", "exec")
        with open("functions.json", encoding="utf-8") as file:
            for name in json.load(file):
                space[name] = proxy(name)
    except Exception as error:
        return "broken", error
    try:
        exec(code, space)
    except Gone as error:
        return "candidate", error
    except Exception as error:
        return "candidate" if any(error is other for other in raised) else "wrong", error
    return "right", ""


kind, error = outcome()
detail = type(error).__name__ if isinstance(error, AssertionError) else type(error).__name__ + ": " + str(error)[:200]
os.write(5, json.dumps({"outcome": kind, "detail": "" if kind == "right" else detail}).encode())
