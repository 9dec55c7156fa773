import Compute
import Foundation

/// Writing that is all or nothing: readers see the old file or the new one, never half of either.
public enum AtomicFile {
  /// Writes `data` to a temporary file beside `url`, flushes it to the disk, and renames it over `url`.
  ///
  /// A symbolic link is followed. What is not a plain file (a pipe, `/dev/stdout`) is written directly.
  ///
  /// - Throws: `ComputeError` `.cannotWrite` when the disk is full, the folder is missing or not writable, or
  ///   the path is a folder. Nothing is left behind then, and an older file stays as it was.
  public static func write(_ data: Data, to url: URL) throws { try write([data], to: url) }

  /// Writes the pieces one after the other, as `write(_:to:)`; spares joining them in memory first.
  public static func write(_ pieces: [Data], to url: URL) throws {
    let path = resolved(url.path)
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      let file = open(path, O_WRONLY | O_CLOEXEC)
      guard file >= 0 else { throw cannotWrite(path, errno) }
      defer { close(file) }
      for piece in pieces { try write(piece, into: file, path) }
      return
    }

    let (file, temporary) = try openTemporary(beside: path)
    do {
      defer { close(file) }
      for piece in pieces { try write(piece, into: file, path) }
      guard fsync(file) == 0 else { throw cannotWrite(path, errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw cannotWrite(path, code)
    }
  }

  /// Finds out before long work whether its result can be written: makes the temporary file and removes it.
  ///
  /// - Throws: As `write(_:to:)`, except for what only shows when the data come.
  public static func checkWritable(_ url: URL) throws {
    let path = resolved(url.path)
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      if status.st_mode & S_IFMT == S_IFDIR { throw cannotWrite(path, EISDIR) }
      return
    }
    let (file, temporary) = try openTemporary(beside: path)
    close(file)
    unlink(temporary)
  }

  /// Makes a folder and its parents; one that exists is left alone.
  ///
  /// - Throws: `ComputeError` `.cannotWrite`.
  public static func makeFolder(_ url: URL) throws {
    var path = url.path.hasPrefix("/") ? "/" : ""
    for part in url.path.split(separator: "/") {
      path += path.isEmpty || path.hasSuffix("/") ? String(part) : "/\(part)"
      var status = stat()
      if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { continue }
      // EEXIST is fine when another process was quicker to make the folder, not when a file has its name.
      if mkdir(path, 0o777) != 0 {
        let code = errno
        guard code == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
          throw cannotWrite(path, code == EEXIST ? ENOTDIR : code)
        }
      }
    }
  }

  private static func openTemporary(beside path: String) throws -> (file: Int32, path: String) {
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    let suffix = String(UInt32.random(in: .min ... .max), radix: 36)
    let temporary = (folder as NSString).appendingPathComponent(".\(name).\(suffix).part")
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw cannotWrite(path, errno) }
    return (file, temporary)
  }

  private static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  private static func write(_ piece: Data, into file: Int32, _ path: String) throws {
    try piece.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(file, bytes.baseAddress! + done, bytes.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          throw cannotWrite(path, errno)
        }
        done += count
      }
    }
  }

  private static func cannotWrite(_ path: String, _ code: Int32) -> ComputeError {
    let reason = String(cString: strerror(code))
    let folder = (path as NSString).deletingLastPathComponent
    let place = folder.isEmpty ? "the current folder" : folder
    let (why, mend) =
      switch code {
      case ENOSPC, EDQUOT, EFBIG:
        ("the disk, or this user's share of it, is full", "free some space, or write to another disk")
      case ENOENT: ("\(place) does not exist", "make the folder first, or correct the path")
      case ENOTDIR: ("a part of the path is a file, not a folder", "correct the path")
      case EISDIR: ("the path is a folder", "give the path of a file")
      case EACCES, EPERM, EROFS:
        ("this user may not write to \(place) (\(reason))", "write elsewhere, or give the right to write there")
      default: ("the system says: \(reason)", "check the disk or network folder, or write elsewhere")
      }
    return ComputeError(.cannotWrite, what: "\(path): cannot be written", why: why, mend: mend)
  }
}
