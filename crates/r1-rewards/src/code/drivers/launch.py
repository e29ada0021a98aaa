

def _launch():
    import sys

    _equip()
    code = _compile("main.py")
    sys.argv[0] = "main.py"
    space = globals()
    space["__file__"] = "main.py"
    _provide(code, space)
    for name in ("_launch", "_compile", "_equip", "_provide", "_MODULES", "_MEMBERS"):
        del space[name]
    exec(code, space)


_launch()
