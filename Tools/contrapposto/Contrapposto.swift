import ArgumentParser

struct Contrapposto: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contrapposto",
    abstract: "Trains and runs models of 3D human pose and shape, on the CPU and on any GPU with OpenCL.",
    version: "0.1.0",
    subcommands: [
      DoctorCommand.self, DevicesCommand.self, DataCommand.self, TrainCommand.self, EvaluateCommand.self,
      PredictCommand.self, TransferCommand.self, RetrieveCommand.self, VerifyCommand.self, ReportCommand.self,
      CheckpointCommand.self,
    ])
}
