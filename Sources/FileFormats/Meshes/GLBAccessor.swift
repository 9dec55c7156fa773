import Compute
import Foundation

/// A typed list inside the binary chunk of a GLB file, checked to lie within it.
struct GLBAccessor {
  /// The types that numbers are stored in, by the codes of the specification.
  enum Component: Int {
    case int8 = 5120
    case uint8 = 5121
    case int16 = 5122
    case uint16 = 5123
    case uint32 = 5125
    case float32 = 5126

    var byteCount: Int {
      switch self {
      case .int8, .uint8: 1
      case .int16, .uint16: 2
      case .uint32, .float32: 4
      }
    }

    /// What a normalised integer is divided by.
    var unit: Double {
      switch self {
      case .int8: 127
      case .uint8: 255
      case .int16: 32767
      case .uint16: 65535
      case .uint32, .float32: 1
      }
    }
  }

  let count: Int
  let component: Component
  /// 1 for SCALAR, 3 for VEC3.
  let width: Int
  let isNormalized: Bool
  private let start, stride: Int
  private let bytes: UnsafeRawBufferPointer

  /// Number `k` of element `index`.
  func value(_ index: Int, _ k: Int = 0) -> Double {
    let at = start + index * stride + k * component.byteCount
    let stored: Double =
      switch component {
      case .int8: Double(bytes.loadUnaligned(fromByteOffset: at, as: Int8.self))
      case .uint8: Double(bytes[at])
      case .int16: Double(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: Int16.self)))
      case .uint16: Double(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
      case .uint32: Double(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
      case .float32:
        Double(
          Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))))
      }
    return isNormalized ? max(stored / component.unit, -1) : stored
  }

  /// - Parameters:
  ///   - document: the file's JSON.
  ///   - bytes: the binary chunk; must outlive the accessor.
  ///   - source: what to call the file in errors.
  /// - Throws: `ComputeError` `.data` when the list is missing, of a kind that is not read, or leaves the chunk.
  init(_ index: Int, of document: JSONValue, in bytes: UnsafeRawBufferPointer, source: String) throws {
    func fault(_ why: String) -> ComputeError {
      ComputeError(
        .data, what: "\(source): accessor \(index) cannot be read", why: why,
        mend: "export the mesh again, with its data inside the file and without compression")
    }
    func element(_ list: String, _ index: Int) throws -> JSONValue {
      guard let elements = document[list]?.array, elements.indices.contains(index) else {
        throw fault("it needs number \(index) of \(list), which there is not")
      }
      return elements[index]
    }
    func size(_ value: JSONValue, _ key: String, _ fallback: Int? = nil) throws -> Int {
      guard let number = value[key] == nil ? fallback : value[key]?.int, number >= 0 else {
        throw fault("its \(key) is missing or no count")
      }
      return number
    }
    let accessor = try element("accessors", index)
    guard accessor["sparse"] == nil else { throw fault("it is sparse, a form that is not read") }
    guard accessor["bufferView"] != nil else { throw fault("it has no data of its own") }
    guard let component = Component(rawValue: try size(accessor, "componentType")) else {
      throw fault("its component type is unknown")
    }
    let widths = ["SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4]
    guard let width = accessor["type"]?.string.flatMap({ widths[$0] }) else { throw fault("its type is no vector") }
    let view = try element("bufferViews", size(accessor, "bufferView"))
    let buffer = try element("buffers", size(view, "buffer"))
    guard try size(view, "buffer") == 0, buffer["uri"] == nil else {
      throw fault("its buffer lies outside the file")
    }
    let (viewStart, viewLength) = (try size(view, "byteOffset", 0), try size(view, "byteLength"))
    guard viewStart <= bytes.count, viewLength <= bytes.count - viewStart else {
      throw fault("\(viewLength) bytes from \(viewStart) on are asked of a chunk of \(bytes.count): it is cut short")
    }
    let elementSize = width * component.byteCount
    let (offset, stride) = (try size(accessor, "byteOffset", 0), try size(view, "byteStride", elementSize))
    let count = try size(accessor, "count")
    // Counts come from the file: no product before they are known to be small.
    guard stride >= elementSize, stride <= 252, offset <= viewLength, count <= viewLength,
      count == 0 || offset + (count - 1) * stride + elementSize <= viewLength
    else { throw fault("\(count) elements do not fit its \(viewLength) bytes") }
    self.count = count
    self.component = component
    self.width = width
    isNormalized = accessor["normalized"]?.bool ?? false
    start = viewStart + offset
    self.stride = stride
    self.bytes = bytes
  }
}
