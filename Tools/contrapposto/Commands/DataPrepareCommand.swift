import ArgumentParser
import Compute
import Datasets
import Foundation

extension DataCommand {
  struct Prepare: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Computes backgrounds, boxes and the training frames of a multi-view folder, once.",
      discussion: """
        The folder has dataset.json and SEQUENCE/VIEW/000123.jpg (or png, ppm, pgm), equal numbers being the same instant. \
        Written into it are VIEW/background.png (the median of the view's pictures), VIEW/boxes.csv (squares around the \
        person), SEQUENCE/frames.csv (training frames in which something moved) and, with --masks, VIEW/masks. What is \
        there already stays; an interrupted preparation goes on where it stopped.
        """)

    enum Thinning: String, ExpressibleByArgument, CaseIterable { case pictures, joints, none }

    @Argument(help: "A multi-view folder.")
    var folder: String

    @Option(
      help: """
        Which training frames stay: pictures (the three quarters that changed most), joints (those in which a joint moved \
        by --movement, from poses.csv) or none (all stay).
        """)
    var thin = Thinning.pictures

    @Option(help: "Millimetres that a joint moves between frames, for --thin joints.")
    var movement = 40.0

    @Flag(help: "Write masks as pictures, to look at or to correct by hand.")
    var masks = false

    @Flag(help: "Compute backgrounds, boxes and lists of frames again that are there.")
    var replace = false

    func run() throws {
      guard movement > 0, movement.isFinite else {
        throw ComputeError(
          .usage, what: "--movement \(movement)", why: "it is a distance in millimetres", mend: "give a number above 0")
      }
      let thinning: MultiViewPreparation.Thinning =
        switch thin {
        case .pictures: .pictures
        case .joints: .joints(movement)
        case .none: .none
        }
      let preparation = try MultiViewPreparation(
        URL(fileURLWithPath: folder), thinning: thinning, writesMasks: masks, replaces: replace)
      print(preparation.summary)
      for remark in preparation.remarks { print(remark) }
      let outcome = try preparation.run { print($0) }
      print(
        "wrote \(outcome.backgrounds) backgrounds, \(outcome.boxFiles) files of boxes, \(outcome.masks) masks")
      if outcome.instants > 0 {
        let reason = outcome.threshold.map { String(format: ", whose grey changed by more than %.2f of 255", $0) } ?? ""
        print("kept \(outcome.keptInstants) of \(outcome.instants) training instants" + reason)
      }
    }
  }
}
