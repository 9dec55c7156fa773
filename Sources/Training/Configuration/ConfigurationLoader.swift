import Compute
import FileFormats
import Foundation
import Yams

/// A mapping without keys.
private var emptySection: Node { Node([(Node, Node)]()) }

/// One setting given on the command line: `training.batch=32`.
public struct ConfigurationOverride: Sendable, Equatable {
  /// Keys from the outermost section inwards.
  public let path: [String]
  /// A YAML value: `32`, `true`, `[human36, coco]`.
  public let value: String
  /// What the user typed, for error messages.
  public let origin: String

  public init(path: [String], value: String, origin: String) {
    self.path = path
    self.value = value
    self.origin = origin
  }

  /// Parses `section.key=value`. Throws `.usage` when there is no `=` or an empty key.
  public init(parsing text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let path = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !path.contains("") else {
      throw ComputeError(
        .usage, what: "--set \(text) is not of the form section.key=value",
        why: "a setting needs a name and a value", mend: "write for example --set training.batch=32")
    }
    self.init(path: path, value: parts[1], origin: "--set \(text)")
  }
}

/// Reads typed settings: defaults from code, then a YAML file, then the command line.
///
/// A settings type is a `Codable` struct of structs with synthesized coding keys. Every key of the file
/// and of the command line must be one of its stored properties; nothing is ignored.
public struct ConfigurationLoader<Settings: Codable> {
  private let defaults: Settings
  private let known: ConfigurationKeys

  public init(defaults: Settings) {
    self.defaults = defaults
    known = ConfigurationKeys(of: defaults)
  }

  /// - Parameters:
  ///   - file: a YAML file, or nil to use only the defaults.
  ///   - overrides: applied in order, the last one wins.
  /// - Throws: `.noInput` for an unreadable file; `.configuration` for broken YAML, an unknown key (with the
  ///   nearest known one) and a value of the wrong type (with its line).
  public func load(file: String? = nil, overrides: [ConfigurationOverride] = []) throws -> Settings {
    let text = try file.map { try InputFile.text(URL(fileURLWithPath: $0)) }
    return try load(yaml: text, named: file ?? "", overrides: overrides)
  }

  /// Like `load(file:overrides:)`, from YAML text.
  public func load(
    yaml: String?, named name: String, overrides: [ConfigurationOverride] = []
  ) throws -> Settings {
    let layers = try layers(yaml: yaml, named: name, overrides: overrides)
    var merged = try Yams.compose(yaml: configurationText(defaults)) ?? emptySection
    for layer in layers { merged = try merging(layer.node, into: merged, at: [], from: layer) }
    do {
      return try YAMLDecoder().decode(Settings.self, from: merged)
    } catch let error as DecodingError {
      throw describe(error, layers: layers)
    }
  }

  // MARK: - Merging

  /// One source of settings, with the words that name its lines.
  private struct Layer {
    let node: Node
    let place: (Mark?) -> String
  }

  private func layers(yaml: String?, named name: String, overrides: [ConfigurationOverride]) throws -> [Layer] {
    var layers: [Layer] = []
    if let yaml, let node = try parse(yaml, place: { "\(name), line \($0?.line ?? 1)" }) {
      layers.append(Layer(node: node) { "\(name), line \($0?.line ?? 1)" })
    }
    for override in overrides {
      let value = try parse(override.value, place: { _ in override.origin }) ?? Node("", .implicit, .doubleQuoted)
      let node = override.path.reversed().reduce(value) { inner, key in Node([(Node(key), inner)]) }
      layers.append(Layer(node: node) { _ in override.origin })
    }
    return layers
  }

  private func parse(_ yaml: String, place: (Mark?) -> String) throws -> Node? {
    do {
      return try Yams.compose(yaml: yaml)
    } catch let error as YamlError {
      let mark: Mark? =
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark
        default: nil
        }
      throw ComputeError(
        .configuration, what: "\(place(mark)): this is not valid YAML",
        why: "\(error)".split(separator: "\n").first.map(String.init) ?? "it cannot be parsed",
        mend: "write `key: value` lines, sections indented by two spaces, each key once")
    }
  }

  private func merging(_ new: Node, into old: Node, at path: [String], from layer: Layer) throws -> Node {
    guard let section = known.section(at: path) else { return new }
    if new.null != nil { return old }  // an empty section changes nothing
    guard case .mapping(let pairs) = new, case .mapping(var merged) = old else {
      let name = path.isEmpty ? "a configuration" : path.joined(separator: ".")
      throw ComputeError(
        .configuration, what: "\(layer.place(new.mark)): \(name) must be a section with keys",
        why: "it holds \(section.names.joined(separator: ", "))",
        mend: "write one of these keys, indented, with its value")
    }
    for (keyNode, value) in pairs {
      let key = keyNode.string ?? ""
      let keyPath = path + [key]
      guard known.contains(keyPath) else {
        let written = keyPath.joined(separator: ".")
        throw ComputeError(
          .configuration, what: "\(layer.place(keyNode.mark)): there is no setting \(written)",
          why: "a setting that nothing reads would be ignored silently",
          mend: known.nearest(to: keyPath).map { "did you mean \($0)?" } ?? "remove it")
      }
      merged[keyNode] = try merging(value, into: merged[keyNode] ?? emptySection, at: keyPath, from: layer)
    }
    return .mapping(merged)
  }

  // MARK: - Wrong types

  private func describe(_ error: DecodingError, layers: [Layer]) -> ComputeError {
    let (path, reason): ([String], String) =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        (context.codingPath.map(\.stringValue), context.debugDescription)
      case .keyNotFound(let key, let context):
        (context.codingPath.map(\.stringValue) + [key.stringValue], context.debugDescription)
      @unknown default: ([], "\(error)")
      }
    // The layer that gave the value; list elements are found through their list.
    let keys = Array(path.prefix { !$0.hasPrefix("Index ") && Int($0) == nil })
    var value: Node?
    var place = "configuration"
    for layer in layers {
      guard let node = keys.reduce(Optional(layer.node), { node, key in node?[key] }) else { continue }
      value = node
      place = layer.place(node.mark)
    }
    let name = keys.joined(separator: ".")
    let written = value?.string.map { "\"\($0)\"" } ?? "this value"
    return ComputeError(
      .configuration, what: "\(place): \(name) cannot be \(written)",
      why: known.expectation(at: keys).map { "\(name) is \($0)" } ?? reason,
      mend: "give it a value of that kind")
  }
}
