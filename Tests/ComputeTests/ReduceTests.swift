import Compute
import TestSupport
import Testing

struct ReduceTests {
  /// Every choice of reduced axes of a domain of three axes.
  private static let patterns = indices(of: [2, 2, 2])

  @Test(arguments: Devices.underTest, Reduction.allCases)
  func everyPatternOfAxes(device: TestDevice, reduction: Reduction) throws {
    var random = RandomSource(seed: 21)
    for domain in [[5, 17, 3], [2, 1, 129], [1, 65, 2]] {
      let x = random.tensor(domain)
      for pattern in Self.patterns {
        let shape = zip(domain, pattern).map { $1 == 0 ? $0 : 1 }
        for layout in Layout.allCases {
          let y = device.output(shape)
          device.device.reduce(
            reduction, .identity, [device.input(x, layout)], scalars: [], domain: domain, into: [y.view])
          let expected = Oracle.reduce(reduction, .identity, [x], domain: domain, shape: shape)[0]
          let tolerance = reduction == .sum ? device.elementType.sumTolerance : 0
          expectNone(mismatch(try y.values(), expected, tolerance: tolerance), "\(domain) to \(shape), \(layout)")
        }
      }
    }
  }

  @Test(arguments: Devices.underTest, Sizes.awkwardLong)
  func sizesAroundTiles(device: TestDevice, count: Int) throws {
    var random = RandomSource(seed: UInt64(count) + 1)
    let x = random.tensor([count])
    for reduction in Reduction.allCases {
      let y = device.output([1])
      device.device.reduce(reduction, .identity, [device.input(x)], scalars: [], domain: [count], into: [y.view])
      let expected = Oracle.reduce(reduction, .identity, [x], domain: [count], shape: [1])[0]
      let tolerance = reduction == .sum ? device.elementType.sumTolerance : 0
      expectNone(mismatch(try y.values(), expected, tolerance: tolerance), "\(reduction)")
    }
  }

  /// Rows too many for one work-group, columns too few to share: what bias gradients look like.
  @Test(arguments: Devices.underTest)
  func tallAndWideDomains(device: TestDevice) throws {
    var random = RandomSource(seed: 22)
    for (domain, shape) in [
      ([3001, 3], [1, 3]), ([3, 3001], [3, 1]), ([7, 601, 2], [1, 1, 2]), ([7, 2, 601], [7, 1, 1]),
    ] {
      let x = random.tensor(domain)
      let y = device.output(shape)
      device.device.reduce(.sum, .identity, [device.input(x)], scalars: [], domain: domain, into: [y.view])
      let expected = Oracle.reduce(.sum, .identity, [x], domain: domain, shape: shape)[0]
      expectNone(mismatch(try y.values(), expected, tolerance: device.elementType.sumTolerance), "\(domain)")
    }
  }

  @Test(arguments: Devices.underTest)
  func aProgramOfBroadcastInputsIsReduced(device: TestDevice) throws {
    var random = RandomSource(seed: 23)
    let domain = [5, 1, 33, 7]
    let inputs = [[5, 1, 33, 7], [33, 1], [7], [5, 1, 1, 1]].map { random.tensor($0) }
    let program = ElementwiseProgram("terms", inputs: 4, scalars: 1) { x, s in
      [x[0] * x[1] - s[0] * x[2], abs(x[0] + x[3])]
    }
    for shape in [[1, 1, 1, 1], [5, 1, 1, 7], [1, 1, 33, 1], [5, 1, 33, 7]] {
      let outputs = [device.output(shape), device.output(shape)]
      device.device.reduce(
        .sum, program, inputs.map { device.input($0, .sliced) }, scalars: [0.5], domain: domain,
        into: outputs.map(\.view))
      let expected = Oracle.reduce(.sum, program, inputs, scalars: [0.5], domain: domain, shape: shape)
      for (output, expected) in zip(outputs, expected) {
        // The second program's terms are all positive; its longest sum has 1155 of them.
        let tolerance = device.elementType.sumTolerance(oneSignedTerms: 1155)
        expectNone(mismatch(try output.values(), expected, tolerance: tolerance), "\(shape)")
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func reductionsOfNothing(device: TestDevice) throws {
    for (reduction, neutral) in [(Reduction.sum, 0), (.maximum, -Double.infinity), (.minimum, .infinity)] {
      let y = device.output([2, 1, 3])
      let x = device.input(HostTensor([2, 0, 3], []))
      device.device.reduce(reduction, .identity, [x], scalars: [], domain: [2, 0, 3], into: [y.view])
      #expect(try y.values() == [Double](repeating: neutral, count: 6))
      let none = device.output([0, 1, 3])
      let empty = device.input(HostTensor([0, 4, 3], []))
      device.device.reduce(reduction, .identity, [empty], scalars: [], domain: [0, 4, 3], into: [none.view])
      #expect(try none.values() == [])
    }
  }

  @Test(arguments: Devices.underTest)
  func aLongOneSignedSumKeepsItsDigits(device: TestDevice) throws {
    let count = 262_147
    let y = device.output([1])
    let x = device.input(HostTensor([1], [0.1]))
    device.device.reduce(.sum, .identity, [x], scalars: [], domain: [count], into: [y.view])
    let term = device.elementType == .float32 ? Double(Float(0.1)) : 0.1
    // Tiles bound the length of a running sum; 4096 terms are more than any tile.
    expectNone(
      mismatch(
        try y.values(), [Double(count) * term],
        relative: device.elementType.sumTolerance(oneSignedTerms: 4096)))
  }

  @Test(arguments: Devices.underTest)
  func aSumWithNaNIsNaN(device: TestDevice) throws {
    var x = HostTensor([1000], repeating: 1)
    x.values[777] = .nan
    let y = device.output([1])
    device.device.reduce(.sum, .identity, [device.input(x)], scalars: [], domain: [1000], into: [y.view])
    #expect(try y.values()[0].isNaN)
  }
}

struct ArgReduceTests {
  @Test(arguments: Devices.underTest, Layout.allCases)
  func theFirstOfEqualsWins(device: TestDevice, layout: Layout) throws {
    var random = RandomSource(seed: 24)
    for shape in [[1], [5, 1], [3, 7], [2, 3, 65], [4, 257], [1, 1025], [0, 3]] {
      // Few different values, so that most rows have ties.
      let count = shape.reduce(1, *)
      let x = HostTensor(shape, (0..<count).map { _ in Double(Int.random(in: 0..<4, using: &random)) - 1.5 })
      for reduction in [Reduction.maximum, .minimum] {
        let index = device.output(shape.dropLast(), as: .int32)
        device.device.argReduce(reduction, device.input(x, layout), into: index.view)
        let n = shape.last!
        let expected = stride(from: 0, to: count, by: n).map { start -> Double in
          let row = x.values[start..<start + n]
          let best = reduction == .maximum ? row.max()! : row.min()!
          return Double(row.firstIndex(of: best)! - start)
        }
        #expect(try index.values() == expected, "\(reduction) of \(shape)")
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func infinitiesCount(device: TestDevice) throws {
    let x = device.input(HostTensor([2, 3], [-.infinity, -.infinity, -.infinity, 1, .infinity, .infinity]))
    let index = device.output([2], as: .int32)
    device.device.argReduce(.maximum, x, into: index.view)
    #expect(try index.values() == [0, 1])
  }
}

struct LogSumExpTests {
  @Test(arguments: Devices.underTest, Layout.allCases)
  func agreesWithTheOracle(device: TestDevice, layout: Layout) throws {
    var random = RandomSource(seed: 25)
    for shape in [[1], [3, 1], [5, 17], [2, 3, 129], [2, 2049]] {
      let x = HostTensor(shape, random.signed(shape.reduce(1, *)).map { 4 * $0 })
      let y = device.output(shape.dropLast() + [1])
      device.device.logSumExp(device.input(x, layout), into: y.view)
      let n = shape.last!
      let expected = stride(from: 0, to: x.values.count, by: n).map { logSumExp(Array(x.values[$0..<$0 + n])) }
      // exp and log add a few units in the last place of values of size 4 + log(n).
      expectNone(mismatch(try y.values(), expected, relative: 0, absolute: 64 * device.elementType.epsilon))
    }
  }

  @Test(arguments: Devices.underTest)
  func largeAndInfiniteArgumentsDoNotOverflow(device: TestDevice) throws {
    let rows: [[Double]] = [
      [1000, 1000], [-1000, -1000], [0, -.infinity], [-.infinity, -.infinity], [1, .infinity],
    ]
    let x = device.input(HostTensor([5, 2], rows.flatMap { $0 }))
    let y = device.output([5, 1])
    device.device.logSumExp(x, into: y.view)
    let log2 = logSumExp([0, 0])
    expectNone(
      mismatch(
        try y.values(), [1000 + log2, -1000 + log2, 0, -.infinity, .infinity],
        relative: 2 * device.elementType.epsilon))
  }

  @Test(arguments: Devices.underTest)
  func nothingGivesMinusInfinity(device: TestDevice) throws {
    let y = device.output([2, 1])
    device.device.logSumExp(device.input(HostTensor([2, 0], [])), into: y.view)
    #expect(try y.values() == [-.infinity, -.infinity])
  }
}
