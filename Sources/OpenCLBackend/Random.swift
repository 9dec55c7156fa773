import Compute
import Kernels

extension OpenCLDevice {
  public func randomBits(_ key: RandomKey, into destination: TensorView) {
    precondition(
      destination.elementType == .int32 && destination.isContiguous,
      "randomBits: the destination is \(destination.elementType) with strides \(destination.strides)")
    destination.buffer.markWritten()
    let count = destination.elementCount
    guard count > 0 else { return }
    let size = grid((count + 3) / 4)
    launch(
      "randomBits", KernelKey(source: .random, function: "randomBits", isDouble: false), defines: [],
      [
        .int(count), .int(Int(bitPattern: UInt(key.seed))), .int(Int(bitPattern: UInt(key.offset))),
        .buffer(destination.buffer), .int(destination.offset),
      ],
      global: size.global, local: size.local, byteCount: Self.distinctByteCount(destination))
  }

  public func randomMask(_ key: RandomKey, keepProbability: Double, scale: Double, into destination: TensorView) {
    precondition(
      destination.elementType.isReal && destination.isContiguous,
      "randomMask: the destination is \(destination.elementType) with strides \(destination.strides)")
    let threshold = maskThreshold(keepProbability)
    destination.buffer.markWritten()
    let count = destination.elementCount
    guard count > 0, supports(destination.elementType) else { return }
    let size = grid((count + 3) / 4)
    launch(
      "randomMask",
      KernelKey(source: .random, function: "randomMask", isDouble: destination.elementType == .float64), defines: [],
      [
        .int(count), .int(Int(bitPattern: UInt(key.seed))), .int(Int(bitPattern: UInt(key.offset))),
        .int(Int(threshold)), .real(scale, like: destination), .buffer(destination.buffer), .int(destination.offset),
      ],
      global: size.global, local: size.local, byteCount: Self.distinctByteCount(destination))
  }
}
