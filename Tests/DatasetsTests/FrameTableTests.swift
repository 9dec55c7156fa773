import Compute
import FileFormats
import Foundation
import Testing

@testable import Datasets

@Suite struct FrameTableTests {
  private func table(_ text: String) throws -> FrameTable {
    try FrameTable(parsing: Data(text.utf8), source: "t.csv", columns: ["cx", "cy"])
  }

  @Test(arguments: [
    "frame,cx,cy\n3,1.5,-2e1\n10,0,7\n", "3,1.5,-20\n10,0,7",
    "\u{FEFF}frame, cx, cy\r\n\r\n 3 ,\t1.5, -20 \r\n10,0,7.0\r\n",
  ])
  func tablesAreRead(text: String) throws {
    let table = try table(text)
    #expect(table.frames == [3, 10] && table.values == [1.5, -20, 0, 7])
  }

  @Test func emptyTablesAreRead() throws {
    #expect(try table("").frames.isEmpty && table("frame,cx,cy\n").frames.isEmpty)
    #expect(try FrameTable(parsing: Data("frame\n1\n2\n".utf8), source: "t", columns: []).frames == [1, 2])
  }

  @Test(arguments: [
    ("frame,cx,cy\n1,2,3\nx,2,3\n", "line 3: not 3 numbers"), ("1,2\n", "line 1: not 3 numbers"),
    ("1,2,3,4\n", "line 1: not 3 numbers"), ("1,2,3\n2,2,\n3,4\n", "line 2: not 3 numbers"),
    ("1,2,3,\n", "line 1: not 3"),
    ("1;2;3\n", "line 1: not 3 numbers"), ("1,2,3 4\n", "line 1: not 3"), ("1,,3\n", "line 1: not 3"),
    ("1,2,3\n\nframe,cx,cy", "line 3: not 3"), ("1,2,nan\n", "line 1: a number is not finite"),
    ("1,2,3\n2,inf,3\n", "line 2: a number is not finite"), ("1,2,1e999\n", "not finite"),
    ("1.5,2,3\n", "1.5 is not a frame"), ("-1,2,3\n", "-1.0 is not a frame"), ("1e30,2,3\n", "is not a frame"),
    ("1,2,3\n7,2,3\n1,2,3\n", "line 3: frame 1 comes twice"), ("1,2,\u{0B}\n3\n", "line 1: not 3"),
    ("1,2,3\0\n", "line 1: not 3"),
  ])
  func faultsNameTheLine(text: String, names: String) throws {
    let error = try #require(throws: ComputeError.self) { try table(text) }
    #expect(error.kind == .data && error.what.hasPrefix("t.csv, line ") && error.what.contains(names), "\(error)")
    #expect(error.why.contains("3 numbers: frame, cx, cy"))
  }
}
