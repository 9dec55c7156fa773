import Geometry
import RasterShim

/// A person drawn into a picture, nothing behind: what the rasteriser leaves.
struct DrawnPerson: Sendable {
  let size: Int
  /// `[size, size, 3]`: the mean of the samples' colours, 0 where a sample sees nobody.
  var colors: [Float]
  /// `[size, size]`: the share of samples that see the person.
  var coverage: [Float]

  /// - Parameters:
  ///   - corners: `[vertices, 3]`: pixels of the picture, and depth.
  ///   - shades: `[vertices, 3]`: the colours as they appear.
  ///   - faces: `[faces, 3]`
  init(corners: [Float], shades: [Float], faces: [Int32], size: Int, samplesPerSide: Int) {
    self.size = size
    colors = [Float](repeating: 0, count: size * size * 3)
    coverage = [Float](repeating: 0, count: size * size)
    let vertices = Int64(corners.count / 3)
    let (side, samples) = (Int64(size), Int64(samplesPerSide))
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: Int(raster_scratch(vertices, side, side, samples)), alignment: 64)
    defer { scratch.deallocate() }
    corners.withUnsafeBufferPointer { corners in
      shades.withUnsafeBufferPointer { shades in
        faces.withUnsafeBufferPointer { faces in
          var mesh = raster_mesh(
            corners: corners.baseAddress, vertices: vertices, faces: faces.baseAddress, count: Int64(faces.count / 3),
            colors: shades.baseAddress)
          raster_draw(&mesh, side, 0, side, samples, scratch, &colors, &coverage)
        }
      }
    }
  }

  /// Blurs colours and coverage alike, with weights of a pixel and of its neighbours along each axis.
  mutating func blur(_ weights: SIMD3<Float>) {
    Self.blur(&colors, size: size, channels: 3, weights)
    Self.blur(&coverage, size: size, channels: 1, weights)
  }

  /// Along rows, then along columns; the border pixel stands in for what lies outside.
  static func blur(_ values: inout [Float], size: Int, channels: Int, _ w: SIMD3<Float>) {
    var along = values
    values.withUnsafeMutableBufferPointer { values in
      along.withUnsafeMutableBufferPointer { along in
        let row = size * channels
        func at(_ k: Int) -> Int { min(max(k, 0), size - 1) }
        for y in 0..<size {
          for x in 0..<size {
            for c in 0..<channels {
              func value(_ dx: Int) -> Float { values[y * row + at(x + dx) * channels + c] }
              along[y * row + x * channels + c] =
                w.x * value(0) + w.y * (value(-1) + value(1)) + w.z * (value(-2) + value(2))
            }
          }
        }
        for y in 0..<size {
          let rows = (-2...2).map { at(y + $0) * row }
          for k in 0..<row {
            values[y * row + k] =
              w.x * along[rows[2] + k] + w.y * (along[rows[1] + k] + along[rows[3] + k])
              + w.z * (along[rows[0] + k] + along[rows[4] + k])
          }
        }
      }
    }
  }
}
