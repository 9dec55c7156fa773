import Compute
import TestSupport
import Testing

struct TripletDistanceTests {
  @Test(arguments: Devices.underTest, Sizes.awkward)
  func agreesWithTheOracle(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 141)
    for (shape, splits) in [
      ([1, size, 5], []), ([2, 7, size], []), ([2, 3, size], [size / 3, size / 2]), ([3, size, 35], [17]),
    ] {
      let operands = (0..<3).map { _ in random.tensor(shape) }
      for layout in [Layout.contiguous, .sliced] { try check(device, operands, splits, layout) }
    }
  }

  /// More points than a tile or a grid's stride has.
  @Test(arguments: Devices.underTest)
  func manyPoints(device: TestDevice) throws {
    var random = RandomSource(seed: 142)
    try check(device, (0..<3).map { _ in random.tensor([2, 4099, 20]) }, [9], .contiguous)
  }

  @Test(arguments: Devices.underTest, [0, 1, -0.5])
  func gradientsAddToBetaTimesWhatIsThere(device: TestDevice, beta: Double) throws {
    var random = RandomSource(seed: 143)
    for (shape, splits) in [([2, 67, 33], []), ([1, 5, 131], [64])] {
      let (operands, old) = ((0..<3).map { _ in random.tensor(shape) }, (0..<3).map { _ in random.tensor(shape) })
      for wanted in [[true, true, true], [true, false, false], [false, true, false], [false, false, true]] {
        try check(device, operands, splits, .sliced, beta: beta, adding: old, wanted: wanted)
      }
    }
  }

  /// Identity and pose channels are slices of one feature tensor; one anchor may serve a whole batch.
  @Test(arguments: Devices.underTest)
  func operandsMayBeSlicesOfOneTensorAndBroadcast(device: TestDevice) throws {
    var random = RandomSource(seed: 144)
    let features = random.tensor([1, 6, 21])
    func host(_ channels: Range<Int>) -> HostTensor {
      let shape = [2, 6, channels.count]
      return HostTensor(
        shape, indices(of: shape).map { features[broadcasting: [0, $0[1], channels.lowerBound + $0[2]]] })
    }
    let view = device.input(features)
    let channels = [3..<10, 10..<17, 14..<21]
    let slices = channels.map { view.sliced(axis: 2, $0).broadcast(to: [2, 6, 7]) }
    try check(device, channels.map(host), [2], .contiguous, operands: slices)
  }

  /// The second of two gradients in one place adds to the first.
  @Test(arguments: Devices.underTest)
  func twoGradientsMayShareAView(device: TestDevice) throws {
    var random = RandomSource(seed: 145)
    let hosts = (0..<3).map { _ in random.tensor([2, 9, 35]) }
    let upstream = random.tensor([2, 9, 1])
    let expected = TripletOracle(hosts[0], hosts[1], hosts[2], splitAt: [])
      .gradients(upstream.values, beta: 0, adding: hosts)
    let run = Run(device, hosts.map { device.input($0) }, [])
    let shared = device.output([2, 9, 35])
    device.device.tripletGradient(
      run.triplet, distances: run.distances.view, upstream: device.input(upstream), anchor: nil,
      positive: Accumulator(shared.view, beta: 0), negative: Accumulator(shared.view, beta: 1))
    expectNone(
      mismatch(
        try shared.values(), zip(expected[1].values, expected[2].values).map { $0 + $1 },
        allowed: zip(expected[1].magnitude, expected[2].magnitude).map { tolerance(device, 35) * ($0 + $1) }))
  }

  // MARK: - Conventions

  /// Where a distance is 0, so is its gradient, even under an upstream of NaN.
  @Test(arguments: Devices.underTest)
  func coincidingPointsPullNothing(device: TestDevice) throws {
    var random = RandomSource(seed: 146)
    let (a, n) = (random.tensor([1, 3, 19]), random.tensor([1, 3, 19]))
    let run = Run(device, [a, a, n].map { device.input($0) }, [])
    #expect(try run.distances.values().prefix(3) == [0, 0, 0])
    let (dp, dn) = (device.output([1, 3, 19]), device.output([1, 3, 19]))
    device.device.tripletGradient(
      run.triplet, distances: run.distances.view, upstream: device.input(HostTensor([1, 3, 1], [1, .nan, .infinity])),
      anchor: nil, positive: Accumulator(dp.view, beta: 0), negative: Accumulator(dn.view, beta: 0))
    #expect(try dp.values().allSatisfy { $0 == 0 })
    #expect(try dn.values()[19..<57].allSatisfy { !$0.isFinite })
  }

  /// A NaN stays within its point and its group of channels.
  @Test(arguments: Devices.underTest)
  func aNaNIsNotHidden(device: TestDevice) throws {
    var random = RandomSource(seed: 147)
    var hosts = (0..<3).map { _ in random.tensor([1, 4, 40]) }
    hosts[1].values[2 * 40 + 21] = .nan
    let run = Run(device, hosts.map { device.input($0) }, [20])
    let isNaN = try run.difference.values().map(\.isNaN)
    #expect(isNaN.indices.filter { isNaN[$0] } == [2 * 2 + 1])
    let gradients = hosts.map { _ in device.output([1, 4, 40]) }
    run.pullBack(HostTensor([1, 4, 2], repeating: 1), gradients.map { Accumulator($0.view, beta: 0) })
    let expected: [Range<Int>] = [100..<120, 100..<120, 0..<0]
    for (gradient, range) in zip(gradients, expected) {
      let values = try gradient.values()
      #expect(values.indices.filter { values[$0].isNaN } == Array(range))
    }
  }

  // MARK: - Properties

  @Test(arguments: Devices.underTest)
  func agreesWithTheComposition(device: TestDevice) throws {
    var random = RandomSource(seed: 148)
    let (shape, splits) = ([2, 61, 77], [30, 30])
    let triplet = Run(device, (0..<3).map { _ in device.input(random.tensor(shape), .sliced) }, splits)
    let twin = (device.output([2, 2, 61, 3]), device.output([2, 61, 3]))
    device.device.composedTripletDistance(triplet.triplet, distances: twin.0.view, difference: twin.1.view)
    let epsilon = tolerance(device, 77)
    let distances = try twin.0.values()
    expectNone(mismatch(try triplet.distances.values(), distances, relative: epsilon))
    let pairs = distances.count / 2
    expectNone(
      mismatch(
        try triplet.difference.values(), try twin.1.values(),
        allowed: (0..<pairs).map { epsilon * (distances[$0] + distances[pairs + $0]) }))
    for beta in [0.0, 2] {
      let upstream = random.tensor([2, 61, 3])
      let old = (0..<3).map { _ in random.tensor(shape) }
      func outputs() -> [GuardedOutput] { old.map { device.output(shape, .sliced, initially: beta == 0 ? nil : $0) } }
      let (fused, composed) = (outputs(), outputs())
      triplet.pullBack(upstream, fused.map { Accumulator($0.view, beta: beta) })
      let targets = composed.map { Accumulator($0.view, beta: beta) }
      device.device.composedTripletGradient(
        triplet.triplet, distances: triplet.distances.view, upstream: device.input(upstream), anchor: targets[0],
        positive: targets[1], negative: targets[2])
      for (fused, composed) in zip(fused, composed) {
        // Terms of size 1 that may cancel.
        expectNone(mismatch(try fused.values(), try composed.values(), relative: epsilon, absolute: 4 * epsilon))
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func onlyTheResultsAreWritten(device: TestDevice) throws {
    var random = RandomSource(seed: 149)
    let inputs = (0..<3).map { _ in device.input(random.tensor([1, 3, 4])) }
    let (distances, difference) = (device.output([2, 1, 3, 1]), device.output([1, 3, 1]))
    let (da, dn) = (device.output([1, 3, 4]), device.output([1, 3, 4]))
    let triplet = Triplet(anchor: inputs[0], positive: inputs[1], negative: inputs[2])
    func versions(_ views: [TensorView]) -> [Int] { views.map(\.buffer.version) }
    let (read, written) = (versions(inputs), versions([distances.view, difference.view]))
    device.device.tripletDistance(triplet, distances: distances.view, difference: difference.view)
    #expect(versions(inputs) == read)
    #expect(zip(versions([distances.view, difference.view]), written).allSatisfy(>))
    let kept = inputs + [distances.view, difference.view]
    let (before, gradientsBefore) = (versions(kept), versions([da.view, dn.view]))
    device.device.tripletGradient(
      triplet, distances: distances.view, upstream: difference.view, anchor: Accumulator(da.view, beta: 0),
      positive: nil, negative: Accumulator(dn.view, beta: 0))
    #expect(versions(kept) == before)
    #expect(zip(versions([da.view, dn.view]), gradientsBefore).allSatisfy(>))
  }

  // MARK: - The rule

  @Test func theRuleSaysWhatFits() {
    func view(_ shape: [Int], _ type: ElementType = .float32) -> TensorView {
      TensorView(buffer: Buffer(byteCount: 4096), elementType: type, shape: shape)
    }
    func refusal(_ body: () throws -> Void) -> String? {
      do {
        try body()
        return nil
      } catch { return (error as? ComputeError)?.what }
    }
    let x = view([2, 4, 6])
    func distance(
      _ positive: TensorView, splitAt splits: [Int] = [], _ distances: TensorView? = nil,
      _ difference: TensorView? = nil
    ) -> String? {
      let triplet = Triplet(anchor: x, positive: positive, negative: x, splitAt: splits)
      let distances = distances ?? view([2] + triplet.perPoint)
      let difference = difference ?? view(triplet.perPoint)
      return refusal { try tripletDistanceRule(triplet, distances: distances, difference: difference) }
    }
    #expect(distance(x) == nil)
    #expect(distance(x, splitAt: [2, 2, 6]) == nil)
    #expect(
      distance(view([2, 5, 6]))
        == "tripletDistance: shapes [[2, 4, 6], [2, 5, 6], [2, 4, 6]] of anchor, positive and negative")
    #expect(
      distance(view([2, 4, 6], .float64))
        == "tripletDistance: types float32, float64, float32, strides [[24, 6, 1], [24, 6, 1], [24, 6, 1]]")
    #expect(
      distance(view([2, 6, 4]).transposed)
        == "tripletDistance: types float32, float32, float32, strides [[24, 6, 1], [24, 1, 4], [24, 6, 1]]")
    #expect(distance(x, splitAt: [4, 3]) == "tripletDistance: 6 channels are split at [4, 3]")
    #expect(distance(x, splitAt: [7]) == "tripletDistance: 6 channels are split at [7]")
    #expect(
      distance(x, view([2, 2, 4])) == "tripletDistance: distances is float32 [2, 2, 4] with strides [8, 4, 1]")
    #expect(
      distance(x, nil, view([2, 4, 2]).sliced(axis: 2, 0..<1))
        == "tripletDistance: difference is float32 [2, 4, 1] with strides [8, 2, 1]")

    let triplet = Triplet(anchor: x, positive: x, negative: x)
    func gradient(upstream: TensorView? = nil, _ target: TensorView) -> String? {
      refusal {
        try tripletGradientRule(
          triplet, distances: view([2, 2, 4, 1]), upstream: upstream ?? view([2, 4, 1]),
          into: [nil, Accumulator(target, beta: 0), nil])
      }
    }
    #expect(gradient(x) == nil)
    #expect(
      gradient(upstream: view([2, 4]), x) == "tripletDistance: upstream is float32 [2, 4] with strides [4, 1]")
    #expect(
      gradient(view([2, 4, 5]))
        == "tripletDistance: the gradient of the positive is float32 [2, 4, 5] with strides [20, 5, 1]")
  }

  // MARK: - Helpers

  /// A triplet on a device with its distances and their difference.
  private struct Run {
    let device: TestDevice
    let triplet: Triplet
    let distances, difference: GuardedOutput

    init(_ device: TestDevice, _ views: [TensorView], _ splits: [Int]) {
      self.device = device
      triplet = Triplet(anchor: views[0], positive: views[1], negative: views[2], splitAt: splits)
      distances = device.output([2] + triplet.perPoint)
      difference = device.output(triplet.perPoint)
      device.device.tripletDistance(triplet, distances: distances.view, difference: difference.view)
    }

    func pullBack(_ upstream: HostTensor, _ targets: [Accumulator?]) {
      device.device.tripletGradient(
        triplet, distances: distances.view, upstream: device.input(upstream), anchor: targets[0], positive: targets[1],
        negative: targets[2])
    }
  }

  /// A sum of squares of one sign, its root, a quotient and a product: halves of it would do for the root.
  private func tolerance(_ device: TestDevice, _ channels: Int) -> Double {
    device.elementType.sumTolerance(oneSignedTerms: channels) + 8 * device.elementType.epsilon
  }

  private func check(
    _ device: TestDevice, _ hosts: [HostTensor], _ splits: [Int], _ layout: Layout, beta: Double = 0,
    adding old: [HostTensor]? = nil, wanted: [Bool] = [true, true, true], operands: [TensorView]? = nil
  ) throws {
    var random = RandomSource(seed: 150)
    let oracle = TripletOracle(hosts[0], hosts[1], hosts[2], splitAt: splits)
    let tolerance = tolerance(device, hosts[0].shape[2])
    let run = Run(device, operands ?? hosts.map { device.input($0, layout) }, splits)
    let comment = "\(hosts[0].shape) split at \(splits), \(layout)"
    let (towards, away) = (oracle.distances(to: hosts[1]), oracle.distances(to: hosts[2]))
    expectNone(mismatch(try run.distances.values(), towards + away, relative: tolerance), comment)
    expectNone(
      mismatch(
        try run.difference.values(), zip(towards, away).map { $0 - $1 },
        allowed: zip(towards, away).map { tolerance * ($0 + $1) }), comment)

    let upstream = random.tensor(run.triplet.perPoint)
    let outputs = (0..<3).map { k in
      device.output(hosts[0].shape, layout, initially: beta == 0 ? nil : old?[k])
    }
    run.pullBack(upstream, zip(outputs, wanted).map { $1 ? Accumulator($0.view, beta: beta) : nil })
    let expected = oracle.gradients(upstream.values, beta: beta, adding: old ?? hosts)
    for k in 0..<3 where wanted[k] {
      expectNone(mismatch(try outputs[k].values(), expected[k], tolerance: tolerance), "\(comment): gradient \(k)")
    }
  }
}
