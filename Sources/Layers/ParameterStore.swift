@_exported import Autodiff

/// What a named tensor of a model is for.
public enum ParameterRole: Sendable, Hashable {
  /// Trained by gradients.
  case trainable
  /// State that a forward pass updates: running statistics. Lives apart from the weights, because a write to it
  /// must not look like a write to saved weights.
  case state
  /// Carried in checkpoints for compatibility, never used.
  case inert
}

/// The declaration of one named tensor.
public struct ParameterDeclaration: Sendable {
  public let name: String
  public let shape: [Int]
  public let role: ParameterRole

  public init(_ name: String, _ shape: [Int], _ role: ParameterRole = .trainable) {
    self.name = name
    self.shape = shape
    self.role = role
  }
}

/// All tensors of a model in flat buffers: the optimiser is one launch, a checkpoint one read, an all-reduce one call.
public final class ParameterStore {
  public let device: any Device
  public let elementType: ElementType
  public let declarations: [ParameterDeclaration]
  /// Batches seen by each batch norm, by full name; plain integers on the host.
  public var counters: [String: Int64]

  /// `[count]`: every trainable tensor, one after the other in declaration order.
  public let values: TensorView
  /// `[count]`: their gradients, in the same places.
  public let gradients: TensorView
  private let others: TensorView
  private let places: [String: Place]
  private let slots: [String: GradientSlot]

  private struct Place {
    let role: ParameterRole
    let range: Range<Int>
    let shape: [Int]
  }

  public init(
    _ declarations: [ParameterDeclaration], counters: [String], _ elementType: ElementType, on device: any Device
  ) {
    self.device = device
    self.elementType = elementType
    self.declarations = declarations
    self.counters = Dictionary(uniqueKeysWithValues: counters.map { ($0, 0) })
    var places: [String: Place] = [:]
    var trainable = 0
    var other = 0
    for item in declarations {
      precondition(places[item.name] == nil, "ParameterStore: \(item.name) is declared twice")
      let count = item.shape.reduce(1, *)
      if item.role == .trainable {
        places[item.name] = Place(role: item.role, range: trainable..<trainable + count, shape: item.shape)
        trainable += count
      } else {
        places[item.name] = Place(role: item.role, range: other..<other + count, shape: item.shape)
        other += count
      }
    }
    self.places = places
    values = device.allocate(elementType, [trainable])
    gradients = device.allocate(elementType, [trainable])
    others = device.allocate(elementType, [other])
    device.fill(values, with: 0)
    device.fill(others, with: 0)
    let flat = gradients
    slots = places.filter { $0.value.role == .trainable }.mapValues { place in
      GradientSlot(into: flat.sliced(axis: 0, place.range).reshaped(place.shape))
    }
  }

  /// The memory of a named tensor; traps when the model has none of that name.
  public func view(_ name: String) -> TensorView {
    guard let place = places[name] else { preconditionFailure("ParameterStore: there is no tensor \(name)") }
    return (place.role == .trainable ? values : others).sliced(axis: 0, place.range).reshaped(place.shape)
  }

  /// Where the gradient of a trainable tensor gathers.
  public func slot(_ name: String) -> GradientSlot {
    guard let slot = slots[name] else { preconditionFailure("ParameterStore: \(name) has no gradient") }
    return slot
  }

  /// Forgets all gradients; nothing is written, the next backward pass overwrites.
  public func clearGradients() {
    for slot in slots.values { slot.clear() }
  }

  /// The stretches of the flat buffers that received gradients, in order, neighbours joined.
  ///
  /// Parameters that no gradient reached are skipped by optimisers, as PyTorch does.
  public var rangesWithGradient: [Range<Int>] {
    var ranges: [Range<Int>] = []
    for item in declarations where item.role == .trainable && slots[item.name]!.hasGradient {
      let range = places[item.name]!.range
      if let last = ranges.last, last.upperBound == range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else if !range.isEmpty {
        ranges.append(range)
      }
    }
    return ranges
  }
}
