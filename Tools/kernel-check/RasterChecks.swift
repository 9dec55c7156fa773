import Compute

extension Harness {
  /// In float32 alone, whatever the element type at hand.
  mutating func checkRaster() {
    guard elementType == .float32 else { return }
    for (batch, width, height, faces, side) in [
      (1, 1, 1, 1, 1), (2, 17, 5, 6, 2), (1, 33, 18, 300, 1), (2, 3, 4, 0, 4),
    ] {
      checkRaster(batch, width, height, faces, side)
    }
  }

  /// Coverage against plain loops, and the mean of colours that are the same at all corners: it is the coverage.
  private mutating func checkRaster(_ batch: Int, _ width: Int, _ height: Int, _ faces: Int, _ side: Int) {
    let vertices = 3 * faces
    let size = max(width, height)
    let corners = numbers(batch * vertices * 3).enumerated().map { place, number in
      place % 3 == 2 ? 2 + number : (0.5 + 0.7 * number) * Double(size)
    }.map { Double(Float($0)) }
    let corner = upload(corners, [batch, vertices, 3])
    let color = upload([Double](repeating: 1, count: batch * vertices * 3), [batch, vertices, 3])
    let face = upload((0..<Int32(vertices)).map { $0 }, [faces, 3])
    let picture = device.allocate(.float32, [batch, height, width, 3])
    let coverage = device.allocate(.float32, [batch, height, width])
    device.rasterize(
      RasterSurfaces(corners: corner, faces: face, colors: color), samplesPerSide: side, picture: picture,
      coverage: coverage)

    var expected = [Double](repeating: 0, count: batch * height * width)
    for b in 0..<batch {
      let points = (0..<vertices).map { v in
        (0..<2).map { axis in
          Double((Float(corners[(b * vertices + v) * 3 + axis]) * Float(256 * side)).rounded(.toNearestOrEven))
        }
      }
      for pixel in 0..<height * width {
        for sample in 0..<side * side {
          let x = Double(pixel % width * side + sample % side) * 256 + 128
          let y = Double(pixel / width * side + sample / side) * 256 + 128
          let isSeen = (0..<faces).contains { Self.isInside(Array(points[3 * $0..<3 * $0 + 3]), x, y) }
          expected[b * height * width + pixel] += isSeen ? 1 / Double(side * side) : 0
        }
      }
    }
    let name = "rasterize \(batch) of \(width)x\(height), \(faces) faces"
    expect("\(name) coverage", coverage, expected)
    expect(name, picture, expected.flatMap { [$0, $0, $0] })
  }

  private static func isInside(_ points: [[Double]], _ x: Double, _ y: Double) -> Bool {
    func cross(_ a: [Double], _ b: [Double], _ px: Double, _ py: Double) -> Double {
      (b[0] - a[0]) * (py - a[1]) - (b[1] - a[1]) * (px - a[0])
    }
    let area = cross(points[0], points[1], points[2][0], points[2][1])
    guard area != 0 else { return false }
    let direct = area > 0 ? points : [points[0], points[2], points[1]]
    return (0..<3).allSatisfy { k in
      let (from, to) = (direct[k], direct[(k + 1) % 3])
      let weight = cross(from, to, x, y)
      return weight > 0 || (weight == 0 && (to[1] < from[1] || (to[1] == from[1] && to[0] > from[0])))
    }
  }
}
