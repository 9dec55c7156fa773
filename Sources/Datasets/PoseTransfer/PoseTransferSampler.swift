import Compute
import Geometry

/// Training batches of pose transfer, by the number of the training step.
///
/// Each subset (labelled, unlabelled) has a list of identity meshes, drawn once with replacement; it is gone through in a
/// new random order again and again, whole batches at a time. With every identity mesh a pose mesh is drawn from the same
/// subset and, for unsupervised steps, a second pose. A step that mixes the subsets takes identity meshes of one batch
/// and pose meshes of the other (MAPConNet, released code; there those draws are not seeded).
///
/// Batch n depends on the seed and on n alone: on no device, no thread and no batch before.
public struct PoseTransferSampler: Sendable {
  public let source: any PoseTransferSource
  public let schedule: PoseTransferSchedule
  public let pairsPerEpoch: Int
  public let batchSize: Int
  public let seed: UInt64
  /// What each subset consists of.
  public let ranges: [PoseTransferSchedule.Subset: PoseTransferRange]
  /// The identity meshes of each subset.
  private let lists: [PoseTransferSchedule.Subset: [PosedIdentity]]

  /// - Parameters:
  ///   - percentage, usesUnlabelled: see `PoseTransferSchedule`.
  ///   - pairsPerEpoch: length of each subset's list; an epoch has `pairsPerEpoch / batchSize` steps. Published: 4000 for
  ///     people, 11600 for animals.
  /// - Throws: `ComputeError` of kind `.configuration` when the epoch is shorter than a batch, the schedule rejects the
  ///   combination, or a subset has too few identities or poses.
  public init(
    _ source: any PoseTransferSource, percentage: Int = 100, usesUnlabelled: Bool = false, pairsPerEpoch: Int,
    batchSize: Int, seed: UInt64
  ) throws {
    guard batchSize > 0, pairsPerEpoch >= batchSize else {
      throw ComputeError(
        .configuration, what: "an epoch of \(pairsPerEpoch) pairs in batches of \(batchSize)",
        why: "an epoch has one whole batch at least", mend: "use a batch of 1 or more, and no more than the pairs")
    }
    schedule = try PoseTransferSchedule(
      percentage: percentage, usesUnlabelled: usesUnlabelled, stepsPerEpoch: pairsPerEpoch / batchSize)
    let ranges = source.range(.train).labelled(percentage: percentage, seed: seed)
    var lists: [PoseTransferSchedule.Subset: [PosedIdentity]] = [:]
    for subset in schedule.subsets {
      let range = ranges[subset] ?? PoseTransferRange()
      try requireMeshes(in: range, poses: usesUnlabelled ? 2 : 1, "the \(subset) part of the training set")
      var random = PoseTransferStream.pairList.generator(seed: seed, number: subset.rawValue)
      lists[subset] = (0..<pairsPerEpoch).map { _ in range.mesh(using: &random) }
    }
    self.source = source
    self.pairsPerEpoch = pairsPerEpoch
    self.batchSize = batchSize
    self.seed = seed
    self.ranges = ranges
    self.lists = lists
  }

  /// The batch of step `index`, counted from 0.
  ///
  /// - Throws: What the source throws.
  public func batch(_ index: Int) throws -> PoseTransferBatch { PoseTransferBatch(try samples(index)) }

  /// The samples of step `index`.
  func samples(_ index: Int) throws -> [PoseTransferSample] {
    let step = schedule.step(index)
    let identities = items(step.identity, batch: schedule.batches(of: step.identity, before: index))
    let poses =
      step.pose == step.identity ? identities : items(step.pose, batch: schedule.batches(of: step.pose, before: index))
    return try zip(identities, poses).map { identity, pose in
      try PoseTransferSample(
        PoseTransferPair(identityMesh: identity.identityMesh, poseMesh: pose.poseMesh),
        otherPose: step.isSupervised ? nil : pose.otherPose, of: source,
        identityShuffle: shuffle(.identityShuffle, identity), poseShuffle: shuffle(.poseShuffle, pose))
    }
  }

  /// What is drawn together from one subset.
  private struct Item {
    /// Running number over all items of both subsets.
    let number: Int
    let identityMesh, poseMesh: PosedIdentity
    /// Another pose of the pose mesh's identity; the same where the subset has but one.
    let otherPose: Int
  }

  /// Batch number `batch` of a subset.
  private func items(_ subset: PoseTransferSchedule.Subset, batch: Int) -> [Item] {
    guard let list = lists[subset], let range = ranges[subset] else { return [] }
    let (round, place) = batch.quotientAndRemainder(dividingBy: pairsPerEpoch / batchSize)
    var random = PoseTransferStream.order.generator(seed: seed, number: subset.rawValue << 48 | round)
    let order = random.permutation(of: pairsPerEpoch)
    return (0..<batchSize).map { slot in
      let number = subset.rawValue << 48 | (batch * batchSize + slot)
      var random = PoseTransferStream.item.generator(seed: seed, number: number)
      let poseMesh = range.mesh(using: &random)
      // Two distinct poses are drawn; the first that is not the pose mesh's is taken.
      let first = random.index(below: range.poses.count)
      let second = (first + 1 + random.index(below: max(range.poses.count - 1, 1))) % range.poses.count
      let other = range.poses[first] == poseMesh.pose ? second : first
      return Item(
        number: number, identityMesh: list[Int(order[place * batchSize + slot])], poseMesh: poseMesh,
        otherPose: range.poses[other])
    }
  }

  private func shuffle(_ stream: PoseTransferStream, _ item: Item) -> MeshShuffle {
    var random = stream.generator(seed: seed, number: item.number)
    return MeshShuffle(vertexCount: source.vertexCount, using: &random)
  }
}
