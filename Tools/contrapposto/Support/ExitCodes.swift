import ArgumentParser
import Compute
import Foundation

extension ComputeError.Kind {
  /// The exit code that scripts see, after sysexits.h.
  var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .data: 65
    case .noInput: 66
    case .unavailable: 69
    case .software, .shape: 70
    case .system: 71
    case .cannotWrite: 73
    case .permission: 77
    case .configuration: 78
    }
  }
}

/// The code of a run that was asked to stop: 128 + SIGINT.
let interruptedExitCode: Int32 = 130

/// Ends the process as an error demands: three lines on stderr and a code that scripts can read.
func leave(with error: any Error) -> Never {
  guard let error = error as? ComputeError else { Contrapposto.exit(withError: error) }
  FileHandle.standardError.write(Data("contrapposto: \(error)\n".utf8))
  exit(error.kind.exitCode)
}
