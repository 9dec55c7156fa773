import ArgumentParser
import Compute
import FileFormats
import MAPConNet
import Training

/// The settings of MAPConNet: defaults, then a file, then flags.
struct MAPConNetOptions: ParsableArguments {
  enum Mode: String, ExpressibleByArgument, CaseIterable {
    case supervised, unsupervised, semi
  }

  @Option(help: "A YAML file of settings.")
  var config: String?

  @Option(name: .customLong("set"), help: "Any setting: --set training.batch=4. Repeatable; the last one wins.")
  var overrides: [String] = []

  @Option(help: "supervised, unsupervised or semi (data.labelled and data.usesUnlabelled).")
  var mode: Mode?

  @Option(help: "mapconnet, or corenet for the supervised baseline (model.kind).")
  var model: String?

  @Option(help: "FILE[,FILE]: weights to start from, safetensors or PyTorch's .pth (model.weights).")
  var weights: String?

  @Option(help: "anny or procedural (data.body).")
  var body: String?

  @Option(help: "Vertices of the Anny body: 6890, 1722 or 432 (data.vertices).")
  var vertices: String?

  @Option(help: "A folder of meshes in the NPT layout (data.folder).")
  var folder: String?

  @Option(help: "A folder of BVH clips for the training poses (data.motion).")
  var motion: String?

  @Option(help: "A folder of BVH clips for the test poses (data.evaluationMotion).")
  var evaluationMotion: String?

  @Option(help: "Everything random follows from it (seed).")
  var seed: String?

  /// Whether the command line says anything about settings.
  var isGiven: Bool { config != nil || !overrides.isEmpty || !named.isEmpty }

  func load() throws -> MAPConNetSettings {
    let settings = try ConfigurationLoader(defaults: MAPConNetSettings()).load(
      file: config, overrides: named + overrides.map { try ConfigurationOverride(parsing: $0) })
    try settings.validate()
    return settings
  }

  /// The settings that a run was started with.
  static func load(_ folder: RunFolder) throws -> MAPConNetSettings {
    try ConfigurationLoader(defaults: MAPConNetSettings()).load(file: folder.configuration)
  }

  private var named: [ConfigurationOverride] {
    func setting(_ flag: String, _ path: [String], _ value: String?) -> [ConfigurationOverride] {
      value.map { [ConfigurationOverride(path: path, value: $0, origin: "--\(flag) \($0)")] } ?? []
    }
    // A path may hold characters that mean something in YAML.
    func quoted(_ path: String) -> String { JSONValue.string(path).text }
    func list(_ paths: String) -> String {
      "[" + paths.split(separator: ",").map { quoted(String($0)) }.joined(separator: ", ") + "]"
    }
    let labels: (percent: String, unlabelled: String)? =
      switch mode {
      case .supervised: ("100", "false")
      case .unsupervised: ("0", "true")
      case .semi: ("50", "true")
      case nil: nil
      }
    return setting("mode", ["data", "labelled"], labels?.percent)
      + setting("mode", ["data", "usesUnlabelled"], labels?.unlabelled) + setting("model", ["model", "kind"], model)
      + setting("weights", ["model", "weights"], weights.map(list)) + setting("body", ["data", "body"], body)
      + setting("vertices", ["data", "vertices"], vertices)
      + setting("folder", ["data", "folder"], folder.map(quoted))
      + setting("motion", ["data", "motion"], motion.map(quoted))
      + setting("evaluation-motion", ["data", "evaluationMotion"], evaluationMotion.map(quoted))
      + setting("seed", ["seed"], seed)
  }
}
