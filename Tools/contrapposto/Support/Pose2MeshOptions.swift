import ArgumentParser
import Compute
import FileFormats
import Pose2Mesh
import Training

/// The settings of Pose2Mesh: defaults, then a file, then flags.
struct Pose2MeshOptions: ParsableArguments {
  @Option(help: "A YAML file of settings.")
  var config: String?

  @Option(name: .customLong("set"), help: "Any setting: --set cascade.batch=32. Repeatable; the last one wins.")
  var overrides: [String] = []

  @Option(help: "anny or procedural (data.body).")
  var body: String?

  @Option(help: "Vertices of the Anny body: 6890, 1722 or 432 (data.vertices).")
  var vertices: String?

  @Option(help: "A folder of BVH clips to train on (data.motion); by default the embedded pose prior.")
  var motion: String?

  @Option(help: "A folder of BVH clips to evaluate on (data.evaluationMotion).")
  var evaluationMotion: String?

  @Option(help: "human36 or coco (model.jointSet).")
  var jointSet: String?

  @Option(help: "Everything random follows from it (seed).")
  var seed: String?

  /// Whether the command line says anything about settings.
  var isGiven: Bool { config != nil || !overrides.isEmpty || !named.isEmpty }

  func load() throws -> Pose2MeshSettings {
    let settings = try ConfigurationLoader(defaults: Pose2MeshSettings()).load(
      file: config, overrides: named + overrides.map { try ConfigurationOverride(parsing: $0) })
    try settings.validate()
    return settings
  }

  /// The settings that a run was started with.
  static func load(_ folder: RunFolder) throws -> Pose2MeshSettings {
    try ConfigurationLoader(defaults: Pose2MeshSettings()).load(file: folder.configuration)
  }

  private var named: [ConfigurationOverride] {
    func setting(_ flag: String, _ path: [String], _ value: String?) -> ConfigurationOverride? {
      value.map { ConfigurationOverride(path: path, value: $0, origin: "--\(flag) \($0)") }
    }
    // A path may hold characters that mean something in YAML.
    func quoted(_ path: String) -> String { JSONValue.string(path).text }
    return [
      setting("body", ["data", "body"], body), setting("vertices", ["data", "vertices"], vertices),
      setting("motion", ["data", "motion"], motion.map(quoted)),
      setting("evaluation-motion", ["data", "evaluationMotion"], evaluationMotion.map(quoted)),
      setting("joint-set", ["model", "jointSet"], jointSet), setting("seed", ["seed"], seed),
    ].compactMap { $0 }
  }
}
