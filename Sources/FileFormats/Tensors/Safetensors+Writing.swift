import Compute
import Foundation

extension Safetensors {
  /// Writes the file; equal tensors and metadata give equal bytes.
  ///
  /// The layout: `__metadata__` first, then the tensors by falling element size and rising name (so each is
  /// aligned to its type), the header padded with spaces to a multiple of 8.
  ///
  /// - Throws: `ComputeError` `.cannotWrite`, see `AtomicFile.write(_:to:)`.
  public func write(to url: URL) throws { try AtomicFile.write(pieces, to: url) }

  /// The bytes that `write(to:)` writes.
  public var encoded: Data { pieces.reduce(into: Data()) { $0.append($1) } }

  private var pieces: [Data] {
    let sorted = tensors.sorted { a, b in
      let (sizeA, sizeB) = (a.value.type.byteCount, b.value.type.byteCount)
      // By code point, as Python sorts; `String.<` compares normalised forms.
      return sizeA != sizeB ? sizeA > sizeB : a.key.unicodeScalars.lexicographicallyPrecedes(b.key.unicodeScalars)
    }
    var strings = OrderedMap<JSONValue>()
    for (key, value) in metadata { strings[key] = .string(value) }
    var header: OrderedMap<JSONValue> = ["__metadata__": .object(strings)]
    var end = 0
    for (name, tensor) in sorted {
      precondition(name != "__metadata__", "Safetensors: no tensor can be called __metadata__")
      let start = end
      end += tensor.data.count
      header[name] = [
        "dtype": .string(tensor.type.rawValue),
        "shape": .array(tensor.shape.map(JSONValue.integer)),
        "data_offsets": [.integer(start), .integer(end)],
      ]
    }
    var text = Data(JSONValue.object(header).text.utf8)
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    return [length, text] + sorted.map(\.value.data)
  }
}
