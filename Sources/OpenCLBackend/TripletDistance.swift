import Compute
import Kernels

extension OpenCLDevice {
  public func tripletDistance(_ triplet: Triplet, distances: TensorView, difference: TensorView) {
    orTrap(try tripletDistanceRule(triplet, distances: distances, difference: difference))
    for view in [distances, difference] { view.buffer.markWritten() }
    guard supports(triplet.anchor.elementType), !difference.isEmpty else { return }
    let size = sizes(triplet)
    launch(
      "tripletDistance", triplet.key("tripletDistance"), defines: triplet.defines(groupSize),
      size.arguments + triplet.views.flatMap(Self.pointArguments) + [
        .buffer(distances.buffer), .int(distances.offset), .buffer(difference.buffer), .int(difference.offset),
      ],
      global: size.global, local: [groupSize], flop: 6 * triplet.anchor.elementCount,
      byteCount: triplet.views.reduce(0) { $0 + Self.distinctByteCount($1) })
  }

  public func tripletGradient(
    _ triplet: Triplet, distances: TensorView, upstream: TensorView, anchor: Accumulator?, positive: Accumulator?,
    negative: Accumulator?
  ) {
    let targets = [anchor, positive, negative]
    let wanted = targets.compactMap { $0?.view }
    orTrap(try tripletGradientRule(triplet, distances: distances, upstream: upstream, into: targets))
    for view in wanted { view.buffer.markWritten() }
    guard supports(triplet.anchor.elementType), !triplet.anchor.isEmpty, !wanted.isEmpty else { return }
    let size = sizes(triplet)
    launch(
      "tripletDistance.gradient", triplet.key("tripletGradient"), defines: triplet.defines(groupSize),
      size.arguments + triplet.views.flatMap(Self.pointArguments) + [
        .buffer(distances.buffer), .int(distances.offset), .buffer(upstream.buffer), .int(upstream.offset),
      ]
        + targets.flatMap { target in
          // Another gradient stands in for one that is not wanted.
          [.int32(target == nil ? 0 : 1), .real(target?.beta ?? 0, like: triplet.anchor)]
            + Self.pointArguments(target?.view ?? wanted[0])
        },
      global: size.global, local: [groupSize], flop: 8 * triplet.anchor.elementCount,
      byteCount: (triplet.views + wanted).reduce(0) { $0 + Self.distinctByteCount($1) })
  }

  /// The arguments that say how the work is cut, and how many work-items do it.
  private func sizes(_ triplet: Triplet) -> (arguments: [KernelArgument], global: [Int]) {
    let widest = zip(triplet.bounds, triplet.bounds.dropFirst()).map { $1 - $0 }.max() ?? 0
    let lanes = Self.lanes(widest, atMost: Swift.min(16, groupSize))
    let pairs = triplet.perPoint.reduce(1, *)
    let pairsPerGroup = groupSize / lanes
    var bounds = PlanBytes()
    bounds.append(triplet.bounds)
    return (
      [.bytes(bounds.bytes), .int(triplet.anchor.shape[1]), .int(pairs), .int(lanes)],
      [(pairs + pairsPerGroup - 1) / pairsPerGroup * groupSize]
    )
  }

  /// A view `[batch, points, channels]` as kernels take it.
  private static func pointArguments(_ view: TensorView) -> [KernelArgument] {
    [.buffer(view.buffer), .int(view.offset), .int(view.strides[0]), .int(view.strides[1])]
  }
}

extension Triplet {
  fileprivate func key(_ function: String) -> KernelKey {
    KernelKey(
      source: .tripletDistance, function: function, isDouble: anchor.elementType == .float64,
      signature: [bounds.count - 1])
  }

  fileprivate func defines(_ groupSize: Int) -> [String] {
    ["#define GROUP \(groupSize)", "#define GROUPS \(bounds.count - 1)"]
  }
}
