import ArgumentParser
import Compute
import FileFormats
import Foundation
import MultiViewSync
import Training

extension MultiViewSyncSettings.Task: ExpressibleByArgument {}

/// The settings of multi-view synchronization: defaults, then a file, then flags.
struct MultiViewSyncOptions: ParsableArguments {
  @Option(help: "A YAML file of settings.")
  var config: String?

  @Option(name: .customLong("set"), help: "Any setting: --set pretraining.batch=8. Repeatable; the last one wins.")
  var overrides: [String] = []

  @Option(help: "pretext, which needs no labels, or pose (task).")
  var task: MultiViewSyncSettings.Task?

  @Option(
    help: """
      A run folder of the pretext task, or a file of weights with torchvision's names, to start the backbone from \
      (model.pretrained). A run's model, data and seed become the defaults.
      """)
  var pretrained: String?

  @Option(help: "A folder of recordings (data.folder); by default people are rendered.")
  var folder: String?

  @Option(help: "anny or procedural (data.body).")
  var body: String?

  @Option(help: "A folder of BVH clips for the training motion (data.motion).")
  var motion: String?

  @Option(help: "A folder of BVH clips for the test motion (data.evaluationMotion).")
  var evaluationMotion: String?

  @Option(help: "Everything random follows from it (seed).")
  var seed: String?

  /// Whether the command line says anything about settings.
  var isGiven: Bool { config != nil || !overrides.isEmpty || !named.isEmpty }

  func load() throws -> MultiViewSyncSettings {
    let settings = try ConfigurationLoader(defaults: defaults()).load(
      file: config, overrides: named + overrides.map { try ConfigurationOverride(parsing: $0) })
    try settings.validate()
    return settings
  }

  /// The settings that a run was started with.
  static func load(_ folder: RunFolder) throws -> MultiViewSyncSettings {
    try ConfigurationLoader(defaults: MultiViewSyncSettings()).load(file: folder.configuration)
  }

  /// A network that starts from a run is like that run's, on the same people.
  private func defaults() throws -> MultiViewSyncSettings {
    var settings = MultiViewSyncSettings()
    // A file of weights is no run and says nothing else.
    guard let pretrained, let run = try? RunFolder.open(pretrained) else { return settings }
    let source = try Self.load(run)
    (settings.model, settings.data, settings.seed) = (source.model, source.data, source.seed)
    return settings
  }

  private var named: [ConfigurationOverride] {
    func setting(_ flag: String, _ path: [String], _ value: String?) -> [ConfigurationOverride] {
      value.map { [ConfigurationOverride(path: path, value: $0, origin: "--\(flag) \($0)")] } ?? []
    }
    // A path may hold characters that mean something in YAML.
    func quoted(_ path: String) -> String { JSONValue.string(path).text }
    return setting("task", ["task"], task?.rawValue)
      + setting("pretrained", ["model", "pretrained"], pretrained.map(quoted))
      + setting("folder", ["data", "folder"], folder.map(quoted)) + setting("body", ["data", "body"], body)
      + setting("motion", ["data", "motion"], motion.map(quoted))
      + setting("evaluation-motion", ["data", "evaluationMotion"], evaluationMotion.map(quoted))
      + setting("seed", ["seed"], seed)
  }
}
