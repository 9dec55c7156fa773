/// What one element of a view is stored as. Accumulation is a matter of each operation's contract.
public enum ElementType: UInt8, Sendable, Hashable, CaseIterable {
  case float32, float64, int32, int64, uint8, bfloat16

  public var byteCount: Int {
    switch self {
    case .uint8: 1
    case .bfloat16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }

  /// Whether arithmetic operations compute in this type.
  public var isReal: Bool { self == .float32 || self == .float64 }

  /// The machine epsilon of a real type; tests derive their tolerances from it.
  public var epsilon: Double { self == .float64 ? 0x1p-52 : 0x1p-23 }
}

/// A host type that can be moved to and from views of one element type.
public protocol HostElement: Sendable {
  static var elementType: ElementType { get }
}

extension Float: HostElement { public static var elementType: ElementType { .float32 } }
extension Double: HostElement { public static var elementType: ElementType { .float64 } }
extension Int32: HostElement { public static var elementType: ElementType { .int32 } }
extension Int64: HostElement { public static var elementType: ElementType { .int64 } }
extension UInt8: HostElement { public static var elementType: ElementType { .uint8 } }
