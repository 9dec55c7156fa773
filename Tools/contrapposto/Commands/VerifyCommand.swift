import ArgumentParser
import Compute
import FileFormats
import Foundation
import MAPConNet
import MultiViewSync
import Pose2Mesh
import ToolSupport
import Training

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Replays a reference file and compares every tensor with it.",
    discussion: """
      The file's metadata names the model. What is computed depends on its metadata, input/ and param/ tensors alone. \
      Exits 0 when every compared tensor lies within its tolerance, 1 when one does not.
      """)

  enum Scalar: String, ExpressibleByArgument, CaseIterable {
    case float, double
    var elementType: ElementType { self == .float ? .float32 : .float64 }
  }

  @Argument(help: "A safetensors reference file.")
  var file: String

  @Option(help: "cpu, opencl, opencl:N or auto.")
  var device = "cpu"

  @Option(help: "float or double.")
  var scalar = Scalar.float

  @Option(help: "Write what was computed to this file, under the same names.")
  var dump: String?

  @Flag(help: "Print the comparison as JSON.")
  var json = false

  func run() throws {
    let reference = try Safetensors(contentsOf: URL(fileURLWithPath: file))
    let device = try makeDevice(self.device)
    guard scalar == .float || device.information.supportsDouble else {
      throw ComputeError(
        .unavailable, what: "\(device.information.name) has no double precision", why: "it is never emulated",
        mend: "use --scalar float, or --device cpu")
    }
    let model = reference.metadata["model"] ?? "none"
    let verification = try self.verification(of: model, reference, on: device)
    let computed = try verification.compute()
    if let dump { try write(computed, reference.metadata, to: dump) }

    let report = VerificationReport(
      file: file, model: model, device: device.information.identifier, scalar: scalar.rawValue,
      rows: try verification.compare(computed))
    if report.rows.isEmpty {
      guard dump == nil else { return note("\(file) holds nothing to compare with; the dump is written") }
      throw ComputeError(
        .data, what: "\(file): nothing to compare", why: "it holds inputs and parameters only",
        mend: "give a complete reference file, or --dump to write what is computed")
    }
    print(json ? try report.json : report.table)
    guard report.holds else {
      if scalar == .float, let caution = verification.float32Caution { note(caution) }
      throw ExitCode(1)
    }
  }

  private func verification(
    of model: String, _ reference: Safetensors, on device: any Device
  ) throws -> any ModelVerification {
    switch model {
    case "pose2mesh": return try Pose2MeshVerification(reference, scalar.elementType, on: device)
    case "mapconnet", "corenet": return try MAPConNetVerification(reference, scalar.elementType, on: device)
    case "multiview-sync": return try MultiViewSyncVerification(reference, scalar.elementType, on: device)
    default:
      throw ComputeError(
        .data, what: "\(file): no model to verify",
        why: "its metadata names \(model), known are pose2mesh, mapconnet, corenet and multiview-sync",
        mend: "give a reference file of a known model")
    }
  }

  private func write(_ tensors: [String: HostTensor], _ metadata: OrderedMap<String>, to path: String) throws {
    // By name: other writers keep metadata in no particular order, and equal input must give equal bytes.
    var file = Safetensors()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { file.metadata[key] = value }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) { file.tensors[name] = tensor }
    try file.write(to: URL(fileURLWithPath: path))
  }
}

/// A line on stderr, apart from results.
func note(_ text: String) { FileHandle.standardError.write(Data("contrapposto: \(text)\n".utf8)) }
