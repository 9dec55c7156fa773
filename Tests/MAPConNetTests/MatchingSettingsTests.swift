import Compute
import Layers
import TestSupport
import Testing

@testable import MAPConNet

/// The settings of the matching: what they change, and what is refused.
@Suite struct MatchingSettingsTests {
  /// Random meshes of 40 and 45 vertices, one batch element, on a device.
  private func batch(on device: any Device) -> MAPConNetBatch {
    var random = RandomSource(seed: 31)
    func points(_ count: Int) -> Tensor { Tensor(random.signed(3 * count), [1, count, 3], .float32, on: device) }
    func faces(_ count: Int) -> MeshFaces { MeshFaces([strip(Int32(count))], vertexCount: count, on: device) }
    return MAPConNetBatch(
      identityPoints: points(40), posePoints: points(45), identityFaces: faces(40), poseFaces: faces(45),
      target: points(40))
  }

  /// The loss terms and the gradient of a supervised step.
  private func step(
    _ storage: SinkhornSettings.Storage, temperature: Double, on device: any Device
  ) throws -> (losses: [Double], gradient: [Double]) {
    var settings = MAPConNetSettings.tiny()
    settings.model.sinkhornStorage = storage
    settings.model.sinkhornTemperature = temperature
    try settings.validate()
    let network = try MAPConNetNetwork(settings.architecture, on: device)
    network.initialize(seed: 3)
    let tape = Tape()
    let pass = ForwardPass(network.parameters, isTraining: true, tape: tape)
    let terms = try MAPConNetPasses(network, loss: settings.activeLoss).supervised(batch(on: device), pass).losses
    tape.backward(from: terms.map(\.tensor))
    network.parameters.zeroMissingGradients()
    return (
      try terms.map { try $0.tensor.doubles()[0] }, try device.downloadDoubles(network.parameters.gradients)
    )
  }

  /// Low memory costs nothing but time; half memory costs what eight bits of a value do.
  @Test(arguments: Devices.each, [0.03, 0.01])
  func storageDoesNotChangeTheStep(test: TestDevice, temperature: Double) throws {
    let full = try step(.full, temperature: temperature, on: test.device)
    let recomputed = try step(.recomputed, temperature: temperature, on: test.device)
    #expect(recomputed == full)
    let brief = try step(.bfloat16, temperature: temperature, on: test.device)
    #expect(brief.losses != full.losses, "the kernel was not stored in bfloat16")
    for (found, expected) in zip(brief.losses, full.losses) { #expect(abs(found - expected) <= 0x1p-6 * expected) }
  }

  @Test(arguments: [
    ("sinkhornTemperature", -1.0, "Sinkhorn: the temperature is -1.0"),
    ("sinkhornTemperature", 1e-5, "Sinkhorn: the temperature is 1e-05"),
    ("sinkhornIterations", 0, "Sinkhorn: 0 iterations"), ("sinkhornIterations", 101, "Sinkhorn: 101 iterations"),
    ("sinkhornConstant", 0, "Sinkhorn: the additive constant is 0.0"),
  ])
  func numbersOutOfRangeAreRefused(_ key: String, _ value: Double, what: String) {
    var settings = MAPConNetSettings()
    switch key {
    case "sinkhornTemperature": settings.model.sinkhornTemperature = value
    case "sinkhornIterations": settings.model.sinkhornIterations = Int(value)
    default: settings.model.sinkhornConstant = value
    }
    let error = #expect(throws: ComputeError.self) { try settings.validate() }
    #expect(error?.kind == .configuration && error?.what == what)
    #expect(error?.why.isEmpty == false && error?.mend.isEmpty == false)
  }
}
