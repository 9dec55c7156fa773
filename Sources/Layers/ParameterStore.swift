@_exported import Autodiff

/// What a named tensor of a model is for.
public enum ParameterRole: Sendable, Hashable {
  /// Trained by gradients.
  case trainable
  /// Used as it is: no gradient flows to it and nothing writes to it; checkpoints hold it. A batch norm that is frozen
  /// normalises by its running statistics and keeps them.
  case frozen
  /// State that a forward pass updates: running statistics. Each has a buffer of its own, because a write to one must
  /// not look like a write to what another layer saved.
  case state
  /// Carried in checkpoints for compatibility, never used.
  case inert
}

/// The declaration of one named tensor.
public struct ParameterDeclaration: Sendable {
  public let name: String
  public let shape: [Int]
  public let role: ParameterRole
  /// Whether weight decay acts on it where an optimiser decays matrices: the weights of linear maps and convolutions, not
  /// biases, gains and shifts.
  public let decays: Bool

  /// - Parameter decays: by default what has more than one axis.
  public init(_ name: String, _ shape: [Int], _ role: ParameterRole = .trainable, decays: Bool? = nil) {
    self.name = name
    self.shape = shape
    self.role = role
    self.decays = decays ?? (shape.count > 1)
  }
}

/// All tensors of a model; the trainable ones in one flat buffer, so the optimiser is one launch and an all-reduce one call.
public final class ParameterStore {
  public let device: any Device
  public let elementType: ElementType
  public let declarations: [ParameterDeclaration]
  /// Batches seen by each batch norm, by full name; plain integers on the host.
  public var counters: [String: Int64]

  /// `[count]`: every trainable tensor in declaration order, each starting at a multiple of `alignment`; gaps are 0.
  public let values: TensorView
  /// `[count]`: their gradients, in the same places. Stale where no gradient has arrived since `clearGradients`.
  public let gradients: TensorView
  private let ranges: [String: Range<Int>]
  private let views: [String: TensorView]
  private let slots: [String: GradientSlot]

  /// In elements: 64 bytes of float32, a cache line and the widest vector.
  private static let alignment = 16

  public init(
    _ declarations: [ParameterDeclaration], counters: [String], _ elementType: ElementType, on device: any Device
  ) {
    self.device = device
    self.elementType = elementType
    self.declarations = declarations
    self.counters = Dictionary(uniqueKeysWithValues: counters.map { ($0, 0) })
    var ranges: [String: Range<Int>] = [:]
    var count = 0
    for item in declarations where item.role == .trainable {
      ranges[item.name] = count..<count + item.shape.reduce(1, *)
      count = (ranges[item.name]!.upperBound + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    self.ranges = ranges
    values = device.allocate(elementType, [count])
    gradients = device.allocate(elementType, [count])
    device.fill(values, with: 0)
    device.fill(gradients, with: 0)
    var views: [String: TensorView] = [:]
    var slots: [String: GradientSlot] = [:]
    for item in declarations {
      precondition(views[item.name] == nil, "ParameterStore: \(item.name) is declared twice")
      if let range = ranges[item.name] {
        views[item.name] = values.sliced(axis: 0, range).reshaped(item.shape)
        slots[item.name] = GradientSlot(into: gradients.sliced(axis: 0, range).reshaped(item.shape))
      } else {
        let view = device.allocate(elementType, item.shape)
        device.fill(view, with: 0)
        views[item.name] = view
      }
    }
    self.views = views
    self.slots = slots
  }

  /// The memory of a named tensor; traps when the model has none of that name.
  public func view(_ name: String) -> TensorView {
    guard let view = views[name] else { preconditionFailure("ParameterStore: there is no tensor \(name)") }
    return view
  }

  /// Whether gradients flow to a named tensor.
  public func isTrainable(_ name: String) -> Bool { slots[name] != nil }

  /// Where the gradient of a trainable tensor gathers.
  public func slot(_ name: String) -> GradientSlot {
    guard let slot = slots[name] else { preconditionFailure("ParameterStore: \(name) is not trainable") }
    return slot
  }
}

// MARK: - Gradients

extension ParameterStore {
  /// Forgets all gradients; nothing is written, the next backward pass overwrites.
  public func clearGradients() {
    for slot in slots.values { slot.clear() }
  }

  /// Writes zeros where no gradient arrived, so that the flat buffer may be reduced or exchanged as a whole.
  public func zeroMissingGradients() {
    for (name, slot) in slots where !slot.hasGradient {
      device.fill(gradients.sliced(axis: 0, ranges[name]!), with: 0)
    }
  }

  /// The stretches of the flat buffers that received gradients, in order, neighbours joined.
  ///
  /// Parameters that no gradient reached are skipped by optimisers, as PyTorch does.
  public var rangesWithGradient: [Range<Int>] { rangesWithGradient { _ in true } }

  /// The same of some tensors only. Few stretches, and so few launches, come of declaring these one after the other.
  public func rangesWithGradient(where isIncluded: (ParameterDeclaration) -> Bool) -> [Range<Int>] {
    var joined: [Range<Int>] = []
    var continues = false
    for item in declarations where item.role == .trainable {
      guard let range = ranges[item.name], slots[item.name]?.hasGradient == true, isIncluded(item) else {
        continues = false
        continue
      }
      if continues, let last = joined.popLast() {
        joined.append(last.lowerBound..<range.upperBound)  // the gap between them stays 0
      } else {
        joined.append(range)
      }
      continues = true
    }
    return joined
  }
}
