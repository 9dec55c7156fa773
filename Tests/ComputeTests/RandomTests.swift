import Compute
import TestSupport
import Testing

/// Known answers: `kat_vectors` of the Random123 library (Salmon et al., 2011), philox4x32 with 10 rounds.
struct PhiloxTests {
  @Test func knownAnswers() {
    #expect(
      philox4x32(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
        == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    #expect(
      philox4x32(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    #expect(
      philox4x32(
        counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: SIMD2(0xA409_3822, 0x299F_31D0))
        == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  @Test func aKeyBecomesCounterAndKey() {
    let key = RandomKey(seed: 0x299F_31D0_A409_3822, offset: 0x0370_7344_1319_8A2E)
    #expect(
      key.words(block: 0x85A3_08D3_243F_6A88) == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }
}

struct RandomTests {
  private static let keys = [
    RandomKey(seed: 0, offset: 0), RandomKey(seed: 0x0123_4567_89AB_CDEF, offset: 0xFEDC_BA98_7654_3210),
    RandomKey(seed: .max, offset: 7),
  ]

  @Test(arguments: Devices.each)
  func theDeviceGivesTheKnownAnswer(device: TestDevice) throws {
    let bits = device.output([4], as: .int32)
    device.device.randomBits(RandomKey(seed: 0, offset: 0), into: bits.view)
    let known: [UInt32] = [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]
    #expect(try bits.values() == known.map { Double(Int32(bitPattern: $0)) })
  }

  /// The same bits on every device: each is held against the host's words.
  @Test(arguments: Devices.each, Sizes.awkwardLong)
  func bitsAreThoseOfTheHost(device: TestDevice, count: Int) throws {
    for key in Self.keys {
      let bits = device.output([count], as: .int32)
      device.device.randomBits(key, into: bits.view)
      #expect(try bits.values() == words(key, count).map { Double(Int32(bitPattern: $0)) })
    }
  }

  @Test(arguments: Devices.underTest, [0, 0.1, 0.5, 0.8, 1])
  func aMaskKeepsTheWordsBelowItsThreshold(device: TestDevice, keepProbability: Double) throws {
    for count in Sizes.awkward {
      let key = RandomKey(seed: 5, offset: UInt64(count))
      let mask = device.output([count])
      device.device.randomMask(key, keepProbability: keepProbability, scale: 1.25, into: mask.view)
      let threshold = (keepProbability * 0x1p32).rounded()
      #expect(try mask.values() == words(key, count).map { Double($0) < threshold ? 1.25 : 0 })
    }
  }

  @Test(arguments: Devices.underTest)
  func aMaskHasItsMean(device: TestDevice) throws {
    let (count, p) = (40_000, 0.7)
    let mask = device.output([count])
    device.device.randomMask(RandomKey(seed: 9, offset: 1), keepProbability: p, scale: 1, into: mask.view)
    let kept = try mask.values().reduce(0, +)
    // Five standard deviations of a binomial count.
    #expect(abs(kept - Double(count) * p) < 5 * (Double(count) * p * (1 - p)).squareRoot())
  }

  @Test(arguments: Devices.each)
  func offsetsGiveOtherNumbers(device: TestDevice) throws {
    let results = try [UInt64(0), 1].map { offset in
      let bits = device.output([64], as: .int32)
      device.device.randomBits(RandomKey(seed: 3, offset: offset), into: bits.view)
      return try bits.values()
    }
    #expect(Set(results[0]).isDisjoint(with: results[1]))
  }

  private func words(_ key: RandomKey, _ count: Int) -> [UInt32] {
    (0..<count).map { key.words(block: UInt64($0 / 4))[$0 % 4] }
  }
}
