import Layers
import TestSupport
import Testing

@Suite struct ConvolutionRuleTests {
  static let windows = [
    Window(size: 1), Window(size: 1, stride: 2), Window(size: 3, padding: 1), Window(size: 3, stride: 2, padding: 1),
    Window(size: 7, stride: 2, padding: 3),
  ]

  @Test(arguments: Devices.inDouble, windows)
  func convolutions(_ test: TestDevice, window: Window) throws {
    var random = RandomSource(seed: 31)
    let inputs = [random.tensor([2, 5, 4, 3]), random.tensor([2, 3, window.size, window.size])]
    try checkGradients(test, inputs) { convolution2D($0[0], $0[1], window: window) }
  }

  /// Gradients add to what other uses have left, for the pictures and for the weight.
  @Test(arguments: Devices.inDouble)
  func aSharedWeightGathersBothGradients(_ test: TestDevice) throws {
    var random = RandomSource(seed: 32)
    let window = Window(size: 3, padding: 1)
    try checkGradients(test, [random.tensor([1, 4, 3, 2]), random.tensor([2, 2, 3, 3])]) { x in
      let once = convolution2D(x[0], x[1], window: window)
      return fused("sum", convolution2D(once, x[1], window: window), once, x[0]) { $0 + $1 * $2 }
    }
  }

  /// What is not recorded gets no gradient, and the other gets the same as ever.
  @Test(arguments: Devices.inDouble)
  func unwantedGradientsAreLeftOut(_ test: TestDevice) throws {
    var random = RandomSource(seed: 33)
    let window = Window(size: 3, stride: 2, padding: 1)
    let (x, w) = (random.tensor([2, 5, 5, 2]), random.tensor([3, 2, 3, 3]))
    func tensor(_ host: HostTensor) -> Tensor { Tensor(host.values, host.shape, .float64, on: test.device) }
    try checkGradients(test, [x]) { convolution2D($0[0], tensor(w), window: window) }
    try checkGradients(test, [w]) { convolution2D(tensor(x), $0[0], window: window) }
    #expect(!convolution2D(tensor(x), tensor(w), window: window).isRecorded)
  }

  @Test(arguments: Devices.inDouble, [Window(size: 3, stride: 2, padding: 1), Window(size: 2, stride: 2)])
  func pooling(_ test: TestDevice, window: Window) throws {
    var random = RandomSource(seed: 34)
    let x = random.tensor([2, 6, 5, 3])
    try checkGradients(test, [x]) { maximumPool2D($0[0], window: window) }
    try checkGradients(test, [x]) { averagePool2D($0[0], window: window) }
    try checkGradients(test, [x]) { x in
      let peak = maximumPool2D(x[0], window: window)
      return fused("sum", peak, averagePool2D(x[0], window: window)) { $0 * $1 }
    }
  }

  @Test(arguments: Devices.inDouble)
  func averagesOfWholePictures(_ test: TestDevice) throws {
    var random = RandomSource(seed: 35)
    let x = random.tensor([2, 3, 4, 5])
    try checkGradients(test, [x]) { globalAverage($0[0]) }
    let average = globalAverage(Tensor(x.values, x.shape, .float64, on: test.device))
    #expect(average.shape == [2, 5])
    var expected = [Double](repeating: 0, count: 10)
    for (place, value) in x.values.enumerated() {
      let (picture, channel) = (place / 60, place % 5)
      expected[5 * picture + channel] += value / 12
    }
    #expect(mismatch(try average.doubles(), expected, relative: 1e-13) == nil)
  }
}
