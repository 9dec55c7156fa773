import ArgumentParser
import Compute
import Foundation
import ToolSupport

/// The code of a run that was asked to stop: 128 + SIGINT.
let interruptedExitCode: Int32 = 130

/// Ends the process as an error demands: three lines on stderr and a code that scripts can read.
func leave(with error: any Error) -> Never {
  guard let error = error as? ComputeError else { Contrapposto.exit(withError: error) }
  FileHandle.standardError.write(Data("contrapposto: \(error)\n".utf8))
  exit(error.kind.exitCode)
}
