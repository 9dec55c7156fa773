import ArgumentParser
import Geometry

extension MeshAlignment.UpAxis: ExpressibleByArgument {}

/// Units by their symbols.
extension MeshAlignment.Unit: ExpressibleByArgument {
  public init?(argument: String) {
    guard let unit = Self.allCases.first(where: { $0.symbol == argument }) else { return nil }
    self = unit
  }

  public static var allValueStrings: [String] { allCases.map(\.symbol) }

  private var symbol: String {
    switch self {
    case .metres: "m"
    case .decimetres: "dm"
    case .centimetres: "cm"
    case .millimetres: "mm"
    case .inches: "in"
    case .feet: "ft"
    }
  }
}
