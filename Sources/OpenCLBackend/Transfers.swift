import CLShim
import Compute
import Synchronization

/// Host bytes that the driver reads after `upload` has returned.
final class StagedBytes: @unchecked Sendable {
  let pointer: UnsafeMutableRawBufferPointer

  init(_ source: UnsafeRawBufferPointer) {
    pointer = .allocate(byteCount: source.count, alignment: 64)
    pointer.copyMemory(from: source)
  }
  deinit { pointer.deallocate() }
}

extension OpenCLDevice {
  /// Uploads keep at most this many staged bytes before they wait.
  private static let stagingLimit = 256 << 20

  public func allocate(byteCount: Int) -> Buffer {
    precondition(byteCount >= 0, "allocate: \(byteCount) bytes")
    let block = keepingFault { try pool.take(byteCount: byteCount) }
    return OpenCLBuffer(byteCount: byteCount, block: block, device: self)
  }

  /// Called when the last reference to a buffer goes.
  func recycle(_ memory: MemoryHandle, wasOnDataStream: Bool) {
    let ticket = submission.withLock { state in
      if wasOnDataStream {
        // Whoever gets this memory next uses it on the compute queue: after what the data queue still does to it.
        state.keepingFault {
          let marker = try $0.data.marker()
          $0.data.flush()
          try $0.compute.wait(for: marker)
        }
      }
      return state.tickets
    }
    pool.giveBack(memory, ticket: ticket)
  }

  public func upload(_ source: UnsafeRawBufferPointer, to destination: TensorView, on stream: StreamName) {
    precondition(
      destination.isContiguous && source.count == destination.elementCount * destination.elementType.byteCount,
      "upload: \(source.count) bytes into a view of shape \(destination.shape) and strides \(destination.strides)")
    destination.buffer.markWritten()
    guard source.count > 0, supports(destination.elementType) else { return }
    let staged = StagedBytes(source)
    submission.withLock { state in
      guard state.fault == nil else { return }
      state.keepingFault { state in
        let memory = try memory(of: destination, "upload", stream, in: &state)
        var event: clshim_event?
        try check(
          clshim_write(
            state.queue(stream).pointer, memory.pointer, destination.offset * destination.elementType.byteCount,
            source.count, staged.pointer.baseAddress, &event), "an upload")
        if stream == .compute { state.tickets += 1 }
        if let event { state.staging.append((staged, EventHandle(event))) }
        try state.releaseStaging(above: Self.stagingLimit)
      }
    }
  }

  public func download(
    _ source: TensorView, to destination: UnsafeMutableRawBufferPointer, on stream: StreamName
  ) throws {
    precondition(
      source.isContiguous && destination.count == source.elementCount * source.elementType.byteCount,
      "download: a view of shape \(source.shape) and strides \(source.strides) into \(destination.count) bytes")
    guard destination.count > 0 else { return try finish(stream) }
    let (event, ticket) = try submission.withLock { state -> (EventHandle, Int) in
      try state.throwFault()
      do {
        let memory = try memory(of: source, "download", stream, in: &state)
        var event: clshim_event?
        try check(
          clshim_read(
            state.queue(stream).pointer, memory.pointer, source.offset * source.elementType.byteCount,
            destination.count, destination.baseAddress, &event), "a download")
        if stream == .compute { state.tickets += 1 }
        state.queue(stream).flush()
        guard let event else { throw driverFault("a download", "no event") }
        return (EventHandle(event), state.tickets)
      }
    }
    try event.wait()
    try submission.withLock { state in
      if stream == .compute { state.completedTickets = Swift.max(state.completedTickets, ticket) }
      try state.releaseStaging(above: Self.stagingLimit)
      state.reportProfile(waiting: false)
      try state.throwFault()
    }
  }

  public func synchronize() throws {
    // Work that follows a fault was never enqueued, but what came before it still runs.
    let failure = Result { try finish(.data) }
    try finish(.compute)
    try failure.get()
  }

  private func finish(_ stream: StreamName) throws {
    let (queue, ticket) = submission.withLock { ($0.queue(stream), $0.tickets) }
    let failure = Result { try queue.finish() }
    try submission.withLock { state in
      if stream == .compute { state.completedTickets = Swift.max(state.completedTickets, ticket) }
      try? state.releaseStaging(above: Self.stagingLimit)
      state.reportProfile(waiting: false)
      try state.throwFault()
    }
    try failure.get()
  }

  /// A view's memory, with the data queue held back where older compute work may still use it.
  private func memory(
    of view: TensorView, _ name: String, _ stream: StreamName, in state: inout Submission
  ) throws -> MemoryHandle {
    guard let buffer = view.buffer as? OpenCLBuffer, buffer.isOwned(by: self) else {
      preconditionFailure("\(name): the view lives on another device")
    }
    guard let memory = buffer.memory else {
      throw ComputeError(
        .system, what: "\(name): the view has no memory", why: "its allocation failed before",
        mend: "mend the earlier fault first")
    }
    let isFirstUse = stream == .data && !buffer.isOnDataStream.exchange(true, ordering: .relaxed)
    if isFirstUse, buffer.ticket > state.completedTickets {
      let marker = try state.compute.marker()
      state.compute.flush()
      try state.data.wait(for: marker)
    }
    return memory
  }

  // MARK: - Streams and statistics

  public func recordEvent(on stream: StreamName) -> any DeviceEvent {
    let event = submission.withLock { state in
      state.keepingFault { state -> EventHandle in
        let event = try state.queue(stream).marker()
        state.queue(stream).flush()
        return event
      }
    }
    return event ?? CompletedEvent()
  }

  public func wait(for event: any DeviceEvent, on stream: StreamName) {
    guard let event = event as? EventHandle else { return }
    submission.withLock { state in state.keepingFault { try $0.queue(stream).wait(for: event) } }
  }

  public var memoryStatistics: MemoryStatistics { pool.statistics }

  public func trimPool() { pool.trim() }
}

/// Stands for an event that could not be recorded; the fault is kept.
private struct CompletedEvent: DeviceEvent {}

extension Submission {
  /// Throws the fault and clears it.
  mutating func throwFault() throws {
    guard let fault else { return }
    self.fault = nil
    throw fault
  }

  /// Lets go of host bytes whose upload is done; waits for the oldest while more than `limit` bytes are held.
  mutating func releaseStaging(above limit: Int) throws {
    staging.removeAll { $0.event.isComplete }
    var held = staging.reduce(0) { $0 + $1.bytes.pointer.count }
    while held > limit, let oldest = staging.first {
      compute.flush()
      data.flush()
      try oldest.event.wait()
      held -= oldest.bytes.pointer.count
      staging.removeFirst()
    }
  }
}
