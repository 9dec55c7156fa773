import Compute
import FileFormats
import Foundation

/// Backgrounds that were read or computed before, up to a size in all; several threads may ask at once.
///
/// What was read can be read again, so the least recently used goes first. What was computed from two hundred pictures is
/// kept; when such backgrounds alone would pass the limit, the folder is to be prepared instead.
final class BackgroundStore: @unchecked Sendable {
  struct Key: Hashable { let sequence, view: Int }

  private struct Entry {
    let image: Image
    let isComputed: Bool
    var lastUse: Int
  }

  private let condition = NSCondition()
  private let capacityInBytes: Int
  private var entries: [Key: Entry] = [:]
  private var inWork: Set<Key> = []
  private var bytes = 0
  private var clock = 0

  init(capacityInBytes: Int) { self.capacityInBytes = capacityInBytes }

  /// The background of a view, made by one thread while others that ask for it wait.
  ///
  /// - Parameter make: called without the lock; says whether it had to compute.
  func image(_ key: Key, make: () throws -> (image: Image, isComputed: Bool)) throws -> Image {
    if let known = claim(key) { return known }
    do {
      let made = try make()
      try keep(made.image, made.isComputed, key)
      return made.image
    } catch {
      release(key)
      throw error
    }
  }

  /// Of computed backgrounds, for tests.
  var bytesInUse: Int { condition.withLock { bytes } }

  /// A known image, or nil when the caller is now the one to make it.
  private func claim(_ key: Key) -> Image? {
    condition.withLock {
      while true {
        if entries[key] != nil {
          clock += 1
          entries[key]?.lastUse = clock
          return entries[key]?.image
        }
        if inWork.insert(key).inserted { return nil }
        condition.wait()
      }
    }
  }

  private func keep(_ image: Image, _ isComputed: Bool, _ key: Key) throws {
    try condition.withLock {
      bytes += image.pixels.count
      while bytes > capacityInBytes,
        let oldest = entries.filter({ !$0.value.isComputed }).min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        entries[oldest.key] = nil
        bytes -= oldest.value.image.pixels.count
      }
      guard bytes <= capacityInBytes || !isComputed else {
        bytes -= image.pixels.count
        throw ComputeError(
          .system, what: "the backgrounds computed so far take more than \(capacityInBytes >> 20) MiB",
          why: "each comes from up to \(MedianPicture.most) pictures and cannot be computed again and again",
          mend: "compute them once: contrapposto data prepare FOLDER")
      }
      clock += 1
      if bytes <= capacityInBytes {
        entries[key] = Entry(image: image, isComputed: isComputed, lastUse: clock)
      } else {
        bytes -= image.pixels.count  // larger than the store: it is read each time
      }
      inWork.remove(key)
      condition.broadcast()
    }
  }

  private func release(_ key: Key) {
    condition.withLock {
      inWork.remove(key)
      condition.broadcast()
    }
  }
}
