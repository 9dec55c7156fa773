import Compute
import TestSupport
import Testing

struct ConvolutionTests {
  /// Every window of 1, 3 and 7 pixels, steps of 1 and 2, all margins up to 3.
  static let windows = [1, 3, 7].flatMap { size in
    [1, 2].flatMap { stride in
      (0...min(3, size - 1)).map { Window(size: size, stride: stride, padding: $0) }
    }
  }

  /// Odd and even sides, a stride that leaves a remainder, three pictures.
  @Test(arguments: Devices.underTest, windows)
  func agreesWithTheOracleForEveryWindow(device: TestDevice, window: Window) throws {
    try checkAll(device, [3, 7, 10, 3], outputs: 4, window)
    try checkAll(device, [1, 8, 7, 9], outputs: 2, window)
  }

  /// A single pixel, or less than the window needs: no results, and gradients of nothing.
  @Test(arguments: Devices.underTest, windows)
  func picturesSmallerThanTheWindow(device: TestDevice, window: Window) throws {
    for (height, width) in [(1, 1), (2, 1), (1, 4), (9, 2), (0, 3)] {
      try checkAll(device, [2, height, width, 8], outputs: 5, window, beta: -0.5)
    }
  }

  @Test(
    arguments: Devices.underTest,
    [
      [0, 3], [3, 0], [1, 1], [3, 64], [4, 16], [16, 17], [17, 4], [64, 1], [64, 64], [1, 65], [33, 129], [130, 5],
    ])
  func anyNumberOfChannels(device: TestDevice, channels: [Int]) throws {
    let (inputs, outputs) = (channels[0], channels[1])
    for (size, stride, padding) in [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 1)] {
      try checkAll(
        device, [1, 3, 4, inputs], outputs: outputs, Window(size: size, stride: stride, padding: padding))
    }
  }

  /// Where addresses allow it, matrix units fetch two or four channels at a time.
  @Test(arguments: Devices.underTest, [[18, 20], [20, 18], [32, 24], [24, 34]])
  func channelsFetchedTogether(device: TestDevice, channels: [Int]) throws {
    for window in [Window(size: 3, padding: 1), Window(size: 3, stride: 2, padding: 1)] {
      try checkAll(device, [2, 5, 6, channels[0]], outputs: channels[1], window, layout: .contiguous)
    }
  }

  /// More pixels than a tile or a slice has, and none at all.
  @Test(arguments: Devices.underTest)
  func manyPixelsAndNone(device: TestDevice) throws {
    try checkAll(device, [2, 19, 23, 8], outputs: 17, Window(size: 3, padding: 1))
    try checkAll(device, [2, 70, 67, 3], outputs: 2, Window(size: 3, stride: 2, padding: 1))
    try checkAll(device, [1, 33, 65, 3], outputs: 4, Window(size: 7, stride: 2, padding: 3))
    try checkAll(device, [0, 5, 5, 3], outputs: 4, Window(size: 3, padding: 1), beta: 2)
  }

  /// Channels and pixels enough for minimal filtering, on pictures of odd sides.
  @Test(arguments: Devices.underTest)
  func manyChannels(device: TestDevice) throws {
    try checkAll(device, [2, 19, 17, 64], outputs: 65, Window(size: 3, padding: 1))
  }

  /// A window may step over pixels that none of its places ever sees.
  @Test(arguments: Devices.underTest)
  func stepsWiderThanTheWindow(device: TestDevice) throws {
    try checkAll(device, [2, 11, 9, 8], outputs: 4, Window(size: 2, stride: 5, padding: 1), beta: -1)
    try checkAll(device, [1, 10, 10, 11], outputs: 3, Window(size: 3, stride: 4))
  }

  @Test(arguments: Devices.underTest, [0, 1, -0.5])
  func gradientsAddToBetaTimesWhatIsThere(device: TestDevice, beta: Double) throws {
    for (size, stride, padding) in [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 1), (7, 2, 3)] {
      let window = Window(size: size, stride: stride, padding: padding)
      for inputs in [4, 9] { try checkAll(device, [2, 9, 8, inputs], outputs: 6, window, beta: beta) }
    }
  }

  // MARK: - Epilogues

  @Test(arguments: Devices.underTest)
  func epilogues(device: TestDevice) throws {
    enum Residual: CaseIterable { case none, other, itself }
    for (size, stride, padding) in [(1, 1, 0), (3, 2, 1)] {
      let example = Example([2, 6, 5, 7], outputs: 9, Window(size: size, stride: stride, padding: padding), seed: 151)
      var random = RandomSource(seed: 152)
      let (scale, bias) = (random.tensor([9]), random.tensor([9]))
      let residual = random.tensor(example.oracle.results)
      let plain = example.oracle.forward(example.x, example.weight)
      for mask in 0..<8 {
        for kind in Residual.allCases {
          let (hasScale, hasBias, hasReLU) = (mask & 1 != 0, mask & 2 != 0, mask & 4 != 0)
          let y = device.output(example.oracle.results, initially: kind == .itself ? residual : nil)
          device.device.convolution2D(
            operand(device, example.x), operand(device, example.weight), into: y.view, window: example.oracle.window,
            epilogue: ConvolutionEpilogue(
              scale: hasScale ? operand(device, scale) : nil, bias: hasBias ? operand(device, bias) : nil,
              residual: kind == .none ? nil : kind == .itself ? y.view : operand(device, residual),
              activation: hasReLU ? .relu : .identity))
          let expected = example.oracle.finished(
            plain, scale: hasScale ? scale.values : nil, bias: hasBias ? bias.values : nil,
            residual: kind == .none ? nil : residual, hasReLU: hasReLU)
          expectNone(
            mismatch(try y.values(), expected, tolerance: device.elementType.sumTolerance),
            "scale \(hasScale), bias \(hasBias), residual \(kind), relu \(hasReLU)")
        }
      }
    }
  }

  // MARK: - Properties

  /// A weight that is 1 at one place of the window moves the picture, to the bit.
  @Test(arguments: Devices.underTest)
  func oneWeightMovesThePicture(device: TestDevice) throws {
    var random = RandomSource(seed: 153)
    let (height, width, channels) = (5, 6, 3)
    let x = random.tensor([1, height, width, channels])
    for (row, column) in [(0, 0), (0, 2), (1, 1), (2, 0)] {
      var weight = HostTensor([channels, channels, 3, 3], repeating: 0)
      for c in 0..<channels { weight.values[((c * channels + c) * 3 + row) * 3 + column] = 1 }
      let y = device.output(x.shape)
      device.device.convolution2D(
        device.input(x), device.input(weight), into: y.view, window: Window(size: 3, padding: 1), epilogue: nil)
      let expected = indices(of: x.shape).map { at -> Double in
        let (i, j) = (at[1] + row - 1, at[2] + column - 1)
        let isInside = (0..<height).contains(i) && (0..<width).contains(j)
        return isInside ? x[broadcasting: [0, i, j, at[3]]] : 0
      }
      #expect(try y.values() == expected)
    }
  }

  /// <conv x, y> = <x, data gradient of y> = <weight, filter gradient of x and y>.
  @Test(arguments: Devices.underTest, windows)
  func gradientsAreAdjoint(device: TestDevice, window: Window) throws {
    let example = Example([1, 9, 10, 8], outputs: 5, window, seed: 154)
    let run = try Run(device, example)
    let (y, dx, dWeight) = (try run.y.values(), try run.dx.values(), try run.dWeight.values())
    let (left, right, third) = (
      dot(y, example.dy.values), dot(example.x.values, dx), dot(example.weight.values, dWeight)
    )
    let scale = dot(example.oracle.forward(example.x, example.weight).magnitude, example.dy.values.map { abs($0) })
    #expect(abs(left - right) <= device.elementType.sumTolerance * scale)
    #expect(abs(left - third) <= device.elementType.sumTolerance * scale)
  }

  @Test(arguments: Devices.underTest)
  func agreesWithTheComposition(device: TestDevice) throws {
    for (size, stride, padding) in [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 1), (7, 2, 3)] {
      let window = Window(size: size, stride: stride, padding: padding)
      let example = Example([2, 8, 7, 19], outputs: 21, window, seed: 155)
      let run = try Run(device, example)
      let oracle = example.oracle
      let (y, dx, dWeight) = (
        device.output(oracle.results), device.output(oracle.pictures), device.output(oracle.weights)
      )
      let (xView, weightView, dyView) = (
        device.input(example.x), device.input(example.weight), device.input(example.dy)
      )
      device.device.composedConvolution2D(xView, weightView, into: y.view, window: window, epilogue: nil)
      device.device.composedConvolution2DDataGradient(dyView, weightView, into: dx.view, window: window, beta: 0)
      device.device.composedConvolution2DFilterGradient(xView, dyView, into: dWeight.view, window: window, beta: 0)
      // Terms of size 1 that may cancel: the oracle's magnitudes bound both.
      let tolerance = 2 * device.elementType.sumTolerance
      for (fused, composed, sum) in [
        (run.y, y, oracle.forward(example.x, example.weight)),
        (run.dx, dx, oracle.dataGradient(example.dy, example.weight)),
        (run.dWeight, dWeight, oracle.filterGradient(example.x, example.dy)),
      ] {
        expectNone(
          mismatch(try fused.values(), try composed.values(), allowed: sum.magnitude.map { tolerance * $0 }),
          "\(window)")
      }
    }
  }

  /// A NaN reaches the windows that it lies under, and no others; a ReLU lets it through.
  @Test(arguments: Devices.underTest)
  func aNaNStaysUnderItsWindows(device: TestDevice) throws {
    var example = Example([1, 6, 7, 2], outputs: 3, Window(size: 3, padding: 1), seed: 156)
    example.x.values[(2 * 7 + 4) * 2 + 1] = .nan
    example.dy.values[(4 * 7 + 0) * 3 + 2] = .nan
    let run = try Run(device, example, epilogue: ConvolutionEpilogue(activation: .relu))
    func pixels(_ values: [Double], channels: Int) -> [[Int]] {
      indices(of: [6, 7]).filter { at in
        (0..<channels).contains { values[(at[0] * 7 + at[1]) * channels + $0].isNaN }
      }
    }
    #expect(pixels(try run.y.values(), channels: 3) == indices(of: [3, 3]).map { [$0[0] + 1, $0[1] + 3] })
    #expect(pixels(try run.dx.values(), channels: 2) == indices(of: [3, 2]).map { [$0[0] + 3, $0[1]] })
    // All weights of the channel's pictures that meet it, and all of the output's.
    let isNaN = try run.dWeight.values().map(\.isNaN)
    #expect((0..<3).allSatisfy { isNaN[($0 * 2 + 1) * 9 + 4] })
    #expect(!isNaN[0] && !isNaN[8])
    #expect(isNaN[2 * 18 + 4])
  }

  @Test(arguments: Devices.underTest)
  func theSameCallGivesTheSameBits(device: TestDevice) throws {
    for (size, stride, padding) in [(1, 2, 0), (3, 1, 1), (3, 2, 1), (7, 2, 3)] {
      let example = Example(
        [3, 21, 18, 17], outputs: 20, Window(size: size, stride: stride, padding: padding), seed: 157)
      let (first, second) = (try Run(device, example), try Run(device, example))
      #expect(try first.y.values() == second.y.values())
      #expect(try first.dx.values() == second.dx.values())
      #expect(try first.dWeight.values() == second.dWeight.values())
    }
  }

  /// A weight that was written to gives new results, one that was read gives the old ones.
  @Test(arguments: Devices.underTest)
  func aWeightMayChangeBetweenCalls(device: TestDevice) throws {
    var example = Example([1, 5, 6, 8], outputs: 5, Window(size: 3, padding: 1), seed: 158)
    let (x, weight, dy) = (device.input(example.x), device.input(example.weight), device.input(example.dy))
    var random = RandomSource(seed: 159)
    for _ in 0..<3 {
      for _ in 0..<2 {
        let (y, dx) = (device.output(example.oracle.results), device.output(example.oracle.pictures))
        device.device.convolution2D(x, weight, into: y.view, window: example.oracle.window, epilogue: nil)
        device.device.convolution2DDataGradient(dy, weight, into: dx.view, window: example.oracle.window, beta: 0)
        let tolerance = device.elementType.sumTolerance
        expectNone(mismatch(try y.values(), example.oracle.forward(example.x, example.weight), tolerance: tolerance))
        expectNone(
          mismatch(try dx.values(), example.oracle.dataGradient(example.dy, example.weight), tolerance: tolerance))
      }
      example.weight = random.tensor(example.oracle.weights)
      device.device.upload(example.weight.values, to: weight)
    }
  }

  @Test(arguments: Devices.underTest)
  func onlyTheResultsAreWritten(device: TestDevice) throws {
    let example = Example([1, 4, 4, 2], outputs: 3, Window(size: 3, padding: 1), seed: 160)
    let (x, weight, dy) = (device.input(example.x), device.input(example.weight), device.input(example.dy))
    let (y, dx, dWeight) = (
      device.output(example.oracle.results), device.output(example.oracle.pictures),
      device.output(example.oracle.weights)
    )
    let window = example.oracle.window
    func versions(_ views: [TensorView]) -> [Int] { views.map(\.buffer.version) }
    let calls: [(written: TensorView, run: () -> Void)] = [
      (y.view, { device.device.convolution2D(x, weight, into: y.view, window: window, epilogue: nil) }),
      (dx.view, { device.device.convolution2DDataGradient(dy, weight, into: dx.view, window: window, beta: 0) }),
      (
        dWeight.view,
        { device.device.convolution2DFilterGradient(x, dy, into: dWeight.view, window: window, beta: 0) }
      ),
    ]
    for (written, run) in calls {
      let others = [x, weight, dy, y.view, dx.view, dWeight.view].filter { $0.buffer !== written.buffer }
      let before = (versions(others), written.buffer.version)
      run()
      #expect(versions(others) == before.0)
      #expect(written.buffer.version > before.1)
    }
  }

  // MARK: - Limits

  /// Windows side by side would fill four times the largest buffer.
  @Test(arguments: Devices.underTest)
  func noTemporaryExceedsTheLargestAllocation(device: TestDevice) throws {
    let capped = try device.fresh(largestAllocation: 1 << 20)
    try checkAll(capped, [6, 24, 24, 16], outputs: 2, Window(size: 3, padding: 1), beta: 1)
    // Weights of 0.3 MB in double: few of their partial sums fit.
    try checkAll(capped, [4, 4, 4, 64], outputs: 64, Window(size: 3, stride: 2, padding: 1))
  }

  // MARK: - The rule

  @Test func theRuleSaysWhatFits() {
    func view(_ shape: [Int], _ type: ElementType = .float32) -> TensorView {
      TensorView(buffer: Buffer(byteCount: 65_536), elementType: type, shape: shape)
    }
    let (x, weight, y) = (view([2, 6, 5, 3]), view([4, 3, 3, 3]), view([2, 3, 3, 4]))
    let window = Window(size: 3, stride: 2, padding: 1)
    func refusal(
      _ x: TensorView, _ weight: TensorView, _ y: TensorView, _ window: Window = window,
      _ epilogue: ConvolutionEpilogue? = nil
    ) -> String? {
      do {
        try convolution2DRule(x, weight, into: y, window: window, epilogue: epilogue)
        return nil
      } catch {
        guard let error = error as? ComputeError, error.kind == .shape, !error.why.isEmpty, !error.mend.isEmpty else {
          return "not a broken shape rule: \(error)"
        }
        return error.what
      }
    }
    #expect(window.output([2, 6, 5]) == [2, 3, 3])
    #expect(refusal(x, weight, y) == nil)
    for (size, stride, padding) in [(0, 1, 0), (3, 0, 1), (3, 1, -1), (3, 1, 3)] {
      #expect(
        refusal(x, weight, y, Window(size: size, stride: stride, padding: padding))
          == "convolution2D: a window of size \(size), stride \(stride), padding \(padding)")
    }
    for (x, y) in [(x, view([2, 3, 2, 4])), (x, view([1, 3, 3, 4])), (view([6, 5, 3]), y), (x, view([2, 9, 4]))] {
      #expect(refusal(x, weight, y) == "convolution2D: pictures of shapes \(x.shape) and \(y.shape)")
    }
    #expect(
      refusal(view([2, 6, 5, 3], .float64), weight, y)
        == "convolution2D: types float64 and float32, strides [90, 15, 3, 1] and [36, 12, 4, 1]")
    #expect(
      refusal(view([2, 6, 5, 4]).sliced(axis: 3, 0..<3), weight, y)
        == "convolution2D: types float32 and float32, strides [120, 20, 4, 1] and [36, 12, 4, 1]")
    #expect(
      refusal(view([2, 6, 5, 3], .int32), weight, view([2, 3, 3, 4], .int32))
        == "convolution2D: types int32 and int32, strides [90, 15, 3, 1] and [36, 12, 4, 1]")
    #expect(
      refusal(x, view([4, 3, 3, 3], .float64), y)
        == "convolution2D: a float64 weight of shape [4, 3, 3, 3] with strides [27, 9, 3, 1]")
    #expect(
      refusal(x, view([4, 3, 3, 3]).transposed, y)
        == "convolution2D: a float32 weight of shape [4, 3, 3, 3] with strides [27, 9, 1, 3]")
    for shape in [[3, 4, 3, 3], [4, 3, 3], [4, 3, 3, 1]] {
      #expect(
        refusal(x, view(shape), y)
          == "convolution2D: a float32 weight of shape \(shape) with strides \(TensorView.rowMajorStrides(shape))")
    }

    func refusal(_ epilogue: ConvolutionEpilogue) -> String? { refusal(x, weight, y, window, epilogue) }
    #expect(refusal(ConvolutionEpilogue(scale: view([4]), bias: view([4]), residual: y, activation: .relu)) == nil)
    #expect(
      refusal(ConvolutionEpilogue(scale: view([3]))) == "convolution2D: a scale of type float32 and shape [3]")
    #expect(
      refusal(ConvolutionEpilogue(bias: view([4], .float64)))
        == "convolution2D: a bias of type float64 and shape [4]")
    #expect(
      refusal(ConvolutionEpilogue(bias: view([8]).sliced(axis: 0, 0..<8, step: 2)))
        == "convolution2D: a bias of type float32 and shape [4]")
    #expect(
      refusal(ConvolutionEpilogue(residual: x))
        == "convolution2D: a residual of type float32 and shape [2, 6, 5, 3]")
  }

  // MARK: - Helpers

  /// Operands on the host, and the oracle that knows the results.
  private struct Example {
    let oracle: ConvolutionOracle
    var x, weight, dy: HostTensor

    init(_ pictures: [Int], outputs: Int, _ window: Window, seed: UInt64) {
      oracle = ConvolutionOracle(pictures, outputs: outputs, window: window)
      var random = RandomSource(seed: seed)
      (x, weight, dy) = (
        random.tensor(pictures), random.tensor(oracle.weights), random.tensor(oracle.results)
      )
    }
  }

  /// All three members on a device, gradients without what was there.
  private struct Run {
    let y, dx, dWeight: GuardedOutput

    init(
      _ device: TestDevice, _ example: Example, epilogue: ConvolutionEpilogue? = nil, beta: Double = 0,
      adding old: (dx: HostTensor, dWeight: HostTensor)? = nil, layout: Layout = .sliced
    ) throws {
      let oracle = example.oracle
      let (x, weight, dy) = (
        operand(device, example.x, layout), operand(device, example.weight, layout),
        operand(device, example.dy, layout)
      )
      y = device.output(oracle.results)
      dx = device.output(oracle.pictures, initially: beta == 0 ? nil : old?.dx)
      dWeight = device.output(oracle.weights, initially: beta == 0 ? nil : old?.dWeight)
      device.device.convolution2D(x, weight, into: y.view, window: oracle.window, epilogue: epilogue)
      device.device.convolution2DDataGradient(dy, weight, into: dx.view, window: oracle.window, beta: beta)
      device.device.convolution2DFilterGradient(x, dy, into: dWeight.view, window: oracle.window, beta: beta)
    }
  }

  /// Forward and both gradients against the oracle; with beta = 0 the gradients' old content is NaN.
  private func checkAll(
    _ device: TestDevice, _ pictures: [Int], outputs: Int, _ window: Window, beta: Double = 0,
    layout: Layout = .sliced
  ) throws {
    let example = Example(pictures, outputs: outputs, window, seed: 161)
    let oracle = example.oracle
    #expect(window.output(pictures) + [outputs] == oracle.results)
    var random = RandomSource(seed: 162)
    let old = (dx: random.tensor(pictures), dWeight: random.tensor(oracle.weights))
    let run = try Run(device, example, beta: beta, adding: old, layout: layout)
    let tolerance = device.elementType.sumTolerance
    let comment = "\(pictures) to \(outputs), \(window), beta \(beta):"
    expectNone(
      mismatch(try run.y.values(), oracle.forward(example.x, example.weight), tolerance: tolerance), comment + " y")
    expectNone(
      mismatch(
        try run.dx.values(), oracle.dataGradient(example.dy, example.weight, beta: beta, adding: old.dx),
        tolerance: tolerance), comment + " dx")
    expectNone(
      mismatch(
        try run.dWeight.values(), oracle.filterGradient(example.x, example.dy, beta: beta, adding: old.dWeight),
        tolerance: tolerance), comment + " dWeight")
  }
}

/// A contiguous view, by default at an odd offset, so that nothing may count on alignment.
func operand(_ device: TestDevice, _ host: HostTensor, _ layout: Layout = .sliced) -> TensorView {
  device.input(HostTensor([host.values.count], host.values), layout).reshaped(host.shape)
}
