import Compute

extension ComputeError.Kind {
  /// The exit code that scripts see, after sysexits.h.
  public var exitCode: Int32 {
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
