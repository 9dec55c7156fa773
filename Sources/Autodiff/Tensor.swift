@_exported import Compute

/// A view on a device and, when it is recorded, its place on a tape.
///
/// Operations run when called. A result is recorded exactly when one of its inputs is.
public struct Tensor {
  public let view: TensorView
  public let device: any Device
  let entry: Tape.Entry?

  /// A tensor that no tape follows.
  public init(_ view: TensorView, on device: any Device) {
    self.init(view, on: device, entry: nil)
  }

  init(_ view: TensorView, on device: any Device, entry: Tape.Entry?) {
    self.view = view
    self.device = device
    self.entry = entry
  }

  public var shape: [Int] { view.shape }
  public var elementType: ElementType { view.elementType }
  public var isRecorded: Bool { entry != nil }

  /// The same values, cut off from the tape: no gradient flows through.
  public var detached: Tensor { Tensor(view, on: device) }

  /// Fresh memory, contents undefined.
  public static func uninitialized(_ shape: [Int], _ elementType: ElementType, on device: any Device) -> Tensor {
    Tensor(device.allocate(elementType, shape), on: device)
  }

  /// Host values in row-major order, stored as `elementType`.
  public init<Element: HostElement>(
    _ values: [Element], _ shape: [Int], _ elementType: ElementType, on device: any Device
  ) {
    let view = device.allocate(elementType, shape)
    device.upload(values, to: view)
    self.init(view, on: device)
  }

  /// Waits, and reads the elements in row-major order.
  public func doubles() throws -> [Double] { try device.downloadDoubles(view) }
}

// MARK: - Recording

extension Tensor {
  /// The result of a differentiable operation.
  ///
  /// - Parameters:
  ///   - name: appears in errors.
  ///   - view: the computed result.
  ///   - inputs: what gradients may flow to, in the order that the pullback counts them.
  ///   - saved: views that the pullback needs. A write to one of their buffers before the pullback traps.
  ///   - pullback: gets the node's gradients and the saved views, and accumulates into its inputs.
  public static func recording(
    _ name: String, _ view: TensorView, from inputs: [Tensor], saving saved: [TensorView] = [],
    pullback: @escaping (_ gradients: Gradients, _ saved: [TensorView]) -> Void
  ) -> Tensor {
    let device = inputs[0].device
    for input in inputs where input.device !== device {
      preconditionFailure("\(name): inputs live on two devices; move them to one first")
    }
    guard let tape = inputs.lazy.compactMap({ $0.entry?.tape }).first, !tape.isPaused else {
      return Tensor(view, on: device)
    }
    let places = inputs.map { $0.entry.map { tape.index(of: $0, usedBy: name) } }
    return tape.append(
      name, view, on: device, inputs: places, saved: saved.map { SavedView($0, by: name) }, slot: GradientSlot(),
      pullback: pullback)
  }

  /// The result of an operation that has no gradient: refuses recorded inputs instead of dropping their gradient.
  public static func unrecordable(_ name: String, _ view: TensorView, from inputs: [Tensor]) -> Tensor {
    for input in inputs where input.isRecorded && !(input.entry?.tape.isPaused ?? true) {
      preconditionFailure("\(name): has no gradient, but an input is recorded; pass input.detached if none is wanted")
    }
    return Tensor(view, on: inputs[0].device)
  }
}
