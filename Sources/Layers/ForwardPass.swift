/// One run of a model: which parameters, whether it trains, and where it is recorded. Parameters must not change during it.
public final class ForwardPass {
  public let parameters: ParameterStore
  /// Batch norm uses batch statistics and dropout drops.
  public let isTraining: Bool
  public let tape: Tape?
  /// Where dropout masks come from; needed for training with dropout.
  public let random: RandomStream?
  private var variables: [String: Tensor] = [:]
  private var shared: [String: [Tensor]] = [:]

  /// - Parameter tape: records the pass for a backward pass; nil only computes.
  public init(_ parameters: ParameterStore, isTraining: Bool, tape: Tape? = nil, random: RandomStream? = nil) {
    self.parameters = parameters
    self.isTraining = isTraining
    self.tape = tape
    self.random = random
  }

  /// A parameter: recorded once per pass so that all its uses gather one gradient, and not at all when it is frozen.
  public func parameter(_ name: String) -> Tensor {
    if let known = variables[name] { return known }
    let plain = Tensor(parameters.view(name), on: parameters.device)
    let tensor =
      parameters.isTrainable(name)
      ? tape.map { $0.variable(plain, gradient: parameters.slot(name)) } ?? plain : plain
    variables[name] = tensor
    return tensor
  }

  /// Tensors computed from parameters alone: made and recorded once per pass, so that all their uses gather one gradient.
  public func shared(_ name: String, _ make: () -> [Tensor]) -> [Tensor] {
    // A replay comes after the pullbacks of what was recorded before it was reached: it needs tensors of its own.
    if let tape, tape.isReplaying { return make() }
    if let known = shared[name] { return known }
    let tensors = make()
    // What is made while the tape rests leads to no gradient.
    if let tape, tape.isPaused { return tensors }
    shared[name] = tensors
    return tensors
  }

  /// Whether running statistics move: in training, and not when `checkpoint` computes a body again.
  public var updatesStatistics: Bool { isTraining && !(tape?.isReplaying ?? false) }
}
