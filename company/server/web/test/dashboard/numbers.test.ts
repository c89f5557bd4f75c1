// @vitest-environment node

import { describe, expect, test } from "vitest";

import { count, counted, figure, money, percent, price, quantity, share, signedMoney, signedPercent, signOf, usd } from "../../src/dashboard/numbers";

/** Plain spaces and minus signs, to read the expectation. */
const plain = (text: string) => text.replaceAll("\u202f", " ").replaceAll("\u2212", "-");

describe("money", () => {
  test.each([
    ["0", "0.00"],
    ["1234.5", "1 234.50"],
    ["-1234.567", "-1 234.57"],
    ["-0.001", "0.00"],
    ["1E+3", "1 000.00"],
  ])("%s is shown as %s", (given, shown) => {
    expect(plain(money(given))).toBe(shown);
  });

  test("of more digits than a float holds loses none before the point", () => {
    expect(plain(money("12345678901234567890.129"))).toBe("12 345 678 901 234 567 890.13");
  });

  test("is grouped by a space that never breaks a line", () => {
    expect(money("1000")).toBe("1\u202f000.00");
  });

  test("that is no number is shown as it came", () => {
    expect(money("unknown")).toBe("unknown");
    expect(money("")).toBe("");
  });

  test("with its sign has none at zero", () => {
    expect([signedMoney("5"), signedMoney("-5"), signedMoney("0.001")].map(plain)).toEqual(["+5.00", "-5.00", "0.00"]);
  });
});

describe("quantity", () => {
  test.each([
    ["0.05000000", "0.05000000"],
    ["15000", "15 000"],
    ["1234.000000000000001", "1 234.000000000000001"],
    ["1E-8", "0.00000001"],
    ["-3.20", "-3.20"],
  ])("%s keeps every digit as %s", (given, shown) => {
    expect(plain(quantity(given))).toBe(shown);
  });
});

describe("price", () => {
  test.each([
    ["69512.345", "69 512.35"],
    ["3.14159", "3.1416"],
    ["2", "2.00"],
    ["0.1397886", "0.1397886"],
  ])("%s keeps what matters as %s", (given, shown) => {
    expect(plain(price(given))).toBe(shown);
  });
});

describe("usd", () => {
  test.each([
    ["0", "$0.00"],
    ["0.50", "$0.50"],
    ["0.004", "$0.0040"],
    ["0.00001", "<$0.0001"],
    ["1234.5678", "$1 234.57"],
  ])("%s is shown as %s", (given, shown) => {
    expect(plain(usd(given))).toBe(shown);
  });
});

describe("signs and parts", () => {
  test("a number that is shown as zero has no direction", () => {
    expect([money("0.001"), signedMoney("-0.001"), signedPercent("0")].map(signOf)).toEqual(["flat", "flat", "flat"]);
  });

  test("a number with a digit points where its sign does", () => {
    expect(["+0.01", "\u22120.01", "-12"].map(signOf)).toEqual(["up", "down", "down"]);
  });

  test("a share stays between nothing and all", () => {
    expect([share("5", "20"), share("30", "20"), share("-1", "20"), share("1", "0"), share("x", "2")]).toEqual([25, 100, 0, 0, 0]);
  });

  test("percentages, figures and counts are rounded and grouped", () => {
    expect([percent("61.538", 1), signedPercent("0.8147"), figure("1.3417"), count(72_208)].map(plain)).toEqual(["61.5 %", "+0.81 %", "1.34", "72 208"]);
  });

  test("one of a thing is not called many", () => {
    expect([counted(1, "call"), counted(2, "call")]).toEqual(["1 call", "2 calls"]);
  });
});
