import CLShim
import Compute
import Foundation

extension OpenCLDevice {
  /// A render node that exists but that this user cannot open.
  static func unreadableRenderNode() -> String? {
    let folder = "/dev/dri"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("renderD") }.sorted().map { "\(folder)/\($0)" }.first {
      access($0, R_OK | W_OK) != 0
    }
  }
}
