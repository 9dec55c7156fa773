import FileFormats
import Foundation

extension Report {
  /// The page as one HTML document: style sheet, charts and pictures are inside it.
  ///
  /// - Throws: `ComputeError` `.system` when a picture cannot be encoded.
  public func html() throws -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(SVG.escape(title))</title>
    <style>
    \(Self.styleSheet)
    </style>
    </head>
    <body>
    <main>
    \(header)
    \(try sections.enumerated().map { try html($0.element, index: $0.offset) }.joined(separator: "\n"))
    \(footer)
    </main>
    </body>
    </html>

    """
  }

  // MARK: - Parts of the page

  private var header: String {
    var html = "<header>\n<h1>\(Self.markup(title))</h1>\n"
    if !summary.isEmpty { html += "<p class=\"summary\">\(Self.markup(summary))</p>\n" }
    if !facts.isEmpty {
      let items = facts.map { "<div><dt>\(Self.markup($0.key))</dt><dd>\(Self.markup($0.value))</dd></div>" }
      html += "<dl class=\"facts\">\(items.joined())</dl>\n"
    }
    html += "</header>\n"
    if !keyFigures.isEmpty {
      html += "<div class=\"key-figures\">\(keyFigures.map(Self.html).joined())</div>\n"
    }
    if sections.count > 2 {
      let links = sections.enumerated().map {
        "<a href=\"#section-\($0.offset + 1)\">\(Self.markup($0.element.title))</a>"
      }
      html += "<nav aria-label=\"Contents\">\(links.joined())</nav>\n"
    }
    return html
  }

  private var footer: String {
    guard !footnotes.isEmpty else { return "" }
    let items = footnotes.enumerated().map { "<li id=\"note-\($0.offset + 1)\">\(Self.markup($0.element))</li>" }
    return "<footer><ol class=\"notes\">\(items.joined(separator: "\n"))</ol></footer>"
  }

  private static func html(_ figure: KeyFigure) -> String {
    let unit = figure.unit.isEmpty ? "" : "<span class=\"unit\">\(markup(figure.unit))</span>"
    let note = figure.note.isEmpty ? "" : "<div class=\"note\">\(markup(figure.note))</div>"
    return "<div class=\"key-figure\"><div class=\"label\">\(markup(figure.label))</div>"
      + "<div class=\"value\">\(markup(figure.value))\(unit)</div>\(note)</div>"
  }

  private func html(_ section: Section, index: Int) throws -> String {
    "<section id=\"section-\(index + 1)\">\n<h2>\(Self.markup(section.title))</h2>\n"
      + (try section.blocks.map(Self.html).joined(separator: "\n")) + "\n</section>"
  }

  // MARK: - Blocks

  private static func html(_ block: Block) throws -> String {
    switch block {
    case .paragraph(let text): "<p>\(markup(text))</p>"
    case .list(let items): "<ul>\(items.map { "<li>\(markup($0))</li>" }.joined())</ul>"
    case .table(let table): html(table)
    case .figure(let figure): try html(figure)
    case .code(let text): "<pre><code>\(SVG.escape(text))</code></pre>"
    case .note(let text): "<aside>\(markup(text))</aside>"
    }
  }

  private static func html(_ table: Table) -> String {
    func row(_ cells: [String], _ tag: String, _ attributes: String = "") -> String {
      "<tr\(attributes)>\(cells.map { "<\(tag)>\(markup($0))</\(tag)>" }.joined())</tr>"
    }
    let caption = table.caption.isEmpty ? "" : "<figcaption>\(markup(table.caption))</figcaption>"
    let rows = table.rows.enumerated().map { index, cells in
      row(cells, "td", index == table.highlightedRow ? " class=\"highlighted\"" : "")
    }
    return "<figure><div class=\"scroll\"><table><thead>\(row(table.columns, "th"))</thead>"
      + "<tbody>\(rows.joined())</tbody></table></div>\(caption)</figure>"
  }

  private static func html(_ figure: Figure) throws -> String {
    let panels = try figure.panels.map { panel in
      let content =
        switch panel.content {
        case .svg(let text): "<div class=\"chart\">\(text)</div>"
        case .picture(let image): try html(image, alternative: panel.label.isEmpty ? figure.caption : panel.label)
        }
      let label = panel.label.isEmpty ? "" : "<div class=\"label\">\(markup(panel.label))</div>"
      return "<div class=\"panel\">\(content)\(label)</div>"
    }
    let caption = figure.caption.isEmpty ? "" : "<figcaption>\(markup(figure.caption))</figcaption>"
    let legend = figure.legend.map { "<div class=\"legend\">\($0.svg())</div>" } ?? ""
    // Charts need more room than pictures to stay readable.
    let hasChart = figure.panels.contains { if case .svg = $0.content { true } else { false } }
    return "<figure><div class=\"panels\(hasChart ? " charts" : "")\" style=\"--columns:\(figure.columns)\">"
      + "\(panels.joined())</div>\(legend)\(caption)</figure>"
  }

  private static func html(_ image: Image, alternative: String) throws -> String {
    let data = try PNG.encode(image).base64EncodedString()
    return "<img src=\"data:image/png;base64,\(data)\" width=\"\(image.width)\" height=\"\(image.height)\" "
      + "style=\"max-width:\(image.width)px\" alt=\"\(SVG.escape(alternative))\">"
  }

  /// The HTML of a text with `code`, bold, links and footnote marks; everything else is taken literally.
  static func markup(_ text: String) -> String {
    // Every second piece between backticks is code, in which nothing else has a meaning.
    let pieces = SVG.escape(text).split(separator: "`", omittingEmptySubsequences: false)
    return pieces.enumerated().map { index, piece in
      if index % 2 == 1 { return index == pieces.count - 1 ? "`" + piece : "<code>\(piece)</code>" }
      return String(piece)
        .replacing(/\*\*([^*]+)\*\*/) { "<strong>\($0.1)</strong>" }
        .replacing(/\[\^([0-9]+)\]/) { "<sup><a href=\"#note-\($0.1)\">\($0.1)</a></sup>" }
        .replacing(/\[([^\]]+)\]\((https?:[^)\s]+)\)/) { "<a href=\"\($0.2)\">\($0.1)</a>" }
    }.joined()
  }
}
