// Files that are no recording to be read here, named for what they are, with what to do:
// ecgcore/data/formats/foreign.py, and what only the command line reads.

const PICTURE = "a picture; the signal itself is needed, as the device or its app exports it";
const MOVIE = "a video or sound file; the signal itself is needed, as a file of numbers";
export const OFFICE = "an Office document; save the numbers as a CSV file";
export const WORKBOOK = "an Excel workbook; save the sheet with the signal as a CSV file";
const PACKED = "packed in a way that is not read here; unpack it first";
const HDF5 = "an HDF5 file, which has no common layout; export the signal as CSV or WFDB";
const PROGRAM = "a program or library";
const PICKLE = "a Python pickle, which is never opened; save it with numpy.save";
const JSON_TEXT = "a JSON file; save the samples as a CSV file, one a line";
const elsewhere = (what) => `${what}, which this page does not read: \`ecgcore report\` on the command line does`;
export const ARRAYS = elsewhere("NumPy arrays");

const MARKS = [ // where the mark stands, the mark, and what it tells
  [128, "DICM", elsewhere("a DICOM file")], [0, "ISHNE1.0", elsewhere("an ISHNE Holter file")],
  [0, "\x93NUMPY", elsewhere("a NumPy array")], [0, "MATLAB 5.0", elsewhere("a MATLAB file")],
  [0, "PAR1", elsewhere("a Parquet table")], [0, "ALIVE\0", elsewhere("a KardiaMobile file")],
  [8, "WAVE", elsewhere("a WAV file")],
  [0, "%PDF", "a PDF document; export the ECG as numbers (CSV, EDF or WFDB), not as a page"],
  [0, "\x89PNG", PICTURE], [0, "\xff\xd8\xff", PICTURE], [0, "GIF8", PICTURE], [0, "BM", PICTURE],
  [0, "II*\0", PICTURE], [0, "MM\0*", PICTURE], [8, "WEBP", PICTURE], [4, "ftyphei", PICTURE],
  [4, "ftypmif1", PICTURE], [4, "ftypavif", PICTURE], [4, "ftyp", MOVIE], [8, "AVI ", MOVIE],
  [0, "ID3", MOVIE], [0, "OggS", MOVIE],
  [0, "fLaC", "FLAC sound; a WFDB record in FLAC also needs its .hea file"],
  [0, "\x1aE\xdf\xa3", MOVIE], [0, "\xff\xfb", MOVIE],
  [0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document; save the numbers as CSV"],
  [0, "{\\rtf", OFFICE], [0, "%!PS", PICTURE], [0, "7z\xbc\xaf\x27\x1c", PACKED], [0, "Rar!", PACKED],
  [0, "\x28\xb5\x2f\xfd", PACKED], [257, "ustar", PACKED], [0, "\x1f\x9d", PACKED],
  [0, "\x04\x22\x4d\x18", PACKED], [0, "\xfd7zXZ\0", PACKED], [0, "BZh", PACKED],
  [0, "\x89HDF\r\n\x1a\n", HDF5], [0, "SQLite format 3", "an SQLite database"],
  [0, "\x80\x03", PICKLE], [0, "\x80\x04\x95", PICKLE], [0, "\x80\x05\x95", PICKLE],
  [0, "\x7fELF", PROGRAM], [0, "MZ", PROGRAM], [0, "ARROW1", "an Arrow file; save it as Parquet"],
];
const SUFFIXES = { ".xml": elsewhere("an XML file"), ".scp": elsewhere("an SCP-ECG file"),
  ".mat": elsewhere("a MATLAB file"), ".atc": elsewhere("a KardiaMobile file") };
const TEXTS = [
  ["<!doctype html", "a web page"], ["<html", "a web page"], ["<svg", PICTURE],
  ["<?xml", elsewhere("an XML file")], ["{", JSON_TEXT], ["[", JSON_TEXT],
];

/** What a file is, if it is something that no reader here takes; else empty.
    @param {string} name  @param {Uint8Array} start its first bytes, some thousand */
export function foreign(name, start) {
  const text = Array.from(start, (byte) => String.fromCharCode(byte)).join("");
  const isText = !text.includes("\0") && start.every((byte) => byte >= 9);
  for (const [at, mark, what] of MARKS) {
    if (text.startsWith(mark, at) && !(mark.length === 2 && isText)) return what;
  }
  const bare = text.replace(/^\xef\xbb\xbf/, "").replaceAll("\0", "").replace(/^[\xff\xfe \t\r\n]+/, "");
  for (const [mark, what] of TEXTS) {
    const list = mark === "[" && /^\[\d/.test(bare) && bare.slice(0, 40).includes("]");
    if (bare.toLowerCase().startsWith(mark) && !list) return what;
  }
  return SUFFIXES[/\.[^.]*$/.exec(name.toLowerCase())?.[0]] ?? "";
}
