import ArgumentParser

/// Times kernels and training steps; every result is checked before it is timed.
@main
struct KernelBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernel-bench", abstract: "Check, then time, the kernels that the models stand on.",
    subcommands: [Kernels.self, Step.self], defaultSubcommand: Kernels.self)
}
