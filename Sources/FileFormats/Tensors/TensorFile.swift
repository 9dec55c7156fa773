import Foundation

/// Named tensors of whatever program: safetensors, or PyTorch's `.pth` and `.pt`.
public enum TensorFile {
  /// Reads a file; its first bytes tell what it is, its name does not matter.
  ///
  /// - Throws: `ComputeError` as `Safetensors.init(contentsOf:)` and `PyTorchFile.read(_:)`.
  public static func read(_ url: URL) throws -> Safetensors {
    let beginning = try InputFile.beginning(url, count: 4)
    if PyTorchFile.recognizes(beginning) { return try PyTorchFile.read(url) }
    return try Safetensors(contentsOf: url)
  }
}
