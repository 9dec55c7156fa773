import Compute
import Foundation

/// A tensor as a file holds it: a type, a shape, and contiguous little-endian bytes.
public struct HostTensor: Equatable, Sendable {
  public let type: StoredType
  /// Row-major; `[]` is a scalar.
  public let shape: [Int]
  /// `shape` elements of `type`, little-endian. It may be a slice of a whole file: its indices need not
  /// begin at 0.
  public let data: Data

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// - Precondition: `data` has exactly the bytes that `type` and `shape` ask for.
  public init(_ type: StoredType, shape: [Int], data: Data) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && data.count == shape.reduce(type.byteCount, *),
      "HostTensor: \(data.count) bytes for shape \(shape) of \(type.rawValue)")
    self.type = type
    self.shape = shape
    self.data = data
  }

  /// A tensor of `values` in row-major order.
  ///
  /// - Parameters:
  ///   - values: Float, Double, Int32, Int64 or UInt8.
  ///   - shape: `[values.count]` unless given.
  /// - Precondition: The shape has as many elements as there are values.
  public init<Element: HostElement>(_ values: [Element], shape: [Int]? = nil) {
    self.init(
      StoredType(Element.elementType), shape: shape ?? [values.count], data: values.withUnsafeBytes { Data($0) })
  }
}

// MARK: - Values

extension HostTensor {
  /// The elements as Float: exact for F32, F16, BF16, I16 and U8, rounded for the others.
  public func floats() -> [Float] {
    switch type {
    case .float32: elements(Float.self) { $0 }
    case .float64: elements(Double.self) { Float($0) }
    case .float16: elements(UInt16.self) { Float(Float16(bitPattern: $0)) }
    case .bfloat16: elements(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .int64: elements(Int64.self) { Float($0) }
    case .int32: elements(Int32.self) { Float($0) }
    case .int16: elements(Int16.self) { Float($0) }
    case .uint8: elements(UInt8.self) { Float($0) }
    }
  }

  /// The elements as Double: exact for every type but I64 beyond 2^53.
  public func doubles() -> [Double] {
    switch type {
    case .float64: elements(Double.self) { $0 }
    case .int64: elements(Int64.self) { Double($0) }
    case .int32: elements(Int32.self) { Double($0) }
    default: floats().map(Double.init)
    }
  }

  /// The elements as Int32.
  ///
  /// - Throws: `ComputeError` `.data` when the tensor holds reals, or an integer beyond 32 bits.
  public func int32s() throws -> [Int32] {
    if type == .int32 { return elements(Int32.self) { $0 } }
    return try int64s().map { value in
      guard let narrow = Int32(exactly: value) else {
        throw ComputeError(
          .data, what: "a tensor of integers holds \(value)", why: "32-bit integers end at 2147483647",
          mend: "check how the file was made: indices and counts are far smaller")
      }
      return narrow
    }
  }

  /// The elements as Int64.
  ///
  /// - Throws: `ComputeError` `.data` when the tensor holds reals.
  public func int64s() throws -> [Int64] {
    switch type {
    case .int64: return elements(Int64.self) { $0 }
    case .int32: return elements(Int32.self) { Int64($0) }
    case .int16: return elements(Int16.self) { Int64($0) }
    case .uint8: return elements(UInt8.self) { Int64($0) }
    case .float64, .float32, .float16, .bfloat16:
      throw ComputeError(
        .data, what: "a tensor \(shape) holds \(type.rawValue), integers are wanted",
        why: "indices and counts are stored as integers", mend: "store it as I32 or I64")
    }
  }

  /// The bytes, converted element by element. The host is little-endian, as everything Swift runs on.
  private func elements<Stored: BitwiseCopyable, Element>(
    _ stored: Stored.Type, _ convert: (Stored) -> Element
  ) -> [Element] {
    data.withUnsafeBytes { bytes in
      [Element](unsafeUninitializedCapacity: count) { elements, initialized in
        let size = MemoryLayout<Stored>.size
        for index in 0..<count {
          let value = bytes.loadUnaligned(fromByteOffset: index * size, as: stored)
          elements.initializeElement(at: index, to: convert(value))
        }
        initialized = count
      }
    }
  }
}
