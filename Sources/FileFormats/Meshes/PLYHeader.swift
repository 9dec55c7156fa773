import Compute
import Foundation

/// What a PLY file says about itself before its numbers: their encoding, and the elements with their properties.
struct PLYHeader {
  enum Encoding: String {
    case ascii
    case littleEndian = "binary_little_endian"
    case bigEndian = "binary_big_endian"
  }

  /// A number's type; both spellings of each are in use.
  enum Scalar {
    case int8, uint8, int16, uint16, int32, uint32, float32, float64

    init?(_ name: String) {
      switch name {
      case "char", "int8": self = .int8
      case "uchar", "uint8": self = .uint8
      case "short", "int16": self = .int16
      case "ushort", "uint16": self = .uint16
      case "int", "int32": self = .int32
      case "uint", "uint32": self = .uint32
      case "float", "float32": self = .float32
      case "double", "float64": self = .float64
      default: return nil
      }
    }

    var byteCount: Int {
      switch self {
      case .int8, .uint8: 1
      case .int16, .uint16: 2
      case .int32, .uint32, .float32: 4
      case .float64: 8
      }
    }

    var isInteger: Bool { self != .float32 && self != .float64 }
  }

  struct Property {
    let name: String
    let type: Scalar
    /// The type of a list's length; nil for a single number.
    let countType: Scalar?
  }

  struct Element {
    let name: String
    let count: Int
    var properties: [Property] = []

    func index(of name: String) -> Int? { properties.firstIndex { $0.name == name && $0.countType == nil } }
  }

  let encoding: Encoding
  let elements: [Element]
  /// Where the numbers begin: bytes from the file's start, and the line of the first.
  let byteCount, lineCount: Int

  /// - Throws: `ComputeError` `.data` with the line of the first fault.
  init(_ bytes: UnsafeRawBufferPointer, source: String) throws {
    var line = 0
    var at = 0
    var encoding: Encoding?
    var elements: [Element] = []
    func fault(_ why: String) -> ComputeError {
      ComputeError(
        .data, what: "\(source):\(line): malformed PLY header", why: why,
        mend: "export the mesh again, or check that this is a PLY file")
    }
    while true {
      guard let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) else {
        line += 1
        throw fault("the file ends before the line end_header")
      }
      line += 1
      let words = bytes[at..<end].split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        .map { String(decoding: $0, as: UTF8.self) }
      at = end + 1
      if line == 1 {
        guard words == ["ply"] else { throw fault("the first line of a PLY file is \"ply\"") }
        continue
      }
      switch words.first {
      case "format":
        guard words.count >= 2, let known = Encoding(rawValue: words[1]) else {
          throw fault("the format is none of ascii, binary_little_endian, binary_big_endian")
        }
        encoding = known
      case "element":
        guard words.count == 3, let count = Int(words[2]), count >= 0 else {
          throw fault("an element line gives a name and a number")
        }
        elements.append(Element(name: words[1], count: count))
      case "property":
        guard !elements.isEmpty else { throw fault("a property stands before the first element") }
        guard let property = Self.property(words) else {
          throw fault("a property line gives a type, or \"list\" and two types, and a name")
        }
        elements[elements.count - 1].properties.append(property)
      case "end_header":
        guard let encoding else { throw fault("there is no format line") }
        self.encoding = encoding
        self.elements = elements
        (byteCount, lineCount) = (at, line)
        return
      case nil, "comment", "obj_info": break
      default: throw fault("\"\(words[0])\" is no keyword of a header")
      }
    }
  }

  private static func property(_ words: [String]) -> Property? {
    if words.count == 5, words[1] == "list" {
      guard let countType = Scalar(words[2]), countType.isInteger, let type = Scalar(words[3]) else { return nil }
      return Property(name: words[4], type: type, countType: countType)
    }
    guard words.count == 3, let type = Scalar(words[1]) else { return nil }
    return Property(name: words[2], type: type, countType: nil)
  }
}
