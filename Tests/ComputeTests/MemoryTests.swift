import Compute
import TestSupport
import Testing

struct MemoryTests {
  /// After the first round of a fixed set of allocations the system is not asked again.
  @Test(arguments: Devices.each)
  func thePoolServesEveryLaterRound(device: TestDevice) throws {
    let device = try device.fresh().device
    var counts: [Int] = []
    for _ in 0..<4 {
      do {
        let views = [1, 100, 4096, 65_537, 300_000, 100, 100].map { device.allocate(.float32, [$0]) }
        for view in views { device.fill(view, with: 1) }
        try device.synchronize()
      }
      // Buffers may go back to the pool only when work that uses them has ended.
      try device.synchronize()
      counts.append(device.memoryStatistics.systemAllocationCount)
    }
    #expect(counts[0] > 0)
    #expect(counts.allSatisfy { $0 == counts[0] }, "\(counts)")
  }

  @Test(arguments: Devices.each)
  func liveBytesFollowTheBuffers(device: TestDevice) throws {
    let device = try device.fresh().device
    let before = device.memoryStatistics.liveByteCount
    do {
      let view = device.allocate(.float64, [1000])
      let during = device.memoryStatistics
      #expect(during.liveByteCount >= before + 8000)
      #expect(during.peakLiveByteCount >= during.liveByteCount)
      #expect(during.mappedByteCount >= 8000)
      try device.synchronize()
      #expect(view.buffer.byteCount >= 8000)
    }
    try device.synchronize()
    #expect(device.memoryStatistics.liveByteCount == before)
    #expect(device.memoryStatistics.peakLiveByteCount >= before + 8000)
  }

  @Test(arguments: Devices.each)
  func trimmingGivesUnusedMemoryBack(device: TestDevice) throws {
    let device = try device.fresh().device
    let kept = device.upload([Float](repeating: 3, count: 1000), [1000])
    do {
      let view = device.allocate(.float32, [1 << 20])
      device.fill(view, with: 1)
      try device.synchronize()
    }
    try device.synchronize()
    let before = device.memoryStatistics.mappedByteCount
    device.trimPool()
    #expect(device.memoryStatistics.mappedByteCount <= before - (4 << 20))
    #expect(try device.download(kept, as: Float.self) == [Float](repeating: 3, count: 1000))
  }

  @Test(arguments: Devices.each)
  func emptyBuffersAreValid(device: TestDevice) throws {
    let device = device.device
    let empty = device.upload([Float](), [0, 3])
    device.fill(empty, with: 1)
    device.copy(empty, to: device.allocate(.float64, [0, 3]))
    #expect(try device.download(empty, as: Float.self) == [])
    try device.synchronize()
  }

  @Test(arguments: Devices.each)
  func uploadsMayReuseTheirSourceAtOnce(device: TestDevice) throws {
    let device = device.device
    let view = device.allocate(.int32, [4099])
    var values = (0..<4099).map(Int32.init)
    device.upload(values, to: view)
    let expected = values
    for k in values.indices { values[k] = -1 }
    #expect(try device.download(view, as: Int32.self) == expected)
  }

  @Test(arguments: Devices.underTest)
  func uploadsConvertBetweenRealTypes(device: TestDevice) throws {
    let view = device.device.allocate(device.elementType, [2])
    device.device.upload([Float(0.5), -3], to: view)
    #expect(try device.device.downloadDoubles(view) == [0.5, -3])
    device.device.upload([0.1, 2], to: view)
    #expect(try device.device.downloadDoubles(view) == [device.elementType == .float32 ? Double(Float(0.1)) : 0.1, 2])
  }

  /// A download may start anywhere, and a strided view arrives in row-major order.
  @Test(arguments: Devices.each)
  func downloadsOfViews(device: TestDevice) throws {
    let device = device.device
    let view = device.upload((0..<60).map(Float.init), [3, 4, 5])
    #expect(try device.download(view.selecting(axis: 0, 1), as: Float.self) == (20..<40).map(Float.init))
    let every = try device.download(view.transposed(0, 2).sliced(axis: 0, 1..<5, step: 3), as: Float.self)
    #expect(every == [1, 21, 41, 6, 26, 46, 11, 31, 51, 16, 36, 56, 4, 24, 44, 9, 29, 49, 14, 34, 54, 19, 39, 59])
  }

  @Test(arguments: Devices.each, Layout.allCases)
  func fillsOfEveryTypeAndLayout(device: TestDevice, layout: Layout) throws {
    for type in ElementType.allCases where device.holds(type) {
      for shape in [[], [1], [5, 7], [2, 3, 33]] {
        let view = device.output(shape, layout, as: type)
        device.device.fill(view.view, with: 3)
        #expect(try view.values().allSatisfy { $0 == 3 }, "\(type) \(shape)")
      }
    }
  }

  @Test(arguments: Devices.underTest)
  func fillsRoundOnce(device: TestDevice) throws {
    let view = device.output([3])
    device.device.fill(view.view, with: 0.1)
    let stored = device.elementType == .float32 ? Double(Float(0.1)) : 0.1
    #expect(try view.values() == [stored, stored, stored])
  }
}

struct CopyTests {
  private static let layouts = Layout.allCases

  @Test(arguments: Devices.each, ElementType.allCases)
  func everyPairOfTypesAndLayouts(device: TestDevice, from: ElementType) throws {
    guard device.holds(from) else { return }
    // Whole numbers that all types hold exactly.
    let shape = [3, 5, 7]
    let x = HostTensor(shape, (0..<105).map { Double($0 + 20) })
    for to in ElementType.allCases where device.holds(to) {
      for source in Self.layouts {
        for destination in Self.layouts {
          let y = device.output(shape, destination, as: to)
          device.device.copy(device.input(x, source, as: from), to: y.view)
          #expect(try y.values() == x.values, "to \(to), \(source) to \(destination)")
        }
      }
    }
  }

  @Test(arguments: Devices.each)
  func signsAndLargeNumbersSurvive(device: TestDevice) throws {
    for (from, to, values): (ElementType, ElementType, [Double]) in [
      (.int32, .int64, [-5, 2_147_483_647, -2_147_483_648]), (.int64, .int32, [-5, 2_147_483_647, -2_147_483_648]),
      (.int64, .int64, [-0x1p52, 0x1p52]), (.int32, .float32, [-16_777_216, 16_777_215]),
      (.float32, .int32, [-7, 12_345]), (.float32, .bfloat16, [-1.5, .infinity, -.infinity, .nan]),
      (.bfloat16, .float32, [-1.5, .infinity, -.infinity, .nan]), (.float32, .float32, [-0.0, .nan, 0x1p-140]),
    ] {
      let y = device.output([values.count], as: to)
      device.device.copy(device.input(HostTensor([values.count], values), as: from), to: y.view)
      expectNone(mismatch(try y.values(), values, relative: 0), "\(from) to \(to)")
    }
  }

  @Test(arguments: Devices.each)
  func narrowingRoundsToNearestEven(device: TestDevice) throws {
    // bfloat16 keeps 8 bits: 1 + 2^-8 lies between 1 and 1 + 2^-7 and goes to the even one.
    let x = HostTensor([5], [1 + 0x1p-8, 1 + 0x3p-8, 1 + 0x1p-8 + 0x1p-20, -(1 + 0x1p-8), 3.140625 + 0x1p-9])
    let half = device.output([5], as: .bfloat16)
    device.device.copy(device.input(x, as: .float32), to: half.view)
    #expect(try half.values() == [1, 1 + 0x1p-6, 1 + 0x1p-7, -1, 3.140625])
    // float32 keeps 24 bits.
    let wide = HostTensor([3], [16_777_217, 16_777_219, -16_777_217])
    for type in [ElementType.int32, .int64, .float64] where device.holds(type) {
      let single = device.output([3], as: .float32)
      device.device.copy(device.input(wide, as: type), to: single.view)
      #expect(try single.values() == [16_777_216, 16_777_220, -16_777_216], "\(type)")
    }
  }

  @Test(arguments: Devices.underTest, Sizes.awkwardLong)
  func sizesAroundTiles(device: TestDevice, count: Int) throws {
    var random = RandomSource(seed: 81)
    let x = random.tensor([count])
    let y = device.output([count])
    device.device.copy(device.input(x, .strided), to: y.view)
    #expect(try y.values() == x.values)
  }

  @Test(arguments: Devices.underTest)
  func aBroadcastIsWrittenOut(device: TestDevice) throws {
    let y = device.output([2, 3, 2], .sliced)
    device.device.copy(device.input(HostTensor([3, 1], [1, 2, 3])).broadcast(to: [2, 3, 2]), to: y.view)
    #expect(try y.values() == [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3])
  }
}

struct StreamTests {
  /// The compute stream reads what the data stream uploaded, and the data stream overwrites it only afterwards.
  @Test(arguments: Devices.each)
  func eventsOrderTheStreams(device: TestDevice) throws {
    let device = try device.fresh().device
    let count = 100_003
    let batch = device.allocate(.float32, [count])
    let sum = device.allocate(.float32, [1])
    let total = device.upload([Float(0)], [1])
    let add = ElementwiseProgram("add", inputs: 2) { x, _ in [x[0] + x[1]] }
    for round in 1...8 {
      device.upload([Float](repeating: Float(round), count: count), to: batch, on: .data)
      device.wait(for: device.recordEvent(on: .data), on: .compute)
      device.reduce(.maximum, .identity, [batch], scalars: [], domain: [count], into: [sum])
      device.map(add, [total, sum], into: [total])
      device.wait(for: device.recordEvent(on: .compute), on: .data)
    }
    #expect(try device.download(total, as: Float.self) == [36])
  }
}

/// Positions beyond 2^31 elements: any 32-bit index in a kernel would wrap.
struct LargeOffsetTests {
  private static let byteCount = (1 << 31) + 4096

  @Test(arguments: Devices.each)
  func fillCopyAndMapBeyondTwoToTheThirtyOne(device: TestDevice) throws {
    // Nearly all of the buffer is never touched, so on a host its pages are never mapped.
    guard device.device.information.largestAllocation >= Self.byteCount else {
      print("skipped: offsets beyond 2^31 on \(device) (its buffers are smaller)")
      return
    }
    let device = try device.fresh().device
    let bytes = device.allocate(.uint8, [Self.byteCount])
    let tail = bytes.sliced(axis: 0, (1 << 31) + 100..<(1 << 31) + 110)
    let head = bytes.sliced(axis: 0, 100..<110)
    device.fill(head, with: 1)
    device.fill(tail, with: 7)
    #expect(try device.download(head, as: UInt8.self) == [UInt8](repeating: 1, count: 10))
    #expect(try device.download(tail, as: UInt8.self) == [UInt8](repeating: 7, count: 10))

    let y = device.allocate(.float32, [2, 5])
    device.copy(tail.reshaped([5, 2]).transposed, to: y)
    #expect(try device.download(y, as: Float.self) == [Float](repeating: 7, count: 10))
    // One view from the first to the last: its stride alone is beyond 2^31.
    let both = TensorView(
      buffer: bytes.buffer, elementType: .uint8, shape: [2, 10], strides: [1 << 31, 1], offset: 100)
    let sums = device.allocate(.float32, [2, 1])
    device.reduce(.sum, .identity, [both], scalars: [], domain: [2, 10], into: [sums])
    #expect(try device.download(sums, as: Float.self) == [10, 70])
    device.map(
      ElementwiseProgram("less", inputs: 1) { x, _ in [x[0] - 1] },
      [both.reshaped([2, 2, 5]).sliced(axis: 1, 0..<1).reshaped([2, 5])], into: [y])
    #expect(try device.download(y, as: Float.self) == [0, 0, 0, 0, 0, 6, 6, 6, 6, 6])
  }
}
