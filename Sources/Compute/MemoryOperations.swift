/// A queue of a device. Operations run on `compute`; uploads of the next batch go over `data`.
public enum StreamName: Sendable, CaseIterable { case compute, data }

/// The completion of everything that a stream had been given when the event was recorded.
public protocol DeviceEvent: Sendable {}

/// What the pool has done so far.
public struct MemoryStatistics: Sendable, Equatable {
  /// Bytes obtained from the system and not given back.
  public var mappedByteCount = 0
  /// Bytes held by live buffers.
  public var liveByteCount = 0
  /// The most that was ever live.
  public var peakLiveByteCount = 0
  /// How often the system was asked for memory: stands still once a training step repeats its shapes.
  public var systemAllocationCount = 0

  public init() {}
}

public protocol MemoryOperations: AnyObject, Sendable {
  /// A pooled buffer of at least `byteCount` bytes, contents undefined. 0 bytes give a valid empty buffer.
  ///
  /// A request above `largestAllocation`, or one that the system refuses, becomes the device's fault.
  func allocate(byteCount: Int) -> Buffer

  /// Copies host bytes into a contiguous view; `source` may be reused on return.
  func upload(_ source: UnsafeRawBufferPointer, to destination: TensorView, on stream: StreamName)

  /// Waits for `stream` and copies a contiguous view to the host. Throws the device's fault, if any.
  func download(_ source: TensorView, to destination: UnsafeMutableRawBufferPointer, on stream: StreamName) throws

  /// destination = source, element by element, between views of one shape and any strides.
  ///
  /// The element types may differ: real and integer types convert, to float32 and bfloat16 by rounding to nearest even.
  /// The views share no memory.
  func copy(_ source: TensorView, to destination: TensorView)

  /// Every element of a view of any strides becomes `value`.
  func fill(_ destination: TensorView, with value: Double)

  /// Marks the end of what `stream` has been given so far.
  func recordEvent(on stream: StreamName) -> any DeviceEvent

  /// Makes later work on `stream` start after `event`, without blocking the caller.
  func wait(for event: any DeviceEvent, on stream: StreamName)

  /// Waits for everything enqueued so far; throws the device's fault and clears it.
  func synchronize() throws

  var memoryStatistics: MemoryStatistics { get }

  /// Gives pooled memory that no buffer uses back to the system.
  func trimPool()
}

// MARK: - Host arrays

extension MemoryOperations {
  /// A contiguous view of fresh memory, contents undefined.
  public func allocate(_ elementType: ElementType, _ shape: [Int]) -> TensorView {
    let count = shape.reduce(1, *)
    return TensorView(
      buffer: allocate(byteCount: count * elementType.byteCount), elementType: elementType, shape: shape)
  }

  /// A new view with the given elements, stored as they are.
  public func upload<Element: HostElement>(
    _ values: [Element], _ shape: [Int], on stream: StreamName = .compute
  ) -> TensorView {
    let view = allocate(Element.elementType, shape)
    upload(values, to: view, on: stream)
    return view
  }

  /// Fills a contiguous view, converting between the real types.
  public func upload<Element: HostElement>(
    _ values: [Element], to view: TensorView, on stream: StreamName = .compute
  ) {
    precondition(values.count == view.elementCount, "upload: \(values.count) values for a view of shape \(view.shape)")
    if Element.elementType == view.elementType {
      values.withUnsafeBytes { upload($0, to: view, on: stream) }
    } else if view.elementType == .float64, let floats = values as? [Float] {
      floats.map(Double.init).withUnsafeBytes { upload($0, to: view, on: stream) }
    } else if view.elementType == .float32, let doubles = values as? [Double] {
      doubles.map { Float($0) }.withUnsafeBytes { upload($0, to: view, on: stream) }
    } else {
      preconditionFailure("upload: \(Element.elementType) values into a view of \(view.elementType)")
    }
  }

  /// The elements of a view of any strides, in row-major order, stored as `Element` already.
  public func download<Element: HostElement>(_ view: TensorView, as _: Element.Type) throws -> [Element] {
    precondition(
      view.elementType == Element.elementType,
      "download: the view holds \(view.elementType), not \(Element.elementType)")
    var source = view
    if !view.isContiguous {
      source = allocate(view.elementType, view.shape)
      copy(view, to: source)
    }
    guard !view.isEmpty else {
      try synchronize()
      return []
    }
    return try [Element](unsafeUninitializedCapacity: view.elementCount) { buffer, count in
      try download(source, to: UnsafeMutableRawBufferPointer(buffer), on: .compute)
      count = view.elementCount
    }
  }

  /// The elements of a real view as Double, whatever it stores.
  public func downloadDoubles(_ view: TensorView) throws -> [Double] {
    view.elementType == .float64
      ? try download(view, as: Double.self) : try download(view, as: Float.self).map(Double.init)
  }
}
