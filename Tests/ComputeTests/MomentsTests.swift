import Compute
import TestSupport
import Testing

struct MomentsTests {
  @Test(arguments: Devices.underTest, Sizes.awkward.dropFirst())
  func agreeWithTheOracle(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 31)
    for (batch, rows, columns) in [(1, size, 5), (3, size, 1), (2, 7, size)] {
      let x = random.tensor([batch, rows, columns])
      for weights in [nil, (0..<rows).map { Double($0 % 3 + 1) }] {
        for layout in [Layout.contiguous, .sliced] {
          try check(device, x, weights: weights, layout: layout, relative: 8 * device.elementType.epsilon)
        }
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func manyRows(device: TestDevice) throws {
    var random = RandomSource(seed: 32)
    let x = random.tensor([3, 4099, 3])
    let weights = (0..<4099).map { Double($0 % 2) }
    try check(device, x, weights: weights, layout: .contiguous, relative: 16 * device.elementType.epsilon)
  }

  /// A mean 10,000 times the deviation: squares of the raw values would lose all digits of a float.
  @Test(arguments: Devices.underTest)
  func aLargeMeanDoesNotDrownTheVariance(device: TestDevice) throws {
    var random = RandomSource(seed: 33)
    let values = random.signed(2 * 1027 * 3).map { Double(Float(10_000 + $0)) }
    let x = HostTensor([2, 1027, 3], values)
    let (mean, variance) = (device.output([3]), device.output([3]))
    device.device.moments(device.input(x), weights: nil, mean: mean.view, variance: variance.view)
    let expected = Oracle.moments(x, weights: nil)
    let epsilon = device.elementType.epsilon
    expectNone(mismatch(try mean.values(), expected.mean, relative: 8 * epsilon))
    // The condition number of the variance is the ratio of mean and deviation.
    expectNone(mismatch(try variance.values(), expected.variance, relative: 8 * epsilon * 10_000 / 0.57))
  }

  @Test(arguments: Devices.underTest)
  func agreeWithTheComposition(device: TestDevice) throws {
    var random = RandomSource(seed: 34)
    let x = device.input(random.tensor([4, 67, 9]))
    for weights in [nil, device.input(HostTensor([67], (0..<67).map { Double($0 % 4) }))] {
      let kernel = [device.output([9]), device.output([9])]
      let twin = [device.output([9]), device.output([9])]
      device.device.moments(x, weights: weights, mean: kernel[0].view, variance: kernel[1].view)
      device.device.composedMoments(x, weights: weights, mean: twin[0].view, variance: twin[1].view)
      for (kernel, twin) in zip(kernel, twin) {
        let absolute = 8 * device.elementType.epsilon
        expectNone(mismatch(try kernel.values(), try twin.values(), relative: 0, absolute: absolute))
      }
    }
  }

  /// A row of weight 0 (the padding of a coarsened mesh) has no influence.
  @Test(arguments: Devices.underTest)
  func rowsOfWeightZeroDoNotCount(device: TestDevice) throws {
    var random = RandomSource(seed: 35)
    let x = random.tensor([1, 10, 4])
    var disturbed = x
    for column in 0..<4 { disturbed.values[6 * 4 + column] = 1e6 }
    let weights = device.input(HostTensor([10], (0..<10).map { $0 == 6 ? 0 : 1 }))
    var results: [[Double]] = []
    for x in [x, disturbed] {
      let (mean, variance) = (device.output([4]), device.output([4]))
      device.device.moments(device.input(x), weights: weights, mean: mean.view, variance: variance.view)
      results.append(try mean.values() + variance.values())
    }
    expectNone(mismatch(results[1], results[0], relative: 0, absolute: 8 * device.elementType.epsilon))
  }

  /// A column of equal values has variance 0 exactly, whatever the value.
  @Test(arguments: Devices.underTest)
  func aConstantColumnHasNoVariance(device: TestDevice) throws {
    let x = device.input(HostTensor([2, 33, 2], repeating: 3.25))
    let (mean, variance) = (device.output([2]), device.output([2]))
    device.device.moments(x, weights: nil, mean: mean.view, variance: variance.view)
    expectNone(mismatch(try mean.values(), [3.25, 3.25], relative: 2 * device.elementType.epsilon))
    expectNone(mismatch(try variance.values(), [0, 0], relative: 0, absolute: device.elementType.epsilon))
  }

  private func check(
    _ device: TestDevice, _ x: HostTensor, weights: [Double]?, layout: Layout, relative: Double
  ) throws {
    let columns = x.shape[2]
    let (mean, variance) = (device.output([columns]), device.output([columns]))
    device.device.moments(
      device.input(x, layout), weights: weights.map { device.input(HostTensor([$0.count], $0)) }, mean: mean.view,
      variance: variance.view)
    let expected = Oracle.moments(x, weights: weights)
    // Values of size 1: a mean near 0 is as good as the terms it cancels from.
    expectNone(mismatch(try mean.values(), expected.mean, relative: relative, absolute: relative))
    expectNone(mismatch(try variance.values(), expected.variance, relative: relative, absolute: relative))
  }
}
