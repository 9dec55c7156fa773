import CLShim
import Compute
import Foundation

/// Something about this machine's OpenCL that a user should know, in the three lines of an error.
public struct OpenCLFinding: Sendable, Equatable {
  public enum Severity: Sendable { case problem, remark }
  public let severity: Severity
  public let what, why, mend: String
}

/// What `contrapposto doctor` prints about OpenCL.
public struct OpenCLDiagnosis: Sendable {
  public let devices: [OpenCLDeviceDescription]
  public let findings: [OpenCLFinding]
}

extension OpenCLDevice {
  /// Lists devices and looks for the usual troubles, without building a kernel.
  public static func diagnose() -> OpenCLDiagnosis {
    let devices = available()
    var findings: [OpenCLFinding] = []
    let registered = registeredDrivers()
    if devices.isEmpty {
      findings.append(
        registered.isEmpty
          ? OpenCLFinding(
            severity: .problem, what: "no OpenCL driver is registered", why: "\(vendorFolder) holds no .icd file",
            mend: "install the GPU vendor's OpenCL driver, or pocl-opencl-icd to use the processor")
          : OpenCLFinding(
            severity: .problem, what: "no OpenCL device was found",
            why: "the drivers \(registered.joined(separator: ", ")) are registered but offer no device",
            mend: "check that the GPU's kernel driver is loaded, and that the driver package matches it"))
    }
    if let node = unreadableRenderNode() {
      findings.append(
        OpenCLFinding(
          severity: .problem, what: "\(node) cannot be opened", why: "this user may not read and write the render node",
          mend: "add yourself to the group that owns it (`sudo usermod -aG render $USER`) and log in again"))
    }
    let compilers = Set(devices.map(\.platform).filter { bringsLLVM($0) }).sorted()
    if compilers.count > 1 {
      findings.append(
        OpenCLFinding(
          severity: .problem, what: "\(compilers.joined(separator: " and ")) are loaded together",
          why:
            "each brings its own LLVM, and two of them in one process may crash on their shared command-line options",
          mend: "choose one for this process: OCL_ICD_VENDORS=\(vendorFolder)/NAME.icd"))
    }
    for device in devices where !device.isProcessor && !CLBlastTuning.knows(device) {
      findings.append(
        OpenCLFinding(
          severity: .remark, what: "CLBlast has no tuning for \(device.name)",
          why: "its version 1.5 was tuned on cards up to 2021, and its defaults may be ten times slower",
          mend: "nothing: matrix products run on our own kernel here"))
    }
    for device in devices where !device.supportsDouble {
      findings.append(
        OpenCLFinding(
          severity: .remark, what: "\(device.name) has no double precision",
          why: "its driver does not list cl_khr_fp64",
          mend: "train in float; run gradient checks with --device cpu"))
    }
    return OpenCLDiagnosis(devices: devices, findings: findings)
  }

  /// Where the installable client driver loader looks.
  private static let vendorFolder = "/etc/OpenCL/vendors"

  private static func registeredDrivers() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: vendorFolder)) ?? []
    return names.filter { $0.hasSuffix(".icd") }.sorted()
  }

  private static func bringsLLVM(_ platform: String) -> Bool {
    ["Portable Computing Language", "Oclgrind", "Clover", "rusticl"].contains {
      platform.lowercased().contains($0.lowercased())
    }
  }

  /// A render node that exists but that this user cannot open.
  static func unreadableRenderNode() -> String? {
    let folder = "/dev/dri"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("renderD") }.sorted().map { "\(folder)/\($0)" }.first {
      access($0, R_OK | W_OK) != 0
    }
  }
}
