import Compute
import FileFormats
import Foundation

/// The list of test pairs of a published set: three file names per line, of the identity mesh, the pose mesh and the
/// target, separated by blanks.
enum NPTTestList {
  /// - Parameters:
  ///   - files: the names in `folder`.
  /// - Throws: `ComputeError` as `InputFile.text(_:)`; with the line, `.data` for anything but three names of the layout
  ///   whose third combines the first's identity and the second's pose, and `.noInput` for a file that is not there.
  static func read(_ url: URL, layout: NPTLayout, folder: URL, files: Set<String>) throws -> [PoseTransferPair] {
    let example = layout.fileName(PosedIdentity(identity: 1, pose: 2))
    var pairs: [PoseTransferPair] = []
    let lines = try InputFile.text(url).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      func fault(_ why: String) -> ComputeError {
        ComputeError(
          .data, what: "\(url.path):\(index + 1): malformed list of test pairs", why: why,
          mend: "write the names of identity mesh, pose mesh and target, such as \(example), on one line")
      }
      let names = line.split(whereSeparator: \.isWhitespace).map(String.init)
      if names.isEmpty { continue }
      guard names.count == 3 else { throw fault("the line has \(names.count) names, 3 are due") }
      let meshes = try names.map { name in
        guard let mesh = layout.mesh(named: name) else { throw fault("\"\(name)\" is no name like \(example)") }
        return mesh
      }
      let pair = PoseTransferPair(identityMesh: meshes[0], poseMesh: meshes[1])
      guard pair.target == meshes[2] else {
        throw fault("the target must be \(layout.fileName(pair.target)): the first's identity in the second's pose")
      }
      if let missing = names.first(where: { !files.contains($0) }) {
        throw ComputeError(
          .noInput, what: "\(url.path):\(index + 1): \(missing) is not in \(folder.path)",
          why: "the line names it for a test pair", mend: "complete the folder, or take the line out of the list")
      }
      pairs.append(pair)
    }
    guard !pairs.isEmpty else {
      throw ComputeError(
        .data, what: "\(url.path): no test pairs", why: "the list is empty",
        mend: "write one pair per line, or remove the file")
    }
    return pairs
  }

  /// The text of a list.
  static func text(_ pairs: [PoseTransferPair], layout: NPTLayout) -> String {
    pairs.map { pair in
      [pair.identityMesh, pair.poseMesh, pair.target].map { layout.fileName($0) }.joined(separator: " ") + "\n"
    }.joined()
  }
}
