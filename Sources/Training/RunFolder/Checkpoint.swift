import Compute
import FileFormats
import Foundation

/// Named tensors and strings: a model's parameters, its optimiser's state, and what they belong to.
///
/// Stored as safetensors. Parameters bear their published names; what only a resumed run reads begins with
/// `optimizer/`.
public typealias Checkpoint = Safetensors

extension Safetensors {
  /// Throws `.noInput` for a missing file and `.data` for a broken one.
  public init(path: String) throws { try self.init(contentsOf: URL(fileURLWithPath: path)) }

  /// Throws `.cannotWrite`, and leaves what stood at `path` as it was.
  public func write(to path: String) throws { try write(to: URL(fileURLWithPath: path)) }
}

/// What a checkpoint must hold to fit a model.
public struct CheckpointContract: Sendable {
  public struct TensorForm: Sendable, Equatable {
    public let elementType: ElementType
    public let shape: [Int]

    public init(_ elementType: ElementType, _ shape: [Int]) {
      self.elementType = elementType
      self.shape = shape
    }
  }

  /// Metadata that must agree: the model, its joint set.
  public let identity: [String: String]
  /// Every tensor, by name. Real types may differ, they convert; counters may not.
  public let tensors: [String: TensorForm]

  /// Tensors whose names begin so are not the model's own; they may be there or not.
  public static let statePrefix = "optimizer/"

  public init(identity: [String: String], tensors: [String: TensorForm]) {
    self.identity = identity
    self.tensors = tensors
  }

  /// Throws `.configuration` with a list of everything that differs.
  public func validate(_ checkpoint: Checkpoint) throws {
    let differences = differences(from: checkpoint)
    guard !differences.isEmpty else { return }
    let shown = differences.prefix(8).joined(separator: "; ")
    let more = differences.count > 8 ? "; and \(differences.count - 8) more" : ""
    throw ComputeError(
      .configuration, what: "\(checkpoint.source) does not fit this model", why: shown + more,
      mend: "use the config.yaml that stands beside the checkpoint, or a checkpoint of this model")
  }

  /// Identity first, since a wrong model explains every wrong tensor; then tensors by name.
  private func differences(from checkpoint: Checkpoint) -> [String] {
    var result: [String] = []
    for (key, expected) in identity.sorted(by: { $0.key < $1.key }) {
      let found = checkpoint.metadata[key]
      if found != expected { result.append("\(key) is \(found ?? "not given"), expected \(expected)") }
    }
    for (name, form) in tensors.sorted(by: { $0.key < $1.key }) {
      guard let tensor = checkpoint.tensors[name] else {
        result.append("\(name) is missing")
        continue
      }
      if tensor.shape != form.shape { result.append("\(name) has shape \(tensor.shape), expected \(form.shape)") }
      let converts = tensor.type.isReal && form.elementType.isReal
      if tensor.type.elementType != form.elementType, !converts {
        result.append("\(name) holds \(tensor.type.rawValue), expected \(StoredType(form.elementType).rawValue)")
      }
    }
    for name in checkpoint.tensors.keys.sorted()
    where tensors[name] == nil && !name.hasPrefix(Self.statePrefix) {
      result.append("\(name) is unknown")
    }
    return result
  }
}

extension StoredType {
  fileprivate var isReal: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    case .int64, .int32, .int16, .uint8: false
    }
  }
}
