import Compute
import FileFormats
import Layers
import TestSupport
import Testing
import Training

@testable import MultiViewSync

@Suite struct WeightsTests {
  private let device = Devices.each[0].device

  private func pretext(_ backbone: Backbone = .resnet18, width: Int = 2, seed: UInt64 = 3) throws -> PretextNetwork {
    let network = try PretextNetwork(MultiViewSyncArchitecture(backbone, width: width), on: device)
    network.initialize(seed: seed)
    return network
  }

  private func pose(width: Int = 2) throws -> PoseNetwork {
    let network = try PoseNetwork(MultiViewSyncArchitecture(width: width), frozenStages: 3, on: device)
    network.initialize(seed: 4)
    return network
  }

  private func values(_ store: ParameterStore, _ name: String) throws -> [Float] {
    try device.download(store.view(name), as: Float.self)
  }

  /// A pre-trained backbone goes to the pose network, frozen stages and running statistics included; heads stay.
  @Test func theBackboneGoesToThePoseNetwork() throws {
    let source = try pretext()
    source.parameters.counters["backbone.bn1.num_batches_tracked"] = 12
    let (target, untouched) = (try pose(), try pose())
    try target.load(BackboneWeights(Safetensors(source.parameters, identity: [:])))
    for item in target.parameters.declarations {
      let origin = item.name.hasPrefix("backbone.") ? source.parameters : untouched.parameters
      #expect(try values(target.parameters, item.name) == values(origin, item.name), "\(item.name)")
    }
    #expect(target.parameters.counters["backbone.bn1.num_batches_tracked"] == 12)
  }

  /// torchvision's own files: no prefix, a classifier, and in old ones no counters.
  @Test func plainStateDictionariesFit() throws {
    let source = try pretext(seed: 5)
    var file = Safetensors()
    for item in source.parameters.declarations where item.name.hasPrefix("backbone.") {
      file.tensors[String(item.name.dropFirst("backbone.".count))] = try HostTensor(
        downloading: source.parameters.view(item.name), from: device)
    }
    file.tensors["fc.weight"] = HostTensor([Float](repeating: 1, count: 32), shape: [2, 16])
    let target = try pretext(seed: 6)
    let head = try values(target.parameters, "head_sync.weight")
    try target.load(BackboneWeights(file))
    #expect(
      try values(target.parameters, "backbone.layer3.1.conv2.weight")
        == values(source.parameters, "backbone.layer3.1.conv2.weight"))
    #expect(try values(target.parameters, "head_sync.weight") == head)
  }

  /// Another network's weights are refused before anything is written, and the settings that they need are named.
  @Test func otherNetworksAreRefused() throws {
    let target = try pose()
    let before = try values(target.parameters, "backbone.conv1.weight")
    for (source, setting) in [
      (try pretext(width: 3), "model.width=3"), (try pretext(.resnet50, width: 1), "model.backbone=resnet50"),
    ] {
      let weights = BackboneWeights(try Safetensors(source.parameters, identity: [:]))
      let error = #expect(throws: ComputeError.self) { try target.load(weights) }
      #expect(error?.kind == .configuration && error?.mend.contains(setting) == true)
    }
    var file = try Safetensors(try pretext().parameters, identity: [:])
    file.tensors["backbone.layer1.0.bn1.bias"] = nil
    let error = #expect(throws: ComputeError.self) { try target.load(BackboneWeights(file)) }
    #expect(error?.why.contains("backbone.layer1.0.bn1.bias is missing") == true)
    #expect(try values(target.parameters, "backbone.conv1.weight") == before)
  }
}
