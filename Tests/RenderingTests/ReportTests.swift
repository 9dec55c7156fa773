import Compute
import FileFormats
import Foundation
import Testing

@testable import Rendering

@Suite struct ReportTests {
  let report = Report(
    title: "Run <1> & more", summary: "Short.[^1]", facts: ["Device": "CPU", "Seed": "1"],
    keyFigures: [.init("31.4", unit: "mm", label: "PA-MPJPE", note: "mean pose 98.7")],
    sections: [
      .init(
        "Learning",
        [
          .paragraph("See `a<b>` and **this**."), .list(["one", "two"]), .code("make demo && ls <x>"), .note("Beware."),
          .figure(.init(svg: BarChart("t", unit: "", rows: ["a"], columns: []).svg(), caption: "A chart.")),
        ]),
      .init(
        "Results",
        [
          .table(.init(columns: ["Method", "Error"], rows: [["ours", "1"], ["other", "2"]], highlightedRow: 0)),
          .figure(
            .init(
              [.init(.picture(Image(width: 2, height: 1, pixels: [255, 0, 0, 0, 0, 255])), label: "input")],
              legend: ColorScale("error", unit: "mm", maximum: 60))),
        ]),
      .init("Again", []),
    ],
    footnotes: ["From [CMU](http://mocap.cs.cmu.edu)."])

  @Test func everythingIsOnThePage() throws {
    let html = try report.html()
    for piece in [
      "<title>Run &lt;1&gt; &amp; more</title>", "<h1>Run &lt;1&gt; &amp; more</h1>",
      "Short.<sup><a href=\"#note-1\">1</a></sup>", "<dt>Device</dt><dd>CPU</dd>", "31.4<span class=\"unit\">mm</span>",
      "<h2>Learning</h2>", "<a href=\"#section-2\">Results</a>", "<code>a&lt;b&gt;</code> and <strong>this</strong>.",
      "<li>one</li><li>two</li>", "make demo &amp;&amp; ls &lt;x&gt;", "<aside>Beware.</aside>",
      "<figcaption>A chart.</figcaption>", "<tr class=\"highlighted\"><td>ours</td><td>1</td></tr>",
      "<li id=\"note-1\">From <a href=\"http://mocap.cs.cmu.edu\">CMU</a>.</li>", "prefers-color-scheme: dark",
      "error (mm)",
    ] {
      #expect(html.contains(piece), "\(piece)")
    }
  }

  @Test func thePageNeedsNothingFromOutside() throws {
    let html = try report.html()
    #expect(!html.contains("<script") && !html.contains("<link") && !html.contains("url("))
    let sources = html.matches(of: /src="([^"]*)"/).map { String($0.1) }
    #expect(sources.count == 1)
    let prefix = "data:image/png;base64,"
    let data = try #require(Data(base64Encoded: String(sources[0].dropFirst(prefix.count))))
    #expect(sources[0].hasPrefix(prefix))
    #expect(try PNG.decode(data, source: "t").pixels == [255, 0, 0, 0, 0, 255])
  }

  @Test func equalReportsGiveEqualPages() throws { #expect(try report.html() == report.html()) }

  @Test(arguments: [
    ("a < b & c", "a &lt; b &amp; c"), ("`x` and `y`", "<code>x</code> and <code>y</code>"), ("5` long", "5` long"),
    ("`**not bold**`", "<code>**not bold**</code>"), ("2 ** 3", "2 ** 3"),
    ("[evil](javascript:x)", "[evil](javascript:x)"), ("x[^12]", "x<sup><a href=\"#note-12\">12</a></sup>"),
  ])
  func markupIsSmall(text: String, html: String) { #expect(Report.markup(text) == html) }

  @Test func theFolderMustExist() {
    let error = #expect(throws: ComputeError.self) {
      try report.write(to: URL(fileURLWithPath: "/no/such/folder/report.html"))
    }
    #expect(error?.kind == .cannotWrite)
  }
}
