import ArgumentParser
import CPUBackend
import Compute
import Foundation
import OpenCLBackend
import ToolSupport

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what works on this machine, what does not, and how to mend it.",
    discussion: """
      Lists drivers and devices, runs every family of operations on each device and compares with the host, and names \
      what is wrong in plain words. Each OpenCL device is checked in a process of its own, so that a driver that \
      crashes is reported like any other fault. Exits 0 when every check holds.
      """)

  @Option(help: "Check only this device, in this process.")
  var device: String?

  func run() throws {
    if let device {
      guard try check(makeDevice(device)) else { throw ExitCode(ComputeError.Kind.software.exitCode) }
      return
    }
    let diagnosis = OpenCLDevice.diagnose()
    let devices = diagnosis.devices
    printSystem(devices)
    var broken: [String] = []
    print("\nOperations, against the host (relative error / tolerance)")
    if try !check(CPUDevice()) { broken.append("cpu") }
    for device in devices where try !checkInChild("opencl:\(device.index)") { broken.append("opencl:\(device.index)") }

    var findings = diagnosis.findings.map { (what: $0.what, why: $0.why, mend: $0.mend) }
    if !CPUDevice.gemmLibrary.hasPrefix("oneDNN") {
      findings.append(
        (
          "the package was built without oneDNN", "matrix products on the CPU run on a plain loop",
          "install libdnnl-dev (Tools/setup does) and build again"
        ))
    }
    if !findings.isEmpty { print("\nFindings") }
    for finding in findings { print("  \(finding.what)\n    why:  \(finding.why)\n    mend: \(finding.mend)") }
    guard broken.isEmpty else {
      throw ComputeError(
        .unavailable, what: "the checks failed on \(broken.joined(separator: ", "))",
        why: "results computed there would be wrong, or the driver fails",
        mend: "update that driver, or work with --device \(broken.contains("cpu") ? "opencl" : "cpu")")
    }
    print("\nEvery check holds.")
  }

  // MARK: - What there is

  private func printSystem(_ devices: [OpenCLDeviceDescription]) {
    let cpu = CPUDevice().information
    print("System     \(ProcessInfo.processInfo.operatingSystemVersionString), \(machine)")
    print("Processor  \(cpu.name), \(cpu.computeUnits) threads, \(gibibytes(cpu.memoryByteCount))")
    print("CPU GEMM   \(CPUDevice.gemmLibrary)")
    if devices.isEmpty { print("OpenCL     no device") }
    for device in devices {
      print("OpenCL     opencl:\(device.index)  \(device.name) (\(device.vendor))")
      print("           platform \(device.platform), \(device.platformVersion)")
      print("           driver \(device.driverVersion), \(device.version)")
      print(
        "           \(device.computeUnits) compute units, \(gibibytes(device.memoryByteCount)), largest buffer "
          + "\(gibibytes(device.largestAllocation)), double \(device.supportsDouble ? "yes" : "no")")
    }
  }

  // MARK: - Checks

  /// Prints one line per element type and family; false when one does not hold.
  private func check(_ device: any Device) throws -> Bool {
    var holds = true
    let types: [ElementType] = device.information.supportsDouble ? [.float32, .float64] : [.float32]
    for type in types {
      for check in try FamilyCheck.all(on: device, type) {
        holds = holds && check.holds
        let name = "\(device.information.identifier) \(type == .float32 ? "float" : "double")"
        print(
          "  " + name.padding(toLength: 18, withPad: " ", startingAt: 0)
            + check.name.padding(toLength: 14, withPad: " ", startingAt: 0)
            + String(format: "%8.1e / %.1e  ", check.error, check.tolerance) + (check.holds ? "ok" : "WRONG"))
      }
    }
    if let device = device as? OpenCLDevice, device.description.nvidiaCapability > 0 {
      let units = device.hasMatrixUnits ? "on" : "without"
      let why = device.hasMatrixUnits ? "" : ": there are none, or their kernels do not build here"
      print("  \(device.information.identifier) multiplies floats \(units) matrix units\(why)")
    }
    return holds
  }

  /// Runs this program again for one device; true when it exits 0.
  private func checkInChild(_ identifier: String) throws -> Bool {
    fflush(nil)
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    child.arguments = ["doctor", "--device", identifier]
    try child.run()
    child.waitUntilExit()
    if child.terminationReason == .uncaughtSignal {
      print("  \(identifier): the driver crashed (signal \(child.terminationStatus))")
    }
    return child.terminationReason == .exit && child.terminationStatus == 0
  }
}

private var machine: String {
  #if arch(x86_64)
    "x86-64"
  #elseif arch(arm64)
    "arm64 (untested)"
  #else
    "an untested architecture"
  #endif
}

/// "7.8 GiB".
func gibibytes(_ bytes: Int) -> String { String(format: "%.1f GiB", Double(bytes) / 0x1p30) }
