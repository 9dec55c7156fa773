import ArgumentParser

/// `kernel-bench step MODEL`: whole training steps.
struct Step: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time whole training steps of a model.",
    subcommands: [StepPose2Mesh.self, StepMAPConNet.self, StepMultiViewSync.self])
}
