import Compute
import Kernels

extension OpenCLDevice {
  public func copy(_ source: TensorView, to destination: TensorView) {
    precondition(
      source.shape == destination.shape, "copy: shapes \(source.shape) and \(destination.shape) differ")
    destination.buffer.markWritten()
    guard supports(source.elementType), supports(destination.elementType), !source.isEmpty else { return }
    let space = IterationSpace(shape: source.shape, views: [source, destination])
    let rank = space.shape.count
    let inner = space.shape[rank - 1]
    let outer = space.elementCount / inner
    var plan = PlanBytes()
    plan.append(IterationSpace.maximumRank - rank)
    plan.append(space.padded.shape)
    for strides in space.padded.strides { plan.append(strides) }
    plan.append([source.offset, destination.offset, outer])
    let isUnit = space.strides.allSatisfy { $0[rank - 1] == 1 }
    let types = [source.elementType, destination.elementType]
    let index = Self.index(counting: space.elementCount)
    let size = grid(inner: inner, outer: outer, items: Self.itemsPerWorkItem)
    launch(
      "copy",
      KernelKey(
        source: .copy, function: "copy", isDouble: types.contains(.float64),
        signature: [isUnit ? 1 : 0, index.code] + types.map { Int($0.rawValue) }),
      defines: [
        index.define, "#define ITEMS \(Self.itemsPerWorkItem)",
        "#define SOURCE \(types[0].openCLName)", "#define DESTINATION \(types[1].openCLName)",
        "#define CONVERT(x) \(Self.conversion(from: types[0], to: types[1]))",
        "#define UNIT \(isUnit ? 1 : 0)",
      ],
      [.bytes(plan.bytes), .buffer(source.buffer), .buffer(destination.buffer)],
      global: size.global, local: size.local,
      byteCount: Self.distinctByteCount(source) + Self.distinctByteCount(destination))
  }

  /// How `copy.cl` turns one stored type into another.
  private static func conversion(from source: ElementType, to destination: ElementType) -> String {
    if source == destination { return "(x)" }
    let value = source == .bfloat16 ? "bfloat16_to_float(x)" : "x"
    return switch destination {
    case .bfloat16: "float_to_bfloat16(convert_float(\(value)))"
    case .float32, .float64: "convert_\(destination.openCLName)(\(value))"
    case .int32, .int64, .uint8: "convert_\(destination.openCLName)_sat\(source.isInteger ? "" : "_rtz")(\(value))"
    }
  }

  public func fill(_ destination: TensorView, with value: Double) {
    destination.buffer.markWritten()
    guard supports(destination.elementType), !destination.isEmpty else { return }
    let space = IterationSpace(shape: destination.shape, views: [destination])
    let rank = space.shape.count
    let inner = space.shape[rank - 1]
    let outer = space.elementCount / inner
    var plan = PlanBytes()
    plan.append(IterationSpace.maximumRank - rank)
    plan.append(space.padded.shape)
    plan.append(space.padded.strides[0])
    plan.append([destination.offset, outer])
    let type = destination.elementType
    let size = grid(inner: inner, outer: outer, items: Self.itemsPerWorkItem)
    launch(
      "fill",
      KernelKey(
        source: .fill, function: "fill", isDouble: type == .float64, signature: [Int(type.rawValue)]),
      defines: [
        "#define ITEMS \(Self.itemsPerWorkItem)", "#define ELEMENT \(type.openCLName)",
      ],
      [.bytes(plan.bytes), .buffer(destination.buffer), .real(value, type)],
      global: size.global, local: size.local, byteCount: Self.distinctByteCount(destination))
  }
}

extension ElementType {
  fileprivate var isInteger: Bool { self == .int32 || self == .int64 || self == .uint8 }
}
