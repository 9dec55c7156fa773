import CZip
import Compute
import Foundation

/// A zip archive on disk, opened for reading (libzip): Python wheels, NumPy's npz, PyTorch's pth.
public final class ZipArchive {
  public struct Entry: Equatable, Sendable {
    public let name: String
    /// Uncompressed size in bytes, as the archive's directory claims.
    public let byteCount: Int
    /// Size in the archive.
    public let storedByteCount: Int
  }

  /// All entries, in the archive's order.
  public let entries: [Entry]
  /// Size of the archive itself.
  public let byteCount: Int
  private let indexOfName: [String: Int]
  private let archive: OpaquePointer
  private let path: String

  /// - Throws: `ComputeError` `.noInput` or `.permission` when the file cannot be opened, `.data` when it is no
  ///   zip archive.
  public init(contentsOf url: URL) throws {
    path = url.path
    byteCount = try InputFile.size(url)
    var code: Int32 = 0
    guard let archive = zip_open(path, Int32(ZIP_RDONLY), &code) else {
      var error = zip_error_t()
      zip_error_init_with_code(&error, code)
      defer { zip_error_fini(&error) }
      throw Self.broken(path, String(cString: zip_error_strerror(&error)))
    }
    var entries: [Entry] = []
    for index in 0..<zip_uint64_t(max(0, zip_get_num_entries(archive, 0))) {
      var status = zip_stat_t()
      zip_stat_init(&status)
      guard zip_stat_index(archive, index, 0, &status) == 0, let name = status.name,
        let size = Int(exactly: status.size), let storedSize = Int(exactly: status.comp_size)
      else {
        let reason = String(cString: zip_strerror(archive))
        zip_discard(archive)
        throw Self.broken(path, "entry \(index): \(reason)")
      }
      entries.append(Entry(name: String(cString: name), byteCount: size, storedByteCount: storedSize))
    }
    self.archive = archive
    self.entries = entries
    indexOfName = Dictionary(entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  deinit { zip_discard(archive) }

  /// The bytes of one entry; its checksum is verified.
  ///
  /// - Parameter limit: The largest size that is unpacked, in bytes: a small archive can claim to hold terabytes.
  /// - Throws: `ComputeError` `.data` when there is no such entry, it is larger than `limit`, or it is damaged.
  public func read(_ name: String, atMost limit: Int = 1 << 30) throws -> Data {
    guard let index = indexOfName[name] else {
      throw ComputeError(
        .data, what: "\(path): no entry \"\(name)\"", why: "the archive has \(entries.count) others",
        mend: "check that it is the right archive and version")
    }
    let size = entries[index].byteCount
    guard size <= limit else {
      throw ComputeError(
        .data, what: "\(path): entry \"\(name)\" would unpack to \(size) bytes",
        why: "at most \(limit) are expected here", mend: "check where the archive comes from")
    }
    guard let file = zip_fopen_index(archive, zip_uint64_t(index), 0) else {
      throw Self.broken(path, "entry \"\(name)\": \(String(cString: zip_strerror(archive)))")
    }
    defer { zip_fclose(file) }
    var bytes = Data(count: size)
    let complete = bytes.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < size {
        let count = zip_fread(file, buffer.baseAddress! + done, zip_uint64_t(size - done))
        guard count > 0 else { return false }
        done += Int(count)
      }
      // One read past the end makes libzip compare the checksum.
      var spare: UInt8 = 0
      return zip_fread(file, &spare, 1) == 0
    }
    guard complete else {
      throw Self.broken(path, "entry \"\(name)\" is damaged: \(String(cString: zip_file_strerror(file)))")
    }
    return bytes
  }

  private static func broken(_ path: String, _ why: String) -> ComputeError {
    ComputeError(
      .data, what: "\(path): not a complete zip archive", why: why,
      mend: "fetch the file again and compare its checksum")
  }
}
