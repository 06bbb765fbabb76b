"""Runs a WASI preview 1 program under wasmtime: wasi.py PROGRAM [ARGUMENT..]"""

import os
import sys

from wasmtime import Engine, ExitTrap, Linker, Module, Store, Trap, WasiConfig, WasmtimeError


def main(program: str, *arguments: str) -> int:
    engine = Engine()
    linker = Linker(engine)
    linker.define_wasi()
    store = Store(engine)
    config = WasiConfig()
    config.argv = [program, *arguments]
    if "CREEL_LENT" in os.environ:
        config.preopen_dir(os.environ["CREEL_LENT"], "scratch")
    config.inherit_stdin()
    config.inherit_stdout()
    config.inherit_stderr()
    store.set_wasi(config)
    instance = linker.instantiate(store, Module.from_file(engine, program))
    try:
        instance.exports(store)["_start"](store)
    except ExitTrap as exit:
        return exit.code
    except (Trap, WasmtimeError) as error:
        print(error, file=sys.stderr)
        return 134
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
