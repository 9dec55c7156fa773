import Compute
import Geometry

/// The motions that rendered scenes are made of, by split; no subject is in two.
public struct SceneMotions: Sendable {
  /// In a few words, for logs and reports.
  public let summary: String
  let motions: [(split: SampleSplit, motion: any SceneMotion)]

  /// How many takes of each split are generated where there are no clips, and how long they are.
  public struct Generated: Codable, Sendable, Equatable {
    public var trainTakes = 40
    public var validationTakes = 8
    public var testTakes = 12
    public var takesPerSubject = 4
    public var seconds = 20.0

    public init() {}

    var takes: SplitCounts { SplitCounts(train: trainTakes, validation: validationTakes, test: testTakes) }
  }

  /// Motion generated from the embedded pose priors, that of the test subjects for test.
  public static func generated(_ counts: Generated = Generated(), seed: UInt64) throws -> SceneMotions {
    guard counts.trainTakes > 0, counts.validationTakes >= 0, counts.testTakes >= 0, counts.takesPerSubject > 0,
      (3...3600).contains(counts.seconds)
    else {
      throw ComputeError(
        .configuration,
        what: "\(counts.trainTakes), \(counts.validationTakes) and \(counts.testTakes) generated takes of "
          + "\(counts.seconds) seconds, \(counts.takesPerSubject) per subject",
        why: "there is something to train on, and a take is longer than the gap of a pair and at most an hour",
        mend: "ask for at least 1 take to train on and 3 to 3600 seconds")
    }
    return SceneMotions(
      summary: "\(counts.takes.total) takes of \(counts.seconds) s generated from pose priors",
      motions: SampleSplit.allCases.flatMap { generated($0, counts, seed: seed) })
  }

  /// Captured clips.
  ///
  /// - Parameters:
  ///   - validation: nil holds out the last of the training subjects, by name, where there are several.
  ///   - test: nil generates takes from the prior of the test subjects.
  /// - Throws: `ComputeError` `.data` when a subject is in two splits.
  public static func captured(
    train: MotionLibrary, validation: MotionLibrary? = nil, test: MotionLibrary? = nil,
    generated counts: Generated = Generated(), seed: UInt64
  ) throws -> SceneMotions {
    var training = train.clips.map(CapturedMotion.init)
    var held = validation?.clips.map(CapturedMotion.init) ?? []
    if validation == nil, let last = training.map(\.subject).max(), Set(training.map(\.subject)).count > 1 {
      held = training.filter { $0.subject == last }
      training.removeAll { $0.subject == last }
    }
    let tested: [any SceneMotion] =
      test.map { $0.clips.map(CapturedMotion.init) } ?? generated(.test, counts, seed: seed).map(\.1)
    var motions: [(SampleSplit, any SceneMotion)] = training.map { (.train, $0) }
    motions += held.map { (.validation, $0) }
    motions += tested.map { (.test, $0) }
    for split in SampleSplit.allCases {
      let others = Set(motions.filter { $0.0 != split }.map(\.1.subject))
      if let shared = motions.first(where: { $0.0 == split && others.contains($0.1.subject) }) {
        throw ComputeError(
          .data, what: "subject \(shared.1.subject) of \(shared.1.name) is in two splits",
          why: "what stands before the first _ of a clip's name is its subject, and who was trained on is no test",
          mend: "move all clips of a subject into one folder")
      }
    }
    let summary = [train.summary, validation?.summary, test?.summary ?? "generated test takes"].compactMap { $0 }
    return SceneMotions(summary: summary.joined(separator: ", "), motions: motions)
  }

  private init(summary: String, motions: [(SampleSplit, any SceneMotion)]) {
    self.summary = summary
    self.motions = motions.map { (split: $0, motion: $1) }
  }

  private static func generated(
    _ split: SampleSplit, _ counts: Generated, seed: UInt64
  ) -> [(SampleSplit, any SceneMotion)] {
    let numbers = counts.takes.numbers(split)
    return numbers.map { number in
      let take = number - numbers.lowerBound
      let subject = "\(split)-\(take / counts.takesPerSubject + 1)"
      var random = SceneStream.motion.generator(seed: seed, number: number)
      return (
        split,
        GeneratedMotion(
          name: "\(subject)/take-\(take % counts.takesPerSubject + 1)", subject: subject,
          prior: split == .test ? .test : .train, seconds: counts.seconds, using: &random)
      )
    }
  }
}
