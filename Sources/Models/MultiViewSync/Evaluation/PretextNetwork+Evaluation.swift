import Datasets
import Layers

extension PretextNetwork {
  /// Mean loss terms and accuracies on the first tuples of a sampler, by running statistics.
  func measured(
    on sampler: MultiViewTupleSampler, tuples: Int, batch: Int, size: Int, loss: PretextLoss
  ) throws -> (terms: [(name: String, value: Double)], sync: Double, noflip: Double) {
    let device = parameters.device
    let pass = ForwardPass(parameters, isTraining: false)
    let steps = (tuples + batch - 1) / batch
    let producer = BatchProducer(threads: device.information.evaluationBatchThreads) { step -> PretextBatch? in
      step < steps ? try sampler.batch(step, count: batch, size: size) : nil
    }
    defer { producer.cancel() }
    var sums = [Double](repeating: 0, count: PretextLoss.names.count)
    var right = (sync: 0.0, noflip: 0.0)
    for _ in 0..<steps {
      guard let batch = try producer.next() else { break }
      let targets = PretextTargets(tuples: batch.count, .float32, on: device)
      let logits = self.logits(
        features(batch.pictures(on: device), pass), batch.picturePairs(on: device), pass)
      for (k, term) in loss(logits, targets).enumerated() { sums[k] += try term.tensor.doubles()[0] }
      let accuracies = targets.accuracies(sync: try logits.sync.doubles(), noflip: try logits.noflip.doubles())
      right.sync += accuracies.sync
      right.noflip += accuracies.noflip
    }
    let count = Double(steps)
    return (zip(PretextLoss.names, sums.map { $0 / count }).map { ($0, $1) }, right.sync / count, right.noflip / count)
  }

  /// The features of many pictures: flat `[shots, features]`.
  public func features(of shots: [MultiViewShot], in recordings: any MultiViewRecordings, size: Int) throws -> [Float] {
    let pass = ForwardPass(parameters, isTraining: false)
    var result: [Float] = []
    result.reserveCapacity(shots.count * architecture.featureCount)
    try PictureFeed(recordings: recordings, size: size).show(shots, on: parameters.device) { pictures, _ in
      result += try parameters.device.download(features(pictures, pass).view, as: Float.self)
    }
    return result
  }

  /// What the network says of pairs of pictures whose features are known: logits.
  ///
  /// - Parameters:
  ///   - features: flat `[pictures, features]`.
  ///   - pairs: places among the pictures.
  public func judge(_ features: [Float], pairs: [(Int, Int)]) throws -> (sync: [Double], noflip: [Double]) {
    guard !pairs.isEmpty else { return ([], []) }
    let device = parameters.device
    let pass = ForwardPass(parameters, isTraining: false)
    let width = architecture.featureCount
    let pictures = Tensor(features, [features.count / width, width], .float32, on: device)
    var (sync, noflip): ([Double], [Double]) = ([], [])
    // So many at a time that the fused pairs stay small beside the features.
    for start in stride(from: 0, to: pairs.count, by: 4096) {
      let part = Array(pairs[start..<min(start + 4096, pairs.count)])
      let logits = self.logits(pictures, PicturePairs(part, pictures: pictures.shape[0], on: device), pass)
      sync += try logits.sync.doubles()
      noflip += try logits.noflip.doubles()
    }
    return (sync, noflip)
  }
}
