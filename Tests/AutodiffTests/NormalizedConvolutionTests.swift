import Layers
import TestSupport
import Testing

@Suite struct NormalizedConvolutionTests {
  private static let layer = NormalizedConvolution(
    convolution: "conv", norm: "bn", 2, 3, window: Window(size: 3, stride: 2, padding: 1))

  private func store(_ test: TestDevice, _ role: ParameterRole = .trainable) -> ParameterStore {
    var random = RandomSource(seed: 41)
    let store = ParameterStore(
      Self.layer.declarations(role), counters: [Self.layer.norm.counter], test.elementType, on: test.device)
    for item in store.declarations {
      let values = random.signed(item.shape.reduce(1, *))
      test.device.upload(item.name == "bn.running_var" ? values.map { 1.5 + $0 } : values, to: store.view(item.name))
    }
    return store
  }

  private func pictures(_ test: TestDevice) -> (x: Tensor, residual: Tensor) {
    var random = RandomSource(seed: 42)
    func tensor(_ shape: [Int]) -> Tensor {
      Tensor(random.tensor(shape).values, shape, test.elementType, on: test.device)
    }
    return (tensor([2, 5, 4, 2]), tensor([2, 3, 2, 3]))
  }

  @Test(arguments: Devices.inDouble)
  func gradientsOfPicturesAndResidual(_ test: TestDevice) throws {
    var random = RandomSource(seed: 43)
    let store = store(test)
    let inputs = [random.tensor([2, 5, 4, 2]), random.tensor([2, 3, 2, 3])]
    for isTraining in [true, false] {
      try checkGradients(test, inputs, tolerance: 1e-6) { x in
        Self.layer(x[0], ForwardPass(store, isTraining: isTraining), residual: x[1])
      }
      try checkGradients(test, [inputs[0]], tolerance: 1e-6) { x in
        Self.layer(x[0], ForwardPass(store, isTraining: isTraining))
      }
    }
  }

  /// One launch gives what convolution, batch norm by running statistics, sum and ReLU give one after the other.
  @Test(arguments: Devices.underTest)
  func theFoldedFormIsTheSame(_ test: TestDevice) throws {
    let store = store(test)
    let (x, residual) = pictures(test)
    for rest in [residual, nil] {
      let folded = try Self.layer(x, ForwardPass(store, isTraining: false), residual: rest).doubles()
      // With a tape the weight is recorded, and every part is computed on its own.
      let parts = try Self.layer(x, ForwardPass(store, isTraining: false, tape: Tape()), residual: rest).doubles()
      let tolerance = 32 * test.elementType.epsilon
      #expect(mismatch(folded, parts, relative: tolerance, absolute: 4 * tolerance) == nil)
    }
  }

  /// A frozen layer in a training pass uses its running statistics, keeps them, and is not recorded.
  @Test(arguments: Devices.underTest)
  func aFrozenLayerStaysAsItIs(_ test: TestDevice) throws {
    let (trainable, frozen) = (store(test), store(test, .frozen))
    let (x, residual) = pictures(test)
    func state(_ store: ParameterStore) throws -> [[Double]] {
      try store.declarations.map { try test.device.downloadDoubles(store.view($0.name)) }
    }
    let before = try state(frozen)
    let pass = ForwardPass(frozen, isTraining: true, tape: Tape())
    let y = Self.layer(x, pass, residual: residual)
    #expect(!y.isRecorded)
    #expect(
      try y.doubles()
        == Self.layer(x, ForwardPass(trainable, isTraining: false), residual: residual).doubles())
    #expect(try state(frozen) == before)
    #expect(frozen.counters[Self.layer.norm.counter] == 0)
    #expect(frozen.values.elementCount == 0 && !frozen.isTrainable("conv.weight"))
    // The trainable twin moves.
    _ = Self.layer(x, ForwardPass(trainable, isTraining: true), residual: residual)
    #expect(try state(trainable) != before)
    #expect(trainable.counters[Self.layer.norm.counter] == 1)
  }
}
