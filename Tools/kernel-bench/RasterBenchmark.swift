import Compute
import Foundation

/// Pictures of a body for pre-training: 64 of 128 pixels, of a surface with the 13,776 triangles of the largest body, two
/// samples to a pixel's side.
///
/// The surface is a bulged tube that covers about as much of the picture as a person does, so its triangles are about as
/// large.
let rasterBenchmarks: [Benchmark] = [
  Benchmark(
    name: "rasterize/64x128px/13776", bound: .memory, flop: 0,
    elementTraffic: batch * (6 * vertexCount + 4 * size * size) + 3 * faces.count
  ) { device, type in
    let corners = surface.flatMap { $0 }
    let colors = corners.map { $0.truncatingRemainder(dividingBy: 1) }
    let hosts = [corners, colors].map { host in (0..<batch).flatMap { _ in host } }
    let views = hosts.map { device.uploaded($0, .float32, [batch, vertexCount, 3]) }
    let surfaces = RasterSurfaces(
      corners: views[0], faces: device.upload(faces.flatMap { $0 }, [faces.count, 3]), colors: views[1])
    let picture = device.allocate(.float32, [batch, size, size, 3])
    let coverage = device.allocate(.float32, [batch, size, size])
    return Prepared(run: {
      device.rasterize(surfaces, samplesPerSide: 2, picture: picture, coverage: coverage)
    }) {
      var result = Verification()
      let (shares, values) = (try device.downloadDoubles(coverage), try device.downloadDoubles(picture))
      // The tube's outline is known: pixels well inside are covered, those well outside are not.
      for pixel in spread(4001, over: batch * size * size) {
        let x = Double(pixel % size) + 0.5 - Double(size) / 2
        let y = Double(pixel / size % size) + 0.5 - Double(size) / 2
        let distance = max(abs(x) - width(y), abs(y) - length)
        guard abs(distance) > 2 else { continue }
        result.compare(shares[pixel], distance < 0 ? 1 : 0, magnitude: 1, type: .float32)
        if distance > 0 { result.compare(values[3 * pixel], 0, magnitude: 1, type: .float32) }
      }
      return result
    }
  }
]

private let (batch, size) = (64, 128)
private let (rings, segments) = (83, 84)
private let vertexCount = rings * segments
/// Half the tube's length, and half its width at a height, in pixels.
private let length = 52.0

private func width(_ y: Double) -> Double { 14 + 4 * (1 - y * y / (length * length)) }

/// Pixels and depth of the tube's vertices.
private let surface: [[Float]] = (0..<vertexCount).map { vertex in
  let y = (Double(vertex / segments) / Double(rings - 1) * 2 - 1) * length
  let angle = Double(vertex % segments) / Double(segments) * 2 * Double.pi
  return [Float(64 + width(y) * cos(angle)), Float(64 + y), Float(5 + 0.2 * cos(angle - .pi / 2))]
}

/// `[13776]`: two per quad of the tube.
private let faces: [[Int32]] = (0..<rings - 1).flatMap { ring in
  (0..<segments).flatMap { segment in
    let a = Int32(ring * segments + segment)
    let b = Int32(ring * segments + (segment + 1) % segments)
    return [[a, b, a + Int32(segments)], [b, b + Int32(segments), a + Int32(segments)]]
  }
}
