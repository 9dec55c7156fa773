import TestSupport
import Testing

@testable import Autodiff

@Suite struct TransportTests {
  /// In the plain and the shifted form, in a regime where all updates matter: queries resemble their keys.
  @Test(arguments: Devices.inDouble, [0.3, 0.03, 0.02])
  func gradientsFlowToQueryAndKey(_ test: TestDevice, temperature: Double) throws {
    var random = RandomSource(seed: 21)
    let key = random.unitVectors(2, 6, 4)
    let query = random.queries(near: key, 7, noise: 0.4)
    let points = Tensor(random.signed(2 * 6 * 3), [2, 6, 3], .float64, on: test.device)
    // Third derivatives are 1 / temperature^2 times the first ones.
    try checkGradients(test, [query, key], tolerance: temperature < 0.1 ? 1e-6 : 1e-7) { x in
      sinkhornMatch(
        query: x[0], key: x[1], points: points, settings: SinkhornSettings(temperature: temperature)
      ).warped
    }
  }

  /// Query and key may be one tensor, and only one of them may be recorded.
  @Test(arguments: Devices.inDouble)
  func gradientsGatherAndAreLeftOut(_ test: TestDevice) throws {
    var random = RandomSource(seed: 22)
    let features = random.unitVectors(1, 5, 4)
    let constant = Tensor(random.unitVectors(1, 5, 4).values, [1, 5, 4], .float64, on: test.device)
    let points = Tensor(random.signed(15), [1, 5, 3], .float64, on: test.device)
    let settings = SinkhornSettings(temperature: 0.2, iterations: 3)
    try checkGradients(test, [features]) { x in
      sinkhornMatch(query: x[0], key: x[0], points: points, settings: settings).warped
    }
    try checkGradients(test, [features]) { x in
      sinkhornMatch(query: constant, key: x[0], points: points, settings: settings).warped
    }
    try checkGradients(test, [features]) { x in
      sinkhornMatch(query: x[0], key: constant, points: points, settings: settings).warped
    }
  }

  @Test(arguments: Devices.inDouble)
  func checkpointsRecomputeTheMatching(_ test: TestDevice) throws {
    var random = RandomSource(seed: 23)
    let points = Tensor(random.signed(15), [1, 5, 3], .float64, on: test.device)
    let (query, key) = (random.unitVectors(1, 4, 3), random.unitVectors(1, 5, 3))
    try checkGradients(test, [query, key]) { x in
      checkpoint(x, on: x[0].entry?.tape) { x in
        sinkhornMatch(query: x[0], key: x[1], points: points, settings: SinkhornSettings(temperature: 0.2)).warped
      }
    }
  }

  /// The matrix and the matches belong to the warped points.
  @Test(arguments: Devices.underTest)
  func theMatrixIsWhatWarps(_ test: TestDevice) throws {
    var random = RandomSource(seed: 24)
    let (query, key) = (random.unitVectors(2, 7, 4), random.unitVectors(2, 5, 4))
    let points = random.tensor([2, 5, 3])
    func tensor(_ host: HostTensor) -> Tensor { Tensor(host.values, host.shape, test.elementType, on: test.device) }
    let matching = sinkhornMatch(query: tensor(query), key: tensor(key), points: tensor(points))
    let matrix = try test.device.downloadDoubles(matching.matrix())
    let warped = try matching.warped.doubles()
    let match = try test.device.download(matching.match, as: Int32.self)
    for row in 0..<14 {
      let shares = matrix[row * 5..<(row + 1) * 5]
      #expect(shares[row * 5 + Int(match[row])] == shares.max())
      for c in 0..<3 {
        let sum = (0..<5).reduce(0) { $0 + shares[row * 5 + $1] * points.values[(row / 7 * 5 + $1) * 3 + c] }
        #expect(abs(sum - warped[row * 3 + c]) <= 64 * test.elementType.epsilon)
      }
    }
  }

  /// After the backward pass nothing of the kernel is held, although the matching is.
  @Test(arguments: Devices.each)
  func theKernelIsFreedByTheBackwardPass(_ test: TestDevice) throws {
    let device = try test.fresh().device
    var random = RandomSource(seed: 25)
    let (n, m) = (256, 512)
    let tape = Tape()
    let query = tape.variable(Tensor(random.unitVectors(1, n, 4).values, [1, n, 4], .float32, on: device))
    let key = Tensor(random.unitVectors(1, m, 4).values, [1, m, 4], .float32, on: device)
    let points = Tensor(random.signed(m * 3), [1, m, 3], .float32, on: device)
    let matching = sinkhornMatch(query: query, key: key, points: points)
    #expect(device.memoryStatistics.liveByteCount >= 4 * n * m)
    let loss = fusedSum("sum", [matching.warped]) { x, _ in [x[0] * x[0]] }
    tape.backward(from: loss)
    try device.synchronize()
    #expect(device.memoryStatistics.liveByteCount < n * m)
    #expect(matching.matrix().shape == [1, n, m])
  }

  @Test func recordedPointsAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let device = Devices.each[0].device
      let features = Tensor([1, 0, 0, 1], [1, 2, 2], .float32, on: device)
      let points = Tape().variable(Tensor([0, 1, 2, 3, 4, 5], [1, 2, 3], .float32, on: device))
      _ = sinkhornMatch(query: features, key: features, points: points)
    }
  }
}
