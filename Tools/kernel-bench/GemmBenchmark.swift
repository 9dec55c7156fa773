import Compute

/// Batched matrix products: shapes of the attention cost, of a square product, of many small ones, and of a
/// Chebyshev layer (tall and narrow).
let gemmBenchmarks: [Benchmark] = [
  gemmBenchmark("bgemm/cost-6890x6890x256-b2", batch: 2, m: 6890, n: 6890, k: 256),
  gemmBenchmark("bgemm/square-1024", batch: 1, m: 1024, n: 1024, k: 1024),
  gemmBenchmark("bgemm/small-128-b64", batch: 64, m: 128, n: 128, k: 128),
  gemmBenchmark("bgemm/skinny-196608x64x192", batch: 1, m: 196_608, n: 64, k: 192),
]

func gemmBenchmark(_ name: String, batch: Int, m: Int, n: Int, k: Int) -> Benchmark {
  Benchmark(
    name: name, bound: .arithmetic, flop: 2 * batch * m * n * k, elementTraffic: batch * (m * k + k * n + m * n)
  ) { device, type in
    let (a, b) = (hostValues(batch * m * k, seed: 1), hostValues(batch * k * n, seed: 2))
    let aView = device.uploaded(a, type, [batch, m, k])
    let bView = device.uploaded(b, type, [batch, k, n])
    let c = device.allocate(type, [batch, m, n])
    return Prepared(run: { device.gemm(aView, bView, into: c) }) {
      var result = Verification()
      for (index, row) in zip(spread(8, over: batch).reversed(), spread(8, over: m)) {
        try verifyRow(index, row, &result)
      }
      for row in spread(5, over: m) { try verifyRow(batch - 1, row, &result) }
      return result

      func verifyRow(_ index: Int, _ row: Int, _ result: inout Verification) throws {
        let values = try device.downloadDoubles(c.selecting(axis: 0, index).selecting(axis: 0, row))
        for column in spread(67, over: n) {
          var sum = 0.0
          var magnitude = 0.0
          for inner in 0..<k {
            let term = Double(a[(index * m + row) * k + inner]) * Double(b[(index * k + inner) * n + column])
            sum += term
            magnitude += abs(term)
          }
          result.compare(values[column], sum, magnitude: magnitude, type: type)
        }
      }
    }
  }
}
