import Compute
import Foundation

/// Making a folder that appears with all of its contents, or not at all.
public enum AtomicFolder {
  /// Makes a folder under a temporary name beside `url`, has it filled, and renames it.
  ///
  /// Parents that do not exist are made.
  ///
  /// - Parameter fill: puts files into the folder it is given. What it throws is thrown on, and nothing is left behind.
  /// - Throws: `ComputeError` `.cannotWrite` when something of this name exists, or the folder cannot be made.
  public static func create(_ url: URL, filling fill: (URL) throws -> Void) throws {
    var status = stat()
    guard lstat(url.path, &status) != 0 else {
      throw ComputeError(
        .cannotWrite, what: "\(url.path): exists already", why: "a new folder is made, and none is written into",
        mend: "give the path of a folder that is not there yet, or move this one away")
    }
    let parent = url.deletingLastPathComponent()
    try AtomicFile.makeFolder(parent)
    let suffix = String(UInt32.random(in: .min ... .max), radix: 36)
    let temporary = parent.appendingPathComponent(".\(url.lastPathComponent).\(suffix).part", isDirectory: true)
    try AtomicFile.makeFolder(temporary)
    do {
      try fill(temporary)
      guard rename(temporary.path, url.path) == 0 else {
        let reason = String(cString: strerror(errno))
        throw ComputeError(
          .cannotWrite, what: "\(url.path): cannot be made", why: "the system says: \(reason)",
          mend: "check whether something of this name has appeared, or write elsewhere")
      }
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw error
    }
  }
}
