import Compute
import Foundation

/// Named tensors and string metadata: the safetensors file format (github.com/huggingface/safetensors).
///
/// A file is an 8-byte little-endian header length, a JSON header, and the tensors' bytes. The header maps each
/// name to `dtype`, `shape` and `data_offsets` (within the bytes after the header), and `__metadata__` to an
/// object of strings.
public struct Safetensors: Equatable, Sendable {
  /// What to call these tensors in errors: the path they were read from.
  public var source: String
  /// The strings under `__metadata__`, in file order.
  public var metadata: OrderedMap<String>
  /// The tensors, in header order.
  public var tensors: OrderedMap<HostTensor>

  public init(
    metadata: OrderedMap<String> = [:], tensors: OrderedMap<HostTensor> = [:], source: String = "tensors in memory"
  ) {
    self.source = source
    self.metadata = metadata
    self.tensors = tensors
  }

  /// The tensor called `name`.
  ///
  /// - Parameter shape: When given, the shape it must have; `nil` entries match any length.
  /// - Throws: `ComputeError` `.data` when there is none, or its shape differs.
  public func tensor(_ name: String, shape: [Int?]? = nil) throws -> HostTensor {
    guard let tensor = tensors[name] else {
      throw ComputeError(
        .data, what: "\(source): no tensor \"\(name)\"",
        why: "it is needed here; the file holds \(tensors.count) others"
          + (tensors.keys.first.map { ", the first is \"\($0)\"" } ?? ""),
        mend: "check that the file is meant for this job and was written completely")
    }
    if let shape {
      let fits =
        shape.count == tensor.shape.count && zip(shape, tensor.shape).allSatisfy { $0 == nil || $0 == $1 }
      guard fits else {
        let wanted = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
        throw ComputeError(
          .data, what: "\(source): tensor \"\(name)\" has shape \(tensor.shape)", why: "[\(wanted)] is needed here",
          mend: "use a file made for the same model, joints and mesh")
      }
    }
    return tensor
  }

  /// The metadata string called `key`.
  ///
  /// - Throws: `ComputeError` `.data` when there is none.
  public func metadata(_ key: String) throws -> String {
    guard let value = metadata[key] else {
      throw ComputeError(
        .data, what: "\(source): no metadata \"\(key)\"", why: "it says what the tensors are",
        mend: "check that the file is meant for this job")
    }
    return value
  }
}
