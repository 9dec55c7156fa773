import Compute
import FileFormats
import Foundation
import TestSupport
import Testing
import Training

@testable import MAPConNet

/// Weights as files: whole, and in two parts as the published code splits them.
@Suite struct WeightsTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.makeFolder(URL(fileURLWithPath: folder))
    try body(folder)
  }

  /// The parameters of a reference file: those of a network of width 2, under the published names.
  private func reference() throws -> OrderedMap<FileFormats.HostTensor> {
    let file = try ReferenceReplay.read("mapconnet_supervised")
    var parameters = OrderedMap<FileFormats.HostTensor>()
    for (name, tensor) in file.tensors where name.hasPrefix("param/") { parameters[String(name.dropFirst(6))] = tensor }
    return parameters
  }

  /// Writes the reference as the published code would: two files, names without their prefixes, no metadata.
  private func writePublished(
    to folder: String, changing change: (inout OrderedMap<FileFormats.HostTensor>) -> Void = { _ in }
  ) throws -> [String] {
    var all = try reference()
    change(&all)
    return try [("G", "net.netG."), ("Corr", "net.netCorr.")].map { label, prefix in
      var file = Safetensors()
      for (name, tensor) in all where name.hasPrefix(prefix) {
        file.tensors[String(name.dropFirst(prefix.count))] = tensor
      }
      let path = "\(folder)/latest_net_\(label).safetensors"
      try file.write(to: path)
      return path
    }
  }

  private func settings(_ files: [String]) -> MAPConNetSettings {
    var settings = MAPConNetSettings.tiny()
    settings.model.weights = files
    return settings
  }

  private func fault(_ files: [String]) throws -> ComputeError {
    try #require(throws: ComputeError.self) { _ = try MAPConNetWeights(settings(files)) }
  }

  // MARK: Reading

  /// In either order, and with whatever names the files have.
  @Test func thePublishedPartsMakeOneNetwork() throws {
    try withFolder { folder in
      let files = try writePublished(to: folder)
      for order in [files, files.reversed()] {
        let contents = try MAPConNetWeights(settings(order)).contents
        for (name, tensor) in try reference() { #expect(contents.tensors[name] == tensor, "\(name)") }
        #expect(contents.tensors.count == (try reference()).count)
      }
    }
  }

  /// Training starts from them; a resumed run neither needs nor reads the files.
  @Test func aRunStartsFromWeights() throws {
    try withFolder { folder in
      let setup = try MAPConNetSetup(settings(writePublished(to: folder)))
      let device = Devices.each[0].device
      let snapshot = try MAPConNetJob(setup, on: device).snapshot()
      for (name, tensor) in try reference() { #expect(snapshot.tensors[name]?.floats() == tensor.floats(), "\(name)") }
      let missing = try MAPConNetSetup(settings(["nowhere"]))
      #expect(throws: ComputeError.self) { _ = try MAPConNetJob(missing, on: device) }
      let resumed = try MAPConNetJob(missing, resuming: true, on: device)
      try resumed.restore(snapshot)
      #expect(try resumed.snapshot() == snapshot)
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    try withFolder { folder in
      let missing = try fault(writePublished(to: folder) { $0["net.netG.fc.bias"] = nil })
      #expect(missing.kind == .configuration && missing.why == "net.netG.fc.bias is missing")
      #expect(missing.what.contains("latest_net_G.safetensors and "))
      #expect(missing.what.hasSuffix("does not fit this model"))

      let unknown = try fault(
        writePublished(to: folder) { $0["net.netCorr.layer.4.bias"] = HostTensor([Float(1)], shape: [1]) })
      #expect(unknown.why == "layer.4.bias is unknown")

      let shape = try fault(
        writePublished(to: folder) { $0["net.netCorr.phi.bias"] = HostTensor([Float(1)], shape: [1]) })
      #expect(shape.why == "net.netCorr.phi.bias has shape [1], expected [8]")

      let files = try writePublished(to: folder)
      let part = try fault([files[0]])
      #expect(part.why.contains("net.netCorr.adaptive_feature.layer1.bias is missing; ") && part.why.contains("; and "))
      #expect(part.mend.contains("net_Corr"))
      #expect(try fault(files + [files[0]]).what.contains("is given twice"))
      #expect(try fault([folder + "/none"]).kind == .noInput)

      var wide = settings(files)
      wide.model.width = 4
      let width = try #require(throws: ComputeError.self) { _ = try MAPConNetWeights(wide) }
      #expect(width.why.contains("has shape [2, 3, 1], expected [4, 3, 1]"))
      #expect(width.mend.hasPrefix("set model.width=2: "))
      wide.model.identityChannels = 3
      let both = try #require(throws: ComputeError.self) { _ = try MAPConNetWeights(wide) }
      #expect(both.mend.hasPrefix("set model.width=2 and model.identityChannels=4: "))
    }
  }

  /// The published files are PyTorch's: their tensors are those of safetensors files of the same names.
  @Test func filesOfPyTorchAreRead() throws {
    try withFolder { folder in
      let files = try writePublished(to: folder)
      let converted = try files.map { path in
        let tensors = try Checkpoint(path: path).tensors.map { (name: $0.key, tensor: $0.value) }
        let url = URL(fileURLWithPath: path).deletingPathExtension().appendingPathExtension("pth")
        try AtomicFile.write(pyTorchFile(tensors), to: url)
        return url.path
      }
      let read = try MAPConNetWeights(settings(converted)).contents
      #expect(try read.tensors == MAPConNetWeights(settings(files)).contents.tensors)

      // A tensor of another shape is named as ever.
      let wrong = folder + "/wrong.pth"
      let tensors = try Checkpoint(path: files[1]).tensors.map { name, tensor in
        (name: name, tensor: name == "phi.bias" ? FileFormats.HostTensor([Float(1)]) : tensor)
      }
      try AtomicFile.write(pyTorchFile(tensors), to: URL(fileURLWithPath: wrong))
      #expect(try fault([files[0], wrong]).why == "net.netCorr.phi.bias has shape [1], expected [8]")
    }
  }

  /// Broken archives, and the pickles of older releases, whatever the file is called.
  @Test(
    arguments: [
      ([0x50, 0x4B, 3, 4, 0, 0, 0, 0, 8], "not a complete zip archive"),
      ([0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46], "a PyTorch file of the format before version 1.6"),
    ] as [([UInt8], String)])
  func otherFilesOfPyTorchAreRefused(_ bytes: [UInt8], _ names: String) throws {
    try withFolder { folder in
      let path = folder + "/latest_net_G.pth"
      try AtomicFile.write(Data(bytes), to: URL(fileURLWithPath: path))
      let error = try fault([path])
      #expect(error.kind == .data && error.what == "\(path): \(names)")
    }
  }

  // MARK: Writing

  /// A run's checkpoint, whole and split, reads back to the same network, without the optimiser's state.
  @Test func exportedWeightsReadBack() throws {
    try withFolder { folder in
      let job = try MAPConNetJob(MAPConNetSetup(.tiny()), on: Devices.each[0].device)
      let checkpoint = try job.snapshot()
      let weights = try MAPConNetWeights(checkpoint)
      try weights.write(to: folder + "/whole.safetensors")
      let parts = try weights.writeParts(to: folder + "/best")
      #expect(parts == [folder + "/best_net_G.safetensors", folder + "/best_net_Corr.safetensors"])
      for files in [[folder + "/whole.safetensors"], parts] {
        let read = try MAPConNetWeights(settings(files)).contents
        for (name, tensor) in read.tensors { #expect(checkpoint.tensors[name] == tensor, "\(name)") }
        #expect(checkpoint.tensors.keys.filter { read.tensors[$0] == nil } == ["optimizer/second_moments"])
        #expect(Array(read.metadata.keys) == ["identity_channels", "model", "width"])
      }
      // Names as the published files have them, and nothing left under a temporary name.
      let names = try Checkpoint(path: parts[1]).tensors.keys
      #expect(names.contains("adaptive_feature.layer1.weight") && names.contains("layer.3.prelu.weight"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
      // A run of the other kind has other weights.
      var other = settings(parts)
      other.model.kind = .corenet
      let error = #expect(throws: ComputeError.self) { _ = try MAPConNetWeights(other) }
      #expect(error?.why.contains("model is mapconnet, expected corenet") == true)
    }
  }

  @Test func otherModelsHaveNoWeightsToExport() throws {
    let error = #expect(throws: ComputeError.self) {
      _ = try MAPConNetWeights(Checkpoint(metadata: ["model": "pose2mesh"]))
    }
    #expect(error?.kind == .data && error?.why == "its metadata names the model pose2mesh")
  }
}
