import Compute
import Foundation

extension JSONValue {
  /// Reads one JSON document, strictly: no comments, no trailing commas, no NaN, no key twice in one object.
  ///
  /// - Parameters:
  ///   - data: The document as UTF-8.
  ///   - source: What to call it in errors: a path, or "header of model.safetensors".
  /// - Throws: `ComputeError` `.data` with the line and column of the first fault.
  public init(parsing data: Data, source: String) throws {
    self = try data.withUnsafeBytes { bytes in
      var reader = JSONReader(bytes: bytes, source: source)
      return try reader.document()
    }
  }

  /// Reads one JSON document from a string, as `init(parsing:source:)`.
  public init(parsing text: String, source: String) throws {
    try self.init(parsing: Data(text.utf8), source: source)
  }

  /// Reads a JSON file.
  ///
  /// - Throws: `ComputeError` as `InputFile.read(_:)`, and `.data` for malformed JSON.
  public init(contentsOf url: URL) throws {
    try self.init(parsing: try InputFile.read(url), source: url.path)
  }
}

/// Recursive descent over the bytes of one document.
private struct JSONReader {
  /// Deeper nesting than any file of ours has; the recursion must end before the stack does.
  static let deepest = 256

  let bytes: UnsafeRawBufferPointer
  let source: String
  var at = 0
  var depth = 0

  init(bytes: UnsafeRawBufferPointer, source: String) {
    self.bytes = bytes
    self.source = source
  }

  mutating func document() throws -> JSONValue {
    let value = try self.value()
    skipSpace()
    guard at == bytes.count else { throw fault("text after the end of the document") }
    return value
  }

  private mutating func value() throws -> JSONValue {
    skipSpace()
    guard at < bytes.count else { throw fault("the document ends where a value is due") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try nested { try $0.object() }
    case UInt8(ascii: "["): return try nested { try $0.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default:
      if takeWord("null") { return .null }
      if takeWord("true") { return .bool(true) }
      if takeWord("false") { return .bool(false) }
      throw fault("no JSON value begins like this")
    }
  }

  private mutating func nested(_ body: (inout Self) throws -> JSONValue) throws -> JSONValue {
    depth += 1
    guard depth <= Self.deepest else { throw fault("more than \(Self.deepest) levels of nesting") }
    at += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws -> JSONValue {
    var members = OrderedMap<JSONValue>()
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw fault("a key in quotes is due") }
      let start = at
      let key = try string()
      skipSpace()
      guard take(":") else { throw fault("':' is due after a key") }
      let value = try value()
      guard members[key] == nil else { throw fault("the key \"\(key)\" occurs twice in one object", at: start) }
      members[key] = value
      skipSpace()
    } while take(",")
    guard take("}") else { throw fault("',' or '}' is due") }
    return .object(members)
  }

  private mutating func array() throws -> JSONValue {
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    repeat {
      elements.append(try value())
      skipSpace()
    } while take(",")
    guard take("]") else { throw fault("',' or ']' is due") }
    return .array(elements)
  }

  // MARK: Numbers

  private mutating func number() throws -> JSONValue {
    let start = at
    let isNegative = take("-")
    let first = at
    guard skipDigits() else { throw fault("digits are due") }
    if at - first > 1, bytes[first] == UInt8(ascii: "0") { throw fault("a number begins with 0", at: first) }
    var isReal = false
    if take(".") {
      isReal = true
      guard skipDigits() else { throw fault("digits are due after '.'") }
    }
    if take("e") || take("E") {
      isReal = true
      if !take("+") { _ = take("-") }
      guard skipDigits() else { throw fault("digits are due in the exponent") }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    // "-0" stays a real: an integer has no negative zero.
    if !isReal, let integer = Int(text), integer != 0 || !isNegative { return .integer(integer) }
    guard let real = Double(text), real.isFinite else { throw fault("\(text) is too large a number", at: start) }
    return .real(real)
  }

  private mutating func skipDigits() -> Bool {
    let start = at
    while at < bytes.count, bytes[at] >= UInt8(ascii: "0"), bytes[at] <= UInt8(ascii: "9") { at += 1 }
    return at > start
  }

  // MARK: Strings

  private mutating func string() throws -> String {
    let start = at
    at += 1
    var decoded: [UInt8] = []
    var copied = at
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        decoded.append(contentsOf: bytes[copied..<at])
        at += 1
        guard let text = String(validating: decoded, as: UTF8.self) else { throw fault("not UTF-8", at: start) }
        return text
      case UInt8(ascii: "\\"):
        decoded.append(contentsOf: bytes[copied..<at])
        at += 1
        decoded.append(contentsOf: String(try escape()).utf8)
        copied = at
      case 0..<0x20: throw fault("a control character inside a string")
      default: at += 1
      }
    }
    throw fault("a string that does not end", at: start)
  }

  /// The character of an escape sequence, read after its backslash.
  private mutating func escape() throws -> Unicode.Scalar {
    guard at < bytes.count else { throw fault("the document ends inside a string") }
    let letter = bytes[at]
    at += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let start = at - 2
      var code = UInt32(try hexadecimal())
      if UTF16.isLeadSurrogate(UInt16(code)) {
        guard take("\\"), take("u") else { throw fault("half of a surrogate pair", at: start) }
        let trail = UInt32(try hexadecimal())
        guard UTF16.isTrailSurrogate(UInt16(trail)) else { throw fault("half of a surrogate pair", at: start) }
        code = 0x10000 + (code - 0xD800) << 10 + (trail - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half of a surrogate pair", at: start) }
      return scalar
    default: throw fault("an unknown escape sequence", at: at - 2)
    }
  }

  private mutating func hexadecimal() throws -> UInt16 {
    guard at + 4 <= bytes.count, let code = UInt16(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16),
      bytes[at] != UInt8(ascii: "+")
    else { throw fault("four hexadecimal digits are due") }
    at += 4
    return code
  }

  // MARK: Bytes

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private mutating func takeWord(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count, (0..<count).allSatisfy({ bytes[at + $0] == word.utf8Start[$0] }) else {
      return false
    }
    at += count
    return true
  }

  private func fault(_ why: String, at position: Int? = nil) -> ComputeError {
    let before = bytes[..<(position ?? at)]
    let line = before.count { $0 == 0x0A } + 1
    let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
    return ComputeError(
      .data, what: "\(source):\(line):\(column): malformed JSON", why: why,
      mend: "correct the document there, or write it again with the program that made it")
  }
}
