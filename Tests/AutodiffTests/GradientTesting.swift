import Layers
import TestSupport
import Testing

/// Checks the gradients of `body` with respect to all inputs by central differences, in Double on the device.
///
/// The loss is the dot product of the result with fixed random numbers.
func checkGradients(
  _ test: TestDevice, _ inputs: [HostTensor], tolerance: Double = 1e-7, _ body: ([Tensor]) throws -> Tensor
) throws {
  try #require(test.elementType == .float64)
  func tensors(_ values: [[Double]]) -> [Tensor] {
    zip(values, inputs).map { Tensor($0, $1.shape, .float64, on: test.device) }
  }
  let tape = Tape()
  let slots = inputs.map { _ in GradientSlot() }
  let result = try body(zip(tensors(inputs.map(\.values)), slots).map { tape.variable($0, gradient: $1) })
  var random = RandomSource(seed: 77)
  let cotangent = random.signed(result.shape.reduce(1, *))
  let weighted = fusedSum("loss", [result, Tensor(cotangent, result.shape, .float64, on: test.device)]) { x, _ in
    [x[0] * x[1]]
  }
  tape.backward(from: weighted)
  let gradients = try zip(slots, inputs).map { slot, input in
    try slot.gradient.map { try test.device.downloadDoubles($0) } ?? input.values.map { _ in 0 }
  }
  try gradientCheck(at: inputs.map(\.values), gradient: gradients, tolerance: tolerance) { values in
    zip(try body(tensors(values)).doubles(), cotangent).reduce(0) { $0 + $1.0 * $1.1 }
  }
}

extension Devices {
  /// The devices that compute in Double: where gradients are checked.
  static let inDouble = underTest.filter { $0.elementType == .float64 }
}

/// A store whose trainable tensors hold the given values, for layers that look parameters up by name.
func store(_ test: TestDevice, _ declarations: [ParameterDeclaration], _ values: [String: [Double]]) -> ParameterStore {
  let store = ParameterStore(declarations, counters: [], test.elementType, on: test.device)
  for (name, numbers) in values { test.device.upload(numbers, to: store.view(name)) }
  return store
}
