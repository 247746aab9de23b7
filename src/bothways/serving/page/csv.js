// Tables as text (RFC 4180), in and out.

/** The rows of a table, its header first; blank lines are left out. Throws an Error in a sentence. */
export function parse(text) {
  const source = text.replace(/^\ufeff/, "");
  const delimiter = guess(source);
  const rows = [];
  let row = [];
  let place = 0;
  while (place < source.length || row.length) {
    let field;
    if (source[place] === '"') {
      const end = closing(source, place + 1);
      if (end < 0) throw new Error(`Row ${rows.length + 1}: a double quote is opened and never closed.`);
      field = source.slice(place + 1, end).replaceAll('""', '"');
      place = end + 1;
      if (place < source.length && ![delimiter, "\n", "\r"].includes(source[place])) {
        throw new Error(`Row ${rows.length + 1}: a field goes on after its closing quote.`);
      }
    } else {
      const start = place;
      while (place < source.length && ![delimiter, "\n", "\r"].includes(source[place])) place += 1;
      field = source.slice(start, place);
    }
    row.push(field);
    if (source[place] === delimiter) {
      place += 1;
      if (place < source.length) continue;
      row.push("");
    }
    if (source[place] === "\r" && source[place + 1] === "\n") place += 1;
    place += 1;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  check(rows);
  return { header: rows[0], rows: rows.slice(1), delimiter };
}

function closing(source, from) {
  let end = source.indexOf('"', from);
  while (end >= 0 && source[end + 1] === '"') end = source.indexOf('"', end + 2);
  return end;
}

/** What the header has most of, of the usual ones. */
function guess(source) {
  const line = source.split(/[\r\n]/, 1)[0];
  const count = (mark) => line.split(mark).length;
  return [",", "\t", ";"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

function check(rows) {
  if (rows.length < 2) throw new Error("The file has no rows below a header.");
  const width = rows[0].length;
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd > 0) {
    throw new Error(`Row ${odd + 1} has ${rows[odd].length} fields, and the header has ${width}.`);
  }
}

/** The column that probably holds the texts: one with a usual name, or the longest. */
export function textColumn({ header, rows }) {
  const usual = ["text", "review", "sentence", "content", "comment", "message", "body"];
  const named = header.findIndex((name) => usual.includes(name.trim().toLowerCase()));
  if (named >= 0) return named;
  const length = (column) => rows.slice(0, 50).reduce((sum, row) => sum + row[column].length, 0);
  return header.reduce((best, _, column) => (length(column) > length(best) ? column : best), 0);
}

/** Lines of a table. */
export function format(rows, delimiter) {
  const cell = (value) =>
    /["\r\n]/.test(value) || value.includes(delimiter) ? `"${value.replaceAll('"', '""')}"` : value;
  return rows.map((row) => `${row.map(cell).join(delimiter)}\r\n`).join("");
}
