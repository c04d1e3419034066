/** @file Text and columns of tables for pdflatex with T1; letters of other scripts stay, for lualatex and xelatex. */

const marks: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  _: '\\_',
  '%': '\\%',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '"': '\\textquotedbl{}',
  '−': '\\ensuremath{-}',
  '±': '\\ensuremath{\\pm}',
  '×': '\\ensuremath{\\times}',
  '·': '\\ensuremath{\\cdot}',
  '–': '--',
  '…': '\\dots{}',
  '\u202f': '\\,',
  '“': '``',
  '”': "''",
  '’': "'",
};

/** On one line, and nothing of a name is a command. */
export const inLatex = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  const escaped = line.replace(/[\\{}$&#_%^~<>"−±×·–…\u202f“”’]/g, (mark) => marks[mark]);
  // A cell that begins so would be taken for the length after \\.
  return escaped.startsWith('[') ? `{}${escaped}` : escaped;
};

/** Characters of a line on a page of article.cls, and as many as lie between columns. */
const LINE = 66;
const BETWEEN = 2.5;
/** More of a cell than so many and an eighth of it goes on in its next line. */
const CELL = 12;
/** What a word that must not break is given, of its own length. */
const WORD = 1.3;

/**
 * Columns of a tabular for unescaped cells: `l` and `r`, or, where they would leave the page, of fixed shares of it in which
 * text goes on in the next line (`wraps`; needs the array package, and reads well in footnotesize).
 */
export function columnsOf(
  rows: readonly (readonly string[])[],
  isRight: readonly boolean[],
): { columns: string; wraps: boolean } {
  const longest = (column: number, of: (cell: string) => readonly string[]) =>
    Math.max(1, ...rows.flatMap((row) => of(row[column] ?? '').map((text) => text.length)));
  const whole = isRight.map((_, column) => longest(column, (cell) => [cell]));
  const wraps = whole.reduce((sum, n) => sum + n + BETWEEN, 0) > LINE;
  if (!wraps) return { columns: isRight.map((right) => (right ? 'r' : 'l')).join(''), wraps };
  const words = isRight.map((_, column) => longest(column, (cell) => cell.split(/\s+/)));
  const wanted = whole.map((n, column) => Math.max(WORD * words[column] + 1, Math.min(n, CELL + n / 8)));
  const all = wanted.reduce((a, b) => a + b, 0);
  const columns = isRight.map((right, column) => {
    const share = (0.99 * wanted[column]) / all - 0.012;
    return `>{\\${right ? 'raggedleft' : 'raggedright'}\\arraybackslash}p{${Math.max(0.01, share).toFixed(3)}\\linewidth}`;
  });
  return { columns: columns.join(''), wraps };
}
