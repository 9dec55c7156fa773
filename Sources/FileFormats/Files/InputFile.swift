import Compute
import Foundation

/// Whole-file reading with errors that say what is wrong.
public enum InputFile {
  /// The bytes of a file.
  ///
  /// The file is read, not mapped: a file that shrinks while it is mapped kills the process.
  ///
  /// - Throws: `ComputeError` `.noInput` when there is no such file or it is a folder, `.permission` when it
  ///   may not be read, `.system` when reading fails half-way.
  public static func read(_ url: URL) throws -> Data {
    let path = url.path
    let (file, size) = try open(path)
    defer { close(file) }
    var bytes = Data(count: size)
    var filled = 0
    while true {
      if filled == bytes.count {
        // Pipes and device files have no size of their own; one spare byte finds the end of a plain file.
        bytes.count += filled == size ? 1 : 65_536
      }
      let got = bytes.withUnsafeMutableBytes { Foundation.read(file, $0.baseAddress! + filled, $0.count - filled) }
      if got < 0 {
        if errno == EINTR { continue }
        throw cannotRead(path, errno)
      }
      if got == 0 { break }
      filled += got
    }
    bytes.count = filled
    return bytes
  }

  /// The text of a UTF-8 file.
  ///
  /// - Throws: As `read(_:)`, and `.data` when the bytes are not UTF-8.
  public static func text(_ url: URL) throws -> String {
    guard let text = String(data: try read(url), encoding: .utf8) else {
      throw ComputeError(
        .data, what: "\(url.path): not UTF-8 text", why: "names and numbers are read as UTF-8",
        mend: "save the file as UTF-8, or check that it is the file you meant")
    }
    return text
  }

  /// The first bytes of a file, as many as it has up to `count`: enough to tell what it is.
  ///
  /// - Throws: As `read(_:)`.
  static func beginning(_ url: URL, count: Int) throws -> Data {
    let (file, _) = try open(url.path)
    defer { close(file) }
    var bytes = Data(count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { Foundation.read(file, $0.baseAddress! + filled, count - filled) }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw cannotRead(url.path, errno) }
      if got == 0 { break }
      filled += got
    }
    return bytes.prefix(filled)
  }

  /// The size of a file that can be opened for reading, for libraries that take a path and explain little.
  ///
  /// - Throws: As `read(_:)`.
  static func size(_ url: URL) throws -> Int {
    let (file, size) = try open(url.path)
    close(file)
    return size
  }

  private static func open(_ path: String) throws -> (file: Int32, size: Int) {
    let file = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw cannotRead(path, errno) }
    var status = stat()
    let code = fstat(file, &status) != 0 ? errno : status.st_mode & S_IFMT == S_IFDIR ? EISDIR : 0
    guard code == 0 else {
      close(file)
      throw cannotRead(path, code)
    }
    return (file, Int(status.st_size))
  }

  private static func cannotRead(_ path: String, _ code: Int32) -> ComputeError {
    let reason = String(cString: strerror(code))
    return switch code {
    case ENOENT, ENOTDIR:
      ComputeError(
        .noInput, what: "\(path): no such file", why: "it is to be read here",
        mend: "check the path; a relative one starts at the current folder")
    case EISDIR:
      ComputeError(
        .noInput, what: "\(path): is a folder", why: "a file is to be read here", mend: "give the path of a file")
    case EACCES, EPERM:
      ComputeError(
        .permission, what: "\(path): may not be read", why: "the system says: \(reason)",
        mend: "give this user the right to read it (chmod u+r)")
    default:
      ComputeError(
        .system, what: "\(path): reading failed", why: "the system says: \(reason)",
        mend: "check the disk or network folder the file is on")
    }
  }
}
