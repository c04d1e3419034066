/** @file A strict reader of the tables that we write as LaTeX: what pdfLaTeX would stop at is an error here. */

const COMMANDS = new Set(
  ['caption', 'label', 'centering', 'toprule', 'midrule', 'bottomrule', 'begin', 'end', '\\', ','].concat(
    ['textbackslash', 'textasciitilde', 'textasciicircum', 'ensuremath', 'times', 'cdot', 'pm'],
    ['textless', 'textgreater', 'textquotedbl', 'dots', 'footnotesize', 'setlength', 'tabcolsep', 'linewidth'],
    ['raggedleft', 'raggedright', 'arraybackslash'],
    ['{', '}', '&', '%', '$', '#', '_'],
  ),
);

export interface LatexTable {
  caption: string;
  label: string;
  rows: string[][];
}

/** @throws Error naming the line of the first fault */
export function readLatex(text: string): LatexTable[] {
  const tables: LatexTable[] = [];
  const open: string[] = [];
  let columns = 0;
  for (const [i, line] of text.split('\n').entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${i + 1}: ${why}: ${line}`);
    };
    if (line.startsWith('%')) continue;
    if (/[^\x20-\x7e]/.test(line.replace(/\p{L}|\p{M}|[“”‘’…]/gu, ''))) fail('a sign that needs a package');
    let depth = 0;
    for (const [token] of line.matchAll(/\\[a-zA-Z]+|\\[^a-zA-Z]|[^\\]/g)) {
      if (token.startsWith('\\') && !COMMANDS.has(token.slice(1))) fail(`the command ${token}`);
      if (token === '{') depth++;
      if (token === '}' && --depth < 0) fail('a brace that nothing opens');
      if (/^[%$#_^~]$/.test(token)) fail(`a bare ${token}`);
      if (token === '&' && open.at(-1) !== 'tabular') fail('a bare &');
    }
    if (depth !== 0) fail('a brace that nothing closes');
    const begin = /^ *\\begin\{(\w+)\}(?:\{((?:[lr]|>\{[^{}]*\}p\{[^{}]*\})+)\})?$/.exec(line);
    const end = /^ *\\end\{(\w+)\}$/.exec(line);
    if (begin) {
      open.push(begin[1]);
      if (begin[1] === 'tabular') columns = begin[2].replace(/>\{[^{}]*\}p\{[^{}]*\}/g, 'p').length;
      else tables.push({ caption: '', label: '', rows: [] });
    } else if (end) {
      if (open.pop() !== end[1]) fail('an end of another environment');
    } else if (line.includes('\\caption')) tables.at(-1)!.caption = /\\caption\{(.*)\}$/.exec(line)![1];
    else if (line.includes('\\label')) tables.at(-1)!.label = /\\label\{tab:([a-z-]+)\}$/.exec(line)![1];
    else if (open.at(-1) === 'tabular' && !/\\(top|mid|bottom)rule$/.test(line)) {
      if (!line.endsWith(' \\\\')) fail('a row without its end');
      const cells = line
        .slice(0, -3)
        .split(/(?<!\\)&/)
        .map((cell) => cell.trim());
      if (cells.length !== columns) fail(`${cells.length} cells of ${columns}`);
      tables.at(-1)!.rows.push(cells);
    }
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} has no end`);
  return tables;
}
