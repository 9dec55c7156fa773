import Compute

/// The normalised adjacency of a mesh-like graph times the features of a batch, `[vertices, features * batch]`.
let spmmBenchmarks: [Benchmark] = [
  spmmBenchmark(vertices: 12_288, features: 64, batch: 64),
  spmmBenchmark(vertices: 3072, features: 256, batch: 64),
  spmmBenchmark(vertices: 12_288, features: 32, batch: 8),
]

private func spmmBenchmark(vertices: Int, features: Int, batch: Int) -> Benchmark {
  let width = features * batch
  let graph = triangulatedGrid(vertices)
  return Benchmark(
    name: "spmm/\(vertices)x\(width)", bound: .memory, flop: 2 * graph.value.count * width,
    elementTraffic: 2 * vertices * width
  ) { device, type in
    let x = hostValues(vertices * width, seed: 3)
    let matrix = SparseMatrix(graph, type, on: device)
    let xView = device.uploaded(x, type, [vertices, width])
    let y = device.allocate(type, [vertices, width])
    return Prepared(run: { device.spmm(matrix, xView, into: y) }) {
      var result = Verification()
      for row in spread(29, over: vertices) {
        let values = try device.downloadDoubles(y.selecting(axis: 0, row))
        for column in spread(67, over: width) {
          var sum = 0.0
          var magnitude = 0.0
          for (inner, value) in graph.row(row) {
            let term = value * Double(x[inner * width + column])
            sum += term
            magnitude += abs(term)
          }
          result.compare(values[column], sum, magnitude: magnitude, type: type)
        }
      }
      return result
    }
  }
}

/// The adjacency of a square grid with one diagonal per cell, each entry -1 / sqrt(degree * degree): about six
/// neighbours per vertex, like a mesh.
private func triangulatedGrid(_ vertices: Int) -> CompressedRows {
  let side = Int(Double(vertices).squareRoot().rounded(.up))
  var edges: [(Int, Int)] = []
  for row in 0..<side {
    for column in 0..<side {
      let vertex = row * side + column
      for (down, right) in [(0, 1), (1, 0), (1, 1)] where row + down < side && column + right < side {
        let neighbour = vertex + down * side + right
        if vertex < vertices, neighbour < vertices { edges.append((vertex, neighbour)) }
      }
    }
  }
  var degree = [Double](repeating: 0, count: vertices)
  for (a, b) in edges {
    degree[a] += 1
    degree[b] += 1
  }
  let entries = edges.flatMap { a, b -> [(row: Int, column: Int, value: Double)] in
    let value = -1 / (degree[a] * degree[b]).squareRoot()
    return [(a, b, value), (b, a, value)]
  }
  return CompressedRows(rows: vertices, columns: vertices, entries: entries)
}
