import Compute
import Foundation

/// The mean over distinct edges of | |output edge| / |reference edge| - 1 |: how much a surface is stretched or squeezed.
///
/// - Parameters:
///   - reference: the same vertices in rest or in truth.
///   - faces: of both surfaces; at least one.
/// - Throws: `ComputeError` of kind `.data` for an edge of length 0 in the reference.
public func edgeLengthError(
  _ output: [SIMD3<Double>], reference: [SIMD3<Double>], faces: [SIMD3<Int32>]
) throws -> Double {
  precondition(output.count == reference.count && !faces.isEmpty, "edgeLengthError: sizes differ, or no faces")
  try checkEdgeLengths(reference, faces: faces, name: "edge-length error")
  var edges: Set<SIMD2<Int32>> = []
  for face in faces {
    for k in 0..<3 { edges.insert(SIMD2(min(face[k], face[(k + 1) % 3]), max(face[k], face[(k + 1) % 3]))) }
  }
  func length(_ points: [SIMD3<Double>], _ edge: SIMD2<Int32>) -> Double {
    norm(points[Int(edge.x)] - points[Int(edge.y)])
  }
  // In a fixed order: a set's own order changes from run to run, and the sum's last bits with it.
  let ordered = edges.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
  let sum = ordered.reduce(0) { $0 + abs(length(output, $1) / length(reference, $1) - 1) }
  return sum / Double(edges.count)
}

/// Checks that no edge has length 0, by which edge losses and errors divide.
///
/// - Throws: `ComputeError` of kind `.data` with the first such edge.
public func checkEdgeLengths(_ vertices: [SIMD3<Double>], faces: [SIMD3<Int32>], name: String) throws {
  for (index, face) in faces.enumerated() {
    for k in 0..<3 {
      let (a, b) = (face[k], face[(k + 1) % 3])
      guard vertices[Int(a)] == vertices[Int(b)] else { continue }
      throw ComputeError(
        .data, what: "\(name): vertices \(a) and \(b) of face \(index) lie at one place",
        why: "the length of their edge is 0, and edges are compared by the ratio of their lengths",
        mend: "remove degenerate faces from the mesh")
    }
  }
}

/// The mean angle between the normals of corresponding faces, in degrees.
///
/// Faces without area have no normal: those of the target do not count, those of the output count as 90 degrees.
///
/// - Parameter faces: of both surfaces; at least one has an area in the target.
public func normalError(_ output: [SIMD3<Double>], target: [SIMD3<Double>], faces: [SIMD3<Int32>]) -> Double {
  precondition(output.count == target.count, "normalError: \(output.count) and \(target.count) vertices")
  func normal(_ points: [SIMD3<Double>], _ face: SIMD3<Int32>) -> SIMD3<Double> {
    let corner = points[Int(face.x)]
    return cross(points[Int(face.y)] - corner, points[Int(face.z)] - corner)
  }
  var sum = 0.0
  var count = 0
  for face in faces {
    let truth = normal(target, face)
    guard truth != .zero else { continue }
    let found = normal(output, face)
    // By the tangent, which is exact for small angles as the cosine is not.
    sum += found == .zero ? .pi / 2 : atan2(norm(cross(found, truth)), dot(found, truth))
    count += 1
  }
  precondition(count > 0, "normalError: no face of the target has an area")
  return sum / Double(count) * 180 / .pi
}
