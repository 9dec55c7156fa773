import Compute
import FileFormats
import Foundation
import Training

/// Replays reference files of one model, as `contrapposto verify` does, and says what is wrong with the result.
public struct ReferenceReplay: Sendable {
  public typealias Verification = @Sendable (Safetensors, ElementType, any Device) throws -> any ModelVerification

  private let verification: Verification

  public init(_ verification: @escaping Verification) { self.verification = verification }

  /// A file of Tests/Fixtures.
  public static func read(_ name: String) throws -> Safetensors {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures")
    return try Safetensors(contentsOf: fixtures.appending(path: "\(name).safetensors"))
  }

  /// A line for each tensor beyond its tolerance; nothing to compare is a failure too.
  public func failures(_ name: String, on test: TestDevice) throws -> [String] {
    let rows = try rows(Self.read(name), test.elementType, on: test.device)
    if rows.isEmpty { return ["\(name): nothing to compare"] }
    return rows.filter { !$0.holds }.map {
      "\(name), \($0.name): error \($0.error), tolerance \($0.tolerance) \($0.note ?? "")"
    }
  }

  /// What is computed may depend on inputs, parameters and metadata only, and must cover all else that the file holds.
  ///
  /// - Returns: what is wrong, a line each.
  public func leaks(_ name: String) throws -> [String] {
    let file = try Self.read(name)
    let (given, expected) = file.tensors.keys.reduce(into: ([String](), [String]())) { keys, key in
      if key.hasPrefix("input/") || key.hasPrefix("param/") { keys.0.append(key) } else { keys.1.append(key) }
    }
    precondition(!given.isEmpty && !expected.isEmpty)
    var (bare, noisy) = (file, file)
    var random = RandomSource(seed: 31)
    for key in expected {
      let tensor = try file.tensor(key)
      bare.tensors[key] = nil
      let noise = tensor.data.map { _ in UInt8.random(in: 0...255, using: &random) }
      noisy.tensors[key] = FileFormats.HostTensor(tensor.type, shape: tensor.shape, data: Data(noise))
    }
    let computed = try compute(file)
    return [
      try compute(bare) == computed ? nil : "\(name): other results without the reference",
      try compute(noisy) == computed ? nil : "\(name): other results from another reference",
    ].compactMap { $0 } + expected.filter { computed[$0] == nil }.map { "\(name): \($0) is not computed" }
  }

  /// The tensors that fail where those of the given names are 1 % off in the file: the comparison can fail.
  public func failures(_ name: String, changing keys: [String]) throws -> Set<String> {
    var file = try Self.read(name)
    for key in keys {
      let tensor = try file.tensor(key)
      file.tensors[key] = FileFormats.HostTensor(tensor.floats().map { $0 * 1.01 }, shape: tensor.shape)
    }
    return Set(try rows(file, .float32, on: Devices.each[0].device).filter { !$0.holds }.map(\.name))
  }

  private func rows(_ file: Safetensors, _ type: ElementType, on device: any Device) throws -> [VerificationRow] {
    let verification = try verification(file, type, device)
    return try verification.compare(verification.compute())
  }

  private func compute(_ file: Safetensors) throws -> [String: FileFormats.HostTensor] {
    try verification(file, .float32, Devices.each[0].device).compute()
  }
}
