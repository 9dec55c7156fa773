import FileFormats
import Foundation

/// A report on one run: a single web page that needs nothing but itself, made to be looked at.
///
/// Models hand in their sections; the page brings the layout, for screens and paper, in light and dark.
///
/// Texts may hold `` `code` ``, `**bold**`, `[text](https://...)`, and `[^1]`, which points to the first footnote.
public struct Report: Sendable {
  public var title: String
  /// One or two sentences under the title.
  public var summary: String
  /// What was run: date, device, command, commit; in the order given.
  public var facts: OrderedMap<String>
  /// The few numbers that matter most.
  public var keyFigures: [KeyFigure]
  public var sections: [Section]
  /// Numbered from 1 in the order given.
  public var footnotes: [String]

  public init(
    title: String, summary: String = "", facts: OrderedMap<String> = [:], keyFigures: [KeyFigure] = [],
    sections: [Section] = [], footnotes: [String] = []
  ) {
    self.title = title
    self.summary = summary
    self.facts = facts
    self.keyFigures = keyFigures
    self.sections = sections
    self.footnotes = footnotes
  }

  /// Writes the page.
  ///
  /// - Throws: `ComputeError` `.cannotWrite` as `AtomicFile.write(_:to:)`, `.system` when a picture cannot be
  ///   encoded.
  public func write(to url: URL) throws { try AtomicFile.write(Data(try html().utf8), to: url) }
}

// MARK: - Contents

extension Report {
  /// A number worth a large font.
  public struct KeyFigure: Sendable {
    public var value: String
    public var unit: String
    public var label: String
    /// What to compare it with.
    public var note: String

    public init(_ value: String, unit: String = "", label: String, note: String = "") {
      self.value = value
      self.unit = unit
      self.label = label
      self.note = note
    }
  }

  public struct Section: Sendable {
    public var title: String
    public var blocks: [Block]

    public init(_ title: String, _ blocks: [Block]) {
      self.title = title
      self.blocks = blocks
    }
  }

  public enum Block: Sendable {
    case paragraph(String)
    case list([String])
    case table(Table)
    case figure(Figure)
    /// Text as it stands, for instance the command that makes a number again.
    case code(String)
    /// What the reader must not miss: a limit, a replacement, a failure.
    case note(String)
  }

  public struct Table: Sendable {
    public var columns: [String]
    public var rows: [[String]]
    public var highlightedRow: Int?
    public var caption: String

    /// - Precondition: Each row has one cell per column. The first column is set left, the others right.
    public init(columns: [String], rows: [[String]], highlightedRow: Int? = nil, caption: String = "") {
      precondition(rows.allSatisfy { $0.count == columns.count }, "Table: a row has not \(columns.count) cells")
      self.columns = columns
      self.rows = rows
      self.highlightedRow = highlightedRow
      self.caption = caption
    }
  }

  /// Pictures or charts side by side, above one caption.
  public struct Figure: Sendable {
    public struct Panel: Sendable {
      public enum Content: Sendable {
        case picture(Image)
        /// An `<svg>` element, as the charts of this library give it.
        case svg(String)
      }

      public var content: Content
      public var label: String

      public init(_ content: Content, label: String = "") {
        self.content = content
        self.label = label
      }
    }

    public var panels: [Panel]
    public var caption: String
    /// How many panels stand side by side where the screen is wide enough.
    public var columns: Int
    /// What the colours of heat maps mean; stands between panels and caption.
    public var legend: ColorScale?

    /// - Parameter columns: All panels in one row unless given.
    public init(_ panels: [Panel], caption: String = "", columns: Int? = nil, legend: ColorScale? = nil) {
      self.panels = panels
      self.caption = caption
      self.legend = legend
      self.columns = max(1, columns ?? panels.count)
    }

    /// One chart.
    public init(svg: String, caption: String = "") { self.init([Panel(.svg(svg))], caption: caption) }

    /// One picture.
    public init(picture: Image, caption: String = "") { self.init([Panel(.picture(picture))], caption: caption) }
  }
}
