"""ESP-NN, the library of fast kernels: its release, which kernel an op meets, what that costs, its faults."""
