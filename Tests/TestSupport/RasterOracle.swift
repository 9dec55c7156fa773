import Compute

/// Triangles to pictures, sample after sample with loops in Double over all faces.
///
/// Places are rounded to the grid that the contract names, so coverage is exact; colours are not.
public struct RasterOracle {
  public let picture, coverage: HostTensor
  /// Per pixel, how little the nearest face of a sample is nearer than the next one, as a share of its 1 / depth: where it
  /// is tiny, rounding may choose the other.
  public let leads: [Double]

  /// - Parameters:
  ///   - corners, colors: `[batch, vertices, 3]`, exact in float32.
  ///   - faces: `[faces]`
  public init(
    corners: HostTensor, faces: [[Int]], colors: HostTensor, width: Int, height: Int, samplesPerSide side: Int
  ) {
    let (batch, vertices) = (corners.shape[0], corners.shape[1])
    var picture = HostTensor([batch, height, width, 3], repeating: 0)
    var coverage = HostTensor([batch, height, width], repeating: 0)
    var leads = coverage.values.map { _ in Double.infinity }
    for b in 0..<batch {
      func corner(_ v: Int) -> [Double]? {
        guard (0..<vertices).contains(v) else { return nil }
        let p = (0..<3).map { corners.values[(b * vertices + v) * 3 + $0] }
        guard abs(p[0]) <= 16384, abs(p[1]) <= 16384, p[2] >= Double(Float(1e-6)), p[2] <= 1e6 else { return nil }
        // The product is rounded to float32 before it is rounded to a whole number.
        return (0..<2).map { Double((Float(p[$0]) * Float(256 * side)).rounded(.toNearestOrEven)) } + [1 / p[2]]
      }
      let drawn = faces.map { $0.compactMap(corner) }
      for row in 0..<height {
        for column in 0..<width {
          let pixel = (b * height + row) * width + column
          for sample in 0..<side * side {
            let x = Double(column * side + sample % side) * 256 + 128
            let y = Double(row * side + sample / side) * 256 + 128
            var (best, second) = (0.0, 0.0)
            var color = [0.0, 0, 0]
            for (face, points) in drawn.enumerated() where points.count == 3 {
              guard let weights = Self.weights(points, x, y) else { continue }
              let shares = zip(weights, points).map { $0 * $1[2] }
              let nearness = shares.reduce(0, +)
              if nearness > best {
                (best, second) = (nearness, best)
                color = (0..<3).map { channel in
                  zip(shares, faces[face]).reduce(0) { sum, corner in
                    sum + corner.0 / nearness * colors.values[(b * vertices + corner.1) * 3 + channel]
                  }
                }
              } else {
                second = max(second, nearness)
              }
            }
            guard best > 0 else { continue }
            leads[pixel] = min(leads[pixel], (best - second) / best)
            coverage.values[pixel] += 1 / Double(side * side)
            for channel in 0..<3 { picture.values[3 * pixel + channel] += color[channel] / Double(side * side) }
          }
        }
      }
    }
    self.picture = picture
    self.coverage = coverage
    self.leads = leads
  }

  /// Weights of the three corners at a point, or nil when it belongs to the outside. All numbers are whole and below 2^53.
  private static func weights(_ points: [[Double]], _ x: Double, _ y: Double) -> [Double]? {
    func cross(_ a: [Double], _ b: [Double], _ px: Double, _ py: Double) -> Double {
      (b[0] - a[0]) * (py - a[1]) - (b[1] - a[1]) * (px - a[0])
    }
    let area = cross(points[0], points[1], points[2][0], points[2][1])
    guard area != 0 else { return nil }
    let direct = area > 0 ? points : [points[0], points[2], points[1]]
    var weights: [Double] = []
    for k in 0..<3 {
      let (from, to) = (direct[(k + 1) % 3], direct[(k + 2) % 3])
      let weight = cross(from, to, x, y)
      let isTopOrLeft = to[1] < from[1] || (to[1] == from[1] && to[0] > from[0])
      guard weight > 0 || (weight == 0 && isTopOrLeft) else { return nil }
      weights.append(weight / abs(area))
    }
    return area > 0 ? weights : [weights[0], weights[2], weights[1]]
  }
}
