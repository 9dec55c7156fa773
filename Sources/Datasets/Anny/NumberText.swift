import Compute

/// Reads numbers from lines of ASCII text.
///
/// Decimals are read as an integer and a power of ten, so that up to 15 digits come out correctly rounded.
struct NumberText {
  let bytes: [UInt8]
  /// The file's name, for messages.
  let name: String
  private(set) var position = 0
  private(set) var line = 1

  init(_ bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  var isAtEnd: Bool { position >= bytes.count }

  /// Skips blanks and tells whether the line ends here.
  mutating func isAtLineEnd() -> Bool {
    while position < bytes.count, bytes[position] == 32 || bytes[position] == 9 || bytes[position] == 13 {
      position += 1
    }
    return position >= bytes.count || bytes[position] == 10
  }

  mutating func nextLine() {
    while position < bytes.count, bytes[position] != 10 { position += 1 }
    position += 1
    line += 1
  }

  /// The next run of bytes without white space.
  mutating func word() -> String {
    _ = isAtLineEnd()
    let start = position
    while position < bytes.count, bytes[position] > 32 { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Skips the rest of a word, such as the `/7` of `12/7`.
  mutating func skipWord() {
    while position < bytes.count, bytes[position] > 32 { position += 1 }
  }

  /// A decimal number as mantissa x 10^-places.
  mutating func decimal() throws -> (mantissa: Int, places: Int) {
    _ = isAtLineEnd()
    let start = position
    var isNegative = false
    if position < bytes.count, bytes[position] == 45 || bytes[position] == 43 {
      isNegative = bytes[position] == 45
      position += 1
    }
    var mantissa = 0
    var places = 0
    var digits = 0
    var isFraction = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 46, !isFraction {
        isFraction = true
      } else if byte >= 48, byte <= 57, digits < 15 {
        mantissa = 10 * mantissa + Int(byte - 48)
        digits += 1
        if isFraction { places += 1 }
      } else {
        break
      }
      position += 1
    }
    guard digits > 0 else {
      position = start
      throw fault("\"\(word())\" stands where a number should", mend: "get the file again: it may be damaged")
    }
    return (isNegative ? -mantissa : mantissa, places)
  }

  mutating func integer() throws -> Int {
    let (mantissa, places) = try decimal()
    guard places == 0 else {
      throw fault("a decimal stands where an index should", mend: "get the file again: it may be damaged")
    }
    return mantissa
  }

  mutating func double() throws -> Double {
    let (mantissa, places) = try decimal()
    return Double(mantissa) / Self.powers[places]
  }

  private static let powers: [Double] = (0...15).reduce(into: []) { powers, _ in
    powers.append((powers.last ?? 0.1) * 10)
  }

  func fault(_ what: String, mend: String) -> ComputeError {
    ComputeError(
      .data, what: "\(name), line \(line): \(what)", why: "the body model cannot be read from it", mend: mend)
  }
}
