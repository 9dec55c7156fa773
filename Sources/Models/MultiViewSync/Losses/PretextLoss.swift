import Layers

/// The pretext task's loss: four terms, each a mean over the batch's tuples (section 3.1 of the paper).
///
///     sync_pos   = mean of -log F1(a, b)         sync_neg   = mean of -log(1 - F1(b, c))
///     noflip_pos = mean of -log F2(a, b)         noflip_neg = mean of -log(1 - F2(a, f))
///
/// with F the sigmoid of a logit l: -log F = softplus(-l) and -log(1 - F) = softplus(l), which never overflow.
public struct PretextLoss: Sendable, Equatable {
  /// Factors of the two classifiers' terms; 0 leaves a classifier untrained.
  public var sync: Double
  public var flip: Double

  public init(sync: Double = 1, flip: Double = 1) {
    self.sync = sync
    self.flip = flip
  }

  /// Weighted terms `[1]`, by name.
  public func callAsFunction(
    _ logits: PretextNetwork.Logits, _ targets: PretextTargets
  ) -> [(name: String, tensor: Tensor)] {
    let tuples = Double(targets.tupleCount)
    let terms = fusedSum(
      "pretextLoss", [logits.sync, logits.noflip] + targets.columns, scalars: [sync / tuples, flip / tuples]
    ) { x, s in
      let (l1, label1, mask1) = (x[0], x[2], x[3])
      let (l2, label2, mask2) = (x[1], x[4], x[5])
      return [
        s[0] * mask1 * label1 * softplus(-l1), s[0] * mask1 * (1 - label1) * softplus(l1),
        s[1] * mask2 * label2 * softplus(-l2), s[1] * mask2 * (1 - label2) * softplus(l2),
      ]
    }
    return zip(Self.names, terms).map { ($0, $1) }
  }

  public static let names = ["sync_pos", "sync_neg", "noflip_pos", "noflip_neg"]
}

/// log(1 + exp(x)) = max(x, 0) + log(1 + e) with e = exp(-|x|); its derivative is the sigmoid, at 0 too. Where e is small,
/// the sum 1 + e would round it away, so four terms of the logarithm's series stand in: they are off by e^4 / 5 at most.
private func softplus(_ x: ScalarExpression) -> ScalarExpression {
  let peak = relu(x)
  let e = exp(x - 2 * peak)
  let series = e * (1 - e * (0.5 - e * (ScalarExpression(1.0 / 3) - 0.25 * e)))
  return peak + select(greater(1e-3, e), series, log(1 + e))
}

/// What the two classifiers should say of each pair, and which pairs count for which.
public struct PretextTargets {
  public let tupleCount: Int
  /// `[pairs]` each: 1 or 0.
  public let syncLabel, syncMask, noflipLabel, noflipMask: [Double]
  let columns: [Tensor]

  public init(
    tupleCount: Int, syncLabel: [Double], syncMask: [Double], noflipLabel: [Double], noflipMask: [Double],
    _ elementType: ElementType, on device: any Device
  ) {
    self.tupleCount = tupleCount
    self.syncLabel = syncLabel
    self.syncMask = syncMask
    self.noflipLabel = noflipLabel
    self.noflipMask = noflipMask
    columns = [syncLabel, syncMask, noflipLabel, noflipMask].map {
      Tensor($0, [$0.count], elementType, on: device)
    }
  }

  /// The pairs of `tuples` tuples: all (a, b), then all (b, c), then all (a, f).
  public init(tuples: Int, _ elementType: ElementType, on device: any Device) {
    func blocks(_ values: [Double]) -> [Double] { values.flatMap { [Double](repeating: $0, count: tuples) } }
    self.init(
      tupleCount: tuples, syncLabel: blocks([1, 0, 0]), syncMask: blocks([1, 1, 0]), noflipLabel: blocks([1, 0, 0]),
      noflipMask: blocks([1, 0, 1]), elementType, on: device)
  }

  /// How many of the pairs that count each classifier is right about; a logit of 0 says no.
  public func accuracies(sync: [Double], noflip: [Double]) -> (sync: Double, noflip: Double) {
    func share(_ logits: [Double], _ label: [Double], _ mask: [Double]) -> Double {
      let right = logits.indices.reduce(0.0) { $0 + (((logits[$1] > 0) == (label[$1] == 1)) ? mask[$1] : 0) }
      return right / mask.reduce(0, +)
    }
    return (share(sync, syncLabel, syncMask), share(noflip, noflipLabel, noflipMask))
  }
}
