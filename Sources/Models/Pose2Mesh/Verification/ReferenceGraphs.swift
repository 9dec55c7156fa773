import Compute
import FileFormats
import Geometry

/// The graph tensors of a reference file, from the faces alone.
func referenceGraphs(
  _ hierarchy: GraphHierarchy, jointLaplacian: CompressedRows, prefix: String, withAdjacency: Bool
) -> [(name: String, tensor: HostTensor)] {
  var result: [(name: String, tensor: HostTensor)] = []
  func add(_ name: String, _ values: [Int32]) { result.append((name, HostTensor(values))) }
  func add(_ name: String, _ matrix: CompressedRows) {
    var rows: [Int32] = []
    for r in 0..<matrix.rows {
      rows += [Int32](repeating: Int32(r), count: Int(matrix.rowStart[r + 1] - matrix.rowStart[r]))
    }
    add("\(name)/row", rows)
    add("\(name)/col", matrix.column)
    add("\(name)/indptr", matrix.rowStart)
    result.append(("\(name)/val", HostTensor(matrix.value.map { Float($0) })))
  }
  for (number, level) in hierarchy.levels.enumerated() {
    if withAdjacency { add("\(prefix)/\(number)/adjacency", level.adjacency) }
    add("\(prefix)/\(number)", level.scaledLaplacian)
    add("\(prefix)/\(number)/perm", level.permutation)
    add("\(prefix)/\(number)/parents", level.parents)
    result.append(("\(prefix)/\(number)/lmax", HostTensor([Float(level.largestEigenvalue)])))
  }
  add("\(prefix)/joint", jointLaplacian)
  add("\(prefix)/perm_reverse", hierarchy.place)
  return result
}
