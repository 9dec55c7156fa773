import Compute
import TestSupport
import Testing

struct IndexTests {
  @Test(arguments: Devices.underTest, Sizes.awkward)
  func gatherPicksRows(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 61)
    for (batch, sourceRows, count, width) in [(1, 9, size, 5), (2, 7, 11, size), (2, max(size, 1), 6, 3)] {
      let rows = (0..<count).map { _ in Int.random(in: 0..<sourceRows, using: &random) }
      let index = RowIndex(rows.map(Int32.init), sourceRows: sourceRows, on: device.device)
      let x = random.tensor([batch, sourceRows, width])
      for layout in [Layout.contiguous, .sliced] {
        let y = device.output([batch, count, width], layout)
        device.device.gather(device.input(x, layout), index, into: y.view)
        let expected = indices(of: [batch, count, width]).map { x[broadcasting: [$0[0], rows[$0[1]], $0[2]]] }
        #expect(try y.values() == expected, "\(layout)")
      }
    }
  }

  @Test(arguments: Devices.underTest, Sizes.awkward)
  func scatterAddSumsDuplicates(device: TestDevice, size: Int) throws {
    var random = RandomSource(seed: 62)
    for (batch, sourceRows, count, width) in [(1, 5, size, 3), (2, 4, 9, size), (2, max(size, 1), 7, 3)] {
      // Row 0 gets about half of everything, the last row nothing.
      let rows = (0..<count).map { $0 % 2 == 0 ? 0 : Int.random(in: 0..<max(sourceRows - 1, 1), using: &random) }
      let index = RowIndex(rows.map(Int32.init), sourceRows: sourceRows, on: device.device)
      let (x, old) = (random.tensor([batch, count, width]), random.tensor([batch, sourceRows, width]))
      for beta in [0.0, 1.0, -0.5] {
        var expected = SummedTensor([batch, sourceRows, width])
        if beta != 0 {
          expected.tensor.values = old.values.map { beta * $0 }
          expected.magnitude = expected.values.map(abs)
        }
        for (position, place) in indices(of: [batch, count, width]).enumerated() {
          let target = (place[0] * sourceRows + rows[place[1]]) * width + place[2]
          expected.tensor.values[target] += x.values[position]
          expected.magnitude[target] += abs(x.values[position])
        }
        for layout in [Layout.contiguous, .sliced] {
          let y = device.output([batch, sourceRows, width], layout, initially: beta == 0 ? nil : old)
          device.device.scatterAdd(device.input(x, layout), index, into: y.view, beta: beta)
          expectNone(mismatch(try y.values(), expected, tolerance: device.elementType.sumTolerance), "beta \(beta)")
        }
      }
    }
  }

  /// <gather x, y> = <x, scatterAdd y>.
  @Test(arguments: Devices.underTest)
  func gatherAndScatterAddAreAdjoint(device: TestDevice) throws {
    var random = RandomSource(seed: 63)
    let rows = (0..<50).map { _ in Int32.random(in: 0..<13, using: &random) }
    let index = RowIndex(rows, sourceRows: 13, on: device.device)
    let (x, y) = (random.tensor([2, 13, 6]), random.tensor([2, 50, 6]))
    let (gathered, scattered) = (device.output([2, 50, 6]), device.output([2, 13, 6]))
    device.device.gather(device.input(x), index, into: gathered.view)
    device.device.scatterAdd(device.input(y), index, into: scattered.view, beta: 0)
    let scale = dot(try gathered.values().map(abs), y.values.map(abs))
    #expect(
      abs(dot(try gathered.values(), y.values) - dot(x.values, try scattered.values()))
        <= device.elementType.sumTolerance * scale)
  }

  /// Each batch element may have a list of its own, made on the host or read from the device.
  @Test(arguments: Devices.underTest)
  func everySampleMayHaveItsOwnList(device: TestDevice) throws {
    var random = RandomSource(seed: 64)
    let (batch, sourceRows, count, width) = (3, 5, 7, 4)
    let rows = (0..<batch * count).map { _ in Int32.random(in: 0..<Int32(sourceRows), using: &random) }
    let copied = try RowIndex(
      copying: device.device.upload(rows, [batch, count]), sourceRows: sourceRows, on: device.device)
    for index in [RowIndex(rows, lists: batch, sourceRows: sourceRows, on: device.device), copied] {
      let (x, y) = (random.tensor([batch, sourceRows, width]), random.tensor([batch, count, width]))
      let (gathered, scattered) = (device.output([batch, count, width]), device.output([batch, sourceRows, width]))
      device.device.gather(device.input(x), index, into: gathered.view)
      device.device.scatterAdd(device.input(y), index, into: scattered.view, beta: 0)
      var sums = SummedTensor([batch, sourceRows, width])
      var picked: [Double] = []
      for (position, place) in indices(of: [batch, count, width]).enumerated() {
        let row = Int(rows[place[0] * count + place[1]])
        picked.append(x[broadcasting: [place[0], row, place[2]]])
        let target = (place[0] * sourceRows + row) * width + place[2]
        sums.tensor.values[target] += y.values[position]
        sums.magnitude[target] += abs(y.values[position])
      }
      #expect(try gathered.values() == picked)
      expectNone(mismatch(try scattered.values(), sums, tolerance: device.elementType.sumTolerance))
    }
  }
}
