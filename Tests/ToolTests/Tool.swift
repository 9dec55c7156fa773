import Foundation
import Testing

/// The built command line, run as a user runs it.
struct Tool {
  let exitCode: Int32
  let output, errors: String

  /// Runs `contrapposto` in a folder of the test.
  ///
  /// - Parameter limits: shell commands before it, for instance `ulimit -f 8`.
  @discardableResult
  static func run(_ arguments: [String], in folder: String, limits: String = "true") throws -> Tool {
    try start(arguments, in: folder, limits: limits).finish()
  }

  /// Starts it without waiting.
  static func start(_ arguments: [String], in folder: String, limits: String = "true") throws -> Running {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "\(limits); exec \"$0\" \"$@\"", try executable()] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let (output, errors) = (folder + "/stdout-\(UUID().uuidString)", folder + "/stderr-\(UUID().uuidString)")
    for path in [output, errors] { try write("", to: path) }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    return Running(process: process, output: output, errors: errors)
  }

  struct Running {
    let process: Process
    let output, errors: String

    func finish() -> Tool {
      process.waitUntilExit()
      func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
      }
      return Tool(exitCode: process.terminationStatus, output: text(output), errors: text(errors))
    }
  }

  /// It stands beside the test bundle.
  private static func executable() throws -> String {
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let path = bundle.deletingLastPathComponent().path + "/contrapposto"
    try #require(FileManager.default.isExecutableFile(atPath: path), "build it first: swift build")
    return path
  }
}

/// Runs `body` with the path of a fresh folder and removes it afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let path = FileManager.default.temporaryDirectory.path + "/contrapposto-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  try body(path)
}

func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
