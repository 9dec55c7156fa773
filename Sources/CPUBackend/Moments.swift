import CPUShim
import Compute

extension CPUDevice {
  public func moments(_ x: TensorView, weights: TensorView?, mean: TensorView, variance: TensorView) {
    orTrap(try momentsRule(x, weights: weights, mean: mean, variance: variance))
    launch(
      "moments", flop: 6 * x.elementCount, reading: [x] + (weights.map { [$0] } ?? []), writing: [mean, variance]
    ) {
      guard x.shape[2] > 0 else { return }
      let plan = MomentsPlan(x)
      let perTile = 2 * plan.width
      withScratch((plan.tiles * perTile + 1) * MemoryLayout<Double>.stride) { partials in
        withScratch(plan.tiles * MemoryLayout<Double>.stride) { weightsOfTiles in
          let sums = partials.assumingMemoryBound(to: Double.self)
          let tileWeights = weightsOfTiles.assumingMemoryBound(to: Double.self)
          runTiles(plan.tiles, scratchBytes: perTile * MemoryLayout<Double>.stride) { tile, scratch in
            var total = cpu_moments(at: sums + tile * perTile, width: plan.width)
            var part = cpu_moments(at: scratch.assumingMemoryBound(to: Double.self), width: plan.width)
            plan.collect(tile, x, weights: weights, into: &total, part: &part)
            tileWeights[tile] = total.weight
          }
          plan.merge(sums, tileWeights, mean: mean, variance: variance)
        }
      }
    }
  }
}

extension cpu_moments {
  /// Nothing yet: weight 0, and sums of 0 in `2 * width` doubles of scratch memory.
  fileprivate init(at memory: UnsafeMutablePointer<Double>, width: Int) {
    memory.update(repeating: 0, count: 2 * width)
    self.init(weight: 0, mean: memory, squares: memory + width)
  }
}

/// How the rows are cut: tiles of rows of one batch element and one chunk of columns, in blocks that stay in cache.
private struct MomentsPlan {
  let batch, rows, columns: Int
  let width, chunks: Int
  let rowsPerBlock, rowsPerTile, tilesPerBatch: Int

  var tiles: Int { chunks * batch * tilesPerBatch }

  init(_ x: TensorView) {
    (batch, rows, columns) = (x.shape[0], x.shape[1], x.shape[2])
    width = min(columns, 512)
    chunks = (columns + width - 1) / width
    rowsPerBlock = max(8192 / width, 1)
    rowsPerTile = max(4 * rowsPerBlock, (rows * batch + 255) / 256)
    tilesPerBatch = (rows + rowsPerTile - 1) / rowsPerTile
  }

  func collect(
    _ tile: Int, _ x: TensorView, weights: TensorView?, into total: inout cpu_moments, part: inout cpu_moments
  ) {
    let first = tile % tilesPerBatch * rowsPerTile
    let element = tile / tilesPerBatch % max(batch, 1)
    let column = tile / (tilesPerBatch * batch) * width
    let count = Int64(min(width, columns - column))
    let isDouble = x.elementType == .float64
    for row in stride(from: first, to: min(first + rowsPerTile, rows), by: rowsPerBlock) {
      let size = Int64(min(rowsPerBlock, min(first + rowsPerTile, rows) - row))
      let base =
        x.pointer + (element * x.strides[0] + row * x.strides[1] + column) * x.elementType.byteCount
      let w = weights.map { $0.pointer + row * x.elementType.byteCount }
      if isDouble {
        cpu_moments_double(
          base.assumingMemoryBound(to: Double.self), Int64(x.strides[1]), w?.assumingMemoryBound(to: Double.self), size,
          count, &part)
      } else {
        cpu_moments_float(
          base.assumingMemoryBound(to: Float.self), Int64(x.strides[1]), w?.assumingMemoryBound(to: Float.self), size,
          count, &part)
      }
      cpu_moments_merge(&total, &part, count)
    }
  }

  /// Merges the tiles of each chunk of columns in order and writes the results.
  func merge(
    _ sums: UnsafeMutablePointer<Double>, _ weights: UnsafeMutablePointer<Double>, mean: TensorView,
    variance: TensorView
  ) {
    let tilesPerChunk = batch * tilesPerBatch
    for chunk in 0..<chunks {
      let count = min(width, columns - chunk * width)
      var total = cpu_moments(weight: 0, mean: nil, squares: nil)
      for tile in chunk * tilesPerChunk..<(chunk + 1) * tilesPerChunk {
        let memory = sums + tile * 2 * width
        var part = cpu_moments(weight: weights[tile], mean: memory, squares: memory + width)
        if total.mean == nil { total = part } else { cpu_moments_merge(&total, &part, Int64(count)) }
      }
      for c in 0..<count {
        // No rows, or only rows of weight 0: 0 / 0, as the formula says.
        let isEmpty = total.weight == 0
        mean.set(chunk * width + c, isEmpty ? .nan : total.mean[c])
        variance.set(chunk * width + c, isEmpty ? .nan : total.squares[c] / total.weight)
      }
    }
  }
}

extension TensorView {
  /// Stores one element of a contiguous real view.
  fileprivate func set(_ index: Int, _ value: Double) {
    if elementType == .float64 {
      pointer.assumingMemoryBound(to: Double.self)[index] = value
    } else {
      pointer.assumingMemoryBound(to: Float.self)[index] = Float(value)
    }
  }
}
