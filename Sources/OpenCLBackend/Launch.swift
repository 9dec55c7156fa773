import CLShim
import Compute
import Kernels

extension OpenCLDevice {
  /// Enqueues one kernel on the compute queue, building it at its first use.
  ///
  /// - Parameters:
  ///   - name: what profiles show.
  ///   - defines: the build-time numbers as `#define` lines; read only when the kernel is not built yet.
  ///   - global: work-items per dimension, multiples of `local`; nothing is enqueued when one is 0.
  func launch(
    _ name: String, _ key: KernelKey, defines: @autoclosure () -> [String], _ arguments: [KernelArgument],
    global: [Int], local: [Int], flop: Int = 0, byteCount: Int = 0
  ) {
    guard global.allSatisfy({ $0 > 0 }) else { return }
    submission.withLock { state in
      guard state.fault == nil else { return }
      state.keepingFault { state in
        let kernel = try self.kernel(key, defines: defines, in: &state)
        for (index, argument) in arguments.enumerated() {
          try set(argument, at: UInt32(index), of: kernel, name)
        }
        var event: clshim_event?
        let status =
          state.profiler == nil
          ? clshim_launch(state.compute.pointer, kernel.pointer, UInt32(global.count), global, local, nil)
          : clshim_launch(state.compute.pointer, kernel.pointer, UInt32(global.count), global, local, &event)
        try check(status, "launching \(name)")
        state.enqueued(name, flop: flop, byteCount: byteCount, event)
      }
    }
  }

  private func kernel(_ key: KernelKey, defines: () -> [String], in state: inout Submission) throws -> KernelHandle {
    if let known = state.kernels[key] { return known }
    let built = try programs.program(key.source.rawValue, source: source(key, defines())).kernel(key.function)
    state.kernels[key] = built
    return built
  }

  /// The whole text of a program.
  func source(_ key: KernelKey, _ defines: [String]) -> String {
    ([
      "#define DOUBLE \(key.isDouble ? 1 : 0)", "#define PROCESSOR \(description.isProcessor ? 1 : 0)",
    ] + defines + [key.source.text]).joined(separator: "\n")
  }

  private func set(_ argument: KernelArgument, at index: UInt32, of kernel: KernelHandle, _ name: String) throws {
    let status: Int32
    switch argument {
    case .buffer(let buffer):
      guard let buffer = buffer as? OpenCLBuffer, buffer.isOwned(by: self) else {
        preconditionFailure("\(name): an operand lives on another device")
      }
      guard let memory = buffer.memory else {
        throw ComputeError(
          .system, what: "\(name): an operand has no memory", why: "its allocation failed before",
          mend: "mend the earlier fault first")
      }
      var pointer: clshim_memory? = memory.pointer
      status = clshim_kernel_argument(kernel.pointer, index, MemoryLayout<clshim_memory?>.size, &pointer)
    case .int(let value):
      var long = Int64(value)
      status = clshim_kernel_argument(kernel.pointer, index, 8, &long)
    case .int32(let value):
      var int = Int32(value)
      status = clshim_kernel_argument(kernel.pointer, index, 4, &int)
    case .real(let value, let elementType):
      let bytes = storedBytes(value, elementType)
      status = clshim_kernel_argument(kernel.pointer, index, bytes.count, bytes)
    case .bytes(let bytes):
      status = clshim_kernel_argument(kernel.pointer, index, bytes.count, bytes)
    }
    try check(status, "argument \(index) of \(name)")
  }

  // MARK: - Work sizes

  /// The smallest power of two not below `count`, at most `limit` (a power of two).
  static func lanes(_ count: Int, atMost limit: Int) -> Int {
    var lanes = 1
    while lanes < count && lanes < limit { lanes *= 2 }
    return lanes
  }

  /// A grid over `inner` elements, `items` per work-item, times `outer` rows.
  ///
  /// Rows beyond the grid are reached by striding: some drivers take no more than 65,535 groups in the second dimension.
  func grid(inner: Int, outer: Int, items: Int = 1) -> (global: [Int], local: [Int]) {
    // Three shapes of a group are enough; some drivers compile a kernel anew for each.
    let width = Swift.min(inner >= 4 * groupSize ? groupSize : inner >= 32 ? 32 : 4, groupSize)
    let height = groupSize / width
    let columns = (inner + width * items - 1) / (width * items)
    let rows = Swift.min((outer + height - 1) / height, 32_768)
    return ([columns * width, rows * height], [width, height])
  }

  /// A one-dimensional grid of at least `count` work-items.
  func grid(_ count: Int) -> (global: [Int], local: [Int]) {
    ([(count + groupSize - 1) / groupSize * groupSize], [groupSize])
  }
}

extension Submission {
  /// Counts a command of the compute queue; `event` is kept for the profiler.
  mutating func enqueued(_ name: String, flop: Int, byteCount: Int, _ event: clshim_event?) {
    tickets += 1
    // Some drivers hold work back until told to start; now and then is enough.
    if tickets % 32 == 0 { compute.flush() }
    guard let event else { return }
    profile.append((name, flop, byteCount, EventHandle(event)))
    if profile.count >= 4096 { reportProfile(waiting: false) }
  }
}

extension EventHandle {
  /// Begin and end on the device's clock.
  var times: (begin: UInt64, end: UInt64)? {
    var begin: UInt64 = 0
    var end: UInt64 = 0
    return clshim_event_times(pointer, &begin, &end) == 0 ? (begin, end) : nil
  }
}
