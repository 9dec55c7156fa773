import CPUBackend
import Compute
import OpenCLBackend

/// The device that `--device` names: the one place where the tools name backends.
///
/// - Parameter identifier: "cpu"; "opencl" or "opencl:N" for the N-th OpenCL device; "auto" for the first OpenCL
///   device that is a GPU, else the CPU.
/// - Throws: `ComputeError` of kind `usage` for an unknown name, `unavailable` where there is no such device.
public func makeDevice(_ identifier: String) throws -> any Device {
  switch identifier {
  case "cpu": return CPUDevice()
  case "auto":
    // A driver for the host's own processor is no gain over the CPU backend.
    guard let gpu = OpenCLDevice.available().first(where: { !$0.isProcessor }) else { return CPUDevice() }
    return try OpenCLDevice(index: gpu.index)
  default:
    let parts = identifier.split(separator: ":", omittingEmptySubsequences: false)
    guard parts[0] == "opencl", parts.count <= 2, let index = parts.count == 1 ? 0 : Int(parts[1]), index >= 0 else {
      throw ComputeError(
        .usage, what: "there is no device \"\(identifier)\"",
        why: "a device is auto, cpu, opencl or opencl:N with N from 0",
        mend: "list what is present with: contrapposto devices")
    }
    let count = OpenCLDevice.available().count
    guard index < count else {
      throw ComputeError(
        .unavailable, what: "there is no device \"\(identifier)\"",
        why: count == 0
          ? "no OpenCL driver offers a device" : "the OpenCL drivers offer \(count) device(s), from opencl:0",
        mend: count == 0
          ? "install a driver (for the CPU: apt install pocl-opencl-icd), or pass --device cpu"
          : "list what is present with: contrapposto devices")
    }
    return try OpenCLDevice(index: index)
  }
}
