import Compute

/// The named tensors among the objects of a pickle.
struct StateDictionary {
  /// In the dictionary's order, without a prefix `module.` that all of them have.
  private(set) var tensors: [(name: String, tensor: PickleHeap.Tensor)] = []

  /// Keys under which programs save a model's weights beside other things.
  private static let usualKeys = ["state_dict", "model_state_dict", "model", "network", "net"]

  init(_ root: PickleHeap.Reference, in heap: PickleHeap, source: String) throws {
    var current = root
    // Dictionaries in dictionaries: three steps down is further than any program goes, and a cycle has no end.
    for _ in 0..<4 {
      guard case .dictionary(let members) = heap[current] else { break }
      let all = Self.dictionaries(members, heap)
      let holding = Self.holdingTensors(all, heap)
      let candidates = holding.isEmpty ? all : holding
      let usual = Self.usualKeys.first { candidates[$0] != nil }
      // Weights under a usual key come before loose tensors, which are measures then (`best_acc1`).
      if holding.isEmpty || usual == nil {
        tensors = Self.tensors(members, heap)
        if !tensors.isEmpty {
          dropCommonPrefix()
          return
        }
      }
      guard let key = candidates.count == 1 ? candidates.keys[0] : usual, let next = candidates[key] else {
        throw Self.noWeights(source, among: candidates.keys)
      }
      current = next
    }
    throw Self.noWeights(source, among: [])
  }

  /// The tensors among a dictionary's values whose keys are text; of equal keys the last counts.
  private static func tensors(
    _ members: [(key: PickleHeap.Reference, value: PickleHeap.Reference)], _ heap: PickleHeap
  ) -> [(name: String, tensor: PickleHeap.Tensor)] {
    var found = OrderedMap<PickleHeap.Tensor>()
    for member in members {
      if let name = heap.string(member.key), case .tensor(let tensor) = heap[member.value] { found[name] = tensor }
    }
    return found.map { ($0.key, $0.value) }
  }

  /// The dictionaries among a dictionary's values.
  private static func dictionaries(
    _ members: [(key: PickleHeap.Reference, value: PickleHeap.Reference)], _ heap: PickleHeap
  ) -> OrderedMap<PickleHeap.Reference> {
    var all = OrderedMap<PickleHeap.Reference>()
    for member in members {
      if let key = heap.string(member.key), case .dictionary = heap[member.value] { all[key] = member.value }
    }
    return all
  }

  /// Those of some dictionaries that hold tensors themselves.
  private static func holdingTensors(
    _ all: OrderedMap<PickleHeap.Reference>, _ heap: PickleHeap
  ) -> OrderedMap<PickleHeap.Reference> {
    var holding = OrderedMap<PickleHeap.Reference>()
    // Each is looked into once, however often it stands there.
    var known: [PickleHeap.Reference: Bool] = [:]
    for (key, reference) in all {
      guard case .dictionary(let items) = heap[reference] else { continue }
      let holds =
        known[reference]
        ?? items.contains { item in
          guard heap.string(item.key) != nil, case .tensor = heap[item.value] else { return false }
          return true
        }
      known[reference] = holds
      if holds { holding[key] = reference }
    }
    return holding
  }

  private mutating func dropCommonPrefix() {
    let prefix = "module."
    guard tensors.allSatisfy({ $0.name.hasPrefix(prefix) }) else { return }
    tensors = tensors.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
  }

  private static func noWeights(_ source: String, among keys: [String]) -> ComputeError {
    let names = keys.prefix(6).joined(separator: ", ") + (keys.count > 6 ? ", ..." : "")
    return ComputeError(
      .data, what: "\(source): no dictionary of tensors to take weights from",
      why: keys.isEmpty
        ? "what was saved is no dictionary of tensors, nor one that holds a single such dictionary"
        : "it holds several dictionaries and none under a usual name (\(usualKeys.joined(separator: ", "))): \(names)",
      mend: "save the weights alone: torch.save(model.state_dict(), \"weights.pth\")")
  }
}
