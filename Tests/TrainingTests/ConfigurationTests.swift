import Compute
import Testing

@testable import Training

private struct Settings: Codable, Equatable {
  enum Joints: String, Codable, CaseIterable { case human36, coco }
  struct Body: Codable, Equatable {
    var vertices = 432
    var wheel: String?
    var joints = Joints.human36
  }
  var seed = 1
  var body = Body()
  var training = StageSettings(epochs: 15, stepsPerEpoch: 10, batch: 64, decayEpoch: 12)
  var widths = [64, 32]
}

@Suite struct ConfigurationTests {
  private let loader = ConfigurationLoader(defaults: Settings())

  private func error(_ yaml: String?, _ overrides: [String] = []) throws -> ComputeError? {
    #expect(throws: ComputeError.self) {
      try loader.load(yaml: yaml, named: "a.yaml", overrides: overrides.map { try ConfigurationOverride(parsing: $0) })
    }
  }

  @Test func defaultsStandWhereNothingIsSaid() throws {
    #expect(try loader.load() == Settings())
    #expect(try loader.load(yaml: "", named: "a.yaml") == Settings())
    #expect(try loader.load(yaml: "training:\n", named: "a.yaml") == Settings())
  }

  @Test func commandLineOverridesFileOverridesDefaults() throws {
    let settings = try loader.load(
      yaml: "seed: 7\ntraining:\n  batch: 16\n  epochs: 3\nwidths: [8]\n", named: "a.yaml",
      overrides: [
        ConfigurationOverride(parsing: "training.batch=32"), ConfigurationOverride(parsing: "body.wheel=a=b.whl"),
        ConfigurationOverride(parsing: "training.learningRate=1e-4"),
        ConfigurationOverride(parsing: "body.joints=coco"),
      ])
    var expected = Settings()
    expected.seed = 7
    expected.training.batch = 32
    expected.training.epochs = 3
    expected.training.learningRate = 1e-4
    expected.widths = [8]
    expected.body.wheel = "a=b.whl"
    expected.body.joints = .coco
    #expect(settings == expected)
  }

  @Test func writtenSettingsReadBackTheSame() throws {
    var settings = Settings()
    settings.body.wheel = "432"  // text that looks like a number
    settings.training.learningRate = 0.1 + 0.2
    #expect(try loader.load(yaml: configurationText(settings), named: "a.yaml") == settings)
  }

  @Test(arguments: [
    ("training:\n  bacth: 3\n", "training.batch", "line 2"), ("batch: 3\n", "training.batch", "line 1"),
    ("seed: 1\nbdy:\n  vertices: 3\n", "body", "line 2"), ("body:\n  vertex: 3\n", "body.vertices", "line 2"),
  ])
  func anUnknownKeyNamesTheNearestKnownOne(yaml: String, nearest: String, line: String) throws {
    let error = try error(yaml)
    #expect(error?.kind == .configuration)
    #expect(error?.mend == "did you mean \(nearest)?")
    #expect(error?.what.contains(line) == true)
  }

  @Test func anUnknownKeyOfTheCommandLineNamesTheFlag() throws {
    let error = try error(nil, ["trainin.batch=3"])
    #expect(error?.what.contains("--set trainin.batch=3") == true)
    #expect(error?.mend == "did you mean training?")
  }

  @Test(arguments: [
    ("seed: 1\ntraining:\n  batch: many\n", "line 3", "a whole number"),
    ("training:\n  batch: 1.5\n", "line 2", "a whole number"),
    ("body:\n  joints: smpl\n", "line 2", "one of human36, coco"), ("widths: 3\n", "line 1", "a list"),
    ("training: 3\n", "line 1", "epochs, stepsPerEpoch"),
  ])
  func aWrongTypeNamesItsLineAndWhatIsExpected(yaml: String, line: String, expectation: String) throws {
    let error = try error(yaml)
    #expect(error?.kind == .configuration)
    #expect(error?.what.contains("a.yaml, \(line)") == true)
    #expect(error?.why.contains(expectation) == true)
  }

  @Test(arguments: ["a: [1\n", "seed: 1\nseed: 2\n", "a: b: c\n"])
  func brokenYAMLIsRefused(yaml: String) throws {
    #expect(try error(yaml)?.kind == .configuration)
  }

  @Test(arguments: ["training.batch", "=3", "training..batch=3"])
  func anOverrideNeedsANameAndAValue(text: String) {
    let error = #expect(throws: ComputeError.self) { try ConfigurationOverride(parsing: text) }
    #expect(error?.kind == .usage)
  }

  @Test func aMissingFileIsNoInput() {
    let error = #expect(throws: ComputeError.self) { try loader.load(file: "/nowhere/a.yaml") }
    #expect(error?.kind == .noInput)
  }

  @Test(arguments: [("", "abc", 3), ("abc", "acb", 1), ("kitten", "sitting", 3), ("batch", "batch", 0), ("ab", "", 2)])
  func editDistanceCountsChanges(a: String, b: String, distance: Int) {
    #expect(editDistance(a, b) == distance)
  }

  @Test func learningRateFallsOnceTheEpochIsCompleted() {
    let settings = StageSettings(epochs: 40, stepsPerEpoch: 1, batch: 1, learningRate: 1e-3, decayEpoch: 12)
    #expect(settings.learningRate(completedEpochs: 0) == 1e-3)
    #expect(settings.learningRate(completedEpochs: 11) == 1e-3)
    #expect(settings.learningRate(completedEpochs: 12) == 1e-3 * 0.1)
    #expect(settings.learningRate(completedEpochs: 30) == 1e-3 * 0.1)
  }

  /// The published schedule of MAPConNet: 1e-4 in epochs 1 to 101, then 1e-6 less per epoch, 1e-6 in epoch 200.
  @Test func learningRateFallsInALine() {
    let settings = StageSettings(
      epochs: 200, stepsPerEpoch: 1, batch: 1, learningRate: 1e-4, decay: .linear, decayEpoch: 100)
    for (epoch, rate) in [(1, 1e-4), (101, 1e-4), (102, 0.99e-4), (150, 0.51e-4), (200, 1e-6)] {
      #expect(abs(settings.learningRate(completedEpochs: epoch - 1) - rate) < 1e-16)
    }
  }

  /// The published schedule of multi-view synchronization over 200,000 steps.
  @Test func learningRateFallsAlongACosine() {
    let settings = StageSettings(
      epochs: 200, stepsPerEpoch: 1000, batch: 16, learningRate: 1e-4, decay: .cosine, decayEpoch: 0, decayFactor: 1e-3)
    for (step, rate) in [
      (0, 1e-4), (1000, 9.999384e-5), (50_000, 8.536998e-5), (100_000, 5.005e-5), (150_000, 1.473002e-5),
      (199_999, 1e-7),
    ] {
      #expect(abs(settings.learningRate(completedSteps: step) - rate) < 1e-11)
    }
    #expect(settings.learningRate(completedSteps: 300_000) == settings.learningRate(completedSteps: 200_000))
    #expect(settings.learningRate(completedEpochs: 50) == settings.learningRate(completedSteps: 50_000))
  }

  @Test func settingsOutOfRangeAreNamed() {
    var settings = StageSettings(epochs: 1, stepsPerEpoch: 0, batch: 2, decayEpoch: 1)
    let error = #expect(throws: ComputeError.self) { try settings.validate(section: "training") }
    #expect(error?.what == "training.stepsPerEpoch is 0")
    settings.stepsPerEpoch = 1
    settings.learningRate = .nan
    #expect(throws: ComputeError.self) { try settings.validate(section: "training") }
  }
}
