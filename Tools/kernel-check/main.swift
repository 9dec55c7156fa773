// Runs every kernel on tiny awkward shapes and compares with plain loops on the host; exits 1 on a difference.
//
// `make check-kernels` runs it under oclgrind, which also sees races, overruns and uninitialised reads. Arguments name the
// families to check (elementwise reductions moments matrices rows random transport nearestPoints triplets convolutions
// pooling raster); without any, all are. --list prints their names.
import Compute
import Foundation
import OpenCLBackend

if CommandLine.arguments.dropFirst() == ["--list"] {
  for family in Harness.families { print(family.0) }
  exit(0)
}
do {
  // A folder of its own: kernels are to be built anew, with whatever options oclgrind adds.
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kernel-check-\(UUID().uuidString)")
  let device = try OpenCLDevice(cacheDirectory: folder)
  let devices = Harness.Devices(
    usual: device, tinyTiles: try OpenCLDevice(cacheDirectory: folder, forcedTiles: .tiny),
    largeTiles: try OpenCLDevice(cacheDirectory: folder, forcedTiles: .large))
  print("\(device.information.name), \(device.information.driver)")
  // All are kept until the end, and with them every buffer that took an upload, see `Harness.keep`.
  var harnesses: [Harness] = []
  for elementType in [ElementType.float32, .float64] {
    guard elementType == .float32 || device.information.supportsDouble else {
      print("skipped: \(elementType) is not supported")
      continue
    }
    var harness = Harness(devices, elementType)
    let families = Set(CommandLine.arguments.dropFirst())
    for (name, check) in Harness.families where families.isEmpty || families.contains(name) {
      let start = ContinuousClock.now
      check(&harness)
      print("\(elementType) \(name): \((ContinuousClock.now - start).formatted())")
    }
    print("\(elementType): \(harness.checks) checks, \(harness.failures) failed")
    harnesses.append(harness)
  }
  try? FileManager.default.removeItem(at: folder)
  exit(harnesses.allSatisfy { $0.failures == 0 } ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(69)
}
