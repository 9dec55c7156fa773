// CPUShim
