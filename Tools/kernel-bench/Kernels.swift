import ArgumentParser
import Compute
import Foundation
import ToolSupport

/// `kernel-bench kernels`: matrix products, sparse products, convolutions, maps, reductions and the optimiser step.
struct Kernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time single kernels at the models' shapes.",
    discussion: """
      Each result is compared with loops in Double on the host before it is timed. Rates stand beside a roof
      measured in the same run: our best large square matrix product, or a large copy (bytes read plus bytes written).
      """)

  @Option(help: "The device: auto, cpu, opencl or opencl:N.")
  var device = "auto"

  @Option(help: "The real type to compute in.")
  var scalar = Scalar.float

  @Option(help: ArgumentHelp("Only kernels whose name contains this text.", valueName: "text"))
  var only: String?

  @Flag(help: "Three samples per kernel.")
  var quick = false

  @Flag(help: "One JSON line per kernel instead of a table.")
  var json = false

  enum Scalar: String, ExpressibleByArgument, CaseIterable {
    case float, double
    var elementType: ElementType { self == .float ? .float32 : .float64 }
  }

  func run() throws {
    #if DEBUG
      FileHandle.standardError.write(Data("built without optimisation: add -c release for figures that count\n".utf8))
    #endif
    let type = scalar.elementType
    let device = try makeDevice(device)
    let information = device.information
    if type == .float64, !information.supportsDouble {
      throw ComputeError(
        .usage, what: "\(information.identifier) does not compute in double", why: "the device has no fp64",
        mend: "leave --scalar at float, or pass --device cpu")
    }
    let all =
      gemmBenchmarks + spmmBenchmarks + elementwiseBenchmarks + sinkhornBenchmarks(type) + tripletBenchmarks
      + nearestPointsBenchmarks + convolutionBenchmarks + batchNormBenchmarks + rasterBenchmarks
    let benchmarks = all.filter { only.map($0.name.contains) ?? true }
    if benchmarks.isEmpty {
      throw ComputeError(
        .usage, what: "no kernel's name contains \"\(only ?? "")\"", why: "there is nothing to time",
        mend: "leave out --only to see all names")
    }
    let commit = currentCommit()
    let roof = try Roof(of: device, type: type, quick: quick)
    if !json {
      print("\(information.identifier): \(information.name), \(information.driver), commit \(commit)")
      print(
        "roof: \(Int(roof.arithmetic / 1e9)) GFLOP/s (best square gemm), \(Int(roof.memory / 1e9)) GB/s (large copy)")
      print(Row.header)
    }
    for benchmark in benchmarks {
      guard let row = try measure(benchmark, on: device, type: type, roof: roof, commit: commit) else { continue }
      print(json ? try row.json() : row.line)
      // Rows appear as they come, in a pipe too.
      fflush(nil)
    }
  }

  /// Nil where an operand would exceed the device's largest buffer.
  private func measure(
    _ benchmark: Benchmark, on device: any Device, type: ElementType, roof: Roof, commit: String
  ) throws -> Row? {
    let prepared = try benchmark.prepare(device, type)
    if let fault = device.fault, fault.kind == .system {
      try? device.synchronize()
      FileHandle.standardError.write(Data("skipped: \(benchmark.name) (\(fault.what))\n".utf8))
      return nil
    }
    prepared.run()
    let verification = try prepared.verify()
    guard verification.passes else {
      throw ComputeError(
        .software,
        what: "\(benchmark.name): a checked element is off by \(verification.worst) times what rounding allows",
        why: "a wrong result is not worth timing",
        mend: "run the tests of this kernel on \(device.information.identifier)")
    }
    let measurement = try Measurement(on: device, quick: quick, prepared.run)
    return Row(
      benchmark, measurement, verification, roof: roof, device: device.information, type: type, commit: commit)
  }
}

/// The commit of the working folder, or "unknown" outside a repository.
private func currentCommit() -> String {
  let process = Process()
  let output = Pipe()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["git", "rev-parse", "--short", "HEAD"]
  process.standardOutput = output
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return "unknown" }
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return process.terminationStatus == 0 ? text.trimmingCharacters(in: .whitespacesAndNewlines) : "unknown"
}
