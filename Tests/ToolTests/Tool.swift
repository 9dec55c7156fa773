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
  ///
  /// Foundation's Process can miss the end of a child when tests run in parallel, so this is plain POSIX.
  static func start(_ arguments: [String], in folder: String, limits: String = "true") throws -> Running {
    let streams = folder + "/streams-\(UUID().uuidString)"
    let script = "cd \"$0\" && \(limits) && exec \"$@\" > \(streams).out 2> \(streams).err"
    let words = try ["/bin/sh", "-c", script, folder, executable()] + arguments
    var vector = words.map { strdup($0) } + [nil]
    defer { for word in vector { free(word) } }
    var process = pid_t()
    try #require(posix_spawn(&process, "/bin/sh", nil, nil, &vector, environ) == 0)
    return Running(process: process, streams: streams)
  }

  struct Running {
    let process: pid_t
    let streams: String

    func interrupt() { kill(process, SIGINT) }

    func finish() -> Tool {
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
      func text(_ suffix: String) -> String {
        String(decoding: FileManager.default.contents(atPath: streams + suffix) ?? Data(), as: UTF8.self)
      }
      // The upper byte of a normal end; a signal shows as 128 and its number, as in a shell.
      let code = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
      return Tool(exitCode: code, output: text(".out"), errors: text(".err"))
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
