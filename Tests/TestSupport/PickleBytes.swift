import FileFormats
import Foundation

/// Writes pickles as `torch.save` does, and such as it never would.
public struct PickleBytes {
  public private(set) var data = Data([0x80, 2])

  public init() {}

  /// Bytes or text as they are.
  public mutating func raw(_ bytes: [UInt8]) { data += bytes }
  public mutating func raw(_ text: String) { data += Data(text.utf8) }

  public mutating func global(_ module: String, _ name: String) { raw("c\(module)\n\(name)\n") }

  public mutating func string(_ text: String) {
    raw("X")
    data += withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Data($0) }
    raw(text)
  }

  /// In the shortest form, as Python writes it.
  public mutating func integer(_ value: Int) {
    switch value {
    case 0..<256: raw([0x4B, UInt8(value)])
    case 0..<65536: raw([0x4D, UInt8(value & 0xFF), UInt8(value >> 8)])
    case Int(Int32.min)...Int(Int32.max):
      raw("J")
      data += withUnsafeBytes(of: Int32(value).littleEndian) { Data($0) }
    default:
      raw([0x8A, 8])
      data += withUnsafeBytes(of: Int64(value).littleEndian) { Data($0) }
    }
  }

  public mutating func tuple(_ values: [Int]) {
    raw("(")
    for value in values { integer(value) }
    raw("t")
  }

  public mutating func orderedDictionary() {
    global("collections", "OrderedDict")
    raw(")R")
  }

  /// A call of `_rebuild_tensor_v2`.
  public mutating func tensor(
    _ type: String, key: String, count: Int, offset: Int = 0, shape: [Int], strides: [Int]
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    raw("((")
    string("storage")
    global("torch", type)
    string(key)
    string("cpu")
    integer(count)
    raw("tQ")
    integer(offset)
    tuple(shape)
    tuple(strides)
    raw([0x89])
    orderedDictionary()
    raw("tR")
  }

  public static func strides(_ shape: [Int]) -> [Int] {
    shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
  }

  /// Begins a dictionary whose items follow: a key and a value each, until `endItems()`.
  public mutating func beginItems() { raw("}(") }
  public mutating func endItems() { raw("u") }
}

/// The bytes of a file as `torch.save(state_dict)` writes it.
///
/// - Parameter key: when given, `{"epoch": 3, key: state_dict}` is saved.
public func pyTorchFile(_ tensors: [(name: String, tensor: FileFormats.HostTensor)], under key: String? = nil) -> Data {
  let types: [StoredType: String] = [
    .float64: "DoubleStorage", .float32: "FloatStorage", .float16: "HalfStorage", .bfloat16: "BFloat16Storage",
    .int64: "LongStorage", .int32: "IntStorage", .int16: "ShortStorage", .uint8: "ByteStorage",
  ]
  var pickle = PickleBytes()
  if let key {
    pickle.beginItems()
    pickle.string("epoch")
    pickle.integer(3)
    pickle.string(key)
  }
  pickle.orderedDictionary()
  pickle.raw("(")
  for (index, item) in tensors.enumerated() {
    pickle.string(item.name)
    pickle.tensor(
      types[item.tensor.type] ?? "", key: "\(index)", count: item.tensor.count, shape: item.tensor.shape,
      strides: PickleBytes.strides(item.tensor.shape))
  }
  pickle.raw("u")
  // Attributes of the dictionary, as modules save them.
  pickle.raw("}")
  pickle.string("_metadata")
  pickle.orderedDictionary()
  pickle.raw("sb")
  if key != nil { pickle.endItems() }
  pickle.raw(".")
  return pyTorchFile(pickle.data, storages: tensors.map(\.tensor.data))
}

/// The archive of a pickle and its storages "0", "1", ...
public func pyTorchFile(_ pickle: Data, storages: [Data] = [], byteOrder: String = "little") -> Data {
  var zip = ZipBytes()
  zip.add("archive/data.pkl", pickle)
  zip.add("archive/byteorder", Data(byteOrder.utf8))
  for (index, storage) in storages.enumerated() { zip.add("archive/data/\(index)", storage) }
  zip.add("archive/version", Data("3\n".utf8))
  return zip.data
}
