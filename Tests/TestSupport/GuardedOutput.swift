import Compute

/// A view for an operation to write to, with canary words around it and in its gaps.
public struct GuardedOutput {
  public let view: TensorView
  private let device: any Device
  private let storage: TensorView
  private let written: [UInt8]
  private let inside: [Int]

  /// Elements of canary on either side.
  private static let rim = 33

  /// - Parameter initial: what the view holds before; nil fills it with NaN (or -1 in every bit).
  init(_ shape: [Int], _ type: ElementType, _ layout: Layout, initially initial: [Double]?, on device: any Device) {
    let (strides, span) = layout.strides(shape)
    let width = type.byteCount
    let count = span + 2 * Self.rim
    var bytes = [UInt8](repeating: 0xA5, count: count * width)
    inside = positions(shape: shape, strides: strides, offset: Self.rim)
    let filling = initial.map { encoded($0, as: type) } ?? [UInt8](repeating: 0xFF, count: inside.count * width)
    for (k, position) in inside.enumerated() {
      for byte in 0..<width { bytes[position * width + byte] = filling[k * width + byte] }
    }
    let storage = device.allocate(type, [count])
    bytes.withUnsafeBytes { device.upload($0, to: storage, on: .compute) }
    view = TensorView(buffer: storage.buffer, elementType: type, shape: shape, strides: strides, offset: Self.rim)
    self.device = device
    self.storage = storage
    written = bytes
  }

  /// The view's elements in row-major order. Throws when a canary is dead.
  public func values() throws -> [Double] {
    let width = view.elementType.byteCount
    var bytes = [UInt8](repeating: 0, count: written.count)
    try bytes.withUnsafeMutableBytes { try device.download(storage, to: $0, on: .compute) }
    let belongs = Set(inside)
    for position in 0..<storage.shape[0] where !belongs.contains(position) {
      let range = position * width..<(position + 1) * width
      if bytes[range] != written[range] { throw StrayWrite(position: position - Self.rim, view: view) }
    }
    let all = decoded(bytes, as: view.elementType)
    return inside.map { all[$0] }
  }
}

/// An element outside the output was written.
public struct StrayWrite: Error, CustomStringConvertible {
  let position: Int
  let view: TensorView
  public var description: String {
    "stray write at element \(position) of an output of shape \(view.shape) with strides \(view.strides)"
  }
}
