import CPUShim
import Compute

extension CPUDevice {
  public func gibbsKernel(
    _ similarity: TensorView, temperature: Double, into kernel: TensorView, rowScale: TensorView?,
    summing: WeightedColumnSums?
  ) {
    orTrap(
      try gibbsKernelRule(similarity, temperature: temperature, into: kernel, rowScale: rowScale, summing: summing))
    let tiles = RowTiles(kernel)
    launch(
      "gibbsKernel", flop: 4 * kernel.elementCount, reading: [similarity] + (summing.map { [$0.weights] } ?? []),
      writing: [kernel] + [rowScale, summing?.sums].compactMap { $0 }
    ) {
      func run(_ element: Int, _ rows: Range<Int>, _ sums: UnsafeMutableRawPointer?) {
        let first = rows.lowerBound
        let (from, row) = (similarity.at(element, first), Int64(similarity.strides[1]))
        let (height, width) = (Int64(rows.count), Int64(tiles.columns))
        let (to, toRow) = (kernel.at(element, first), Int64(kernel.strides[1]))
        let (scale, weights) = (rowScale?.at(element, first), summing?.weights.at(element, first))
        switch kernel.elementType {
        case .float64:
          cpu_gibbs_kernel_double(
            from.doubles, row, height, width, temperature, to.doubles, toRow, scale?.doubles, weights?.doubles,
            sums?.doubles)
        case .bfloat16:
          cpu_gibbs_kernel_bfloat16(
            from.floats, row, height, width, temperature, to.halves, toRow, scale?.floats, weights?.floats,
            sums?.floats)
        default:
          cpu_gibbs_kernel_float(
            from.floats, row, height, width, temperature, to.floats, toRow, scale?.floats, weights?.floats,
            sums?.floats)
        }
      }
      if let summing {
        addColumns(tiles, into: summing.sums, beta: summing.beta) { run($0, $1, $2) }
      } else {
        forTiles(tiles) { run($0, $1, nil) }
      }
    }
  }

  public func alternate(
    _ kernel: TensorView, rowScale: TensorView?, _ x: TensorView, _ step: ScalingStep, rows result: TensorView,
    columnSums: TensorView, beta: Double
  ) {
    orTrap(try alternateRule(kernel, rowScale: rowScale, x, step, rows: result, columnSums: columnSums))
    let tiles = RowTiles(kernel)
    launch(
      "alternate", flop: 4 * kernel.elementCount,
      reading: [kernel, x] + [rowScale, step.scaling].compactMap { $0 }, writing: [result, columnSums]
    ) {
      addColumns(tiles, into: columnSums, beta: beta) { element, rows, sums in
        let first = rows.lowerBound
        let (from, row) = (kernel.at(element, first), Int64(kernel.strides[1]))
        let (height, width) = (Int64(rows.count), Int64(tiles.columns))
        let (scale, scaling) = (rowScale?.at(element, first), step.scaling?.at(element, first))
        let (vector, to) = (x.at(element, 0), result.at(element, first))
        switch kernel.elementType {
        case .float64:
          cpu_alternate_double(
            from.doubles, row, height, width, scale?.doubles, vector.doubles, step.marginal, step.constant,
            scaling?.doubles, to.doubles, sums.doubles)
        case .bfloat16:
          cpu_alternate_bfloat16(
            from.halves, row, height, width, scale?.floats, vector.floats, step.marginal, step.constant,
            scaling?.floats, to.floats, sums.floats)
        default:
          cpu_alternate_float(
            from.floats, row, height, width, scale?.floats, vector.floats, step.marginal, step.constant,
            scaling?.floats, to.floats, sums.floats)
        }
      }
    }
  }

  public func project(
    _ kernel: TensorView, weights: TensorView, points: TensorView, warped: TensorView, mass: TensorView,
    match: TensorView
  ) {
    orTrap(
      try projectRule(kernel, weights: weights, points: points, warped: warped, mass: mass, match: match))
    let tiles = RowTiles(kernel)
    launch(
      "project", flop: 8 * kernel.elementCount, reading: [kernel, weights, points], writing: [warped, mass, match]
    ) {
      withPlanes(weights: weights, points) { planes in
        forTiles(tiles) { element, rows in
          let first = rows.lowerBound
          let (from, row) = (kernel.at(element, first), Int64(kernel.strides[1]))
          let (height, width) = (Int64(rows.count), Int64(tiles.columns))
          let (to, toRow) = (warped.at(element, first), Int64(warped.strides[1]))
          let (sum, best) = (mass.at(element, first), match.at(element, first).assumingMemoryBound(to: Int32.self))
          switch kernel.elementType {
          case .float64:
            cpu_project_double(
              from.doubles, row, height, width, planes(element).doubles, to.doubles, toRow, sum.doubles, best)
          case .bfloat16:
            cpu_project_bfloat16(
              from.halves, row, height, width, planes(element).floats, to.floats, toRow, sum.floats, best)
          default:
            cpu_project_float(
              from.floats, row, height, width, planes(element).floats, to.floats, toRow, sum.floats, best)
          }
        }
      }
    }
  }

  public func backproject(
    _ kernel: TensorView, gradient: TensorView, points: TensorView, columnSums: TensorView, beta: Double
  ) {
    orTrap(try backprojectRule(kernel, gradient: gradient, points: points, columnSums: columnSums))
    let tiles = RowTiles(kernel)
    launch(
      "backproject", flop: 9 * kernel.elementCount, reading: [kernel, gradient, points], writing: [columnSums]
    ) {
      withPlanes(weights: nil, points) { planes in
        addColumns(tiles, into: columnSums, beta: beta) { element, rows, sums in
          let first = rows.lowerBound
          let (from, row) = (kernel.at(element, first), Int64(kernel.strides[1]))
          let (height, width) = (Int64(rows.count), Int64(tiles.columns))
          let (slope, slopeRow) = (gradient.at(element, 0, first), Int64(gradient.strides[1]))
          switch kernel.elementType {
          case .float64:
            cpu_backproject_double(
              from.doubles, row, height, width, slope.doubles, slopeRow, planes(element).doubles, sums.doubles)
          case .bfloat16:
            cpu_backproject_bfloat16(
              from.halves, row, height, width, slope.floats, slopeRow, planes(element).floats, sums.floats)
          default:
            cpu_backproject_float(
              from.floats, row, height, width, slope.floats, slopeRow, planes(element).floats, sums.floats)
          }
        }
      }
    }
  }

  public func lowRankHadamard(
    _ kernel: TensorView, left: TensorView, right: TensorView, scale: Double, into result: TensorView
  ) {
    orTrap(try lowRankHadamardRule(kernel, left: left, right: right, into: result))
    let tiles = RowTiles(kernel)
    launch(
      "lowRankHadamard", flop: 2 * left.shape[1] * kernel.elementCount, reading: [kernel, left, right],
      writing: [result]
    ) {
      forTiles(tiles) { element, rows in
        let first = rows.lowerBound
        let (from, row) = (kernel.at(element, first), Int64(kernel.strides[1]))
        let (height, width, rank) = (Int64(rows.count), Int64(tiles.columns), Int64(left.shape[1]))
        let (u, uRow) = (left.at(element, 0, first), Int64(left.strides[1]))
        let (v, vRow) = (right.at(element, 0, 0), Int64(right.strides[1]))
        let (to, toRow) = (result.at(element, first), Int64(result.strides[1]))
        switch kernel.elementType {
        case .float64:
          cpu_low_rank_hadamard_double(
            from.doubles, row, height, width, rank, u.doubles, uRow, v.doubles, vRow, scale, to.doubles, toRow)
        case .bfloat16:
          cpu_low_rank_hadamard_bfloat16(
            from.halves, row, height, width, rank, u.floats, uRow, v.floats, vRow, scale, to.floats, toRow)
        default:
          cpu_low_rank_hadamard_float(
            from.floats, row, height, width, rank, u.floats, uRow, v.floats, vRow, scale, to.floats, toRow)
        }
      }
    }
  }

  // MARK: - Tiles

  private func forTiles(_ tiles: RowTiles, _ body: (_ element: Int, _ rows: Range<Int>) -> Void) {
    workers.run(tiles.count) { tile, _ in body(tile / tiles.perElement, tiles.rows(tile)) }
  }

  /// Gives every tile column sums of its own, and adds them up in order.
  private func addColumns(
    _ tiles: RowTiles, into sums: TensorView, beta: Double,
    _ body: (_ element: Int, _ rows: Range<Int>, _ sums: UnsafeMutableRawPointer) -> Void
  ) {
    let columns = tiles.columns
    let bytes = sums.elementType.byteCount
    withScratch(tiles.count * columns * bytes) { partials in
      workers.run(tiles.count) { tile, _ in
        body(tile / tiles.perElement, tiles.rows(tile), partials + tile * columns * bytes)
      }
      let width = 1024
      let pieces = (columns + width - 1) / width
      workers.run(sums.shape[0] * pieces) { piece, _ in
        let (element, first) = (piece / pieces, piece % pieces * width)
        let count = Int64(min(width, columns - first))
        let from = partials + (element * tiles.perElement * columns + first) * bytes
        let to = sums.at(element, first)
        if sums.elementType == .float64 {
          cpu_add_partials_double(
            from.doubles, Int64(tiles.perElement), Int64(columns), 1, count, beta, to.doubles, count)
        } else {
          cpu_add_partials_float(
            from.floats, Int64(tiles.perElement), Int64(columns), 1, count, beta, to.floats, count)
        }
      }
    }
  }

  /// Lends the points as planes: per batch element four rows, the weights and the weighted coordinates.
  private func withPlanes(
    weights: TensorView?, _ points: TensorView,
    _ body: (_ planes: (_ element: Int) -> UnsafeMutableRawPointer) -> Void
  ) {
    let (batch, columns, bytes) = (points.shape[0], points.shape[1], points.elementType.byteCount)
    withScratch(4 * batch * columns * bytes) { memory in
      func planes(_ element: Int) -> UnsafeMutableRawPointer { memory + 4 * element * columns * bytes }
      for element in 0..<batch {
        let (from, row) = (points.at(element, 0), Int64(points.strides[1]))
        if points.elementType == .float64 {
          cpu_weigh_points_double(
            weights?.at(element, 0).doubles, from.doubles, row, Int64(columns), planes(element).doubles)
        } else {
          cpu_weigh_points_float(
            weights?.at(element, 0).floats, from.floats, row, Int64(columns), planes(element).floats)
        }
      }
      body(planes)
    }
  }
}

/// How the rows of a block are cut: tiles tall enough that their column sums are little beside the kernel itself.
private struct RowTiles {
  let columns: Int
  let perElement, count: Int
  private let height, totalRows: Int

  init(_ kernel: TensorView) {
    columns = kernel.shape[2]
    totalRows = kernel.shape[1]
    height = max(32, Int(CPU_TILE) / max(columns, 1) / 4 * 4)
    perElement = (totalRows + height - 1) / height
    count = kernel.shape[0] * perElement
  }

  func rows(_ tile: Int) -> Range<Int> {
    let first = tile % perElement * height
    return first..<min(first + height, totalRows)
  }
}

extension TensorView {
  /// The address of the element at the given leading indices.
  fileprivate func at(_ indices: Int...) -> UnsafeMutableRawPointer {
    pointer + zip(indices, strides).reduce(0) { $0 + $1.0 * $1.1 } * elementType.byteCount
  }
}

extension UnsafeMutableRawPointer {
  fileprivate var floats: UnsafeMutablePointer<Float> { assumingMemoryBound(to: Float.self) }
  fileprivate var doubles: UnsafeMutablePointer<Double> { assumingMemoryBound(to: Double.self) }
  fileprivate var halves: UnsafeMutablePointer<cpu_bfloat16> { assumingMemoryBound(to: cpu_bfloat16.self) }
}
