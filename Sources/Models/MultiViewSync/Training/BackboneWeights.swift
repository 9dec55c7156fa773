import FileFormats
import Foundation
import Layers
import Training

/// Weights of a backbone to start from: those of a pre-training run, or a residual network in torchvision's layout,
/// as safetensors or as PyTorch saves it (`.pth`).
///
/// Names may begin with `backbone.`; classifiers and heads (`fc.`, `head_`) and an optimiser's state are left out.
public struct BackboneWeights: Sendable {
  private let tensors: [String: HostTensor]
  private let source: String

  /// - Parameter path: a run folder, whose best checkpoint is taken, or a file.
  /// - Throws: `.noInput` and `.data` for what cannot be read.
  public init(path: String) throws {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = exists && isFolder.boolValue ? try RunFolder.open(path).bestCheckpoint() : path
    self.init(try TensorFile.read(URL(fileURLWithPath: file)))
  }

  init(_ file: Safetensors) {
    source = file.source
    var tensors: [String: HostTensor] = [:]
    for (name, tensor) in file.tensors
    where !["fc.", "head_", CheckpointContract.statePrefix].contains(where: name.hasPrefix) {
      let isFull = name.hasPrefix(ResidualNetwork.prefix)
      tensors[isFull ? name : ResidualNetwork.prefix + name] = tensor
    }
    self.tensors = tensors
  }

  /// Fills the backbone's tensors of a store; the counters of batch norms too, where the file has them.
  ///
  /// - Throws: `.configuration` that names the first tensors that differ; nothing is written then.
  func load(into store: ParameterStore) throws {
    let declarations = store.declarations.filter { $0.name.hasPrefix(ResidualNetwork.prefix) }
    let counters = store.counters.keys.filter { $0.hasPrefix(ResidualNetwork.prefix) }
    let known = Set(declarations.map(\.name)).union(counters)
    let wrong =
      declarations.compactMap { item -> String? in
        guard let tensor = tensors[item.name] else { return "\(item.name) is missing" }
        return tensor.shape == item.shape
          ? nil : "\(item.name) has shape \(tensor.shape), the network needs \(item.shape)"
      } + tensors.keys.filter { !known.contains($0) }.sorted().map { "\($0) is unknown" }
    guard wrong.isEmpty else {
      throw ComputeError(
        .configuration, what: "\(source): these are not weights of this backbone",
        why: wrong.prefix(4).joined(separator: "; ") + (wrong.count > 4 ? "; and \(wrong.count - 4) more" : ""),
        mend: advice)
    }
    for item in declarations { tensors[item.name]?.upload(to: store.view(item.name), on: store.device) }
    for name in counters { store.counters[name] = try tensors[name]?.int64s().first ?? 0 }
  }

  /// Which settings the weights call for, as far as their shapes tell.
  private var advice: String {
    func shape(_ name: String) -> [Int]? { tensors[ResidualNetwork.prefix + name]?.shape }
    guard let stem = shape("conv1.weight"), stem.count == 4, let unit = shape("layer1.0.conv1.weight") else {
      return "give a state dictionary of a residual network with torchvision's names"
    }
    let backbone: Backbone = unit.last == 1 ? .resnet50 : .resnet18
    return "if they are meant, set model.backbone=\(backbone.rawValue) and model.width=\(stem[0])"
  }
}

extension PretextNetwork {
  /// Takes the backbone's weights from elsewhere; the heads stay as they are.
  public func load(_ weights: BackboneWeights) throws { try weights.load(into: parameters) }
}

extension PoseNetwork {
  /// Takes the backbone's weights from elsewhere; the head stays as it is.
  public func load(_ weights: BackboneWeights) throws { try weights.load(into: parameters) }
}
