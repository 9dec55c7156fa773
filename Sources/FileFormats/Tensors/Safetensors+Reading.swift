import Compute
import Foundation

extension Safetensors {
  /// The longest header that is read, as in the format's own library.
  static let longestHeader = 100_000_000

  /// Reads a file.
  ///
  /// - Throws: `ComputeError` as `InputFile.read(_:)` and `init(parsing:source:)`.
  public init(contentsOf url: URL) throws {
    try self.init(parsing: try InputFile.read(url), source: url.path)
  }

  /// Reads the bytes of a file.
  ///
  /// The tensors share `data`'s storage. As in the format's own library, they must fill the bytes after the
  /// header without gap or overlap.
  ///
  /// - Parameter source: What to call the file in errors.
  /// - Throws: `ComputeError` `.data` when the bytes are not a complete and consistent safetensors file.
  public init(parsing data: Data, source: String) throws {
    let (header, body) = try Self.split(data, source)
    guard let members = try JSONValue(parsing: header, source: "header of \(source)").object else {
      throw Self.malformed(source, "the header is not a JSON object")
    }
    self.init(source: source)
    var extents: [(name: String, range: Range<Int>)] = []
    for (name, value) in members {
      if name == "__metadata__" {
        metadata = try Self.strings(value, source)
        continue
      }
      let entry = try Self.entry(name, value, source)
      guard entry.range.upperBound <= body.count else {
        throw Self.malformed(
          source,
          "tensor \"\(name)\" ends at byte \(entry.range.upperBound), but only \(body.count) bytes follow the header")
      }
      let start = body.startIndex + entry.range.lowerBound
      tensors[name] = HostTensor(entry.type, shape: entry.shape, data: body[start..<start + entry.range.count])
      extents.append((name, entry.range))
    }
    try Self.checkCover(extents, of: body.count, source)
  }

  private static func split(_ data: Data, _ source: String) throws -> (header: Data, body: Data) {
    guard data.count >= 8 else {
      throw malformed(source, "it has \(data.count) bytes, the length of the header alone takes 8")
    }
    let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= UInt64(longestHeader) else {
      throw malformed(source, "its header would have \(length) bytes, \(longestHeader) is the most the format allows")
    }
    let end = 8 + Int(length)
    guard end <= data.count else {
      throw malformed(source, "its header should have \(length) bytes, but only \(data.count - 8) follow")
    }
    let start = data.startIndex
    return (data[start + 8..<start + end], data[(start + end)...])
  }

  private static func strings(_ value: JSONValue, _ source: String) throws -> OrderedMap<String> {
    guard let members = value.object else { throw malformed(source, "__metadata__ is not an object of strings") }
    var strings = OrderedMap<String>()
    for (key, value) in members {
      guard let string = value.string else { throw malformed(source, "metadata \"\(key)\" is not a string") }
      strings[key] = string
    }
    return strings
  }

  private static func entry(
    _ name: String, _ value: JSONValue, _ source: String
  ) throws -> (type: StoredType, shape: [Int], range: Range<Int>) {
    guard let dtype = value["dtype"]?.string, let shape = value["shape"]?.ints,
      let offsets = value["data_offsets"]?.ints, offsets.count == 2
    else {
      throw malformed(source, "the header gives no dtype, shape and two data_offsets for tensor \"\(name)\"")
    }
    guard let type = StoredType(rawValue: dtype) else {
      let known = StoredType.allCases.map(\.rawValue).joined(separator: ", ")
      throw ComputeError(
        .data, what: "\(source): tensor \"\(name)\" has the unknown dtype \"\(dtype)\"", why: "read here are \(known)",
        mend: "convert the tensor to one of these before saving")
    }
    guard shape.allSatisfy({ $0 >= 0 }), offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw malformed(source, "tensor \"\(name)\" has shape \(shape) and data_offsets \(offsets)")
    }
    var size = type.byteCount
    for length in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard !overflow else { throw malformed(source, "tensor \"\(name)\" has the impossible shape \(shape)") }
      size = product
    }
    guard size == offsets[1] - offsets[0] else {
      throw malformed(
        source,
        "tensor \"\(name)\" of shape \(shape) and dtype \(dtype) needs \(size) bytes, "
          + "its data_offsets give \(offsets[1] - offsets[0])")
    }
    return (type, shape, offsets[0]..<offsets[1])
  }

  private static func checkCover(
    _ extents: [(name: String, range: Range<Int>)], of count: Int, _ source: String
  ) throws {
    var end = 0
    for (name, range) in extents.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      guard range.lowerBound == end else {
        let fault = range.lowerBound < end ? "overlaps the tensor before it" : "leaves a gap before it"
        throw malformed(source, "tensor \"\(name)\" \(fault)")
      }
      end = range.upperBound
    }
    guard end == count else { throw malformed(source, "\(count - end) bytes at its end belong to no tensor") }
  }

  private static func malformed(_ source: String, _ why: String) -> ComputeError {
    ComputeError(
      .data, what: "\(source): not a complete safetensors file", why: why,
      mend: "fetch or write the file again; it may have been cut short")
  }
}
