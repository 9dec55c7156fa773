import ArgumentParser

/// Where a run goes and on what it runs.
struct RunOptions: ParsableArguments {
  @Option(help: "cpu, opencl, opencl:N, or auto: the first GPU, else the CPU.")
  var device = "auto"

  @Option(help: "The folder that holds the run folders.")
  var runs = "runs"

  @Option(help: "The run folder's name; by default the model and the time.")
  var name: String?

  @Option(help: "Continue the run in this folder from its latest checkpoint.")
  var resume: String?

  @Option(help: "Write a Chrome trace of every launch to this file.")
  var profile: String?
}
