// Runs every kernel on tiny awkward shapes and compares with plain loops on the host; exits 1 on a difference.
//
// `make check-kernels` runs it under oclgrind, which also sees races, overruns and uninitialised reads.
import Compute
import Foundation
import OpenCLBackend

do {
  let device = try OpenCLDevice(cacheDirectory: FileManager.default.temporaryDirectory)
  print("\(device.information.name), \(device.information.driver)")
  var failures = 0
  for elementType in [ElementType.float32, .float64] {
    guard elementType == .float32 || device.information.supportsDouble else {
      print("skipped: \(elementType) is not supported")
      continue
    }
    var harness = Harness(device, elementType)
    harness.checkElementwise()
    harness.checkReductions()
    harness.checkMatrices()
    harness.checkRows()
    harness.checkRandom()
    print("\(elementType): \(harness.checks) checks, \(harness.failures) failed")
    failures += harness.failures
  }
  exit(failures == 0 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(69)
}
