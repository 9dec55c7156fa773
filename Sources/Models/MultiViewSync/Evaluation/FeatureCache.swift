import Compute
import Datasets
import FileFormats
import Foundation

/// Features of pictures in a file, so that a network looks at each picture once.
public struct FeatureCache: Sendable {
  private let path: String
  /// What the features depend on beside the places: the checkpoint, the data.
  private let key: String

  /// - Parameters:
  ///   - path: of the file; it need not exist.
  ///   - key: any text; features under another one are not used.
  public init(_ path: String, key: String) {
    self.path = path
    self.key = SHA256.hexDigest(of: Data(key.utf8))
  }

  /// The features of pictures: flat `[places, features]`, from the file where it holds just these.
  ///
  /// - Throws: what the recordings throw; `.cannotWrite`.
  public func features(
    of network: PretextNetwork, at places: [MultiViewPlace], in recordings: any MultiViewRecordings, size: Int
  ) throws -> [Float] {
    let shape = [places.count, network.architecture.featureCount]
    let listing = HostTensor(
      places.flatMap { [Int32($0.sequence), Int32($0.view), Int32($0.frame)] }, shape: [places.count, 3])
    if FileManager.default.fileExists(atPath: path) {
      let file = try Safetensors(contentsOf: URL(fileURLWithPath: path))
      if file.metadata["key"] == key, file.tensors["places"] == listing,
        let known = file.tensors["features"], known.shape == shape
      {
        return known.floats()
      }
    }
    let features = try network.features(of: places.map { MultiViewShot($0) }, in: recordings, size: size)
    try Safetensors(
      metadata: ["key": key], tensors: ["places": listing, "features": HostTensor(features, shape: shape)]
    ).write(to: URL(fileURLWithPath: path))
    return features
  }
}
