/// Trades time for memory: keeps only the inputs of `body` and computes it again in the backward pass.
///
/// Random draws of `random` repeat in the second run, and layers leave their running statistics alone
/// (`Tape.isReplaying`). Parameters that the body uses gather their gradients as usual.
/// - Parameters:
///   - inputs: every recorded tensor that the body uses, parameters aside.
///   - random: the stream that the body draws from, if it does.
public func checkpoint(
  _ inputs: [Tensor], random: RandomStream? = nil, _ body: @escaping ([Tensor]) -> Tensor
) -> Tensor {
  guard let tape = inputs.lazy.compactMap({ $0.entry?.tape }).first, !tape.isPaused else { return body(inputs) }
  let start = random?.offset
  let result = tape.pausing { body(inputs.map(\.detached)) }
  let detached = inputs.map(\.detached)
  return .recording("checkpoint", result.view, from: inputs, saving: inputs.map(\.view)) { gradients, _ in
    let end = random?.offset
    if let start { random?.offset = start }
    let slots = inputs.map { _ in GradientSlot() }
    gradients.tape.replay(upstream: gradients.upstream, inputs: detached, slots: slots, body)
    if let end { random?.offset = end }
    for (index, slot) in slots.enumerated() {
      if let gradient = slot.takeGradient() { gradients.pass(index, gradient) }
    }
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
