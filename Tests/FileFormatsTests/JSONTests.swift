import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct JSONTests {
  @Test func keysKeepTheirOrder() throws {
    let value = try JSONValue(parsing: #"{"zeta": 1, "alpha": {"b": [], "a": null}, "mu": [true, false]}"#, source: "t")
    #expect(value.object?.keys == ["zeta", "alpha", "mu"])
    #expect(value["alpha"]?.object?.keys == ["b", "a"])
    #expect(value.text == #"{"zeta":1,"alpha":{"b":[],"a":null},"mu":[true,false]}"#)
  }

  @Test(arguments: [
    ("0", JSONValue.integer(0)), ("-0", .real(-0.0)), ("9223372036854775807", .integer(.max)),
    ("9223372036854775808", .real(9_223_372_036_854_775_808)), ("0.1", .real(0.1)), ("1E-2", .real(0.01)),
    ("1e-300", .real(1e-300)), ("-12.5e+1", .real(-125)), ("1.0", .real(1)),
  ])
  func numbersAreExact(text: String, expected: JSONValue) throws {
    let value = try JSONValue(parsing: text, source: "t")
    #expect(value == expected)
    #expect(value.double?.sign == expected.double?.sign)
    #expect(try JSONValue(parsing: value.text, source: "t") == value)
  }

  @Test func escapesAreThoseOfPython() throws {
    let raw = "\"\\/\u{08}\u{0C}\n\r\t\u{01}\u{7F}é😀"
    let text = JSONValue.string(raw).text
    #expect(text == #""\"\\/\b\f\n\r\t\u0001\u007f\u00e9\ud83d\ude00""#)
    #expect(try JSONValue(parsing: text, source: "t").string == raw)
    #expect(try JSONValue(parsing: "\"é\\/😀\"", source: "t").string == "é/😀")
  }

  @Test func whatJSONLacksIsWrittenAsNull() {
    #expect(JSONValue.array([.real(.nan), .real(.infinity), 1.5]).text == "[null,null,1.5]")
  }

  @Test(arguments: [
    ("", "1:1", "value is due"), ("[1,", "1:4", "value is due"), ("[1 2]", "1:4", "',' or ']'"),
    ("{\"a\" 1}", "1:6", "':'"), ("{a: 1}", "1:2", "key in quotes"), ("{\"a\": 1,}", "1:9", "key in quotes"),
    ("{\n \"a\": 1,\n \"a\": 2}", "3:2", "occurs twice"), ("01", "1:1", "begins with 0"), ("1.", "1:3", "digits"),
    ("1e999", "1:1", "too large"), ("NaN", "1:1", "begins like this"), ("-", "1:2", "digits"),
    ("\"a", "1:1", "does not end"), ("\"\\x\"", "1:2", "escape"), ("\"\\ud800\"", "1:2", "surrogate"),
    ("\"\\u12g4\"", "1:4", "hexadecimal"), ("\"\u{1}\"", "1:2", "control"), ("1 2", "1:3", "after the end"),
    (String(repeating: "[", count: 100_000), "1:257", "nesting"),
  ])
  func faultsAreFoundWhereTheyAre(text: String, place: String, reason: String) {
    let error = #expect(throws: ComputeError.self) { try JSONValue(parsing: text, source: "file.json") }
    #expect(error?.kind == .data)
    #expect(error?.what == "file.json:\(place): malformed JSON")
    #expect(error?.why.contains(reason) == true)
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    #expect(throws: ComputeError.self) { try JSONValue(parsing: Data([0x22, 0xFF, 0x22]), source: "t") }
  }
}
