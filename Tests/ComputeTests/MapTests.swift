import Compute
import TestSupport
import Testing

struct MapTests {
  /// What one function may be off by: OpenCL grants tanh 5 units in the last place, the others less.
  private static let roundings = 8.0

  @Test(arguments: Devices.underTest, ProgramCase.all)
  func everyFunctionAgreesWithTheOracle(device: TestDevice, example: ProgramCase) throws {
    let program = example.program
    var random = RandomSource(seed: 2)
    for count in [0, 1, 17, 1031] {
      let inputs = (0..<program.inputCount).map { _ in
        // Rounded to float32, so that both types get the same arguments.
        HostTensor([count], (0..<count).map { _ in Double(Float(example.point(&random))) })
      }
      let scalars = random.signed(program.scalarCount)
      let outputs = program.outputs.map { _ in device.output([count]) }
      device.device.map(program, inputs.map { device.input($0) }, scalars: scalars, into: outputs.map(\.view))
      let expected = Oracle.map(program, inputs, scalars: scalars, shape: [count])
      for (output, expected) in zip(outputs, expected) {
        // Arguments are of size 4 and may cancel, so the result's error is measured against that.
        expectNone(
          mismatch(
            try output.values(), expected.values, relative: Self.roundings * device.elementType.epsilon,
            absolute: Self.roundings * device.elementType.epsilon), "count \(count)")
      }
    }
  }

  @Test(arguments: Devices.underTest, ProgramCase.functions)
  func specialValuesFollowTheOracle(device: TestDevice, example: ProgramCase) throws {
    let special: [Double] = [0, -0.0, 1, -1, .infinity, -.infinity, .nan]
    let program = example.program
    let points = indices(of: [Int](repeating: special.count, count: program.inputCount))
    let inputs = (0..<program.inputCount).map { k in HostTensor([points.count], points.map { special[$0[k]] }) }
    let output = device.output([points.count])
    device.device.map(program, inputs.map { device.input($0) }, into: [output.view])
    let expected = Oracle.map(program, inputs, shape: [points.count])[0]
    expectNone(mismatch(try output.values(), expected.values, relative: Self.roundings * device.elementType.epsilon))
  }

  @Test(arguments: Devices.underTest)
  func reluLetsNaNThrough(device: TestDevice) throws {
    let program = ElementwiseProgram("relu", inputs: 1) { x, _ in [relu(x[0])] }
    let x = device.input(HostTensor([3], [-1, .nan, 2]))
    let y = device.output([3])
    device.device.map(program, [x], into: [y.view])
    expectNone(mismatch(try y.values(), [0, .nan, 2], relative: 0))
  }

  @Test(arguments: Devices.underTest, Sizes.awkwardLong)
  func sizesAroundTiles(device: TestDevice, count: Int) throws {
    var random = RandomSource(seed: UInt64(count))
    let x = random.tensor([count])
    let program = ElementwiseProgram("affine", inputs: 1, scalars: 2) { x, s in [x[0] * s[0] + s[1]] }
    let y = device.output([count])
    device.device.map(program, [device.input(x)], scalars: [0.5, 2], into: [y.view])
    expectNone(mismatch(try y.values(), x.values.map { $0 * 0.5 + 2 }, relative: device.elementType.epsilon))
  }

  @Test(arguments: Devices.underTest, Layout.allCases)
  func stridedViews(device: TestDevice, layout: Layout) throws {
    var random = RandomSource(seed: 3)
    let shape = [3, 17, 13]
    let (a, b) = (random.tensor(shape), random.tensor(shape))
    let program = ElementwiseProgram("difference", inputs: 2) { x, _ in [x[0] - x[1]] }
    for other in Layout.allCases {
      let y = device.output(shape, layout)
      device.device.map(program, [device.input(a, other), device.input(b, layout)], into: [y.view])
      expectNone(
        mismatch(try y.values(), zip(a.values, b.values).map { $0 - $1 }, relative: device.elementType.epsilon),
        "input laid out \(other)")
    }
  }

  @Test(arguments: Devices.underTest)
  func inputsBroadcast(device: TestDevice) throws {
    var random = RandomSource(seed: 4)
    let shape = [5, 1, 7, 3]
    let inputs = [[5, 1, 7, 3], [7, 1], [3], [5, 1, 1, 1], [], [1, 1, 1, 3]].map { random.tensor($0) }
    let program = ElementwiseProgram("mix", inputs: 6) { x, _ in [x[0] * x[1] + x[2] - x[3] * x[4] + x[5]] }
    for layout in Layout.allCases {
      let y = device.output(shape, layout)
      device.device.map(program, inputs.map { device.input($0, layout) }, into: [y.view])
      expectNone(
        mismatch(
          try y.values(), Oracle.map(program, inputs, shape: shape)[0].values, relative: 0,
          absolute: 6 * device.elementType.epsilon), "\(layout)")
    }
  }

  /// Subexpressions of inputs that repeat along one axis or another, alone an output or not, over sizes around the blocks
  /// that a worker computes at once.
  @Test(
    arguments: Devices.underTest,
    [[2, 73, 7], [2, 74, 7], [2, 7, 130], [2, 3, 1100], [3, 2, 600], [2, 1, 5], [1, 513, 1]])
  func subexpressionsRepeat(device: TestDevice, shape: [Int]) throws {
    var random = RandomSource(seed: 8)
    let inputs = [shape, [shape[0], 1, shape[2]], [shape[2]], [shape[1], 1], []].map { random.tensor($0) }
    let program = ElementwiseProgram("repeats", inputs: 5, scalars: 1) { x, s in
      let (perChannel, perRow) = (1 / (2 + x[1] * x[2]), x[3] * x[4] + s[0])
      return [(x[0] - x[1]) * perChannel + perRow, perChannel, perRow, x[0] * (s[0] + 1)]
    }
    let outputs = program.outputs.map { _ in device.output(shape) }
    device.device.map(program, inputs.map { device.input($0) }, scalars: [0.25], into: outputs.map(\.view))
    for (output, expected) in zip(outputs, Oracle.map(program, inputs, scalars: [0.25], shape: shape)) {
      expectNone(mismatch(try output.values(), expected.values, relative: 0, absolute: 16 * device.elementType.epsilon))
    }
    // Sums of what differs from element to element: the rounding errors of equal terms would add up.
    let terms = ElementwiseProgram("terms", inputs: 5, scalars: 1) { x, s in
      [(x[0] - x[1]) / (2 + x[1] * x[2]) + x[3] * x[4], x[0] * (s[0] + 1)]
    }
    for kept in [[shape[0], 1, shape[2]], [1, 1, shape[2]], [shape[0], shape[1], 1], [1, 1, 1]] {
      let sums = terms.outputs.map { _ in device.output(kept) }
      device.device.reduce(
        .sum, terms, inputs.map { device.input($0) }, scalars: [0.25], domain: shape, into: sums.map(\.view))
      let expected = Oracle.reduce(.sum, terms, inputs, scalars: [0.25], domain: shape, shape: kept)
      for (sum, expected) in zip(sums, expected) {
        let tolerance = device.elementType.sumTolerance(oneSignedTerms: shape.reduce(1, *))
        expectNone(mismatch(try sum.values(), expected, tolerance: tolerance), "\(kept)")
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func sixAxesThatDoNotMerge(device: TestDevice) throws {
    var random = RandomSource(seed: 5)
    // Reversing all axes of a row-major tensor leaves no two neighbours to merge with the output's.
    let shape = [2, 3, 2, 3, 2, 3]
    let x = random.tensor(shape)
    let view = device.input(x)
    let reversed = TensorView(
      buffer: view.buffer, elementType: view.elementType, shape: view.shape.reversed(),
      strides: view.strides.reversed(), offset: view.offset)
    let y = device.output(reversed.shape)
    device.device.map(.identity, [reversed], into: [y.view])
    let expected = indices(of: reversed.shape).map { x[broadcasting: $0.reversed()] }
    #expect(try y.values() == expected)
  }

  @Test(arguments: Devices.underTest)
  func twelveInputsAndFourOutputs(device: TestDevice) throws {
    var random = RandomSource(seed: 6)
    let inputs = (0..<12).map { _ in random.tensor([67]) }
    let program = ElementwiseProgram("wide", inputs: 12, scalars: 1) { x, s in
      let pairs = stride(from: 0, to: 12, by: 2).map { x[$0] * x[$0 + 1] }
      return [
        pairs.dropFirst().reduce(pairs[0], +), pairs[0] - s[0], x[11], max(x[3], x[8]),
      ]
    }
    let outputs = (0..<4).map { _ in device.output([67]) }
    device.device.map(program, inputs.map { device.input($0) }, scalars: [0.25], into: outputs.map(\.view))
    let expected = Oracle.map(program, inputs, scalars: [0.25], shape: [67])
    for (output, expected) in zip(outputs, expected) {
      expectNone(mismatch(try output.values(), expected.values, relative: 0, absolute: 8 * device.elementType.epsilon))
    }
  }

  @Test(arguments: Devices.underTest, [ElementType.int32, .int64, .uint8])
  func integerInputsAreConverted(device: TestDevice, type: ElementType) throws {
    let x = HostTensor([6], [0, 1, 2, 100, 200, 255])
    let y = device.output([6])
    let program = ElementwiseProgram("half", inputs: 1) { x, _ in [x[0] * 0.5] }
    device.device.map(program, [device.input(x, .sliced, as: type)], into: [y.view])
    #expect(try y.values() == x.values.map { $0 / 2 })
  }

  @Test(arguments: Devices.underTest)
  func anOutputMayBeAnInput(device: TestDevice) throws {
    var random = RandomSource(seed: 7)
    let (a, b) = (random.tensor([5, 129]), random.tensor([5, 129]))
    let x = device.output([5, 129], .sliced, initially: a)
    let y = device.output([5, 129], .sliced, initially: b)
    let program = ElementwiseProgram("swap", inputs: 2) { x, _ in [x[1], x[0] + x[1]] }
    device.device.map(program, [x.view, y.view], into: [x.view, y.view])
    #expect(try x.values() == b.values)
    expectNone(mismatch(try y.values(), zip(a.values, b.values).map { $0 + $1 }, relative: device.elementType.epsilon))
  }

  @Test(arguments: Devices.underTest)
  func aProgramMayHaveNoInputs(device: TestDevice) throws {
    let program = ElementwiseProgram("constant", inputs: 0, scalars: 1) { _, s in [s[0] * 2, -1e-8] }
    let outputs = [device.output([3, 5], .strided), device.output([3, 5])]
    device.device.map(program, [], scalars: [1.5], into: outputs.map(\.view))
    #expect(try outputs[0].values() == [Double](repeating: 3, count: 15))
    expectNone(
      mismatch(
        try outputs[1].values(), [Double](repeating: -1e-8, count: 15), relative: device.elementType.epsilon))
  }
}
