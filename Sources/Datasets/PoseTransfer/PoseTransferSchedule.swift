import Compute

/// Which part of the training set is labelled, and what each training step does with it.
///
/// A labelled mesh has its counterpart of every other identity in the same pose; of an unlabelled one only other poses of
/// the same identity are used. With a part labelled and the rest used without labels, steps alternate within an epoch:
///
///     step mod 6    step            identity mesh from    pose meshes from
///     0, 2, 4       supervised      labelled              labelled
///     1             unsupervised    labelled              unlabelled
///     3             unsupervised    unlabelled            labelled
///     5             unsupervised    unlabelled            unlabelled
///
/// (Sun et al., "MAPConNet: self-supervised 3D pose transfer with mesh and point contrastive learning", 2023; released
/// code.)
public struct PoseTransferSchedule: Sendable, Equatable {
  public enum Subset: Int, Sendable, CaseIterable { case labelled, unlabelled }

  public struct Step: Sendable, Equatable {
    public let isSupervised: Bool
    /// Where the identity mesh comes from.
    public let identity: Subset
    /// Where the pose mesh, and the second pose of an unsupervised step, come from.
    public let pose: Subset
  }

  /// 0, 50 or 100 percent of identities and of poses are labelled.
  public let percentage: Int
  /// Whether the rest is used, without labels.
  public let usesUnlabelled: Bool
  public let stepsPerEpoch: Int

  /// - Parameters:
  ///   - percentage: with `usesUnlabelled`: 0 is unsupervised, 50 semi-supervised; without: 50 is supervised on half of
  ///     the data, 100 supervised.
  /// - Throws: `ComputeError` of kind `.configuration` for any other combination.
  public init(percentage: Int, usesUnlabelled: Bool, stepsPerEpoch: Int) throws {
    precondition(stepsPerEpoch > 0, "PoseTransferSchedule: an epoch has steps")
    func refuse(_ why: String, _ mend: String) -> ComputeError {
      ComputeError(
        .configuration,
        what: "\(percentage) percent labelled, \(usesUnlabelled ? "the rest used" : "the rest not used")", why: why,
        mend: mend)
    }
    switch (percentage, usesUnlabelled) {
    case (0, true), (50, _), (100, false): break
    case (0, false): throw refuse("nothing would be left to train on", "label 50 or 100 percent, or use the unlabelled")
    case (100, true): throw refuse("no mesh is left without a label", "label 0 or 50 percent, or use labels alone")
    default: throw refuse("the data is labelled in full, in half or not at all", "use 0, 50 or 100 percent")
    }
    self.percentage = percentage
    self.usesUnlabelled = usesUnlabelled
    self.stepsPerEpoch = stepsPerEpoch
  }

  /// The subsets from which samples are drawn.
  public var subsets: [Subset] { (percentage > 0 ? [.labelled] : []) + (usesUnlabelled ? [.unlabelled] : []) }

  /// What step `index` of the whole training does, counted from 0.
  public func step(_ index: Int) -> Step {
    guard percentage == 50, usesUnlabelled else {
      let only: Subset = percentage > 0 ? .labelled : .unlabelled
      return Step(isSupervised: percentage > 0, identity: only, pose: only)
    }
    return switch index % stepsPerEpoch % 6 {
    case 1: Step(isSupervised: false, identity: .labelled, pose: .unlabelled)
    case 3: Step(isSupervised: false, identity: .unlabelled, pose: .labelled)
    case 5: Step(isSupervised: false, identity: .unlabelled, pose: .unlabelled)
    default: Step(isSupervised: true, identity: .labelled, pose: .labelled)
    }
  }

  /// How many batches the steps before `index` have drawn from a subset: a step that takes its meshes from both subsets
  /// draws a batch from each.
  public func batches(of subset: Subset, before index: Int) -> Int {
    guard subsets.contains(subset) else { return 0 }
    guard subsets.count == 2 else { return index }
    // All but every sixth step draw from the labelled, every second from the unlabelled.
    func drawn(_ steps: Int) -> Int { subset == .labelled ? steps - steps / 6 : steps / 2 }
    let (epochs, rest) = index.quotientAndRemainder(dividingBy: stepsPerEpoch)
    return epochs * drawn(stepsPerEpoch) + drawn(rest)
  }
}
