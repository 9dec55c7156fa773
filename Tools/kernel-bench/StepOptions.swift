import ArgumentParser
import Compute
import Foundation
import ToolSupport
import Training

/// What every `kernel-bench step` takes.
struct StepOptions: ParsableArguments {
  @Option(help: "The device: auto, cpu, opencl or opencl:N.")
  var device = "cpu"

  @Option(help: "Steps that are timed, after one that is not.")
  var steps = 5

  @Flag(help: "One JSON line instead of text.")
  var json = false

  @Flag(
    help: """
      Then run one more step and say where its time goes, a line for every kernel and amount of work; with --json on \
      standard error.
      """)
  var profile = false

  /// Times `step` and prints what was found.
  ///
  /// - Parameters:
  ///   - waited: seconds spent waiting for data so far.
  ///   - step: one training step; gets the times to add to.
  func measure(
    _ model: String, settings: [String: String], on device: any Device, waited: () -> Double = { 0 },
    step: (inout StepTimes?) throws -> Void
  ) throws {
    var clock = StepClock()
    var waitedAtFirst: Double?
    try clock.run(steps, on: device) { times in
      try step(&times)
      waitedAtFirst = waitedAtFirst ?? waited()
    }
    let result = StepResult(
      model, settings: settings, clock, waited: waited() - (waitedAtFirst ?? 0), on: device)
    print(try result.text(asJSON: json))
    guard profile else { return }
    let table = try profiled(step, on: device).table
    // Standard output stays one line of JSON.
    if json { FileHandle.standardError.write(Data(table.utf8)) } else { print(table, terminator: "") }
  }

  private func profiled(_ step: (inout StepTimes?) throws -> Void, on device: any Device) throws -> KernelTally {
    let tally = KernelTally()
    device.profiler = tally
    defer { device.profiler = nil }
    var times: StepTimes? = nil
    try step(&times)
    try device.synchronize()
    return tally
  }
}
