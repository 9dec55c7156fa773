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
    var scratch = colors
    raster_blur(&colors, Int64(size), 3, weights.x, weights.y, weights.z, &scratch)
    raster_blur(&coverage, Int64(size), 1, weights.x, weights.y, weights.z, &scratch)
  }
}
