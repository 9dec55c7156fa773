import CPUShim
import Compute

/// Everything before an event is done when it is recorded: operations run when called.
private struct PastEvent: DeviceEvent {}

extension CPUDevice {
  public func allocate(byteCount: Int) -> Buffer {
    guard byteCount <= information.largestAllocation else {
      record(
        ComputeError(
          .system, what: "allocate: a buffer of \(byteCount) bytes",
          why: "the device's largest allocation is \(information.largestAllocation) bytes",
          mend: "use a smaller batch or model"))
      return refusedBuffer(byteCount)
    }
    guard let block = memory.obtain(byteCount) else {
      record(outOfMemory(byteCount))
      return refusedBuffer(byteCount)
    }
    return CPUBuffer(byteCount: byteCount, block: block, pool: memory, isRefused: false)
  }

  private func refusedBuffer(_ byteCount: Int) -> Buffer {
    guard let block = memory.obtain(0) else { fatalError("\(outOfMemory(0))") }
    return CPUBuffer(byteCount: byteCount, block: block, pool: memory, isRefused: true)
  }

  public func upload(_ source: UnsafeRawBufferPointer, to destination: TensorView, on stream: StreamName) {
    precondition(
      destination.isContiguous && source.count == destination.elementCount * destination.elementType.byteCount,
      "upload: \(source.count) bytes into a view of shape \(destination.shape) and strides \(destination.strides)")
    launch("upload", reading: [], writing: [destination]) {
      guard let base = source.baseAddress, source.count > 0 else { return }
      destination.pointer.copyMemory(from: base, byteCount: source.count)
    }
  }

  public func download(
    _ source: TensorView, to destination: UnsafeMutableRawBufferPointer, on stream: StreamName
  ) throws {
    precondition(
      source.isContiguous && destination.count == source.elementCount * source.elementType.byteCount,
      "download: \(destination.count) bytes from a view of shape \(source.shape) and strides \(source.strides)")
    launch("download", reading: [source], writing: []) {
      guard let base = destination.baseAddress, destination.count > 0 else { return }
      base.copyMemory(from: source.pointer, byteCount: destination.count)
    }
    try throwFault()
  }

  public func copy(_ source: TensorView, to destination: TensorView) {
    precondition(
      source.shape == destination.shape, "copy: shapes \(source.shape) and \(destination.shape) differ")
    launch("copy", reading: [source], writing: [destination]) {
      guard !destination.isEmpty else { return }
      let nest = IterationSpace(shape: destination.shape, strides: [source.strides, destination.strides])
      var space = cpu_space(nest)
      let from = cpu_operand(source, nest.strides[0])
      let to = cpu_operand(destination, nest.strides[1])
      let tiles = Int(cpu_space_plan(&space, 1))
      let plan = space
      workers.run(tiles) { tile, _ in
        withUnsafePointer(to: plan) { plan in
          withUnsafePointer(to: from) { from in
            withUnsafePointer(to: to) { cpu_copy_tile(plan, from, $0, Int64(tile)) }
          }
        }
      }
    }
  }

  public func fill(_ destination: TensorView, with value: Double) {
    launch("fill", reading: [], writing: [destination]) {
      guard !destination.isEmpty else { return }
      let nest = IterationSpace(shape: destination.shape, strides: [destination.strides])
      var space = cpu_space(nest)
      let to = cpu_operand(destination, nest.strides[0])
      let tiles = Int(cpu_space_plan(&space, 1))
      let plan = space
      workers.run(tiles) { tile, _ in
        withUnsafePointer(to: plan) { plan in
          withUnsafePointer(to: to) { cpu_fill_tile(plan, $0, value, Int64(tile)) }
        }
      }
    }
  }

  public func recordEvent(on stream: StreamName) -> any DeviceEvent { PastEvent() }

  public func wait(for event: any DeviceEvent, on stream: StreamName) {}

  public func synchronize() throws { try throwFault() }

  public var memoryStatistics: MemoryStatistics { memory.statistics }

  public func trimPool() { memory.trim() }
}
