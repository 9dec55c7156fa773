import CLShim
import Compute
import Foundation

/// Builds programs, and keeps their binaries on disk.
///
/// A file is named by a hash of source, options, device and driver, and holds the whole key and a checksum, so a damaged
/// file or a collision is seen and the program built anew. A folder that cannot be written costs only time.
struct ProgramCache: Sendable {
  private let context: ContextHandle
  private let folder: URL?
  /// Device and driver: binaries of another one do not fit.
  private let origin: String

  init(_ context: ContextHandle, origin: String, folder: URL) {
    self.context = context
    self.origin = origin
    self.folder =
      (try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)) == nil ? nil : folder
  }

  /// `$XDG_CACHE_HOME/contrapposto`, or `~/.cache/contrapposto`.
  static var defaultFolder: URL {
    let environment = ProcessInfo.processInfo.environment
    let base =
      environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
      ?? URL(fileURLWithPath: NSHomeDirectory()).appendingPathComponent(".cache")
    return base.appendingPathComponent("contrapposto")
  }

  func program(_ name: String, source: String) throws -> ProgramHandle {
    let options = "-cl-std=CL1.2"
    let key = Array([origin, options, source].joined(separator: "\u{0}").utf8)
    let file = folder?.appendingPathComponent(
      "\(name)-\(String(checksum(key), radix: 16))\(String(checksum(Array(key.reversed())), radix: 16)).clbin")
    if let file, let binary = Self.read(file, key: key), let program = fromBinary(binary, options) { return program }
    let program = try fromSource(name, source, options)
    if let file, let binary = program.binary { Self.write(binary, key: key, to: file) }
    return program
  }

  private func fromBinary(_ binary: [UInt8], _ options: String) -> ProgramHandle? {
    var built: clshim_program?
    let status = clshim_program_from_binary(
      context.pointer, context.device.pointer, binary, binary.count, options, &built)
    return status == 0 ? built.map(ProgramHandle.init) : nil
  }

  private func fromSource(_ name: String, _ source: String, _ options: String) throws -> ProgramHandle {
    var built: clshim_program?
    var log = [CChar](repeating: 0, count: 1 << 20)
    let status = clshim_program_from_source(
      context.pointer, context.device.pointer, source, source.utf8.count, options, &built, &log, log.count)
    if status == 0, let built { return ProgramHandle(built) }
    let words = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    throw ComputeError(
      .unavailable, what: "OpenCL: kernel \(name) does not build (\(statusName(status)))",
      why: words.isEmpty ? "the driver's compiler gave no reason" : words,
      mend: "update the driver, or run with --device cpu; please report the driver's name and version")
  }

  // MARK: Files

  private static let mark = Array("contrapposto kernel 1\n".utf8)

  /// mark, key length, key, checksum of the binary, binary.
  private static func read(_ file: URL, key: [UInt8]) -> [UInt8]? {
    guard let data = try? Data(contentsOf: file) else { return nil }
    let head = header(key)
    guard data.count > head.count + 8, data.prefix(head.count).elementsEqual(head) else { return nil }
    let sum = data[head.count..<head.count + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let binary = [UInt8](data.dropFirst(head.count + 8))
    return checksum(binary) == sum ? binary : nil
  }

  private static func write(_ binary: [UInt8], key: [UInt8], to file: URL) {
    let bytes = header(key) + withUnsafeBytes(of: checksum(binary).littleEndian) { Array($0) } + binary
    // Atomic: a temporary file, renamed. A failure costs only the next start's time.
    try? Data(bytes).write(to: file, options: .atomic)
  }

  private static func header(_ key: [UInt8]) -> [UInt8] {
    mark + withUnsafeBytes(of: UInt64(key.count).littleEndian) { Array($0) } + key
  }
}

/// FNV-1a, 64 bits.
private func checksum(_ bytes: [UInt8]) -> UInt64 {
  bytes.withUnsafeBufferPointer { pointer in
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in pointer { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}
