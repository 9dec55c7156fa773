import Compute
import Datasets
import Geometry
import Layers
import TestSupport
import Testing

@testable import MAPConNet

@Suite struct TransferTests {
  private let pose = TriangleMesh.uvSphere(rings: 9, segments: 12)
  private let identity = TriangleMesh.icosphere(subdivisions: 2)

  private func network(_ architecture: MAPConNetArchitecture, on device: any Device) throws -> MAPConNetNetwork {
    let network = try MAPConNetNetwork(architecture, on: device)
    network.initialize(seed: 1)
    return network
  }

  private func mesh(_ mesh: TriangleMesh, as role: TransferMesh.Role, seed: UInt64 = 1) throws -> TransferMesh {
    try TransferMesh(mesh, as: role, name: "a", seed: seed)
  }

  @Test func largePairsStoreNoKernel() {
    let architecture = MAPConNetArchitecture(width: 2)
    #expect(architecture.fitting(identityPoints: 6890, posePoints: 6890) == architecture)
    #expect(architecture.fitting(identityPoints: 11585, posePoints: 11585) == architecture)
    for (identity, pose) in [(30_000, 30_000), (200_000, 1000), (1000, 200_000)] {
      let fitting = architecture.fitting(identityPoints: identity, posePoints: pose)
      #expect(fitting.sinkhorn.storage == .recomputed)
      #expect(fitting.kernelByteCount(identityPoints: identity, posePoints: pose) == 0)
    }
    var half = architecture
    half.sinkhorn.storage = .bfloat16
    #expect(half.fitting(identityPoints: 16_000, posePoints: 16_000) == half)
    #expect(half.fitting(identityPoints: 17_000, posePoints: 17_000).sinkhorn.storage == .recomputed)
  }

  @Test(arguments: Devices.each)
  func theResultIsTheSameWithoutAStoredKernel(_ test: TestDevice) throws {
    let architecture = MAPConNetArchitecture(width: 2)
    let sparing = architecture.fitting(identityPoints: 162, posePoints: 86, limit: 1000)
    #expect(sparing.sinkhorn.storage == .recomputed)
    let (pose, identity) = try (mesh(pose, as: .pose), mesh(identity, as: .identity))
    let results = try [architecture, sparing].map {
      try network($0, on: test.device).transferred(pose: pose, to: identity).original
    }
    #expect(results[0] == results[1])
    #expect(results[0].faces == self.identity.faces && results[0].vertices.count == 162)
  }

  /// Vertices come back in the file's order: without the two taps by which the one convolution along the list sees a
  /// vertex's neighbours, the order that the network sees changes nothing but rounding.
  @Test func theOrderIsRestored() throws {
    let device = Devices.each[0].device
    let network = try network(MAPConNetArchitecture(width: 4), on: device)
    func transferred(seed: UInt64) throws -> [SIMD3<Double>] {
      try network.transferred(
        pose: mesh(pose, as: .pose, seed: seed), to: mesh(identity, as: .identity, seed: seed)
      ).original.vertices
    }
    #expect(try transferred(seed: 1) == transferred(seed: 1))
    #expect(try transferred(seed: 1) != transferred(seed: 2))
    let taps = network.parameters.view("net.netG.fc.weight")
    for neighbour in [0, 2] { device.fill(taps.sliced(axis: 2, neighbour..<neighbour + 1), with: 0) }
    let (first, second) = try (transferred(seed: 1), transferred(seed: 2))
    let extent = SpatialBox(first).extent.max()
    for (a, b) in zip(first, second) { #expect(norm(a - b) < 1e-3 * extent) }
  }

  @Test func parametersThatAreNotFiniteAreNamed() throws {
    let device = Devices.each[0].device
    let network = try network(MAPConNetArchitecture(width: 2), on: device)
    device.fill(network.parameters.view("net.netG.conv4.bias"), with: .nan)
    let error = try #require(throws: ComputeError.self) {
      try network.transferred(pose: mesh(pose, as: .pose), to: mesh(identity, as: .identity))
    }
    #expect(error.kind == .data && error.why.contains("diverged"))
  }
}
