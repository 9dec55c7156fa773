import Layers
import Optimizers
import TestSupport
import Testing

@Suite struct WeightDecayTests {
  private func store(_ test: TestDevice) -> ParameterStore {
    let declarations = [
      ParameterDeclaration("a.weight", [2, 2]), ParameterDeclaration("b.weight", [1, 3, 1, 1]),
      ParameterDeclaration("a.bias", [2]), ParameterDeclaration("idle.bias", [3]),
      ParameterDeclaration("still", [2], .frozen),
    ]
    let store = ParameterStore(declarations, counters: [], test.elementType, on: test.device)
    for item in declarations {
      test.device.upload([Double](repeating: 1, count: item.shape.reduce(1, *)), to: store.view(item.name))
    }
    for name in ["a.weight", "b.weight", "a.bias"] {
      let view = store.view(name)
      store.slot(name).store(
        Tensor([Double](repeating: 0.5, count: view.elementCount), view.shape, test.elementType, on: test.device).view,
        on: test.device)
    }
    return store
  }

  /// The first step's move is the learning rate; the share comes on top, by the base rate or not, for some or for all.
  @Test(
    arguments: Devices.underTest,
    [
      (WeightDecay(0.1, mode: .scheduleScaled, tensors: .matrices), 0.05, 0.0),
      (WeightDecay(0.1, mode: .scheduleScaled, tensors: .all), 0.05, 0.05),
      (WeightDecay(0.1, mode: .lrScaled, tensors: .matrices), 0.001, 0.0),
    ])
  func sharesFollowTheMode(_ test: TestDevice, _ case: (decay: WeightDecay, matrix: Double, vector: Double)) throws {
    let store = store(test)
    let optimizer = AdamW(store, decay: `case`.decay)
    // Half way down a schedule that began at 0.02.
    optimizer.step(learningRate: 0.01, initialRate: 0.02)
    let tolerance = 16 * test.elementType.epsilon
    func expect(_ name: String, _ value: Double) throws {
      let values = try test.device.downloadDoubles(store.view(name))
      #expect(mismatch(values, values.map { _ in value }, relative: tolerance) == nil, "\(name)")
    }
    let move = 0.01 / (1 + 1e-8 / 0.5)
    try expect("a.weight", 1 - `case`.matrix - move)
    try expect("b.weight", 1 - `case`.matrix - move)
    try expect("a.bias", 1 - `case`.vector - move)
    // Without a gradient there is neither a step nor decay.
    try expect("idle.bias", 1)
    try expect("still", 1)
  }

  /// Decayed tensors that stand side by side are one stretch.
  @Test func neighboursAreJoined() throws {
    let store = store(Devices.each[0])
    #expect(store.rangesWithGradient.count == 1)
    #expect(store.rangesWithGradient(where: \.decays).count == 1)
    #expect(store.rangesWithGradient { !$0.decays }.count == 1)
  }
}
