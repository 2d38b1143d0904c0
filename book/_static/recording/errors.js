/** What is wrong with a file: one sentence, to be shown as it is. rows: the file {name, blob} if it
    holds beats that are already cut; unknownRate: its sampling rate is to be asked for. */
export class DataError extends Error {
  constructor(message, { rows = null, unknownRate = false } = {}) {
    super(message.replace(/[\0-\x1f\x7f\u2028\u2029]+/g, " ")); // one line, whatever names a file has
    this.rows = rows;
    this.unknownRate = unknownRate;
  }
}

export const thousands = (n) => n.toLocaleString("en-US");

/** A number with six digits at most, as Python's format "g" writes it. */
export function general(value) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const [digits, exponent] = value.toExponential(5).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(value.toPrecision(6)));
  const sign = power < 0 ? "-" : "+";
  return `${Number(digits)}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}
