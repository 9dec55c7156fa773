import CPUShim
import Compute

extension CPUDevice {
  public func tripletDistance(_ triplet: Triplet, distances: TensorView, difference: TensorView) {
    orTrap(try tripletDistanceRule(triplet, distances: distances, difference: difference))
    let kernel = triplet.isDouble ? cpu_triplet_distance_double : cpu_triplet_distance_float
    let (towards, away) = (distances.selecting(axis: 0, 0), distances.selecting(axis: 0, 1))
    launch(
      "tripletDistance", flop: 6 * triplet.anchor.elementCount, reading: triplet.views,
      writing: [distances, difference]
    ) {
      forTiles(of: triplet) { operands, tile in
        withUnsafePointer(to: operands) {
          kernel($0, tile.rows, tile.pointer(towards), tile.pointer(away), tile.pointer(difference))
        }
      }
    }
  }

  public func tripletGradient(
    _ triplet: Triplet, distances: TensorView, upstream: TensorView, anchor: Accumulator?, positive: Accumulator?,
    negative: Accumulator?
  ) {
    let targets = [anchor, positive, negative]
    orTrap(try tripletGradientRule(triplet, distances: distances, upstream: upstream, into: targets))
    let kernel = triplet.isDouble ? cpu_triplet_gradient_double : cpu_triplet_gradient_float
    let (towards, away) = (distances.selecting(axis: 0, 0), distances.selecting(axis: 0, 1))
    launch(
      "tripletDistance.gradient", flop: 8 * triplet.anchor.elementCount,
      reading: triplet.views + [distances, upstream], writing: targets.compactMap { $0?.view }
    ) {
      forTiles(of: triplet) { operands, tile in
        var operands = operands
        var (da, dp, dn) = (tile.accumulator(anchor), tile.accumulator(positive), tile.accumulator(negative))
        kernel(&operands, tile.rows, tile.pointer(towards), tile.pointer(away), tile.pointer(upstream), &da, &dp, &dn)
      }
    }
  }

  /// Cuts the points of every batch element into tiles.
  private func forTiles(of triplet: Triplet, _ body: (_ operands: cpu_triplet, _ tile: PointTile) -> Void) {
    let (batch, points, channels) = (triplet.anchor.shape[0], triplet.anchor.shape[1], triplet.anchor.shape[2])
    guard batch * points > 0 else { return }
    let height = max(Int(CPU_TILE) / max(channels, 1), 1)
    let tilesPerBatch = (points + height - 1) / height
    triplet.bounds.map(Int64.init).withUnsafeBufferPointer { bounds in
      nonisolated(unsafe) let bounds = bounds
      workers.run(batch * tilesPerBatch) { index, _ in
        let first = index % tilesPerBatch * height
        let tile = PointTile(element: index / tilesPerBatch, points: first..<min(first + height, points))
        body(
          cpu_triplet(
            anchor: tile.rows(triplet.anchor), positive: tile.rows(triplet.positive),
            negative: tile.rows(triplet.negative), bounds: bounds.baseAddress, groups: Int64(bounds.count - 1)),
          tile)
      }
    }
  }
}

/// Some points of one batch element.
private struct PointTile {
  let element: Int
  let points: Range<Int>

  var rows: Int64 { Int64(points.count) }

  func rows(_ view: TensorView) -> cpu_rows { cpu_rows(base: pointer(view), row: Int64(view.strides[1])) }

  func accumulator(_ target: Accumulator?) -> cpu_accumulator {
    guard let target else { return cpu_accumulator() }
    return cpu_accumulator(base: pointer(target.view), row: Int64(target.view.strides[1]), beta: target.beta)
  }

  /// Where the tile's first point lies in `[batch, points, ...]`.
  func pointer(_ view: TensorView) -> UnsafeMutableRawPointer {
    view.pointer + (element * view.strides[0] + points.lowerBound * view.strides[1]) * view.elementType.byteCount
  }
}

extension Triplet {
  fileprivate var isDouble: Bool { anchor.elementType == .float64 }
}
