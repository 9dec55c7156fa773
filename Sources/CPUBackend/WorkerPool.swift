import CPUShim

/// The threads of one device; see `worker_pool.c`.
final class WorkerPool: @unchecked Sendable {
  typealias Body = (_ tile: Int, _ worker: Int) -> Void

  /// Worker numbers lie below it.
  let threadCount: Int
  private let handle: OpaquePointer

  init(threads: Int) {
    threadCount = threads
    handle = cpu_pool_create(Int64(threads))
  }

  deinit { cpu_pool_destroy(handle) }

  /// Runs `body` for every tile, in any order and on any thread, and returns when all are done.
  func run(_ tiles: Int, _ body: Body) {
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        cpu_pool_run(
          handle, Int64(tiles),
          { context, tile, worker in
            context?.assumingMemoryBound(to: Body.self).pointee(Int(tile), Int(worker))
          }, UnsafeMutableRawPointer(mutating: pointer))
      }
    }
  }
}
