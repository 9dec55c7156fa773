/// Trades time for memory: keeps only the inputs of `body` and computes it again in the backward pass.
///
/// The second run sees the same random draws and the same values of `state`, and layers leave their running
/// statistics alone (`Tape.isReplaying`). Parameters that the body uses gather their gradients as usual.
/// - Parameters:
///   - inputs: every tensor that the body uses, parameters aside.
///   - tape: where the pass is recorded; nil only computes.
///   - random: the stream that the body draws from, if it does.
///   - state: views that the body both reads and updates: spectral norm's vectors, say.
public func checkpoint(
  _ inputs: [Tensor], on tape: Tape?, random: RandomStream? = nil, state: [TensorView] = [],
  _ body: @escaping ([Tensor]) -> Tensor
) -> Tensor {
  guard let tape, !tape.isPaused else { return body(inputs) }
  let device = inputs[0].device
  let start = random?.offset
  let before = state.map { device.copied($0) }
  let detached = inputs.map(\.detached)
  let result = tape.pausing { body(detached) }
  // Data inputs are recorded too, so that a first block is replayed for its parameters' sake.
  let recorded = inputs.map { $0.isRecorded ? $0 : tape.variable($0) }
  return .recording("checkpoint", result.view, from: recorded, saving: detached.map(\.view)) { gradients, _ in
    let end = random?.offset
    if let start { random?.offset = start }
    let now = state.map { device.copied($0) }
    for (view, old) in zip(state, before) { device.copy(old, to: view) }
    let slots = detached.map { _ in GradientSlot() }
    gradients.tape.replay(upstream: gradients.upstream, inputs: detached, slots: slots, body)
    for (view, new) in zip(state, now) { device.copy(new, to: view) }
    if let end { random?.offset = end }
    for (index, slot) in slots.enumerated() {
      if let gradient = slot.takeGradient() { gradients.pass(index, gradient) }
    }
  }
}

extension Device {
  fileprivate func copied(_ view: TensorView) -> TensorView {
    let copy = allocate(view.elementType, view.shape)
    self.copy(view, to: copy)
    return copy
  }
}

/// Hands out one key after the other: a running position in a seeded random sequence.
public final class RandomStream {
  public let seed: UInt64
  /// The number of keys drawn so far; a training checkpoint stores it.
  public var offset: UInt64

  public init(seed: UInt64, offset: UInt64 = 0) {
    self.seed = seed
    self.offset = offset
  }

  public func next() -> RandomKey {
    defer { offset += 1 }
    return RandomKey(seed: seed, offset: offset)
  }
}
