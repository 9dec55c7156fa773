import Rendering

/// The charts of a run: per stage its losses, and the errors on unseen data where they were measured, in `unit`.
public func trainingCurves(_ records: [EpochRecord], unit: String) -> [Report.Block] {
  var stages: [String] = []
  for record in records where !stages.contains(record.stage) { stages.append(record.stage) }
  return stages.flatMap { stage -> [Report.Block] in
    let epochs = records.filter { $0.stage == stage }
    return [
      chart("Losses of the \(stage) stage", epochs, \.losses, Axis("loss", scale: .logarithmic)),
      chart("Errors of the \(stage) stage on unseen people", epochs, \.metrics, Axis("error", unit: unit)),
    ].compactMap { $0 }
  }
}

private func chart(
  _ title: String, _ epochs: [EpochRecord], _ values: KeyPath<EpochRecord, [String: Double]>, _ y: Axis
) -> Report.Block? {
  let names = Set(epochs.flatMap { $0[keyPath: values].keys }).sorted()
  let series = names.map { name in
    LineChart.Series(
      name,
      points: epochs.compactMap { epoch in epoch[keyPath: values][name].map { SIMD2(Double(epoch.epoch), $0) } })
  }
  // A single point is no curve.
  guard series.contains(where: { $0.points.count > 1 }) else { return nil }
  return .figure(.init(svg: LineChart(title, x: Axis("epoch"), y: y, series: series).svg(), caption: title + "."))
}
