#!/usr/bin/env python3
"""Runs one of the peers here on a CUDA device: tensors are made there, and clocks wait for it.

  python3 Benchmarks/peers/on-cuda.py [--tf32] mapconnet.py time --mode supervised --vertices 6890 --batch 2

--tf32 lets matrix products round their operands to TF32, which PyTorch allows for convolutions anyway.
"""
import pathlib
import runpy
import sys
import time

import torch

arguments = sys.argv[1:]
if arguments[:1] == ["--tf32"]:
    arguments.pop(0)
    torch.backends.cuda.matmul.allow_tf32 = True
if not arguments:
    sys.exit(__doc__)

torch.set_default_device("cuda")
from_numpy, clock = torch.from_numpy, time.perf_counter


def awaited_clock():
    torch.cuda.synchronize()
    return clock()


torch.from_numpy = lambda array: from_numpy(array).cuda()
time.perf_counter = awaited_clock
sys.argv = [str(pathlib.Path(__file__).parent / arguments[0])] + arguments[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
