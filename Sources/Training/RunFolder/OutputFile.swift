import Compute
import Foundation

/// Writing files so that nobody ever sees half of one.
public enum OutputFile {
  /// Writes bytes to a temporary name in the same folder, then renames it.
  ///
  /// - Throws: `.permission` or `.cannotWrite`; the temporary file is removed.
  public static func write(_ bytes: some DataProtocol, to path: String) throws {
    let temporary = "\(path).partial-\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(writing: path, errno) }
    do {
      try append(bytes, to: descriptor, path: path)
      guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(writing: path, errno) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    close(descriptor)
    guard rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw failure(writing: path, code)
    }
  }

  public static func write(_ text: String, to path: String) throws {
    try write(Data(text.utf8), to: path)
  }

  /// Creates a folder and those above it.
  public static func createFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      throw failure(writing: path, Int32(underlying?.code ?? Int(EACCES)))
    }
  }

  /// Writes all bytes to an open file.
  static func append(_ bytes: some DataProtocol, to descriptor: Int32, path: String) throws {
    for region in bytes.regions {
      try region.withUnsafeBytes { buffer in
        var done = 0
        while done < buffer.count {
          let count = Foundation.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
          if count < 0, errno == EINTR { continue }
          guard count >= 0 else { throw failure(writing: path, errno) }
          done += count
        }
      }
    }
  }

  /// What a failed system call says about a file that was to be written.
  static func failure(writing path: String, _ code: Int32) -> ComputeError {
    let reason = String(cString: strerror(code))
    switch code {
    case ENOSPC, EDQUOT, EFBIG:
      return ComputeError(
        .cannotWrite, what: "cannot write \(path): \(reason)", why: "the disk, the quota or the file size limit is full",
        mend: "free some space, or choose another disk with --runs; what was written before is intact")
    case EACCES, EPERM, EROFS:
      return ComputeError(
        .permission, what: "cannot write \(path): \(reason)", why: "this user may not write there",
        mend: "choose another folder, or change its permissions")
    default:
      return ComputeError(
        .cannotWrite, what: "cannot write \(path): \(reason)", why: "the system refused it",
        mend: "check that the folder exists and is a folder")
    }
  }
}
