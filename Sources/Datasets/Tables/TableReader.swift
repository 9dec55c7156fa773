import Compute
import FileFormats
import Foundation

/// A small table that travels inside the program: gzip, as base64 text.
///
/// The tables are written by the scripts in Tools/tables; one that cannot be unpacked is our own bug and traps.
struct EmbeddedTable {
  let base64: String

  var bytes: [UInt8] {
    guard let packed = Data(base64Encoded: base64, options: .ignoreUnknownCharacters) else {
      preconditionFailure("EmbeddedTable: the text is not base64")
    }
    return [UInt8](orTrap(try Gzip.decompress(packed, source: "embedded table")))
  }
}

/// Reads the numbers of an embedded table in sequence.
struct TableReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ table: EmbeddedTable) { bytes = table.bytes }

  /// Seven bits per byte, low bits first, the high bit set on all bytes but the last.
  mutating func unsigned() -> Int {
    var value = 0
    var shift = 0
    while true {
      let byte = Int(bytes[position])
      position += 1
      value |= (byte & 127) << shift
      if byte < 128 { return value }
      shift += 7
    }
  }

  /// A list: its length, then the zigzag-coded difference of every number to the one before.
  mutating func numbers() -> [Int] {
    var previous = 0
    return (0..<unsigned()).map { _ in
      let coded = unsigned()
      previous += coded & 1 == 0 ? coded >> 1 : -((coded + 1) >> 1)
      return previous
    }
  }

  /// `count` little-endian numbers of a fixed width.
  mutating func integers<Value: FixedWidthInteger>(_ type: Value.Type, count: Int) -> [Value] {
    let width = Value.bitWidth / 8
    defer { position += count * width }
    return (0..<count).map { index in
      var value: UInt64 = 0
      for byte in 0..<width { value |= UInt64(bytes[position + index * width + byte]) << (8 * byte) }
      return Value(truncatingIfNeeded: value)
    }
  }

  /// `count` little-endian float32 numbers.
  mutating func floats(count: Int) -> [Float] {
    integers(UInt32.self, count: count).map(Float.init(bitPattern:))
  }
}
