/// One picture of a sample: where it is taken, and how.
public struct MultiViewShot: Sendable, Equatable {
  public var place: MultiViewPlace
  public var augmentation: PictureAugmentation
  /// Chooses whatever else is random about the picture.
  public var draw: UInt64

  public init(_ place: MultiViewPlace, _ augmentation: PictureAugmentation = .none, draw: UInt64 = 0) {
    self.place = place
    self.augmentation = augmentation
    self.draw = draw
  }
}

/// One training sample of the pretext task: three pictures of a take, which make three pairs (Jenni and Favaro, ACCV 2020,
/// figure 2).
///
/// `a` and `b` are two cameras' pictures of one instant: synchronized. `b` and `c` come from two cameras at two instants:
/// unsynchronized. The fourth picture, `f`, is `b` in a mirror, so `a` and `f` make the flipped pair.
public struct MultiViewTuple: Sendable, Equatable {
  public let a, b, c: MultiViewShot
  /// From the instant of `a` and `b` to that of `c`, in seconds; of either sign.
  public let gapInSeconds: Double
  /// Whether the members of the synchronized, the unsynchronized and the flipped pair change places, for fusions that tell
  /// the first from the second.
  public let swaps: [Bool]

  public init(
    a: MultiViewShot, b: MultiViewShot, c: MultiViewShot, gapInSeconds: Double, swaps: [Bool] = [false, false, false]
  ) {
    precondition(swaps.count == 3, "MultiViewTuple: \(swaps.count) swaps for 3 pairs")
    self.a = a
    self.b = b
    self.c = c
    self.gapInSeconds = gapInSeconds
    self.swaps = swaps
  }
}
