import CLShim
import Compute

// The shim's handles as classes that release what they own. OpenCL's objects may be used from any thread; a kernel's
// arguments may not, so kernels stay behind the device's submission lock.

final class ContextHandle: @unchecked Sendable {
  let pointer: clshim_context
  let device: DeviceHandle

  init(_ device: DeviceHandle) throws {
    var created: clshim_context?
    try check(clshim_context_create(device.pointer, &created), "creating a context")
    guard let created else { throw driverFault("creating a context", "it gave no object") }
    pointer = created
    self.device = device
  }

  deinit { clshim_context_release(pointer) }
}

/// An in-order queue.
final class QueueHandle: @unchecked Sendable {
  let pointer: clshim_queue
  private let context: ContextHandle

  init(_ context: ContextHandle, isProfiling: Bool) throws {
    var created: clshim_queue?
    try check(
      clshim_queue_create(context.pointer, context.device.pointer, isProfiling ? 1 : 0, &created), "creating a queue")
    guard let created else { throw driverFault("creating a queue", "it gave no object") }
    pointer = created
    self.context = context
  }

  deinit { clshim_queue_release(pointer) }

  func flush() { _ = clshim_queue_flush(pointer) }
  func finish() throws { try check(clshim_queue_finish(pointer), "waiting for the device") }

  func marker() throws -> EventHandle {
    var event: clshim_event?
    try check(clshim_marker(pointer, &event), "recording an event")
    guard let event else { throw driverFault("recording an event", "it gave no object") }
    return EventHandle(event)
  }

  func wait(for event: EventHandle) throws {
    try check(clshim_barrier(pointer, event.pointer), "waiting for an event")
  }
}

final class EventHandle: DeviceEvent, @unchecked Sendable {
  let pointer: clshim_event

  init(_ pointer: clshim_event) { self.pointer = pointer }
  deinit { clshim_event_release(pointer) }

  func wait() throws { try check(clshim_event_wait(pointer), "a transfer") }

  var isComplete: Bool {
    var isComplete: Int32 = 0
    // An event whose work failed is over too; the fault shows at the next wait.
    return clshim_event_is_complete(pointer, &isComplete) != 0 || isComplete != 0
  }
}

/// A piece of device memory as the driver gave it.
final class MemoryHandle: @unchecked Sendable {
  let pointer: clshim_memory
  let byteCount: Int
  private let context: ContextHandle

  init(_ context: ContextHandle, byteCount: Int) throws {
    var created: clshim_memory?
    let status = clshim_memory_create(context.pointer, byteCount, &created)
    guard status == 0, let created else {
      throw ComputeError(
        .system, what: "OpenCL: no buffer of \(byteCount) bytes (\(statusName(status)))",
        why: "the device's memory is full or the request too large", mend: "use a smaller batch or a larger device")
    }
    pointer = created
    self.byteCount = byteCount
    self.context = context
  }

  deinit { clshim_memory_release(pointer) }
}

final class ProgramHandle: @unchecked Sendable {
  let pointer: clshim_program

  init(_ pointer: clshim_program) { self.pointer = pointer }
  deinit { clshim_program_release(pointer) }

  func kernel(_ name: String) throws -> KernelHandle {
    var created: clshim_kernel?
    try check(clshim_kernel_create(pointer, name, &created), "creating kernel \(name)")
    guard let created else { throw driverFault("creating kernel \(name)", "it gave no object") }
    return KernelHandle(created)
  }

  /// The device's own code, or nil where the driver does not give it.
  var binary: [UInt8]? {
    var length = 0
    guard clshim_program_binary_size(pointer, &length) == 0, length > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: length)
    return clshim_program_binary(pointer, &bytes, length) == 0 ? bytes : nil
  }
}

final class KernelHandle: @unchecked Sendable {
  let pointer: clshim_kernel

  init(_ pointer: clshim_kernel) { self.pointer = pointer }
  deinit { clshim_kernel_release(pointer) }
}

// MARK: - Statuses

func statusName(_ status: Int32) -> String { String(cString: clshim_status_name(status)) }

func driverFault(_ action: String, _ reason: String) -> ComputeError {
  ComputeError(
    .software, what: "OpenCL: \(action) failed (\(reason))", why: "the driver refused or the device faulted",
    mend: "run `contrapposto doctor`; if the device is healthy, report the driver's name and version")
}

func check(_ status: Int32, _ action: @autoclosure () -> String) throws {
  guard status != 0 else { return }
  let isMemory = status == -4 || status == -5 || status == -6
  throw isMemory
    ? ComputeError(
      .system, what: "OpenCL: \(action()) failed (\(statusName(status)))",
      why: "the device or the host ran out of memory",
      mend: "use a smaller batch or a larger device")
    : driverFault(action(), statusName(status))
}
