# Calls functions of main.py for whoever is at descriptors 3 and 4. It never learns what is expected.
def _serve():
    import json, os, builtins
    # Kept by name here, so that nothing the program patches later is used.
    loads, dumps, read, write = json.loads, json.dumps, os.read, os.write
    typ, isinstance_, str_, int_, list_ = type, isinstance, str, int, list
    bool_, float_, tuple_, dict_, set_, frozenset_, bytes_ = bool, float, tuple, dict, set, frozenset, bytes
    hex_, repr_, len_, getattr_, callable_, exc = hex, repr, len, getattr, callable, BaseException

    def encode(x, depth=0):
        if depth > 100:
            return ["?", "too deep"]
        t = typ(x)
        if x is None or t is bool_ or t is str_:
            return x
        if t is int_:
            return ["i", hex_(x)]
        if t is float_:
            return ["f", repr_(x)]
        if t is list_ or t is tuple_ or t is set_ or t is frozenset_:
            kind = "l" if t is list_ else "t" if t is tuple_ else "s"
            return [kind, [encode(item, depth + 1) for item in x]]
        if t is dict_:
            return ["d", [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in x.items()]]
        if t is bytes_:
            return ["b", x.hex()]
        if t is complex:
            return ["c", [repr_(x.real), repr_(x.imag)]]
        return ["?", "an object"]

    def decode(x):
        if typ(x) is not list_:
            return x
        kind, body = x
        if kind == "i":
            return int_(body, 16)
        if kind == "f":
            return float_(body)
        if kind == "d":
            return {decode(k): decode(v) for k, v in body}
        if kind == "b":
            return bytes_.fromhex(body)
        if kind == "c":
            return complex(float_(body[0]), float_(body[1]))
        items = [decode(item) for item in body]
        return items if kind == "l" else tuple_(items) if kind == "t" else set_(items)

    space, trouble = {"__name__": "main", "__builtins__": builtins}, None
    try:
        with open("main.py", encoding="utf-8") as file:
            source = file.read()
        exec(compile(source, "main.py", "exec"), space)
    except exc as error:
        trouble = error

    def answer(request):
        if trouble is not None:
            raise trouble
        name = request["f"]
        function = space.get(name)
        if function is None and "Solution" in space:
            function = getattr_(space["Solution"](), name, None)
        if not callable_(function):
            raise NameError(name)
        return encode(function(*[decode(item) for item in request["a"]]))

    rest = b""
    while True:
        while b"\n" not in rest:
            chunk = read(3, 1 << 16)
            if not chunk:
                return
            rest += chunk
        line, rest = rest.split(b"\n", 1)
        request = loads(line)
        record = {"n": request["n"]}
        try:
            record["r"] = answer(request)
        except exc as error:
            record["e"] = typ(error).__name__
            try:
                record["m"] = str_(error)[:200]
            except exc:
                pass
        data = dumps(record).encode() + b"\n"
        while data:
            data = data[write(4, data):]


_serve()
