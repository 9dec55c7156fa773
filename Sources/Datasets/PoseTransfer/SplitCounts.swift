/// How many of something each split has. Numbers run through: first those of training, then validation, then test.
public struct SplitCounts: Sendable, Equatable {
  public var train, validation, test: Int

  public init(train: Int, validation: Int = 0, test: Int = 0) {
    precondition(train >= 0 && validation >= 0 && test >= 0, "SplitCounts: a count is negative")
    self.train = train
    self.validation = validation
    self.test = test
  }

  public var total: Int { train + validation + test }

  /// The numbers of a split.
  public func numbers(_ split: SampleSplit) -> Range<Int> {
    switch split {
    case .train: 0..<train
    case .validation: train..<train + validation
    case .test: train + validation..<total
    }
  }
}
