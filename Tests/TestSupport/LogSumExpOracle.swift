import Foundation

/// The logarithm of the sum of exponentials of one row of finite values.
public func logSumExp(_ row: [Double]) -> Double {
  let peak = row.max()!
  return peak + Foundation.log(row.reduce(0) { $0 + Foundation.exp($1 - peak) })
}
