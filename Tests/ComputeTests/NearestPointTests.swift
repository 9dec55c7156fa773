import Compute
import TestSupport
import Testing

struct NearestPointTests {
  @Test(arguments: Devices.underTest, Sizes.awkward.dropFirst())
  func agreeWithTheOracle(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 121)
    for (batch, n, m) in [(1, size, 13), (2, 5, size), (3, 17, 1)] {
      let (x, y) = (random.tensor([batch, n, 3]), random.tensor([batch, m, 3]))
      for layout in [Layout.contiguous, .sliced] { try check(device, x, y, layout) }
    }
  }

  @Test(arguments: Devices.underTest)
  func noPointsHaveNoNearest(device: TestDevice) throws {
    let (distance, index) = (device.output([2, 0]), device.output([2, 0], as: .int32))
    device.device.nearestPoints(
      device.input(HostTensor([2, 0, 3], [])), among: device.input(HostTensor([2, 0, 3], [])),
      squaredDistance: distance.view, index: index.view)
    #expect(try distance.values() == [])
    #expect(try index.values() == [])
  }

  @Test(arguments: Devices.underTest)
  func manyPoints(device: TestDevice) throws {
    var random = RandomSource(seed: 122)
    try check(device, random.tensor([1, 301, 3]), random.tensor([1, 4099, 3]), .contiguous)
  }

  /// Every point stands in y four times; the first one counts, and its distance is 0 exactly.
  @Test(arguments: Devices.underTest, [5, 33, 257])
  func theLowestIndexWinsATie(device: TestDevice, count: Int) throws {
    var random = RandomSource(seed: 123)
    let x = random.tensor([1, count, 3])
    let y = HostTensor([1, 4 * count, 3], x.values + x.values + x.values + x.values)
    let (distance, index) = (device.output([1, count]), device.output([1, count], as: .int32))
    device.device.nearestPoints(
      device.input(x), among: device.input(y), squaredDistance: distance.view, index: index.view)
    #expect(try index.values() == (0..<count).map(Double.init))
    #expect(try distance.values() == [Double](repeating: 0, count: count))
  }

  /// Far from the origin the expanded form |x|^2 + |y|^2 - 2 x.y would lose every digit of a float.
  @Test(arguments: Devices.underTest)
  func distantPointsKeepTheirDistances(device: TestDevice) throws {
    var random = RandomSource(seed: 124)
    func far(_ count: Int) -> HostTensor {
      HostTensor([1, count, 3], random.signed(count * 3).map { Double(Float(1000 + $0)) })
    }
    try check(device, far(40), far(60), .contiguous)
  }

  @Test(arguments: Devices.underTest)
  func agreeWithTheComposition(device: TestDevice) throws {
    var random = RandomSource(seed: 125)
    let (x, y) = (device.input(random.tensor([2, 67, 3])), device.input(random.tensor([2, 91, 3])))
    let kernel = (device.output([2, 67]), device.output([2, 67], as: .int32))
    let twin = (device.output([2, 67]), device.output([2, 67], as: .int32))
    device.device.nearestPoints(x, among: y, squaredDistance: kernel.0.view, index: kernel.1.view)
    device.device.composedNearestPoints(x, among: y, squaredDistance: twin.0.view, index: twin.1.view)
    #expect(try kernel.1.values() == twin.1.values())
    expectNone(mismatch(try kernel.0.values(), try twin.0.values(), relative: 8 * device.elementType.epsilon))
  }

  @Test(arguments: Devices.underTest)
  func onlyTheResultsAreWritten(device: TestDevice) throws {
    var random = RandomSource(seed: 126)
    let (x, y) = (device.input(random.tensor([1, 3, 3])), device.input(random.tensor([1, 2, 3])))
    let (distance, index) = (device.output([1, 3]), device.output([1, 3], as: .int32))
    let before = [x, y, distance.view, index.view].map(\.buffer.version)
    device.device.nearestPoints(x, among: y, squaredDistance: distance.view, index: index.view)
    let after = [x, y, distance.view, index.view].map(\.buffer.version)
    #expect(after[..<2] == before[..<2])
    #expect(after[2] > before[2] && after[3] > before[3])
  }

  @Test func theRuleSaysWhatFits() {
    func view(_ shape: [Int], _ type: ElementType = .float32) -> TensorView {
      TensorView(buffer: Buffer(byteCount: 4096), elementType: type, shape: shape)
    }
    func refusal(_ x: TensorView, _ y: TensorView, _ distance: TensorView, _ index: TensorView) -> String? {
      do {
        try nearestPointsRule(x, among: y, squaredDistance: distance, index: index)
        return nil
      } catch { return (error as? ComputeError)?.what }
    }
    let (x, y, d, i) = (view([2, 4, 3]), view([2, 5, 3]), view([2, 4]), view([2, 4], .int32))
    #expect(refusal(x, y, d, i) == nil)
    #expect(refusal(x, view([1, 5, 3]), d, i) == "nearestPoints: x has shape [2, 4, 3], y has shape [1, 5, 3]")
    #expect(refusal(x, view([2, 0, 3]), d, i) == "nearestPoints: y has shape [2, 0, 3]")
    #expect(refusal(x, view([2, 5, 3], .float64), d, i)?.hasPrefix("nearestPoints: types float32 and float64") == true)
    #expect(refusal(x, y, view([2, 5]), i)?.hasPrefix("nearestPoints: results are float32 [2, 5]") == true)
    #expect(refusal(x, y, d, view([2, 4]))?.hasPrefix("nearestPoints: results are float32 [2, 4]") == true)
  }

  /// Random points have no near-ties at this size, so the indices must agree exactly.
  private func check(_ device: TestDevice, _ x: HostTensor, _ y: HostTensor, _ layout: Layout) throws {
    let (batch, n, m) = (x.shape[0], x.shape[1], y.shape[1])
    var (nearest, places): ([Double], [Double]) = ([], [])
    for b in 0..<batch {
      for i in 0..<n {
        var (least, place) = (Double.infinity, 0)
        for j in 0..<m {
          var distance = 0.0
          for c in 0..<3 {
            let difference = x.values[(b * n + i) * 3 + c] - y.values[(b * m + j) * 3 + c]
            distance += difference * difference
          }
          if distance < least { (least, place) = (distance, j) }
        }
        nearest.append(least)
        places.append(Double(place))
      }
    }
    let (distance, index) = (device.output([batch, n]), device.output([batch, n], as: .int32))
    device.device.nearestPoints(
      device.input(x, layout), among: device.input(y, layout), squaredDistance: distance.view, index: index.view)
    #expect(try index.values() == places, "\(layout)")
    // Each difference is rounded once, and the sum of squares has one sign.
    expectNone(mismatch(try distance.values(), nearest, relative: 8 * device.elementType.epsilon), "\(layout)")
  }
}
