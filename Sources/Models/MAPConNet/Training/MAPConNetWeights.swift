import FileFormats
import Foundation
import Layers
import Training

/// A network's weights as files: one with the full names, or two as the published code saves them.
///
/// The published code writes `latest_net_G` (refinement) and `latest_net_Corr` (features and correspondence), whose names
/// lack the prefixes `net.netG.` and `net.netCorr.`. Names tell what a file holds; its own name does not matter.
public struct MAPConNetWeights: Sendable {
  /// Parameters and power vectors under their full names; whose network they are stands in the metadata.
  public let contents: Checkpoint

  private static let parts: [(label: String, prefix: String)] = [
    ("G", RefinementNetwork.prefix), ("Corr", Correspondence.prefix),
  ]

  /// - Parameter checkpoint: of a run; what only resuming needs is left out.
  /// - Throws: `.data` when it is of another model.
  public init(_ checkpoint: Checkpoint) throws {
    guard ["mapconnet", "corenet"].contains(checkpoint.metadata["model"]) else {
      throw ComputeError(
        .data, what: "\(checkpoint.source): no weights of MAPConNet or 3D-CoreNet",
        why: "its metadata names the model \(checkpoint.metadata["model"] ?? "nothing")",
        mend: "give a checkpoint of a run that `contrapposto train mapconnet` wrote")
    }
    var contents = Checkpoint(source: checkpoint.source)
    for key in MAPConNetSettings().identity.keys.sorted() { contents.metadata[key] = checkpoint.metadata[key] }
    for (name, tensor) in checkpoint.tensors where !name.hasPrefix(CheckpointContract.statePrefix) {
      contents.tensors[name] = tensor
    }
    self.contents = contents
  }

  // MARK: - Reading

  /// Reads the files of `model.weights`, safetensors or PyTorch's, and checks that they fit the network that the settings
  /// describe, as does their metadata where they have any.
  ///
  /// - Throws: `.noInput` and `.data` for files that cannot be read; `.configuration` that names the first tensors that are
  ///   missing, unknown, of another shape or given twice.
  public init(_ settings: MAPConNetSettings) throws {
    let (paths, identity, architecture) = (settings.model.weights, settings.identity, settings.architecture)
    let correspondence = Correspondence(architecture)
    let declarations = correspondence.declarations + RefinementNetwork(architecture, folds: true).declarations
    let forms = declarations.map { ($0.name, CheckpointContract.TensorForm(.float32, $0.shape)) }
    let contract = CheckpointContract(identity: identity, tensors: Dictionary(uniqueKeysWithValues: forms))
    var contents = Checkpoint(source: paths.joined(separator: " and "))
    for (key, value) in identity.sorted(by: { $0.key < $1.key }) { contents.metadata[key] = value }
    for path in paths {
      let file = try TensorFile.read(URL(fileURLWithPath: path))
      for key in identity.keys { contents.metadata[key] = file.metadata[key] ?? contents.metadata[key] }
      for (name, tensor) in file.tensors where !name.hasPrefix(CheckpointContract.statePrefix) {
        let full = Self.parts.map { $0.prefix + name }.first { contract.tensors[$0] != nil } ?? name
        guard contents.tensors[full] == nil else {
          throw ComputeError(
            .configuration, what: "\(path): \(full) is given twice", why: "only one of them could be used",
            mend: "give one file of the whole network, or one of each part")
        }
        contents.tensors[full] = tensor
      }
    }
    do {
      try contract.validate(contents)
    } catch let error as ComputeError {
      throw ComputeError(error.kind, what: error.what, why: error.why, mend: Self.advice(contents, settings))
    }
    self.contents = contents
  }

  /// What to do about files that do not fit.
  private static func advice(_ contents: Checkpoint, _ settings: MAPConNetSettings) -> String {
    for (label, prefix) in parts where !contents.tensors.keys.contains(where: { $0.hasPrefix(prefix) }) {
      return "give the file of the other part too, which the published code names net_\(label)"
    }
    let width = contents.tensors[Correspondence.prefix + "adaptive_feature.layer1.weight"]?.shape.first
    let style = contents.tensors[RefinementNetwork.prefix + "elain_block1.norm_0.mlp_same.weight"]?.shape
    if let width, let style, style.count > 1 {
      var changed = settings
      changed.model.width = width
      var changes = width == settings.model.width ? [] : ["model.width=\(width)"]
      if changed.architecture.identityChannels != style[1] {
        changes.append(
          style[1] == 4 * width
            ? "model.kind=corenet"
            : settings.model.kind == .corenet ? "model.kind=mapconnet" : "model.identityChannels=\(style[1])")
      }
      if !changes.isEmpty { return "set \(changes.joined(separator: " and ")): these weights are of such a network" }
    }
    return "give weights of this network, all of them and no others"
  }

  // MARK: - Writing

  /// Writes one file with the full names.
  ///
  /// - Throws: `.cannotWrite`; an older file then stays as it was.
  public func write(to path: String) throws { try contents.write(to: path) }

  /// Writes two files as the published code splits them: `PREFIX_net_G.safetensors`, `PREFIX_net_Corr.safetensors`.
  ///
  /// - Returns: their paths.
  /// - Throws: `.cannotWrite`; no half-written file is left.
  public func writeParts(to start: String) throws -> [String] {
    try Self.parts.map { label, prefix in
      var part = Checkpoint(metadata: contents.metadata)
      for (name, tensor) in contents.tensors where name.hasPrefix(prefix) {
        part.tensors[String(name.dropFirst(prefix.count))] = tensor
      }
      let path = "\(start)_net_\(label).safetensors"
      try part.write(to: path)
      return path
    }
  }
}
