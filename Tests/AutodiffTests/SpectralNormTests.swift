import TestSupport
import Testing

@testable import Layers

@Suite struct SpectralNormTests {
  private let layer = SpectralNorm("conv", 3, 4)

  private func store(_ test: TestDevice, weight: [Double], u: [Double], v: [Double]) -> ParameterStore {
    AutodiffTests.store(
      test, layer.declarations, ["conv.weight_orig": weight, "conv.weight_u": u, "conv.weight_v": v])
  }

  /// sigma is differentiated, u and v are not: the derivative of W / (u^T W v) at fixed u and v.
  @Test(arguments: Devices.inDouble)
  func gradient(_ test: TestDevice) throws {
    var random = RandomSource(seed: 21)
    let (u, v) = (random.signed(4), random.signed(3))
    let cotangent = random.signed(12)
    func run(_ weight: [Double]) throws -> (loss: Double, gradient: [Double]) {
      let parameters = store(test, weight: weight, u: u, v: v)
      let tape = Tape()
      let normalized = layer(ForwardPass(parameters, isTraining: false, tape: tape))
      let factors = Tensor(cotangent, [4, 3], .float64, on: test.device)
      let loss = fusedSum("loss", [normalized, factors]) { x, _ in [x[0] * x[1]] }
      let value = try loss[0].doubles()[0]
      tape.backward(from: loss)
      return (value, try test.device.downloadDoubles(#require(parameters.slot("conv.weight_orig").gradient)))
    }
    let weight = random.signed(12)
    try gradientCheck(at: [weight], gradient: [run(weight).gradient], tolerance: 1e-7) { try run($0[0]).loss }
  }

  /// A product with the weight divided by sigma is the product with the weight over sigma, and so are its gradients.
  @Test(arguments: Devices.inDouble)
  func dividesAProduct(_ test: TestDevice) throws {
    var random = RandomSource(seed: 24)
    let (weight, u, v) = (random.signed(12), random.signed(4), random.signed(3))
    let (outer, cotangent) = (random.signed(8), random.signed(6))
    func run(_ product: (_ outer: Tensor, _ pass: ForwardPass) -> Tensor) throws -> [[Double]] {
      let parameters = store(test, weight: weight, u: u, v: v)
      let tape = Tape()
      let slot = GradientSlot()
      let y = product(
        tape.variable(Tensor(outer, [2, 4], .float64, on: test.device), gradient: slot),
        ForwardPass(parameters, isTraining: false, tape: tape))
      let factors = Tensor(cotangent, [2, 3], .float64, on: test.device)
      let value = try y.doubles()
      tape.backward(from: fusedSum("loss", [y, factors]) { x, _ in [x[0] * x[1]] })
      return try [value]
        + [slot, parameters.slot("conv.weight_orig")].map { try test.device.downloadDoubles(#require($0.gradient)) }
    }
    let divided = try run { outer, pass in layer.dividing(matmul(outer, layer.weight(pass)), pass) }
    let plain = try run { outer, pass in matmul(outer, layer(pass)) }
    for (divided, plain) in zip(divided, plain) {
      #expect(mismatch(divided, plain, relative: 1e-13, absolute: 1e-13) == nil)
    }
  }

  /// One power iteration per training call, none in evaluation; many of them find the largest singular value.
  @Test(arguments: Devices.underTest)
  func powerIterationsConverge(_ test: TestDevice) throws {
    // Singular values 5, 2, 1 along the axes.
    let weight: [Double] = [5, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]
    let parameters = store(test, weight: weight, u: [0.5, 0.5, 0.5, 0.5], v: [0, 0, 1])
    let evaluation = try layer(ForwardPass(parameters, isTraining: false)).doubles()
    // sigma = u^T W v = 0.5
    #expect(mismatch(evaluation, weight.map { $0 / 0.5 }, relative: 8 * test.elementType.epsilon) == nil)
    #expect(try test.device.downloadDoubles(parameters.view("conv.weight_v")) == [0, 0, 1])

    _ = layer(ForwardPass(parameters, isTraining: true))
    // v = unit(W^T u) = unit(2.5, 1, 0.5)
    let length = (2.5 * 2.5 + 1 + 0.25).squareRoot()
    let moved = try test.device.downloadDoubles(parameters.view("conv.weight_v"))
    #expect(mismatch(moved, [2.5 / length, 1 / length, 0.5 / length], relative: 8 * test.elementType.epsilon) == nil)

    for _ in 0..<60 { _ = layer(ForwardPass(parameters, isTraining: true)) }
    let converged = try layer(ForwardPass(parameters, isTraining: false)).doubles()
    #expect(mismatch(converged, weight.map { $0 / 5 }, relative: 16 * test.elementType.epsilon) == nil)
  }

  /// Two training calls on one tape: each is differentiated with its own u and v, though the stored ones have moved on.
  @Test(arguments: Devices.inDouble)
  func everyCallKeepsItsOwnVectors(_ test: TestDevice) throws {
    var random = RandomSource(seed: 22)
    let (weight, u, v) = (random.signed(12), random.signed(4), random.signed(3))
    func gradient(calls: Int, used: Int) throws -> [Double] {
      let parameters = store(test, weight: weight, u: u, v: v)
      let tape = Tape()
      let pass = ForwardPass(parameters, isTraining: true, tape: tape)
      let results = (0..<calls).map { _ in layer(pass) }
      tape.backward(from: fusedSum("loss", [results[used]]) { x, _ in [x[0] * x[0]] })
      return try test.device.downloadDoubles(#require(parameters.slot("conv.weight_orig").gradient))
    }
    #expect(try gradient(calls: 1, used: 0) == gradient(calls: 2, used: 0))
    #expect(try gradient(calls: 2, used: 0) != gradient(calls: 2, used: 1))
  }
}

@Suite struct AffineMapTests {
  /// Folding is exact: value and gradients of two maps in a row.
  @Test(arguments: Devices.inDouble)
  func twoMapsAreOne(_ test: TestDevice) throws {
    var random = RandomSource(seed: 23)
    let inputs = [[2, 5, 3], [4, 3], [4], [2, 4], [2]].map { random.tensor($0) }
    let weights = random.tensor([2, 5, 2])
    func run(folds: Bool) throws -> [[Double]] {
      let tape = Tape()
      let slots = inputs.map { _ in GradientSlot() }
      let x = zip(inputs, slots).map {
        tape.variable(Tensor($0.values, $0.shape, .float64, on: test.device), gradient: $1)
      }
      let inner = AffineMap(weight: x[1], bias: x[2])
      let outer = AffineMap(weight: x[3], bias: x[4])
      let y = folds ? outer.after(inner)(x[0]) : outer(inner(x[0]))
      tape.backward(
        from: fusedSum("loss", [y, Tensor(weights.values, weights.shape, .float64, on: test.device)]) { x, _ in
          [x[0] * x[0] * x[1]]
        })
      return try [y.doubles()] + slots.map { try test.device.downloadDoubles(#require($0.gradient)) }
    }
    for (folded, plain) in zip(try run(folds: true), try run(folds: false)) {
      #expect(mismatch(folded, plain, relative: 1e-13, absolute: 1e-13) == nil)
    }
  }
}
