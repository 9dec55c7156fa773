import Compute
import Kernels

/// What distinguishes one built kernel from another.
struct KernelKey: Hashable {
  let source: KernelSource
  let function: String
  let isDouble: Bool
  /// The arithmetic of map and reduce.
  var program: ElementwiseProgram? = nil
  /// The numbers that the defines are made of.
  var signature: [Int] = []
}

/// One argument of a kernel.
enum KernelArgument {
  case buffer(Buffer)
  case int(Int)
  case int32(Int)
  case real(Double, ElementType)
  /// A struct, laid out by the caller.
  case bytes([UInt8])

  static func real(_ value: Double, like view: TensorView) -> Self { .real(value, view.elementType) }
}

/// Lays out a struct of longs, followed by reals, as OpenCL C does.
struct PlanBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: Int) { withUnsafeBytes(of: Int64(value)) { bytes.append(contentsOf: $0) } }
  mutating func append(_ values: [Int]) { for value in values { append(value) } }

  /// Ends the struct with its scalars: at least one, and padded to whole longs.
  mutating func finish(scalars: [Double], _ elementType: ElementType) {
    for value in scalars.isEmpty ? [0] : scalars { bytes.append(contentsOf: storedBytes(value, elementType)) }
    while bytes.count % 8 != 0 { bytes.append(0) }
  }
}

/// A number as an element type stores it; integers truncate, bfloat16 rounds to nearest even.
func storedBytes(_ value: Double, _ elementType: ElementType) -> [UInt8] {
  func bytes<T>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
  switch elementType {
  case .float32: return bytes(Float(value))
  case .float64: return bytes(value)
  case .int32: return bytes(Int32(value))
  case .int64: return bytes(Int64(value))
  case .uint8: return bytes(UInt8(value))
  case .bfloat16:
    let bits = Float(value).bitPattern
    let rounded = value.isNaN ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return bytes(UInt16(truncatingIfNeeded: rounded))
  }
}

extension ElementType {
  /// The OpenCL C type that stores it.
  var openCLName: String {
    switch self {
    case .float32: "float"
    case .float64: "double"
    case .int32: "int"
    case .int64: "long"
    case .uint8: "uchar"
    case .bfloat16: "ushort"
    }
  }
}

extension IterationSpace {
  /// The same walk with axes of size 1 before it, so that few ranks need a program of their own.
  func padded(to rank: Int) -> (shape: [Int], strides: [[Int]]) {
    precondition(shape.count <= rank, "a walk over \(shape) has more axes than the \(rank) that kernels take")
    let missing = rank - shape.count
    return (
      [Int](repeating: 1, count: missing) + shape, strides.map { [Int](repeating: 0, count: missing) + $0 }
    )
  }

  var padded: (shape: [Int], strides: [[Int]]) { padded(to: Self.maximumRank) }
}
