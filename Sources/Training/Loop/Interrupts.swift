import Foundation
import Synchronization

/// Turns Ctrl-C and SIGTERM into a request to stop after the current step.
///
/// The first signal sets a flag that the training loop reads; a second one leaves the process at once with
/// code 130. Signals belong to the process, so this is the one piece of global state in the library.
public enum Interrupts {
  private static let count = Atomic<Int>(0)

  /// Starts to catch the signals, on the calling thread at least.
  public static func install() {
    count.store(0, ordering: .relaxed)  // also initialises it before a handler can run
    // A parent may have handed down a mask that blocks them.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      signal(number) { _ in
        if Interrupts.count.wrappingAdd(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Whether a signal has arrived since `install()`.
  public static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
