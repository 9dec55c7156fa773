/// The OpenCL C sources, embedded at build time.
