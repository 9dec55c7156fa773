import CPUBackend
import Compute
import TestSupport
import Testing

/// The whole matching and its gradient, against loops over dense matrices in Double.
struct SinkhornTests {
  /// Points on either side, channels, and how much noise keeps queries from their keys: nil for unrelated ones.
  struct Problem: Sendable, CustomStringConvertible {
    let n, m, channels: Int
    let noise: Double?
    var description: String { "\(n)x\(m)x\(channels) \(noise.map { "noise \($0)" } ?? "unrelated")" }
  }

  static let problems = [
    Problem(n: 1, m: 1, channels: 3, noise: nil), Problem(n: 5, m: 3, channels: 4, noise: 0.1),
    Problem(n: 37, m: 53, channels: 11, noise: 0.3), Problem(n: 65, m: 64, channels: 16, noise: nil),
  ]

  private struct Data {
    let query, key, points, dWarped: HostTensor

    init(_ problem: Problem, seed: UInt64, batch: Int = 2) {
      var random = RandomSource(seed: seed)
      let key = random.unitVectors(batch, problem.m, problem.channels)
      self.key = key
      query =
        problem.noise.map { random.queries(near: key, problem.n, noise: $0) }
        ?? random.unitVectors(batch, problem.n, problem.channels)
      points = random.tensor([batch, problem.m, 3])
      dWarped = random.tensor([batch, problem.n, 3])
    }
  }

  private func run(_ device: TestDevice, _ data: Data, _ settings: SinkhornSettings) -> SinkhornState {
    device.device.sinkhornForward(
      query: device.input(data.query), key: device.input(data.key), points: device.input(data.points),
      settings: settings)
  }

  private func gradient(_ device: TestDevice, _ data: Data, _ state: SinkhornState) throws -> [[Double]] {
    let (dQuery, dKey) = device.device.sinkhornGradient(state, dWarped: device.input(data.dWarped, .strided))
    return try [dQuery, dKey].map { try device.device.downloadDoubles($0) }
  }

  // MARK: - Against the oracle

  @Test(arguments: Devices.underTest, problems)
  func agreesWithTheOracle(device: TestDevice, problem: Problem) throws {
    for temperature in [0.03, 0.3] {
      for iterations in [1, 5] {
        try check(device, problem, SinkhornSettings(temperature: temperature, iterations: iterations))
      }
    }
  }

  /// The shifted form: at a temperature of 0.01 most rows and columns of K vanish in float32.
  @Test(arguments: Devices.underTest, problems)
  func agreesWithTheOracleAtLowTemperatures(device: TestDevice, problem: Problem) throws {
    for temperature in [0.01, 0.002] { try check(device, problem, SinkhornSettings(temperature: temperature)) }
  }

  /// The shifted form is the log domain's matching, the constant included, down to the lowest temperature: there even
  /// Double loses the kernel itself, so the oracle keeps logarithms.
  @Test(arguments: Devices.underTest, [0.0229, 0.01, 0.001, 1e-4])
  func lowTemperaturesAgreeWithTheLogDomain(device: TestDevice, temperature: Double) throws {
    for problem in Self.problems {
      let data = Data(problem, seed: 160)
      let state = run(device, data, SinkhornSettings(temperature: temperature))
      let matrix = try device.device.downloadDoubles(device.device.matchingMatrix(state))
      let tolerance = 16 * device.elementType.epsilon * (1 + 1 / temperature)
      for element in 0..<2 {
        let expected = TransportOracle(temperature: temperature).logDomainMatching(
          query: data.query[element: element], key: data.key[element: element])
        let part = Array(matrix[element * expected.values.count..<(element + 1) * expected.values.count])
        expectNone(mismatch(part, expected.values, relative: 0, absolute: tolerance), "\(problem)")
      }
    }
  }

  /// Where Double holds the kernel, the two oracles are one function.
  @Test func theOraclesAgree() {
    let data = Data(Self.problems[2], seed: 161, batch: 1)
    let (query, key) = (data.query[element: 0], data.key[element: 0])
    for temperature in [0.3, 0.03, 0.01] {
      let oracle = TransportOracle(temperature: temperature)
      expectNone(
        mismatch(
          oracle.logDomainMatching(query: query, key: key).values,
          oracle.forward(query: query, key: key, points: data.points[element: 0]).matching.values, relative: 0,
          absolute: 1e-11))
    }
  }

  /// Under a cap of 16 KiB the kernel is cut into several blocks of rows.
  @Test(arguments: Devices.underTest, [0.03, 0.01])
  func manyBlocksGiveTheSameMatching(device: TestDevice, temperature: Double) throws {
    let capped = try device.fresh(largestAllocation: 16 << 10)
    let problem = Problem(n: 67, m: 45, channels: 8, noise: 0.2)
    try check(capped, problem, SinkhornSettings(temperature: temperature), withMatrix: false)
    try capped.device.synchronize()
  }

  private func check(
    _ device: TestDevice, _ problem: Problem, _ settings: SinkhornSettings, withMatrix: Bool = true
  ) throws {
    let data = Data(problem, seed: 151)
    let oracle = TransportOracle(
      temperature: settings.temperature, iterations: settings.iterations, constant: settings.constant)
    // A rounding of the similarity, of size 1, is 1 / temperature times as large in log K, and the updates pass it on.
    let tolerance = 16 * device.elementType.epsilon * (1 + 1 / settings.temperature)
    let state = run(device, data, settings)
    let gradients = try gradient(device, data, state)
    let warped = try device.device.downloadDoubles(state.warped)
    let match = try device.device.download(state.match, as: Int32.self)
    let matrix = withMatrix ? try device.device.downloadDoubles(device.device.matchingMatrix(state)) : []
    for element in 0..<2 {
      let (query, key) = (data.query[element: element], data.key[element: element])
      let points = data.points[element: element]
      let expected = oracle.forward(query: query, key: key, points: points)
      let part = { (values: [Double]) in Array(values[element * values.count / 2..<(element + 1) * values.count / 2]) }
      expectNone(mismatch(part(warped), expected.warped.values, relative: 0, absolute: tolerance), "warped")
      if withMatrix {
        expectNone(mismatch(part(matrix), expected.matching.values, relative: 0, absolute: tolerance), "matrix")
      }
      for i in 0..<problem.n {
        let row = expected.matching.values[i * problem.m..<(i + 1) * problem.m]
        let best = row[i * problem.m + Int(match[element * problem.n + i])]
        #expect(best >= (row.max() ?? 0) * (1 - 2 * tolerance), "match of row \(i)")
      }
      let slopes = oracle.gradient(
        expected, query: query, key: key, points: points, dWarped: data.dWarped[element: element])
      for (found, wanted) in zip(gradients, [slopes.query, slopes.key]) {
        let scale = wanted.values.map(abs).max() ?? 0
        // A matching of one point has no gradient; what is left of it is rounding, 1 / temperature times as large.
        expectNone(
          mismatch(part(found), wanted.values, relative: 0, absolute: tolerance * (4 * scale + 1)), "gradient")
      }
    }
  }

  /// The oracle's own gradient, by central differences.
  @Test(arguments: [0.03, 0.2])
  func theOracleDifferentiatesItself(temperature: Double) throws {
    let data = Data(Problem(n: 7, m: 5, channels: 4, noise: 0.3), seed: 152, batch: 1)
    let oracle = TransportOracle(temperature: temperature)
    let points = data.points[element: 0]
    let (query, key) = (data.query[element: 0], data.key[element: 0])
    let slopes = oracle.gradient(
      oracle.forward(query: query, key: key, points: points), query: query, key: key, points: points,
      dWarped: data.dWarped[element: 0])
    // The third derivative is 1 / temperature^2 times the first.
    try gradientCheck(
      at: [query.values, key.values], gradient: [slopes.query.values, slopes.key.values], tolerance: 1e-6
    ) { x in
      let result = oracle.forward(
        query: HostTensor(query.shape, x[0]), key: HostTensor(key.shape, x[1]), points: points)
      return dot(result.warped.values, data.dWarped.values)
    }
  }

  // MARK: - Properties

  @Test(arguments: Devices.underTest, [0.03, 0.01])
  func recomputedKernelsGiveTheSameBits(device: TestDevice, temperature: Double) throws {
    let capped = try device.fresh(largestAllocation: 16 << 10)
    let data = Data(Problem(n: 67, m: 45, channels: 8, noise: 0.2), seed: 153)
    var results: [[[Double]]] = []
    for storage in [SinkhornSettings.Storage.full, .recomputed] {
      let state = run(capped, data, SinkhornSettings(temperature: temperature, storage: storage))
      let warped = try capped.device.downloadDoubles(state.warped)
      let match = try capped.device.download(state.match, as: Int32.self).map(Double.init)
      results.append([warped, match] + (try gradient(capped, data, state)))
    }
    #expect(results[0] == results[1])
  }

  /// A kernel in bfloat16 is off by 2^-8 per value. Weights that are each off by so much move a convex combination by at
  /// most twice that times the extent of the points; the column scalings are off by no more.
  @Test(arguments: Devices.each, [0.03, 0.01])
  func bfloat16CostsAFewThousandths(device: TestDevice, temperature: Double) throws {
    let data = Data(Problem(n: 67, m: 45, channels: 8, noise: 0.2), seed: 154)
    let full = run(device, data, SinkhornSettings(temperature: temperature))
    let brief = run(device, data, SinkhornSettings(temperature: temperature, storage: .bfloat16))
    let (expected, found) = (
      try device.device.downloadDoubles(full.warped), try device.device.downloadDoubles(brief.warped)
    )
    expectNone(mismatch(found, expected, relative: 0, absolute: 4 * 2 * 0x1p-8))
    #expect(found != expected, "the kernel was not stored in bfloat16")
    for (found, expected) in zip(try gradient(device, data, brief), try gradient(device, data, full)) {
      let scale = expected.map(abs).max() ?? 0
      expectNone(mismatch(found, expected, relative: 0, absolute: 16 * 0x1p-8 * scale))
    }
    // The rows of the matrix sum to 1 although the kernel is computed anew for it, in the same 8 bits.
    let matrix = try device.device.downloadDoubles(device.device.matchingMatrix(brief.released))
    for row in 0..<2 * 67 {
      #expect(abs(matrix[row * 45..<(row + 1) * 45].reduce(0, +) - 1) < 1e-5)
    }
  }

  /// Each row of T sums to 1 and is positive, so a warped point lies in the box of the points.
  @Test(arguments: Devices.underTest)
  func warpedPointsAreConvexCombinations(device: TestDevice) throws {
    let data = Data(Problem(n: 33, m: 17, channels: 5, noise: nil), seed: 155)
    let state = run(device, data, SinkhornSettings())
    let matrix = try device.device.downloadDoubles(device.device.matchingMatrix(state))
    #expect(matrix.allSatisfy { $0 >= 0 })
    for row in 0..<2 * 33 {
      let sum = matrix[row * 17..<(row + 1) * 17].reduce(0, +)
      #expect(abs(sum - 1) <= 64 * device.elementType.epsilon)
    }
    let warped = try device.device.downloadDoubles(state.warped)
    #expect(warped.allSatisfy { abs($0) <= 1 })
  }

  /// While all similarities are about 0, K is about 1e-14 and the constant decides: without it T is another matrix.
  @Test(arguments: Devices.underTest)
  func theConstantIsPartOfTheFunction(device: TestDevice) throws {
    let data = Data(Problem(n: 40, m: 40, channels: 64, noise: nil), seed: 156)
    let matrix = try device.device.downloadDoubles(
      device.device.matchingMatrix(run(device, data, SinkhornSettings())))
    let (query, key, points) = (data.query[element: 0], data.key[element: 0], data.points[element: 0])
    let damped = TransportOracle().forward(query: query, key: key, points: points).matching.values
    let plain = TransportOracle(constant: 0).forward(query: query, key: key, points: points).matching.values
    let difference = zip(damped, plain).map { abs($0 - $1) }.max() ?? 0
    #expect(difference > 0.1)
    expectNone(
      mismatch(Array(matrix[..<1600]), damped, relative: 0, absolute: 1e3 * device.elementType.epsilon))
  }

  @Test(arguments: Devices.underTest)
  func theSameCallsGiveTheSameBits(device: TestDevice) throws {
    let data = Data(Problem(n: 150, m: 130, channels: 8, noise: 0.2), seed: 157)
    func results() throws -> [[Double]] {
      let state = run(device, data, SinkhornSettings())
      return try [device.device.downloadDoubles(state.warped)] + gradient(device, data, state)
    }
    let first = try results()
    for _ in 0..<3 { #expect(try results() == first) }
  }

  @Test func theNumberOfThreadsChangesNoBit() throws {
    let data = Data(Problem(n: 150, m: 700, channels: 8, noise: 0.2), seed: 158)
    var results: [[[Double]]] = []
    for threads in [1, 2, 3] {
      let device = CPUDevice(threads: threads)
      func upload(_ host: HostTensor) -> TensorView {
        let view = device.allocate(.float32, host.shape)
        device.upload(host.values, to: view)
        return view
      }
      let state = device.sinkhornForward(
        query: upload(data.query), key: upload(data.key), points: upload(data.points))
      let slopes = device.sinkhornGradient(state, dWarped: upload(data.dWarped))
      results.append(try [state.warped, slopes.query, slopes.key].map { try device.downloadDoubles($0) })
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  /// Recomputed kernels leave nothing behind that grows with n m.
  @Test(arguments: Devices.each)
  func storageIsWhatItSays(device: TestDevice) throws {
    let data = Data(Problem(n: 300, m: 400, channels: 4, noise: nil), seed: 159, batch: 1)
    var live: [SinkhornSettings.Storage: Int] = [:]
    for storage in SinkhornSettings.Storage.allCases {
      let fresh = try device.fresh()
      let state = run(fresh, data, SinkhornSettings(storage: storage))
      try fresh.device.synchronize()
      live[storage] = fresh.device.memoryStatistics.liveByteCount
      withExtendedLifetime(state) {}
    }
    let pairs = 300 * 400
    let (full, brief, none) = (live[.full] ?? 0, live[.bfloat16] ?? 0, live[.recomputed] ?? 0)
    #expect(full >= 4 * pairs && brief >= 2 * pairs && brief < 3 * pairs && none < pairs / 2)
  }

  // MARK: - What is refused

  @Test(arguments: [
    SinkhornSettings(temperature: 0), SinkhornSettings(temperature: -1), SinkhornSettings(temperature: .nan),
    SinkhornSettings(temperature: .infinity), SinkhornSettings(iterations: 0), SinkhornSettings(iterations: 101),
    SinkhornSettings(constant: 0), SinkhornSettings(constant: 2), SinkhornSettings(constant: .nan),
  ])
  func senselessSettingsAreRefused(settings: SinkhornSettings) throws {
    let error = try #require(throws: ComputeError.self) { try settings.validate() }
    #expect(error.kind == .configuration)
    #expect(error.what.hasPrefix("Sinkhorn: ") && !error.why.isEmpty && !error.mend.isEmpty)
  }

  @Test func sensibleSettingsAreAccepted() throws {
    try SinkhornSettings().validate()
    try SinkhornSettings(temperature: 1e-4, iterations: 100, constant: 1e-20, storage: .recomputed).validate()
  }

  @Test func theRuleSaysWhatFits() {
    func view(_ shape: [Int], _ type: ElementType = .float32) -> TensorView {
      TensorView(buffer: Buffer(byteCount: 4096), elementType: type, shape: shape)
    }
    func refusal(
      _ query: TensorView, _ key: TensorView, _ points: TensorView, _ settings: SinkhornSettings = .init()
    ) -> String? {
      do {
        try sinkhornRule(query: query, key: key, points: points, settings)
        return nil
      } catch { return (error as? ComputeError)?.what }
    }
    let (query, key, points) = (view([2, 5, 4]), view([2, 6, 4]), view([2, 6, 3]))
    #expect(refusal(query, key, points) == nil)
    #expect(
      refusal(query, view([2, 6, 3]), points) == "sinkhorn: query [2, 5, 4], key [2, 6, 3], points [2, 6, 3]")
    #expect(
      refusal(query, key, view([2, 5, 3])) == "sinkhorn: query [2, 5, 4], key [2, 6, 4], points [2, 5, 3]")
    #expect(
      refusal(query, key, view([2, 6, 3], .float64))
        == "sinkhorn: query, key, points are float32, float32, float64")
    #expect(refusal(view([2, 0, 4]), key, points) == "sinkhorn: query [2, 0, 4], key [2, 6, 4]")
    #expect(
      refusal(
        view([2, 5, 4], .float64), view([2, 6, 4], .float64), view([2, 6, 3], .float64),
        SinkhornSettings(storage: .bfloat16)) == "sinkhorn: bfloat16 storage with float64 operands")
    #expect(refusal(view([2, 4, 5]).transposed, key, points) == "sinkhorn: query has strides [20, 1, 5]")
  }
}
