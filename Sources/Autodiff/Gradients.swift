/// Where the gradient of one tensor gathers.
public final class GradientSlot {
  private var destination: TensorView?
  /// Whether `destination` was given from outside, so that gradients must be written into that very memory.
  private let isFixed: Bool
  /// Whether a gradient has arrived since the slot was last cleared.
  public private(set) var hasGradient = false

  public init() { isFixed = false }

  /// A slot that gathers into given memory: a parameter's slice of the flat gradient buffer.
  public init(into destination: TensorView) {
    self.destination = destination
    isFixed = true
  }

  /// The gathered gradient, nil when none has arrived.
  public var gradient: TensorView? { hasGradient ? destination : nil }

  /// Forgets the gradient; the next one overwrites.
  public func clear() {
    hasGradient = false
    if !isFixed { destination = nil }
  }

  /// Puts a gradient from elsewhere into the slot, as if a backward pass had.
  public func store(_ gradient: TensorView, on device: any Device) {
    clear()
    write(shape: gradient.shape, gradient.elementType, on: device) { destination, _ in
      device.copy(gradient, to: destination)
    }
  }

  /// Where the caller must now put a gradient: the first one overwrites, later ones add.
  func accumulator(shape: [Int], _ elementType: ElementType, on device: any Device) -> Accumulator {
    let view = destination ?? device.allocate(elementType, shape)
    destination = view
    defer { hasGradient = true }
    return Accumulator(view, beta: hasGradient ? 1 : 0)
  }

  /// Lets `write` put a gradient into the slot: with beta 0 it overwrites, with beta 1 it adds.
  func write(
    shape: [Int], _ elementType: ElementType, on device: any Device,
    _ write: (_ destination: TensorView, _ beta: Double) -> Void
  ) {
    let target = accumulator(shape: shape, elementType, on: device)
    write(target.view, target.beta)
  }

  /// Takes over a finished gradient without a copy when the slot is free; false when it must be added instead.
  func adopt(_ view: TensorView) -> Bool {
    guard !isFixed, !hasGradient, view.isContiguous else { return false }
    destination = view
    hasGradient = true
    return true
  }

  /// Hands the gradient to the node's pullback and forgets it.
  func takeGradient() -> TensorView? {
    defer { clear() }
    return gradient
  }
}

/// What a pullback works with: the gradient of its result, and the way to its inputs' gradients.
public struct Gradients {
  /// The gradient of the node's result; the pullback owns it and may overwrite it.
  public let upstream: TensorView
  let tape: Tape
  let inputs: [Int?]
  public let device: any Device
  private let handedOut = HandedOut()

  init(upstream: TensorView, tape: Tape, inputs: [Int?], device: any Device) {
    self.upstream = upstream
    self.tape = tape
    self.inputs = inputs
    self.device = device
  }

  /// Whether a gradient flows to the input at all.
  public func isWanted(_ input: Int) -> Bool { inputs[input] != nil }

  /// Lets `write` put a gradient into an input's slot: with beta 0 it overwrites, with beta 1 it adds.
  ///
  /// Not called when the gradient is not wanted.
  public func accumulate(_ input: Int, _ write: (_ destination: TensorView, _ beta: Double) -> Void) {
    guard let index = inputs[input] else { return }
    let (shape, elementType) = tape.shape(index)
    tape.slot(index).write(shape: shape, elementType, on: device, write)
  }

  /// Lets one launch put gradients into the slots of several inputs, nil where none is wanted.
  ///
  /// A tensor that is an input twice has one slot: its first accumulator overwrites or adds, its second one adds.
  public func accumulate(_ inputs: Range<Int>, _ write: (_ accumulators: [Accumulator?]) -> Void) {
    write(
      inputs.map { input in
        self.inputs[input].map { index in
          let (shape, elementType) = tape.shape(index)
          return tape.slot(index).accumulator(shape: shape, elementType, on: device)
        }
      })
  }

  /// Gives an input a finished gradient of its shape.
  ///
  /// The first gradient from a buffer is taken over without a copy, so nobody may use it afterwards; a second one from
  /// the same buffer is copied.
  public func pass(_ input: Int, _ gradient: TensorView) {
    guard let index = inputs[input] else { return }
    precondition(
      gradient.shape == tape.shape(index).0 && gradient.elementType == tape.shape(index).1,
      "a pullback passed a gradient of shape \(gradient.shape) to an input of shape \(tape.shape(index).0)")
    if !handedOut.buffers.contains(where: { $0 === gradient.buffer }), tape.slot(index).adopt(gradient) {
      handedOut.buffers.append(gradient.buffer)
      return
    }
    accumulate(input) { destination, beta in
      if beta == 0 {
        device.copy(gradient, to: destination)
      } else {
        device.map(.addition, [destination, gradient], into: [destination])
      }
    }
  }
}

/// The buffers that one pullback has given away.
private final class HandedOut {
  var buffers: [Buffer] = []
}

extension ElementwiseProgram {
  /// a + b.
  public static let addition = ElementwiseProgram("add", inputs: 2) { x, _ in [x[0] + x[1]] }
}
