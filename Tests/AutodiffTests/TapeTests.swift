import TestSupport
import Testing

@testable import Autodiff
@testable import Layers

@Suite struct TapeTests {
  @Test(arguments: Devices.underTest)
  func aChangedSavedTensorIsAnError(_ test: TestDevice) async throws {
    let x = Tensor([1, 2, 3], [3], test.elementType, on: test.device)
    let saved = SavedView(x.view, by: "square")
    _ = try saved.view()
    test.device.fill(x.view, with: 0)
    let error = #expect(throws: ComputeError.self) { try saved.view() }
    #expect(error?.what == "square: a tensor saved for the backward pass was overwritten before it")
  }

  @Test func backwardTrapsOnAChangedSavedTensor() async {
    await #expect(processExitsWith: .failure) {
      let device = Devices.each[0].device
      let tape = Tape()
      let x = tape.variable(Tensor([1, 2, 3], [3], .float32, on: device))
      let loss = fusedSum("squares", [x]) { x, _ in [x[0] * x[0]] }
      device.fill(x.view, with: 0)
      tape.backward(from: loss)
    }
  }

  @Test func anOperationWithoutGradientRefusesARecordedInput() async {
    await #expect(processExitsWith: .failure) {
      let device = Devices.each[0].device
      let x = Tape().variable(Tensor([1], [1], .float32, on: device))
      _ = Tensor.unrecordable("argReduce", x.view, from: [x])
    }
  }

  /// What a node saved is free as soon as its pullback has run.
  @Test(arguments: Devices.each)
  func backwardFreesWhatWasSaved(_ test: TestDevice) throws {
    let device = try test.fresh().device
    let slot = GradientSlot()
    do {
      let tape = Tape()
      let x = tape.variable(
        Tensor([Float](repeating: 1, count: 1 << 16), [1 << 16], .float32, on: device), gradient: slot)
      let before = device.memoryStatistics.liveByteCount
      var y = x
      for _ in 0..<8 { y = fused("square", y) { $0 * $0 } }
      let loss = fusedSum("sum", [y]) { x, _ in [x[0]] }
      y = loss[0]
      // Each square saves what it squares: x and the first seven results. Nobody reads the eighth again.
      #expect(device.memoryStatistics.liveByteCount >= before + 7 << 18)
      tape.backward(from: loss)
      try device.synchronize()
      // x and its gradient stay.
      #expect(device.memoryStatistics.liveByteCount <= before + (1 << 18) + (1 << 12))
    }
    #expect(try device.download(#require(slot.gradient), as: Float.self).allSatisfy { $0 == 256 })
  }

  @Test(arguments: Devices.underTest)
  func detachedTensorsPassNoGradient(_ test: TestDevice) throws {
    let slot = GradientSlot()
    let tape = Tape()
    let x = tape.variable(Tensor([2, 3], [2], test.elementType, on: test.device), gradient: slot)
    tape.backward(from: fusedSum("loss", [x, x.detached]) { x, _ in [x[0] * x[1]] })
    #expect(try test.device.downloadDoubles(#require(slot.gradient)) == [2, 3])
  }

  @Test(arguments: Devices.underTest)
  func seedsScaleGradients(_ test: TestDevice) throws {
    let slot = GradientSlot()
    let tape = Tape()
    let x = tape.variable(Tensor([2, 3], [2], test.elementType, on: test.device), gradient: slot)
    let losses = fusedSum("losses", [x]) { x, _ in [x[0], x[0] * x[0]] }
    tape.backward(from: losses, seeds: [10, 1])
    #expect(try test.device.downloadDoubles(#require(slot.gradient)) == [14, 16])
  }
}

@Suite struct CheckpointTests {
  @Test(arguments: Devices.inDouble)
  func gradientsAreThoseOfThePlainForm(_ test: TestDevice) throws {
    var random = RandomSource(seed: 9)
    try checkGradients(test, [random.tensor([3, 4]), random.tensor([4, 2])]) { x in
      checkpoint([x[0], x[1]], on: x[0].entry?.tape) { x in fused("tanh", matmul(x[0], x[1])) { tanh($0) } }
    }
  }

  /// Random draws repeat, running statistics move once, and parameters inside the body get their gradients.
  @Test(arguments: Devices.inDouble)
  func replaysRandomNumbersAndLeavesStatisticsAlone(_ test: TestDevice) throws {
    let norm = BatchNorm("norm", 3)
    var random = RandomSource(seed: 10)
    let x = random.tensor([8, 3])
    func run(checkpointing: Bool) throws -> (gradients: [[Double]], state: [[Double]], offset: UInt64, count: Int64) {
      let parameters = ParameterStore(norm.declarations, counters: [norm.counter], .float64, on: test.device)
      parameters.initialize(norm.initialization, seed: 1)
      let tape = Tape()
      let stream = RandomStream(seed: 5)
      let pass = ForwardPass(parameters, isTraining: true, tape: tape, random: stream)
      let slot = GradientSlot()
      let input = tape.variable(Tensor(x.values, x.shape, .float64, on: test.device), gradient: slot)
      let body: ([Tensor]) -> Tensor = { Dropout(rate: 0.4)(norm($0[0], pass), pass) }
      let y = checkpointing ? checkpoint([input], on: tape, random: stream, body) : body([input])
      tape.backward(from: fusedSum("loss", [y]) { x, _ in [x[0] * x[0] * x[0]] })
      let names = ["norm.weight", "norm.bias"]
      return (
        try [test.device.downloadDoubles(#require(slot.gradient))]
          + names.map { try test.device.downloadDoubles(#require(parameters.slot($0).gradient)) },
        try ["norm.running_mean", "norm.running_var"].map { try test.device.downloadDoubles(parameters.view($0)) },
        stream.offset, parameters.counters[norm.counter]!
      )
    }
    let plain = try run(checkpointing: false)
    let replayed = try run(checkpointing: true)
    #expect(replayed.gradients == plain.gradients)
    #expect(replayed.state == plain.state)
    #expect(replayed.offset == plain.offset)
    #expect(plain.count == 1 && replayed.count == 1)
    #expect(plain.gradients.joined().contains { $0 != 0 })
  }
}
