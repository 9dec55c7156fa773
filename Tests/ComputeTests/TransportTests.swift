import Compute
import Foundation
import TestSupport
import Testing

/// The passes over a Gibbs kernel, each against loops in Double and against its composition.
struct TransportTests {
  // MARK: - gibbsKernel

  @Test(arguments: Devices.underTest, Sizes.awkward)
  func gibbsKernelAgreesWithTheOracle(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 131)
    for shape in [[1, size, 5], [2, 7, size]] {
      let similarity = random.tensor(shape)
      for stored in device.storedTypes {
        for isShifted in [false, true] {
          for layout in [Layout.contiguous, .sliced] {
            let kernel = device.output(shape, layout, as: stored)
            let scale = device.output([shape[0], shape[1]], layout)
            device.device.gibbsKernel(
              device.input(similarity, layout), temperature: 0.03, into: kernel.view,
              rowScale: isShifted ? scale.view : nil, summing: nil)
            try check(device, similarity, kernel, isShifted ? scale : nil, temperature: 0.03)
          }
        }
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func gibbsKernelSumsItsColumns(device: TestDevice) throws {
    var random = RandomSource(seed: 132)
    for shape in [[2, 67, 45], [1, 13, 1025], [3, 0, 4], [1, 129, 3]] {
      let (similarity, weights) = (random.tensor(shape), random.tensor([shape[0], shape[1]]))
      let old = random.tensor([shape[0], shape[2]])
      for stored in device.storedTypes {
        for (isShifted, beta) in [(false, 0.0), (true, 0), (true, -0.5)] {
          let kernel = device.output(shape, as: stored)
          let scale = device.output([shape[0], shape[1]])
          let sums = device.output([shape[0], shape[2]], .sliced, initially: beta == 0 ? nil : old)
          device.device.gibbsKernel(
            device.input(similarity), temperature: 0.3, into: kernel.view, rowScale: isShifted ? scale.view : nil,
            summing: WeightedColumnSums(weights: device.input(weights, .sliced), sums: sums.view, beta: beta))
          // Of the values as they are stored.
          let expected = columnSums(
            HostTensor(shape, try kernel.values()), rowScale: isShifted ? try scale.values() : nil, weights.values,
            beta: beta, old: old)
          expectNone(mismatch(try sums.values(), expected, tolerance: 2 * device.elementType.sumTolerance), "\(shape)")
        }
      }
    }
  }

  @Test(arguments: Devices.underTest, [false, true])
  func gibbsKernelMayTakeTheSimilaritysPlace(device: TestDevice, isShifted: Bool) throws {
    var random = RandomSource(seed: 133)
    let similarity = random.tensor([2, 33, 519])
    let kernel = device.output([2, 33, 519], .sliced, initially: similarity)
    let scale = device.output([2, 33])
    device.device.gibbsKernel(
      kernel.view, temperature: 0.05, into: kernel.view, rowScale: isShifted ? scale.view : nil, summing: nil)
    try check(device, similarity, kernel, isShifted ? scale : nil, temperature: 0.05)
  }

  /// exp(-2 / 0.005) is 1e-174: only the shifted form has a float for each row's greatest element.
  @Test(arguments: Devices.underTest)
  func theShiftedFormHasNoVanishingRow(device: TestDevice) throws {
    var random = RandomSource(seed: 134)
    let similarity = HostTensor([1, 9, 40], random.signed(360).map { 0.125 * $0 - 0.75 })
    let (kernel, scale) = (device.output([1, 9, 40]), device.output([1, 9]))
    device.device.gibbsKernel(
      device.input(similarity), temperature: 0.005, into: kernel.view, rowScale: scale.view, summing: nil)
    try check(device, similarity, kernel, scale, temperature: 0.005)
    let rows = try kernel.values()
    for i in 0..<9 { #expect(rows[i * 40..<(i + 1) * 40].max() == 1) }
  }

  // MARK: - alternate

  @Test(arguments: Devices.underTest, Sizes.awkward)
  func alternateAgreesWithTheOracle(device: TestDevice, size: Int) throws {
    for shape in [[1, size, 5], [2, 7, size]] {
      for layout in [Layout.contiguous, .sliced] { try checkAlternate(device, shape, layout, beta: 0) }
    }
  }

  @Test(arguments: Devices.underTest)
  func alternateAddsToOldSums(device: TestDevice) throws {
    for beta in [1, -0.5] { try checkAlternate(device, [2, 70, 1027], .contiguous, beta: beta) }
  }

  private func checkAlternate(_ device: TestDevice, _ shape: [Int], _ layout: Layout, beta: Double) throws {
    var random = RandomSource(seed: 135)
    let (batch, rows, columns) = (shape[0], shape[1], shape[2])
    let (kernel, scale) = (random.shares(shape), random.shares([batch, rows]))
    let old = random.tensor([batch, columns])
    let (positive, signed) = (random.shares([batch, columns]), random.tensor([batch, columns]))
    let saved = random.shares([batch, rows])
    let epsilon = device.elementType.epsilon
    for stored in device.storedTypes {
      for rowScale in [nil, scale] {
        for isAdjoint in [false, true] {
          let x = isAdjoint ? signed : positive
          let result = device.output([batch, rows], layout)
          let sums = device.output([batch, columns], layout, initially: beta == 0 ? nil : old)
          device.device.alternate(
            device.input(kernel, layout, as: stored), rowScale: rowScale.map { device.input($0, layout) },
            device.input(x, layout),
            isAdjoint
              ? .adjoint(marginal: 0.25, scaling: device.input(saved, layout))
              : .scaling(marginal: 0.25, constant: 0.125),
            rows: result.view, columnSums: sums.view, beta: beta)
          var expected: [Double] = []
          var allowed: [Double] = []
          for i in 0..<batch * rows {
            var (sum, size) = (0.0, 0.0)
            for j in 0..<columns {
              let term = kernel.values[i * columns + j] * x.values[i / rows * columns + j] * (rowScale?.values[i] ?? 1)
              sum += term
              size += abs(term)
            }
            let slope = isAdjoint ? -saved.values[i] * saved.values[i] / 0.25 : 0
            expected.append(isAdjoint ? sum * slope : 0.25 / (sum + 0.125))
            let rounding = isAdjoint ? device.elementType.sumTolerance : oneSigned(device, columns)
            allowed.append((rounding + 4 * epsilon) * (isAdjoint ? abs(size * slope) : expected[i]))
          }
          let found = try result.values()
          expectNone(mismatch(found, expected, allowed: allowed), "\(shape) \(stored)")
          let totals = columnSums(kernel, rowScale: rowScale?.values, found, beta: beta, old: old)
          // All terms have one sign, in the oracle's sum too.
          expectNone(mismatch(try sums.values(), totals, tolerance: 2 * oneSigned(device, rows)), "\(shape)")
        }
      }
    }
  }

  // MARK: - project

  /// Kernel and weights have 7 bits, so their products are exact and many of them tie.
  @Test(arguments: Devices.underTest, Sizes.awkward.dropFirst())
  func projectAgreesWithTheOracle(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 136)
    for shape in [[1, size, 5], [2, 7, size], [1, 3, 17 * size], [2, 0, size]] {
      let (batch, rows, columns) = (shape[0], shape[1], shape[2])
      let (kernel, weights) = (random.shares(shape), random.shares([batch, columns]))
      let points = random.tensor([batch, columns, 3])
      var (mass, warped, sizes, match): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
      for i in 0..<batch * rows {
        let shares = (0..<columns).map { kernel.values[i * columns + $0] * weights.values[i / rows * columns + $0] }
        let sum = shares.reduce(0, +)
        mass.append(sum)
        match.append(Double(shares.firstIndex(of: shares.max() ?? 0) ?? -1))
        for c in 0..<3 {
          let terms = (0..<columns).map { shares[$0] * points.values[(i / rows * columns + $0) * 3 + c] / sum }
          warped.append(terms.reduce(0, +))
          sizes.append(terms.reduce(0) { $0 + abs($1) })
        }
      }
      for stored in device.storedTypes {
        for layout in [Layout.contiguous, .sliced] {
          let outputs = (
            device.output([batch, rows, 3], layout), device.output([batch, rows], layout),
            device.output([batch, rows], layout, as: .int32)
          )
          device.device.project(
            device.input(kernel, layout, as: stored), weights: device.input(weights, layout),
            points: device.input(points, layout), warped: outputs.0.view, mass: outputs.1.view, match: outputs.2.view)
          let tolerance = oneSigned(device, columns) + 4 * device.elementType.epsilon
          expectNone(mismatch(try outputs.0.values(), warped, allowed: sizes.map { tolerance * $0 }), "\(shape)")
          expectNone(mismatch(try outputs.1.values(), mass, relative: tolerance), "\(shape)")
          #expect(try outputs.2.values() == match, "\(shape) \(stored) \(layout)")
        }
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func theLowestColumnWinsATie(device: TestDevice) throws {
    let columns = 300
    // Before, at and after the edges of vectors and work-groups.
    let places = [0, 1, 15, 16, 255, 256, 287, 288, 298, 299]
    let pairs = places.flatMap { first in places.filter { $0 > first }.map { (first, $0) } }
    var kernel = HostTensor([1, pairs.count, columns], repeating: 0.25)
    for (row, pair) in pairs.enumerated() {
      for place in [pair.0, pair.1] { kernel.values[row * columns + place] = 0.5 }
    }
    for stored in device.storedTypes {
      let match = device.output([1, pairs.count], as: .int32)
      device.device.project(
        device.input(kernel, as: stored), weights: device.input(HostTensor([1, columns], repeating: 0.5)),
        points: device.input(HostTensor([1, columns, 3], repeating: 0)),
        warped: device.output([1, pairs.count, 3]).view, mass: device.output([1, pairs.count]).view, match: match.view)
      #expect(try match.values() == pairs.map { Double($0.0) })
    }
  }

  // MARK: - backproject

  @Test(arguments: Devices.underTest, Sizes.awkward)
  func backprojectAgreesWithTheOracle(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 137)
    for (shape, beta) in [([1, size, 5], 0.0), ([2, 7, size], 0.5)] {
      let (batch, rows, columns) = (shape[0], shape[1], shape[2])
      let (kernel, gradient) = (random.shares(shape), random.tensor([batch, 4, rows]))
      let (points, old) = (random.tensor([batch, columns, 3]), random.tensor([batch, columns]))
      var expected = started([batch, columns], beta: beta, old: old)
      for index in indices(of: shape) {
        let (b, i, j) = (index[0], index[1], index[2])
        for c in 0..<4 {
          let slope = gradient.values[(b * 4 + c) * rows + i]
          let coordinate = c < 3 ? points.values[(b * columns + j) * 3 + c] : 1
          let term = kernel.values[(b * rows + i) * columns + j] * slope * coordinate
          expected.tensor.values[b * columns + j] += term
          expected.magnitude[b * columns + j] += abs(term)
        }
      }
      for stored in device.storedTypes {
        for layout in [Layout.contiguous, .sliced] {
          let sums = device.output([batch, columns], layout, initially: beta == 0 ? nil : old)
          device.device.backproject(
            device.input(kernel, layout, as: stored), gradient: device.input(gradient, layout),
            points: device.input(points, layout), columnSums: sums.view, beta: beta)
          expectNone(mismatch(try sums.values(), expected, tolerance: 2 * device.elementType.sumTolerance), "\(shape)")
        }
      }
    }
  }

  /// <project b, g> = <b, backproject g>: the sums before they are divided by the mass.
  @Test(arguments: Devices.underTest)
  func backprojectIsAdjointToProject(device: TestDevice) throws {
    var random = RandomSource(seed: 138)
    let (rows, columns) = (37, 65)
    let kernel = device.input(random.shares([1, rows, columns]))
    let (weights, points) = (random.shares([1, columns]), device.input(random.tensor([1, columns, 3])))
    let gradient = random.tensor([1, 4, rows])
    let (warped, mass) = (device.output([1, rows, 3]), device.output([1, rows]))
    let (match, sums) = (device.output([1, rows], as: .int32), device.output([1, columns]))
    device.device.project(
      kernel, weights: device.input(weights), points: points, warped: warped.view, mass: mass.view, match: match.view)
    device.device.backproject(
      kernel, gradient: device.input(gradient), points: points, columnSums: sums.view, beta: 0)
    let (w, z) = (try warped.values(), try mass.values())
    var (left, scale) = (0.0, 0.0)
    for i in 0..<rows {
      for c in 0..<4 {
        let term = gradient.values[c * rows + i] * z[i] * (c < 3 ? w[i * 3 + c] : 1)
        left += term
        scale += abs(term)
      }
    }
    let right = dot(weights.values, try sums.values())
    #expect(abs(left - right) <= 4 * device.elementType.sumTolerance * scale)
  }

  // MARK: - lowRankHadamard

  @Test(arguments: Devices.underTest, Sizes.awkward)
  func lowRankHadamardAgreesWithTheOracle(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 139)
    for (shape, rank) in [([1, size, 5], 13), ([2, 7, size], 3), ([1, 6, 2051], 1), ([1, 2, 3], size)] {
      let (batch, rows, columns) = (shape[0], shape[1], shape[2])
      let kernel = random.shares(shape)
      let (left, right) = (random.tensor([batch, rank, rows]), random.tensor([batch, rank, columns]))
      var expected = SummedTensor(shape)
      for (position, index) in indices(of: shape).enumerated() {
        for k in 0..<rank {
          let (u, v) = ((index[0] * rank + k) * rows + index[1], (index[0] * rank + k) * columns + index[2])
          let term = -1.5 * kernel.values[position] * left.values[u] * right.values[v]
          expected.tensor.values[position] += term
          expected.magnitude[position] += abs(term)
        }
      }
      for stored in device.storedTypes {
        for layout in [Layout.contiguous, .sliced] {
          let result = device.output(shape, layout)
          device.device.lowRankHadamard(
            device.input(kernel, layout, as: stored), left: device.input(left, layout),
            right: device.input(right, layout), scale: -1.5, into: result.view)
          expectNone(mismatch(try result.values(), expected, tolerance: device.elementType.sumTolerance), "\(shape)")
        }
      }
    }
  }

  // MARK: - Twins and seams

  @Test(arguments: Devices.underTest, [false, true])
  func agreeWithTheirCompositions(device: TestDevice, isShifted: Bool) throws {
    for stored in device.storedTypes {
      let fused = try everyPass(device, stored, isShifted: isShifted, .fused)
      let composed = try everyPass(device, stored, isShifted: isShifted, .composed)
      for (name, values) in fused {
        let twin = try #require(composed[name])
        // A bfloat16 kernel may round the other way where the exponentials differ in the last bit.
        let relative = name == "kernel" && stored == .bfloat16 ? 0x1p-7 : 64 * device.elementType.epsilon
        expectNone(
          mismatch(values, twin, relative: relative, absolute: 256 * device.elementType.epsilon), "\(name) \(stored)")
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func everyPassMarksWhatItWrites(device: TestDevice) throws {
    let operands = Operands(device, device.elementType)
    for (name, read, written, run) in operands.passes(device.device, isShifted: true, .fused) {
      let before = (read.map(\.buffer.version), written.map(\.buffer.version))
      run()
      #expect(read.map(\.buffer.version) == before.0, "\(name) reads")
      #expect(zip(written, before.1).allSatisfy { $0.buffer.version > $1 }, "\(name) writes")
    }
    try device.device.synchronize()
  }

  private func everyPass(
    _ device: TestDevice, _ stored: ElementType, isShifted: Bool, _ form: Operands.Form
  ) throws -> [String: [Double]] {
    let operands = Operands(device, stored)
    for pass in operands.passes(device.device, isShifted: isShifted, form) { pass.run() }
    return try operands.results()
  }

  @Test func theRulesSayWhatFits() {
    let (kernel, rows, columns) = (view([2, 5, 7]), view([2, 5]), view([2, 7]))
    func refusal(_ rule: () throws -> Void) -> String? {
      do {
        try rule()
        return nil
      } catch { return (error as? ComputeError)?.what }
    }
    func alternate(
      _ kernel: TensorView, _ x: TensorView, rows: TensorView, sums: TensorView, scale: TensorView? = nil,
      _ step: ScalingStep = .scaling(marginal: 1, constant: 0)
    ) -> String? {
      refusal { try alternateRule(kernel, rowScale: scale, x, step, rows: rows, columnSums: sums) }
    }
    #expect(alternate(kernel, columns, rows: rows, sums: columns, scale: rows) == nil)
    #expect(alternate(view([2, 5, 7], .bfloat16), columns, rows: rows, sums: columns) == nil)
    #expect(
      alternate(view([5, 7]), columns, rows: rows, sums: columns)
        == "alternate: the kernel has shape [5, 7] and strides [7, 1]")
    #expect(
      alternate(kernel.transposed, rows, rows: columns, sums: rows)
        == "alternate: the kernel has shape [2, 7, 5] and strides [35, 1, 7]")
    #expect(
      alternate(view([2, 5, 7], .bfloat16), view([2, 7], .float64), rows: rows, sums: columns)
        == "alternate: the kernel holds bfloat16, the other operands float64")
    #expect(alternate(kernel, rows, rows: rows, sums: columns) == "alternate: x is float32 [2, 5], not float32 [2, 7]")
    #expect(
      alternate(kernel, columns, rows: rows, sums: columns, .adjoint(marginal: 1, scaling: columns))
        == "alternate: the saved scaling is float32 [2, 7], not float32 [2, 5]")
    #expect(
      alternate(kernel, columns, rows: view([5, 2]).transposed, sums: columns)
        == "alternate: rows has strides [1, 2]")
    #expect(
      refusal { try gibbsKernelRule(kernel, temperature: 0, into: kernel, rowScale: nil, summing: nil) }
        == "gibbsKernel: the temperature is 0.0")
    #expect(
      refusal {
        try projectRule(
          kernel, weights: columns, points: view([2, 7, 3]), warped: view([2, 5, 3]), mass: rows, match: rows)
      } == "project: match is float32 [2, 5], not int32 [2, 5]")
    #expect(
      refusal {
        try projectRule(
          view([2, 5, 0]), weights: view([2, 0]), points: view([2, 0, 3]), warped: view([2, 5, 3]), mass: rows,
          match: view([2, 5], .int32))
      } == "project: the kernel has no columns")
    #expect(
      refusal { try backprojectRule(kernel, gradient: view([2, 3, 5]), points: view([2, 7, 3]), columnSums: columns) }
        == "backproject: gradient is float32 [2, 3, 5], not float32 [2, 4, 5]")
    #expect(
      refusal { try lowRankHadamardRule(kernel, left: view([2, 3, 5]), right: view([2, 4, 7]), into: kernel) }
        == "lowRankHadamard: right is float32 [2, 4, 7], not float32 [2, 3, 7]")
  }

  private func view(_ shape: [Int], _ type: ElementType = .float32) -> TensorView {
    TensorView(buffer: Buffer(byteCount: 4096), elementType: type, shape: shape)
  }

  // MARK: - Oracles

  /// exp((M - peak) / temperature), and in the shifted form the scale of each row.
  private func check(
    _ device: TestDevice, _ similarity: HostTensor, _ kernel: GuardedOutput, _ scale: GuardedOutput?,
    temperature: Double
  ) throws {
    let columns = similarity.shape[2]
    var (expected, scales) = (similarity.values, [Double]())
    for i in 0..<similarity.shape[0] * similarity.shape[1] {
      let row = similarity.values[i * columns..<(i + 1) * columns]
      let peak = scale == nil ? 1 : row.max() ?? -.infinity
      for j in 0..<columns { expected[i * columns + j] = exp((row[i * columns + j] - peak) / temperature) }
      scales.append(exp((peak - 1) / temperature))
    }
    // The exponent, of size 2 / temperature at most, is rounded; so is the exponential. Below 1e-37 a float's own
    // grain shows.
    let relative = (2 / temperature + 8) * device.elementType.epsilon
    let storage = kernel.view.elementType == .bfloat16 ? 0x1p-8 : 0
    let grain = device.elementType == .float32 ? 1e-37 : 0
    expectNone(
      mismatch(try kernel.values(), expected, relative: relative + storage, absolute: grain), "\(similarity.shape)")
    if let scale { expectNone(mismatch(try scale.values(), scales, relative: relative, absolute: grain)) }
  }

  private func columnSums(
    _ kernel: HostTensor, rowScale: [Double]?, _ weights: [Double], beta: Double, old: HostTensor
  ) -> SummedTensor {
    let (rows, columns) = (kernel.shape[1], kernel.shape[2])
    var result = started([kernel.shape[0], columns], beta: beta, old: old)
    for i in weights.indices {
      for j in 0..<columns {
        let term = kernel.values[i * columns + j] * weights[i] * (rowScale?[i] ?? 1)
        result.tensor.values[i / rows * columns + j] += term
        result.magnitude[i / rows * columns + j] += abs(term)
      }
    }
    return result
  }

  private func started(_ shape: [Int], beta: Double, old: HostTensor) -> SummedTensor {
    var result = SummedTensor(shape)
    if beta != 0 {
      result.tensor.values = old.values.map { beta * $0 }
      result.magnitude = result.values.map(abs)
    }
    return result
  }

  private func oneSigned(_ device: TestDevice, _ length: Int) -> Double {
    device.elementType.sumTolerance(oneSignedTerms: length)
  }
}

/// Operands of every pass at one shape, for comparing forms of the same pass.
private struct Operands {
  enum Form { case fused, composed }
  typealias Pass = (name: String, read: [TensorView], written: [TensorView], run: () -> Void)

  private let similarity, gibbs, kernel, scale, newScale, weights, x, saved, points, gradient: TensorView
  private let left, right, rows, sums, warped, mass, match, back, product: TensorView
  private let device: any Device

  init(_ test: TestDevice, _ stored: ElementType) {
    var random = RandomSource(seed: 141)
    let (b, n, m) = (2, 37, 301)
    device = test.device
    func zeros(_ shape: [Int], _ type: ElementType? = nil) -> TensorView {
      let view = test.device.allocate(type ?? test.elementType, shape)
      test.device.fill(view, with: 0)
      return view
    }
    similarity = test.input(random.tensor([b, n, m]))
    (gibbs, newScale) = (zeros([b, n, m], stored), zeros([b, n]))
    (kernel, scale) = (test.input(random.shares([b, n, m]), as: stored), test.input(random.shares([b, n])))
    (weights, x, saved) = (
      test.input(random.tensor([b, n])), test.input(random.shares([b, m])), test.input(random.shares([b, n]))
    )
    (points, gradient) = (test.input(random.tensor([b, m, 3])), test.input(random.tensor([b, 4, n])))
    (left, right) = (test.input(random.tensor([b, 13, n])), test.input(random.tensor([b, 13, m])))
    (rows, sums, warped, mass) = (zeros([b, n]), zeros([b, m]), zeros([b, n, 3]), zeros([b, n]))
    (match, back, product) = (zeros([b, n], .int32), zeros([b, m]), zeros([b, n, m]))
  }

  /// Every pass once; each adds to or overwrites results of its own.
  func passes(_ d: any Device, isShifted: Bool, _ form: Form) -> [Pass] {
    let summing = WeightedColumnSums(weights: weights, sums: sums, beta: 0)
    let (scale, newScale) = (isShifted ? self.scale : nil, isShifted ? self.newScale : nil)
    let steps: [ScalingStep] = [
      .scaling(marginal: 0.5, constant: 0.25), .adjoint(marginal: 2, scaling: saved),
    ]
    let isFused = form == .fused
    var passes: [Pass] = [
      (
        "gibbsKernel", [similarity, weights], [gibbs, sums] + (newScale.map { [$0] } ?? []),
        {
          let pass = isFused ? d.gibbsKernel : d.composedGibbsKernel
          pass(similarity, 0.25, gibbs, newScale, summing)
        }
      ),
      (
        "project", [kernel, x, points], [warped, mass, match],
        { (isFused ? d.project : d.composedProject)(kernel, x, points, warped, mass, match) }
      ),
      (
        "backproject", [kernel, gradient, points], [back],
        { (isFused ? d.backproject : d.composedBackproject)(kernel, gradient, points, back, 0) }
      ),
      (
        "lowRankHadamard", [kernel, left, right], [product],
        { (isFused ? d.lowRankHadamard : d.composedLowRankHadamard)(kernel, left, right, 0.5, product) }
      ),
    ]
    for step in steps {
      passes.append(
        (
          "alternate", [kernel, x, saved] + (scale.map { [$0] } ?? []), [rows, sums],
          { (isFused ? d.alternate : d.composedAlternate)(kernel, scale, x, step, rows, sums, 0.5) }
        ))
    }
    return passes
  }

  func results() throws -> [String: [Double]] {
    let wide = device.allocate(similarity.elementType, gibbs.shape)
    device.copy(gibbs, to: wide)
    let views = [
      "kernel": wide, "scale": newScale, "sums": sums, "rows": rows, "warped": warped, "mass": mass, "back": back,
      "product": product,
    ]
    var results = try views.mapValues { try device.downloadDoubles($0) }
    results["match"] = try device.download(match, as: Int32.self).map(Double.init)
    return results
  }
}

extension TestDevice {
  /// What a kernel may be stored in beside this real type.
  fileprivate var storedTypes: [ElementType] { elementType == .float32 ? [.float32, .bfloat16] : [elementType] }
}

extension RandomSource {
  /// Multiples of 1/128 in (0, 1]: exact in bfloat16, and so are their products in float32.
  fileprivate mutating func shares(_ shape: [Int]) -> HostTensor {
    HostTensor(shape, (0..<shape.reduce(1, *)).map { _ in Double(Int.random(in: 1...128, using: &self)) / 128 })
  }
}
