import Foundation

extension TriangleMesh {
  /// A unit sphere made by splitting each triangle of an icosahedron into four, `subdivisions` times.
  ///
  /// It has `10 * 4^subdivisions + 2` vertices and `20 * 4^subdivisions` faces; twelve vertices have five neighbours,
  /// all others six.
  public static func icosphere(subdivisions: Int) -> TriangleMesh {
    var mesh = icosahedron
    for _ in 0..<subdivisions { mesh = mesh.subdividedOnSphere() }
    return mesh
  }

  /// A unit sphere of `rings` circles of latitude with `segments` vertices each, and two poles on the y axis.
  ///
  /// It has `rings * segments + 2` vertices and `2 * rings * segments` faces, so 82 rings of 84 segments have as many
  /// as the usual body template: 6890 and 13776.
  public static func uvSphere(rings: Int, segments: Int) -> TriangleMesh {
    precondition(rings >= 1 && segments >= 3, "uvSphere: needs at least one ring of three segments")
    var vertices: [SIMD3<Double>] = []
    for ring in 0..<rings {
      let polar = Double.pi * Double(ring + 1) / Double(rings + 1)
      for segment in 0..<segments {
        let azimuth = 2 * Double.pi * Double(segment) / Double(segments)
        vertices.append(SIMD3(sin(polar) * cos(azimuth), cos(polar), sin(polar) * sin(azimuth)))
      }
    }
    let north = Int32(vertices.count)
    let south = north + 1
    vertices += [SIMD3(0, 1, 0), SIMD3(0, -1, 0)]

    let width = Int32(segments)
    let lastRing = Int32(rings - 1) * width
    var faces: [SIMD3<Int32>] = []
    for here in 0..<width {
      let next = (here + 1) % width
      faces.append(SIMD3(north, next, here))
      for ring in 0..<Int32(rings - 1) {
        let a = ring * width + here
        let b = ring * width + next
        faces.append(SIMD3(a, b, b + width))
        faces.append(SIMD3(a, b + width, a + width))
      }
      faces.append(SIMD3(south, lastRing + here, lastRing + next))
    }
    return TriangleMesh(vertices: vertices, faces: faces)
  }

  /// Twelve vertices: the corners of three golden rectangles at right angles.
  private static var icosahedron: TriangleMesh {
    let long = (1 + 5.0.squareRoot()) / 2
    var vertices: [SIMD3<Double>] = []
    for (a, b) in [(-1.0, long), (1, long), (-1, -long), (1, -long)] {
      vertices += [SIMD3(a, b, 0), SIMD3(0, a, b), SIMD3(b, 0, a)]
    }
    vertices = vertices.map { $0 / norm($0) }
    // Faces are the triples of mutual neighbours, turned to face outwards.
    let count = vertices.count
    func areNeighbours(_ a: Int, _ b: Int) -> Bool { dot(vertices[a], vertices[b]) > 0.4 }
    var faces: [SIMD3<Int32>] = []
    for a in 0..<count {
      for b in (a + 1)..<count where areNeighbours(a, b) {
        for c in (b + 1)..<count where areNeighbours(a, c) && areNeighbours(b, c) {
          let facesOutwards = dot(vertices[a], cross(vertices[b], vertices[c])) > 0
          faces.append(facesOutwards ? SIMD3(Int32(a), Int32(b), Int32(c)) : SIMD3(Int32(a), Int32(c), Int32(b)))
        }
      }
    }
    return TriangleMesh(vertices: vertices, faces: faces)
  }

  private func subdividedOnSphere() -> TriangleMesh {
    var vertices = vertices
    var midpoints: [SIMD2<Int32>: Int32] = [:]
    func midpoint(_ a: Int32, _ b: Int32) -> Int32 {
      let edge = SIMD2(min(a, b), max(a, b))
      if let known = midpoints[edge] { return known }
      let sum = vertices[Int(a)] + vertices[Int(b)]
      vertices.append(sum / norm(sum))
      midpoints[edge] = Int32(vertices.count - 1)
      return Int32(vertices.count - 1)
    }
    var split: [SIMD3<Int32>] = []
    for face in faces {
      let ab = midpoint(face.x, face.y)
      let bc = midpoint(face.y, face.z)
      let ca = midpoint(face.z, face.x)
      split += [SIMD3(face.x, ab, ca), SIMD3(face.y, bc, ab), SIMD3(face.z, ca, bc), SIMD3(ab, bc, ca)]
    }
    return TriangleMesh(vertices: vertices, faces: split)
  }
}
