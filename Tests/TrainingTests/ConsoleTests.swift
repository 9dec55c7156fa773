import Foundation
import Testing

@testable import Training

@Suite struct ConsoleTests {
  private let progress = Progress(title: "cascade 3/15", done: 30, total: 120, stepsPerSecond: 2, loss: 0.5)

  @Test func theLineFitsTheTerminal() {
    for width in [20, 40, 80, 200] { #expect(progress.line(width: width, usesColour: false).count < width) }
  }

  @Test func theLineSaysWhatMatters() {
    let line = progress.line(width: 100, usesColour: false)
    for part in ["cascade 3/15", " 25%", "2.00 step/s", "loss 0.5", "45 s left"] { #expect(line.contains(part)) }
    #expect(!line.contains("\u{1B}"))
  }

  @Test(arguments: [(0.4, "0 s"), (59.4, "59 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")])
  func durationsReadWell(seconds: Double, text: String) { #expect(Progress.duration(seconds) == text) }

  /// What a console writes into a pipe.
  private func output(isTerminal: Bool, _ body: (Console) -> Void) throws -> String {
    let pipe = Pipe()
    body(Console(descriptor: pipe.fileHandleForWriting.fileDescriptor, isTerminal: isTerminal, usesColour: false))
    try pipe.fileHandleForWriting.close()
    return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  @Test func plainLinesWhereThereIsNoTerminal() throws {
    let text = try output(isTerminal: false) { console in
      console.show(progress)
      console.print("epoch 1")
      console.clear()
    }
    #expect(text == "epoch 1\n")
  }

  @Test func theBarStaysBelowTheLines() throws {
    let text = try output(isTerminal: true) { console in
      console.show(progress)
      console.print("epoch 1")
      console.clear()
    }
    #expect(text.contains("epoch 1\ncascade 3/15"))
    #expect(text.hasSuffix("\r\u{1B}[K"))
  }
}
