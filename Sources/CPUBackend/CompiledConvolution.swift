import CPUShim
import Synchronization

/// Which of a convolution's three products is computed.
enum ConvolutionKind: Int32, Hashable, Sendable { case forward, data, filter }

/// A convolution that oneDNN has compiled for one shape. Any number of threads may run it at once.
final class CompiledConvolution: @unchecked Sendable {
  private let handle: OpaquePointer

  /// nil when the library is absent or refuses the shape.
  init?(_ kind: ConvolutionKind, _ shape: cpu_convolution_shape) {
    var shape = shape
    guard let handle = cpu_convolution_create(kind.rawValue, &shape) else { return nil }
    self.handle = handle
  }

  deinit { cpu_convolution_destroy(handle) }

  /// Of a weight in the algorithm's own order.
  var packedBytes: Int { Int(cpu_convolution_packed_bytes(handle)) }
  /// Of one run.
  var scratchBytes: Int { Int(cpu_convolution_scratch_bytes(handle)) }

  func pack(_ weight: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    require(cpu_convolution_pack(handle, weight, packed))
  }

  func unpack(_ packed: UnsafePointer<Float>, to weight: UnsafeMutablePointer<Float>) {
    require(cpu_convolution_unpack(handle, packed, weight))
  }

  func run(
    x: UnsafePointer<Float>, packed: UnsafePointer<Float>, y: UnsafePointer<Float>, _ scratch: UnsafeMutableRawPointer
  ) {
    require(cpu_convolution_run(handle, x, packed, y, scratch))
  }

  /// What was compiled is run on memory that is there: the library has no reason left to refuse.
  private func require(_ isDone: Bool) { precondition(isDone, "oneDNN refused to run a convolution it had compiled") }
}

/// The compiled convolutions of one device, by shape; all are forgotten when there are too many.
final class ConvolutionCache: Sendable {
  private struct Key: Hashable {
    let kind: ConvolutionKind
    let sizes: [Int64]
  }

  private static let capacity = 256
  /// A refusal is remembered as well.
  private let known = Mutex<[Key: CompiledConvolution?]>([:])

  func convolution(_ kind: ConvolutionKind, _ shape: cpu_convolution_shape) -> CompiledConvolution? {
    let sizes = [
      shape.batch, shape.height, shape.width, shape.inputs, shape.output_height, shape.output_width, shape.outputs,
      shape.size, shape.stride, shape.padding,
    ]
    let key = Key(kind: kind, sizes: sizes)
    return known.withLock { known in
      if let found = known[key] { return found }
      if known.count >= Self.capacity { known.removeAll() }
      let made = CompiledConvolution(kind, shape)
      known[key] = .some(made)
      return made
    }
  }
}
