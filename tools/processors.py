"""Run a command on one thread, on this processor or on an emulated older one.

    python tools/processors.py COMMAND...              one thread, as every experiment of the book runs
    python tools/processors.py --as avx2 COMMAND...    the same without AVX-512
    python tools/processors.py --as sse4 COMMAND...    the same without AVX as well

The variables act only if they are set before NumPy, torch or TensorFlow are imported, hence before a kernel starts.
"""

import os
import sys

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}

_AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"

EMULATED = {
    "avx2": {
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": _AVX512,
    },
    "sse4": {
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "ATEN_CPU_CAPABILITY": "default",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": f"{_AVX512} X86_V3 AVX2 FMA3 AVX F16C",
    },
}


def main(arguments):
    """Replace this process by the command, with the variables set and this interpreter's folder first on PATH."""
    variables = dict(ONE_THREAD)
    if arguments[:1] == ["--as"] and len(arguments) > 1:
        if arguments[1] not in EMULATED:
            sys.exit(f"unknown processor {arguments[1]!r}: expected one of {', '.join(EMULATED)}")
        variables.update(EMULATED[arguments[1]])
        arguments = arguments[2:]
    if not arguments:
        sys.exit(__doc__)
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", os.defpath)
    os.environ.update(variables, PATH=path)
    try:
        os.execvp(arguments[0], arguments)
    except FileNotFoundError:
        sys.exit(f"{arguments[0]}: command not found")


if __name__ == "__main__":
    main(sys.argv[1:])
