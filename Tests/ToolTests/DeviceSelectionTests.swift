import Compute
import OpenCLBackend
import Testing
import ToolSupport

struct DeviceSelectionTests {
  @Test func theCPUIsAlwaysThere() throws {
    #expect(try makeDevice("cpu").information.identifier == "cpu")
    #expect(throws: Never.self) { try makeDevice("auto") }
  }

  @Test(arguments: ["", "gpu", "CPU", "opencl:", "opencl:x", "opencl:-1", "opencl:0:1", "cuda:0"])
  func unknownNamesAreRefused(name: String) throws {
    let error = try #require(throws: ComputeError.self) { _ = try makeDevice(name) }
    #expect(error.kind == .usage)
    #expect(error.what == "there is no device \"\(name)\"")
    #expect(error.kind.exitCode == 64)
  }

  @Test func aMissingDeviceIsUnavailable() throws {
    let error = try #require(throws: ComputeError.self) { _ = try makeDevice("opencl:99") }
    #expect(error.kind == .unavailable)
    #expect(error.kind.exitCode == 69)
    #expect(error.why.contains(OpenCLDevice.available().isEmpty ? "no OpenCL driver" : "from opencl:0"))
  }

  @Test(.enabled(if: !OpenCLDevice.available().isEmpty))
  func aNumberPicksAnOpenCLDevice() throws {
    #expect(try makeDevice("opencl").information.identifier == "opencl:0")
    let last = OpenCLDevice.available().count - 1
    #expect(try makeDevice("opencl:\(last)").information.identifier == "opencl:\(last)")
  }
}
