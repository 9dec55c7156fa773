import Compute

// How far a transferred mesh is from its target. Units are those of the points, metres for bodies; published tables give
// PMD and CD in 1e-3, EMD in 1e-2 (Song et al., "3D pose transfer with correspondence learning and mesh refinement", 2021).

/// Point-wise mesh distance (PMD): the mean over vertices and coordinates of (output - target)^2, after the output has
/// been centred by its own box.
///
/// It is a third of the mean squared distance of corresponding vertices. The target is taken as it is: centred already.
public func pointMeshDistance(_ output: [SIMD3<Double>], _ target: [SIMD3<Double>]) -> Double {
  precondition(output.count == target.count && !output.isEmpty, "PMD: \(output.count) and \(target.count) points")
  let sum = zip(centredByBox(output), target).reduce(0) { $0 + dot($1.0 - $1.1, $1.0 - $1.1) }
  return sum / Double(3 * output.count)
}

/// Chamfer distance (CD): the mean squared distance of the points of `a` to their nearest in `b`, plus the same the other
/// way round; not halved.
public func chamferDistance(_ a: [SIMD3<Double>], _ b: [SIMD3<Double>]) -> Double {
  func directed(_ from: [SIMD3<Double>], _ tree: PointTree) -> Double {
    from.reduce(0) { $0 + tree.nearest(to: $1).squaredDistance } / Double(from.count)
  }
  return directed(a, PointTree(b)) + directed(b, PointTree(a))
}

/// The most points of which `earthMoversDistance` finds the best matching: the cost matrix has 24 MB then.
public let earthMoversLimit = 1722

/// Earth mover's distance (EMD): the mean Euclidean distance under the best one-to-one matching, which is found exactly.
///
/// - Parameters:
///   - a, b: equally many finite points.
/// - Throws: `ComputeError` of kind `.data` for more than `earthMoversLimit` points.
/// - Complexity: O(n^3).
public func earthMoversDistance(_ a: [SIMD3<Double>], _ b: [SIMD3<Double>]) throws -> Double {
  precondition(a.count == b.count && !a.isEmpty, "EMD: \(a.count) and \(b.count) points")
  guard a.count <= earthMoversLimit else {
    throw ComputeError(
      .data, what: "EMD of \(a.count) points", why: "the exact matching takes n^2 memory and up to n^3 time",
      mend: "measure it on a mesh of \(earthMoversLimit) vertices or less, or report PMD and CD")
  }
  let distances = a.flatMap { point in b.map { norm(point - $0) } }
  let column = minimumCostAssignment(distances, count: a.count)
  return column.indices.reduce(0) { $0 + distances[$1 * a.count + column[$1]] } / Double(a.count)
}
