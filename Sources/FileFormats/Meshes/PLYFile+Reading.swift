import Compute
import Foundation

extension PLYFile {
  /// Reads a file.
  ///
  /// - Throws: `ComputeError` as `InputFile.read(_:)` and `init(parsing:source:)`.
  public init(contentsOf url: URL) throws {
    try self.init(parsing: try InputFile.read(url), source: url.path)
  }

  /// Reads the bytes of a file: ascii or binary, of either byte order.
  ///
  /// - Parameter source: What to call the file in errors.
  /// - Throws: `ComputeError` `.data` for a malformed header, numbers that end too early, a coordinate that is missing or
  ///   not finite, and a face with less than three corners or a corner outside the vertices.
  public init(parsing data: Data, source: String) throws {
    self = try data.withUnsafeBytes { bytes in
      let header = try PLYHeader(bytes, source: source)
      switch header.encoding {
      case .ascii:
        return try read(header, PLYText(bytes: bytes, at: header.byteCount, line: header.lineCount + 1), source)
      case .littleEndian:
        return try read(header, PLYBinary(bytes: bytes, isBigEndian: false, at: header.byteCount), source)
      case .bigEndian:
        return try read(header, PLYBinary(bytes: bytes, isBigEndian: true, at: header.byteCount), source)
      }
    }
  }
}

/// The numbers of a file in their order.
private protocol PLYNumbers {
  /// The next number; nil when the file has ended, or holds no number of this type there.
  mutating func next(_ type: PLYHeader.Scalar) -> Double?
  /// Where the reader stands, as a suffix to the file's name.
  var place: String { get }
}

private struct PLYBinary: PLYNumbers {
  let bytes: UnsafeRawBufferPointer
  let isBigEndian: Bool
  var at: Int

  var place: String { "" }

  mutating func next(_ type: PLYHeader.Scalar) -> Double? {
    guard at + type.byteCount <= bytes.count else { return nil }
    defer { at += type.byteCount }
    switch type {
    case .int8: return Double(load(Int8.self))
    case .uint8: return Double(load(UInt8.self))
    case .int16: return Double(load(Int16.self))
    case .uint16: return Double(load(UInt16.self))
    case .int32: return Double(load(Int32.self))
    case .uint32: return Double(load(UInt32.self))
    case .float32: return Double(Float(bitPattern: load(UInt32.self)))
    case .float64: return Double(bitPattern: load(UInt64.self))
    }
  }

  private func load<Word: FixedWidthInteger>(_: Word.Type) -> Word {
    let word = bytes.loadUnaligned(fromByteOffset: at, as: Word.self)
    return isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
  }
}

/// Words between white space, wherever lines end.
private struct PLYText: PLYNumbers {
  let bytes: UnsafeRawBufferPointer
  var at: Int
  var line: Int

  var place: String { ":\(line)" }

  mutating func next(_: PLYHeader.Scalar) -> Double? {
    while at < bytes.count, isSpace(bytes[at]) {
      if bytes[at] == UInt8(ascii: "\n") { line += 1 }
      at += 1
    }
    let start = at
    while at < bytes.count, !isSpace(bytes[at]) { at += 1 }
    return Double(String(decoding: bytes[start..<at], as: UTF8.self))
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

private func read(_ header: PLYHeader, _ numbers: consuming some PLYNumbers, _ source: String) throws -> PLYFile {
  var reader = PLYReader(numbers: numbers, source: source)
  for element in header.elements where !element.properties.isEmpty { try reader.read(element) }
  return try reader.finish()
}

private struct PLYReader<Numbers: PLYNumbers> {
  var numbers: Numbers
  let source: String
  private var vertices: [SIMD3<Double>] = []
  private var triangles: [SIMD3<Int32>] = []
  /// The largest index so far and its face: the order of the elements is the header's.
  private var largest = (index: Int32(-1), face: 0)

  init(numbers: Numbers, source: String) {
    self.numbers = numbers
    self.source = source
  }

  mutating func read(_ element: PLYHeader.Element) throws {
    switch element.name {
    case "vertex":
      guard let x = element.index(of: "x"), let y = element.index(of: "y"), let z = element.index(of: "z") else {
        throw fault("a vertex lacks one of the properties x, y and z")
      }
      for row in 0..<element.count {
        let values = try singles(element, row)
        let vertex = SIMD3(values[x], values[y], values[z])
        guard vertex.x.isFinite, vertex.y.isFinite, vertex.z.isFinite else {
          throw fault("vertex \(row) is (\(vertex.x), \(vertex.y), \(vertex.z)), not finite")
        }
        vertices.append(vertex)
      }
    case "face":
      for row in 0..<element.count { try readFace(element, row) }
    default:
      for row in 0..<element.count { _ = try singles(element, row) }
    }
  }

  func finish() throws -> PLYFile {
    guard !vertices.isEmpty else { throw fault("there are no vertices") }
    guard Int(largest.index) < vertices.count else {
      throw fault("face \(largest.face) names vertex \(largest.index), but there are \(vertices.count), counted from 0")
    }
    return PLYFile(vertices: vertices, triangles: triangles)
  }

  /// One element's single numbers, by property; lists are passed over and leave 0.
  private mutating func singles(_ element: PLYHeader.Element, _ row: Int) throws -> [Double] {
    var values = [Double](repeating: 0, count: element.properties.count)
    for (index, property) in element.properties.enumerated() {
      if property.countType == nil {
        values[index] = try number(property.type, element, row)
      } else {
        for _ in 0..<(try length(property, element, row)) { _ = try number(property.type, element, row) }
      }
    }
    return values
  }

  private mutating func readFace(_ element: PLYHeader.Element, _ row: Int) throws {
    for property in element.properties {
      let isCorners = property.name == "vertex_indices" || property.name == "vertex_index"
      let count = property.countType == nil ? 1 : try length(property, element, row)
      guard isCorners, property.countType != nil else {
        for _ in 0..<count { _ = try number(property.type, element, row) }
        continue
      }
      guard count >= 3 else { throw fault("face \(row) has \(count) corners, 3 is the least") }
      let first = try corner(property, element, row)
      var last = try corner(property, element, row)
      for _ in 2..<count {
        let next = try corner(property, element, row)
        triangles.append(SIMD3(first, last, next))
        last = next
      }
    }
  }

  private mutating func corner(_ property: PLYHeader.Property, _ element: PLYHeader.Element, _ row: Int) throws -> Int32
  {
    let value = try number(property.type, element, row)
    guard let index = Int32(exactly: value), index >= 0 else {
      throw fault("face \(row) names vertex \(value), which there is not")
    }
    if index > largest.index { largest = (index, row) }
    return index
  }

  private mutating func length(_ property: PLYHeader.Property, _ element: PLYHeader.Element, _ row: Int) throws -> Int {
    let value = try number(property.countType ?? property.type, element, row)
    guard let count = Int(exactly: value), count >= 0 else {
      throw fault("the list \(property.name) of \(element.name) \(row) has the length \(value)")
    }
    return count
  }

  private mutating func number(_ type: PLYHeader.Scalar, _ element: PLYHeader.Element, _ row: Int) throws -> Double {
    guard let value = numbers.next(type) else {
      throw fault("it ends, or holds no number, inside \(element.name) \(row) of \(element.count)")
    }
    return value
  }

  private func fault(_ why: String) -> ComputeError {
    ComputeError(
      .data, what: "\(source)\(numbers.place): malformed PLY", why: why,
      mend: "copy the file again if it is cut short, or export the mesh again")
  }
}
