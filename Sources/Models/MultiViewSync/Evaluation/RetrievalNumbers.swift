import Datasets
import Foundation
import Geometry

/// How near the poses of retrieved pictures are to those of their queries: mean PA-MPJPE in millimetres.
public struct RetrievalNumbers: Sendable, Equatable {
  /// Of the picture that the network likes best, of a random candidate, and of the best possible one.
  public let retrieved, random, best: Double
  /// Searches that were measured.
  public let count: Int

  /// The mean over searches; nil where no poses are known.
  ///
  /// - Parameter searches: a query, its candidates, and the candidate that was found, among the retrieval's places.
  public init?(
    _ retrieval: Retrieval, _ searches: [(query: Int, candidates: [Int], found: Int)], seed: UInt64
  ) {
    var random = PhiloxGenerator(seed: seed, stream: 0x52 << 56)
    var sums = SIMD3<Double>.zero
    for search in searches {
      let differences = search.candidates.map { retrieval.difference(search.query, $0) }
      guard let found = retrieval.difference(search.query, search.found),
        let drawn = differences[random.index(below: differences.count)],
        let best = differences.compactMap({ $0 }).min()
      else { return nil }
      sums += SIMD3(found, drawn, best)
    }
    guard !searches.isEmpty else { return nil }
    let mean = sums / Double(searches.count)
    (retrieved, self.random, best) = (mean.x, mean.y, mean.z)
    count = searches.count
  }
}
