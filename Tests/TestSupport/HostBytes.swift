import Compute

/// Values as they are stored in `type`; rounding is to nearest even, written here once more so that the
/// devices' conversions have something to agree with.
func encoded(_ values: [Double], as type: ElementType) -> [UInt8] {
  func bytes<T>(_ convert: (Double) -> T) -> [UInt8] { values.map(convert).withUnsafeBytes { Array($0) } }
  return switch type {
  case .float32: bytes { Float($0) }
  case .float64: bytes { $0 }
  case .int32: bytes { Int32($0) }
  case .int64: bytes { Int64($0) }
  case .uint8: bytes { UInt8($0) }
  case .bfloat16: bytes { bfloat16Bits(Float($0)) }
  }
}

/// The values that `bytes` store, as Double.
func decoded(_ bytes: [UInt8], as type: ElementType) -> [Double] {
  func values<T>(_: T.Type, _ convert: (T) -> Double) -> [Double] {
    bytes.withUnsafeBytes { $0.bindMemory(to: T.self).map(convert) }
  }
  return switch type {
  case .float32: values(Float.self) { Double($0) }
  case .float64: values(Double.self) { $0 }
  case .int32: values(Int32.self) { Double($0) }
  case .int64: values(Int64.self) { Double($0) }
  case .uint8: values(UInt8.self) { Double($0) }
  case .bfloat16: values(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
  }
}

/// The upper half of a float, rounded to nearest even.
private func bfloat16Bits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  let half: UInt32 = 0x7FFF + ((bits >> 16) & 1)
  return UInt16(truncatingIfNeeded: (bits &+ half) >> 16)
}
