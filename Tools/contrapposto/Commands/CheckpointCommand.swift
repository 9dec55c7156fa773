import ArgumentParser
import Compute
import FileFormats
import Foundation
import MAPConNet
import Training

struct CheckpointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "Takes the weights out of a run of MAPConNet, or makes a run of weights.",
    subcommands: [Export.self, Import.self])

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes the weights of a run's best checkpoint, with the published code's names.",
      discussion: """
        One safetensors file with full names or, with --split, two as the published code saves them: \
        OUT_net_G.safetensors and OUT_net_Corr.safetensors, whose names lack net.netG. and net.netCorr. A file that is \
        there already is replaced.
        """)

    @Argument(help: "A run folder.")
    var folder: String

    @Option(help: "The file to write; with --split, what both names begin with.")
    var out: String

    @Flag(help: "Write two files, as the published code does.")
    var split = false

    func run() throws {
      let weights = try MAPConNetWeights(Checkpoint(path: RunFolder.open(folder).bestCheckpoint()))
      guard split else {
        try weights.write(to: out)
        return print(out)
      }
      for path in try weights.writeParts(to: out) { print(path) }
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a run folder of weights, which evaluate and report take.",
      discussion: """
        Weights are safetensors or PyTorch's .pth files, which are read without running anything in them. The settings \
        must describe the network that the weights are of, and the data to measure it on. Published weights go with \
        model.width=64 and model.sinkhornTemperature=0.03; the latter is in no file. To go on training from weights, give \
        them to train mapconnet --weights.
        """)

    @OptionGroup var settings: MAPConNetOptions

    @Option(help: "The folder that holds the run folders.")
    var runs = "runs"

    @Option(help: "The run folder's name; by default the model and the time.")
    var name: String?

    func run() throws {
      let settings = try self.settings.load()
      guard !settings.model.weights.isEmpty else {
        throw ComputeError(
          .usage, what: "no weights to import", why: "neither --weights nor model.weights names a file",
          mend: "give one file, or both of a split network: --weights x_net_G.safetensors,x_net_Corr.safetensors")
      }
      let weights = try MAPConNetWeights(settings)
      let folder = try RunFolder.create(in: runs, named: name, model: MAPConNetSession.model)
      try AtomicFile.write(Data(configurationText(settings).utf8), to: URL(fileURLWithPath: folder.configuration))
      _ = try MetricsFile(path: folder.metrics, lossNames: [], metricNames: [], resumingAt: 0)
      try weights.write(to: folder.checkpoint(.final))
      print("\(folder.path): measure it with contrapposto evaluate mapconnet \(folder.path)")
    }
  }
}
