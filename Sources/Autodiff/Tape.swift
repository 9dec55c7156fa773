/// Records operations, and runs their pullbacks backwards.
///
/// A tape belongs to one task. `backward` frees what each node saved as soon as its pullback has run.
public final class Tape {
  struct Entry {
    let tape: Tape
    let index: Int
    let serial: Int
  }

  struct Node {
    /// Never used twice on one tape: an entry of an earlier recording is recognised by it.
    let serial: Int
    let name: String
    let device: any Device
    let shape: [Int]
    let elementType: ElementType
    let inputs: [Int?]
    var saved: [SavedView]
    var pullback: ((Gradients, [TensorView]) -> Void)?
    /// Where the gradient of this node's result gathers.
    let slot: GradientSlot
  }

  private var nodes: [Node] = []
  private var nextSerial = 0
  /// True inside `pausing`: what is computed is a constant.
  public private(set) var isPaused = false
  /// True while `checkpoint` computes its body again: layers then leave running statistics alone.
  public private(set) var isReplaying = false

  public init() {}

  func append(
    _ name: String, _ view: TensorView, on device: any Device, inputs: [Int?], saved: [SavedView],
    slot: GradientSlot, pullback: ((Gradients, [TensorView]) -> Void)?
  ) -> Tensor {
    let entry = Entry(tape: self, index: nodes.count, serial: nextSerial)
    nextSerial += 1
    nodes.append(
      Node(
        serial: entry.serial, name: name, device: device, shape: view.shape, elementType: view.elementType,
        inputs: inputs, saved: saved, pullback: pullback, slot: slot))
    return Tensor(view, on: device, entry: entry)
  }

  /// The place of a recorded tensor; traps when the recording that it belongs to is over.
  func index(of entry: Entry, usedBy name: String) -> Int {
    guard entry.tape === self else {
      preconditionFailure("\(name): inputs are recorded on two tapes; a computation belongs to one")
    }
    guard entry.index < nodes.count, nodes[entry.index].serial == entry.serial else {
      preconditionFailure(
        "\(name): an input was recorded before the last backward pass, which emptied the tape; record it again")
    }
    return entry.index
  }

  /// A leaf whose gradient is wanted.
  ///
  /// - Parameter slot: where the gradient goes; a parameter passes its slice of the flat gradient buffer.
  public func variable(_ tensor: Tensor, gradient slot: GradientSlot = GradientSlot()) -> Tensor {
    append("variable", tensor.view, on: tensor.device, inputs: [], saved: [], slot: slot, pullback: nil)
  }

  /// Runs the pullbacks of everything that led to `results`, newest first.
  ///
  /// Gradients gather in the slots of the variables. The tape is empty afterwards.
  /// - Parameter seeds: per result, the factor that the sought gradient gives it: 1 for a loss.
  public func backward(from results: [Tensor], seeds: [Double]? = nil) {
    let seeds = seeds ?? [Double](repeating: 1, count: results.count)
    for (result, seed) in zip(results, seeds) {
      guard let entry = result.entry else {
        preconditionFailure("backward: a result is not recorded; it depends on no variable")
      }
      nodes[index(of: entry, usedBy: "backward")].slot.write(shape: result.shape, result.elementType, on: result.device)
      { destination, beta in
        if beta == 0 {
          result.device.fill(destination, with: seed)
        } else {
          result.device.map(addConstant, [destination], scalars: [seed], into: [destination])
        }
      }
    }
    run(downTo: 0)
    nodes.removeAll()
  }

  private func run(downTo first: Int) {
    var index = nodes.count - 1
    while index >= first {
      let node = nodes[index]
      nodes[index].pullback = nil
      nodes[index].saved = []
      if let pullback = node.pullback, let upstream = node.slot.takeGradient() {
        let saved = orTrap(try node.saved.map { try $0.view() })
        pullback(Gradients(upstream: upstream, tape: self, inputs: node.inputs, device: node.device), saved)
      }
      index -= 1
    }
  }

  // MARK: Access for Gradients

  func slot(_ index: Int) -> GradientSlot { nodes[index].slot }
  func shape(_ index: Int) -> ([Int], ElementType) { (nodes[index].shape, nodes[index].elementType) }

  // MARK: Checkpointing

  /// Runs `body` without recording.
  public func pausing<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = isPaused
    isPaused = true
    defer { isPaused = before }
    return try body()
  }

  /// Records `body` on top of the tape, pulls `upstream` back through it, and takes the recording off again.
  func replay(upstream: TensorView, inputs: [Tensor], slots: [GradientSlot], _ body: ([Tensor]) -> Tensor) {
    let first = nodes.count
    let wasReplaying = isReplaying
    isReplaying = true
    let result = body(zip(inputs, slots).map { variable($0, gradient: $1) })
    isReplaying = wasReplaying
    guard let entry = result.entry else {
      preconditionFailure("checkpoint: the body's result does not depend on its inputs")
    }
    guard nodes[entry.index].slot.adopt(upstream) else {
      preconditionFailure("checkpoint: the body must return a new tensor, not one of its inputs or a parameter")
    }
    run(downTo: first)
    nodes.removeSubrange(first...)
  }
}

private let addConstant = ElementwiseProgram("addConstant", inputs: 1, scalars: 1) { x, s in [x[0] + s[0]] }

/// A view that a pullback needs, with the version that it had when it was saved.
struct SavedView {
  private let saved: TensorView
  private let version: Int
  private let name: String

  init(_ view: TensorView, by name: String) {
    saved = view
    version = view.buffer.version
    self.name = name
  }

  /// The view, or an error when its buffer has been written to since.
  func view() throws -> TensorView {
    guard saved.buffer.version == version else {
      throw ComputeError(
        .software, what: "\(name): a tensor saved for the backward pass was overwritten before it",
        why: "its buffer is at version \(saved.buffer.version), the forward pass saw version \(version)",
        mend: "run backward before the in-place write, or write to a copy")
    }
    return saved
  }
}
