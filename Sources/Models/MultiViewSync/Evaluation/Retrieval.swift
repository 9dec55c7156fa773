import Datasets
import Foundation
import Geometry

/// Looks for pictures that a pretext network takes for the same instant as a given one (section 4.4 of the paper).
///
/// Every picture passes the backbone once; its features are compared with as many others as wanted.
public struct Retrieval {
  public let network: PretextNetwork
  public let recordings: any MultiViewRecordings
  public let places: [MultiViewPlace]
  /// Flat `[places, features]`.
  public let features: [Float]
  /// The joints at each place, millimetres, where they are known.
  private let poses: [[SIMD3<Double>]?]

  /// - Throws: what the recordings throw.
  public init(
    _ network: PretextNetwork, _ recordings: any MultiViewRecordings, places: [MultiViewPlace], features: [Float]
  ) throws {
    precondition(
      features.count == places.count * network.architecture.featureCount,
      "Retrieval: \(features.count) features of \(places.count) pictures")
    self.network = network
    self.recordings = recordings
    self.places = places
    self.features = features
    poses = try places.map { try recordings.joints(at: $0) }
  }

  /// One picture that was found.
  public struct Match: Sendable, Equatable {
    /// Among `places`.
    public let index: Int
    /// F1: how probable the network finds it that both show one instant.
    public let probability: Double
  }

  /// The candidates that look most like the query's instant, best first.
  ///
  /// - Parameters:
  ///   - query, candidates: among `places`.
  ///   - count: how many to find.
  public func matches(of query: Int, among candidates: [Int], count: Int) throws -> [Match] {
    let logits = try network.judge(features, pairs: candidates.map { (query, $0) }).sync
    let order = candidates.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
    return order.prefix(count).map {
      Match(index: candidates[$0], probability: 1 / (1 + exp(-logits[$0])))
    }
  }

  /// Pictures of the query's own take from other cameras.
  public func otherViews(of query: Int) -> [Int] {
    let place = places[query]
    return places.indices.filter { places[$0].sequence == place.sequence && places[$0].view != place.view }
  }

  /// PA-MPJPE between the poses of two pictures, in millimetres; nil where they are not known.
  public func difference(_ first: Int, _ second: Int) -> Double? {
    guard let a = poses[first], let b = poses[second] else { return nil }
    return alignedMeanDistance(b, a)
  }
}
