import Layers
import TestSupport
import Testing

@testable import MultiViewSync

@Suite struct ArchitectureTests {
  /// Counts of parameters that are trained, by part, as the specification's table gives them.
  @Test(
    arguments: [
      (Backbone.resnet18, 11_176_512, 11_177_538, 11_201_136, 8_418_352),
      (.resnet50, 23_508_032, 23_512_130, 23_606_384, 15_063_088),
    ])
  func publishedSizes(_ backbone: Backbone, alone: Int, pretext: Int, pose: Int, transfer: Int) {
    let architecture = MultiViewSyncArchitecture(backbone)
    func count(_ declarations: [ParameterDeclaration]) -> Int {
      declarations.filter { $0.role == .trainable }.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }
    let features = architecture.featureCount
    #expect(features == (backbone == .resnet18 ? 512 : 2048))
    #expect(count(ResidualNetwork(architecture).declarations) == alone)
    #expect(alone + 2 * (features + 1) == pretext)
    let head = MultiViewSyncArchitecture.poseValues * (features + 1)
    #expect(alone + head == pose)
    #expect(count(ResidualNetwork(architecture, frozenStages: 3).declarations) + head == transfer)
  }

  /// torchvision's names, with a projection wherever the shape changes.
  @Test func names() {
    func names(_ backbone: Backbone) -> Set<String> {
      Set(ResidualNetwork(MultiViewSyncArchitecture(backbone, width: 4)).declarations.map(\.name))
    }
    let small = names(.resnet18)
    #expect(small.count == 20 * 5)
    #expect(small.isSuperset(of: ["backbone.conv1.weight", "backbone.bn1.running_var", "backbone.layer4.1.bn2.bias"]))
    #expect(small.contains("backbone.layer2.0.downsample.0.weight"))
    #expect(!small.contains("backbone.layer1.0.downsample.0.weight"))
    let large = names(.resnet50)
    #expect(large.count == 53 * 5)
    #expect(large.contains("backbone.layer1.0.downsample.1.running_mean"))
    #expect(large.contains("backbone.layer3.5.conv3.weight"))
  }

  /// Decayed tensors lie side by side, so a step of the optimiser is two launches.
  @Test func decayedTensorsAreNeighbours() throws {
    let device = Devices.each[0].device
    let network = try PretextNetwork(MultiViewSyncArchitecture(width: 2), on: device)
    for item in network.parameters.declarations where item.role == .trainable {
      let view = network.parameters.view(item.name)
      network.parameters.slot(item.name).store(view, on: device)
    }
    #expect(network.parameters.rangesWithGradient(where: \.decays).count == 1)
    #expect(network.parameters.rangesWithGradient { !$0.decays }.count == 1)
  }
}
