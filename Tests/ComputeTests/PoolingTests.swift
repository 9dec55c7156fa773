import Compute
import TestSupport
import Testing

struct PoolingTests {
  /// What ResNet takes, windows side by side, one place only, steps wider than the window, the widest that a byte holds.
  static let windows = [
    Window(size: 3, stride: 2, padding: 1), Window(size: 2, stride: 2), Window(size: 3, stride: 1, padding: 2),
    Window(size: 1), Window(size: 1, stride: 2), Window(size: 2, stride: 3, padding: 1),
    Window(size: 7, stride: 2, padding: 3), Window(size: 15, stride: 4, padding: 14),
  ]

  /// Batches of 0, 1 and 3, single pixels, odd sides, remainders, channels around a vector's width.
  static let pictures = [
    [0, 5, 4, 3], [1, 1, 1, 1], [3, 7, 8, 3], [1, 9, 6, 17], [2, 4, 4, 0], [1, 5, 3, 64], [2, 2, 1, 4], [1, 0, 3, 2],
    [1, 21, 23, 5],
  ]

  /// Few distinct values, so that nearly every window has ties.
  private func ties(_ shape: [Int], _ random: inout RandomSource) -> HostTensor {
    HostTensor(shape, (0..<shape.reduce(1, *)).map { _ in Double(random.next() % 3) - 1 })
  }

  // MARK: - Against the oracle

  @Test(arguments: Devices.underTest, windows)
  func theMaximumAgreesWithTheOracle(device: TestDevice, window: Window) throws {
    var random = RandomSource(seed: 171)
    for shape in Self.pictures {
      for x in [random.tensor(shape), ties(shape, &random)] {
        let run = try Run(device, x, window)
        #expect(window.output(shape) + [shape[3]] == run.oracle.results)
        let expected = run.oracle.maximum(x)
        #expect(try run.y.values() == expected.values, "\(shape)")
        #expect(try run.choice.values() == expected.choice, "\(shape)")
      }
    }
  }

  @Test(arguments: Devices.underTest, windows)
  func theMaximumsGradientAgreesWithTheOracle(device: TestDevice, window: Window) throws {
    var random = RandomSource(seed: 172)
    for shape in Self.pictures {
      for beta in [0, 1, -0.5] {
        let run = try Run(device, ties(shape, &random), window)
        let (dy, old) = (random.tensor(run.oracle.results), random.tensor(shape))
        let dx = device.output(shape, initially: beta == 0 ? nil : old)
        device.device.maximumPool2DGradient(
          operand(device, dy), choice: run.choice.view, into: dx.view, window: window, beta: beta)
        let expected = run.oracle.gradient(dy, choice: try run.choice.values(), beta: beta, adding: old)
        expectNone(
          mismatch(try dx.values(), expected, tolerance: device.elementType.sumTolerance), "\(shape), beta \(beta)")
      }
    }
  }

  @Test(arguments: Devices.underTest, windows)
  func theMeanAgreesWithTheOracle(device: TestDevice, window: Window) throws {
    var random = RandomSource(seed: 173)
    for shape in Self.pictures {
      let oracle = PoolingOracle(shape, window: window)
      let (x, dy, old) = (random.tensor(shape), random.tensor(oracle.results), random.tensor(shape))
      let y = device.output(oracle.results)
      device.device.averagePool2D(operand(device, x), into: y.view, window: window)
      expectNone(mismatch(try y.values(), oracle.average(x), tolerance: device.elementType.sumTolerance), "\(shape)")
      for beta in [0, 1, -0.5] {
        let dx = device.output(shape, initially: beta == 0 ? nil : old)
        device.device.averagePool2DGradient(operand(device, dy), into: dx.view, window: window, beta: beta)
        let expected = oracle.gradient(dy, choice: nil, beta: beta, adding: old)
        expectNone(
          mismatch(try dx.values(), expected, tolerance: device.elementType.sumTolerance), "\(shape), beta \(beta)")
      }
    }
  }

  // MARK: - Conventions

  @Test(arguments: Devices.underTest)
  func theFirstOfEqualsWins(device: TestDevice) throws {
    let run = try Run(device, HostTensor([1, 4, 4, 2], repeating: 0.25), Window(size: 3, stride: 2, padding: 1))
    #expect(try run.y.values() == [Double](repeating: 0.25, count: 8))
    // Row 0 and column 0 of the first window lie in the padding.
    #expect(try run.choice.values() == [4, 4, 3, 3, 1, 1, 0, 0])
  }

  /// Padding is no number that could win: not against values below 0, and -infinity only ties with it.
  @Test(arguments: Devices.underTest)
  func thePaddingNeverWins(device: TestDevice) throws {
    let window = Window(size: 3, padding: 2)
    let low = try Run(device, HostTensor([1, 2, 2, 1], [-4, -3, -2, -1]), window)
    #expect(try low.y.values() == [-4, -3, -3, -3, -2, -1, -1, -1, -2, -1, -1, -1, -2, -1, -1, -1])
    let lowest = try Run(device, HostTensor([1, 1, 1, 1], repeating: -.infinity), window)
    #expect(try lowest.y.values() == [Double](repeating: -.infinity, count: 9))
    #expect(try lowest.choice.values() == [Double](repeating: 0, count: 9))
  }

  /// A NaN wins wherever it lies in the window, and its pixel takes the gradient.
  @Test(arguments: Devices.underTest)
  func aNaNWins(device: TestDevice) throws {
    let window = Window(size: 3, stride: 3)
    for place in 0..<9 {
      var x = HostTensor([1, 3, 6, 2], (0..<36).map(Double.init))
      x.values[(place / 3 * 6 + place % 3) * 2 + 1] = .nan
      let run = try Run(device, x, window)
      let y = try run.y.values()
      #expect(y[1].isNaN && y[0] == 28 && y[2] == 34 && y[3] == 35)
      #expect(try run.choice.values() == [8, Double(place), 8, 8])
      let dx = device.output(x.shape)
      device.device.maximumPool2DGradient(
        device.input(HostTensor([1, 1, 2, 2], [1, 2, 3, 4])), choice: run.choice.view, into: dx.view, window: window,
        beta: 0)
      #expect(try dx.values()[(place / 3 * 6 + place % 3) * 2 + 1] == 2)
      #expect(try dx.values().reduce(0, +) == 10)
    }
  }

  /// Means divide by the whole window, whatever part of it lies on the picture.
  @Test(arguments: Devices.underTest)
  func theMeanCountsThePaddingAsZeros(device: TestDevice) throws {
    let y = device.output([1, 2, 2, 1])
    device.device.averagePool2D(
      device.input(HostTensor([1, 2, 2, 1], repeating: 16)), into: y.view,
      window: Window(size: 4, stride: 2, padding: 2))
    #expect(try y.values() == [4, 4, 4, 4])
  }

  // MARK: - Properties

  /// <average pool of x, y> = <x, gradient of y>.
  @Test(arguments: Devices.underTest, windows)
  func theMeanIsAdjointToItsGradient(device: TestDevice, window: Window) throws {
    var random = RandomSource(seed: 174)
    let oracle = PoolingOracle([2, 9, 11, 6], window: window)
    let (x, dy) = (random.tensor(oracle.pictures), random.tensor(oracle.results))
    let (y, dx) = (device.output(oracle.results), device.output(oracle.pictures))
    device.device.averagePool2D(device.input(x), into: y.view, window: window)
    device.device.averagePool2DGradient(device.input(dy), into: dx.view, window: window, beta: 0)
    let scale = dot(oracle.average(x).magnitude, dy.values.map { abs($0) })
    #expect(
      abs(dot(try y.values(), dy.values) - dot(x.values, try dx.values())) <= device.elementType.sumTolerance * scale)
  }

  @Test(arguments: Devices.underTest, windows)
  func agreesWithTheComposition(device: TestDevice, window: Window) throws {
    var random = RandomSource(seed: 175)
    let x = ties([2, 8, 9, 5], &random)
    let run = try Run(device, x, window)
    let (y, choice) = (device.output(run.oracle.results), device.output(run.oracle.results, as: .uint8))
    device.device.composedMaximumPool2D(device.input(x), into: y.view, choice: choice.view, window: window)
    #expect(try run.y.values() == y.values())
    #expect(try run.choice.values() == choice.values())

    let dy = random.tensor(run.oracle.results)
    let tolerance = 2 * device.elementType.sumTolerance
    func compare(_ fused: GuardedOutput, _ composed: GuardedOutput, _ sum: SummedTensor) throws {
      expectNone(
        mismatch(try fused.values(), try composed.values(), allowed: sum.magnitude.map { tolerance * $0 }), "\(window)")
    }
    func outputs(_ shape: [Int]) -> (GuardedOutput, GuardedOutput) { (device.output(shape), device.output(shape)) }
    let maximum = outputs(x.shape)
    device.device.maximumPool2DGradient(
      device.input(dy), choice: choice.view, into: maximum.0.view, window: window, beta: 0)
    device.device.composedMaximumPool2DGradient(
      device.input(dy), choice: choice.view, into: maximum.1.view, window: window, beta: 0)
    try compare(maximum.0, maximum.1, run.oracle.gradient(dy, choice: try choice.values()))

    let means = outputs(run.oracle.results)
    device.device.averagePool2D(device.input(x), into: means.0.view, window: window)
    device.device.composedAveragePool2D(device.input(x), into: means.1.view, window: window)
    try compare(means.0, means.1, run.oracle.average(x))

    let mean = outputs(x.shape)
    device.device.averagePool2DGradient(device.input(dy), into: mean.0.view, window: window, beta: 0)
    device.device.composedAveragePool2DGradient(device.input(dy), into: mean.1.view, window: window, beta: 0)
    try compare(mean.0, mean.1, run.oracle.gradient(dy, choice: nil))
  }

  @Test(arguments: Devices.underTest)
  func onlyTheResultsAreWritten(device: TestDevice) throws {
    var random = RandomSource(seed: 176)
    let window = Window(size: 3, stride: 2, padding: 1)
    let (x, dy) = (device.input(random.tensor([1, 4, 4, 2])), device.input(random.tensor([1, 2, 2, 2])))
    let run = (y: device.output([1, 2, 2, 2]), choice: device.output([1, 2, 2, 2], as: .uint8))
    let (dx, mean) = (device.output([1, 4, 4, 2]), device.output([1, 2, 2, 2]))
    let d = device.device
    let all = [x, dy, run.y.view, run.choice.view, dx.view, mean.view]
    let calls: [(written: [TensorView], run: () -> Void)] = [
      (
        [run.y.view, run.choice.view],
        { d.maximumPool2D(x, into: run.y.view, choice: run.choice.view, window: window) }
      ),
      (
        [dx.view], { d.maximumPool2DGradient(dy, choice: run.choice.view, into: dx.view, window: window, beta: 0) }
      ),
      ([mean.view], { d.averagePool2D(x, into: mean.view, window: window) }),
      ([dx.view], { d.averagePool2DGradient(dy, into: dx.view, window: window, beta: 0) }),
    ]
    for (written, run) in calls {
      let others = all.filter { view in !written.contains { $0.buffer === view.buffer } }
      let before = (others.map(\.buffer.version), written.map(\.buffer.version))
      run()
      #expect(others.map(\.buffer.version) == before.0)
      #expect(zip(written.map(\.buffer.version), before.1).allSatisfy(>))
    }
  }

  // MARK: - The rule

  @Test func theRuleSaysWhatFits() {
    func view(_ shape: [Int], _ type: ElementType = .float32) -> TensorView {
      TensorView(buffer: Buffer(byteCount: 65_536), elementType: type, shape: shape)
    }
    func refusal(_ body: () throws -> Void) -> String? {
      do {
        try body()
        return nil
      } catch {
        guard let error = error as? ComputeError, error.kind == .shape, !error.why.isEmpty, !error.mend.isEmpty else {
          return "not a broken shape rule: \(error)"
        }
        return error.what
      }
    }
    let (x, y) = (view([2, 6, 5, 3]), view([2, 3, 3, 3]))
    let window = Window(size: 3, stride: 2, padding: 1)
    func maximum(
      _ x: TensorView, _ y: TensorView, choice: TensorView? = nil, _ window: Window = window
    ) -> String? {
      refusal { try maximumPool2DRule(x, into: y, choice: choice ?? view(y.shape, .uint8), window: window) }
    }
    #expect(maximum(x, y) == nil)
    #expect(maximum(x, view([2, 3, 2, 3])) == "maximumPool2D: pictures of shapes [2, 6, 5, 3] and [2, 3, 2, 3]")
    #expect(
      maximum(x, view([2, 3, 3, 3], .float64))
        == "maximumPool2D: types float32 and float64, strides [90, 15, 3, 1] and [27, 9, 3, 1]")
    #expect(maximum(x, y, Window(size: 3, padding: 4)) == "maximumPool2D: a window of size 3, stride 1, padding 4")
    #expect(
      maximum(view([1, 16, 16, 1]), view([1, 1, 1, 1]), Window(size: 16)) == "maximumPool2D: a window of 16")
    #expect(
      maximum(x, view([2, 3, 3, 4]))
        == "maximumPool2D: [2, 6, 5, 3] into [2, 3, 3, 4], choices of type uint8 and shape [2, 3, 3, 4]")
    #expect(
      maximum(x, y, choice: view([2, 3, 3, 3], .int32))
        == "maximumPool2D: [2, 6, 5, 3] into [2, 3, 3, 3], choices of type int32 and shape [2, 3, 3, 3]")
    #expect(
      maximum(x, y, choice: view([2, 3, 3, 1], .uint8))
        == "maximumPool2D: [2, 6, 5, 3] into [2, 3, 3, 3], choices of type uint8 and shape [2, 3, 3, 1]")

    func average(_ x: TensorView, _ y: TensorView) -> String? {
      refusal { try averagePool2DRule(x, into: y, window: window) }
    }
    #expect(average(x, y) == nil)
    #expect(average(x, view([2, 3, 3, 4])) == "averagePool2D: [2, 6, 5, 3] into [2, 3, 3, 4]")
    #expect(average(x, view([2, 2, 3, 3])) == "averagePool2D: pictures of shapes [2, 6, 5, 3] and [2, 2, 3, 3]")
  }

  // MARK: - Helpers

  /// A maximum pool on a device.
  private struct Run {
    let oracle: PoolingOracle
    let y, choice: GuardedOutput

    init(_ device: TestDevice, _ x: HostTensor, _ window: Window) throws {
      oracle = PoolingOracle(x.shape, window: window)
      y = device.output(oracle.results)
      choice = device.output(oracle.results, as: .uint8)
      device.device.maximumPool2D(operand(device, x), into: y.view, choice: choice.view, window: window)
    }
  }
}
