import Foundation

// A write to a closed pipe or past the file size limit is an error to report, not a reason to die.
signal(SIGPIPE, SIG_IGN)
signal(SIGXFSZ, SIG_IGN)
do {
  var command = try Contrapposto.parseAsRoot()
  try command.run()
} catch {
  leave(with: error)
}
