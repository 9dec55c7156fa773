/// An error that says what happened, why that is a problem, and how to mend it.
///
/// The world's faults (no device, a broken file, no memory) are thrown. The caller's faults (a wrong
/// shape, two devices mixed) trap with the same three lines, see `orTrap(_:)`.
public struct ComputeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Whose fault it is; the command line maps each kind to an exit code (sysexits.h).
  public enum Kind: Sendable, Equatable {
    /// Command line or configuration cannot be understood (exit code 64).
    case usage
    /// Input data is malformed or does not fit (exit code 65).
    case data
    /// An input file is missing or unreadable (exit code 66).
    case noInput
    /// A device, driver or library is missing or broken (exit code 69).
    case unavailable
    /// A bug of ours or a device fault (exit code 70).
    case software
    /// Out of memory, disk or another resource of the system (exit code 71).
    case system
    /// An output file cannot be created or written (exit code 73 or 74).
    case cannotWrite
    /// Insufficient permission (exit code 77).
    case permission
    /// A configuration file or checkpoint does not fit the job (exit code 78).
    case configuration
    /// Shapes, element types or devices that do not go together: the caller's fault.
    case shape
  }

  public let kind: Kind
  /// What happened: "spmm: x has 642 rows, the matrix has 320 columns".
  public let what: String
  /// Why that cannot work: "each matrix column multiplies one row of x".
  public let why: String
  /// How to mend it: "pass the Laplacian of x's own mesh level".
  public let mend: String

  public init(_ kind: Kind, what: String, why: String, mend: String) {
    self.kind = kind
    self.what = what
    self.why = why
    self.mend = mend
  }

  public var description: String { "\(what)\n  why:  \(why)\n  mend: \(mend)" }
}

/// Runs a shape rule and stops the program with its three lines when the caller broke it.
@discardableResult
public func orTrap<Value>(_ body: @autoclosure () throws -> Value) -> Value {
  do { return try body() } catch { fatalError("\(error)") }
}
