import ArgumentParser
import Compute
import Foundation
import ToolSupport

/// Times kernels and training steps; every result is checked before it is timed.
@main
struct KernelBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernel-bench", abstract: "Check, then time, the kernels that the models stand on.",
    subcommands: [Kernels.self, Step.self], defaultSubcommand: Kernels.self)

  /// Ends with three lines on stderr and a code that scripts can read.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as ComputeError {
      FileHandle.standardError.write(Data("kernel-bench: \(error)\n".utf8))
      Foundation.exit(error.kind.exitCode)
    } catch {
      exit(withError: error)
    }
  }
}
