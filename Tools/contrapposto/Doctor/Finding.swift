import Foundation
import OpenCLBackend

/// Something that is wrong or could be better on this machine, and how to mend it.
struct Finding {
  let what: String
  let mend: String
}

/// What can be told from the files and devices of this machine without running a kernel.
struct Findings {
  let devices: [OpenCLDeviceDescription]

  var all: [Finding] {
    [missingDriver, unreadableNode, severalCompilers, oldCLBlast, missingDoubles].compactMap { $0 }
  }

  /// No installable client driver, or drivers without a device.
  private var missingDriver: Finding? {
    guard devices.isEmpty else { return nil }
    let folder = ProcessInfo.processInfo.environment["OCL_ICD_VENDORS"] ?? "/etc/OpenCL/vendors"
    let drivers = entries(of: folder).filter { $0.hasSuffix(".icd") }
    guard !drivers.isEmpty else {
      return Finding(
        what: "No OpenCL driver is registered in \(folder), so only the CPU backend works.",
        mend: "Install your GPU vendor's OpenCL driver, or pocl-opencl-icd to run OpenCL on the processor.")
    }
    return Finding(
      what: "OpenCL drivers are registered (\(drivers.joined(separator: ", "))), but none offers a device.",
      mend:
        "Check that the driver fits the card and its kernel module is loaded (lsmod), and that OCL_ICD_VENDORS is not set."
    )
  }

  /// A render node that this user may not open: drivers then report no device.
  private var unreadableNode: Finding? {
    let nodes =
      entries(of: "/dev/dri").filter { $0.hasPrefix("renderD") }.map { "/dev/dri/\($0)" }
      + (FileManager.default.fileExists(atPath: "/dev/kfd") ? ["/dev/kfd"] : [])
    let closed = nodes.filter { access($0, R_OK | W_OK) != 0 }
    guard !closed.isEmpty else { return nil }
    return Finding(
      what: "This user may not open \(closed.joined(separator: ", ")), so GPU drivers find no device.",
      mend: "Add yourself to the group that owns it (sudo usermod -aG render,video $USER) and log in again.")
  }

  /// Drivers that carry a copy of LLVM each: their symbols can collide in one process.
  private var severalCompilers: Finding? {
    let marks = ["Portable Computing Language", "rusticl", "Clover", "Oclgrind", "AMD Accelerated", "Intel(R) OpenCL"]
    let carriers = Set(devices.map(\.platform)).filter { platform in
      marks.contains { platform.lowercased().contains($0.lowercased()) }
    }
    guard carriers.count > 1 else { return nil }
    return Finding(
      what: "Several drivers built on LLVM share this process (\(carriers.sorted().joined(separator: ", "))); "
        + "different versions of it can crash each other.",
      mend: "If kernels crash, load one driver alone: OCL_ICD_VENDORS=/etc/OpenCL/vendors/NAME.icd contrapposto ...")
  }

  /// CLBlast's tuning tables end with the cards of its year.
  private var oldCLBlast: Finding? {
    guard devices.contains(where: { !$0.isProcessor }), let library = clblastVersion, library < (1, 6) else {
      return nil
    }
    return Finding(
      what: "CLBlast \(library.0).\(library.1) has no tuning for cards made after 2021; "
        + "matrix products that fall to it can run far below the card's speed.",
      mend: "Install CLBlast 1.6 or later, and compare with kernel-bench on this device.")
  }

  private var missingDoubles: Finding? {
    let names = devices.filter { !$0.supportsDouble }.map(\.name)
    guard !names.isEmpty else { return nil }
    return Finding(
      what: "\(names.joined(separator: ", ")) cannot compute in double precision; --scalar double is refused there.",
      mend: "Use --device cpu for gradient checks in double precision; training needs float only.")
  }

  /// From the library's file name: libclblast.so.1.5.3.
  private var clblastVersion: (Int, Int)? {
    for folder in entries(of: "/usr/lib").map({ "/usr/lib/\($0)" }) + ["/usr/lib", "/usr/local/lib"] {
      for name in entries(of: folder) where name.hasPrefix("libclblast.so.") {
        let numbers = name.dropFirst("libclblast.so.".count).split(separator: ".").compactMap { Int($0) }
        if numbers.count >= 2 { return (numbers[0], numbers[1]) }
      }
    }
    return nil
  }

  private func entries(of folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }
}
