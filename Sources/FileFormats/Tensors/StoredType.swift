import Compute

/// How one number of a tensor is stored in a file; the raw value is its name in safetensors headers.
///
/// Wider than `ElementType`: files also hold types that no device computes with.
public enum StoredType: String, CaseIterable, Sendable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case uint8 = "U8"

  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .uint8: 1
    }
  }

  /// The device type of the same layout, if there is one.
  public var elementType: ElementType? {
    switch self {
    case .float64: .float64
    case .float32: .float32
    case .bfloat16: .bfloat16
    case .int64: .int64
    case .int32: .int32
    case .uint8: .uint8
    case .float16, .int16: nil
    }
  }

  public init(_ type: ElementType) {
    self =
      switch type {
      case .float64: .float64
      case .float32: .float32
      case .bfloat16: .bfloat16
      case .int64: .int64
      case .int32: .int32
      case .uint8: .uint8
      }
  }
}
